/**
 * Messages of one workspace for one queue with the same keys go together. A message alone is sent at the end of its turn of
 * the loop; while a call to its queue is under way, what comes waits for others: until ten are there, the call is over, or a
 * few milliseconds have passed.
 */
import type { Outcome, Timing } from '../../core/outcome.ts';
import type { QueueArn } from '../../core/queue-arn.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Turn } from '../../runtime/turn.ts';
import type { AwsKeys, OutgoingMessage } from '../transport.ts';
import type { QueueAnswer, QueueClient } from './sqs-client.ts';
import { messageBytesMax, type QueueMessage } from './sqs-message.ts';
import { acceptedOutcome, answerOutcome } from './sqs-outcomes.ts';

/** A message on its way. It ends exactly once, through `end`. */
export type Waiting = {
  readonly message: OutgoingMessage;
  readonly content: QueueMessage;
  /** On the monotonic clock. */
  readonly dueMs: number;
  timing(): Timing;
  done: boolean;
  /** Set while it is part of a call. */
  onEnd: (() => void) | null;
  interrupt(): void;
  end(outcome: Outcome): void;
};

export type QueueLots = {
  add(queue: QueueArn, waiting: Waiting): void;
  readonly size: number;
};

export type QueueLotsParts = {
  readonly client: Pick<QueueClient, 'call'>;
  readonly clock: Clock;
  readonly endOfTurn: Turn;
};

type Lot = {
  readonly key: string;
  readonly queue: QueueArn;
  readonly keys: AwsKeys | undefined;
  waiting: Waiting[];
  bytes: number;
  calls: number;
  gathering: Timer | null;
  flushing: boolean;
};

/** "You can use SendMessageBatch to send up to 10 messages." */
const callMessagesMax = 10;
const gatherMs = 5;

export function createQueueLots({ client, clock, endOfTurn }: QueueLotsParts): QueueLots {
  const lots = new Map<string, Lot>();

  const lotOf = ({ workspaceId, awsKeys }: OutgoingMessage, queue: QueueArn): Lot => {
    const key = JSON.stringify([workspaceId, queue.arn, awsKeys ?? null]);
    let lot = lots.get(key);
    if (lot === undefined) {
      lot = { key, queue, keys: awsKeys, waiting: [], bytes: 0, calls: 0, gathering: null, flushing: false };
      lots.set(key, lot);
    }
    return lot;
  };

  const flush = (lot: Lot): void => {
    lot.gathering?.cancel();
    lot.gathering = null;
    const members = lot.waiting.filter(({ done }) => !done);
    lot.waiting = [];
    lot.bytes = 0;
    if (members.length > 0) void call(lot, members);
    else tidy(lot);
  };

  const call = async (lot: Lot, members: readonly Waiting[]): Promise<void> => {
    const [first] = members;
    if (first === undefined) return;
    lot.calls++;
    const answer = await client.call({
      queue: lot.queue,
      keys: lot.keys,
      messages: members.map(({ content }) => content),
      by: first.message,
      timeoutMs: Math.max(1, Math.min(...members.map(({ dueMs }) => dueMs)) - clock.monotonicMs()),
      signal: endOfAll(members),
    });
    lot.calls--;
    // It is over: nobody has to end it any more.
    for (const member of members) member.onEnd = null;
    for (const [index, member] of members.entries()) member.end(outcomeOf(answer, index, member.timing()));
    if (lot.waiting.length > 0) flush(lot);
    else tidy(lot);
  };

  const tidy = (lot: Lot): void => {
    if (lot.calls === 0 && lot.waiting.length === 0 && !lot.flushing) lots.delete(lot.key);
  };

  return {
    get size() {
      return lots.size;
    },
    add(queue, waiting) {
      const lot = lotOf(waiting.message, queue);
      if (lot.bytes + waiting.content.bytes > messageBytesMax) flush(lot);
      lots.set(lot.key, lot);
      lot.waiting.push(waiting);
      lot.bytes += waiting.content.bytes;
      if (lot.waiting.length >= callMessagesMax) flush(lot);
      else if (lot.calls > 0) lot.gathering ??= clock.timer(gatherMs, () => flush(lot));
      else if (!lot.flushing) {
        lot.flushing = true;
        endOfTurn(() => {
          lot.flushing = false;
          flush(lot);
        });
      }
    },
  };
}

/** Those whose message was given up are not waited for; where none is left the call itself ends. */
function endOfAll(members: readonly Waiting[]): AbortSignal {
  const abort = new AbortController();
  let left = members.length;
  for (const member of members) {
    member.onEnd = () => {
      if (--left === 0) abort.abort();
    };
  }
  return abort.signal;
}

function outcomeOf(answer: QueueAnswer, index: number, timing: Timing): Outcome {
  const entry = answer.kind === 'entries' ? answer.entries[index] : undefined;
  return entry?.kind === 'accepted'
    ? acceptedOutcome(entry, answer.exchange, timing)
    : answerOutcome(answer, entry, timing);
}
