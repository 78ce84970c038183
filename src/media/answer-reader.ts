/**
 * Takes the inspector's output apart: a line, and the bytes that the line announces. Anything else, or more than is
 * allowed, is `onBroken`: whoever reads then ends the process (HARDENING UP-21).
 */
import { answerBytesMax, contentBytesMax, parseAnswer, type Answer } from './inspector/protocol.ts';
import type { DerivationResult, InspectionResult } from './media.ts';

/** The bytes of an XMP packet; empty where the file has none. */
export type PacketReply = { readonly kind: 'packet'; readonly content: Uint8Array };

export type Reply = InspectionResult | DerivationResult | PacketReply;
export type Replied = { readonly id: number; readonly reply: Reply };

export type AnswerReader = { take(chunk: Buffer): void };

/** Nothing is kept beyond one answer. */
export function createAnswerReader(onReply: (replied: Replied) => void, onBroken: () => void): AnswerReader {
  let chunks: Buffer[] = [];
  let held = 0;
  let head: Answer | null = null;
  let wanted = 0;

  const join = (): Buffer => {
    const [first] = chunks;
    const whole = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
    chunks = [whole];
    return whole;
  };
  const keep = (rest: Buffer): void => {
    chunks = rest.length === 0 ? [] : [rest];
    held = rest.length;
  };
  /** True where an answer was found and there may be another. */
  const step = (last: Buffer): boolean => {
    if (head === null) {
      if (held <= answerBytesMax && !last.includes(10)) return false;
      const whole = join();
      const end = whole.indexOf(10);
      head = end < 0 || end > answerBytesMax ? null : parseAnswer(whole.toString('utf8', 0, end));
      if (head === null) {
        onBroken();
        return false;
      }
      wanted = contentBytes(head);
      keep(whole.subarray(end + 1));
    }
    if (held < wanted) return false;
    const whole = wanted === 0 ? Buffer.alloc(0) : join();
    const replied = { id: head.id, reply: replyOf(head, whole) };
    head = null;
    if (wanted > 0) keep(whole.subarray(wanted));
    onReply(replied);
    return held > 0;
  };

  return {
    take(chunk) {
      chunks.push(chunk);
      held += chunk.length;
      let rest = chunk;
      while (step(rest)) rest = join();
    },
  };
}

function contentBytes(answer: Answer): number {
  if (answer.kind === 'packet') return answer.bytes;
  if (answer.kind !== 'derived') return 0;
  return Math.min(
    contentBytesMax,
    answer.renditions.reduce((sum, { bytes }) => sum + bytes, 0),
  );
}

function replyOf(answer: Answer, content: Buffer): Reply {
  switch (answer.kind) {
    case 'inspected':
      return { kind: 'inspected', facts: answer.facts };
    case 'failed':
      return { kind: 'failed', code: answer.code, note: answer.note };
    case 'packet':
      return { kind: 'packet', content };
    case 'derived': {
      let at = 0;
      const renditions = answer.renditions.map(({ bytes, ...rendition }) => {
        at += bytes;
        return { ...rendition, content: content.subarray(at - bytes, at) };
      });
      return { kind: 'derived', renditions };
    }
    default:
      return answer satisfies never;
  }
}
