/** In files of which types an XMP packet is looked for, by the form they have (XMP specification, part 3). */
export type XmpFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'heif' | 'photoshop' | 'pdf' | 'iso' | 'wav';

const formats: ReadonlyMap<string, XmpFormat> = new Map<string, XmpFormat>([
  ['image/jpeg', 'jpeg'],
  ['image/png', 'png'],
  ['image/apng', 'png'],
  ['image/webp', 'webp'],
  ['image/gif', 'gif'],
  ['image/tiff', 'tiff'],
  ['image/avif', 'heif'],
  ['image/heic', 'heif'],
  ['image/heif', 'heif'],
  ['image/vnd.adobe.photoshop', 'photoshop'],
  ['application/pdf', 'pdf'],
  ['application/illustrator', 'pdf'],
  ['video/mp4', 'iso'],
  ['video/quicktime', 'iso'],
  ['video/x-m4v', 'iso'],
  ['audio/mp4', 'iso'],
  ['audio/x-m4a', 'iso'],
  ['audio/wav', 'wav'],
  ['audio/x-wav', 'wav'],
]);

/** Null for a type in which none is looked for. */
export function xmpFormatOf(mimeType: string): XmpFormat | null {
  return formats.get(mimeType) ?? null;
}
