/** Files fetched from an address, as callers see them. */
import type { Page } from '../storage/contract/list-queries.ts';
import type { AssetInput, Caller, Idempotency, Written } from './app.ts';
import type { Problem } from '../core/errors.ts';

export const fetchStates = ['pending', 'fetching', 'done', 'failed', 'cancelled'] as const;

export type FetchInput = AssetInput & {
  readonly url: string;
  /** An asset that gets the file as its next version, by id or `external:ID`. Absent: the one of `externalId`, else a new one. */
  readonly asset?: string;
};

export type FetchView = {
  readonly id: string;
  readonly state: (typeof fetchStates)[number];
  readonly url: string;
  /** What was fetched so far, and of how much, where that was announced. */
  readonly bytes: number;
  readonly bytesTotal: number | null;
  readonly tries: number;
  /** `unchanged`: the asset has these very bytes already. */
  readonly result?: 'created' | 'version' | 'unchanged';
  readonly assetId?: string;
  readonly error?: { readonly code: string; readonly detail: string };
  /** When it is tried again, where it failed and another try may help. */
  readonly nextTryAtMs?: number;
  readonly createdAtMs: number;
  readonly endedAtMs?: number;
};

export type FetchResult =
  | { readonly status: 'accepted'; readonly fetch: FetchView }
  | {
      readonly status: 'rejected';
      readonly code: string;
      readonly detail: string;
      readonly problems?: readonly Problem[];
    };

export interface FetchCases {
  /** Each has a result of its own, in order; those that are accepted are on disk together. */
  create(
    caller: Caller,
    inputs: readonly FetchInput[],
    idempotency?: Idempotency,
  ): Promise<Written<{ readonly results: readonly FetchResult[] }>>;
  get(caller: Caller, id: string): Promise<FetchView>;
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string; readonly state?: FetchView['state'] },
  ): Promise<Page<FetchView>>;
  /** Fetches the same address once more: into the asset it made, where what is there has changed meanwhile. */
  repeat(caller: Caller, id: string): Promise<FetchView>;
  cancel(caller: Caller, id: string): Promise<FetchView>;
}
