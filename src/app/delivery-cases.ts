/** Use cases around deliveries and replays, as callers see them. */
import type { Attempt, DeliveryState, DeliverySummary } from '../core/delivery.ts';
import type { OutcomeKind } from '../core/outcome.ts';
import type { DeliveryQuery, Page } from '../storage/contract/list-queries.ts';
import type { Caller, Idempotency, Written } from './app.ts';

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
  /**
   * The bytes that a receiver was sent under a message id, of a webhook of this dialect, whichever the workspace: whoever
   * knows the id may ask. Throws `not_found`.
   */
  ofMessage(messageId: string, dialect: string): Promise<Uint8Array>;
  /** A pending one is hastened; an ended one is sent again as a new delivery with the same message id and bytes. */
  redeliver(caller: Caller, id: string): Promise<{ readonly deliveryId: string }>;
  /**
   * The request of the last attempt, signed at this moment with the secrets in force; nothing is sent, and it stands in
   * the audit. Throws `not_found` where body or webhook are gone, `conflict` where it could not be signed.
   */
  signAnew(caller: Caller, id: string): Promise<SignedRequest>;
}

export type SignedRequest = {
  readonly deliveryId: string;
  /** What the signature was made for: most receivers take it for some minutes. */
  readonly signedAtMs: number;
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bodyBase64: string;
  readonly bodySha256: string;
  /** Names of headers, and `url`, in which a secret is masked and has to be put in. */
  readonly masked: readonly string[];
  /** It all as a command of curl or, to a queue, of aws; null for mails. */
  readonly command: string | null;
};

export type ReplayInput = {
  /** `missed`: changes that `webhookId` asks for and has no delivery of. Default `deliveries`: what ended, once more. */
  readonly of?: 'deliveries' | 'missed';
  readonly webhookId?: string;
  readonly states?: readonly Exclude<DeliveryState, 'pending' | 'held'>[];
  readonly event?: string;
  /** HTTP status of the last attempt. */
  readonly status?: number;
  /** What the last attempt came to. */
  readonly outcomes?: readonly OutcomeKind[];
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
  /** In an estimate: test deliveries that fit the filters too. A replay leaves them out: a receiver would take them for news. */
  readonly tests?: number;
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
