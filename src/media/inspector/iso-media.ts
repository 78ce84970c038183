/**
 * MP4, QuickTime and their kin (ISO/IEC 14496-12): length from `mvhd`, size from the largest `tkhd`. Only box headers and
 * these two small boxes are read; sample tables and media data are skipped, so the cost does not grow with the file.
 * Hostile files: every box must make progress and end within its parent, and the number of boxes read is bounded (UP-06).
 */
import type { FileSource } from './file-source.ts';

export type IsoFacts = { readonly durationMs: number; readonly widthPx?: number; readonly heightPx?: number };

/** Read of one file. */
export const boxesMax = 10_000;

/** A stretch of the file, and how many boxes may still be read of it. */
export type Within = {
  readonly source: FileSource;
  readonly start: number;
  readonly end: number;
  readonly budget: { boxes: number };
};

export type Box = { readonly type: string; readonly start: number; readonly end: number };

/** Null where there is no movie header. */
export async function readIsoMedia(source: FileSource): Promise<IsoFacts | null> {
  const budget = { boxes: boxesMax };
  const whole = { source, start: 0, end: source.bytes, budget };
  const movie = await find(whole, 'moov');
  if (movie === null) return null;
  let durationMs: number | null = null;
  let size: { readonly widthPx: number; readonly heightPx: number } | null = null;
  for await (const box of boxes({ ...whole, ...movie })) {
    if (box.type === 'mvhd') durationMs = readDuration(await source.read(box.start, 32));
    if (box.type !== 'trak') continue;
    const header = await find({ ...whole, ...box }, 'tkhd');
    const track = header === null ? null : readSize(await source.read(header.start, 104));
    if (track !== null && (size === null || track.widthPx * track.heightPx > size.widthPx * size.heightPx))
      size = track;
  }
  return durationMs === null ? null : { durationMs, ...size };
}

/** The first box of that type; null where there is none. */
export async function find(within: Within, type: string): Promise<Box | null> {
  for await (const box of boxes(within)) if (box.type === type) return box;
  return null;
}

/** The boxes of a stretch, one behind the other. Throws where one does not fit, and of too many. */
export async function* boxes({ source, start, end: limit, budget }: Within): AsyncGenerator<Box> {
  let at = start;
  while (at + 8 <= limit) {
    budget.boxes -= 1;
    if (budget.boxes < 0) throw new Error('too many boxes');
    const header = await source.read(at, 16);
    if (header.length < 8) return;
    const { bytes, headerBytes } = boxLength(header, limit - at);
    const end = at + bytes;
    if (bytes < headerBytes || end > limit) throw new Error('a box does not fit where it lies');
    yield { type: header.toString('latin1', 4, 8), start: at + headerBytes, end };
    at = end;
  }
}

/** 0 means up to the end of what surrounds the box, 1 means that a 64-bit length follows. */
function boxLength(header: Buffer, left: number): { readonly bytes: number; readonly headerBytes: number } {
  const short = header.readUInt32BE(0);
  if (short === 0) return { bytes: left, headerBytes: 8 };
  if (short !== 1) return { bytes: short, headerBytes: 8 };
  return { bytes: header.length < 16 ? -1 : Number(header.readBigUInt64BE(8)), headerBytes: 16 };
}

function readDuration(box: Buffer): number | null {
  const wide = box[0] === 1;
  if (box.length < (wide ? 32 : 20)) return null;
  const timescale = box.readUInt32BE(wide ? 20 : 12);
  const duration = wide ? Number(box.readBigUInt64BE(24)) : box.readUInt32BE(16);
  const ms = Math.round((duration / timescale) * 1_000);
  return Number.isSafeInteger(ms) ? ms : null;
}

/** Width and height are 16.16 fixed point at the end of the box; a matrix that turns by 90° swaps them. */
function readSize(box: Buffer): { readonly widthPx: number; readonly heightPx: number } | null {
  const matrixAt = box[0] === 1 ? 52 : 40;
  if (box.length < matrixAt + 44) return null;
  const width = Math.round(box.readUInt32BE(matrixAt + 36) / 65_536);
  const height = Math.round(box.readUInt32BE(matrixAt + 40) / 65_536);
  if (width === 0 || height === 0) return null;
  const turned = box.readInt32BE(matrixAt) === 0 && box.readInt32BE(matrixAt + 4) !== 0;
  return turned ? { widthPx: height, heightPx: width } : { widthPx: width, heightPx: height };
}
