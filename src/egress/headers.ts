/**
 * What a header may be. Two lists of names: those that belong to the framing of HTTP, which nobody but the HTTP client
 * sets, and those that belong to the message, which dialects set and the owner of a webhook must not. Values are
 * visible ASCII with inner spaces and tabs: HTTP would carry latin-1, but senders and receivers disagree about what
 * such bytes mean, so they are refused where they are configured instead of arriving as something else.
 */
import { AssetwireError, type ErrorCode } from '../core/errors.ts';
import { limits } from '../core/limits.ts';

export type Header = readonly [name: string, value: string];

/** Framing, routing and connection management. Set by the HTTP client alone; anything else is request smuggling. */
export const framingHeaders: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'keep-alive',
  'http2-settings',
]);

/** Set by the dialect and by us, so that what is signed, told and described cannot be overridden by configuration. */
export const messageHeaders: ReadonlySet<string> = new Set([
  'content-type',
  'content-encoding',
  'content-digest',
  'accept-encoding',
  'user-agent',
  'signature',
  'signature-input',
  // Attributes that CloudEvents itself defines; others are extensions, which some receivers ask for.
  'ce-id',
  'ce-source',
  'ce-type',
  'ce-specversion',
  'ce-subject',
  'ce-time',
  'ce-data',
  'ce-dataschema',
  'ce-datacontenttype',
]);

const framingPrefixes = ['proxy-'] as const;
const messagePrefixes = ['webhook-', 'svix-', 'assetwire-'] as const;
const nameCharactersMax = 128;

/**
 * Checks the custom headers of a webhook when it is saved. Throws `AssetwireError`: `header_name` (not a token, too
 * long, given twice in whatever case), `header_value` (line breaks, control characters, anything beyond ASCII, or more
 * than 32 headers or 8 KiB together) or `header_reserved`. `reserved` are the dialect's own names in lower case;
 * `authorization: true` says that credentials will set `Authorization`.
 */
export function checkHeaders(
  headers: readonly Header[],
  {
    reserved = [],
    authorization = false,
  }: { readonly reserved?: readonly string[]; readonly authorization?: boolean } = {},
): void {
  const names = new Set<string>();
  let bytes = 0;
  if (headers.length > limits.customHeadersMax) {
    throw refused('header_value', `at most ${limits.customHeadersMax} headers: found ${headers.length}`);
  }
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (!isHeaderName(name))
      throw refused('header_name', `a token of at most ${nameCharactersMax} characters: found ${shown(name)}`);
    if (names.has(lower)) throw refused('header_name', `each name once, whatever its case: found ${lower} again`);
    if (isReserved(lower, reserved) || (authorization && lower === 'authorization')) {
      throw refused('header_reserved', `a name that Assetwire does not set itself: found ${lower}`);
    }
    if (!isHeaderValue(value))
      throw refused('header_value', `printable ASCII without line breaks: found something else in ${lower}`);
    names.add(lower);
    // With colon, space and line end, as they are sent.
    bytes += name.length + value.length + 4;
  }
  if (bytes > limits.customHeaderBytesMax) {
    throw refused('header_value', `at most ${limits.customHeaderBytesMax} bytes together: found ${bytes}`);
  }
}

export type HeaderProblem = {
  readonly code: 'header_name' | 'header_value' | 'header_reserved';
  readonly detail: string;
};

/** The last check, on the way out, of every header whoever made it. Null where all can be sent. */
export type HeaderGate = (headers: readonly Header[]) => HeaderProblem | null;

/** Names are few and come back with every message, so a gate judges each of them once. */
export function createHeaderGate(): HeaderGate {
  const states = new Map<string, NameState>();
  const stateOf = (name: string): NameState => {
    const known = states.get(name);
    if (known !== undefined) return known;
    if (states.size >= namesKeptMax) states.clear();
    const state = judgeName(name);
    states.set(name, state);
    return state;
  };
  return (headers) => {
    for (const header of headers) {
      const name = header[0];
      const state = stateOf(name);
      if (state === 'bad') return { code: 'header_name', detail: `A header name cannot be sent: ${shown(name)}` };
      if (state === 'framing') return { code: 'header_reserved', detail: `A header belongs to HTTP itself: ${name}` };
      if (!isHeaderValue(header[1]))
        return { code: 'header_value', detail: `The value of a header cannot be sent: ${name}` };
    }
    return null;
  };
}

type NameState = 'free' | 'framing' | 'bad';
const namesKeptMax = 4_096;

function judgeName(name: string): NameState {
  if (!isHeaderName(name)) return 'bad';
  return isFraming(name.toLowerCase()) ? 'framing' : 'free';
}

/** RFC 9110 `token`. */
export function isHeaderName(name: string): boolean {
  return name.length > 0 && name.length <= nameCharactersMax && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

/** Printable ASCII, space and tab; no space at either end, since receivers strip it and signatures would not. */
export function isHeaderValue(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code > 0x7e) return false;
  }
  return value.trim().length === value.length;
}

function isFraming(lower: string): boolean {
  return framingHeaders.has(lower) || framingPrefixes.some((prefix) => lower.startsWith(prefix));
}

function isReserved(lower: string, reserved: readonly string[]): boolean {
  if (isFraming(lower) || messageHeaders.has(lower) || reserved.includes(lower)) return true;
  return messagePrefixes.some((prefix) => lower.startsWith(prefix));
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 40));
}

function refused(code: ErrorCode, wanted: string): AssetwireError {
  return new AssetwireError(code, { detail: `A custom header must be ${wanted}`, mend: 'Change or remove the header' });
}
