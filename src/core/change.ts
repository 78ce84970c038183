import type { ChangeId, WorkspaceId } from './ids.ts';
import type { JsonObject } from './json.ts';

/**
 * The change vocabulary: everything that can happen to a subject, in our words. Every dialect maps every kind to its own
 * events or says `notSupported` with a reason, so a new kind is a compile error in each dialect until it is answered.
 */
export const changeKinds = [
  'asset.created',
  'asset.ready',
  'asset.rescued',
  'asset.version_added',
  'asset.version_ready',
  'asset.version_activated',
  'asset.promoted',
  'asset.copied',
  'asset.moved',
  'asset.renamed',
  'asset.info_changed',
  'asset.metadata_changed',
  'asset.tags_changed',
  'asset.labels_changed',
  'asset.collections_changed',
  'asset.approval_changed',
  'asset.expiration_changed',
  'asset.availability_changed',
  'asset.comments_changed',
  'asset.archived',
  'asset.unarchived',
  'asset.pre_archive',
  'asset.checked_out',
  'asset.checked_in',
  'asset.checkout_undone',
  'asset.renditions_made',
  'asset.scan_failed',
  'asset.deleted',
  'folder.created',
  'folder.renamed',
  'folder.moved',
  'folder.changed',
  'folder.removed',
  'collection.created',
  'collection.changed',
  'collection.removed',
  'share_link.created',
  'share_link.removed',
  'workflow_job.created',
  'workflow_job.changed',
  'workflow_job.removed',
  'broadcast.started',
  'broadcast.updated',
  'broadcast.ended',
  'broadcast.extracted',
  'broadcast.removed',
  'webhook.confirmation_requested',
  'webhook.unsubscribed',
  'webhook.test',
  'webhook.warning',
  'webhook.disabled',
  'webhook.enabled',
] as const;

export type ChangeKind = (typeof changeKinds)[number];

export const subjectTypes = [
  'asset',
  'folder',
  'collection',
  'share_link',
  'workflow_job',
  'broadcast',
  'webhook',
] as const;
export type SubjectType = (typeof subjectTypes)[number];

/** The thing a change is about. `externalId` is the id that a DAM which pushes its state knows it by. */
export type Subject = {
  readonly type: SubjectType;
  readonly id: string;
  readonly externalId?: string;
};

/** Who did it. `source` is another DAM that reports or pushes. */
export type Actor = {
  readonly type: 'user' | 'key' | 'source' | 'system';
  readonly id: string;
  readonly name?: string;
};

/**
 * An immutable record that something happened to a subject. `before` and `after` are full snapshots (for assets an
 * `AssetState`), null where the subject did not or does not exist; `changed` names the top-level fields and, below
 * `metadata` and `info`, the field (`metadata.status`) that differ.
 */
export type Change = {
  readonly id: ChangeId;
  readonly workspaceId: WorkspaceId;
  readonly kind: ChangeKind;
  readonly subject: Subject;
  /** The subject's version after this change; rises by one with every write to it. */
  readonly subjectVersion: number;
  /** Unix milliseconds at which it happened; for reported changes as the reporter says. */
  readonly occurredAtMs: number;
  /** Unix milliseconds at which it was handed to the store. */
  readonly acceptedAtMs: number;
  readonly actor: Actor;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  readonly changed: readonly string[];
  /** How many changes caused each other before this one; refused beyond `limits.causationDepthMax`. */
  readonly causationDepth: number;
  /** True where a reported `before` differed from what the registry held; both are kept. */
  readonly beforeDiffers?: boolean;
  /** Absent unless an erasure took something out of it: the asset's states, or somebody's names. */
  readonly erased?: boolean;
};
