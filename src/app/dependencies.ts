/** What the use cases are given. compose.ts hands in the real parts; tests hand in what they like. */
import type { Blobs, WatchedBlobs } from '../blobs/blobs.ts';
import type { Change } from '../core/change.ts';
import type { Hint } from '../core/hint.ts';
import type { IdSource } from '../core/ids.ts';
import type { Mailer } from '../core/mail.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Egress } from '../egress/egress.ts';
import type { Previewer, SignAnew, TryOnce } from '../engine/engine.ts';
import type { Media } from '../media/media.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Vault } from '../runtime/vault.ts';
import type { Random } from '../runtime/random.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { Storage } from '../storage/storage.ts';
import type { FetchFile, Transport } from '../transports/transport.ts';
import type { KeySigner } from './key-signer.ts';
import type { LinkPlace } from './links.ts';
import type { ScryptCost } from './passwords.ts';
import type { ProcessSetting } from './people.ts';
import type { WebhookId, WorkspaceId } from '../core/ids.ts';
import type { TransportKind } from '../core/webhook.ts';

/** What the use cases tell the engine after a commit. Losing one costs latency, never a delivery. */
export type EngineSignals = {
  offer(tasks: readonly DeliveryTask[]): void;
  webhookChanged(workspaceId: WorkspaceId, webhookId: WebhookId): void;
  dutyOffered(): void;
  /** Whether the engine does what it should in this process; part of readiness. */
  running(): boolean;
  /** Where there is more to say than that. */
  detail?(): string;
};

/** Other processes on the same store: what is told to them may be lost, and is found by who looks. */
export type Others = {
  tell(hint: Hint): void;
  hear(onHint: (hint: Hint) => void): () => void;
};

export type AppSettings = {
  /** Without trailing slash. Known only once the listeners are bound, as the two below. */
  readonly publicUrl: () => string;
  /** Base of the inbox by http and by TLS, without trailing slash. */
  readonly inboxUrl: () => string;
  readonly inboxTlsUrl: () => string;
  readonly uploadBytesMax: number;
  /** Of files that a workspace holds, where it has no quota of its own. 0 or absent: no bound. */
  readonly workspaceBytesMax?: number;
  readonly workspaceFilesMax?: number;
  /** Changes a second that callers of a workspace may have written, likewise. 0 or absent: no bound. */
  readonly workspaceChangesPerSecondMax?: number;
  /** Whether smaller pictures are made of those that are uploaded. Default `on`. */
  readonly renditions?: 'on' | 'off';
  /** A key of the operator's choosing; null where the generated one in the store is used. */
  readonly adminKey: string | null;
  /** Parts of dialects' mounts that have an address of their own. */
  readonly linkPlaces?: readonly LinkPlace[];
  /** How long links in payloads stay good, counted from the change they were made for. */
  readonly linkLifetimeMs: number;
  /** ARN of the account, role or user that the server's own AWS keys belong to; null or absent: not told. */
  readonly awsPrincipal?: string | null;
  /** Whether webhooks for queues must bring AWS keys of their own. Default false. */
  readonly awsKeysRequired?: boolean;
  /** `host:port` of the mail server, without credentials; null or absent: there is none. */
  readonly mailServer?: string | null;
  /** Where messages for queues go instead of Amazon; null or absent: to Amazon. */
  readonly queueEndpoint?: string | null;
  /** What `GET /v1/settings` shows an admin: every setting, secrets left out. */
  readonly process: readonly ProcessSetting[];
};

export type AppDeps = {
  readonly storage: Storage;
  /** No other process writes to the store (SQLite): writes to one subject then need not wait for each other. */
  readonly soleWriter: boolean;
  /** Absent or null: there are none. */
  readonly others?: Others | null;
  readonly dialects: ReadonlyMap<string, Dialect>;
  readonly blobs: Blobs;
  /** How the place of files fares. Absent: nobody watches it. */
  readonly files?: Pick<WatchedBlobs, 'health' | 'probe'>;
  readonly media: Media;
  /** The road out's opinion on a target; throws an `AssetwireError` that can be shown. */
  readonly egress: Pick<Egress, 'checkTarget'>;
  /** Fetches a file that a tenant named by its address, over the guarded road. */
  readonly fetchFile: FetchFile;
  readonly vault: Vault;
  readonly clock: Clock;
  /** Paces what is tried again; real even where `clock` is held. Default `clock`. */
  readonly pacing?: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  /** Event names and fields; never a secret, never a payload. */
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly settings: AppSettings;
  readonly engine: EngineSignals;
  /** Makes messages as they would leave, for dry runs. */
  readonly preview: Previewer;
  /** Sends one delivery beside its lane, for tests. */
  readonly tryOnce: TryOnce;
  /** Signs one delivery anew, for whoever repeats it by hand. */
  readonly signAnew: SignAnew;
  /** For the test button of the operator; deliveries go by the engine. Absent in tests that check none. */
  readonly transports?: Pick<ReadonlyMap<TransportKind, Pick<Transport, 'send'>>, 'get'>;
  /** Brings notices to people; null where no mail server is set. */
  readonly mailer: Mailer | null;
  /** Signs with the keys of workspaces. */
  readonly signingKeys: KeySigner;
  /** How dear a password's hash is; default as OWASP says. */
  readonly passwordCost?: ScryptCost;
  /** Counts changes committed and bytes of files stored. */
  readonly metrics?: Pick<Metrics, 'accepted' | 'uploaded'> & Partial<Pick<Metrics, 'onScrape' | 'overQuota'>>;
  /** Tells whoever traces what was committed; null where nobody does. */
  readonly trace?: ((changes: readonly Change[]) => void) | null;
};
