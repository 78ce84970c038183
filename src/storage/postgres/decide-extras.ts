/** Duties, idempotency keys and counters as a batch decides them. */
import { limits } from '../../core/limits.ts';
import type { PreparedCommit } from '../prepared.ts';
import type { CommitResult, IdempotencyRow } from '../contract/commit-item.ts';
import type { DeciderParts } from './batch-decisions.ts';
import { nameOf, shardOfText } from './batch-keys.ts';
import type { PendingBook } from './decide-pending.ts';

export type ExtrasBook = {
  /** Why the item cannot be applied: its key was used, or its duty moved on. */
  objection(item: PreparedCommit): CommitResult | null;
  apply(item: PreparedCommit): void;
  revision(workspaceId: string): number;
  raiseRevision(workspaceId: string): void;
  finish(): void;
};

export function createExtrasBook({ state, effects }: DeciderParts, pending: PendingBook): ExtrasBook {
  const duties = new Map(state.duties);
  const raised = new Map<string, number>();
  /** Keys that an item of this batch has used. */
  const used = new Map<string, PreparedCommit>();
  const revision = (workspaceId: string): number =>
    (state.revisions.get(workspaceId) ?? 0) + (raised.get(workspaceId) ?? 0);
  const moved = (workspaceId: string, duty: { dutyId: string; version: number } | null): boolean => {
    if (duty === null) return false;
    const found = duties.get(duty.dutyId);
    return found === undefined || found.workspaceId !== workspaceId || found.version !== duty.version;
  };
  const duplicateOf = (item: PreparedCommit): IdempotencyRow | null => {
    const key = item.extras?.idempotency?.key;
    if (key === undefined) return null;
    const name = nameOf(item.workspaceId, key);
    const mate = used.get(name)?.extras?.idempotency;
    if (mate) return rowOf(key, mate);
    const found = state.idempotency.get(name);
    const valid = found !== undefined && !found.own && item.atMs - found.createdAtMs < limits.idempotencyKeptMs;
    return valid ? rowOf(key, found) : null;
  };
  return {
    revision,
    raiseRevision: (workspaceId) => void raised.set(workspaceId, (raised.get(workspaceId) ?? 0) + 1),
    objection(item) {
      const { extras, workspaceId } = item;
      if (extras === null) return null;
      const row = duplicateOf(item);
      if (row !== null) return { status: 'duplicate', row };
      if (moved(workspaceId, extras.fulfils) || moved(workspaceId, extras.advances))
        return { status: 'stale', what: 'duty' };
      return null;
    },
    apply(item) {
      const { extras, workspaceId, atMs } = item;
      if (extras === null) return;
      const { fulfils, advances, withdraws, idempotency } = extras;
      const remove = (dutyId: string): void => {
        if (duties.delete(dutyId)) effects.removeDuty(dutyId);
      };
      if (fulfils !== null) remove(fulfils.dutyId);
      for (const dutyId of withdraws) if (duties.get(dutyId)?.workspaceId === workspaceId) remove(dutyId);
      if (advances !== null && duties.has(advances.dutyId)) {
        duties.set(advances.dutyId, { workspaceId, version: advances.version + 1 });
        effects.advanceDuty(advances);
      }
      for (const duty of extras.duties) effects.addDuty(workspaceId, duty, shardOfText(duty.id));
      for (const order of extras.orders) pending.order(workspaceId, order, atMs);
      for (const { webhookId, count } of extras.missed) effects.miss(webhookId, workspaceId, count);
      if (idempotency !== null) used.set(nameOf(workspaceId, idempotency.key), item);
    },
    finish() {
      for (const [workspaceId, count] of raised) effects.raiseRevision(workspaceId, count);
      for (const [name, found] of state.idempotency) {
        const item = used.get(name);
        if (item?.extras?.idempotency) effects.useKey(item.workspaceId, item.extras.idempotency);
        else if (found.own) effects.freeKey(name);
      }
    },
  };
}

function rowOf(
  key: string,
  found: { readonly fingerprint: string; readonly createdAtMs: number; readonly response: string },
): IdempotencyRow {
  const { fingerprint, createdAtMs, response } = found;
  return { key, fingerprint, createdAtMs, response: JSON.parse(response) as IdempotencyRow['response'] };
}
