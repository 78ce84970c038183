/**
 * The storage contract: what survives a restart. Narrow, asynchronous, in batches.
 *
 * Promises every implementation keeps, and the suite in `testing/` checks:
 * - An item of `commit` is atomic: its resources, changes, deliveries, duties and idempotency row are all there or none.
 * - `commit` and `record` resolve only when what they answer for is synced to stable storage.
 * - One item never fails its batch-mates; each gets its own result, in order.
 * - Concurrent calls share transactions (group commit), bounded in items, bytes and about a millisecond of waiting.
 * - When the store cannot keep up or cannot write, calls fail quickly with `storage_busy`, `storage_unavailable` or
 *   `storage_full` (`AssetwireError`), and nothing of the refused items is stored.
 * - Feeds never skip: a cursor shows a change only when no earlier one can still appear.
 * - Reads through `read` see everything committed before they began, run off the delivering loop, and are bounded.
 */
import type { ErasedPast } from '../core/erased-past.ts';
import type { DeliveryId, WebhookId, WorkspaceId } from '../core/ids.ts';
import type { ClusterStore } from './contract/cluster-store.ts';
import type { CommitItem, CommitResult, IdempotencyRow } from './contract/commit-item.ts';
import type { DutyPage } from './contract/duties.ts';
import type { LaneHead, PendingPage, PendingQuery } from './contract/lanes.ts';
import type { StorageReads } from './contract/reads.ts';
import type { RecordItem, RecordResult } from './contract/record-item.ts';
import type { AliasQuery, Resource, ResourceKey, ResourceType } from './contract/resources.ts';

export interface Storage {
  /** Opens, migrates, checks. Refuses with a clear error what it must not touch (locked, corrupt, newer schema, read-only). */
  start(): Promise<void>;
  stop(): Promise<void>;

  // The way of a change
  commit(items: readonly CommitItem[]): Promise<readonly CommitResult[]>;
  record(items: readonly RecordItem[]): Promise<readonly RecordResult[]>;

  // Keyed reads, cheap enough for the loop that delivers
  resources(keys: readonly ResourceKey[]): Promise<readonly (Resource | null)[]>;
  /**
   * Resources of a type by alias: over all workspaces (key hashes, sessions, inboxes), or in one (external ids, which two
   * workspaces may both use).
   */
  findByAlias(type: ResourceType, alias: string, workspaceId?: WorkspaceId): Promise<readonly Resource[]>;
  /** Of one workspace, one for each alias in its order; null where there is none. At most `limits.batchItemsMax` aliases. */
  findByAliases(query: AliasQuery): Promise<readonly (Resource | null)[]>;
  /** An earlier state of a resource whose type keeps revisions. */
  revision(key: ResourceKey, version: number): Promise<Resource | null>;
  /** The workspace's counter of writes that matching depends on (`matchedTypes`); 0 where there were none. */
  webhooksRevision(workspaceId: WorkspaceId): Promise<number>;
  /** What the `blob_use` rows of a workspace come to; kept with every write of one. */
  blobUsage(workspaceId: WorkspaceId): Promise<BlobUsage>;
  idempotency(workspaceId: WorkspaceId, key: string): Promise<IdempotencyRow | null>;

  // What the engine owes
  /**
   * Lanes with anything pending, in pages; their order is the store's own and stable. Of these shards only, where `cluster`
   * is not null; so are duties.
   */
  lanes(query: {
    readonly after: WebhookId | null;
    readonly limit: number;
    readonly shards?: readonly number[];
  }): Promise<readonly LaneHead[]>;
  /**
   * Deliveries of one lane. `due`: those with `dueAtMs <= nowMs`, ordered by due time. `position`: the oldest pending ones
   * in order of commit, whether due or not (FIFO).
   */
  pending(query: PendingQuery): Promise<PendingPage>;
  /** The bytes kept because an attempt did not end delivered. */
  storedBody(deliveryId: DeliveryId): Promise<Uint8Array | null>;
  duties(query: {
    readonly nowMs: number;
    readonly limit: number;
    readonly shards?: readonly number[];
  }): Promise<DutyPage>;

  /** Many processes on this store; null where there is only ever one. */
  readonly cluster: ClusterStore | null;

  /** Lists, search, statistics: on reader threads. */
  readonly read: StorageReads;
  /** One bounded slice of upkeep (retention, partitions, checkpoint, vacuum); `more` says whether to call again soon. */
  maintain(nowMs: number): Promise<{ readonly more: boolean }>;
  /**
   * One bounded slice of taking everything of a workspace out of the store, its own row and name included. `cursor` null
   * begins; the answer's goes on, null where nothing is left. Nobody may write to the workspace meanwhile.
   */
  eraseWorkspace(workspaceId: WorkspaceId, cursor: EraseCursor | null): Promise<EraseSlice>;
  /**
   * One bounded slice of taking somebody or something out of the past of a workspace: changes (with those that are kept
   * longer), attempts, kept bodies, answers of idempotency keys, earlier revisions. Changes stay as rows, marked `erased`;
   * deliveries of those changes stay without attempts, bytes and answers. Present states are the caller's. `cursor` null
   * begins; beginning anew is harmless.
   */
  eraseHistory(workspaceId: WorkspaceId, past: ErasedPast, cursor: EraseCursor | null): Promise<EraseSlice>;
  health(): StorageHealth;
}

/** How many files, and the sum of the `bytes` that their rows said when first written. Content that two assets hold counts twice. */
export type BlobUsage = { readonly files: number; readonly bytes: number };

/** Where an erasure goes on; plain data, so that it can be kept. */
export type EraseCursor = { readonly stage: number; readonly at: number };

export type EraseSlice = { readonly cursor: EraseCursor | null; readonly removed: number };

export type StorageHealth = {
  /** `unavailable`: a store elsewhere does not answer or takes no writes; it goes on by itself once it does. */
  readonly state: 'ok' | 'busy' | 'unavailable' | 'full' | 'failed' | 'stopped';
  readonly detail?: string;
  /** Items waiting for their transaction. */
  readonly waiting: number;
  /** The epoch this process writes under; raised at every start. */
  readonly epoch: number;
};
