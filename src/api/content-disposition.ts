/**
 * `Content-Disposition` by RFC 6266: a plain form that every reader takes, and the true name in UTF-8. Nothing of the name
 * can leave its quotes, and no name says more than a name: folders, control and direction characters are taken out
 * (HARDENING UP-11).
 */
export function contentDisposition(kind: 'inline' | 'attachment', name: string): string {
  const plainName = fileNameOf(name);
  const ascii = plainName.replaceAll(/[^\u0020-\u007e]|["\\%;]/g, '_');
  const encoded = encodeURIComponent(plainName).replaceAll(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return encoded === ascii
    ? `${kind}; filename="${ascii}"`
    : `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

const nameCharactersMax = 200;
/** Characters that reorder, hide or end text: a name with them looks like another one. */
// biome-ignore format: one range per line would say less
const deceptive = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** The last part of what was sent as a file name, cleaned; `file` where nothing is left. */
export function fileNameOf(sent: string): string {
  const last = sent.toWellFormed().split(/[/\\]/).at(-1) ?? '';
  const clean = last
    .replaceAll(deceptive, '')
    .replace(/^[\s.]+/, '')
    .trim();
  return clean === '' ? 'file' : [...clean].slice(0, nameCharactersMax).join('');
}

/**
 * Types a browser may show from our origin: plain raster pictures, video and sound, which hold nothing that runs. All
 * others (SVG, HTML, PDF, XML…) are only ever downloaded.
 */
const showable: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
  'image/tiff',
  'video/mp4',
  'video/webm',
  'video/quicktime',
  'video/ogg',
  'audio/mpeg',
  'audio/mp4',
  'audio/aac',
  'audio/ogg',
  'audio/wav',
  'audio/flac',
]);

export function isShowable(mimeType: string): boolean {
  return showable.has(mimeType.split(';', 1)[0]?.trim().toLowerCase() ?? '');
}
