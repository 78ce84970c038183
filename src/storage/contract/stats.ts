/** Counts of what was sent, over time, and what is still to be sent. */
import type { WebhookId, WorkspaceId } from '../../core/ids.ts';

/**
 * A span of time in buckets. Minutes are kept for `limits.statsMinutesKeptMs`, after that there are hours: `fromMs` is
 * rounded down and `toMs` up to what there is. Buckets begin at multiples of `bucketMs` since the epoch; empty ones have
 * no row. A bucket below an hour in a span that is older than the minutes has what happened in its whole hour.
 */
export type StatsQuery = {
  readonly workspaceId: WorkspaceId | null;
  readonly webhookId?: WebhookId;
  readonly fromMs: number;
  readonly toMs: number;
  /** Whole minutes. */
  readonly bucketMs: number;
  /** `workspace`: one row per bucket and workspace, its webhooks added up. Default `webhook`. */
  readonly by?: 'webhook' | 'workspace';
  /** Rows answered at most, in order of time; absent: all. */
  readonly limit?: number;
};

export type StatsRow = {
  readonly atMs: number;
  readonly workspaceId: WorkspaceId;
  /** Null where webhooks are added up. */
  readonly webhookId: WebhookId | null;
  readonly attempts: number;
  readonly delivered: number;
  readonly failed: number;
  /** Failed attempts that are followed by another. */
  readonly retrying: number;
  /** Deliveries made, by the time of their creation. A crash may lose the last seconds of this count. */
  readonly accepted: number;
  /** Attempts of test sends; they are in no other number. */
  readonly tests: number;
  readonly ended: { readonly rejected: number; readonly dead: number; readonly cancelled: number };
  /** Counts of attempt durations by upper bound in milliseconds; the last bucket is unbounded. */
  readonly durations: readonly number[];
  /** Counts of the time from a delivery's creation to the start of its first attempt, in the same way. */
  readonly waits: readonly number[];
};

/** Upper bounds of `StatsRow.durations`, in milliseconds. */
export const durationBucketsMs = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 15_000, 60_000] as const;

/** Upper bounds of `StatsRow.waits`, in milliseconds. */
export const waitBucketsMs = [5, 15, 50, 250, 1_000, 10_000, 60_000] as const;

export type BacklogRow = {
  readonly workspaceId: WorkspaceId;
  readonly webhookId: WebhookId;
  readonly pending: number;
  readonly oldestAtMs: number;
};
