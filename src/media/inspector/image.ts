/** Images: type and size from the header alone. No pixel is decoded, so a flood of pixels costs nothing (UP-01). */
import type { InspectionResult } from '../media.ts';

/** The types that are handed to sharp. Everything else that sharp could load is blocked below. */
export const readableImages: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/apng',
  'image/webp',
  'image/gif',
  'image/tiff',
  'image/avif',
  'image/heic',
  'image/heif',
]);

const mimeTypes: { readonly [format: string]: string } = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  tiff: 'image/tiff',
};

/** Size as the picture is shown: turned as its EXIF orientation says. */
export async function readImage(path: string, pixelsMax: number): Promise<InspectionResult> {
  const sharp = await loadSharp();
  // The limit is judged here and not by sharp, which would answer with a text: header only, nothing is decoded.
  const header = await sharp(path, { limitInputPixels: false, failOn: 'none', sequentialRead: true }).metadata();
  const { width, height } = header.autoOrient;
  if (width * height > pixelsMax) {
    return { kind: 'failed', code: 'too_large', note: `${width} x ${height} pixels, more than ${pixelsMax} in all` };
  }
  const found = mimeTypes[header.format] ?? (header.compression === 'av1' ? 'image/avif' : 'image/heif');
  return { kind: 'inspected', facts: { mimeType: found, widthPx: width, heightPx: height } };
}

async function loadSharp() {
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  sharp.concurrency(1);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: [
      'VipsForeignLoadJpeg',
      'VipsForeignLoadPng',
      'VipsForeignLoadWebp',
      'VipsForeignLoadNsgif',
      'VipsForeignLoadTiff',
      'VipsForeignLoadHeif',
    ],
  });
  return sharp;
}
