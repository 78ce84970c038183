/**
 * Parameters as PostgreSQL takes them. Arrays go in the binary form of the protocol: the text form has every quote of a
 * JSON body escaped by us and unescaped by the server, which costs as much as the rest of a batch.
 *
 * Keys (ids, aliases, subjects) may hold any character, and a `text` column any but NUL. So NUL is stored as U+0001 U+0001
 * and U+0001 as U+0001 U+0002: nothing is lost, what began alike begins alike, and the order stays. JSON needs none of it:
 * there both are escaped already.
 */
export type Parameter = string | Buffer | null;

/** Object ids of element types; fixed in PostgreSQL for ever. */
const oids = { bytea: 17, int8: 20, int2: 21, int4: 23, text: 25, float8: 701, bool: 16 } as const;
const headerBytes = 20;

/** A key as it is stored. */
export function storable(text: string): string {
  if (!text.includes('\u0000') && !text.includes('\u0001')) return text;
  return text.replaceAll('\u0001', '\u0001\u0002').replaceAll('\u0000', '\u0001\u0001');
}

/** A stored key as it was. */
export function original(text: string): string {
  if (!text.includes('\u0001')) return text;
  return text.replaceAll('\u0001\u0001', '\u0000').replaceAll('\u0001\u0002', '\u0001');
}

/** Texts that hold no NUL: JSON, and words of ours. */
export function texts(values: readonly (string | null)[]): Buffer {
  let bytes = headerBytes;
  let nulls = false;
  const lengths = new Array<number>(values.length);
  for (const [index, value] of values.entries()) {
    const length = value === null ? -1 : Buffer.byteLength(value);
    if (value === null) nulls = true;
    lengths[index] = length;
    bytes += 4 + Math.max(0, length);
  }
  const buffer = header(bytes, { oid: oids.text, count: values.length, nulls });
  let at = headerBytes;
  for (const [index, value] of values.entries()) {
    const length = lengths[index] ?? -1;
    at = buffer.writeInt32BE(length, at);
    if (value !== null) at += buffer.write(value, at, 'utf8');
  }
  return buffer;
}

/** Keys: any text at all. */
export function keys(values: readonly (string | null)[]): Buffer {
  return texts(values.map((value) => (value === null ? null : storable(value))));
}

export function int8s(values: readonly (number | null)[]): Buffer {
  return numbers(values, { oid: oids.int8, width: 8 }, (buffer, value, at) => {
    buffer.writeInt32BE(Math.floor(value / 2 ** 32), at);
    buffer.writeUInt32BE(value >>> 0, at + 4);
  });
}

export function int4s(values: readonly (number | null)[]): Buffer {
  return numbers(values, { oid: oids.int4, width: 4 }, (buffer, value, at) => buffer.writeInt32BE(value, at));
}

export function int2s(values: readonly (number | null)[]): Buffer {
  return numbers(values, { oid: oids.int2, width: 2 }, (buffer, value, at) => buffer.writeInt16BE(value, at));
}

export function float8s(values: readonly (number | null)[]): Buffer {
  return numbers(values, { oid: oids.float8, width: 8 }, (buffer, value, at) => buffer.writeDoubleBE(value, at));
}

export function bools(values: readonly boolean[]): Buffer {
  return numbers(
    values.map((value) => (value ? 1 : 0)),
    { oid: oids.bool, width: 1 },
    (buffer, value, at) => buffer.writeUInt8(value, at),
  );
}

export function byteas(values: readonly Uint8Array[]): Buffer {
  const bytes = values.reduce((sum, value) => sum + 4 + value.length, headerBytes);
  const buffer = header(bytes, { oid: oids.bytea, count: values.length, nulls: false });
  let at = headerBytes;
  for (const value of values) {
    at = buffer.writeInt32BE(value.length, at);
    buffer.set(value, at);
    at += value.length;
  }
  return buffer;
}

type Shape = { readonly oid: number; readonly width: number };

function numbers(
  values: readonly (number | null)[],
  { oid, width }: Shape,
  write: (buffer: Buffer, value: number, at: number) => unknown,
): Buffer {
  let nulls = 0;
  for (const value of values) if (value === null) nulls += 1;
  const bytes = headerBytes + values.length * 4 + (values.length - nulls) * width;
  const buffer = header(bytes, { oid, count: values.length, nulls: nulls > 0 });
  let at = headerBytes;
  for (const value of values) {
    if (value === null) {
      at = buffer.writeInt32BE(-1, at);
      continue;
    }
    at = buffer.writeInt32BE(width, at);
    write(buffer, value, at);
    at += width;
  }
  return buffer;
}

/** One dimension, counted from 1. An array without elements has no dimension, and PostgreSQL reads none behind it. */
function header(
  bytes: number,
  { oid, count, nulls }: { readonly oid: number; readonly count: number; readonly nulls: boolean },
): Buffer {
  const buffer = Buffer.allocUnsafe(count === 0 ? 12 : bytes);
  buffer.writeInt32BE(count === 0 ? 0 : 1, 0);
  buffer.writeInt32BE(nulls ? 1 : 0, 4);
  buffer.writeInt32BE(oid, 8);
  if (count === 0) return buffer;
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}
