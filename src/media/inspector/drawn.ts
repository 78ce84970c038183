/**
 * Pictures of what is no picture: the first page of a PDF, and SVG. Both are drawn to the largest size that is asked for,
 * within the pixels of that size, whatever dimensions the file claims.
 */
import { readFile, stat } from 'node:fs/promises';
import type { Failure } from '../media.ts';
import { pdfBytesMax, withPdf } from './pdfium.ts';
import { loadSharp, withSvg } from './sharp.ts';

/** Pixels as sharp takes and gives them: rows from the top, channels of one byte. */
export type Pixels = {
  readonly kind: 'pixels';
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
};

/** A larger drawing is not parsed. */
export const svgBytesMax = 8 * 1024 * 1024;
/** Opening and closing tags. Each element costs about 2 KB of memory to draw, and more than that in time. */
const svgTagsMax = 100_000;
/** What libvips takes as dots per inch. */
const densityMax = 100_000;
/** A page's sides in points, as PDF allows them. */
const pointsMax = 14_400;

/** On white, as paper is. */
export async function drawPdf(path: string, edgePx: number): Promise<Pixels | Failure> {
  if ((await stat(path)).size > pdfBytesMax) return tooLarge(pdfBytesMax);
  return withPdf(await readFile(path), async ({ pages, first }) => {
    if (pages < 1) return { kind: 'failed', code: 'unreadable', note: 'the document has no pages' };
    const page = first();
    const { originalWidth, originalHeight } = page.getOriginalSize();
    if (!isSide(originalWidth) || !isSide(originalHeight))
      return { kind: 'failed', code: 'unreadable', note: 'the first page has no usable size' };
    const scale = edgePx / Math.max(originalWidth, originalHeight);
    const width = Math.max(1, Math.round(originalWidth * scale));
    const height = Math.max(1, Math.round(originalHeight * scale));
    const drawn = await page.render({ width, height, scale: 1, render: 'bitmap' });
    return { kind: 'pixels', data: withoutAlpha(drawn.data, width * height), width, height, channels: 3 };
  });
}

/** PDFium gives blue first, and a fourth byte that says nothing: the page was filled with white. */
function withoutAlpha(bgra: Uint8Array, pixels: number): Buffer {
  const rgb = Buffer.alloc(pixels * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = bgra[from] ?? 255;
    rgb[to + 1] = bgra[from + 1] ?? 255;
    rgb[to + 2] = bgra[from + 2] ?? 255;
  }
  return rgb;
}

function isSide(points: number): boolean {
  return Number.isFinite(points) && points > 0 && points <= pointsMax;
}

/**
 * By librsvg, from memory: a drawing that has no address can name no other file, scripts are not part of it, and nothing is
 * ever fetched. What would be see-through stays so.
 */
export async function drawSvg(path: string, edgePx: number): Promise<Pixels | Failure> {
  if ((await stat(path)).size > svgBytesMax) return tooLarge(svgBytesMax);
  const content = await readFile(path);
  if (tagsIn(content) > svgTagsMax)
    return { kind: 'failed', code: 'too_large', note: `drawings of more than ${svgTagsMax} tags are not drawn` };
  return withSvg(async () => {
    const sharp = await loadSharp();
    const { width, height } = await sharp(content, { limitInputPixels: false }).metadata();
    const longer = Math.max(width, height);
    if (!(longer > 0)) return { kind: 'failed', code: 'unreadable', note: 'the drawing has no size' };
    const density = Math.min(densityMax, (72 * edgePx) / longer);
    if (density < 1) return { kind: 'failed', code: 'too_large', note: `${width} x ${height} pixels are not drawn` };
    const drawn = await sharp(content, { density, limitInputPixels: (edgePx + 2) ** 2 })
      .resize({ width: edgePx, height: edgePx, fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { kind: 'pixels', data: drawn.data, ...sizeOf(drawn.info) };
  });
}

function tagsIn(content: Buffer): number {
  let tags = 0;
  for (const byte of content) if (byte === 60) tags += 1;
  return tags;
}

function sizeOf({ width, height, channels }: { width: number; height: number; channels: 1 | 2 | 3 | 4 }) {
  return { width, height, channels };
}

function tooLarge(bytesMax: number): Failure {
  return { kind: 'failed', code: 'too_large', note: `more than ${bytesMax / (1024 * 1024)} MiB are not drawn` };
}
