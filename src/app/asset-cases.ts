/** Use cases around assets and the definitions of their metadata, as callers see them. */
import type { Readable } from 'node:stream';
import type { DatesPatch } from '../core/asset-dates.ts';
import type { AssetState, AssetVersion } from '../core/asset.ts';
import type { Change, ChangeKind } from '../core/change.ts';
import type { AssetwireError, Problem } from '../core/errors.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { MetadataField, MetadataFieldType, MetadataRules } from '../core/metadata-field.ts';
import type { AssetPage, AssetQuery, ChangeQuery, Page } from '../storage/contract/list-queries.ts';
import type { Caller, Idempotency, Written } from './app.ts';
import type { AssetLifeCases, RemoveOptions } from './asset-life-cases.ts';
import type { Expected } from './preconditions.ts';

// --- Assets ---------------------------------------------------------------------------------------------------------

export type AssetView = {
  readonly id: string;
  readonly externalId?: string;
  readonly version: number;
  readonly state: AssetState;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** What of its metadata does not fit the workspace's definitions; absent where all does, and in lists. */
  readonly metadataProblems?: readonly Problem[];
};

/** What an upload may say of itself beside its bytes. */
export type AssetInput = {
  readonly name?: string;
  readonly path?: string;
  readonly externalId?: string;
  readonly info?: JsonObject;
  readonly metadata?: JsonObject;
  readonly tags?: readonly string[];
  readonly labels?: readonly string[];
  readonly collections?: readonly string[];
  /** The key of the library it is in. Default: the one that is always there. */
  readonly library?: string;
  readonly aliases?: { readonly [dialect: string]: string };
  readonly focusPoint?: { readonly x: number; readonly y: number };
  /** Its dates: see core/asset-dates.ts. */
  readonly archiveAtMs?: number;
  readonly publishAtMs?: number;
  readonly expiresAtMs?: number;
};

/** Fields absent are left as they are; `info` and `metadata` are merged by field, null removes one. */
export type AssetPatch = Omit<AssetInput, 'externalId' | 'library' | 'aliases' | 'focusPoint' | keyof DatesPatch> &
  DatesPatch & {
    readonly library?: string | null;
    readonly archived?: boolean;
    readonly aliases?: { readonly [dialect: string]: string | null };
    readonly focusPoint?: { readonly x: number; readonly y: number } | null;
  };

export type AssetPush = Omit<AssetInput, 'focusPoint' | keyof DatesPatch> &
  DatesPatch & {
    readonly archived?: boolean;
    /** Stays where absent. */
    readonly focusPoint?: { readonly x: number; readonly y: number } | null;
    readonly file?: JsonObject;
    readonly renditions?: readonly JsonObject[];
    /** The system that the asset is kept in step with; what a full sync of that source does not name has vanished. */
    readonly source?: string;
    readonly sourceVersion?: number | string;
    readonly occurredAtMs?: number;
  };

/** A full state within a batch. */
export type StatePush = Omit<AssetPush, 'externalId'>;

/**
 * One item of a batch: a state of the asset that `id` or `externalId` names, or what is wrong with what was sent, which an
 * error says where it could not even be read. `line`: where it stood, if the batch came as lines.
 */
export type PushedState = { readonly id?: string; readonly externalId?: string; readonly line?: number } & (
  | { readonly push: StatePush; readonly problems?: undefined }
  | { readonly problems: readonly Problem[] | AssetwireError; readonly push?: undefined }
);

export type PushBatch = {
  readonly states: readonly PushedState[];
  /** Tells what it would come to; nothing is written. */
  readonly dryRun?: boolean;
  /** The full sync that these states belong to. */
  readonly sync?: string;
  readonly idempotency?: Idempotency;
};

/** Assets that are, in their active version, these very bytes. */
export type FoundContent = {
  readonly sha256: string;
  readonly assets: readonly {
    readonly id: string;
    readonly externalId?: string;
    readonly name: string;
    readonly path: string;
  }[];
};

export type PushResult = { readonly id?: string; readonly externalId?: string } & (
  | {
      readonly status: 'created' | 'updated';
      readonly version: number;
      /** Without ids in a dry run. */
      readonly changes: readonly { readonly id?: string; readonly kind: ChangeKind }[];
      readonly metadataProblems?: readonly Problem[];
    }
  | {
      readonly status: 'unchanged' | 'stale';
      readonly version: number;
      readonly metadataProblems?: readonly Problem[];
    }
  | {
      readonly status: 'rejected';
      readonly code: string;
      readonly detail: string;
      readonly problems?: readonly Problem[];
      /** From 1, in a batch of lines. */
      readonly line?: number;
    }
);

