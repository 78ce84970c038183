/** Images: type, size and embedded metadata from the header alone. No pixel is decoded, so a flood of pixels costs nothing (UP-01). */
import type { Metadata } from 'sharp';
import type { EmbeddedPolicy, InspectionResult } from '../media.ts';
import { withFile } from './file-source.ts';
import { type Packets, readPackets } from './packets.ts';
import { loadSharp } from './sharp.ts';

/** The tags of a larger one are not read. */
const tiffBytesMax = 16 * 1024 * 1024;

const mimeTypes: { readonly [format: string]: string } = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  tiff: 'image/tiff',
};

/** Size as the picture is shown: turned as its EXIF orientation says. */
export async function readImage(
  path: string,
  { pixelsMax, embedded: policy }: { readonly pixelsMax: number; readonly embedded: EmbeddedPolicy },
): Promise<InspectionResult> {
  const sharp = await loadSharp();
  // The limit is judged here and not by sharp, which would answer with a text: header only, nothing is decoded.
  const header = await sharp(path, { limitInputPixels: false, failOn: 'none', sequentialRead: true }).metadata();
  const { width, height } = header.autoOrient;
  if (width * height > pixelsMax) {
    return { kind: 'failed', code: 'too_large', note: `${width} x ${height} pixels, more than ${pixelsMax} in all` };
  }
  const mimeType = mimeTypes[header.format] ?? (header.compression === 'av1' ? 'image/avif' : 'image/heif');
  const packets = packetsOf(header);
  const tiff = header.format === 'tiff' && policy !== 'none' ? await wholeTiff(path) : null;
  const embedded =
    policy === 'none' ? undefined : await readPackets(tiff === null ? packets : { ...packets, tiff }, policy);
  return {
    kind: 'inspected',
    facts: { mimeType, widthPx: width, heightPx: height, ...(embedded === undefined ? {} : { embedded }) },
  };
}

/** A TIFF is the structure that EXIF is made of, and libvips cuts nothing out of it: its tags may lie anywhere in it. */
async function wholeTiff(path: string): Promise<Buffer | null> {
  return withFile(path, async ({ bytes, read }) => (bytes > tiffBytesMax ? null : read(0, bytes)));
}

function packetsOf({ exif, iptc, xmp }: Metadata): Packets {
  return {
    ...(exif === undefined ? {} : { exif }),
    ...(iptc === undefined ? {} : { iptc }),
    ...(xmp === undefined ? {} : { xmp }),
  };
}
