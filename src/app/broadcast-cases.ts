/** Use cases around broadcasts, as callers see them. */
import type { Readable } from 'node:stream';
import type { BroadcastPosition, BroadcastPreview, BroadcastState, BroadcastType } from '../core/broadcast.ts';
import type { JsonObject } from '../core/json.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { AssetContent, Caller, Idempotency, Written } from './app.ts';
import type { WantedBytes } from './asset-cases.ts';
import type { Expected } from './preconditions.ts';

export type BroadcastView = {
  readonly id: string;
  /** The id by which another system knows it. */
  readonly externalId?: string;
  readonly version: number;
  readonly state: BroadcastState;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

/** What is said of a broadcast by those who register or change it. */
type Said = {
  readonly title?: string;
  readonly author?: string;
  readonly tags?: readonly string[];
  readonly customData?: string;
};

/** What is known of one that lies elsewhere, or runs elsewhere. */
type Elsewhere = {
  readonly durationMs?: number;
  readonly widthPx?: number;
  readonly heightPx?: number;
  readonly resourceUrl?: string;
};

export type BroadcastInput = Said &
  Elsewhere & {
    readonly externalId?: string;
    /** Default: `archived` with a recording or a resource, else `planned`. */
    readonly type?: 'planned' | 'live' | 'archived';
    readonly ingestChannel?: string;
    readonly position?: BroadcastPosition;
    readonly preview?: BroadcastPreview;
    /** Reference of an asset with its file. */
    readonly recording?: string;
    readonly startedAtMs?: number;
  };

/** What is absent stays; null takes away. `type` ends one that is live elsewhere, or tells one that was planned. */
export type BroadcastPatch = Said &
  Elsewhere & {
    readonly type?: 'live' | 'archived';
    readonly ingestChannel?: string | null;
    readonly position?: BroadcastPosition | null;
    readonly preview?: BroadcastPreview | null;
  };

export type BroadcastQuery = {
  readonly limit: number;
  readonly cursor?: string;
  readonly type?: BroadcastType;
  /** Only those that receivers have been told of: live or archived. */
  readonly told?: boolean;
  readonly author?: string;
  readonly titleContains?: string;
  /** Time of registration, `fromMs` included and `toMs` not. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly order?: 'newest' | 'oldest';
};

export type BroadcastWriteOptions = { readonly expected?: Expected; readonly idempotency?: Idempotency };

/** The bytes of one that goes live now. `name` of the file, where there is one. */
export type BroadcastStreamInput = { readonly content: Readable; readonly name?: string };

export type BroadcastClipInput = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly title?: string;
  readonly idempotency?: Idempotency;
};

/** A link that `Links.signature` signed, as it came back. */
export type SignedPlace = {
  readonly workspaceId: string;
  readonly dialect: string;
  readonly broadcastId: string;
  /** What was signed, and the signature in hex. */
  readonly text: string;
  readonly signature: string;
  readonly expiresAtMs: number | null;
};

/** `reference` is a broadcast's id or `external:ID`. */
export interface BroadcastCases {
  create(caller: Caller, input: BroadcastInput, idempotency?: Idempotency): Promise<Written<BroadcastView>>;
  list(caller: Caller, query: BroadcastQuery): Promise<Page<BroadcastView>>;
  get(caller: Caller, reference: string): Promise<BroadcastView>;
  update(
    caller: Caller,
    reference: string,
    patch: BroadcastPatch & BroadcastWriteOptions,
  ): Promise<Written<BroadcastView>>;
  /** With its recording, unless that is to be kept. */
  remove(
    caller: Caller,
    reference: string,
    options?: BroadcastWriteOptions & { readonly keepRecording?: boolean },
  ): Promise<Written<JsonObject>>;
  /**
   * Live from the first byte, archived when they end or break off. Answers when it is archived and told, or when that takes
   * longer than `limits.broadcastSettleMsMax`. Throws `conflict` where it is live already or over.
   */
  stream(caller: Caller, reference: string, input: BroadcastStreamInput): Promise<BroadcastView>;
  /** A stretch of its recording as a broadcast of its own, which is there at once and told when it is cut. */
  clip(caller: Caller, reference: string, input: BroadcastClipInput): Promise<Written<BroadcastView>>;
  /** The file of its recording. */
  content(caller: Caller, reference: string, wanted?: WantedBytes): Promise<AssetContent>;
  /** The file behind a signed link; the link is the authority. */
  signedContent(place: SignedPlace, wanted?: WantedBytes): Promise<AssetContent>;
}
