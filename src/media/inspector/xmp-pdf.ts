/**
 * The XMP packet of a PDF: the metadata stream that its catalog names (ISO 32000-2, 14.3.2), plain or packed with Flate. The
 * file is searched, not interpreted; of several catalogs the last one counts, as an update is written behind what it updates.
 */
import type { FileSource } from './file-source.ts';
import type { Failure } from '../media.ts';
import { refuseLong } from './packet-too-large.ts';
import { dictionaryAround, objectStreams, searched, searchedBytesMax } from './pdf.ts';
import { inflated } from './xmp-parts.ts';

const catalogsMax = 100;
/** Over all dictionaries that are looked at. */
const walkedCharactersMax = 16 * 1024 * 1024;
const occurrencesMax = 1_000;

/** Null where there is none. */
export async function pdfPacket(source: FileSource): Promise<Buffer | Failure | null> {
  const text = await searched(source);
  const reference = metadataOf(text);
  const stream = reference === null ? null : streamOf(text, reference);
  if (stream === null) {
    if (source.bytes <= searchedBytesMax) return null;
    return {
      kind: 'failed',
      code: 'too_large',
      note: `of it ${searchedBytesMax} bytes are searched, and they have none`,
    };
  }
  return packetOf(text, stream);
}

/** Number and generation of the stream, as the last catalog names it; also where catalogs are packed. */
function metadataOf(text: string): string | null {
  const budget = { characters: walkedCharactersMax };
  const plain = namedByCatalog(text, budget);
  if (plain !== null) return plain;
  let last: string | null = null;
  for (const objects of objectStreams(text)) last = namedByCatalog(objects, budget) ?? last;
  return last;
}

function namedByCatalog(text: string, budget: { characters: number }): string | null {
  let at = text.length;
  for (let seen = 0; seen < catalogsMax && at > 0 && budget.characters > 0; seen += 1) {
    at = text.lastIndexOf('/Catalog', at - 1);
    if (at < 0) return null;
    const { own, characters } = dictionaryAround(text, at);
    budget.characters -= characters;
    const [, number, generation] = /\/Metadata\s{1,8}(\d{1,10})\s{1,8}(\d{1,5})\s{1,8}R\b/.exec(own) ?? [];
    if (number !== undefined && generation !== undefined) return `${number} ${generation}`;
  }
  return null;
}

type Stream = { readonly dictionary: string; readonly start: number };

function streamOf(text: string, reference: string): Stream | null {
  const found = lastObject(text, reference);
  if (found < 0) return null;
  const head = /\s{0,16}(<<[^]{0,4096}?>>)\s{0,16}stream(?:\r\n|\n)/y;
  head.lastIndex = found;
  const dictionary = head.exec(text)?.[1];
  return dictionary === undefined ? null : { dictionary, start: head.lastIndex };
}

/** Where the content of an object begins, of the last one with that number; -1 where there is none. */
function lastObject(text: string, reference: string): number {
  const mark = `${reference} obj`;
  let at = text.length;
  for (let seen = 0; seen < occurrencesMax && at > 0; seen += 1) {
    at = text.lastIndexOf(mark, at - 1);
    if (at < 0) return -1;
    if (at === 0 || /\s/.test(text.charAt(at - 1))) return at + mark.length;
  }
  return -1;
}

function packetOf(text: string, { dictionary, start }: Stream): Buffer | Failure {
  const end = endOf(text, { dictionary, start });
  if (end < 0) throw new Error('it breaks off within its packet');
  refuseLong(end - start);
  const content = Buffer.from(text.slice(start, end), 'latin1');
  if (/\/Encrypt\s{0,8}(?:\d|<<)/.test(text) && !content.includes('rdf:RDF'))
    return unread('the document is encrypted');
  if (!/\/Filter\b/.test(dictionary)) return content;
  const flate = /\/Filter\s{0,8}(?:\/FlateDecode\b|\[\s{0,8}\/FlateDecode\s{0,8}\])/.test(dictionary);
  if (!flate || /\/DecodeParms\b/.test(dictionary)) return unread('its packet is packed in a way that is not read');
  return inflated(content);
}

function unread(note: string): Failure {
  return { kind: 'failed', code: 'unsupported', note };
}

/** By its length, where the end stands there; else before the line that ends the stream. */
function endOf(text: string, { dictionary, start }: Stream): number {
  const [, length = '', generation] = /\/Length\s{1,8}(\d{1,10})(?:\s{1,8}(\d{1,5})\s{1,8}R\b)?/.exec(dictionary) ?? [];
  const bytes = generation === undefined ? Number(length) : numberOf(text, `${length} ${generation}`);
  const end = start + bytes;
  if (length !== '' && bytes >= 0 && /^\s{0,2}endstream/.test(text.slice(end, end + 11))) return end;
  const mark = text.indexOf('endstream', start);
  if (mark < 0) return -1;
  const line = text.slice(Math.max(start, mark - 2), mark);
  return mark - (line.endsWith('\r\n') ? 2 : /[\r\n]$/.test(line) ? 1 : 0);
}

function numberOf(text: string, reference: string): number {
  const at = lastObject(text, reference);
  return at < 0 ? -1 : Number(/^\s{1,16}(\d{1,10})\b/.exec(text.slice(at, at + 32))?.[1] ?? -1);
}
