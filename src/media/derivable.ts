/** The types of which renditions are made: still pictures, and the first frame of moving ones. SVG is never rendered. */
export const derivableTypes: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/apng',
  'image/webp',
  'image/gif',
  'image/tiff',
  'image/avif',
]);
