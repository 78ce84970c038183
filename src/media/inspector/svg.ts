/** SVG: size from the root element's attributes. The file is neither parsed as XML nor rendered (HARDENING UP-03). */

/** Width and height in pixels where the root element states them in pixels, or through its `viewBox`. */
export function readSvgSize(head: string): { readonly widthPx?: number; readonly heightPx?: number } {
  const root = /<(?:[A-Za-z]{1,16}:)?svg\s([^<>]{0,8192})>/i.exec(head)?.[1];
  if (root === undefined) return {};
  const width = pixels(attribute(root, 'width'));
  const height = pixels(attribute(root, 'height'));
  if (width !== null && height !== null) return { widthPx: width, heightPx: height };
  const [, , boxWidth, boxHeight] = (attribute(root, 'viewBox') ?? '')
    .trim()
    .split(/[\s,]+/, 5)
    .map(Number);
  const known = boxWidth !== undefined && boxHeight !== undefined && boxWidth > 0 && boxHeight > 0;
  return known ? { widthPx: Math.round(boxWidth), heightPx: Math.round(boxHeight) } : {};
}

function attribute(root: string, name: string): string | null {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]{0,256})"|'([^']{0,256})')`).exec(root);
  return match?.[1] ?? match?.[2] ?? null;
}

function pixels(text: string | null): number | null {
  const match = /^\s*(\d{1,9}(?:\.\d{1,9})?)(?:px)?\s*$/.exec(text ?? '');
  const value = Math.round(Number(match?.[1]));
  return value > 0 ? value : null;
}
