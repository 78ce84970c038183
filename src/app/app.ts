/**
 * The app's door: every use case by area. The API (and through it console and CLI) reaches the system only through
 * these; each loads, decides in core and commits once. Inputs have been validated for shape by the caller's schemas;
 * what needs the store or the dialect is checked here and refused with an `AssetwireError`.
 */
import type { Readable } from 'node:stream';
import type { AssetKind, AssetState, AssetVersion } from '../core/asset.ts';
import type { Actor, Change, ChangeKind, Subject } from '../core/change.ts';
import type { DeliveryState, DeliverySummary, Attempt } from '../core/delivery.ts';
import type { Problem } from '../core/errors.ts';
import type { Filter, Projection } from '../core/filter.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { MetadataField, MetadataFieldType, MetadataRules } from '../core/metadata-field.ts';
import type { PolicyOverride } from '../core/policy.ts';
import type { Target, Webhook } from '../core/webhook.ts';
import type { Manifest } from '../dialects/dialect.ts';
import type {
  AuditQuery,
  Grant,
  GrantCases,
  KeyFilter,
  NoticeCases,
  NoticeView,
  RoleCases,
  RotatedKey,
  SessionView,
  SettingCases,
  SignIn,
  UserCases,
  WorkspaceCases,
} from './people.ts';
import type { ChangeQuery, DeliveryQuery, Page } from '../storage/storage.ts';
import type { DryRunCases } from './dry-run.ts';
import type { ExportCases } from './exports.ts';
import type { StatsCases } from './stats.ts';
import type { Expected } from './preconditions.ts';

export const scopes = [
  'assets:read',
  'assets:write',
  'webhooks:read',
  'webhooks:write',
  'deliveries:read',
  'deliveries:write',
  'keys:read',
  'keys:write',
  'settings:read',
  'settings:write',
  'secrets:reveal',
] as const;
export type Scope = (typeof scopes)[number];

/** Where a call came from, bounded: the address that counts (see `trustedProxies`) and the program's own name for itself. */
export type Origin = { readonly address: string; readonly userAgent: string | null };

/** Who calls, in which workspace, and what they may do. Made by `keys.authenticate` or `sessions.authenticate`. */
export type Caller = {
  readonly workspaceId: string;
  readonly actor: Actor;
  readonly keyId: string;
  readonly scopes: ReadonlySet<Scope>;
  /** An admin key may name another workspace and manage workspaces. */
  readonly admin: boolean;
  /** What the caller may do with part of the assets, beyond `scopes`. Absent: nothing. */
  readonly grants?: readonly Grant[];
  /** The workspace that the key or user belongs to, where an admin named another one. */
  readonly homeWorkspaceId?: string;
  /** The session the call came with. */
  readonly sessionId?: string;
  /** Where the call came from; for audit, sessions. */
  readonly from?: Origin;
};

/** The request's `Idempotency-Key` with the hash of route and body. */
export type Idempotency = { readonly key: string; readonly fingerprint: string };

/** What a write answers; `replayed` where an idempotency key brought back an earlier answer. */
export type Written<Body> = { readonly status: number; readonly body: Body; readonly replayed?: boolean };

export interface App {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly changes: ChangeCases;
  readonly assets: AssetCases;
  readonly metadataFields: MetadataFieldCases;
  readonly webhooks: WebhookCases;
  readonly dryRuns: DryRunCases;
  readonly deliveries: DeliveryCases;
  readonly replays: ReplayCases;
  readonly inboxes: InboxCases;
  readonly keys: KeyCases;
  readonly users: UserCases;
  readonly roles: RoleCases;
  readonly grants: GrantCases;
  readonly sessions: SessionCases;
  readonly workspaces: WorkspaceCases;
  readonly notices: NoticeCases;
  readonly settings: SettingCases;
  readonly dialects: { list(): readonly Manifest[]; get(id: string): Manifest };
  readonly stats: StatsCases;
  readonly exports: ExportCases;
  readonly operation: OperationCases;
  readonly live: Live;
}

// --- Changes -------------------------------------------------------------------------------------------------------

