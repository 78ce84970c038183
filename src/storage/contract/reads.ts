/** The reads that run beside the delivering loop: lists, search, counts. */
import type { Change } from '../../core/change.ts';
import type { DeliverySummary } from '../../core/delivery.ts';
import type { ChangeId, DeliveryId, WebhookId, WorkspaceId } from '../../core/ids.ts';
import type { Space } from '../../core/space.ts';
import type {
  AssetPage,
  AssetQuery,
  ChangeQuery,
  DeliveryDetail,
  DeliveryKey,
  DeliveryQuery,
  Page,
  PageQuery,
  ResourceQuery,
} from './list-queries.ts';
import type { Resource, ResourceType } from './resources.ts';
import type { BacklogRow, StatsQuery, StatsRow } from './stats.ts';
import type { TriedPage, TryQuery } from './tried-changes.ts';

export interface StorageReads {
  /**
   * Lists and search of assets: those that fulfil `searchOf(query)` as `compileSearch` (core/search-evaluation.ts) understands
   * it. A page takes a bounded time: it may hold less than its limit, even nothing, while there is more. Throws
   * `search_too_broad` where that is not enough, and `not_ready` where an order cannot be given yet.
   */
  assets(query: AssetQuery): Promise<AssetPage>;
  resources(query: ResourceQuery): Promise<Page<Resource>>;
  /** How many there are, counted no further than `max`. */
  countResources(query: Omit<ResourceQuery, keyof PageQuery | 'order'> & { readonly max: number }): Promise<number>;
  /** All resources of a type over all workspaces, by workspace and id; for loading an index at start. */
  allResources(query: { readonly type: ResourceType } & PageQuery): Promise<Page<Resource>>;
  change(workspaceId: WorkspaceId, id: ChangeId): Promise<Change | null>;
  changes(query: ChangeQuery): Promise<Page<Change>>;
  /** Past changes, newest first, held against what a webhook would ask for; evaluated beside the data. */
  tryChanges(query: TryQuery): Promise<TriedPage>;
  /** Changes in order of commit behind `cursor` (null: from the beginning of what is kept; `now`: from here on). */
  feed(query: {
    readonly workspaceId: WorkspaceId;
    readonly cursor: string | 'now' | null;
    readonly limit: number;
  }): Promise<{
    readonly changes: readonly Change[];
    readonly cursor: string;
  }>;
  delivery(workspaceId: WorkspaceId, id: DeliveryId): Promise<DeliveryDetail | null>;
  /**
   * The first delivery that carries this message id, over all workspaces: for vendors that answer for what they sent by the
   * id that the receiver saw. Only ids that were drawn for the message are found, never those that are a delivery's own.
   */
  deliveryOfMessage(messageId: string): Promise<DeliveryKey | null>;
  deliveries(query: DeliveryQuery): Promise<Page<DeliverySummary>>;
  countDeliveries(query: Omit<DeliveryQuery, 'limit' | 'cursor'>): Promise<number>;
  countChanges(query: Omit<ChangeQuery, 'limit' | 'cursor'>): Promise<number>;
  stats(query: StatsQuery): Promise<readonly StatsRow[]>;
  /** Pending deliveries and the age of the oldest, by webhook. */
  backlog(workspaceId: WorkspaceId | null): Promise<readonly BacklogRow[]>;
  /** The counters of `CommitItem.missed` by webhook; those at 0 are left out. */
  missed(workspaceId: WorkspaceId): Promise<readonly { readonly webhookId: WebhookId; readonly count: number }[]>;
  /** What the whole store holds and takes, over all workspaces; not for a hot path, though no table is read for it. */
  space(): Promise<Space>;
}
