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
import type { Change, ChangeKind } from '../core/change.ts';
import type { ClusterView, Member, SeenLease } from '../core/cluster.ts';
import type {
  Attempt,
  DeliveryOrigin,
  DeliveryState,
  DeliverySummary,
  EndedState,
  NewDelivery,
  PendingDelivery,
} from '../core/delivery.ts';
import type { ErasedPast } from '../core/erased-past.ts';
import type { FilterMiss } from '../core/filter-explanation.ts';
import type { Filter } from '../core/filter.ts';
import type { ChangeId, DeliveryId, DutyId, WebhookId, WorkspaceId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { OutcomeKind } from '../core/outcome.ts';
import type { ListedAssets } from '../core/search-expression.ts';
import type { Space } from '../core/space.ts';

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

// --- Resources ---------------------------------------------------------------------------------------------------

/** Everything with a present state is a resource: one JSON document with a version, addressed by workspace, type and id. */
export const resourceTypes = [
  'workspace',
  'asset',
  /**
   * That an asset names a blob: id `<blob>:<asset id>`, its state the size, `{bytes}`; written with the asset. Blobs without
   * one may be removed.
   */
  'blob_use',
  /** An asset's id of a former DAM: id `<asset id>:<dialect>`, alias `<dialect>:<id there>`, written with the asset. */
  'asset_alias',
  /** An asset in the trash: its alias is the asset's id. */
  'trashed_asset',
  'folder',
  /** Which folder lies at a path: id `<path of the parent>/\n<name>` (see src/app/place-ids.ts), written with the folder. */
  'folder_place',
  /**
   * Where an asset is found, written with the asset: id `f:<folder id>:<asset id>` with the asset's id as alias,
   * `c:<collection>\n<asset id>`, `s:<section>\n<asset id>`.
   */
  'asset_place',
  'collection',
  'section',
  /** What is known of the key of a library: by that key. */
  'library',
  /** Work on many assets, and what of it is still to be done: id `<task id>:<number>`. */
  'task',
  'task_item',
  'share_link',
  /** That an endpoint was asked whether it wants deliveries: by the id of the webhook. */
  'handshake',
  /** Beside a share link, told to nobody: the hash of its password, its uses, how it ended. Its alias is the link's id. */
  'share_access',
  'workflow_job',
  'broadcast',
  /** That the bytes of a live broadcast are arriving, by whom and when the last ones came: id of the broadcast. */
  'broadcast_stream',
  'metadata_field',
  /** Which embedded fields become metadata: one document per workspace. */
  'metadata_mapping',
  /** Work on the metadata of many assets, with its progress. */
  'metadata_job',
  /** A full sync with another system; its parts are what was seen and what vanished, id `<sync>:<s or v>:<number>`. */
  'sync',
  'sync_part',
  /** A file to be fetched from an address. */
  'fetch',
  'webhook',
  /** Which events of a dialect a workspace has switched off, by the id of the dialect. Matching depends on it. */
  'dialect_events',
  'secret',
  'lane_health',
  'key',
  'user',
  'role',
  'invitation',
  'session',
  'grant',
  'grant_set',
  'key_use',
  'inbox',
  'replay',
  'export',
  /** That somebody or something was erased; holds nothing of it. */
  'erasure',
  'notice',
  'audit',
  'setting',
  'signing_key',
] as const;
export type ResourceType = (typeof resourceTypes)[number];

/** Types that matching depends on: a write of one raises the workspace's `webhooksRevision`. */
export const matchedTypes: ReadonlySet<string> = new Set<ResourceType>([
  'webhook',
  'dialect_events',
  'secret',
  'signing_key',
]);

/** Types whose every version stays readable by `revision`. */
export const revisionedTypes: ReadonlySet<ResourceType> = new Set<ResourceType>(['webhook']);

export type AliasQuery = {
  readonly workspaceId: WorkspaceId;
  readonly type: ResourceType;
  readonly aliases: readonly string[];
};

export type ResourceKey = { readonly workspaceId: WorkspaceId; readonly type: ResourceType; readonly id: string };

export type Resource = ResourceKey & {
  /** 1 at creation, one more with every write. */
  readonly version: number;
  readonly state: JsonObject;
  readonly alias?: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

export type ResourceWrite = {
  readonly type: ResourceType;
  readonly id: string;
  /** 0: must not exist. A number: must be at this version. `any`: written whatever is there. */
  readonly expectedVersion: number | 'any';
  /** Null deletes. */
  readonly state: JsonObject | null;
  /**
   * Unique per workspace and type (`already_exists` otherwise), found by `alias` queries: external ids, key hashes. A write
   * without one leaves the alias as it was; a deletion frees it.
   */
  readonly alias?: string;
};

// --- Commit ------------------------------------------------------------------------------------------------------

/** What one request wants to happen, all or nothing. Ids are drawn by the caller. */
export type CommitItem = {
  readonly workspaceId: WorkspaceId;
  readonly atMs: number;
  readonly resources?: readonly ResourceWrite[];
  readonly changes?: readonly CommitChange[];
  readonly deliveries?: readonly NewDelivery[];
  readonly duties?: readonly NewDuty[];
  /** Ends or re-dates pending deliveries. Those that are no longer pending are left alone. */
  readonly deliveryOrders?: readonly DeliveryOrder[];
  /** The revision that matching was done with; another one in the store makes the item stale. */
  readonly webhooksRevision?: number;
  /** A duty that this item fulfils: removed in the same transaction; stale if it is gone or moved on. */
  readonly fulfils?: { readonly dutyId: DutyId; readonly version: number };
  /** A duty that goes on: new due time and payload, version raised; stale if it is gone or moved on. */
  readonly advances?: {
    readonly dutyId: DutyId;
    readonly version: number;
    readonly dueAtMs: number;
    readonly payload: JsonObject;
  };
  /**
   * Duties of the workspace that are not owed any more: removed whatever their version, before `duties` are written; those
   * that are gone are left alone.
   */
  readonly withdraws?: readonly DutyId[];
  /**
   * A resource that this item creates and that was there before under the same id (it comes out of the trash): its version
   * goes on behind `version`, the last it had, and its time of creation is the one it had.
   */
  readonly resumes?: {
    readonly type: ResourceType;
    readonly id: string;
    readonly version: number;
    readonly createdAtMs: number;
  };
  readonly idempotency?: IdempotencyRow;
  /** Changes that a disabled webhook would have got, by webhook: added to its counter (negative: taken off, never below 0). */
  readonly missed?: readonly { readonly webhookId: WebhookId; readonly count: number }[];
};

export type CommitChange = {
  readonly change: Change;
  /** True where matching is left to an `expand` duty of the same item. */
  readonly unexpanded?: boolean;
};

export type DeliveryOrder =
  /** Re-dates: earlier or later. */
  | { readonly kind: 'hasten'; readonly deliveryId: DeliveryId; readonly dueAtMs: number }
  | { readonly kind: 'cancel'; readonly deliveryId: DeliveryId; readonly reason: string }
  /** Ends it dead without an attempt: for one that can never be sent. */
  | { readonly kind: 'bury'; readonly deliveryId: DeliveryId; readonly reason: string };

export type CommitResult =
  | { readonly status: 'applied'; readonly versions: readonly number[] }
  /** Decided on something that has changed since: reload and decide again. */
  | { readonly status: 'stale'; readonly what: 'resource' | 'webhooks' | 'duty'; readonly key?: ResourceKey }
  /** The idempotency key has been used: answer as then, or refuse where the fingerprint differs. */
  | { readonly status: 'duplicate'; readonly row: IdempotencyRow }
  | {
      readonly status: 'rejected';
      readonly code: 'already_exists' | 'storage_full' | 'storage_unavailable';
      readonly detail: string;
    };

export type IdempotencyRow = {
  readonly key: string;
  /** Hash of route and body. */
  readonly fingerprint: string;
  readonly createdAtMs: number;
  readonly response: { readonly status: number; readonly body: JsonObject };
};

// --- Record ------------------------------------------------------------------------------------------------------

/** How an attempt ended and what becomes of its delivery. Log row, attempt row and queue row change together. */
export type RecordItem = {
  readonly workspaceId: WorkspaceId;
  readonly webhookId: WebhookId;
  readonly deliveryId: DeliveryId;
  /**
   * The epoch under which the attempt was started; an older one than the lane's shard (or the whole store, where there is
   * one process) has now is fenced. `unfenced`: made beside the lanes, and only `attemptsBefore` decides.
   */
  readonly epoch: number;
  /** Attempts ended before this one; another number in the store means somebody else recorded: fenced. */
  readonly attemptsBefore: number;
  readonly attempt: Attempt;
  readonly next:
    | { readonly state: 'pending'; readonly dueAtMs: number }
    | { readonly state: EndedState; readonly reason?: string; readonly endedAtMs: number };
  /**
   * The bytes to keep: for the next attempt, given once, when the first one did not end delivered; or with the last one, also
   * where it did, for as long as the delivery. Without them a delivery that ends delivered leaves no bytes behind.
   */
  readonly body?: Uint8Array;
};

/** Newer than every epoch. */
export const unfenced = Number.MAX_SAFE_INTEGER;

export type RecordResult = 'recorded' | 'fenced' | 'gone';

// --- What the engine reads ---------------------------------------------------------------------------------------

export type LaneHead = {
  readonly workspaceId: WorkspaceId;
  readonly webhookId: WebhookId;
  readonly nextDueAtMs: number;
};

export type PendingQuery = {
  readonly webhookId: WebhookId;
  readonly by: 'due' | 'position';
  readonly nowMs: number;
  readonly limit: number;
  /** Continue behind this one (both orders). */
  readonly after?: { readonly dueAtMs: number; readonly id: DeliveryId };
};

export type PendingPage = {
  readonly tasks: readonly DeliveryTask[];
  /**
   * The earliest due time of what lies behind this page, null where nothing does. By `position`: the due time of the next
   * one in order of commit.
   */
  readonly nextDueAtMs: number | null;
  /**
   * Deliveries of this page that cannot be made sense of (a damaged row, a change that is gone), left out of `tasks`.
   * Absent where there are none. Whoever sends ends them (`bury`), so that they are seen and hold up nobody.
   */
  readonly unreadable?: readonly Unreadable[];
};

export type Unreadable = { readonly deliveryId: DeliveryId; readonly reason: string };

/** A pending delivery together with what it is rendered from. */
export type DeliveryTask = { readonly delivery: PendingDelivery; readonly change: Change };

// --- Duties ------------------------------------------------------------------------------------------------------

export const dutyKinds = [
  'inspect',
  'derive',
  'clip',
  'expand',
  /** A change that an application recorded in the database itself. */
  'outbox',
  'timer',
  'replay',
  'import',
  'erase',
  'cancel',
  'erase_workspace',
  'notify',
  'housekeeping',
  'export',
  'gather',
  'sync',
  'metadata',
  'share_link',
  'handshake',
  'erasure',
  'broadcast',
] as const;
export type DutyKind = (typeof dutyKinds)[number];

export type NewDuty = {
  readonly id: DutyId;
  readonly workspaceId: WorkspaceId;
  readonly kind: DutyKind;
  readonly dueAtMs: number;
  readonly payload: JsonObject;
};

export type Duty = NewDuty & { readonly version: number; readonly attempts: number };
export type DutyPage = { readonly duties: readonly Duty[]; readonly nextDueAtMs: number | null };

// --- Reads -------------------------------------------------------------------------------------------------------

/** A page may end before its limit where items are large: `nextCursor` alone says whether there is more. */
export type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null };
export type PageQuery = { readonly limit: number; readonly cursor?: string };

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

export type AssetQuery = PageQuery &
  ListedAssets & {
    readonly workspaceId: WorkspaceId;
    /**
     * By creation, newest first by default; `updated`: last written first; `name`: by folded name. An asset that is written
     * while somebody pages by `updated` or `name` may move, and so be shown twice or not at all.
     */
    readonly order?: 'newest' | 'oldest' | 'updated' | 'name';
    /** Whether to say how many there are. */
    readonly count?: boolean;
  };

/**
 * `complete` false: what was written in the last moments may be missing, or, without an index, the page ended before it was full and goes on behind its cursor. `total`: how many fulfil the search, asked for by
 * `count` and given where it costs little; `atMost`: not all of these have been looked at.
 */
export type AssetPage = Page<Resource> & {
  readonly complete: boolean;
  readonly total?: { readonly value: number; readonly is: 'exact' | 'atLeast' | 'atMost' };
};

export type ResourceQuery = PageQuery & {
  readonly workspaceId: WorkspaceId;
  readonly type: ResourceType;
  readonly alias?: string;
  /** What the id must begin with. */
  readonly idPrefix?: string;
  /** Top-level fields of the state that must equal these. */
  readonly where?: { readonly [field: string]: string | number | boolean };
  /** Time of creation, `fromMs` included and `toMs` not. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Top-level fields of the state, texts that have this as a part, whatever its case; lists that hold this very text. */
  readonly contains?: { readonly [field: string]: string };
  /** Newest first by default. By id: our ids sort by time of creation, ids chosen by people by their letters. */
  readonly order?: 'newest' | 'oldest';
};

/** Times are those of acceptance, `fromMs` included and `toMs` not; order is the order of commit. */
export type ChangeQuery = PageQuery & {
  readonly workspaceId: WorkspaceId;
  readonly kinds?: readonly ChangeKind[];
  readonly subject?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly order?: 'newest' | 'oldest';
};

/** Which changes are tried (as in `ChangeQuery`), and against what. */
export type TryQuery = Omit<ChangeQuery, 'order'> & {
  readonly ids?: readonly ChangeId[];
  /** The kinds that the events asked for stand for. */
  readonly wanted: readonly ChangeKind[];
  readonly filter?: Filter;
  /** Which of them are answered. Default all. */
  readonly keep?: 'all' | 'matched' | 'unmatched';
  /** A page ends when so many were looked at, whatever was found. */
  readonly examinedMax: number;
};

export type TriedChange = {
  readonly id: ChangeId;
  readonly kind: ChangeKind;
  readonly subject: string;
  readonly acceptedAtMs: number;
  /** Null where it matches; then `change` is there. */
  readonly miss: { readonly because: 'kind' | 'damaged' } | ({ readonly because: 'filter' } & FilterMiss) | null;
  readonly change?: Change;
};

export type TriedPage = Page<TriedChange> & {
  /** How many were looked at on this page, and how many of them match. */
  readonly examined: number;
  readonly matched: number;
};

/** Times are those of creation, `fromMs` included and `toMs` not; order is the order of commit. */
export type DeliveryQuery = PageQuery & {
  readonly workspaceId: WorkspaceId;
  readonly webhookId?: WebhookId;
  readonly states?: readonly DeliveryState[];
  /** Of webhooks of this dialect, as they are now. */
  readonly dialect?: string;
  readonly event?: string;
  readonly changeId?: ChangeId;
  readonly subject?: string;
  /** HTTP status of the last attempt. */
  readonly status?: number;
  /** What the last attempt came to; one that was not tried yet came to nothing. */
  readonly outcomes?: readonly OutcomeKind[];
  readonly origins?: readonly DeliveryOrigin[];
  /** Leaves out what was itself sent again: redeliveries and replays of an earlier delivery. */
  readonly firstOnly?: boolean;
  /**
   * Only those whose change this filter holds for. It is evaluated row by row: a page may have fewer than `limit`, and a
   * count reads every change, so ask how many there are without it first.
   */
  readonly change?: Filter;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly order?: 'newest' | 'oldest';
};

export type DeliveryKey = { readonly workspaceId: WorkspaceId; readonly id: DeliveryId };

export type DeliveryDetail = {
  readonly summary: DeliverySummary;
  readonly delivery: NewDelivery;
  /** First 10 and last 40 where there were more. */
  readonly attempts: readonly Attempt[];
  readonly storedBody: Uint8Array | null;
};

/**
 * A span of time in buckets. Minutes are kept for `limits.statsMinutesKeptMs`, after that there are hours: `fromMs` is
 * rounded down and `toMs` up to what there is. Buckets begin at multiples of `bucketMs` since the epoch; empty ones have
 * no row. A bucket below an hour in a span that is older than the minutes has what happened in its whole hour.
 */
export type StatsQuery = {
  readonly workspaceId: WorkspaceId | null;
  readonly webhookId?: WebhookId;
  readonly fromMs: number;
  readonly toMs: number;
  /** Whole minutes. */
  readonly bucketMs: number;
  /** `workspace`: one row per bucket and workspace, its webhooks added up. Default `webhook`. */
  readonly by?: 'webhook' | 'workspace';
  /** Rows answered at most, in order of time; absent: all. */
  readonly limit?: number;
};

export type StatsRow = {
  readonly atMs: number;
  readonly workspaceId: WorkspaceId;
  /** Null where webhooks are added up. */
  readonly webhookId: WebhookId | null;
  readonly attempts: number;
  readonly delivered: number;
  readonly failed: number;
  /** Failed attempts that are followed by another. */
  readonly retrying: number;
  /** Deliveries made, by the time of their creation. A crash may lose the last seconds of this count. */
  readonly accepted: number;
  /** Attempts of test sends; they are in no other number. */
  readonly tests: number;
  readonly ended: { readonly rejected: number; readonly dead: number; readonly cancelled: number };
  /** Counts of attempt durations by upper bound in milliseconds; the last bucket is unbounded. */
  readonly durations: readonly number[];
  /** Counts of the time from a delivery's creation to the start of its first attempt, in the same way. */
  readonly waits: readonly number[];
};

/** Upper bounds of `StatsRow.durations`, in milliseconds. */
export const durationBucketsMs = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 15_000, 60_000] as const;

