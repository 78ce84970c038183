/**
 * What server and inspector say to each other: one JSON object per line. The inspector has read a hostile file, so what it
 * answers is treated as hostile too: bounded in length, and taken over field by field (HARDENING UP-21).
 */
import type { InspectionFailure, MediaFacts } from '../media.ts';

export type Job = { readonly id: number; readonly path: string; readonly mimeType: string; readonly pixelsMax: number };

export type Answer =
  | { readonly id: number; readonly kind: 'inspected'; readonly facts: MediaFacts }
  | { readonly id: number; readonly kind: 'failed'; readonly code: InspectionFailure; readonly note: string };

/** An answer is a few hundred bytes; beyond this the inspector is killed. */
export const answerBytesMax = 64 * 1024;

const failures: readonly InspectionFailure[] = ['unreadable', 'timeout', 'too_large', 'crashed', 'unsupported'];
const mimeForm = /^[a-z]{1,32}\/[a-z0-9][a-z0-9.+-]{0,126}$/;
const noteCharactersMax = 200;

/** The answer in a line, rebuilt from known fields only; null where it is anything else. */
export function parseAnswer(line: string): Answer | null {
  const value = asObject(parseJson(line));
  const id = value === null ? undefined : value['id'];
  if (value === null || typeof id !== 'number' || !Number.isSafeInteger(id)) return null;
  if (value['kind'] === 'failed') {
    const code = failures.find((failure) => failure === value['code']);
    return code === undefined ? null : { id, kind: 'failed', code, note: plain(value['note']) };
  }
  const facts = value['kind'] === 'inspected' ? parseFacts(asObject(value['facts'])) : null;
  return facts === null ? null : { id, kind: 'inspected', facts };
}

function parseFacts(value: Readonly<Record<string, unknown>> | null): MediaFacts | null {
  if (value === null) return null;
  const { mimeType, widthPx, heightPx, durationMs, bitRate } = value;
  if (typeof mimeType !== 'string' || !mimeForm.test(mimeType)) return null;
  const whole = (number: unknown, max: number): number | null =>
    typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 && number <= max ? number : null;
  const width = whole(widthPx, 1_000_000);
  const height = whole(heightPx, 1_000_000);
  const duration = whole(durationMs, 10 * 365 * 86_400_000);
  const rate = whole(bitRate, 1e12);
  return {
    mimeType,
    ...(width === null ? {} : { widthPx: width }),
    ...(height === null ? {} : { heightPx: height }),
    ...(duration === null ? {} : { durationMs: duration }),
    ...(rate === null ? {} : { bitRate: rate }),
  };
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
