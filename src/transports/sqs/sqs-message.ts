/**
 * A delivery as a message of a queue: its body as it is, its headers as attributes. What SQS would refuse whenever it is asked
 * is found before it is asked: size, characters, names.
 */
import type { NotAccepted } from '../../core/outcome.ts';
import type { OutgoingMessage } from '../transport.ts';

export type QueueMessage = {
  readonly body: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** As SQS counts: body, and names, types and values of attributes. */
  readonly bytes: number;
};

export type Unsendable =
  | { readonly code: NotAccepted; readonly detail: string }
  /** A header of the webhook cannot be an attribute: its owner has to change it. */
  | { readonly attribute: string; readonly detail: string };

/** Of a message, and of all messages of a call together. SQS takes 1 MiB by now; SNS, whose messages these are, 256 KiB. */
export const messageBytesMax = 262_144;
/** More is refused by SQS where a reader asks for raw messages. */
export const attributesMax = 10;

/** Headers that speak of HTTP, and mean nothing in a queue. */
const httpOnly: ReadonlySet<string> = new Set([
  'content-type',
  'user-agent',
  'accept',
  'accept-encoding',
  'authorization',
  'host',
]);
/** Ours: the first to stay behind where there is no room. */
const ours = 'assetwire-';

const stringType = 'String';

export function queueMessage({ body: bytes, headers }: OutgoingMessage): QueueMessage | Unsendable {
  const body = textOf(bytes);
  if (body === null) return { code: 'unacceptable-content', detail: 'A queue takes text: the body is no UTF-8' };
  if (body === '') return { code: 'unacceptable-content', detail: 'A queue takes no empty message' };
  if (!fits(body)) return { code: 'unacceptable-content', detail: 'The body holds a character that SQS does not take' };
  if (bytes.length > messageBytesMax) {
    return {
      code: 'too-large',
      detail: `Send at most ${messageBytesMax} bytes to a queue: the body has ${bytes.length}`,
    };
  }
  const wanted = headers.filter(([name]) => !httpOnly.has(name.toLowerCase()));
  const wrong = wanted.find(([name, value]) => !isAttributeName(name) || value === '' || !fits(value));
  if (wrong !== undefined) {
    return {
      attribute: wrong[0],
      detail: `The header ${JSON.stringify(wrong[0].slice(0, 100))} cannot be an attribute of a message: name or value do not fit`,
    };
  }
  const attributes = withinLimits(wanted, bytes.length);
  if (attributes === null) {
    return {
      attribute: '',
      detail: `A message has at most ${attributesMax} attributes, and ${messageBytesMax} bytes with them: take headers of the webhook away`,
    };
  }
  return { body, attributes, bytes: bytes.length + bytesOf(attributes) };
}

/** All of them, or all but ours, or null where even these are too many. */
function withinLimits(wanted: QueueMessage['attributes'], bodyBytes: number): QueueMessage['attributes'] | null {
  const foreign = wanted.filter(([name]) => !name.startsWith(ours));
  for (const kept of [wanted, foreign]) {
    if (kept.length <= attributesMax && bodyBytes + bytesOf(kept) <= messageBytesMax) return kept;
  }
  return null;
}

function bytesOf(attributes: QueueMessage['attributes']): number {
  return attributes.reduce((sum, [name, value]) => sum + name.length + stringType.length + Buffer.byteLength(value), 0);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF" */
function fits(text: string): boolean {
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text);
}

/** Letters, digits, hyphen, underscore and single dots within; not Amazon's own names. */
function isAttributeName(name: string): boolean {
  return /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/.test(name) && name.length <= 256 && !/^(?:aws|amazon)\./i.test(name);
}
