/**
 * The engine's door: lanes, not jobs. It owns every delivery from commit to its end. Its state machine is told in prose
 * in docs/concepts/delivery-lifecycle.md; the same words are used here.
 */
import type { Outcome } from '../core/outcome.ts';
import type { Duty, DutyKind } from '../storage/contract/duties.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { Attempt, DeliverySummary } from '../core/delivery.ts';
import type { WebhookId, WorkspaceId } from '../core/ids.ts';
import type { PolicyOverride } from '../core/policy.ts';
import type { Consent } from '../core/verdict.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Links, SignatureRequest } from '../dialects/contract/message.ts';

export interface Engine {
  start(): Promise<void>;
  /**
   * Freshly committed deliveries, handed over in memory after their commit. Losing a call costs latency, never a delivery:
   * they are in the store and found there.
   */
  offer(tasks: readonly DeliveryTask[]): void;
  /** A webhook was written: the next attempt uses it. Losing a call costs at most the poll interval. */
  webhookChanged(workspaceId: WorkspaceId, webhookId: WebhookId): void;
  /** A duty was committed. */
  dutyOffered(): void;
  /** Another process committed deliveries of this lane that are due. Losing a call costs at most the poll interval. */
  laneDue(workspaceId: WorkspaceId, webhookId: WebhookId): void;
  /** Words from other processes may have been missed: everything in memory is held against the store. */
  doubt(): void;
  stats(): EngineStats;
  /** Finishes what is in flight within the deadline (25 s) and marks the rest interrupted. */
  stop(): Promise<void>;
}

export type EngineStats = {
  readonly lanes: number;
  readonly lanesActive: number;
  readonly inFlight: number;
  readonly waitingInMemory: number;
  readonly egressSuspect: boolean;
};

/** What the engine asks of the use cases; handed in by compose. Each is a commit of its own. */
export interface WebhookCare {
  /** The present webhook and the names and versions of its secrets in force; null where it is gone. */
  current(workspaceId: WorkspaceId, webhookId: WebhookId): Promise<CurrentWebhook | null>;
  /** The revision of a delivery's commit. */
  revision(workspaceId: WorkspaceId, webhookId: WebhookId, revision: number): Promise<Webhook | null>;
  disable(workspaceId: WorkspaceId, webhookId: WebhookId, reason: string): Promise<void>;
  /** The endpoint was asked whether it wants deliveries, and consented. */
  confirm(workspaceId: WorkspaceId, webhookId: WebhookId, consent: Consent): Promise<void>;
  /** A time-based rule has run for 50, 75 or 90 % of its time. */
  warn(
    workspaceId: WorkspaceId,
    webhookId: WebhookId,
    warning: { readonly percent: number; readonly disablesAtMs: number },
  ): Promise<void>;
}

export type CurrentWebhook = {
  readonly webhook: Webhook;
  /** Secrets in force, newest first, opened. Kept in memory only. */
  readonly secrets: readonly OpenSecret[];
  /** What the workspace's properties of the dialect make of its policy; what the webhook says of its own counts more. */
  readonly policy?: PolicyOverride;
};

export type OpenSecret = {
  readonly name: string;
  readonly version: number;
  readonly value: string;
  /** Null: in force until replaced. */
  readonly expiresAtMs: number | null;
};

/** Does one duty. At least once: the commit that fulfils it carries its version, so its change is made exactly once. */
export type DutyHandler = (duty: Duty, signal: AbortSignal) => Promise<void>;
export type DutyHandlers = { readonly [Kind in DutyKind]?: DutyHandler };

/** What live streams and metrics hear. Losing it loses nothing but a line on a screen. */
export type EngineEvent = {
  readonly kind: 'attempted';
  readonly delivery: DeliverySummary;
  readonly dialect: string;
  /** Wall clock at which the attempt began. */
  readonly startedAtMs: number;
  readonly acceptedToFirstByteMs?: number;
  /** What it came to, as the transport said it. */
  readonly answer?: Outcome | null;
};

