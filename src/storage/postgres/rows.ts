/** Columns as the protocol brings them, as text, read as what they are; or an error that says one row is damaged. */
import { original } from './parameters.ts';
import type { Row } from './pipeline.ts';

type Column = Row[number] | undefined;

export function textOf(value: Column): string {
  if (value === null || value === undefined) throw new TypeError('A stored column must be text: found nothing');
  return value;
}

export function textOrNull(value: Column): string | null {
  return value ?? null;
}

/** A key: what was stored by `keys`. */
export function keyOf(value: Column): string {
  return original(textOf(value));
}

export function keyOrNull(value: Column): string | null {
  return value === null || value === undefined ? null : original(value);
}

export function numberOf(value: Column): number {
  const number = value === null || value === undefined ? Number.NaN : Number(value);
  if (Number.isNaN(number))
    throw new TypeError(`A stored column must be a number: found ${value === null ? 'null' : 'something else'}`);
  return number;
}

export function numberOrNull(value: Column): number | null {
  return value === null || value === undefined ? null : numberOf(value);
}

/** A `bytea`: `\x` and hexadecimal digits. */
export function bytesOf(value: Column): Uint8Array {
  const text = textOf(value);
  if (!text.startsWith('\\x')) throw new TypeError('A stored column must be bytes: found something else');
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
}