/** Upper bounds of `StatsRow.waits`, in milliseconds. */
export const waitBucketsMs = [5, 15, 50, 250, 1_000, 10_000, 60_000] as const;

export type BacklogRow = {
  readonly workspaceId: WorkspaceId;
  readonly webhookId: WebhookId;
  readonly pending: number;
  readonly oldestAtMs: number;
};

export type StorageHealth = {
  /** `unavailable`: a store elsewhere does not answer or takes no writes; it goes on by itself once it does. */
  readonly state: 'ok' | 'busy' | 'unavailable' | 'full' | 'failed' | 'stopped';
  readonly detail?: string;
  /** Items waiting for their transaction. */
  readonly waiting: number;
  /** The epoch this process writes under; raised at every start. */
  readonly epoch: number;
};

// --- Many processes ----------------------------------------------------------------------------------------------

/** How processes that share a store know of each other. Every call may reject where the store does not answer. */
export interface ClusterStore {
  /**
   * One heartbeat, in one transaction and one after another: writes the member's row with its next beat, takes over what a
   * former member of the same node held (epochs grow), gives and takes leases, removes rows of members long gone. What
   * is no longer as it was seen is not taken. Answers how things are then.
   */
  beat(beat: MemberBeat): Promise<ClusterView>;
  /** Gives up every lease of the member and removes its row. */
  leave(memberId: string): Promise<void>;
  /** As things are; nothing is written. For `doctor` and start-up checks. */
  view(): Promise<ClusterView>;
  /** A message of at most `messageBytesMax` to all other processes. It may be lost on the way. */
  tell(message: string): Promise<void>;
  /** Hears what others tell, not what this store told itself. Answers how to stop. */
  listen(ears: ClusterEars): () => void;
}

export type ClusterEars = {
  message(text: string): void;
  /** The connection was made anew: something may have been missed. */
  gap(): void;
};

/** Bytes of one message, as PostgreSQL bounds them, with room for the sender's name. */
export const messageBytesMax = 7_900;

export type MemberBeat = Pick<Member, 'id' | 'node' | 'role' | 'version' | 'blobs' | 'leaving'> & {
  /** How long this heartbeat is good for by the database's clock. */
  readonly leaseMs: number;
  readonly acquire: readonly SeenLease[];
  /** Given up; the epoch stays until somebody takes it. */
  readonly release: readonly number[];
};
