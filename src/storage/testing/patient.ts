import type { PostgresStorageOptions } from '../postgres/postgres-storage.ts';

/** What is no test of a wait has time enough on a machine where others take the processors, or that stands still for seconds. */
export const patient = {
  connectTimeoutMs: 30_000,
  statementTimeoutMs: 60_000,
  lockTimeoutMs: 30_000,
  waitMsMax: 60_000,
} as const satisfies PostgresStorageOptions;