/** A DAM reports that something happened; `after` becomes the registry's state in the same commit. */
export type ReportedChange = {
  readonly kind: ChangeKind;
  /** One of `id` and `externalId`. */
  readonly subject: { readonly type: Subject['type']; readonly id?: string; readonly externalId?: string };
  readonly before?: JsonObject | null;
  readonly after?: JsonObject | null;
  /** Absent: computed from before and after. */
  readonly changed?: readonly string[];
  readonly occurredAtMs?: number;
  readonly actor?: { readonly id: string; readonly name?: string };
  readonly sourceVersion?: number | string;
  readonly causationDepth?: number;
};

export type ReportResult =
  | {
      readonly status: 'applied';
      readonly changes: readonly { readonly id: string; readonly kind: ChangeKind }[];
      readonly subject: Subject;
      readonly deliveries: number;
      /** What of the reported metadata does not fit the workspace's definitions: taken all the same. */
      readonly metadataProblems?: readonly Problem[];
    }
  | { readonly status: 'unchanged' | 'stale'; readonly subject: Subject }
  | {
      readonly status: 'rejected';
      readonly code: string;
      readonly detail: string;
      readonly problems?: readonly Problem[];
    };

export interface ChangeCases {
  report(
    caller: Caller,
    changes: readonly ReportedChange[],
    idempotency?: Idempotency,
  ): Promise<Written<{ readonly results: readonly ReportResult[] }>>;
  get(caller: Caller, id: string): Promise<Change>;
  list(caller: Caller, query: Omit<ChangeQuery, 'workspaceId'>): Promise<Page<Change>>;
  feed(
    caller: Caller,
    cursor: string | 'now' | null,
    limit: number,
  ): Promise<{ readonly changes: readonly Change[]; readonly cursor: string }>;
}

// --- Assets --------------------------------------------------------------------------------------------------------

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
  readonly aliases?: { readonly [dialect: string]: string };
};

/** Fields absent are left as they are; `info` and `metadata` are merged by field, null removes one. */
export type AssetPatch = Omit<AssetInput, 'externalId'> & {
  readonly archived?: boolean;
  readonly focusPoint?: { readonly x: number; readonly y: number } | null;
};

export type AssetPush = AssetInput & {
  readonly archived?: boolean;
  readonly file?: JsonObject;
  readonly renditions?: readonly JsonObject[];
  readonly sourceVersion?: number | string;
  readonly occurredAtMs?: number;
};

/** What any write to an asset may carry beside its content. */
export type AssetWriteOptions = { readonly expected?: Expected; readonly idempotency?: Idempotency };

/** Which assets to list; every part that is given must hold. */
export type AssetListQuery = {
  readonly limit: number;
  readonly cursor?: string;
  readonly externalId?: string;
  readonly kind?: AssetKind;
  /** This folder and those below it; only itself where `exact`. */
  readonly folder?: string;
  readonly exact?: boolean;
  readonly tag?: string;
  readonly label?: string;
  readonly collection?: string;
  readonly archived?: boolean;
  /** Part of the name, whatever its case. */
  readonly nameContains?: string;
  /** `from` is included, `to` is not. */
  readonly createdFromMs?: number;
  readonly createdToMs?: number;
  readonly updatedFromMs?: number;
  readonly updatedToMs?: number;
  readonly order?: 'newest' | 'oldest';
};

/** What an upload of a further version may say of itself. */
export type VersionInput = {
  /** Name of the file; that of the asset stays. */
  readonly name?: string;
  /** Whether it becomes the active version at once. Default true. */
  readonly activate?: boolean;
};

/** One rendition of the asset that `reference` names. */
export type RenditionReference = { readonly reference: string; readonly title: string };

/** One version of the asset that `reference` names. */
export type VersionReference = { readonly reference: string; readonly number: number };

type UploadedFile = { readonly name: string; readonly content: Readable };
type ByteRange = { readonly from: number; readonly to: number };

/** Wherever an asset was deleted, `gone` tells so as long as its history does; what never was is `not_found`. */
export interface AssetCases {
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
  patch(caller: Caller, reference: string, patch: AssetPatch & AssetWriteOptions): Promise<Written<AssetView>>;
  remove(caller: Caller, reference: string, options?: AssetWriteOptions): Promise<Written<JsonObject>>;
  get(caller: Caller, reference: string): Promise<AssetView>;
  list(caller: Caller, query: AssetListQuery): Promise<Page<AssetView>>;
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
  /** The active one cannot be removed. */
  removeVersion(caller: Caller, version: VersionReference, options?: AssetWriteOptions): Promise<Written<AssetView>>;
  content(caller: Caller, reference: string, range?: ByteRange): Promise<AssetContent>;
  versionContent(caller: Caller, version: VersionReference, range?: ByteRange): Promise<AssetContent>;
  /** A rendition by its title: `small`, `medium`, `large`, or one that a DAM named. */
  rendition(caller: Caller, rendition: RenditionReference, range?: ByteRange): Promise<AssetContent>;
  /** The content behind one of our opaque links; the link itself is the authority. */
  linked(token: string): Promise<AssetContent>;
}

