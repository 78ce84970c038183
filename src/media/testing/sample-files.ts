/** Small files made on the spot: what they claim is an argument. */
import { crc32, deflateSync } from 'node:zlib';

/** A PNG whose header claims this size; its pixel data is there for small ones only. */
export function pngClaiming(width: number, height: number, bitDepth = 8): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bitDepth, 0, 0, 0, 0], 8);
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

/** A chunk of a PNG with its checksum. */
export const pngPart = pngChunk;

/** A PNG of 4 × 3 with further chunks before its pixels. */
export function pngWith(...chunks: readonly (readonly [type: string, data: Buffer])[]): Buffer {
  const plain = pngClaiming(4, 3);
  const headerEnd = 8 + 25;
  return Buffer.concat([
    plain.subarray(0, headerEnd),
    ...chunks.map(([type, data]) => pngChunk(type, data)),
    plain.subarray(headerEnd),
  ]);
}

/** A baseline JPEG's headers that claim this size; `segments` are put behind the start (marker and content). */
export function jpegClaiming(
  width: number,
  height: number,
  ...segments: readonly (readonly [marker: number, content: Buffer])[]
): Buffer {
  const segment = (marker: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 255]), content]);
  const frame = Buffer.from([8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...segments.map(([marker, content]) => segment(marker, content)),
    segment(0xdb, Buffer.concat([Buffer.from([0]), Buffer.alloc(64, 1)])),
    segment(0xc0, frame),
    segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
    Buffer.from([0, 0xff, 0xd9]),
  ]);
}

/** A GIF of this many frames, of one pixel unless it claims more. */
export function gifOf(frames: number, width = 1, height = 1): Buffer {
  const screen = Buffer.from([width & 255, width >> 8, height & 255, height >> 8, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
  const size = [width & 255, width >> 8, height & 255, height >> 8];
  const frame = Buffer.from([0x2c, 0, 0, 0, 0, ...size, 0, 2, 2, 0x44, 1, 0]);
  return Buffer.concat([
    Buffer.from('GIF89a'),
    screen,
    ...Array.from({ length: frames }, () => frame),
    Buffer.from([0x3b]),
  ]);
}

/** A lossless WebP whose header claims this size (at most 16,384 on a side). */
export function webpClaiming(width: number, height: number): Buffer {
  const bits = (width - 1) | ((height - 1) << 14);
  const data = Buffer.concat([Buffer.from([0x2f]), uint32LE(bits), Buffer.alloc(20)]);
  const chunk = Buffer.concat([Buffer.from('VP8L'), uint32LE(data.length), data, Buffer.alloc(data.length % 2)]);
  return Buffer.concat([Buffer.from('RIFF'), uint32LE(chunk.length + 4), Buffer.from('WEBP'), chunk]);
}

/** A ZIP with one entry whose compressed content is given; what it claims to inflate to is an argument. */
export function zipOf(name: string, compressed: Buffer, claimedBytes: number): Buffer {
  const entry = Buffer.alloc(26);
  entry.writeUInt16LE(20, 0);
  entry.writeUInt16LE(8, 4);
  entry.writeUInt32LE(compressed.length, 14);
  entry.writeUInt32LE(claimedBytes >>> 0, 18);
  entry.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), entry, Buffer.from(name), compressed]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\0', 'latin1'),
    entry,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

export function uint32LE(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
