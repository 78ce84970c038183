/**
 * What server and inspector say to each other: one JSON object per line; behind an answer that says so, the bytes of the
 * pictures that were made, or of a packet. The inspector has read a hostile file, so what it answers is treated as hostile too: bounded in
 * length, and taken over field by field (HARDENING UP-21).
 */
import type { RenditionSize } from '../../core/renditions.ts';
import { limits } from '../../core/limits.ts';
import { boundEmbedded } from '../embedded.ts';
import { believedFacts } from '../file-facts.ts';
import type { DerivedRendition, EmbeddedPolicy, MediaFacts, MediaFailure } from '../media.ts';

type FileJob = { readonly id: number; readonly path: string; readonly mimeType: string; readonly pixelsMax: number };
export type InspectJob = FileJob & { readonly kind: 'inspect'; readonly embedded: EmbeddedPolicy };
export type DeriveJob = FileJob & { readonly kind: 'derive'; readonly sizes: readonly RenditionSize[] };
/** Asks for the XMP packet of a file as it stands there. */
export type XmpJob = Omit<FileJob, 'pixelsMax'> & { readonly kind: 'xmp' };
export type Job = InspectJob | DeriveJob | XmpJob;

/** A picture as its line tells it; `bytes` of content follow behind the line, in the order of the list. */
export type RenditionHead = Omit<DerivedRendition, 'content'> & { readonly bytes: number };

export type Answer =
  | { readonly id: number; readonly kind: 'inspected'; readonly facts: MediaFacts }
  | { readonly id: number; readonly kind: 'derived'; readonly renditions: readonly RenditionHead[] }
  /** So many bytes follow behind the line; 0: there is no packet. */
  | { readonly id: number; readonly kind: 'packet'; readonly bytes: number }
  | { readonly id: number; readonly kind: 'failed'; readonly code: MediaFailure; readonly note: string };

/** An answer is a few kilobytes; beyond this the inspector is killed. */
export const answerBytesMax = 128 * 1024;
/** Of all pictures of one answer together; three of 1,000 pixels are less than a tenth of it. */
export const contentBytesMax = 32 * 1024 * 1024;
const renditionsMax = 10;
const edgePxMax = 10_000;

const failures: readonly MediaFailure[] = ['unreadable', 'timeout', 'too_large', 'crashed', 'unsupported'];
const mimeForm = /^[a-z]{1,32}\/[a-z0-9][a-z0-9.+-]{0,126}$/;
const noteCharactersMax = 200;

/** The answer in a line, rebuilt from known fields only; null where it is anything else. */
export function parseAnswer(line: string): Answer | null {
  const value = asObject(parseJson(line));
  const id = value === null ? undefined : value['id'];
  if (value === null || typeof id !== 'number' || !Number.isSafeInteger(id)) return null;
  switch (value['kind']) {
    case 'failed': {
      const code = failures.find((failure) => failure === value['code']);
      return code === undefined ? null : { id, kind: 'failed', code, note: plain(value['note']) };
    }
    case 'derived': {
      const renditions = parseRenditions(value['renditions']);
      return renditions === null ? null : { id, kind: 'derived', renditions };
    }
    case 'inspected': {
      const facts = parseFacts(asObject(value['facts']));
      return facts === null ? null : { id, kind: 'inspected', facts };
    }
    case 'packet': {
      const bytes = whole(value['bytes'], limits.embeddedPacketBytesMax);
      return bytes === null ? null : { id, kind: 'packet', bytes };
    }
    default:
      return null;
  }
}

function parseFacts(value: Readonly<Record<string, unknown>> | null): MediaFacts | null {
  if (value === null) return null;
  const { mimeType } = value;
  if (typeof mimeType !== 'string' || !mimeForm.test(mimeType)) return null;
  const embedded = boundEmbedded(value['embedded']);
  return { mimeType, ...believedFacts(value), ...(embedded === undefined ? {} : { embedded }) };
}

function parseRenditions(value: unknown): readonly RenditionHead[] | null {
  if (!Array.isArray(value) || value.length > renditionsMax) return null;
  const heads: RenditionHead[] = [];
  let left = contentBytesMax;
  for (const item of value) {
    const { title, mimeType, widthPx, heightPx, bytes } = asObject(item) ?? {};
    const width = whole(widthPx, edgePxMax);
    const height = whole(heightPx, edgePxMax);
    const size = whole(bytes, left);
    if (typeof title !== 'string' || !/^[a-z]{1,32}$/.test(title) || !width || !height || !size) return null;
    // Nothing else is made, so nothing else is believed: what is served later is one of these two.
    if (mimeType !== 'image/jpeg' && mimeType !== 'image/png') return null;
    left -= size;
    heads.push({ title, mimeType, widthPx: width, heightPx: height, bytes: size });
  }
  return heads;
}

function whole(number: unknown, max: number): number | null {
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 && number <= max ? number : null;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.fromEntries(Object.entries(value));
}

/** A note is shown to people: printable, one line, cut. */
function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, noteCharactersMax);
}
