/** Use cases around workflow jobs, as callers see them. */
import type { JobStatus, WorkflowJobState } from '../core/workflow-job.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Caller, Idempotency, Written } from './app.ts';
import type { Expected } from './preconditions.ts';

/** `externalId` is the one of a DAM that reports the job. */
export type JobView = Omit<WorkflowJobState, 'assetAliases'> & {
  readonly id: string;
  readonly externalId?: string;
  readonly version: number;
  readonly updatedAtMs: number;
};

export type JobInput = {
  readonly name: string;
  readonly description?: string;
  /** Default `open`. */
  readonly status?: JobStatus;
  readonly deadlineAtMs?: number;
  readonly preset?: string;
  readonly campaign?: string;
  readonly accountable?: string;
  readonly key?: string;
  /** Asset ids, `external:ID` or `alias:DIALECT:ID`. */
  readonly assets?: readonly string[];
};

/** What is absent stays; null takes a field away. `assets` is the whole list. */
export type JobPatch = {
  readonly name?: string;
  readonly status?: JobStatus;
  readonly deadlineAtMs?: number | null;
  readonly description?: string | null;
  readonly preset?: string | null;
  readonly campaign?: string | null;
  readonly accountable?: string | null;
  readonly key?: string | null;
  readonly assets?: readonly string[];
};

type Writing = { readonly expected?: Expected; readonly idempotency?: Idempotency };

export interface JobCases {
  /** Throws `invalid_request` for an asset that is not there. */
  create(caller: Caller, input: JobInput, idempotency?: Idempotency): Promise<Written<JobView>>;
  /** Newest first. */
  list(
    caller: Caller,
    query: {
      readonly limit: number;
      readonly cursor?: string;
      readonly status?: JobStatus;
      /** Those that are about this asset. */
      readonly asset?: string;
      readonly accountable?: string;
      readonly nameContains?: string;
    },
  ): Promise<Page<JobView>>;
  get(caller: Caller, id: string): Promise<JobView>;
  update(caller: Caller, id: string, patch: JobPatch & Writing): Promise<Written<JobView>>;
  remove(caller: Caller, id: string, options?: Writing): Promise<void>;
}
