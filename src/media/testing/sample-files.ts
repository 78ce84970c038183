/** Small files made on the spot: what they claim is an argument. */
import { crc32, deflateSync } from 'node:zlib';

/** A PNG whose header claims this size; its pixel data is there for small ones only. */
export function pngClaiming(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const pixels = width * height < 10_000 ? Buffer.alloc((width + 1) * height) : Buffer.alloc(64);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(pixels)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([uint32(data.length), body, uint32(crc32(body))]);
}

/** An ISO media box. */
export function isoBox(type: string, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([uint32(content.length + 8), Buffer.from(type, 'latin1'), content]);
}

/** `mvhd` of version 0. */
export function movieHeader(timescale: number, duration: number): Buffer {
  return isoBox('mvhd', uint32(0), uint32(0), uint32(0), uint32(timescale), uint32(duration), Buffer.alloc(80));
}

/** A track whose `tkhd` (version 0) states this size, turned by 90° or not. */
export function track(width: number, height: number, turned = false): Buffer {
  const matrix = turned
    ? [0, 0x10000, 0, 0x100000000 - 0x10000, 0, 0, 0, 0, 0x40000000]
    : [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
  const content = [uint32(0), Buffer.alloc(36), ...matrix.map(uint32), uint32(width * 65_536), uint32(height * 65_536)];
  return isoBox('trak', isoBox('tkhd', ...content));
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A TIFF of one grey pixel (little-endian, uncompressed) with these texts in its directory, by tag number. */
export function tiffWith(texts: { readonly [tag: number]: string }): Buffer {
  const numbers = { 256: 1, 257: 1, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 1 };
  const entries = [
    ...Object.entries(numbers).map(([tag, value]) => ({ tag: Number(tag), value, text: undefined })),
    ...Object.entries(texts).map(([tag, text]) => ({ tag: Number(tag), value: 0, text: Buffer.from(`${text}\0`) })),
  ].sort((left, right) => left.tag - right.tag);
  const directoryAt = 10;
  let textAt = directoryAt + 2 + entries.length * 12 + 4;
  const rows: Buffer[] = [];
  const tail: Buffer[] = [];
  for (const { tag, value, text } of entries) {
    const row = Buffer.alloc(12);
    row.writeUInt16LE(tag, 0);
    row.writeUInt16LE(text === undefined ? 4 : 2, 2);
    row.writeUInt32LE(text?.length ?? 1, 4);
    if (text === undefined) row.writeUInt32LE(value, 8);
    else if (text.length <= 4) text.copy(row, 8);
    else {
      row.writeUInt32LE(textAt, 8);
      tail.push(text);
      textAt += text.length;
    }
    rows.push(row);
  }
  const head = Buffer.from([0x49, 0x49, 42, 0, directoryAt, 0, 0, 0, 0x80, 0, entries.length, 0]);
  return Buffer.concat([head, ...rows, Buffer.alloc(4), ...tail]);
}
