/** Erasures of one asset or one person, as callers see them. Of a whole workspace: see `WorkspaceCases`. */
import type { Page } from '../storage/contract/list-queries.ts';
import type { Caller } from './app.ts';

/** What a person is known by; at least one. A user of the workspace brings his name and address along. */
export type ErasedPerson = {
  readonly userId?: string;
  /** The id that a DAM reports as `actor.id`. */
  readonly actorId?: string;
  readonly email?: string;
  readonly name?: string;
};

export type ErasureInput = {
  /** A reference: our id, or `external:ID`. One of `asset` and `person`. */
  readonly asset?: string;
  readonly person?: ErasedPerson;
  /** Of an asset: how long its deletion may be told before what is still owed is cancelled. Default an hour. */
  readonly tellSeconds?: number;
  /** Tells what it would come to; nothing is written. */
  readonly dryRun?: boolean;
};

/**
 * `deleting`: the asset, and receivers are told; `telling`: waiting for them; `present`: what is there now; `past`: what is
 * remembered; `settling`: once more, for what was under way.
 */
export const erasurePhases = ['deleting', 'telling', 'present', 'past', 'settling', 'done'] as const;
export type ErasurePhase = (typeof erasurePhases)[number];

/** Holds no name, no address and nothing of the asset: its id at most, which says nothing once it is gone. */
export type DataErasureView = {
  readonly id: string;
  readonly of: 'asset' | 'person';
  readonly assetId?: string;
  readonly state: 'running' | 'done';
  readonly phase: ErasurePhase;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  /** `type:id` of who began it. */
  readonly by: string;
  /** Deliveries that were still owed and were cancelled. */
  readonly cancelled: number;
  /** Rows of what is there now (assets, audit, notices, contacts …) that were changed or removed. */
  readonly rows: number;
  /** Rows of the past (changes, deliveries, answers, revisions) that were emptied. */
  readonly past: number;
};

/** What an erasure would come to. `complete` false: counted up to a bound. */
export type ErasureEstimate = {
  readonly of: 'asset' | 'person';
  readonly assetId?: string;
  readonly userId?: string;
  readonly changes: number;
  readonly deliveries: number;
  readonly pending: number;
  readonly rows: number;
  readonly complete: boolean;
};

export interface ErasureCases {
  begin(caller: Caller, input: Omit<ErasureInput, 'dryRun'>): Promise<DataErasureView>;
  estimate(caller: Caller, input: ErasureInput): Promise<ErasureEstimate>;
  list(caller: Caller, query: { readonly limit: number; readonly cursor?: string }): Promise<Page<DataErasureView>>;
  get(caller: Caller, id: string): Promise<DataErasureView>;
}
