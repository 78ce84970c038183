/**
 * What a file is, from its first bytes. The name only chooses among kinds of plain text; a playlist, a page or a script
 * that calls itself `.jpg` is what its content says (HARDENING UP-04, UP-05).
 */
import { extname } from 'node:path';
import type { AssetKind } from '../core/asset.ts';

export type Sniffed = { readonly mimeType: string; readonly kind: AssetKind };

export const unknownType = 'application/octet-stream';

/** Markup is looked for within this many characters; what hides behind more is served as a download all the same. */
const markupCharactersMax = 2_048;

/** The type by content; `application/octet-stream` where nothing is recognised. Never throws. */
export async function sniff(head: Uint8Array, name: string): Promise<Sniffed> {
  const text = asText(head);
  const mimeType = (text === null ? null : markupType(text)) ?? (await signatureType(head)) ?? textType(text, name);
  return { mimeType, kind: kindOf(mimeType) };
}

/** The types that begin with a signature. Loaded at first use: it is not needed to start. */
async function signatureType(head: Uint8Array): Promise<string | null> {
  const { fileTypeFromBuffer } = await import('file-type');
  try {
    const found = await fileTypeFromBuffer(head);
    if (found !== undefined) return found.mime.split(';')[0] ?? null;
  } catch {
    // A head that breaks the parser is a file of no type that the parser knows.
  }
  return isTiff(head) ? 'image/tiff' : null;
}

/**
 * Whether these bytes begin a TIFF. Whether it is of another kind (a raw photograph) stands in its directory, and where
 * that is not in the head, `file-type` knows nothing: most programs write it behind the picture.
 */
function isTiff(head: Uint8Array): boolean {
  const [first, second, third, fourth] = head;
  if (head.length < 8 || first !== second) return false;
  return (first === 0x49 && third === 42 && fourth === 0) || (first === 0x4d && third === 0 && fourth === 42);
}

/** The head as text, or null where it is not: NUL, controls that no text holds, or broken UTF-8. */
function asText(head: Uint8Array): string | null {
  if (head.length === 0) return null;
  for (const byte of head) if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) return null;
  // The head may end within a character: `stream` leaves the rest of it undecoded instead of calling it broken.
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    return decoder.decode(head, { stream: true });
  } catch {
    return null;
  }
}

const htmlStart =
  /^<(?:!doctype\s+html|html|head|body|script|iframe|table|title|style|div|a|img|p|br|h1|b|font|meta|link|form)[\s/>]/i;
const preamble =
  /^(?:\s+|<\?[^>]{0,512}\?>|<!--[\s\S]{0,1024}?-->|<!doctype\s+(?!html)[^>[]{0,512}(?:\[[^\]]{0,1024}\]\s*)?>)/i;

function markupType(text: string): string | null {
  const start = text.trimStart();
  if (start.startsWith('#EXTM3U')) return 'application/vnd.apple.mpegurl';
  if (/^ffconcat version/.test(start)) return 'text/plain';
  if (/^mime-version:/i.test(start)) return 'message/rfc822';
  if (!start.startsWith('<')) return null;
  let rest = start.slice(0, markupCharactersMax);
  for (let match = preamble.exec(rest); match !== null; match = preamble.exec(rest)) rest = rest.slice(match[0].length);
  if (htmlStart.test(rest)) return 'text/html';
  if (/^<(?:[a-z]{1,16}:)?svg[\s/>]/i.test(rest)) return 'image/svg+xml';
  if (/^<(?:[a-z]{1,16}:)?mpd[\s/>]/i.test(rest)) return 'application/dash+xml';
  if (/^<[a-z][\w:.-]{0,100}[\s/>]/i.test(rest)) return start.startsWith('<?xml') ? 'application/xml' : 'text/html';
  return null;
}

const textTypes: { readonly [extension: string]: string } = {
  '.csv': 'text/csv',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.srt': 'application/x-subrip',
  '.vtt': 'text/vtt',
};

function textType(text: string | null, name: string): string {
  if (text === null) return unknownType;
  const extension = extname(name).toLowerCase();
  return Object.hasOwn(textTypes, extension) ? (textTypes[extension] ?? unknownType) : 'text/plain';
}

const documentTypes =
  /^(?:text\/|application\/(?:pdf|rtf|json|xml|epub\+zip|msword|postscript|illustrator|vnd\.(?:ms-|openxmlformats-|oasis\.)|x-indesign|x-subrip))/;

/** The kind of asset that a type makes. */
export function kindOf(mimeType: string): AssetKind {
  if (mimeType.startsWith('image/')) return 'image';
  if (mimeType.startsWith('video/')) return 'video';
  if (mimeType.startsWith('audio/')) return 'audio';
  return documentTypes.test(mimeType) ? 'document' : 'other';
}