/** What any write to an asset may carry beside its content. */
export type AssetWriteOptions = {
  readonly expected?: Expected;
  readonly idempotency?: Idempotency;
  /** Asked within the write, of the state that it is decided on; throws where the caller may not write that. */
  readonly allowed?: (asset: { readonly id: string; readonly state: AssetState }) => void;
};

/** Which assets to list; every part that is given must hold. `folder` may be in any spelling. */
export type AssetListQuery = Omit<AssetQuery, 'workspaceId'> & {
  /** In the query language: docs/reference/search.md. */
  readonly q?: string;
};

/** See the store's `AssetPage`. */
export type AssetListPage = Page<AssetView> & Pick<AssetPage, 'complete' | 'total'>;

/** What an upload of a further version may say of itself. */
export type VersionInput = {
  /** Name of the file; that of the asset stays. */
  readonly name?: string;
  /** Whether it becomes the active version at once. Default true. */
  readonly activate?: boolean;
};

/** From included, to not, in milliseconds of the film. `expected` is the version of the film. */
export type ClipInput = AssetWriteOptions & {
  readonly fromMs: number;
  readonly toMs: number;
  /** Default: that of the film with both moments. */
  readonly name?: string;
  /** Default: where the film lies. */
  readonly path?: string;
};

/** One rendition of the asset that `reference` names. */
export type RenditionReference = { readonly reference: string; readonly title: string };

/** One version of the asset that `reference` names. */
export type VersionReference = { readonly reference: string; readonly number: number };

/** `ownChunks`: nobody else reads the chunks of the content, see `PutOptions`. */
export type UploadedFile = { readonly name: string; readonly content: Readable; readonly ownChunks?: boolean };
/** Inclusive, in bytes. */
export type ByteRange = { readonly from: number; readonly to: number };

/**
 * Which of the bytes are wanted; undefined: all. As a function it is asked once the file is known, so that a range which
 * counts from the end, or a caller who has the bytes already, costs no second look. `nothing` opens no bytes; that they are
 * there is made sure of all the same.
 */
export type WantedBytes =
  | ByteRange
  | ((file: { readonly bytes: number; readonly sha256: string }) => ByteRange | 'nothing' | undefined);

