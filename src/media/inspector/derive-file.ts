/**
 * Renditions of a picture. The file is decoded once, to the largest size asked for (JPEG and WebP shrink while they load),
 * turned as its EXIF orientation says, brought to sRGB; the smaller ones are made from those pixels. What is written comes
 * from pixels alone: no EXIF, no XMP, no place, no colour profile travels along. PDF and SVG are drawn first (`drawn.ts`); of
 * films there is nothing here: a picture of one is made before, see `../films.ts`.
 */
import type { DerivedRendition, Failure } from '../media.ts';
import { drawPdf, drawSvg, type Pixels } from './drawn.ts';
import type { DeriveJob } from './protocol.ts';
import { loadSharp, readableImages } from './sharp.ts';

export const jpegQuality = 82;

export type Derived = { readonly kind: 'derived'; readonly renditions: readonly DerivedRendition[] } | Failure;

/** One rendition per size, never larger than the picture is. JPEG; PNG where a pixel of it is see-through. */
export async function deriveFile({ sizes, ...job }: Omit<DeriveJob, 'id' | 'kind'>): Promise<Derived> {
  const edge = Math.max(...sizes.map(({ edgePx }) => edgePx));
  const found = await pixelsOf(job, edge);
  if (found.kind === 'failed') return found;
  const sharp = await loadSharp();
  const { data, width, height, channels } = found;
  const raw = { width, height, channels };
  const seeThrough = isSeeThrough(data, channels);
  const renditions: DerivedRendition[] = [];
  for (const { title, edgePx } of sizes) {
    const sized = sharp(data, { raw }).resize({
      width: edgePx,
      height: edgePx,
      fit: 'inside',
      withoutEnlargement: true,
    });
    const encoded = seeThrough
      ? sized.png({ compressionLevel: 9 })
      : sized.removeAlpha().jpeg({ quality: jpegQuality, progressive: true });
    const made = await encoded.toBuffer({ resolveWithObject: true });
    renditions.push({
      title,
      mimeType: seeThrough ? 'image/png' : 'image/jpeg',
      widthPx: made.info.width,
      heightPx: made.info.height,
      content: made.data,
    });
  }
  return { kind: 'derived', renditions };
}

type Source = Pick<DeriveJob, 'path' | 'mimeType' | 'pixelsMax'>;

/** The file as pixels, its longer edge no longer than asked for. */
async function pixelsOf({ path, mimeType, pixelsMax }: Source, edgePx: number): Promise<Pixels | Failure> {
  if (mimeType === 'application/pdf') return drawPdf(path, edgePx);
  if (mimeType === 'image/svg+xml') return drawSvg(path, edgePx);
  if (undecodable.has(mimeType)) return { kind: 'failed', code: 'unsupported', note: heicNote };
  if (!readableImages.has(mimeType))
    return { kind: 'failed', code: 'unsupported', note: `none are made of ${mimeType}` };
  const sharp = await loadSharp();
  // Of moving pictures the first frame. A file that breaks off in its middle is refused rather than shown half grey.
  const options = { limitInputPixels: false, failOn: 'error', sequentialRead: true } as const;
  const { width, height } = (await sharp(path, { ...options, failOn: 'none' }).metadata()).autoOrient;
  if (width * height > pixelsMax) {
    return { kind: 'failed', code: 'too_large', note: `${width} x ${height} pixels, more than ${pixelsMax} in all` };
  }
  const { data, info } = await sharp(path, options)
    .autoOrient()
    .resize({ width: edgePx, height: edgePx, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { kind: 'pixels', data, width: info.width, height: info.height, channels: info.channels };
}

/** HEVC may not be shipped with libvips: patents. Size and metadata of such pictures are read all the same. */
const undecodable: ReadonlySet<string> = new Set(['image/heic', 'image/heif']);
const heicNote = 'none are made of HEIC: its decoder (HEVC) may not be shipped; upload a JPEG, AVIF or PNG of it';

/** Many pictures carry an alpha channel that says nothing; those need no PNG. */
function isSeeThrough(pixels: Buffer, channels: number): boolean {
  if (channels !== 2 && channels !== 4) return false;
  for (let at = channels - 1; at < pixels.length; at += channels) if (pixels[at] !== 255) return true;
  return false;
}
