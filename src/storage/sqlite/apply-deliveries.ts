/** New deliveries, and orders over pending ones, inside the writer's transaction. */
import type { DatabaseSync } from 'node:sqlite';
import type { DeliveryOrder } from '../contract/commit-item.ts';
import type { ChangeLocator } from './change-locator.ts';
import type { Names, WorkspaceName } from './names.ts';
import type { Partitions } from './partitions.ts';
import type { PreparedChange, PreparedDelivery } from '../prepared.ts';
import type { Rollup } from './rollup.ts';
import { arrayStatement, numberOf } from './rows.ts';
import { stateCodes } from './schema.ts';
import { subjectKey } from './subject-key.ts';

export type Positions = { next(): number; peek(): number };

export type DeliveryWriter = {
  /** False where a change it is made from is not (or no longer) there, or its webhook is another workspace's. */
  insert(workspace: WorkspaceName, deliveries: readonly PreparedDelivery[], own: OwnChanges): boolean;
  order(workspace: WorkspaceName, order: DeliveryOrder, atMs: number): void;
};

/** The changes of the same item and the number of the first of them. */
export type OwnChanges = { readonly changes: readonly PreparedChange[]; readonly firstSeq: number };

type Parts = {
  readonly names: Names;
  readonly partitions: Partitions;
  readonly rollup: Rollup;
  readonly locator: ChangeLocator;
  readonly positions: Positions;
};

export function createDeliveryWriter(db: DatabaseSync, parts: Parts): DeliveryWriter {
  const { names, locator, positions, rollup } = parts;
  const insert = db.prepare(
    `INSERT INTO queue (lane, position, workspace, id, due_at, attempts, change_seq, change_id, revision, subject,
       subject_key, event, message_id, origin, redelivery_of, frozen, created_at)
     VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );

  const seqOf = (changeId: string, own: OwnChanges): number | null => {
    for (let index = 0; index < own.changes.length; index += 1) {
      if (own.changes[index]?.id === changeId) return own.firstSeq + index;
    }
    return null;
  };
  return {
    order: createOrderApplier(db, parts),
    insert(workspace, deliveries, own) {
      for (const delivery of deliveries) {
        const lane = names.lane(delivery.webhookId, workspace.n);
        if (lane === null) return false;
        const position = positions.next();
        const seq = seqOf(delivery.changeId, own) ?? locator.hold(workspace.n, delivery.changeId, { lane, position });
        if (seq === null) return false;
        insert.run(
          lane,
          position,
          workspace.n,
          delivery.id,
          delivery.dueAtMs,
          seq,
          delivery.changeId,
          delivery.revision,
          delivery.subject,
          subjectKey(delivery.subject),
          delivery.event,
          delivery.messageId,
          delivery.origin,
          delivery.redeliveryOf,
          delivery.frozen,
          delivery.createdAtMs,
        );
        if (delivery.origin !== 'test') rollup.accepted(lane, delivery.createdAtMs);
      }
      return true;
    },
  };
}

/** Re-dates or ends one pending delivery; one that is not pending any more is left alone. */
function createOrderApplier(db: DatabaseSync, { partitions, rollup }: Parts): DeliveryWriter['order'] {
  const find = arrayStatement(
    db,
    'SELECT lane, position, attempts, status, outcome, duration FROM queue WHERE workspace = ? AND id = ?',
  );
  const redate = db.prepare('UPDATE queue SET due_at = ? WHERE lane = ? AND position = ?');
  const remove = db.prepare('DELETE FROM queue WHERE lane = ? AND position = ?');
  const removeBody = db.prepare('DELETE FROM bodies WHERE delivery = ?');
  return (workspace, order, atMs) => {
    const row = find.get(workspace.n, order.deliveryId);
    if (row === undefined) return;
    const lane = numberOf(row[0]);
    const position = numberOf(row[1]);
    if (order.kind === 'hasten') {
      redate.run(order.dueAtMs, lane, position);
      return;
    }
    const [status, outcome, duration] = [row[3] ?? null, row[4] ?? null, row[5] ?? null];
    const attempts = numberOf(row[2]);
    const state = order.kind === 'bury' ? stateCodes.dead : stateCodes.cancelled;
    const open = partitions.log;
    open.insert.run(open.nextSeq, state, attempts, atMs, order.reason, status, outcome, duration, null, lane, position);
    open.nextSeq += 1;
    open.rows += 1;
    remove.run(lane, position);
    removeBody.run(order.deliveryId);
    if (order.kind === 'bury') rollup.buried(lane, atMs);
    else rollup.cancelled(lane, atMs);
  };
}