/** Wherever an asset was deleted, `gone` tells so as long as its history does; what never was is `not_found`. */
export interface AssetCases extends AssetLifeCases {
  upload(
    caller: Caller,
    upload: AssetInput & { readonly file: UploadedFile } & Pick<AssetWriteOptions, 'idempotency'>,
  ): Promise<Written<AssetView>>;
  /** `reference` is an asset id or `external:ID`. */
  push(
    caller: Caller,
    reference: string,
    push: AssetPush & AssetWriteOptions,
  ): Promise<Written<AssetView & { readonly result: 'created' | 'changed' | 'unchanged' | 'stale' }>>;
  /** Contents that there are, of those asked for; up to ten copies of each. */
  lookup(caller: Caller, query: { readonly sha256: readonly string[] }): Promise<readonly FoundContent[]>;
  /** Many full states at once, each with a result of its own, in order. */
  pushMany(caller: Caller, batch: PushBatch): Promise<{ readonly results: readonly PushResult[] }>;
  patch(caller: Caller, reference: string, patch: AssetPatch & AssetWriteOptions): Promise<Written<AssetView>>;
  /** Into the trash, where the workspace keeps one. */
  remove(caller: Caller, reference: string, options?: RemoveOptions): Promise<Written<JsonObject>>;
  get(caller: Caller, reference: string): Promise<AssetView>;
  list(caller: Caller, query: AssetListQuery): Promise<AssetListPage>;
  /** What happened to the asset, newest first; after its deletion too. */
  changes(
    caller: Caller,
    reference: string,
    query: Omit<ChangeQuery, 'workspaceId' | 'subject'>,
  ): Promise<Page<Change>>;
  /** By number, oldest first. */
  versions(
    caller: Caller,
    reference: string,
    query: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<AssetVersion>>;
  version(caller: Caller, version: VersionReference): Promise<AssetVersion>;
  addVersion(
    caller: Caller,
    reference: string,
    upload: VersionInput & { readonly file: UploadedFile } & AssetWriteOptions,
  ): Promise<Written<AssetView>>;
  activateVersion(caller: Caller, version: VersionReference, options?: AssetWriteOptions): Promise<Written<AssetView>>;
  /**
   * A stretch of a film or of sound as an asset of its own, which is there at once; its content comes later, with its
   * `ready`, or a note why there is none. Throws `not_a_film`, `films_unavailable`, `content_unavailable`.
   */
  clip(caller: Caller, reference: string, order: ClipInput): Promise<Written<AssetView>>;
  /** Looks into the active file again, and makes its renditions anew; what that finds is told as changes of it. */
  inspect(caller: Caller, reference: string, options?: AssetWriteOptions): Promise<Written<AssetView>>;
  /** The active one cannot be removed. */
  removeVersion(caller: Caller, version: VersionReference, options?: AssetWriteOptions): Promise<Written<AssetView>>;
  content(caller: Caller, reference: string, wanted?: WantedBytes): Promise<AssetContent>;
  versionContent(caller: Caller, version: VersionReference, wanted?: WantedBytes): Promise<AssetContent>;
  /** The XMP packet of the active file, as it stands there. Throws `not_found` where there is none, `file_unreadable`. */
  xmp(caller: Caller, reference: string, wanted?: WantedBytes): Promise<AssetContent>;
  versionXmp(caller: Caller, version: VersionReference, wanted?: WantedBytes): Promise<AssetContent>;
  /** A rendition by its title: `small`, `medium`, `large`, or one that a DAM named. */
  rendition(caller: Caller, rendition: RenditionReference, wanted?: WantedBytes): Promise<AssetContent>;
  /** The content behind one of our opaque links; the link itself is the authority. */
  linked(token: string, wanted?: WantedBytes): Promise<AssetContent>;
}

export type AssetContent = {
  /** What was wanted of the bytes. */
  readonly stream: Readable;
  /** Of all of them. */
  readonly bytes: number;
  readonly mimeType: string;
  readonly name: string;
  readonly sha256: string;
};

// --- Metadata fields ------------------------------------------------------------------------------------------------

export type MetadataFieldInput = Omit<MetadataField, 'label' | 'required'> & {
  /** Default: the name. */
  readonly label?: string;
  readonly required?: boolean;
  /** Where it stands among the fields, from 0. Default: the last. */
  readonly position?: number;
};

/** Fields absent are left as they are; null takes one away. Name and type never change. */
export type MetadataFieldPatch = {
  readonly label?: string;
  readonly labels?: MetadataField['labels'] | null;
  readonly description?: string | null;
  readonly required?: boolean;
  readonly default?: JsonValue;
  readonly options?: MetadataField['options'];
  readonly validation?: MetadataField['validation'] | null;
  readonly position?: number;
  /** Options that have another value from now on, in assets too; null: assets lose them. Done by a job. */
  readonly replace?: { readonly [value: string]: string | null };
};

export type MetadataFieldView = MetadataField & {
  readonly position: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** The job that brings assets in line with this change, where there is one. */
  readonly jobId?: string;
};

export interface MetadataFieldCases {
  create(caller: Caller, input: MetadataFieldInput, idempotency?: Idempotency): Promise<Written<MetadataFieldView>>;
  /** In the order that the workspace gave them: new ones come last unless they say where. */
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string; readonly type?: MetadataFieldType },
  ): Promise<Page<MetadataFieldView>>;
  get(caller: Caller, name: string): Promise<MetadataFieldView>;
  update(
    caller: Caller,
    change: { readonly name: string; readonly patch: MetadataFieldPatch },
    idempotency?: Idempotency,
  ): Promise<Written<MetadataFieldView>>;
  /** The values that assets have stay and are then fields that no definition names, or go with it by a job. */
  remove(
    caller: Caller,
    name: string,
    options?: { readonly values?: 'keep' | 'remove'; readonly idempotency?: Idempotency },
  ): Promise<Written<JsonObject>>;
  rules(caller: Caller): Promise<MetadataRules>;
  setRules(caller: Caller, patch: Partial<MetadataRules>, idempotency?: Idempotency): Promise<Written<MetadataRules>>;
}