export type AssetContent = {
  readonly stream: Readable;
  readonly bytes: number;
  readonly mimeType: string;
  readonly name: string;
  readonly sha256: string;
};

// --- Metadata fields -----------------------------------------------------------------------------------------------

export type MetadataFieldInput = Omit<MetadataField, 'label' | 'required'> & {
  /** Default: the name. */
  readonly label?: string;
  readonly required?: boolean;
};

/** Fields absent are left as they are; null takes one away. Name and type never change. */
export type MetadataFieldPatch = {
  readonly label?: string;
  readonly description?: string | null;
  readonly required?: boolean;
  readonly default?: JsonValue;
  readonly options?: MetadataField['options'];
  readonly validation?: MetadataField['validation'] | null;
};

export type MetadataFieldView = MetadataField & { readonly createdAtMs: number; readonly updatedAtMs: number };

export interface MetadataFieldCases {
  create(caller: Caller, input: MetadataFieldInput, idempotency?: Idempotency): Promise<Written<MetadataFieldView>>;
  /** In the order of their names. */
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
  /** The values that assets have stay; they are then fields that no definition names. */
  remove(caller: Caller, name: string, idempotency?: Idempotency): Promise<Written<JsonObject>>;
  rules(caller: Caller): Promise<MetadataRules>;
  setRules(caller: Caller, patch: Partial<MetadataRules>, idempotency?: Idempotency): Promise<Written<MetadataRules>>;
}

// --- Webhooks ------------------------------------------------------------------------------------------------------

export type WebhookInput = {
  readonly name: string;
  readonly dialect: string;
  readonly target: Target;
  readonly events: readonly string[];
  readonly filter?: Filter;
  readonly projection?: Projection;
  readonly settings?: JsonObject;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly credentials?:
    | { readonly kind: 'none' }
    | { readonly kind: 'basic'; readonly username: string; readonly password: string }
    | { readonly kind: 'bearer'; readonly token: string };
  readonly policy?: PolicyOverride;
  readonly contacts?: readonly string[];
  /** A signing secret of the caller's own; one is made where absent and the dialect signs. */
  readonly secret?: string;
  readonly enabled?: boolean;
};

/** Fields absent are left as they are; secrets left out of `settings` stay; null takes filter or projection away. */
export type WebhookPatch = Partial<Omit<WebhookInput, 'dialect' | 'secret' | 'filter' | 'projection'>> & {
  readonly filter?: Filter | null;
  readonly projection?: Projection | null;
};

/** A webhook as shown: secrets masked to at most four trailing characters. */
export type WebhookView = Omit<Webhook, 'credentials'> & {
  readonly credentials: JsonObject;
  readonly secrets: readonly {
    readonly name: string;
    readonly masked: string;
    /** What receivers verify with, where the secret has a public half (`whpk_…`). */
    readonly publicKey?: string;
    readonly createdAtMs: number;
    readonly expiresAtMs: number | null;
  }[];
  readonly missed: number;
  readonly health: JsonObject;
};

/** What became of what waited when a webhook was enabled; zeros where it was enabled already. */
export type Enabled = {
  /** `cancelling`: many are being cancelled; the webhook is enabled once that is done. */
  readonly held: { readonly done: 'sent' | 'cancelled' | 'cancelling'; readonly count: number };
  /** `replayId` shows how far the telling of them has come. */
  readonly missed: { readonly done: 'replayed' | 'skipped'; readonly count: number; readonly replayId?: string };
};

/** `attempt` is null where it was not waited for, or not long enough; the delivery tells later. */
export type TestSent = {
  readonly deliveryId: string;
  readonly state?: DeliveryState;
  readonly attempt: Attempt | null;
};

