/** Use cases around folders, collections, sections and the work on many assets that they bring, as callers see them. */
import type { JsonObject } from '../core/json.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { AssetView, Caller, Idempotency, Written } from './app.ts';
import type { Expected } from './preconditions.ts';

type Paging = { readonly limit: number; readonly cursor?: string };
type WriteOptions = { readonly expected?: Expected; readonly idempotency?: Idempotency };

// --- Folders --------------------------------------------------------------------------------------------------------

export type FolderView = {
  /** `root` for the root, which is always there. */
  readonly id: string;
  /** The id by which a DAM that reports the folder knows it. */
  readonly externalId?: string;
  readonly version: number;
  readonly path: string;
  readonly name: string;
  /** Path of the folder it lies in; null for the root. */
  readonly parent: string | null;
  readonly description?: string;
  readonly info: JsonObject;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** What lies directly in it; only where one folder is shown. */
  readonly counts?: FolderCounts;
};

/** Counted no further than `limits.folderCountMax`. */
export type FolderCounts = { readonly assets: number; readonly folders: number };

export type FolderInput = {
  readonly path: string;
  readonly description?: string;
  readonly info?: JsonObject;
};

/** `name` renames, `parent` moves, with all that lies in the folder; null takes the description away, `info` is merged. */
export type FolderPatch = {
  readonly name?: string;
  readonly parent?: string;
  readonly description?: string | null;
  readonly info?: JsonObject;
};

export type FolderQuery = Paging & {
  /** Reference of the folder whose folders are listed; the root where absent. */
  readonly in?: string;
  /** All folders below it, not only those directly in it. */
  readonly below?: boolean;
};

/** What becomes of what lies in a folder that is removed. */
export type FolderRemoval = {
  readonly contents?: 'delete' | 'move';
  /** Reference or path of the folder that they move to. */
  readonly to?: string;
};

/** `task`: so much is concerned that it goes on by itself. */
export type WithTask<View> = View & { readonly task?: TaskView };

/** A folder is named by its id, by `path:` and its path, or is `root`. */
export interface FolderCases {
  /** Folders on the way to it are made too. */
  create(caller: Caller, input: FolderInput, idempotency?: Idempotency): Promise<Written<FolderView>>;
  list(caller: Caller, query: FolderQuery): Promise<Page<FolderView>>;
  get(caller: Caller, reference: string): Promise<FolderView>;
  update(caller: Caller, reference: string, patch: FolderPatch & WriteOptions): Promise<Written<WithTask<FolderView>>>;
  /** 204 where it is done, 202 with the task where it goes on. */
  remove(
    caller: Caller,
    reference: string,
    removal: FolderRemoval & WriteOptions,
  ): Promise<Written<WithTask<JsonObject>>>;
}

// --- Collections and sections ---------------------------------------------------------------------------------------

export type CollectionView = {
  readonly id: string;
  /** What assets in it carry in `collections`; never changes. */
  readonly key: string;
  readonly name: string;
  readonly version: number;
  readonly description?: string;
  readonly info: JsonObject;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** How many assets are in it; only where one is shown. */
  readonly assets?: number;
};

export type CollectionInput = {
  readonly name: string;
  /** Default: the name. */
  readonly key?: string;
  readonly description?: string;
  readonly info?: JsonObject;
};

export type CollectionPatch = {
  readonly name?: string;
  readonly description?: string | null;
  readonly info?: JsonObject;
};

/** What came of one asset of a batch. */
export type MemberResult =
  | { readonly asset: string; readonly status: 'changed' | 'unchanged' }
  | { readonly asset: string; readonly status: 'rejected'; readonly code: string; readonly detail: string };

export type Members = { readonly results: readonly MemberResult[] };

/** A collection or section is named by its id, or by `key:` and its key. */
export interface CollectionCases {
  create(caller: Caller, input: CollectionInput, idempotency?: Idempotency): Promise<Written<CollectionView>>;
  list(caller: Caller, query: Paging & { readonly nameContains?: string }): Promise<Page<CollectionView>>;
  get(caller: Caller, reference: string): Promise<CollectionView>;
  update(caller: Caller, reference: string, patch: CollectionPatch & WriteOptions): Promise<Written<CollectionView>>;
  remove(caller: Caller, reference: string, options?: WriteOptions): Promise<Written<WithTask<JsonObject>>>;
  assets(
    caller: Caller,
    reference: string,
    query: Paging & { readonly order?: 'newest' | 'oldest' },
  ): Promise<Page<AssetView>>;
  /** Adds to it and takes out of it; an asset that is named as both is refused. */
  change(
    caller: Caller,
    reference: string,
    members: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<Members>;
}

export type SectionView = {
  readonly id: string;
  /** What assets in it carry in `info.section`; never changes. */
  readonly key: string;
  readonly name: string;
  readonly version: number;
  /** Sections are shown in the order of their positions. */
  readonly position: number;
  /** The key of the collection that it divides; absent: the workspace. */
  readonly collection?: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly assets?: number;
};

export type SectionInput = {
  readonly name: string;
  readonly key?: string;
  readonly position?: number;
  readonly collection?: string;
};

export interface SectionCases {
  create(caller: Caller, input: SectionInput, idempotency?: Idempotency): Promise<Written<SectionView>>;
  /** In the order of their positions. */
  list(caller: Caller, query: Paging & { readonly collection?: string }): Promise<Page<SectionView>>;
  get(caller: Caller, reference: string): Promise<SectionView>;
  update(
    caller: Caller,
    reference: string,
    patch: { readonly name?: string; readonly position?: number } & WriteOptions,
  ): Promise<Written<SectionView>>;
  remove(caller: Caller, reference: string, options?: WriteOptions): Promise<Written<WithTask<JsonObject>>>;
  assets(
    caller: Caller,
    reference: string,
    query: Paging & { readonly order?: 'newest' | 'oldest' },
  ): Promise<Page<AssetView>>;
  /** An asset is in one section at most: adding takes it out of the one it was in. */
  change(
    caller: Caller,
    reference: string,
    members: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<Members>;
}

// --- Tasks ----------------------------------------------------------------------------------------------------------

export const taskKinds = ['folder_move', 'folder_remove', 'collection_remove', 'section_remove'] as const;
export type TaskKind = (typeof taskKinds)[number];

/** Work on many assets that goes on by itself, page by page, also after a restart. */
export type TaskView = {
  readonly id: string;
  readonly kind: TaskKind;
  /** `type:id` of what it is about. */
  readonly subject: string;
  readonly state: 'running' | 'done';
  /** Assets concerned when it began, and those done; more may have come in the meantime. */
  readonly total: number;
  readonly done: number;
  readonly from?: string;
  readonly to?: string;
  readonly createdAtMs: number;
  readonly endedAtMs?: number;
};

export interface TaskCases {
  list(caller: Caller, query: Paging & { readonly state?: 'running' | 'done' }): Promise<Page<TaskView>>;
  get(caller: Caller, id: string): Promise<TaskView>;
}
