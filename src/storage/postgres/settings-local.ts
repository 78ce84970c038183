/**
 * Settings that every transaction of ours brings along. They hold for the transaction only, so they are in force behind a
 * pooler as well, and nothing of a session is relied on.
 *
 * A table that is empty or was never analysed makes the planner choose a scan of it, and a prepared plan stays chosen while a
 * million rows arrive. Every statement here finds its rows by an index; the other ways are switched off. Plans are made once,
 * for any values: arrays differ in length, never in what is the best plan.
 */
import { storable } from './parameters.ts';
import type { Statement } from './pipeline.ts';

export type Timeouts = {
  /** One statement. */
  readonly statementTimeoutMs: number;
  /** Waiting for a lock. */
  readonly lockTimeoutMs: number;
};

/** A transaction that is left alone in the middle (a paused process) gives its locks back after this. */
const abandonedMs = 10_000;

const planning = ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit'].map(
  (name) => `set_config('${name}', 'off', true)`,
);

const common = [
  ...planning,
  "set_config('plan_cache_mode', 'force_generic_plan', true)",
  "set_config('statement_timeout', $1, true)",
  "set_config('lock_timeout', $2, true)",
  `set_config('idle_in_transaction_session_timeout', '${abandonedMs}', true)`,
].join(', ');

/** For batches, upkeep and reads by key. */
export function commonSettings({ statementTimeoutMs, lockTimeoutMs }: Timeouts): Statement {
  return { sql: `SELECT ${common}`, values: [String(statementTimeoutMs), String(lockTimeoutMs)] };
}

/** Lists are read in the order of an index, a page at a time; collecting and sorting a whole workspace first never pays. */
const ordered = `${common}, set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)`;

/** For lists. With a role, that is taken on for the transaction, and sees the rows of this workspace only. */
export function listSettings(
  { statementTimeoutMs, lockTimeoutMs }: Timeouts,
  guarded: { readonly role: string; readonly workspaceId: string } | null,
): Statement {
  const values = [String(statementTimeoutMs), String(lockTimeoutMs)];
  if (guarded === null) return { sql: `SELECT ${ordered}`, values };
  return {
    sql: `SELECT ${ordered}, set_config('assetwire.workspace', $3, true), set_config('role', $4, true)`,
    values: [...values, storable(guarded.workspaceId), guarded.role],
  };
}
