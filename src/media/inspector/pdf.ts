/**
 * PDF: how many pages, and how large the first one is, as PDFium reads it. Where that cannot open it (encrypted, too large,
 * broken) the file is searched for the root of its page tree, not interpreted: nothing in it is run or followed.
 * Modern files keep the tree in compressed object streams; those are inflated within bounds, so a bomb stays small
 * (HARDENING UP-02). Absent where it cannot be told: encrypted, or larger than is searched.
 */
import { inflateSync } from 'node:zlib';
import type { EmbeddedPolicy, MediaFacts } from '../media.ts';
import type { FileSource } from './file-source.ts';
import { pdfBytesMax, withPdf } from './pdfium.ts';

/** Of a larger file the first and the last half of this are searched. */
export const searchedBytesMax = 16 * 1024 * 1024;
const inflatedBytesMax = 2 * 1024 * 1024;
const inflatedInAllBytesMax = 16 * 1024 * 1024;
const streamsMax = 500;
const dictionaryCharactersMax = 256 * 1024;
/** Over all dictionaries that are looked at. */
const walkedCharactersMax = 16 * 1024 * 1024;
const pagesMax = 1_000_000;

/** Pages and the first one's size; `embedded.document` with `pages` and the format's version. Null: it is broken. */
export async function readPdf(
  source: FileSource,
  policy: EmbeddedPolicy,
): Promise<Omit<MediaFacts, 'mimeType'> | null> {
  const version = /^%PDF-(\d\.\d)/.exec((await source.read(0, 16)).toString('latin1'))?.[1];
  const opened = await openedPdf(source);
  const text = opened === null ? await searched(source) : '';
  const pages = opened?.pages ?? searchedPages(text);
  // Nothing opens it, and all of it was searched: nothing is packed or locked away in it.
  if (pages === null && source.bytes <= searchedBytesMax && !/\/(?:Encrypt|ObjStm)\b/.test(text)) return null;
  const document = { ...(version === undefined ? {} : { version }), ...(pages === null ? {} : { pages }) };
  return {
    ...(pages === null ? {} : { pages }),
    ...opened?.size,
    ...(policy === 'none' || Object.keys(document).length === 0 ? {} : { embedded: { document } }),
  };
}

function searchedPages(text: string): number | null {
  return linearizedPages(text) ?? mostPages(text) ?? compressedPages(text);
}

type OpenedPdf = { readonly pages: number; readonly size: Pick<MediaFacts, 'widthPx' | 'heightPx'> };

/** As PDFium reads it; null where it cannot be opened: encrypted, too large, or broken. */
async function openedPdf({ bytes, whole }: FileSource): Promise<OpenedPdf | null> {
  if (bytes > pdfBytesMax) return null;
  try {
    return await withPdf(await whole(pdfBytesMax), async ({ pages, first }) => {
      if (pages < 1 || pages > pagesMax) return null;
      const { originalWidth, originalHeight } = first().getOriginalSize();
      const widthPx = Math.round(originalWidth);
      const heightPx = Math.round(originalHeight);
      return { pages, size: widthPx > 0 && heightPx > 0 ? { widthPx, heightPx } : {} };
    });
  } catch {
    // The search below may still tell how many pages there are.
    return null;
  }
}

/** What is searched of it, a character a byte: all of it, or its first and its last half of `searchedBytesMax`. */
export async function searched(source: FileSource): Promise<string> {
  if (source.bytes <= searchedBytesMax) return (await source.read(0, searchedBytesMax)).toString('latin1');
  const half = searchedBytesMax / 2;
  const head = await source.read(0, half);
  const tail = await source.read(source.bytes - half, half);
  return `${head.toString('latin1')}\n${tail.toString('latin1')}`;
}

/** A file made for the web says it in its first kilobyte. */
function linearizedPages(text: string): number | null {
  const head = text.slice(0, 1_024);
  if (!head.includes('/Linearized')) return null;
  return pageCount(/\/N\s+(\d{1,7})\b/.exec(head)?.[1]);
}

/** The root of the page tree counts all pages below it, so it has the largest count. */
function mostPages(text: string): number | null {
  let most: number | null = null;
  let walked = 0;
  const node = /\/Type\s{0,8}\/Pages\b/g;
  for (let match = node.exec(text); match !== null && walked < walkedCharactersMax; match = node.exec(text)) {
    const { own, characters } = dictionaryAround(text, match.index);
    walked += characters;
    const count = pageCount(/\/Count\s{1,8}(\d{1,7})\b/.exec(own)?.[1]);
    if (count !== null && (most === null || count > most)) most = count;
  }
  return most;
}

function compressedPages(text: string): number | null {
  let most: number | null = null;
  for (const objects of objectStreams(text)) {
    const count = mostPages(objects);
    if (count !== null && (most === null || count > most)) most = count;
  }
  return most;
}

/** What its object streams hold, inflated within bounds, in the order in which they stand. */
export function* objectStreams(text: string): Generator<string, void> {
  let left = inflatedInAllBytesMax;
  const stream = /\/Type\s{0,8}\/ObjStm\b[^]{0,512}?\bstream\r?\n/g;
  for (let seen = 0; seen < streamsMax && left > 0; seen += 1) {
    const match = stream.exec(text);
    if (match === null) return;
    const start = match.index + match[0].length;
    const end = text.indexOf('endstream', start);
    const inflated = inflate(text.slice(start, end < 0 ? undefined : end), Math.min(inflatedBytesMax, left));
    if (end > 0) stream.lastIndex = end;
    left -= inflated.length;
    yield inflated;
  }
}

function inflate(content: string, maxOutputLength: number): string {
  try {
    return inflateSync(Buffer.from(content, 'latin1'), { maxOutputLength }).toString('latin1');
  } catch {
    // Encrypted, another filter, broken, or more than is inflated: this stream tells nothing.
    return '';
  }
}

/** What a dictionary around a place says itself: inner dictionaries are taken out of it, their counts are of something else. */
export function dictionaryAround(text: string, at: number): { readonly own: string; readonly characters: number } {
  const first = Math.max(0, at - dictionaryCharactersMax);
  let start = at;
  for (let depth = 0; start > first; start -= 1) {
    const here = text.charCodeAt(start);
    if (here !== text.charCodeAt(start - 1) || (here !== 60 && here !== 62)) continue;
    depth += here === 62 ? 1 : -1;
    if (depth < 0) break;
    start -= 1;
  }
  const last = Math.min(text.length, start + dictionaryCharactersMax);
  const parts: string[] = [];
  let end = start + 1;
  let from = end;
  for (let depth = 0; end < last; end += 1) {
    const here = text.charCodeAt(end);
    if (here === 60 && text.charCodeAt(end + 1) === 60) {
      if (depth === 0) parts.push(text.slice(from, end));
      depth += 1;
      end += 1;
    } else if (here === 62 && text.charCodeAt(end + 1) === 62) {
      depth -= 1;
      end += 1;
      if (depth < 0) break;
      if (depth === 0) from = end + 1;
    }
  }
  parts.push(text.slice(from, end));
  return { own: parts.join(' '), characters: at - start + end - start };
}

function pageCount(text: string | undefined): number | null {
  const count = Number(text);
  return text !== undefined && count > 0 && count <= pagesMax ? count : null;
}
