/** Figures over time, as the API shows them. */

export type Percentiles = { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null };

export type StatsCounts = {
  readonly accepted: number;
  readonly attempts: number;
  readonly delivered: number;
  readonly failed: number;
  readonly retrying: number;
  readonly rejected: number;
  readonly dead: number;
  readonly durationMs: Percentiles;
  readonly firstAttemptMs: Percentiles;
};

export type StatsPoint = StatsCounts & { readonly atMs: number; readonly webhookId?: string };

export type Stats = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly bucketMs: number;
  readonly points: readonly StatsPoint[];
  readonly totals: StatsCounts;
  readonly backlog: readonly { readonly webhookId: string; readonly pending: number; readonly oldestAtMs: number }[];
};
