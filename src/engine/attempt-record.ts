/** What is stored of an attempt: bounded, without secrets, and the same whether it was sent or refused. */
import type { Attempt } from '../core/delivery.ts';
import { limits } from '../core/limits.ts';
import type { Outcome, ReceivedResponse } from '../core/outcome.ts';
import type { Verdict } from '../core/verdict.ts';
import { bytesWithout, type Header, headersWithout, isSensitive, maskedValue, textWithout } from './masking.ts';

export type AttemptInput = {
  readonly number: number;
  readonly startedAtMs: number;
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  readonly method: string;
  readonly url: string;
  readonly headers: readonly Header[];
  readonly bodyBytes: number;
  readonly bodySha256: string;
  readonly webhookRevision: number;
  readonly hidden: readonly string[];
};

/** Of the explanation of an outcome that is kept. */
const detailCharactersMax = 1_000;

export function makeAttempt(input: AttemptInput): Attempt {
  const { outcome, verdict } = input;
  const attempt: { -readonly [Key in keyof Attempt]: Attempt[Key] } = {
    number: input.number,
    startedAtMs: input.startedAtMs,
    outcome: outcome.kind,
    code: codeOf(outcome),
    timing: outcome.timing,
    request: {
      method: input.method,
      url: input.url,
      headers: input.headers,
      bodyBytes: input.bodyBytes,
      bodySha256: input.bodySha256,
    },
    verdict: verdict.kind,
    webhookRevision: input.webhookRevision,
  };
  const detail = textWithout(input.hidden, explanationOf(outcome));
  if (detail !== '') attempt.detail = detail.slice(0, detailCharactersMax);
  if (outcome.kind === 'response' && outcome.token !== undefined) attempt.token = outcome.token;
  if ('address' in outcome && outcome.address !== undefined) attempt.address = outcome.address;
  if ((outcome.kind === 'response' || outcome.kind === 'not-accepted') && outcome.response !== undefined) {
    attempt.response = keptResponse(outcome.response, verdict.kind === 'delivered', input.hidden);
  }
  if (verdict.kind !== 'delivered') attempt.reason = verdict.reason;
  if (verdict.kind === 'retry') attempt.nextAtMs = verdict.atMs;
  return attempt;
}

function explanationOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'not-accepted':
    case 'refused-by-config':
    case 'token-failed':
    case 'proxy-failed':
      return outcome.detail;
    default:
      return '';
  }
}

/** Characters of a refusal's body that are logged. */
const refusalCharactersMax = 1_000;

/**
 * What a receiver said when it refused a message for good, for the log: nobody will try again, so whoever runs the server
 * should read it. Without secrets and control characters, which could pass for other lines of the log.
 */
export function refusalOf({ response }: Attempt): { readonly status: number; readonly body: string } | null {
  if (response === undefined) return null;
  const text = Buffer.from(response.bodyBase64, 'base64').toString('utf8').slice(0, refusalCharactersMax);
  return { status: response.status, body: text.toWellFormed().replace(/\p{Cc}/gu, '\uFFFD') };
}

/** The machine-readable detail: the status as text, a failure code, a block reason. */
export function codeOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'response':
      return String(outcome.response.status);
    case 'timeout':
      return outcome.phase;
    case 'blocked-address':
      return outcome.reason;
    case 'dns-failed':
    case 'connect-failed':
    case 'tls-failed':
    case 'broken':
    case 'not-accepted':
    case 'token-failed':
    case 'proxy-failed':
    case 'refused-by-config':
      return outcome.code;
    case 'interrupted':
      return 'unknown';
    default:
      return outcome satisfies never;
  }
}

function keptResponse(
  response: ReceivedResponse,
  delivered: boolean,
  hidden: readonly string[],
): NonNullable<Attempt['response']> {
  const keptMax = delivered ? limits.responseKeptOnSuccessBytesMax : limits.responseKeptOnFailureBytesMax;
  const { body, headers } = response;
  const named = headers.some(([name]) => isSensitive(name)) ? headers.map(maskedHeader) : headers;
  return {
    status: response.status,
    headers: headersWithout(hidden, named),
    bodyBase64: body.length === 0 ? '' : bytesWithout(hidden, body, keptMax).toString('base64'),
    bodyBytes: response.bodyBytes,
    bodyComplete: response.bodyComplete,
  };
}

function maskedHeader(header: Header): Header {
  return isSensitive(header[0]) ? [header[0], maskedValue] : header;
}
