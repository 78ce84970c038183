/** Everything that is not keyed: lists, search, counts, statistics. */
import type { CursorCodec } from '../cursor.ts';
import type { StorageReads } from '../contract/reads.ts';
import type { ListAsk } from './list-ask.ts';
import type { AssetSearch } from './search/search-index.ts';
import { countChanges, listChanges, readChange, readFeed, tryChanges } from './read-changes.ts';
import { countDeliveries, listDeliveries } from './read-deliveries.ts';
import { readDelivery, readDeliveryOfMessage } from './read-delivery.ts';
import { countResources, listAllResources, listResources } from './read-resources.ts';
import { readSpace } from './read-space.ts';
import { readBacklog, readMissed, readStats } from './read-stats.ts';

export function createListReads(ask: ListAsk, cursors: CursorCodec, assets: AssetSearch): StorageReads {
  return {
    assets,
    resources: (query) => listResources(ask, cursors, query),
    countResources: (query) => countResources(ask, query),
    allResources: (query) => listAllResources(ask, cursors, query),
    change: (workspaceId, id) => readChange(ask, workspaceId, id),
    changes: (query) => listChanges(ask, cursors, query),
    tryChanges: (query) => tryChanges(ask, cursors, query),
    feed: (query) => readFeed(ask, cursors, query),
    delivery: (workspaceId, id) => readDelivery(ask, workspaceId, id),
    deliveryOfMessage: (messageId) => readDeliveryOfMessage(ask, messageId),
    deliveries: (query) => listDeliveries(ask, cursors, query),
    countDeliveries: (query) => countDeliveries(ask, query),
    countChanges: (query) => countChanges(ask, query),
    stats: (query) => readStats(ask, query),
    backlog: (workspaceId) => readBacklog(ask, workspaceId),
    missed: (workspaceId) => readMissed(ask, workspaceId),
    space: () => readSpace(ask),
  };
}
