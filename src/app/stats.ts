/** Statistics as callers see them: points in time with percentiles, totals, and what is waiting. From rollups only. */
import { AssetwireError } from '../core/errors.ts';
import { addCounts, type Percentiles, percentilesOf } from '../core/histogram.ts';
import type { WebhookId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import { type BacklogRow, durationBucketsMs, type StatsRow, waitBucketsMs } from '../storage/contract/stats.ts';
import type { BlobUsage } from '../storage/storage.ts';
import type { Caller } from './app.ts';
import type { AppDeps } from './dependencies.ts';
import type { Quota, Quotas } from './quotas.ts';
import { notFound } from './refusals.ts';

/** A span of whole buckets; checked by the caller for its size. */
export type StatsWindow = { readonly fromMs: number; readonly toMs: number; readonly bucketMs: number };

export type StatsCounts = {
  /** Deliveries made; test sends left out, as everywhere but in `tests`. */
  readonly accepted: number;
  readonly attempts: number;
  readonly delivered: number;
  readonly failed: number;
  /** Failed attempts that are followed by another. */
  readonly retrying: number;
  readonly rejected: number;
  readonly dead: number;
  readonly cancelled: number;
  /** Attempts of test sends. */
  readonly tests: number;
  /** How long attempts took, and counts by the bounds of the answer. */
  readonly durationMs: Percentiles;
  readonly durations: readonly number[];
  /** From a delivery's creation to the start of its first attempt. */
  readonly firstAttemptMs: Percentiles;
  readonly firstAttempts: readonly number[];
};

export type StatsPoint = StatsCounts & { readonly atMs: number; readonly webhookId?: string };

export type StatsView = StatsWindow & {
  readonly durationBoundsMs: readonly number[];
  readonly firstAttemptBoundsMs: readonly number[];
  /** In order of time; what nothing happened in has no point. */
  readonly points: readonly StatsPoint[];
  readonly totals: StatsCounts;
  readonly backlog: readonly BacklogRow[];
  /** What the workspace holds of files, and may; of the whole workspace only. */
  readonly files?: BlobUsage & Pick<Quota, 'bytesMax' | 'filesMax'>;
};

export interface StatsCases {
  /** `by` webhook: a point for each webhook and time. */
  workspace(
    caller: Caller,
    query: StatsWindow & { readonly webhookId?: string; readonly by?: 'webhook' },
  ): Promise<StatsView>;
  webhook(caller: Caller, id: string, window: StatsWindow): Promise<StatsView>;
}

type StatsDeps = Pick<AppDeps, 'storage'> & { readonly quotas: Pick<Quotas, 'of'> };

export function createStats({ storage, quotas }: StatsDeps): StatsCases {
  const read = async (
    { workspaceId }: Caller,
    { fromMs, toMs, bucketMs, webhookId, by }: StatsWindow & { readonly webhookId?: string; readonly by?: 'webhook' },
  ): Promise<StatsView> => {
    const one = webhookId === undefined ? {} : { webhookId: webhookId as WebhookId };
    const [rows, backlog] = await Promise.all([
      storage.read.stats({
        ...one,
        workspaceId,
        fromMs,
        toMs,
        bucketMs,
        by: by ?? 'workspace',
        limit: limits.statsPointsMax + 1,
      }),
      storage.read.backlog(workspaceId),
    ]);
    if (rows.length > limits.statsPointsMax) throw tooMany();
    return {
      fromMs,
      toMs,
      bucketMs,
      durationBoundsMs: durationBucketsMs,
      firstAttemptBoundsMs: waitBucketsMs,
      points: rows.map((row) => ({
        atMs: row.atMs,
        ...(row.webhookId === null ? one : { webhookId: row.webhookId }),
        ...countsOf(row),
      })),
      totals: countsOf(rows.reduce(added, nothing)),
      backlog: webhookId === undefined ? backlog : backlog.filter((row) => row.webhookId === webhookId),
    };
  };
  return {
    async workspace(caller, query) {
      const { workspaceId } = caller;
      const [view, { bytesMax, filesMax }, used] = await Promise.all([
        read(caller, query),
        quotas.of(workspaceId),
        storage.blobUsage(workspaceId),
      ]);
      return { ...view, files: { ...used, bytesMax, filesMax } };
    },
    async webhook(caller, id, window) {
      const [row] = await storage.resources([{ workspaceId: caller.workspaceId, type: 'webhook', id }]);
      if (row === undefined || row === null) throw notFound('the webhook');
      return read(caller, { ...window, webhookId: id });
    },
  };
}

function tooMany(): AssetwireError {
  return new AssetwireError('limit_reached', {
    detail: `Answer at most ${limits.statsPointsMax} points: there are more`,
    mend: 'Ask for one webhook, for wider buckets or for less time',
  });
}

type Counted = Omit<StatsRow, 'atMs' | 'workspaceId' | 'webhookId'>;

const nothing: Counted = {
  attempts: 0,
  delivered: 0,
  failed: 0,
  retrying: 0,
  accepted: 0,
  tests: 0,
  ended: { rejected: 0, dead: 0, cancelled: 0 },
  durations: durationBucketsMs.map(() => 0).concat(0),
  waits: waitBucketsMs.map(() => 0).concat(0),
};

function added(left: Counted, right: Counted): Counted {
  return {
    attempts: left.attempts + right.attempts,
    delivered: left.delivered + right.delivered,
    failed: left.failed + right.failed,
    retrying: left.retrying + right.retrying,
    accepted: left.accepted + right.accepted,
    tests: left.tests + right.tests,
    ended: {
      rejected: left.ended.rejected + right.ended.rejected,
      dead: left.ended.dead + right.ended.dead,
      cancelled: left.ended.cancelled + right.ended.cancelled,
    },
    durations: addCounts(left.durations, right.durations),
    waits: addCounts(left.waits, right.waits),
  };
}

function countsOf({ ended, durations, waits, ...row }: Counted): StatsCounts {
  return {
    accepted: row.accepted,
    attempts: row.attempts,
    delivered: row.delivered,
    failed: row.failed,
    retrying: row.retrying,
    ...ended,
    tests: row.tests,
    durationMs: percentilesOf(durations, durationBucketsMs),
    durations,
    firstAttemptMs: percentilesOf(waits, waitBucketsMs),
    firstAttempts: waits,
  };
}
