/** What must hold at the moment a message leaves. Each check names the invariant of HARDENING section 5 that it stands for. */
import type { DeliveryId, WebhookId } from '../../src/core/ids.ts';
import type { OutgoingMessage } from '../../src/transports/transport.ts';
import type { Arrival, Ledger } from './ledger.ts';
import type { SimWebhooks } from './sim-webhooks.ts';

export type SendChecks = {
  check(message: OutgoingMessage, seen: Omit<Arrival, 'answered' | 'status'>, inFlight: number): void;
  /** A process ended: what was in flight is nobody's any more. */
  forgetProcess(): void;
  landed(deliveryId: DeliveryId, atMs: number): void;
  /** The attempt that landed last is to be followed by another, no sooner than this after it. */
  retryAfter(deliveryId: DeliveryId, waitMs: number): void;
  throttled(webhookId: WebhookId, untilMs: number): void;
  /** The head of a lane that stops at a dead one died. */
  stopped: Map<WebhookId, { readonly atMs: number; readonly revision: number }>;
};

/** A write to a webhook reaches the engine within its poll interval, plus a load that the store may refuse for a while. */
const heardWithinMs = 15_000;
/** A clock that has been ahead for an hour is believed: until then no retry may be early. */
const calmClockMs = 3_600_000;

export function createSendChecks(ledger: Ledger, webhooks: SimWebhooks): SendChecks {
  const first = new Map<DeliveryId, { readonly body: string; readonly messageId: string }>();
  const attempts = new Set<string>();
  const airborne = new Set<DeliveryId>();
  const recent = new Map<WebhookId, number[]>();
  const landings = new Map<DeliveryId, number>();
  const waits = new Map<DeliveryId, number>();
  const throttles = new Map<WebhookId, number>();
  const stopped: SendChecks['stopped'] = new Map();

  const checkIdentity = (seen: Omit<Arrival, 'answered' | 'status'>): void => {
    const { deliveryId } = seen;
    const name = `${deliveryId} attempt ${seen.attempt}`;
    const promise = ledger.promised.get(deliveryId);
    if (promise === undefined || promise.fate === 'lost')
      ledger.violate('INV-2', `${name} belongs to nothing accepted`);
    if (promise !== undefined && promise.webhookId !== seen.webhookId)
      ledger.violate('INV-2', `${name} went to another webhook`);
    const before = first.get(deliveryId);
    if (before === undefined) first.set(deliveryId, { body: seen.bodySha256, messageId: seen.messageId });
    else if (before.body !== seen.bodySha256 || before.messageId !== seen.messageId) {
      ledger.violate('INV-4', `${name} differs from the first attempt`);
    }
    if (!seen.verified) ledger.violate('INV-4', `${name} does not verify`);
    const key = `${deliveryId}/${seen.attempt}`;
    if (attempts.has(key)) ledger.violate('INV-5', `${name} was sent twice under one number`);
    attempts.add(key);
    if (airborne.has(deliveryId)) ledger.violate('INV-3', `${name} left while another attempt was in flight`);
    airborne.add(deliveryId);
    const end = ledger.ended.get(deliveryId);
    if (end !== undefined && end.state !== 'cancelled')
      ledger.violate('INV-3', `${name} left after the end ${end.state}`);
    if (end !== undefined && end.state === 'cancelled' && seen.atMs - end.atMs > heardWithinMs) {
      ledger.violate('INV-2', `${name} left ${seen.atMs - end.atMs} ms after it was cancelled`);
    }
  };

  /** No retry comes early, whatever the wall clock does: for an hour after a jump, and while the process lives. */
  const checkWait = (seen: Omit<Arrival, 'answered' | 'status'>): void => {
    const notBeforeMs = waits.get(seen.deliveryId);
    if (notBeforeMs !== undefined && seen.atMs < notBeforeMs && seen.atMs < calmClockMs) {
      ledger.violate('FC-01', `${seen.deliveryId} attempt ${seen.attempt} left ${notBeforeMs - seen.atMs} ms early`);
    }
  };

  const checkOrder = (seen: Omit<Arrival, 'answered' | 'status'>, order: 'webhook' | 'subject'): void => {
    const subject = ledger.promised.get(seen.deliveryId)?.subject;
    for (const id of ledger.order.get(seen.webhookId) ?? []) {
      if (id === seen.deliveryId) return;
      if (order === 'subject' && ledger.promised.get(id)?.subject !== subject) continue;
      if (ledger.ended.has(id)) continue;
      ledger.violate('FIFO', `${seen.deliveryId} overtook the unfinished ${id}`);
      return;
    }
  };

  const checkPace = (seen: Omit<Arrival, 'answered' | 'status'>, inFlight: number): void => {
    const policy = webhooks.all.get(seen.webhookId)?.webhook.policy;
    const restless = webhooks.all.get(seen.webhookId)?.restless === true;
    const cap = policy?.order === 'webhook' && !restless ? 1 : (policy?.concurrencyMax ?? 32);
    if (inFlight > cap) ledger.violate('CAP', `${seen.webhookId} has ${inFlight} in flight of ${cap}`);
    const perSecond = policy?.requestsPerSecondMax ?? null;
    if (perSecond !== null) {
      const times = (recent.get(seen.webhookId) ?? []).filter((atMs) => seen.atMs - atMs < 1_000);
      times.push(seen.atMs);
      recent.set(seen.webhookId, times);
      // One second's worth of burst, and what flows in during that second.
      if (times.length > 2 * perSecond + 1)
        ledger.violate('RATE', `${seen.webhookId} sent ${times.length} in a second`);
    }
    const throttledUntilMs = throttles.get(seen.webhookId) ?? 0;
    if (seen.atMs < throttledUntilMs)
      ledger.violate('RX-14', `${seen.webhookId} was sent to ${throttledUntilMs - seen.atMs} ms early`);
  };

  const checkState = (seen: Omit<Arrival, 'answered' | 'status'>): void => {
    const truth = webhooks.all.get(seen.webhookId);
    if (truth === undefined) return;
    const sinceMs = seen.atMs - truth.changedAtMs;
    const off = truth.deleted || truth.webhook.state === 'disabled';
    if (off && sinceMs > heardWithinMs)
      ledger.violate('INV-2', `${seen.deliveryId} left ${sinceMs} ms after its webhook was switched off`);
    const stop = stopped.get(seen.webhookId);
    if (stop !== undefined && seen.atMs > stop.atMs && truth.webhook.revision <= stop.revision) {
      ledger.violate('STOP', `${seen.deliveryId} left though a dead delivery stopped its order`);
    }
  };

  return {
    check(_message, seen, inFlight) {
      checkIdentity(seen);
      const truth = webhooks.all.get(seen.webhookId);
      const order = truth?.webhook.policy.order ?? 'none';
      if (order !== 'none' && truth?.restless === false) checkOrder(seen, order);
      checkPace(seen, inFlight);
      checkWait(seen);
      checkState(seen);
    },
    forgetProcess() {
      airborne.clear();
      waits.clear();
      landings.clear();
      throttles.clear();
      recent.clear();
    },
    landed(deliveryId, atMs) {
      airborne.delete(deliveryId);
      landings.set(deliveryId, atMs);
    },
    retryAfter(deliveryId, waitMs) {
      const landedAtMs = landings.get(deliveryId);
      if (landedAtMs !== undefined) waits.set(deliveryId, landedAtMs + waitMs);
    },
    throttled: (webhookId, untilMs) => void throttles.set(webhookId, untilMs),
    stopped,
  };
}
