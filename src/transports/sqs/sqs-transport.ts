/**
 * The SQS transport: each message a delivery, as many of one queue as are there together in one call. Outcomes stay those of
 * each message: of ten, three may be refused.
 *
 * `send` never rejects and ends within the message's deadline, whatever the SDK does meanwhile (looking for keys may take
 * longer than any message waits).
 */
import type { Outcome, Timing } from '../../core/outcome.ts';
import { type QueueArn, readQueueArn } from '../../core/queue-arn.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Turn } from '../../runtime/turn.ts';
import { createAbortRegistry } from '../abort-registry.ts';
import type { OutgoingMessage, Transport } from '../transport.ts';
import { createQueueLots, type Waiting } from './queue-lots.ts';
import { createQueueClient, type QueueClientSettings } from './sqs-client.ts';
import { type QueueMessage, queueMessage } from './sqs-message.ts';
import { unsent } from './sqs-outcomes.ts';

export type SqsTransportSettings = QueueClientSettings & {
  /** Carries the calls, past the guard; started and stopped by whoever made it. */
  readonly http: Transport;
  readonly clock: Clock;
  readonly endOfTurn: Turn;
  /** Whether messages without keys of their own are sent with the server's. */
  readonly serverKeys: boolean;
};

const timeoutMsMax = 10 * 60_000;

export function createSqsTransport(settings: SqsTransportSettings): Transport {
  const { http, clock, serverKeys } = settings;
  const client = createQueueClient(settings);
  const lots = createQueueLots({ ...settings, client });
  const open = new Set<Waiting>();
  const aborts = createAbortRegistry();
  let state: 'new' | 'running' | 'stopped' = 'new';

  const begin = (message: OutgoingMessage, resolve: (outcome: Outcome) => void): void => {
    const timing = { startedAtMs: clock.nowMs(), totalMs: 0 };
    if (state !== 'running' || message.signal?.aborted === true) return resolve({ kind: 'interrupted', timing });
    const sendable = sendableOf(message, { serverKeys, timing });
    if ('outcome' in sendable) return resolve(sendable.outcome);
    const waiting = waitFor(message, sendable.content, resolve);
    open.add(waiting);
    if (message.signal !== undefined) aborts.add(message.signal, waiting);
    lots.add(sendable.queue, waiting);
  };

  const waitFor = (message: OutgoingMessage, content: QueueMessage, resolve: (outcome: Outcome) => void): Waiting => {
    const startedAtMs = clock.nowMs();
    const startedMs = clock.monotonicMs();
    const timeoutMs = message.timeoutMs > 0 ? Math.min(message.timeoutMs, timeoutMsMax) : 0;
    const timing = (): Timing => ({ startedAtMs, totalMs: tenths(clock.monotonicMs() - startedMs) });
    const waiting: Waiting = {
      message,
      content,
      dueMs: startedMs + timeoutMs,
      timing,
      done: false,
      onEnd: null,
      interrupt: () => waiting.end({ kind: 'interrupted', timing: timing() }),
      end(outcome) {
        if (waiting.done) return;
        waiting.done = true;
        deadline.cancel();
        open.delete(waiting);
        if (message.signal !== undefined) aborts.remove(message.signal, waiting);
        resolve(outcome);
        waiting.onEnd?.();
      },
    };
    const deadline = clock.timer(timeoutMs, () => waiting.end({ kind: 'timeout', phase: 'headers', timing: timing() }));
    return waiting;
  };

  return {
    kind: 'sqs',
    async start() {
      if (state === 'new') state = 'running';
    },
    send: (message) => new Promise((resolve) => begin(message, resolve)),
    forget(target) {
      const reading = readQueueArn(target);
      if (reading.ok) http.forget(client.originOf(reading.queue));
    },
    // Its connections are those of the HTTP transport, and counted there.
    stats: () => ({ connectionsOpen: 0, requestsInFlight: open.size, pools: lots.size }),
    async stop() {
      state = 'stopped';
      for (const waiting of [...open]) waiting.interrupt();
      client.stop();
    },
  };
}

type Sendable = { readonly queue: QueueArn; readonly content: QueueMessage } | { readonly outcome: Outcome };

/** What can be said of a message before anything is asked. */
function sendableOf(
  message: OutgoingMessage,
  { serverKeys, timing }: { readonly serverKeys: boolean; readonly timing: Timing },
): Sendable {
  const refused = (code: string, detail: string): Sendable => ({ outcome: unsent({ code, detail }, timing) });
  const reading = readQueueArn(message.target);
  if (!reading.ok) return refused('queue', `The target must be ${reading.wanted}: found ${reading.found}`);
  if (message.awsKeys === undefined && !serverKeys) {
    return refused('queue-keys', 'The webhook must bring AWS keys of its own: this server lends its keys to nobody');
  }
  const content = queueMessage(message);
  if ('attribute' in content) return refused('queue-attributes', content.detail);
  if ('code' in content) return { outcome: { kind: 'not-accepted', ...content, again: false, timing } };
  return { queue: reading.queue, content };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
