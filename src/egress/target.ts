/**
 * A target URL, read once. The string a caller gave is never parsed a second time by anybody: what is stored, judged
 * and connected to is this value. What the URL standard repairs silently (tabs and newlines inside a host, a missing
 * slash, a backslash for a slash) is refused before the parser sees it, so nobody can be shown one host and called at
 * another.
 */
import { isIP } from 'node:net';
import { AssetwireError, type ErrorCode } from '../core/errors.ts';
import { limits } from '../core/limits.ts';

export type TargetUrl = {
  /** The canonical form: what is stored, shown and compared. */
  readonly url: string;
  readonly scheme: 'http' | 'https';
  /** `scheme://host[:port]`, the default port left out. */
  readonly origin: string;
  /** Lower case, punycode, without brackets and without a trailing dot. */
  readonly hostname: string;
  /** Whether `hostname` is an address and needs no lookup. */
  readonly literal: boolean;
  readonly port: number;
  /** Path and query as they are sent. */
  readonly path: string;
};

export type TargetProblem = { readonly code: ErrorCode; readonly detail: string; readonly mend: string };

export type TargetReading =
  | { readonly ok: true; readonly target: TargetUrl }
  | { readonly ok: false; readonly problem: TargetProblem };

const nameCharactersMax = 253;
const labelCharactersMax = 63;

/**
 * Reads a target URL, or says what is wrong with it. Only the spelling is judged here; ports, names and addresses are
 * the egress's business. A whole path segment `.` or `..` (also as `%2e%2e`) is resolved as the URL standard says;
 * every other byte of the path stays as it was given.
 */
export function readTarget(input: string): TargetReading {
  const spelling = misspelling(input);
  if (spelling !== null) return { ok: false, problem: spelling };
  if (!URL.canParse(input)) return malformed('the URL standard does not accept it');
  const url = new URL(input);
  // One trailing dot only says "absolute name"; without it every spelling of a host compares equal.
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1);
  const bracketed = url.hostname.startsWith('[');
  const hostname = bracketed ? url.hostname.slice(1, -1) : url.hostname;
  const literal = isIP(hostname) !== 0;
  if (!literal) {
    const wrong = unusableName(hostname);
    if (wrong !== null) return malformed(wrong);
  }
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  return {
    ok: true,
    target: {
      url: url.href,
      scheme,
      origin: url.origin,
      hostname,
      literal,
      port: url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port),
      path: url.href.slice(url.origin.length),
    },
  };
}

/** As `readTarget`, for callers that can be shown an error: throws `AssetwireError`. */
export function parseTarget(input: string): TargetUrl {
  const reading = readTarget(input);
  if (!reading.ok) throw targetError(reading.problem);
  return reading.target;
}

export function targetError({ code, detail, mend }: TargetProblem): AssetwireError {
  return new AssetwireError(code, { detail, mend });
}

/** What the URL standard would repair or what we never accept, found before it is parsed. */
function misspelling(input: string): TargetProblem | null {
  if (!input.startsWith('http://') && !input.startsWith('https://')) {
    return {
      code: 'target_scheme',
      detail: 'The target must begin with http:// or https://, in lower case: found another beginning',
      mend: 'Write the whole URL, such as https://receiver.example/webhook',
    };
  }
  if (input.length > limits.urlCharactersMax) {
    return problem(`at most ${limits.urlCharactersMax} characters are accepted: found ${input.length}`);
  }
  for (let at = 0; at < input.length; at++) {
    const code = input.charCodeAt(at);
    if (code <= 0x20 || (code >= 0x7f && code <= 0x9f)) return problem('it holds a space or a control character');
    if (code === 0x5c) return problem('it holds a backslash');
    if (code === 0x23) return problem('it has a fragment, which is never sent');
  }
  const authority = authorityOf(input);
  if (authority === '') return problem('it names no host');
  if (authority.includes('@')) {
    return {
      code: 'credentials_in_url',
      detail: 'Credentials must not be part of the target: found an @ before the path',
      mend: 'Put user name and password, or a token, into the credentials of the webhook',
    };
  }
  return null;
}

function authorityOf(input: string): string {
  const start = input.indexOf('//') + 2;
  let end = start;
  while (end < input.length && input[end] !== '/' && input[end] !== '?') end++;
  return input.slice(start, end);
}

/** The parser lets signs into names that no resolver should be asked about. */
function unusableName(name: string): string | null {
  if (name === '') return 'it names no host';
  if (name.length > nameCharactersMax) return `its host name is longer than ${nameCharactersMax} characters`;
  let labelLength = 0;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code === 0x2e) {
      if (labelLength === 0) return 'its host name has an empty label';
      labelLength = 0;
      continue;
    }
    if (!isNameCharacter(code)) return 'its host name holds a character that names do not have';
    if (++labelLength > labelCharactersMax) return `its host name has a label over ${labelCharactersMax} characters`;
  }
  return labelLength === 0 ? 'its host name has an empty label' : null;
}

/** Letters, digits, hyphen, and the underscore that real zones use although they should not. */
function isNameCharacter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f;
}

function malformed(why: string): TargetReading {
  return { ok: false, problem: problem(why) };
}

function problem(why: string): TargetProblem {
  return {
    code: 'target_malformed',
    detail: `The target must be a usable URL: ${why}`,
    mend: 'Write it as scheme://host[:port]/path, without spaces, backslashes, fragment or credentials',
  };
}