/**
 * Who delivers which lane. One process owns everything under one epoch; in a cluster lanes and duties lie in 256 shards,
 * held by lease. An attempt starts only while its lease outlives the attempt's deadline, or `leaseCoverMaxMs` of a longer one,
 * plus `leaseSafetyMs`; one that is longer under way ends with its lease.
 */
export interface Ownership {
  /** Resolves when it is known what is ours at first. */
  start(events: OwnershipEvents): Promise<void>;
  /** The epoch under which this lane may be delivered until `untilMonotonicMs`; null where it is not ours. */
  owns(webhookId: WebhookId): { readonly epoch: number; readonly untilMonotonicMs: number } | null;
  /** The shards whose lanes and duties are ours; null: all of them. */
  shards(): readonly number[] | null;
  /** The process is going to stop: whatever has come to rest may go to others already. */
  retire(): void;
  stop(): Promise<void>;
}

/** What ownership tells the engine. */
export interface OwnershipEvents {
  /** Their lanes and duties are ours from now on: they are to be looked for in the store. */
  gained(shards: readonly number[]): void;
  /** Somebody else has them: what is in hand goes back, what is in flight will be fenced. */
  lost(shards: readonly number[]): void;
  /** Others should have them: nothing new is started. `atRest` is called for each when what was in flight is recorded. */
  surrender(shards: readonly number[], atRest: (shard: number) => void): void;
}

/** Makes a message as it would leave, without sending it; for dry runs. */
export type Previewer = (input: PreviewInput) => Promise<Preview | { readonly refusal: PreviewRefusal }>;

export type PreviewInput = {
  readonly current: CurrentWebhook;
  readonly task: DeliveryTask;
  readonly links: Links;
  /** Wall clock of the attempt it stands for. */
  readonly atMs: number;
};

export type Preview = {
  readonly method: string;
  readonly url: string;
  /** Secrets and signatures masked. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The exact bytes; a signature inside them is zeros. */
  readonly body: Uint8Array;
  /** Lower-case hex. */
  readonly bodySha256: string;
  readonly subject?: string;
};

/** Why nothing could be sent. */
export type PreviewRefusal = { readonly code: string; readonly detail: string };

/** A message as it would leave at `atMs`, with `body` as it stands and a real signature, not sent. */
export type SignAnew = (input: SignAnewInput) => Promise<SignedAnew | { readonly refusal: PreviewRefusal }>;

export type SignAnewInput = PreviewInput & {
  /** The webhook as it was at the delivery's commit. */
  readonly revision: Webhook;
  readonly body: Uint8Array;
};

export type SignedAnew = Pick<Preview, 'method' | 'url' | 'headers' | 'body' | 'bodySha256'> & {
  /** Names of headers in which a secret is masked; `url` where one is masked in the address. */
  readonly masked: readonly string[];
};

/** One attempt beside the lane, recorded like every other; for test sends. Null where somebody else ended the delivery. */
export type TryOnce = (input: TryOnceInput) => Promise<TriedOnce | null>;
export type TryOnceInput = Pick<PreviewInput, 'current' | 'task' | 'links'>;
export type TriedOnce = { readonly attempt: Attempt; readonly delivery: DeliverySummary };

/** `missing` is never a reason to send without a signature (HARDENING SG-19). */
export type Signature =
  | Uint8Array
  /** Made with a key that the message has to name. */
  | { readonly bytes: Uint8Array; readonly keyId: string }
  | { readonly missing: string };

/** Signs with keys that are not a webhook's secrets (RSA keys of a workspace); a thread of its own does it. */
export type SigningKeys = {
  sign(request: Omit<SignatureRequest, 'placement'>, workspaceId: WorkspaceId): Promise<Signature>;
  /** Whether messages that were signed with this key still verify: it was not withdrawn, nor has its time run out. */
  keeps(workspaceId: WorkspaceId, keyId: string): Promise<boolean>;
  readonly waiting: number;
};
