/** How reads ask: each call is a transaction of its own with its own settings, over whichever connection is free. */
import type { Ask } from './keyed-reads.ts';
import type { ListAsk } from './list-ask.ts';
import type { Pool } from './pool.ts';
import { commonSettings, listSettings, type Timeouts } from './settings-local.ts';
import type { Sql } from './sql.ts';

export type Reading = {
  readonly readers: Pool;
  readonly sql: Sql;
  readonly timeouts: Timeouts;
  readonly answerMs: number;
  /** Null: nobody guards reads. */
  readonly role: string | null;
};

export function keyedAsk({ readers, sql, timeouts, answerMs }: Reading): Ask {
  const settings = commonSettings(timeouts);
  return (statements) =>
    readers.use(async (connection) => {
      const all = [settings, ...statements.map((one) => ({ ...one, sql: sql.of(one.sql) }))];
      return (await connection.run(all, answerMs)).slice(1);
    });
}

export function listAsk({ readers, sql, timeouts, answerMs, role }: Reading): ListAsk {
  return (workspaceId, statements) =>
    readers.use(async (connection) => {
      const settings = listSettings(timeouts, role === null || workspaceId === null ? null : { role, workspaceId });
      const all = [settings, ...statements.map((one) => ({ ...one, sql: sql.of(one.sql) }))];
      return (await connection.run(all, answerMs)).at(-1) ?? [];
    });
}
