/**
 * From bytes to a JSON value that is safe to work with. Depth and number of keys are counted before anything is parsed
 * (HARDENING IN-01, IN-02); what `JSON.parse` would change or what bites later (`__proto__`, lone surrogates, numbers
 * beyond the doubles) is refused instead of carried along (IN-03, IN-04).
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { AssetwireError } from '../core/errors.ts';
import { type JsonLimits, parseJson } from '../core/json-guard.ts';
import { limits } from '../core/limits.ts';
import { invalidRequest } from './problem.ts';

/** Refuses what is not plain JSON in UTF-8: other types, other charsets, compressed bodies. Throws `unsupported_media_type`. */
export function assertJsonType(request: IncomingMessage, orLines = false): void {
  const type = request.headers['content-type'];
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new AssetwireError('unsupported_media_type', {
      detail: `Send the body as it is: it is encoded as "${shorten(encoding)}"`,
      mend: 'Leave Content-Encoding out and send plain JSON',
    });
  }
  if (type === 'application/json') return;
  if (type !== undefined && /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type)) return;
  throw new AssetwireError('unsupported_media_type', {
    detail: `Send the body as application/json${orLines ? ', or application/x-ndjson,' : ''} in UTF-8: ${type === undefined ? 'there is no Content-Type' : `it says "${shorten(type)}"`}`,
    mend: 'Set the header Content-Type: application/json',
  });
}

/** Whether each line of the body is a JSON value of its own. */
export function isNdjson({ headers }: IncomingMessage): boolean {
  const type = /^application\/(?:x-)?(?:ndjson|jsonl|jsonlines)\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;
  return headers['content-encoding'] === undefined && type.test(headers['content-type'] ?? '');
}

/** One line of a body, counted from 1: its value, or why it has none. */
export type JsonLine = { readonly line: number } & (
  | { readonly value: unknown; readonly error?: undefined }
  | { readonly error: AssetwireError; readonly value?: undefined }
);

/**
 * The lines of a body; empty ones are none. One that cannot be read fails no other: it has its error as `readJson` throws
 * it. Throws where there are too many, and where the lines are no items at all: an object over many lines, a list with
 * brackets and commas, another charset.
 */
export function readJsonLines(bytes: Buffer, bounds: JsonLimits): readonly JsonLine[] {
  const lines: JsonLine[] = [];
  let line = 0;
  for (let at = bytes.subarray(0, 3).equals(byteOrderMark) ? 3 : 0; at < bytes.length; ) {
    const end = bytes.indexOf(0x0a, at);
    const text = bytes.subarray(at, end < 0 ? bytes.length : end);
    at = end < 0 ? bytes.length : end + 1;
    line += 1;
    if (text.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09)) continue;
    if (lines.length >= limits.batchItemsMax)
      throw invalidRequest([{ at: '', wanted: `at most ${limits.batchItemsMax} lines`, found: 'more' }], 'the body');
    lines.push(readLine(text, line, bounds));
  }
  refuseOneOverManyLines(lines, bytes, bounds);
  return lines;
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

function readLine(text: Buffer, line: number, bounds: JsonLimits): JsonLine {
  try {
    return { line, value: readJson(text, bounds) };
  } catch (error) {
    if (!(error instanceof AssetwireError)) throw error;
    const { code, mend, problems } = error;
    // What reads it knows one line, and counts from that.
    const detail = error.message.replace('line 1, column', `line ${line}, column`);
    return { line, error: new AssetwireError(code, { detail, problems, ...(mend === undefined ? {} : { mend }) }) };
  }
}

/** A list or an object that is written over many lines: what of it can be read by chance is not what was meant. */
function refuseOneOverManyLines(lines: readonly JsonLine[], bytes: Buffer, bounds: JsonLimits): void {
  const broken = lines.find(({ error }) => error !== undefined);
  if (broken?.error === undefined) return;
  const isObject = ({ value }: JsonLine): boolean =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (lines.some(isObject) && !isJson(bytes, bounds)) return;
  const { line, error } = broken;
  const mend = 'Send one object per line, in UTF-8; a list, or an object over several lines, as application/json';
  throw new AssetwireError(error.code, {
    detail: error.message.includes(`line ${line},`) ? error.message : `${error.message} (line ${line})`,
    mend: lines.length > 1 ? mend : (error.mend ?? mend),
    problems: error.problems,
  });
}

function isJson(bytes: Buffer, bounds: JsonLimits): boolean {
  try {
    readJson(bytes, bounds);
    return true;
  } catch (error) {
    if (error instanceof AssetwireError) return false;
    throw error;
  }
}
/** Throws `invalid_json`, `json_too_deep`, `json_too_many_keys`, `invalid_request`. */
export function readJson(bytes: Buffer, bounds: JsonLimits): unknown {
  if (!isUtf8(bytes))
    throw new AssetwireError('invalid_json', {
      detail: 'Send the body in UTF-8: it has other bytes',
      mend: 'Encode the text as UTF-8 before sending it; compressed bodies are not taken',
    });
  const text = bytes.toString();
  const value = parseJson(text, bounds);
  if (text.includes('\\u') || text.includes('__proto__') || mayHoldHugeNumber(text)) assertFaithful(value, '');
  return value;
}

const longExponent = /[eE]\+?[0-9]{3}/;
/** With an exponent of two digits it takes 210 of them to be beyond the doubles. */
const longDigits = 200;

/** Whether a number may be beyond the doubles: an exponent of three digits, or hundreds of digits in a row. */
function mayHoldHugeNumber(text: string): boolean {
  if (longExponent.test(text)) return true;
  // A run of so many digits covers one of so many places, so that is all that need be looked at.
  for (let at = longDigits - 1; at < text.length; at += longDigits) {
    if (isDigit(text, at) && hasLongRun(text, at)) return true;
  }
  return false;
}

/** Whether the run of digits around a place is long. Looked at there and not by a search: that would read all of it again. */
function hasLongRun(text: string, at: number): boolean {
  let from = at;
  while (at - from < longDigits && isDigit(text, from - 1)) from -= 1;
  let to = at;
  while (to - from + 1 < longDigits && isDigit(text, to + 1)) to += 1;
  return to - from + 1 >= longDigits;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function assertFaithful(value: unknown, at: string): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed())
      throw invalidRequest([{ at, wanted: 'text that is well-formed Unicode', found: 'a lone surrogate' }], 'the body');
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value))
      throw invalidRequest([{ at, wanted: 'a number below 1.8e308', found: 'a larger one' }], 'the body');
  } else if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) assertFaithful(value[index], `${at}/${index}`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      if (name === '__proto__' || !name.isWellFormed()) {
        throw invalidRequest(
          [
            {
              at: `${at}/${shorten(name.toWellFormed())}`,
              wanted: 'another name',
              found: 'a name that cannot be used',
            },
          ],
          'the body',
        );
      }
      assertFaithful(item, `${at}/${name}`);
    }
  }
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
