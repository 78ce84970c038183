/** What lists are asked for and what they answer: assets, resources, changes, deliveries. */
import type { ChangeKind } from '../../core/change.ts';
import type { Attempt, DeliveryOrigin, DeliveryState, DeliverySummary, NewDelivery } from '../../core/delivery.ts';
import type { Filter } from '../../core/filter.ts';
import type { ChangeId, DeliveryId, WebhookId, WorkspaceId } from '../../core/ids.ts';
import type { OutcomeKind } from '../../core/outcome.ts';
import type { ListedAssets } from '../../core/search-expression.ts';
import type { Resource, ResourceType } from './resources.ts';

/** A page may end before its limit where items are large: `nextCursor` alone says whether there is more. */
export type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null };

export type PageQuery = { readonly limit: number; readonly cursor?: string };

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
 * `count` and given where it costs little.
 */
export type AssetPage = Page<Resource> & { readonly complete: boolean; readonly total?: AssetTotal };

/**
 * `atMost`: not all of these have been looked at; `atLeast`: counting took too long; `soFar`: the index is behind, and what
 * was written in the last moments may make it more or fewer.
 */
export type AssetTotal = { readonly value: number; readonly is: 'exact' | 'atLeast' | 'atMost' | 'soFar' };

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
