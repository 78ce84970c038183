/**
 * What must hold when a message leaves one of several workers. As in `send-checks.ts`, but a second attempt under one
 * number, or beside another, is judged by what befell the worker that made the first.
 */
import type { DeliveryId, WebhookId } from '../../src/core/ids.ts';
import type { Arrival, Ledger } from './ledger.ts';
import type { SimWebhooks } from './sim-webhooks.ts';

/** What the checks know of a worker: one start of one process. */
export type Sender = {
  readonly name: string;
  /** It was killed: its attempts are nobody's any more. */
  killed: boolean;
  /** Until when it was last killed, stopped in its tracks, or cut off from the store; −Infinity: never, Infinity: still. */
  disturbedAtMs: number;
};

export type Seen = Omit<Arrival, 'answered' | 'status'>;

export type ClusterChecks = {
  check(sender: Sender, seen: Seen, inFlight: number): void;
  landed(sender: Sender, deliveryId: DeliveryId): void;
  /** The head of a lane that stops at a dead one died. */
  readonly stopped: Map<WebhookId, { readonly atMs: number; readonly revision: number }>;
  /** Attempts whose end nobody may know, by delivery. */
  readonly excuses: Map<DeliveryId, number>;
};

const heardWithinMs = 15_000;

export function createClusterChecks(ledger: Ledger, webhooks: SimWebhooks): ClusterChecks {
  const first = new Map<DeliveryId, { readonly body: string; readonly messageId: string }>();
  const numbers = new Map<string, { readonly sender: Sender; readonly atMs: number }>();
  const airborne = new Map<DeliveryId, { readonly sender: Sender; readonly atMs: number }>();
  const recent = new Map<string, number[]>();
  const stopped: ClusterChecks['stopped'] = new Map();

  const checkIdentity = (sender: Sender, seen: Seen): void => {
    const { deliveryId, atMs } = seen;
    const name = `${deliveryId} attempt ${seen.attempt} by ${sender.name}`;
    const promise = ledger.promised.get(deliveryId);
    if (promise === undefined || promise.fate === 'lost')
      ledger.violate('INV-2', `${name} belongs to nothing accepted`);
    const before = first.get(deliveryId);
    if (before === undefined) first.set(deliveryId, { body: seen.bodySha256, messageId: seen.messageId });
    else if (before.body !== seen.bodySha256 || before.messageId !== seen.messageId)
      ledger.violate('INV-4', `${name} differs from the first attempt`);
    if (!seen.verified) ledger.violate('INV-4', `${name} does not verify`);
    const key = `${deliveryId}/${seen.attempt}`;
    const earlier = numbers.get(key);
    if (earlier !== undefined && (earlier.sender === sender || earlier.sender.disturbedAtMs < earlier.atMs))
      ledger.violate('INV-5', `${name} was sent under the same number by ${earlier.sender.name}, whom nothing befell`);
    numbers.set(key, { sender, atMs });
    const other = airborne.get(deliveryId);
    const timeoutMs = webhooks.all.get(seen.webhookId)?.webhook.policy.timeoutMs ?? 0;
    // Whoever takes a shard over does so when every attempt that was begun under the lease has had its time.
    if (other !== undefined && !other.sender.killed && atMs < other.atMs + timeoutMs)
      ledger.violate('INV-3', `${name} left while ${other.sender.name} had an attempt in flight`);
    airborne.set(deliveryId, { sender, atMs });
    const end = ledger.ended.get(deliveryId);
    if (end !== undefined && end.state !== 'cancelled')
      ledger.violate('INV-3', `${name} left after the end ${end.state}`);
    if (end !== undefined && end.state === 'cancelled' && atMs - end.atMs > heardWithinMs)
      ledger.violate('INV-2', `${name} left ${atMs - end.atMs} ms after it was cancelled`);
  };

  const checkOrder = (sender: Sender, seen: Seen, order: 'webhook' | 'subject'): void => {
    const subject = ledger.promised.get(seen.deliveryId)?.subject;
    for (const id of ledger.order.get(seen.webhookId) ?? []) {
      if (id === seen.deliveryId) return;
      if (order === 'subject' && ledger.promised.get(id)?.subject !== subject) continue;
      if (ledger.ended.has(id)) continue;
      ledger.violate('FIFO', `${seen.deliveryId} by ${sender.name} overtook the unfinished ${id}`);
      return;
    }
  };

  const checkPace = (sender: Sender, seen: Seen, inFlight: number): void => {
    const truth = webhooks.all.get(seen.webhookId);
    const policy = truth?.webhook.policy;
    const cap = policy?.order === 'webhook' && truth?.restless === false ? 1 : (policy?.concurrencyMax ?? 32);
    if (inFlight > cap) ledger.violate('CAP', `${seen.webhookId} has ${inFlight} in flight of ${cap}`);
    const perSecond = policy?.requestsPerSecondMax ?? null;
    if (perSecond === null) return;
    // A worker that takes a lane over begins with a fresh second.
    const key = `${sender.name} ${seen.webhookId}`;
    const times = (recent.get(key) ?? []).filter((atMs) => seen.atMs - atMs < 1_000);
    times.push(seen.atMs);
    recent.set(key, times);
    if (times.length > 2 * perSecond + 1) ledger.violate('RATE', `${seen.webhookId} sent ${times.length} in a second`);
  };

  const checkState = (seen: Seen): void => {
    const truth = webhooks.all.get(seen.webhookId);
    if (truth === undefined) return;
    const sinceMs = seen.atMs - truth.changedAtMs;
    const off = truth.deleted || truth.webhook.state === 'disabled';
    if (off && sinceMs > heardWithinMs)
      ledger.violate('INV-2', `${seen.deliveryId} left ${sinceMs} ms after its webhook was switched off`);
    const stop = stopped.get(seen.webhookId);
    if (stop !== undefined && seen.atMs > stop.atMs && truth.webhook.revision <= stop.revision)
      ledger.violate('STOP', `${seen.deliveryId} left though a dead delivery stopped its order`);
  };

  return {
    check(sender, seen, inFlight) {
      checkIdentity(sender, seen);
      const truth = webhooks.all.get(seen.webhookId);
      const order = truth?.webhook.policy.order ?? 'none';
      if (order !== 'none' && truth?.restless === false) checkOrder(sender, seen, order);
      checkPace(sender, seen, inFlight);
      checkState(seen);
    },
    landed(sender, deliveryId) {
      if (airborne.get(deliveryId)?.sender === sender) airborne.delete(deliveryId);
    },
    stopped,
    excuses: new Map(),
  };
}
