import type { JsonValue } from '../core/json.ts';

/** About how much memory a value takes. Exact enough for a bound, and cheaper than writing it out. */
export function roughBytes(value: JsonValue): number {
  if (typeof value === 'string') return 24 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let bytes = 32;
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) bytes += roughBytes(item);
    return bytes;
  }
  const fields = value as { readonly [key: string]: JsonValue };
  for (const key in fields) {
    const field = fields[key];
    if (field !== undefined) bytes += 16 + key.length + roughBytes(field);
  }
  return bytes;
}

/**
 * Whether a value may take more bytes than this as JSON: only then is it worth being written out and weighed. A character
 * takes six at most (`\u0001`), a number 25.
 */
export function mayExceed(bytesMax: number, ...values: readonly JsonValue[]): boolean {
  let rough = 0;
  for (const value of values) rough += roughBytes(value);
  return rough * jsonBytesPerRoughByte > bytesMax;
}

const jsonBytesPerRoughByte = 6;
