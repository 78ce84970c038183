/**
 * What becomes of each item of a batch, decided one after another over what the transaction has found and locked. An item
 * that does not fit leaves nothing: its writes are gathered apart and joined to the batch's only when all of it fits.
 */
import type { PreparedCommit, PreparedDelivery, PreparedRecord } from '../prepared.ts';
import type { CommitResult } from '../contract/commit-item.ts';
import type { RecordResult } from '../contract/record-item.ts';
import { isMatched, nameOf, shardOfText } from './batch-keys.ts';
import type { BatchState, FoundChange } from './batch-state.ts';
import type { Effects } from './batch-writes.ts';
import { createExtrasBook } from './decide-extras.ts';
import { createPendingBook } from './decide-pending.ts';
import { createResourceBook } from './decide-resources.ts';
import type { Tally } from './tally.ts';

export type Decider = {
  commit(item: PreparedCommit): CommitResult;
  record(item: PreparedRecord): RecordResult;
  /** Hands what came together to the batch's effects; called once, at the end. */
  finish(): void;
};

export type DeciderParts = {
  readonly state: BatchState;
  readonly effects: Effects;
  readonly tally: Tally;
  /** The day that changes and attempts of this batch are written to. */
  readonly day: number;
  /** The epoch this process began with; shards that were never leased go by it. */
  readonly epoch: number;
  readonly knownLane: (webhookId: string) => string | undefined;
};

export function createDecider(parts: DeciderParts): Decider {
  const pending = createPendingBook(parts);
  const resources = createResourceBook(parts);
  const extras = createExtrasBook(parts, pending);
  return {
    record: pending.record,
    commit(item) {
      const objection = extras.objection(item);
      if (objection !== null) return objection;
      if (item.webhooksRevision >= 0 && item.webhooksRevision !== extras.revision(item.workspaceId)) {
        return { status: 'stale', what: 'webhooks' };
      }
      const deliveries = locate(parts, item);
      const written = resources.write(item);
      if (written.status !== 'applied') return written;
      // A change that retention has taken in the meantime: whoever decided on it must look again.
      if (deliveries === null) return { status: 'stale', what: 'resource' };
      resources.keep();
      if (item.resources.some(({ type }) => isMatched(type))) extras.raiseRevision(item.workspaceId);
      for (const change of item.changes) parts.effects.change(item.workspaceId, change);
      touchAssets(parts, item);
      for (const located of deliveries) addDelivery(parts, item.workspaceId, located);
      extras.apply(item);
      return written;
    },
    finish() {
      resources.finish();
      pending.finish();
      extras.finish();
    },
  };
}

function touchAssets({ effects }: DeciderParts, { workspaceId, resources, changes }: PreparedCommit): void {
  for (const { type, id } of resources) {
    if (type !== 'asset' || changes.some(({ subject }) => subject === `asset:${id}`)) continue;
    effects.touchAsset(workspaceId, id);
  }
}

type Located = { readonly delivery: PreparedDelivery; readonly change: FoundChange };

/** Where the change of each delivery lies; null where one is missing, or a webhook is another workspace's. */
function locate({ state, day, knownLane }: DeciderParts, item: PreparedCommit): readonly Located[] | null {
  const located: Located[] = [];
  for (const delivery of item.deliveries) {
    const owner = knownLane(delivery.webhookId) ?? state.lanes.get(delivery.webhookId);
    if (owner !== item.workspaceId) return null;
    const own = item.changes.some(({ id }) => id === delivery.changeId);
    const change = own
      ? ({ day, where: 'day' } as const)
      : state.changes.get(nameOf(item.workspaceId, delivery.changeId));
    if (change === undefined) return null;
    located.push({ delivery, change });
  }
  return located;
}

function addDelivery({ effects, tally }: DeciderParts, workspaceId: string, { delivery, change }: Located): void {
  effects.delivery({ workspaceId, delivery, changeDay: change.day, shard: shardOfText(delivery.webhookId) });
  if (change.where !== 'day') effects.keepChange({ workspaceId, delivery, change });
  if (delivery.origin !== 'test') tally.accepted({ webhookId: delivery.webhookId, workspaceId }, delivery.createdAtMs);
}
