/** Chooses the reader by type. Runs in the inspector only. */
import { open, stat } from 'node:fs/promises';
import type { InspectionResult } from '../media.ts';
import { readImage, readableImages } from './image.ts';
import { readIsoMedia } from './iso-media.ts';
import { readSvgSize } from './svg.ts';
import type { Job } from './protocol.ts';

const isoMedia: ReadonlySet<string> = new Set([
  'video/mp4',
  'video/quicktime',
  'video/x-m4v',
  'video/3gpp',
  'video/3gpp2',
  'audio/mp4',
  'audio/x-m4a',
]);
const svgBytesRead = 65_536;

/** What can be told of the file from its headers. Types without a reader are told by their type alone. */
export async function inspectFile({
  path,
  mimeType,
  pixelsMax,
}: Pick<Job, 'path' | 'mimeType' | 'pixelsMax'>): Promise<InspectionResult> {
  if (readableImages.has(mimeType)) return readImage(path, pixelsMax);
  if (mimeType === 'image/svg+xml') return inspected(mimeType, readSvgSize(await readHead(path, svgBytesRead)));
  if (isoMedia.has(mimeType)) return readIsoFile(path, mimeType);
  return inspected(mimeType, {});
}

async function readIsoFile(path: string, mimeType: string): Promise<InspectionResult> {
  const { size } = await stat(path);
  const handle = await open(path, 'r');
  try {
    const found = await readIsoMedia({
      bytes: size,
      read: async (at, length) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
        return buffer.subarray(0, bytesRead);
      },
    });
    if (found === null) return { kind: 'failed', code: 'unreadable', note: 'no movie header was found' };
    const { durationMs } = found;
    const bitRate = durationMs > 0 ? Math.round((size * 8_000) / durationMs) : undefined;
    return inspected(mimeType, { ...found, ...(bitRate === undefined ? {} : { bitRate }) });
  } finally {
    await handle.close();
  }
}

async function readHead(path: string, length: number): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function inspected(mimeType: string, facts: object): InspectionResult {
  return { kind: 'inspected', facts: { mimeType, ...facts } };
}
