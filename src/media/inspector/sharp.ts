/** Sharp as the inspector uses it: one thread, no cache, and only the loaders of the types below. */
import type { Sharp, SharpOptions } from 'sharp';

type SharpMaker = (input: string | Buffer, options: SharpOptions) => Sharp;

let loaded: Promise<SharpMaker> | null = null;

/** The types that are handed to sharp. Everything else that libvips could load (SVG, PDF, raw…) is blocked. */
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

/** Loaded on first use, once. */
export function loadSharp(): Promise<SharpMaker> {
  loaded ??= load();
  return loaded;
}

/**
 * Runs `draw` while drawings may be loaded. Outside of it a file that calls itself a picture and is a drawing is refused:
 * only what was recognised as one is ever drawn.
 */
export async function withSvg<Result>(draw: () => Promise<Result>): Promise<Result> {
  await loadSharp();
  const { default: sharp } = await import('sharp');
  sharp.unblock({ operation: [svgLoader] });
  try {
    return await draw();
  } finally {
    sharp.block({ operation: [svgLoader] });
  }
}

const svgLoader = 'VipsForeignLoadSvg';

async function load(): Promise<SharpMaker> {
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
