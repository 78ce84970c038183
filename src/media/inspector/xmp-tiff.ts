/** The XMP packet of a TIFF: tag 700 of its first directory. Both byte orders, and BigTIFF with its longer numbers. */
import type { FileSource } from './file-source.ts';
import { stretch } from './xmp-parts.ts';

const xmpTag = 700;
/** Bytes, or bytes of no type: one byte each. */
const byteTypes: ReadonlySet<number> = new Set([1, 7]);
const entriesMax = 4_096;

/** Null where there is none. */
export async function tiffPacket(source: FileSource): Promise<Buffer | null> {
  const head = await source.read(0, 16);
  if (head.length < 16) throw new Error('its head is broken');
  const little = head.toString('latin1', 0, 2) === 'II';
  const short = (bytes: Buffer, at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const long = (bytes: Buffer, at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const huge = (bytes: Buffer, at: number): number =>
    Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  const big = short(head, 2) === 43;
  // Of a directory: how long its count is, an entry, and within that where the number of bytes stands and where they do.
  const form = big
    ? { count: 8, entry: 20, values: 12, offset: huge }
    : { count: 2, entry: 12, values: 8, offset: long };
  const directory = form.offset(head, big ? 8 : 4);
  const counted = await source.read(directory, form.count);
  if (counted.length < form.count) throw new Error('it has no directory');
  const count = big ? huge(counted, 0) : short(counted, 0);
  const entries = await source.read(directory + form.count, Math.min(count, entriesMax) * form.entry);
  for (let at = 0; at + form.entry <= entries.length; at += form.entry) {
    if (short(entries, at) !== xmpTag || !byteTypes.has(short(entries, at + 2))) continue;
    const bytes = form.offset(entries, at + 4);
    const value = at + form.values;
    const inside = form.entry - form.values;
    if (bytes <= inside) return entries.subarray(value, value + bytes);
    return stretch(source, form.offset(entries, value), bytes);
  }
  return null;
}
