/** Use cases of an asset's life beside its everyday: the trash, copies, check-out. As callers see them. */
import type { AssetState } from '../core/asset.ts';
import type { Actor } from '../core/change.ts';
import type { JsonObject } from '../core/json.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Caller, Written } from './app.ts';
import type { AssetView, AssetWriteOptions, VersionInput, VersionReference } from './asset-cases.ts';
import type { UploadedFile } from './asset-cases.ts';

// --- The trash --------------------------------------------------------------------------------------------------------

/** An asset in the trash. For receivers it is deleted; its bytes are kept until `deleteAtMs`. */
export type TrashedAsset = {
  /** The asset's id, which it has again when it comes back. */
  readonly id: string;
  readonly externalId?: string;
  /** The version it had, and goes on from. */
  readonly version: number;
  readonly trashedAtMs: number;
  readonly deleteAtMs: number;
  readonly trashedBy: Actor;
  /** Of its versions and renditions; the same bytes may be held by others too. */
  readonly bytes: number;
  readonly state: AssetState;
};

export type TrashQuery = {
  readonly limit: number;
  readonly cursor?: string;
  readonly externalId?: string;
  readonly nameContains?: string;
  /** When it was put there; `from` is included, `to` is not. */
  readonly trashedFromMs?: number;
  readonly trashedToMs?: number;
  /** By when they were put there; newest first by default. */
  readonly order?: 'newest' | 'oldest';
};

export type RestoreInput = {
  /** Another folder than the one it lay in. */
  readonly path?: string;
  /** Another external id than it had, null for none: where its own belongs to another asset by now. */
  readonly externalId?: string | null;
  /** As in a patch: null takes one away. */
  readonly aliases?: { readonly [dialect: string]: string | null };
};

/** What lies in the trash and what it takes up, counted up to `limits.trashCountedMax`. */
export type TrashUsage = {
  readonly assets: number;
  readonly bytes: number;
  /** False where there is more than was counted. */
  readonly complete: boolean;
};

export interface TrashCases {
  list(caller: Caller, query: TrashQuery): Promise<Page<TrashedAsset>>;
  /** `reference` is the asset's id. */
  get(caller: Caller, reference: string): Promise<TrashedAsset>;
  usage(caller: Caller): Promise<TrashUsage>;
  restore(
    caller: Caller,
    reference: string,
    input: RestoreInput & Pick<AssetWriteOptions, 'idempotency'>,
  ): Promise<Written<AssetView>>;
  /** For good. */
  remove(
    caller: Caller,
    reference: string,
    options?: Pick<AssetWriteOptions, 'idempotency'>,
  ): Promise<Written<JsonObject>>;
  /** For good, all that lies there now; owed as a duty. */
  empty(caller: Caller, options?: Pick<AssetWriteOptions, 'idempotency'>): Promise<Written<JsonObject>>;
}

export type RemoveOptions = AssetWriteOptions & {
  /** Past the trash, and out of it. Needs the scope for all assets. */
  readonly permanently?: boolean;
};

// --- Copies, promotion, check-out ---------------------------------------------------------------------------------------

export type CopyInput = {
  readonly name?: string;
  readonly path?: string;
  readonly externalId?: string;
  /** The version to copy; the active one where absent. */
  readonly fromVersion?: number;
  /** Whether info, metadata, tags, labels and collections come along. Default true. */
  readonly metadata?: boolean;
};

export type CheckInInput = VersionInput & { readonly file?: UploadedFile };

export interface AssetLifeCases {
  /** A new asset with the same bytes. */
  copy(caller: Caller, reference: string, input: CopyInput & AssetWriteOptions): Promise<Written<AssetView>>;
  /** The file of an older version as a further one, active. */
  promoteVersion(caller: Caller, version: VersionReference, options?: AssetWriteOptions): Promise<Written<AssetView>>;
  checkOut(caller: Caller, reference: string, options?: AssetWriteOptions): Promise<Written<AssetView>>;
  /** With or without a further version. */
  checkIn(caller: Caller, reference: string, input: CheckInInput & AssetWriteOptions): Promise<Written<AssetView>>;
  undoCheckOut(caller: Caller, reference: string, options?: AssetWriteOptions): Promise<Written<AssetView>>;
}
