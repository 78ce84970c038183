/**
 * The XMP packet in formats that are rows of parts with a length each (XMP specification, part 3): JPEG, PNG, RIFF (WebP,
 * WAV), GIF and Photoshop. Only heads of parts are read, and the one part that holds the packet; hostile files: every part
 * must make progress, and the number of parts is bounded (HARDENING UP-06). Null where there is none.
 */
import { inflateSync } from 'node:zlib';
import { limits } from '../../core/limits.ts';
import type { FileSource } from './file-source.ts';
import { PacketTooLarge, refuseLong } from './packet-too-large.ts';

const partsMax = 50_000;
const tooManyParts = 'it has more parts than are looked through';

/** The bytes of a stretch, all of them: a file that breaks off within its packet has none that could be given. */
export async function stretch({ read }: FileSource, at: number, bytes: number): Promise<Buffer> {
  refuseLong(bytes);
  const content = await read(at, bytes);
  if (content.length < bytes) throw new Error('it breaks off within its packet');
  return content;
}

const jpegMark = Buffer.from('http://ns.adobe.com/xap/1.0/\0', 'latin1');

/** The first APP1 that says it is one. What an extension (`xmp/extension`) holds besides is no part of the packet. */
export async function jpegPacket(source: FileSource): Promise<Buffer | null> {
  let at = 2;
  for (let parts = 0; parts < partsMax; parts += 1) {
    const head = await source.read(at, 4 + jpegMark.length);
    const marker = head[1] ?? 0xd9;
    // A file that ends here, or its pixels: no packet lies behind them.
    if (head.length < 4 || marker === 0xda || marker === 0xd9) return null;
    if (head[0] !== 0xff) throw new Error('its parts do not follow each other');
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else {
      const bytes = head.readUInt16BE(2);
      if (bytes < 2) throw new Error('a part of it has no length');
      const holds = bytes - 2 - jpegMark.length;
      if (marker === 0xe1 && holds >= 0 && head.subarray(4).equals(jpegMark))
        return stretch(source, at + 4 + jpegMark.length, holds);
      at += 2 + bytes;
    }
  }
  throw new Error(tooManyParts);
}

const pngKeyword = Buffer.from('XML:com.adobe.xmp\0', 'latin1');
/** `iTXt` is where it belongs; some programs write the others. */
const pngTexts: ReadonlySet<string> = new Set(['iTXt', 'zTXt', 'tEXt']);
/** Of what stands before the text: keyword, two flags, language and translated keyword. */
const pngHeadBytesMax = 1_024;

/** The text with that keyword, unpacked where it is packed (PNG, third edition, 11.3.3). */
export async function pngPacket(source: FileSource): Promise<Buffer | null> {
  let at = 8;
  for (let parts = 0; parts < partsMax; parts += 1) {
    const head = await source.read(at, 8 + pngKeyword.length);
    const type = head.toString('latin1', 4, 8);
    if (head.length < 8 || type === 'IEND') return null;
    const bytes = head.readUInt32BE(0);
    if (pngTexts.has(type) && head.subarray(8).equals(pngKeyword)) {
      refuseLong(bytes - pngHeadBytesMax);
      const chunk = await source.read(at + 8, bytes);
      if (chunk.length < bytes) throw new Error('it breaks off within its packet');
      return pngText(type, chunk);
    }
    at += 12 + bytes;
  }
  throw new Error(tooManyParts);
}

function pngText(type: string, chunk: Buffer): Buffer {
  if (type === 'zTXt') return inflated(chunk.subarray(pngKeyword.length + 1));
  if (type === 'tEXt') return bounded(chunk.subarray(pngKeyword.length));
  const flags = pngKeyword.length;
  const language = chunk.indexOf(0, flags + 2);
  const translated = language < 0 ? -1 : chunk.indexOf(0, language + 1);
  if (translated < 0 || translated > pngHeadBytesMax) throw new Error('the head of its packet is broken');
  const text = chunk.subarray(translated + 1);
  return chunk[flags] === 1 ? inflated(text) : bounded(text);
}

