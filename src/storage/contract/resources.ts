/** Everything with a present state: which types there are, how one is written and what is read of it. */
import type { WorkspaceId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';

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
