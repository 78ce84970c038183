/**
 * The app's door: every use case by area. The API (and through it console and CLI) reaches the system only through
 * these; each loads, decides in core and commits once. Inputs have been validated for shape by the caller's schemas;
 * what needs the store or the dialect is checked here and refused with an `AssetwireError`.
 */
import type { Actor, Change, ChangeKind, Subject } from '../core/change.ts';
import type { DeliverySummary } from '../core/delivery.ts';
import type { Problem } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { TransportKind } from '../core/webhook.ts';
import type { Manifest } from '../dialects/contract/manifest.ts';
import type { Links } from '../dialects/contract/message.ts';
import type { SetupStep } from '../dialects/dialect.ts';
import type { ChangeQuery, Page } from '../storage/contract/list-queries.ts';
import type { ChangeRate } from './change-rate.ts';
import type { AssetCases, MetadataFieldCases } from './asset-cases.ts';
import type { BroadcastCases } from './broadcast-cases.ts';
import type { TrashCases } from './asset-life-cases.ts';
import type { CommentCases } from './comment-cases.ts';
import type { DeliveryCases, ReplayCases } from './delivery-cases.ts';
import type { DialectPropertyCases } from './dialect-properties.ts';
import type { DryRunCases } from './dry-run.ts';
import type { CollectionCases, FolderCases, SectionCases, TaskCases } from './folder-cases.ts';
import type { ErasureCases } from './erasure-cases.ts';
import type { ExportCases } from './exports.ts';
import type { InboxCases } from './inbox-cases.ts';
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
import type { ShareLinkCases, ShareVisitCases } from './share-cases.ts';
import type { SigningKeyCases } from './signing-keys.ts';
import type { SpaceView } from './space.ts';
import type { NeverAskedCases } from './never-asked.ts';
import type { TransportCheckCases } from './transport-checks.ts';
import type { StatsCases } from './stats.ts';
import type { FetchCases } from './fetch-cases.ts';
import type { JobCases } from './job-cases.ts';
import type { LibraryCases } from './library-cases.ts';
import type { MetadataMappingCases } from './metadata-work.ts';
import type { SyncCases } from './sync-cases.ts';
import type { SignInLink } from './key-sign-in-links.ts';
import type { WebhookCases } from './webhook-cases.ts';
import type { ConsentCases } from './webhook-consents.ts';

