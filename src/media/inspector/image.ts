/** Images: type, size and embedded metadata from the header alone. No pixel is decoded, so a flood of pixels costs nothing (UP-01). */
import type { Metadata } from 'sharp';
import type { EmbeddedPolicy, InspectionResult } from '../media.ts';
import { type Packets, readPackets } from './packets.ts';
import { loadSharp } from './sharp.ts';

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
  const embedded = policy === 'none' ? undefined : await readPackets(packetsOf(header), policy);
  return {
    kind: 'inspected',
    facts: { mimeType, widthPx: width, heightPx: height, ...(embedded === undefined ? {} : { embedded }) },
  };
}

function packetsOf({ exif, iptc, xmp }: Metadata): Packets {
  return {
    ...(exif === undefined ? {} : { exif }),
    ...(iptc === undefined ? {} : { iptc }),
    ...(xmp === undefined ? {} : { xmp }),
  };
}
