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
