/**
 * Receivers behind a transport that keeps its promises: an outcome within the deadline. Each has a temper that changes;
 * what arrives is written down before anything else happens to it.
 */
import { hash } from 'node:crypto';
import type { WebhookId } from '../../src/core/ids.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { standardDialect } from '../../src/dialects/standard/index.ts';
import type { OutgoingMessage, Transport } from '../../src/transports/transport.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Chance } from './chance.ts';
import type { Sender } from './cluster-checks.ts';
import type { Arrival, Ledger } from './ledger.ts';

export const tempers = [
  'well',
  'slow',
  'hanging',
  'resetting',
  'failing',
  'throttling',
  'mute',
  'refusing',
  'mixed',
] as const;
export type Temper = (typeof tempers)[number];

export type Receivers = {
  readonly tempers: Map<WebhookId, Temper>;
  /** Answers 410 to the next request. */
  readonly leaving: Set<WebhookId>;
  /** A transport of one process; `sender` is handed to the checks. */
  transport(sender?: Sender): Transport & { sever(): void; readonly inFlight: number };
};

export type ReceiversParts = {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly ledger: Ledger;
  readonly secretOf: (webhookId: WebhookId) => string;
  /** What time it may be for a receiver; default: what the clock says. */
  readonly clocksOf?: () => readonly number[];
  /** Checks what is about to be sent against what may be sent. */
  readonly onSend: (
    message: OutgoingMessage,
    arrival: Omit<Arrival, 'answered' | 'status'>,
    inFlight: number,
    sender?: Sender,
  ) => void;
  readonly onLand: (deliveryId: Arrival['deliveryId'], atMs: number, sender?: Sender) => void;
  /** The receiver asked for a pause that the webhook's policy obeys. */
  readonly onThrottle: (webhookId: WebhookId, untilMs: number) => void;
};

type Answer =
  | { readonly kind: 'response'; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'lost'; readonly status: number };

