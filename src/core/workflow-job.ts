/**
 * A workflow job: something that people are to do with assets, by a deadline. Its status is one word; from each to each
 * other a job may go, because who decides that is the team's business.
 */
import { isList, ownValue } from './json-equality.ts';
import type { JsonObject } from './json.ts';

export const jobStatuses = ['open', 'in_progress', 'in_review', 'done', 'cancelled'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** What a change of a job holds as `before` and `after`. Times are unix milliseconds. */
export type WorkflowJobState = {
  readonly name: string;
  readonly description?: string;
  readonly status: JobStatus;
  readonly deadlineAtMs?: number;
  /** The kind of job that it was made as: a template of the team's. */
  readonly preset?: string;
  /** What it belongs to. */
  readonly campaign?: string;
  /** Who answers for it. */
  readonly accountable?: string;
  /** A short name that people call it by. */
  readonly key?: string;
  /** Ids of the assets that it is about. */
  readonly assets: readonly string[];
  /** Ids of a former DAM that these assets had when they were linked, by asset: `{ast_…: {dialect: id}}`. */
  readonly assetAliases?: { readonly [assetId: string]: { readonly [dialect: string]: string } };
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
};

/** The texts that a job may have beside its name, each of which may be taken away again. */
export const jobTexts = ['description', 'preset', 'campaign', 'accountable', 'key'] as const;

export function asJobJson(job: WorkflowJobState): JsonObject {
  return job;
}

/**
 * A job as it was stored. One that a DAM reports (`POST /v1/changes`) may lack what ours have and may have a status of its
 * own: what is missing is filled in, a strange status is taken for an open job.
 */
export function readWorkflowJob(state: JsonObject, stored: { readonly createdAtMs: number }): WorkflowJobState {
  const text = (field: string): string | undefined => {
    const value = ownValue(state, field);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const time = (field: string): number | undefined => {
    const value = ownValue(state, field);
    return typeof value === 'number' ? value : undefined;
  };
  const assets = ownValue(state, 'assets');
  const deadlineAtMs = time('deadlineAtMs');
  const createdAtMs = time('createdAtMs') ?? stored.createdAtMs;
  const texts = jobTexts.flatMap((field) => {
    const value = text(field);
    return value === undefined ? [] : [[field, value] as const];
  });
  return {
    name: text('name') ?? '',
    ...Object.fromEntries(texts),
    status: jobStatuses.find((status) => status === ownValue(state, 'status')) ?? 'open',
    ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
    assets: isList(assets) ? assets.filter((id) => typeof id === 'string') : [],
    createdBy: text('createdBy') ?? '',
    createdAtMs,
    modifiedAtMs: time('modifiedAtMs') ?? createdAtMs,
  };
}
