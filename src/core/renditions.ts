import type { JsonValue } from './json.ts';

/** A rendition we make: its name, and the length of the longer edge in pixels. Pictures that are smaller are not enlarged. */
export type RenditionSize = { readonly title: string; readonly edgePx: number };

/** DESIGN section 8. The order is that of the list in an asset. */
export const renditionSizes: readonly RenditionSize[] = [
  { title: 'small', edgePx: 250 },
  { title: 'medium', edgePx: 750 },
  { title: 'large', edgePx: 1_000 },
];

/** Whether a rendition of an asset is one of ours: made of bytes we hold, under one of our names. */
export function isOwnRendition(rendition: { readonly title?: JsonValue; readonly blob?: JsonValue }): boolean {
  return typeof rendition.blob === 'string' && renditionSizes.some(({ title }) => title === rendition.title);
}