export interface WebhookCases {
  /** `secret` is shown here once and never again without `secrets:reveal`. */
  create(
    caller: Caller,
    input: WebhookInput,
    idempotency?: Idempotency,
  ): Promise<Written<WebhookView & { readonly secret?: string }>>;
  update(caller: Caller, id: string, patch: WebhookPatch): Promise<WebhookView>;
  remove(caller: Caller, id: string): Promise<void>;
  get(caller: Caller, id: string): Promise<WebhookView>;
  list(
    caller: Caller,
    query: {
      readonly limit: number;
      readonly cursor?: string;
      readonly state?: string;
      readonly dialect?: string;
      /** Part of the name, whatever its case. */
      readonly name?: string;
      /** Those that name this event. */
      readonly event?: string;
    },
  ): Promise<Page<WebhookView>>;
  enable(
    caller: Caller,
    id: string,
    options: { readonly held?: 'send' | 'cancel'; readonly missed?: 'replay' | 'skip' },
  ): Promise<WebhookView & { readonly enabled: Enabled }>;
  disable(caller: Caller, id: string, reason?: string): Promise<WebhookView>;
  /**
   * Sends a sample, or a real asset, by the same path, guard and log: once, at once, whatever state the webhook is in.
   * `waitMs`: how long the answer waits for the attempt (0: not at all).
   */
  test(
    caller: Caller,
    id: string,
    options: { readonly event?: string; readonly assetId?: string; readonly waitMs?: number },
  ): Promise<TestSent>;
  rotateSecret(
    caller: Caller,
    id: string,
    options: { readonly secret?: string; readonly revokeOldNow?: boolean },
  ): Promise<{ readonly secret: string; readonly webhook: WebhookView }>;
  revealSecret(caller: Caller, id: string): Promise<{ readonly secret: string }>;
}

// --- Deliveries and replays ----------------------------------------------------------------------------------------

export type DeliveryView = DeliverySummary & {
  readonly attemptRecords: readonly Attempt[];
  /** The exact body: the stored bytes, or a re-render whose hash was checked against the attempt's. */
  readonly body: {
    readonly base64: string;
    readonly source: 'stored' | 'rendered' | 'unavailable';
    readonly hashMatches: boolean | null;
  };
  /** The request of the last attempt with the body above, as a command that repeats it; null where none was made yet. */
  readonly curl: string | null;
};

export interface DeliveryCases {
  list(caller: Caller, query: Omit<DeliveryQuery, 'workspaceId'>): Promise<Page<DeliverySummary>>;
  get(caller: Caller, id: string): Promise<DeliveryView>;
  /** A pending one is hastened; an ended one is sent again as a new delivery with the same message id and bytes. */
  redeliver(caller: Caller, id: string): Promise<{ readonly deliveryId: string }>;
}

export type ReplayInput = {
  /** `missed`: changes that `webhookId` asks for and has no delivery of. Default `deliveries`: what ended, once more. */
  readonly of?: 'deliveries' | 'missed';
  readonly webhookId?: string;
  readonly states?: readonly Exclude<DeliveryState, 'pending' | 'held'>[];
  readonly event?: string;
  /** HTTP status of the last attempt. */
  readonly status?: number;
  /** One of `subject` and `assetId`. */
  readonly subject?: string;
  readonly assetId?: string;
  /** Where the asset lay as the change saw it: in this folder or below it; in this collection. */
  readonly folder?: string;
  readonly collection?: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly dryRun?: boolean;
};

export type ReplayView = {
  readonly id: string | null;
  readonly state: 'estimated' | 'running' | 'done' | 'cancelled';
  /** What it goes through; an upper bound of what it sends where `exact` is false. */
  readonly count: number;
  readonly exact: boolean;
  /** Gone through so far, and deliveries made of it. */
  readonly done: number;
  readonly made: number;
  readonly input: ReplayInput;
  readonly createdAtMs: number;
  readonly endedAtMs?: number;
};

export interface ReplayCases {
  create(caller: Caller, input: ReplayInput, idempotency?: Idempotency): Promise<Written<ReplayView>>;
  get(caller: Caller, id: string): Promise<ReplayView>;
  list(
    caller: Caller,
    query: {
      readonly limit: number;
      readonly cursor?: string;
      readonly state?: 'running' | 'done' | 'cancelled';
      readonly webhookId?: string;
    },
  ): Promise<Page<ReplayView>>;
  cancel(caller: Caller, id: string): Promise<ReplayView>;
}

