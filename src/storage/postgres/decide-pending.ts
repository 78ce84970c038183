/** What records and orders of a batch make of pending deliveries; at the end one write per delivery. */
import { limits } from '../../core/limits.ts';
import type { PreparedRecord } from '../prepared.ts';
import type { DeliveryOrder } from '../contract/commit-item.ts';
import type { RecordResult } from '../contract/record-item.ts';
import type { DeciderParts } from './batch-decisions.ts';
import { nameOf, shardOfText } from './batch-keys.ts';
import type { FoundDelivery } from './batch-state.ts';
import type { LastAttempt } from './batch-writes.ts';
import { stateCodes } from './schema.ts';

export type PendingBook = {
  record(item: PreparedRecord): RecordResult;
  order(workspaceId: string, order: DeliveryOrder, atMs: number): void;
  finish(): void;
};

/** A pending delivery as the batch has it so far. */
type Pending = FoundDelivery & {
  readonly workspaceId: string;
  readonly id: string;
  /** What the batch changed of it; null: nothing yet. */
  readonly due: { readonly atMs: number; readonly by: 'order' | 'attempt' } | null;
  readonly last: LastAttempt | null;
};

export function createPendingBook(parts: DeciderParts): PendingBook {
  const { state, effects, tally } = parts;
  const open = new Map<string, Pending>();
  const gone = new Set<string>();
  const find = (workspaceId: string, id: string): Pending | null => {
    const name = nameOf(workspaceId, id);
    if (gone.has(name)) return null;
    const known = open.get(name);
    const stored = state.deliveries.get(name);
    if (known !== undefined) return known;
    return stored === undefined ? null : { ...stored, workspaceId, id, due: null, last: null };
  };
  const keep = (delivery: Pending): void => {
    open.set(nameOf(delivery.workspaceId, delivery.id), delivery);
  };
  const forget = ({ workspaceId, id }: Pending): void => {
    open.delete(nameOf(workspaceId, id));
    gone.add(nameOf(workspaceId, id));
  };
  return {
    record(item) {
      if (isFenced(parts, item)) return 'fenced';
      const delivery = find(item.workspaceId, item.deliveryId);
      if (delivery === null) return 'gone';
      if (delivery.attempts !== item.attemptsBefore) return 'fenced';
      const next = attempted(parts, item, delivery);
      if (next === null) forget(delivery);
      else keep(next);
      countAttempt(parts, item, delivery);
      return 'recorded';
    },
    order(workspaceId, order, atMs) {
      const delivery = find(workspaceId, order.deliveryId);
      if (delivery === null) return;
      if (order.kind === 'hasten') {
        keep({ ...delivery, due: { atMs: order.dueAtMs, by: delivery.due?.by ?? 'order' } });
        return;
      }
      const ended = order.kind === 'bury' ? 'dead' : 'cancelled';
      const { id, attempts, last } = delivery;
      const row = { workspaceId, id, attempts, endedAtMs: atMs, reason: order.reason, attempt: null, last };
      effects.end({ ...row, state: stateCodes[ended] });
      effects.dropBody(id);
      forget(delivery);
      tally.ended({ webhookId: delivery.webhookId, workspaceId }, atMs, ended);
    },
    finish() {
      for (const { workspaceId, id, attempts, due, last } of open.values()) {
        const row = { workspaceId, id, attempts, dueAtMs: due?.atMs ?? 0, ...(last ?? none) };
        if (due?.by === 'attempt') effects.redate(row);
        else if (due !== null) effects.hasten(row);
      }
    },
  };
}

const none: LastAttempt = { status: null, outcome: null, durationMs: null };

/** Whoever was given the shard since has a higher epoch; one that nobody was ever given goes by the start of this process. */
function isFenced({ state, epoch }: DeciderParts, item: PreparedRecord): boolean {
  const leased = state.epochs.get(shardOfText(item.webhookId)) ?? 0;
  return item.epoch < (leased > 0 ? leased : epoch);
}

/** Writes an attempt; answers the delivery as it goes on, null where it has ended. */
function attempted({ effects }: DeciderParts, item: PreparedRecord, delivery: Pending): Pending | null {
  const number = item.attemptsBefore + 1;
  const status = item.status === 0 ? null : item.status;
  const last = { status, outcome: item.outcome, durationMs: item.durationMs };
  if (item.body !== null && item.next !== 'cancelled') effects.keepBody(item, item.body);
  if (item.next === 'pending') {
    effects.attempt(item, number);
    const surplus = number - limits.attemptsKeptLast;
    if (surplus > limits.attemptsKeptFirst) effects.dropAttempt(item, surplus);
    return { ...delivery, attempts: number, due: { atMs: item.nextAtMs, by: 'attempt' }, last };
  }
  const { workspaceId, deliveryId: id, reason, attempt, nextAtMs: endedAtMs } = item;
  effects.end({ workspaceId, id, state: stateCodes[item.next], attempts: number, endedAtMs, reason, attempt, last });
  const keepsDelivered = item.next === 'delivered' && item.body !== null;
  if (item.next === 'dead' || item.next === 'rejected' || keepsDelivered) effects.endBody(id, endedAtMs);
  // The first attempt keeps no body when it ends delivered, so there is none to look for.
  else if (item.attemptsBefore > 0) effects.dropBody(id);
  return null;
}

function countAttempt({ tally }: DeciderParts, item: PreparedRecord, { webhookId, createdAtMs, test }: Pending): void {
  const { startedAtMs: atMs, durationMs, next, workspaceId } = item;
  const waitedMs = item.attemptsBefore === 0 ? Math.max(0, atMs - createdAtMs) : -1;
  tally.attempt({ webhookId, workspaceId }, { atMs, durationMs, next, waitedMs, test });
}