function bounded(text: Buffer): Buffer {
  refuseLong(text.length);
  return text;
}

/** Unpacked within the bound: a bomb stays small (HARDENING UP-02). */
export function inflated(packed: Buffer): Buffer {
  try {
    return inflateSync(packed, { maxOutputLength: limits.embeddedPacketBytesMax });
  } catch (error) {
    const large = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (large) throw new PacketTooLarge();
    throw new Error('its packet cannot be unpacked', { cause: error });
  }
}

/** The chunk of that name in a RIFF file: `XMP ` in WebP, `_PMX` in WAV. */
export async function riffPacket(source: FileSource, name: 'XMP ' | '_PMX'): Promise<Buffer | null> {
  let at = 12;
  for (let parts = 0; parts < partsMax; parts += 1) {
    const head = await source.read(at, 8);
    if (head.length < 8) return null;
    const bytes = head.readUInt32LE(4);
    if (head.toString('latin1', 0, 4) === name) return stretch(source, at + 8, bytes);
    at += 8 + bytes + (bytes % 2);
  }
  throw new Error(tooManyParts);
}

const gifMark = Buffer.from('\x21\xff\x0bXMP DataXMP', 'latin1');
const gifBytesMax = 16 * 1024 * 1024;
/** Behind the packet stands what brings readers of blocks, wherever they come out of it, to its end. */
const gifTrailer = Buffer.from([1, ...Array.from({ length: 256 }, (_, n) => 255 - n), 0]);

/** The application extension of XMP; what it holds are no blocks but the packet and a trailer of 258 bytes. */
export async function gifPacket(source: FileSource): Promise<Buffer | null> {
  const file = await source.read(0, gifBytesMax);
  const table = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
  let at = 13 + table(file[10] ?? 0);
  while (at < file.length) {
    const kind = file[at];
    if (kind === 0x3b) return null;
    if (kind === 0x21 && file.subarray(at, at + gifMark.length).equals(gifMark)) {
      const start = at + gifMark.length;
      const end = file.indexOf(gifTrailer, start);
      if (end < 0) throw broken();
      refuseLong(end - start);
      return file.subarray(start, end);
    }
    if (kind === 0x21) at = behindBlocks(file, at + 2);
    else if (kind === 0x2c) at = behindBlocks(file, at + 11 + table(file[at + 9] ?? 0));
    else throw broken();
  }
  if (source.bytes > file.length) throw new Error(`its first ${gifBytesMax} bytes have none, and more is not searched`);
  return null;
}

function behindBlocks(file: Buffer, from: number): number {
  let at = from;
  for (let bytes = file[at] ?? 0; bytes !== 0; bytes = file[at] ?? 0) at += 1 + bytes;
  return at + 1;
}

function broken(): Error {
  return new Error('its parts do not follow each other');
}

const photoshopXmp = 1_060;

/** The image resource of that number in a Photoshop file. */
export async function photoshopPacket(source: FileSource): Promise<Buffer | null> {
  const colours = (await source.read(26, 4)).readUInt32BE(0);
  const resources = 30 + colours;
  const end = resources + 4 + (await source.read(resources, 4)).readUInt32BE(0);
  let at = resources + 4;
  for (let parts = 0; parts < partsMax && at < end; parts += 1) {
    const head = await source.read(at, 7);
    if (head.length < 7 || head.toString('latin1', 0, 4) !== '8BIM') throw broken();
    const name = 1 + head.readUInt8(6);
    const sizeAt = at + 6 + name + (name % 2);
    const bytes = (await source.read(sizeAt, 4)).readUInt32BE(0);
    if (head.readUInt16BE(4) === photoshopXmp) return stretch(source, sizeAt + 4, bytes);
    at = sizeAt + 4 + bytes + (bytes % 2);
  }
  if (at < end) throw new Error(tooManyParts);
  return null;
}
