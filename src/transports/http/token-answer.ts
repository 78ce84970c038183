/**
 * What a token endpoint answered, read with suspicion (HARDENING OA-02): bounded, never inflated, and nothing of it is
 * shown but the error code of RFC 6749, 5.2.
 */
import type { Outcome, ProxyFault, ReceivedResponse, TokenFailure } from '../../core/outcome.ts';
import { parseRetryAfter } from '../../core/retry-schedule.ts';

/** A token, or why there is none. `askedMs`: how long the endpoint wants to be left alone. */
export type TokenAnswer =
  | { readonly kind: 'token'; readonly value: string; readonly lifetimeMs: number }
  | { readonly kind: 'failed'; readonly code: TokenFailure; readonly detail: string; readonly askedMs: number }
  /** The token endpoint was not asked: our own road failed. */
  | ProxyFault
  | { readonly kind: 'interrupted' };

/** Longer ones fit into no header that receivers take. */
const tokenCharactersMax = 8_192;
/** Where the endpoint does not say how long a token lives. */
const lifetimeUnsaidMs = 60_000;
const lifetimeMsMax = 24 * 3_600_000;

export function readTokenAnswer(outcome: Outcome, nowMs: number): TokenAnswer {
  switch (outcome.kind) {
    case 'response':
      return readResponse(outcome.response, nowMs);
    case 'interrupted':
      return { kind: 'interrupted' };
    case 'proxy-failed': {
      const { kind, code, detail } = outcome;
      return { kind, code, detail };
    }
    case 'timeout':
      return failed('timeout', `No answer of the token endpoint in time (${outcome.phase})`);
    case 'tls-failed':
      return failed('tls-failed', `The token endpoint could not prove who it is: ${outcome.code}`);
    case 'blocked-address':
      return failed('blocked-address', 'The token endpoint lies where this server does not go');
    case 'dns-failed':
    case 'connect-failed':
    case 'broken':
      return failed('unreachable', `The token endpoint cannot be reached: ${outcome.code}`);
    case 'refused-by-config':
      return failed('not-sent', `The token cannot be asked for: ${outcome.code}`);
    case 'not-accepted':
    case 'token-failed':
      return failed('not-sent', `The token cannot be asked for: ${outcome.code}`);
    default:
      return outcome satisfies never;
  }
}

function readResponse(response: ReceivedResponse, nowMs: number): TokenAnswer {
  const { status } = response;
  if (status >= 300 && status <= 399) {
    return failed('redirected', `The token endpoint answered ${status}: redirects are not followed`);
  }
  if (status >= 500 || status === 429 || status === 408) {
    return { ...failed('unavailable', `The token endpoint answered ${status}`), askedMs: askedMs(response, nowMs) };
  }
  const body = jsonOf(response);
  if (status < 200 || status > 299) {
    const error = errorCode(body);
    return failed('refused', `The token endpoint answered ${status}${error === null ? '' : `: ${error}`}`);
  }
  if (body === null) return invalid('something that is no JSON object of at most 64 KiB');
  return readToken(body);
}

function readToken(body: object): TokenAnswer {
  const { access_token: value, token_type: type, expires_in: expires } = body as { readonly [field: string]: unknown };
  // Some servers answer 200 and say in the body that they refuse.
  if (value === undefined && 'error' in body) {
    return failed('refused', `The token endpoint answered 200: ${errorCode(body) ?? 'an error'}`);
  }
  if (typeof value !== 'string' || value === '') return invalid('no access_token');
  if (value.length > tokenCharactersMax) return invalid(`an access_token of ${value.length} characters`);
  // As it goes into a header: visible ASCII, no blank (RFC 6750, 2.1).
  if (!/^[\x21-\x7e]+$/.test(value)) return invalid('an access_token that fits into no header');
  if (type !== undefined && type !== null && (typeof type !== 'string' || type.toLowerCase() !== 'bearer')) {
    return invalid('a token_type other than Bearer');
  }
  const lifetimeMs = lifetimeOf(expires);
  if (lifetimeMs === null) return invalid('an expires_in that is no number of seconds');
  return { kind: 'token', value, lifetimeMs };
}

/** Seconds, as a number or, as some servers write them, as text. */
function lifetimeOf(expires: unknown): number | null {
  if (expires === undefined || expires === null) return lifetimeUnsaidMs;
  const seconds = typeof expires === 'string' && /^\d{1,15}$/.test(expires) ? Number(expires) : expires;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return null;
  return Math.min(seconds * 1_000, lifetimeMsMax);
}

/** Null for anything but a whole JSON object that came as it is. */
function jsonOf({ headers, body, bodyComplete }: ReceivedResponse): object | null {
  const encoded = headers.some(([name, value]) => name === 'content-encoding' && value.toLowerCase() !== 'identity');
  if (encoded || !bodyComplete) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** Only what the standard's own codes look like: anything else might quote what was sent. */
function errorCode(body: object | null): string | null {
  if (body === null || !('error' in body)) return null;
  const { error } = body;
  return typeof error === 'string' && /^[a-z][a-z_]{0,63}$/.test(error) ? error : null;
}

function askedMs({ headers }: ReceivedResponse, nowMs: number): number {
  const [, value] = headers.find(([name]) => name === 'retry-after') ?? [];
  return value === undefined ? 0 : (parseRetryAfter(value, nowMs) ?? 0);
}

function invalid(found: string): Extract<TokenAnswer, { kind: 'failed' }> {
  return failed('invalid-answer', `The token endpoint answered with ${found}`);
}

function failed(code: TokenFailure, detail: string): Extract<TokenAnswer, { kind: 'failed' }> {
  return { kind: 'failed', code, detail, askedMs: 0 };
}
