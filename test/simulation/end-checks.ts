/** What must hold when all faults are over and everything has come to rest: the ledgers against each other and the store. */
import type { Storage } from '../../src/storage/storage.ts';
import type { DeliveryId, WebhookId } from '../../src/core/ids.ts';
import type { Arrival, Ledger } from './ledger.ts';
import type { SimWebhooks } from './sim-webhooks.ts';

/** Deliveries that may still be pending: their webhook is off, or its order stopped. */
export function heldLanes(
  webhooks: SimWebhooks,
  stopped: ReadonlyMap<WebhookId, { readonly atMs: number }>,
): Set<WebhookId> {
  const held = new Set<WebhookId>();
  for (const [id, { webhook, deleted, changedAtMs }] of webhooks.all) {
    const stop = stopped.get(id);
    if (deleted) continue;
    // A write after the death ends the stop. One that came while the last attempt was under way may have been heard of by then.
    if (webhook.state !== 'enabled' || (stop !== undefined && changedAtMs <= stop.atMs)) held.add(id);
  }
  return held;
}

/** What the store took and has not ended, but for held lanes. */
export function unfinished(ledger: Ledger, held: ReadonlySet<WebhookId>): DeliveryId[] {
  const open: DeliveryId[] = [];
  for (const [webhookId, ids] of ledger.order) {
    if (held.has(webhookId)) continue;
    for (const id of ids) if (!ledger.ended.has(id)) open.push(id);
  }
  return open;
}

export type EndInput = {
  readonly held: ReadonlySet<WebhookId>;
  /** Attempts whose end nobody may know although no record says so: of workers that lost their lane. */
  readonly excuses?: ReadonlyMap<DeliveryId, number>;
};

export async function checkEnd(ledger: Ledger, store: Storage, { held, excuses = new Map() }: EndInput): Promise<void> {
  checkNothingLost(ledger, held);
  checkRecords(ledger, excuses);
  await checkStore(ledger, store);
}

function checkNothingLost(ledger: Ledger, held: ReadonlySet<WebhookId>): void {
  const taken = new Set([...ledger.order.values()].flat());
  for (const { id, fate, webhookId } of ledger.promised.values()) {
    if (fate !== 'acked') continue;
    if (!taken.has(id)) ledger.violate('INV-1', `${id} was acknowledged and is not in the store`);
    const end = ledger.ended.get(id);
    if (end === undefined && !held.has(webhookId)) ledger.violate('INV-1', `${id} neither ended nor is held`);
    if (end !== undefined && end.state !== 'delivered' && end.reason === '')
      ledger.violate('INV-1', `${id} ${end.state} without a reason`);
  }
  for (const id of unfinished(ledger, held)) ledger.violate('INV-8', `${id} is still pending in calm weather`);
}

function checkRecords(ledger: Ledger, excuses: ReadonlyMap<DeliveryId, number>): void {
  const arrivals = new Map<DeliveryId, Arrival[]>();
  for (const arrival of ledger.arrivals) {
    const known = arrivals.get(arrival.deliveryId);
    if (known === undefined) arrivals.set(arrival.deliveryId, [arrival]);
    else known.push(arrival);
  }
  for (const [id, records] of ledger.recorded) {
    for (const [index, { attempt }] of records.entries()) {
      if (attempt.number !== index + 1)
        ledger.violate('INV-6', `${id} has attempt ${attempt.number} in place ${index + 1}`);
      const seen = (arrivals.get(id) ?? []).filter((arrival) => arrival.attempt === attempt.number);
      if (attempt.outcome === 'response') {
        const told = seen.some(({ answered, status }) => answered && status === attempt.response?.status);
        if (!told) ledger.violate('INV-5', `${id} attempt ${attempt.number} claims an answer that nobody gave`);
      }
      if (attempt.outcome === 'refused-by-config') ledger.violate('INV-1', `${id} was refused: ${attempt.code}`);
      if (attempt.timing.totalMs < 0)
        ledger.violate('FC-01', `${id} attempt ${attempt.number} took ${attempt.timing.totalMs} ms`);
    }
    const end = ledger.ended.get(id);
    const unknown = records.filter(({ attempt }) => attempt.outcome !== 'response').length + (excuses.get(id) ?? 0);
    const succeeded = (arrivals.get(id) ?? []).filter(({ status }) => status >= 200 && status < 300).length;
    if (succeeded > 1 + unknown)
      ledger.violate('INV-3', `${id} succeeded ${succeeded} times, ${unknown} outcomes unknown`);
    // After a restart the wall clock is all there is to go by.
    const promise = ledger.promised.get(id);
    const sameProcess = end?.crashesBefore === promise?.crashesBefore && promise?.bornAskew === false;
    if (end?.reason === 'age-exceeded' && sameProcess) ledger.violate('FC-01', `${id} died of an age it cannot have`);
    if (end?.state === 'delivered' && succeeded === 0) ledger.violate('INV-5', `${id} is delivered and nobody got it`);
  }
  for (const [id, seen] of arrivals) {
    const records = ledger.recorded.get(id) ?? [];
    // What was cancelled while in flight is gone from the queue, and its last attempt with it.
    const cancelled = ledger.ended.get(id)?.state === 'cancelled';
    for (const arrival of seen) {
      const record = records[arrival.attempt - 1];
      // Nobody is left who knows of an attempt whose machine is gone with its flight log.
      if (record === undefined && !cancelled && !excuses.has(id))
        ledger.violate('INV-5', `${id} attempt ${arrival.attempt} was received and is not recorded`);
      if (record !== undefined && record.attempt.outcome !== 'response' && record.attempt.verdict === 'delivered') {
        ledger.violate('INV-5', `${id} attempt ${arrival.attempt} is called delivered by ${record.attempt.outcome}`);
      }
    }
  }
}

async function checkStore(ledger: Ledger, store: Storage): Promise<void> {
  for (const ids of ledger.order.values()) {
    for (const id of ids) {
      const promise = ledger.promised.get(id);
      if (promise === undefined) continue;
      const detail = await store.read.delivery(promise.workspaceId, id);
      const state = detail?.summary.state ?? 'missing';
      const wanted = ledger.ended.get(id)?.state ?? 'pending';
      if (state !== wanted && !(wanted === 'pending' && state === 'held')) {
        ledger.violate('INV-6', `${id} is ${state} in the store and ${wanted} in the ledger`);
      }
    }
  }
}
