/** Full syncs with another system, as callers see them. */
import type { Page } from '../storage/contract/list-queries.ts';
import type { Caller } from './app.ts';

/** What becomes of assets that the source does not name any more. `delete`: as `DELETE /v1/assets/{id}` does it. */
export const vanishedModes = ['report', 'archive', 'delete'] as const;
export type VanishedMode = (typeof vanishedModes)[number];

export const syncStates = ['open', 'comparing', 'waiting', 'applying', 'done', 'cancelled'] as const;

export type SyncView = {
  readonly id: string;
  readonly source: string;
  readonly state: (typeof syncStates)[number];
  /** What the states pushed so far came to; `unnamed` are rejected ones that say not even whose they are. */
  readonly pushed: {
    readonly created: number;
    readonly updated: number;
    readonly unchanged: number;
    readonly stale: number;
    readonly rejected: number;
    readonly unnamed: number;
  };
  /** Assets of the source that were held against what was seen, and those of them that were not seen. */
  readonly compared: number;
  readonly vanished: number;
  /** Vanished ones that were deleted or archived, and those left as they are because they changed meanwhile. */
  readonly applied: number;
  readonly kept: number;
  readonly mode?: VanishedMode;
  readonly dryRun?: boolean;
  /** Why nothing is done about what vanished, and how to go on. */
  readonly waitingFor?: string;
  readonly lastPushAtMs?: number;
  readonly endedAtMs?: number;
  readonly createdAtMs: number;
};

export type VanishedAsset = { readonly id: string; readonly externalId?: string; readonly name: string };

export interface SyncCases {
  /** One runs per source; `resume` answers the one that runs instead of refusing. */
  create(
    caller: Caller,
    input: { readonly source: string; readonly resume?: boolean },
  ): Promise<{ readonly sync: SyncView; readonly made: boolean }>;
  get(caller: Caller, id: string): Promise<SyncView>;
  list(
    caller: Caller,
    query: {
      readonly limit: number;
      readonly cursor?: string;
      readonly source?: string;
      readonly state?: SyncView['state'];
    },
  ): Promise<Page<SyncView>>;
  /** Looks for what vanished and does with it what `vanished` says. `confirm` goes past the safety stop. */
  complete(
    caller: Caller,
    id: string,
    input: { readonly vanished: VanishedMode; readonly dryRun?: boolean; readonly confirm?: boolean },
  ): Promise<SyncView>;
  /** What the latest comparison found. */
  vanished(
    caller: Caller,
    id: string,
    query: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<VanishedAsset>>;
  cancel(caller: Caller, id: string): Promise<SyncView>;
}