// --- Inbox ---------------------------------------------------------------------------------------------------------

export type InboxView = {
  readonly id: string;
  readonly url: string;
  readonly tlsUrl: string;
  readonly answer: { readonly status: number; readonly delayMs: number; readonly body: string };
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly received: number;
};

export type InboxRequest = {
  readonly id: string;
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bodyBase64: string;
  readonly bodyBytes: number;
  readonly bodyCut: boolean;
  /** Whether the signature of one of the workspace's webhooks verifies over the received bytes. */
  readonly verification: {
    readonly result: 'verified' | 'failed' | 'unsigned';
    readonly detail: string;
    readonly webhookId?: string;
  };
};

export interface InboxCases {
  create(caller: Caller): Promise<InboxView>;
  list(caller: Caller, query: { readonly limit: number; readonly cursor?: string }): Promise<Page<InboxView>>;
  get(caller: Caller, id: string): Promise<InboxView>;
  configure(caller: Caller, id: string, answer: Partial<InboxView['answer']>): Promise<InboxView>;
  remove(caller: Caller, id: string): Promise<void>;
  requests(
    caller: Caller,
    id: string,
    query: { readonly limit: number; readonly after?: string },
  ): Promise<readonly InboxRequest[]>;
  subscribe(caller: Caller, id: string, listener: (request: InboxRequest) => void): Promise<() => void>;
  /** Anybody may call: what arrives at `/inbox/{id}`. Null where there is no such inbox. */
  receive(id: string, request: Omit<InboxRequest, 'id' | 'atMs' | 'verification'>): Promise<InboxView['answer'] | null>;
}

// --- People and operation ------------------------------------------------------------------------------------------

export type KeyView = {
  readonly id: string;
  readonly name: string;
  /** The first characters, to recognise it by. */
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly admin: boolean;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** Accurate to a few minutes. */
  readonly lastUsedAtMs: number | null;
};

export interface KeyCases {
  /** Null for anything but a valid, present key; one answer for every way of being wrong. */
  authenticate(token: string, workspace: string | undefined): Promise<Caller | null>;
  create(
    caller: Caller,
    input: {
      readonly name: string;
      readonly scopes: readonly Scope[];
      readonly expiresAtMs?: number;
      readonly admin?: boolean;
    },
  ): Promise<KeyView & { readonly key: string }>;
  list(caller: Caller, query: { readonly limit: number; readonly cursor?: string } & KeyFilter): Promise<Page<KeyView>>;
  get(caller: Caller, id: string): Promise<KeyView>;
  revoke(caller: Caller, id: string): Promise<void>;
  /** A new key with the same name and scopes; the old one ends at once, or after `overlapMs`. */
  rotate(caller: Caller, id: string, options: { readonly overlapMs?: number }): Promise<RotatedKey>;
}

export interface SessionCases {
  /** Exchanges the terminal's one-time token, a key, or e-mail and password for a session; null where that is no good. */
  create(
    input: SignIn,
    from?: Origin,
  ): Promise<{ readonly cookie: string; readonly expiresAtMs: number; readonly caller: Caller } | null>;
  authenticate(cookie: string, workspace: string | undefined): Promise<Caller | null>;
  remove(cookie: string): Promise<void>;
  /** The caller's own; with `keys:read` those of everybody in the workspace. */
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string; readonly holder?: string },
  ): Promise<Page<SessionView>>;
  /** One's own, or with `keys:write` anybody's who may not do more. */
  revoke(caller: Caller, id: string): Promise<void>;
}

export interface OperationCases {
  audit(caller: Caller, query: AuditQuery): Promise<Page<JsonObject>>;
  /** Whether the store takes writes and the engine runs. */
  readiness(): Promise<{
    readonly ready: boolean;
    readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  }>;
}

/** What happens now, for live pages. Losing a line loses nothing but the line. */
export interface Live {
  onDelivery(workspaceId: string, listener: (delivery: DeliverySummary) => void): () => void;
  onChange(workspaceId: string, listener: () => void): () => void;
  onNotice(workspaceId: string, listener: (notice: NoticeView) => void): () => void;
  /** The workspace lets nobody in any more. */
  onClosed(workspaceId: string, listener: () => void): () => void;
}
