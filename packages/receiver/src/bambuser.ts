import { type BambuserEvent, parseBambuserEvent } from './bambuser-event.ts';
import { bytesOf } from './raw-message.ts';
import { VerificationError } from './verification-error.ts';

export type BambuserOptions = {
  /** Where events are asked for: the sender's address in this form, such as `https://dam.example.com/bambuser`. */
  readonly source: string;
  /** How long to wait for the answer. Default 10,000. */
  readonly timeoutMs?: number;
  /** Your way to ask: the global `fetch`, or one that goes through a proxy. */
  readonly fetch: typeof fetch;
};

const eventIdForm = /^[0-9a-f]{16}$/;
const answerBytesMax = 1024 * 1024;

/**
 * Checks a message in the form of Bambuser's platform, which signs nothing: asks the sender for the event by its id and
 * compares. `source` is yours to say; nothing in the message chooses who is asked. The same `eventId` comes on every attempt:
 * drop those you have seen. Throws a `VerificationError`: `no_matching_event` where the sender knows no such event or another
 * one, `source_unavailable` where it did not answer (answer 500 then, and the message comes again).
 */
export async function verifyBambuser(
  payload: string | Uint8Array,
  { source, timeoutMs = 10_000, fetch: ask }: BambuserOptions,
): Promise<BambuserEvent> {
  const body = bytesOf(payload).toString('utf8');
  const event = parseBambuserEvent(body);
  if (!eventIdForm.test(event.eventId)) throw unknown();
  const known = await askSource(ask, `${source.replace(/\/+$/, '')}/events/${event.eventId}`, timeoutMs);
  // The sender may lay it out in another way; what it says has to be the same.
  if (known === null || !isSame(known, body)) throw unknown();
  return event;
}

async function askSource(ask: BambuserOptions['fetch'], url: string, timeoutMs: number): Promise<string | null> {
  let status: number;
  let text: string;
  try {
    const answer = await ask(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    status = answer.status;
    text = await answer.text();
  } catch (cause) {
    throw unavailable(cause instanceof Error ? cause.message : 'no answer came');
  }
  if (status === 200) return text.length > answerBytesMax ? null : text;
  if (status === 404) return null;
  throw unavailable(`it answered ${status}`);
}

function isSame(known: string, body: string): boolean {
  if (known === body) return true;
  try {
    return JSON.stringify(JSON.parse(known)) === JSON.stringify(JSON.parse(body));
  } catch {
    return false;
  }
}

function unknown(): VerificationError {
  return new VerificationError('no_matching_event', 'The sender must know this event: it knows none, or another one');
}

function unavailable(found: string): VerificationError {
  return new VerificationError('source_unavailable', `The sender must answer for the event: ${found}`);
}
