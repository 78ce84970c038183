/**
 * What of a message and of its answer is neither stored nor shown: values of headers whose names speak of secrets, and the
 * secrets themselves wherever a receiver sends them back (HARDENING RX-21).
 */
import type { OpenSecret } from './engine.ts';

export type Header = readonly [name: string, value: string];

export const maskedValue = '•••';
const sensitiveWords = ['auth', 'cookie', 'token', 'secret', 'key', 'password', 'credential', 'session'];

/** Headers whose names speak of secrets keep their scheme and lose their value. */
export function masked(header: Header): Header {
  const [name, value] = header;
  if (!isSensitive(name)) return header;
  const scheme = value.startsWith('Basic ') ? 'Basic ' : value.startsWith('Bearer ') ? 'Bearer ' : '';
  return [name, `${scheme}${maskedValue}`];
}

/** Receivers answer with the same few names over and over; what is remembered of them is bounded. */
const sensitivity = new Map<string, boolean>();
const sensitivityMax = 1_024;

export function isSensitive(name: string): boolean {
  let known = sensitivity.get(name);
  if (known === undefined) {
    const lower = name.toLowerCase();
    known = sensitiveWords.some((word) => lower.includes(word));
    if (sensitivity.size < sensitivityMax) sensitivity.set(name, known);
  }
  return known;
}

/** Shorter values would black out innocent text. */
const hiddenLengthMin = 8;

export function hiddenValues(headers: readonly Header[], secrets: readonly OpenSecret[]): readonly string[] {
  const values = secrets.map(({ value }) => value);
  for (const [name, value] of headers) {
    if (!isSensitive(name)) continue;
    const space = value.indexOf(' ');
    values.push(space < 0 ? value : value.slice(space + 1));
  }
  return values.filter((value) => value.length >= hiddenLengthMin);
}

export function textWithout(hidden: readonly string[], text: string): string {
  return hidden.reduce((left, value) => left.replaceAll(value, maskedValue), text);
}

export function headersWithout(hidden: readonly string[], headers: readonly Header[]): readonly Header[] {
  const echoed = hidden.some((value) => headers.some(([, text]) => text.includes(value)));
  return echoed ? headers.map(([name, text]) => [name, textWithout(hidden, text)]) : headers;
}

/** The first bytes of a body. What is hidden is looked for in a little more: of a value that lies across the end no part stays. */
export function bytesWithout(hidden: readonly string[], body: Uint8Array, bytesMax: number): Buffer {
  const longest = hidden.reduce((most, value) => Math.max(most, Buffer.byteLength(value)), 0);
  const length = Math.min(body.byteLength, bytesMax + longest);
  let shown = Buffer.from(body.buffer, body.byteOffset, length);
  let copied = false;
  for (const value of hidden) {
    for (let at = shown.indexOf(value); at >= 0; at = shown.indexOf(value, at + 1)) {
      if (!copied) {
        shown = Buffer.from(shown);
        copied = true;
      }
      shown.fill('*', at, at + Buffer.byteLength(value));
    }
  }
  return shown.subarray(0, bytesMax);
}
