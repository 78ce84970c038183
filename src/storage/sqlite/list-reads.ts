/** Everything that is not keyed, synchronous, over one read-only connection; runs on a reader thread, or inline. */
import type { DatabaseSync } from 'node:sqlite';
import { createCursorCodec } from '../cursor.ts';
import type { StorageReads } from '../contract/reads.ts';
import { listAssets } from './read-assets.ts';
import { countChanges, listChanges, readChange, readFeed } from './read-changes.ts';
import { createDeliveryLister } from './read-deliveries.ts';
import { readDelivery, readDeliveryOfMessage } from './read-delivery.ts';
import { countResources, listAllResources, listResources } from './read-resources.ts';
import { tryChanges } from './try-changes.ts';
import { readSpace } from './read-space.ts';
import { readBacklog, readMissed, readStats } from './read-stats.ts';

/** The reads of the contract without their promises. */
export type ListReads = {
  readonly [Name in keyof StorageReads]: (
    ...values: Parameters<StorageReads[Name]>
  ) => Awaited<ReturnType<StorageReads[Name]>>;
};

export const listReadNames = [
  'assets',
  'resources',
  'countResources',
  'allResources',
  'change',
  'changes',
  'tryChanges',
  'feed',
  'delivery',
  'deliveryOfMessage',
  'deliveries',
  'countDeliveries',
  'countChanges',
  'stats',
  'backlog',
  'missed',
  'space',
] as const satisfies readonly (keyof StorageReads)[];

/** Each call reads one snapshot, so what moves from queue to log meanwhile is seen once. */
export function createListReads(db: DatabaseSync, cursorKey: Uint8Array): ListReads {
  const cursors = createCursorCodec(cursorKey);
  const deliveries = createDeliveryLister(db, cursors);
  const snapshot = <Values extends readonly unknown[], Result>(
    read: (...values: Values) => Result,
  ): ((...values: Values) => Result) => {
    return (...values) => {
      // Inline the writer shares this connection; it is synchronous, so nothing can come between anyway.
      const own = !db.isTransaction;
      if (own) db.exec('BEGIN');
      try {
        return read(...values);
      } finally {
        if (own && db.isTransaction) db.exec('COMMIT');
      }
    };
  };
  return {
    assets: snapshot((query) => listAssets(db, cursors, query)),
    resources: snapshot((query) => listResources(db, cursors, query)),
    countResources: snapshot((query) => countResources(db, query)),
    allResources: snapshot((query) => listAllResources(db, cursors, query)),
    change: snapshot((workspaceId, id) => readChange(db, workspaceId, id)),
    changes: snapshot((query) => listChanges(db, cursors, query)),
    tryChanges: snapshot((query) => tryChanges(db, cursors, query)),
    feed: snapshot((query) => readFeed(db, cursors, query)),
    delivery: snapshot((workspaceId, id) => readDelivery(db, workspaceId, id)),
    deliveryOfMessage: snapshot((messageId) => readDeliveryOfMessage(db, messageId)),
    deliveries: snapshot((query) => deliveries.list(query)),
    countDeliveries: snapshot((query) => deliveries.count(query)),
    countChanges: snapshot((query) => countChanges(db, query)),
    stats: snapshot((query) => readStats(db, query)),
    backlog: snapshot((workspaceId) => readBacklog(db, workspaceId)),
    missed: snapshot((workspaceId) => readMissed(db, workspaceId)),
    space: snapshot(() => readSpace(db)),
  };
}