export function createReceivers(parts: ReceiversParts): Receivers {
  const { clock, chance, ledger } = parts;
  const current = new Map<WebhookId, Temper>();
  const leaving = new Set<WebhookId>();

  const answerOf = (webhookId: WebhookId): Answer => {
    if (leaving.delete(webhookId)) return { kind: 'response', status: 410 };
    const temper = current.get(webhookId) ?? 'well';
    const effective =
      temper === 'mixed' ? chance.pick(['well', 'well', 'hanging', 'resetting', 'failing', 'mute'] as const) : temper;
    switch (effective) {
      case 'well':
      case 'slow':
        return { kind: 'response', status: 200 };
      case 'hanging':
        return { kind: 'hang' };
      case 'resetting':
        return { kind: 'reset' };
      case 'failing':
        return { kind: 'response', status: chance.pick([500, 502, 503]) };
      case 'throttling':
        return chance.happens(0.5)
          ? { kind: 'response', status: 429, retryAfter: chance.pick(['2', '5', '0', 'NaN', '999999999', '-5']) }
          : { kind: 'response', status: 200 };
      case 'mute':
        return { kind: 'lost', status: 200 };
      case 'refusing':
        return { kind: 'refuse' };
      default:
        return effective satisfies never;
    }
  };

  return {
    tempers: current,
    leaving,
    transport(sender) {
      let severed = false;
      let inFlight = 0;
      const perLane = new Map<WebhookId, number>();

      const send = (message: OutgoingMessage): Promise<Outcome> =>
        new Promise((resolve) => {
          if (severed) return;
          const startedAtMs = clock.nowMs();
          const beganMs = clock.monotonicMs();
          const { webhookId } = message;
          inFlight += 1;
          perLane.set(webhookId, (perLane.get(webhookId) ?? 0) + 1);
          const answer = answerOf(webhookId);
          const slow = current.get(webhookId) === 'slow';
          const halfMs = slow ? chance.between(200, message.timeoutMs * 0.6) / 2 : chance.between(2, 60) / 2;
          const seen = describe(message, beganMs);
          parts.onSend(message, seen, perLane.get(webhookId) ?? 0, sender);
          let over = false;
          const end = (outcome: Outcome): void => {
            if (over) return;
            over = true;
            deadline.cancel();
            inFlight -= 1;
            perLane.set(webhookId, (perLane.get(webhookId) ?? 1) - 1);
            if (severed) return;
            parts.onLand(seen.deliveryId, clock.monotonicMs(), sender);
            resolve(outcome);
          };
          const timing = () => ({ startedAtMs, totalMs: Math.round(clock.monotonicMs() - beganMs) });
          const fault = (outcome: Outcome): void => {
            ledger.struck.receiverFaults += 1;
            if (!severed) ledger.struck.inFlight += 1;
            end(outcome);
          };
          const deadline = clock.timer(message.timeoutMs, () =>
            fault({ kind: 'timeout', phase: 'headers', timing: timing() }),
          );
          message.signal?.addEventListener('abort', () => end({ kind: 'interrupted', timing: timing() }), {
            once: true,
          });
          const arriveAndAnswer = (): void => {
            if (over) return;
            if (answer.kind === 'refuse') {
              fault({ kind: 'connect-failed', code: 'ECONNREFUSED', timing: timing() });
              return;
            }
            // A process that died before its bytes left sends nothing; half of the time they had left.
            if (severed && chance.happens(0.5)) return;
            const status = answer.kind === 'response' || answer.kind === 'lost' ? answer.status : 0;
            const arrival: Arrival = { ...seen, answered: false, status };
            ledger.arrivals.push(arrival);
            if (answer.kind === 'hang') return;
            clock.timer(halfMs, () => {
              if (over) return;
              if (answer.kind === 'reset' || answer.kind === 'lost') {
                fault({ kind: 'broken', code: 'reset', timing: timing() });
                return;
              }
              if (answer.status >= 400) ledger.struck.receiverFaults += 1;
              arrival.answered = !severed;
              const waitS = Number(answer.retryAfter);
              if (!severed && waitS >= 2 && waitS <= 5)
                parts.onThrottle(webhookId, clock.monotonicMs() + waitS * 1_000);
              end({
                kind: 'response',
                response: {
                  status: answer.status,
                  headers: answer.retryAfter === undefined ? [] : [['retry-after', answer.retryAfter]],
                  body: new TextEncoder().encode('ok'),
                  bodyBytes: 2,
                  bodyComplete: true,
                },
                timing: timing(),
              });
            });
          };
          clock.timer(halfMs, arriveAndAnswer);
        });

      const describe = (message: OutgoingMessage, atMs: number): Omit<Arrival, 'answered' | 'status'> => {
        const headers = new Map(message.headers);
        const verify = (nowMs: number) =>
          standardDialect.verify?.({
            headers: message.headers.map(([name, value]) => [name.toLowerCase(), value] as const),
            body: message.body,
            keys: [{ kind: 'secret', value: parts.secretOf(message.webhookId) }],
            nowMs,
          });
        const verified = (parts.clocksOf?.() ?? [clock.nowMs()]).some((nowMs) => verify(nowMs)?.result === 'verified');
        return {
          deliveryId: headers.get('assetwire-delivery-id') as Arrival['deliveryId'],
          webhookId: message.webhookId,
          messageId: headers.get('webhook-id') ?? '',
          attempt: Number(headers.get('assetwire-attempt')),
          atMs,
          bodySha256: hash('sha256', message.body, 'hex'),
          verified,
        };
      };

      return {
        kind: 'http',
        async start() {},
        send,
        forget() {},
        stats: () => ({ connectionsOpen: inFlight, requestsInFlight: inFlight, pools: 1 }),
        async stop() {},
        sever() {
          severed = true;
        },
        get inFlight() {
          return inFlight;
        },
      };
    },
  };
}