// Areas with much to say have a file of their own; readers find all of it here.
export type {
  AssetCases,
  AssetContent,
  AssetInput,
  AssetListPage,
  AssetListQuery,
  AssetPatch,
  AssetPush,
  AssetView,
  AssetWriteOptions,
  FoundContent,
  MetadataFieldCases,
  MetadataFieldInput,
  MetadataFieldPatch,
  MetadataFieldView,
  PushBatch,
  PushedState,
  PushResult,
  RenditionReference,
  StatePush,
  VersionInput,
  VersionReference,
  ClipInput,
} from './asset-cases.ts';
export type {
  CheckInInput,
  CopyInput,
  RemoveOptions,
  RestoreInput,
  TrashCases,
  TrashedAsset,
  TrashQuery,
  TrashUsage,
} from './asset-life-cases.ts';
export type {
  CollectionCases,
  CollectionView,
  FolderCases,
  FolderView,
  MemberResult,
  SectionCases,
  SectionView,
  TaskCases,
  TaskView,
} from './folder-cases.ts';
export type { JobCases, JobInput, JobPatch, JobView } from './job-cases.ts';
export type { LibraryCases, LibraryInput, LibraryPatch, LibraryView } from './library-cases.ts';
export type { Enabled, TestSent, WebhookCases, WebhookInput, WebhookPatch, WebhookView } from './webhook-cases.ts';
export type {
  DeliveryCases,
  DeliveryView,
  ReplayCases,
  ReplayInput,
  ReplayView,
  SignedRequest,
} from './delivery-cases.ts';
export { fetchStates } from './fetch-cases.ts';
export type { FetchCases, FetchInput, FetchResult, FetchView } from './fetch-cases.ts';
export type { MetadataJobView, MetadataMappingCases, MetadataMappingsView } from './metadata-work.ts';
export { syncStates, vanishedModes } from './sync-cases.ts';
export type { SyncCases, SyncView, VanishedAsset, VanishedMode } from './sync-cases.ts';
export type { InboxCases, InboxRequest, InboxView } from './inbox-cases.ts';

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
  /** The quota of changes a second, asked before anything that makes some. */
  readonly changeRate: ChangeRate;
  readonly assets: AssetCases;
  readonly trash: TrashCases;
  readonly broadcasts: BroadcastCases;
  readonly metadataFields: MetadataFieldCases;
  readonly folders: FolderCases;
  readonly collections: CollectionCases;
  readonly sections: SectionCases;
  readonly libraries: LibraryCases;
  readonly comments: CommentCases;
  readonly tasks: TaskCases;
  /** Workflow jobs. */
  readonly jobs: JobCases;
  readonly fetches: FetchCases;
  readonly metadataMappings: MetadataMappingCases;
  readonly syncs: SyncCases;
  readonly webhooks: WebhookCases;
  readonly dryRuns: DryRunCases;
  readonly deliveries: DeliveryCases;
  readonly replays: ReplayCases;
  readonly inboxes: InboxCases;
  readonly keys: KeyCases;
  readonly users: UserCases;
  readonly roles: RoleCases;
  readonly signingKeys: SigningKeyCases;
  /** What links do that were sent to endpoints. */
  readonly consents: ConsentCases;
  /** Addresses whose owners want no questions, for who runs the installation. */
  readonly neverAsked: NeverAskedCases;
  readonly grants: GrantCases;
  readonly sessions: SessionCases;
  readonly workspaces: WorkspaceCases;
  readonly notices: NoticeCases;
  readonly settings: SettingCases;
  /** Test messages by the operator's mail server and to queues. */
  readonly transportChecks: TransportCheckCases;
  readonly dialects: {
    list(): readonly Manifest[];
    get(id: string): Manifest;
    /** Ways of the dialect that this server has nothing to send by, each with the operator's setting that mends it. */
    transportsOff(id: string): readonly { readonly transport: TransportKind; readonly setting: string }[];
    /** What has to be set up where deliveries to this target arrive. Throws `not_found`, `invalid_request`. */
    setup(id: string, asked: { readonly target: string; readonly ownKeys: boolean }): readonly SetupStep[];
  };
  readonly dialectProperties: DialectPropertyCases;
  /** The links that payloads of a dialect carry, as of now. */
  links(caller: Caller, dialect: string): Links;
  readonly stats: StatsCases;
  readonly exports: ExportCases;
  readonly shareLinks: ShareLinkCases;
  readonly erasures: ErasureCases;
  /** For visitors, who are nobody. */
  readonly shares: ShareVisitCases;
  readonly operation: OperationCases;
  readonly live: Live;
}

// --- Changes --------------------------------------------------------------------------------------------------------

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
      /** Fields as `metadata.season` that `after` left out of an object it replaces, and nothing of the report speaks of. */
      readonly dropped?: readonly string[];
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

// --- People and operation -------------------------------------------------------------------------------------------

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
  /** A one-time link that signs a browser in at the console as the key. */
  signInLink(caller: Caller, id: string): Promise<SignInLink>;
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
    query: { readonly limit: number; readonly cursor?: string; readonly holder?: string; readonly own?: boolean },
  ): Promise<Page<SessionView>>;
  /** One's own, or with `keys:write` anybody's who may not do more. */
  revoke(caller: Caller, id: string): Promise<void>;
  /** As `revoke`, every one of a holder's but the one that asks; without a holder, of one's own. */
  revokeMany(caller: Caller, holder?: string): Promise<{ readonly ended: number }>;
}

export interface OperationCases {
  /** What the whole store holds and takes: for whoever runs the installation. Half a minute old at most. */
  space(): Promise<SpaceView>;
  audit(caller: Caller, query: AuditQuery): Promise<Page<JsonObject>>;
  /** Whether the store takes writes and the engine runs. */
  readiness(): Promise<{
    readonly ready: boolean;
    readonly checks: readonly {
      readonly name: string;
      readonly ok: boolean;
      /** Whether the process is not ready without it. */
      readonly needed: boolean;
      readonly detail: string;
    }[];
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
