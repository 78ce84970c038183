/** What a process does before it works on a database: it looks at the server, migrates, guards reads, and takes a number. */
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import { readServerFacts, refuseServer } from './check-server.ts';
import type { Connection } from './connection.ts';
import { dayOf, type Days } from './days.ts';
import { migrate, raiseNumberBase } from './migrate.ts';
import type { PostgresSettings } from './options.ts';
import { guardReads } from './request-role.ts';
import type { Sql } from './sql.ts';
import type { TroubleLogger } from './trouble.ts';

const cursorKeyBytes = 32;

export type Entering = {
  readonly settings: PostgresSettings;
  readonly random: Random;
  readonly clock: Clock;
  readonly sql: Sql;
  readonly days: Days;
  readonly logger: TroubleLogger | undefined;
  /** For what may take long: a migration of large tables. */
  readonly startTimeoutMs: number;
};

export type Entered = {
  readonly epoch: number;
  readonly cursorKey: Uint8Array;
  /** Reads of one workspace take on the role that sees its rows only. */
  readonly guarded: boolean;
  /** Some workspace has an index of searches. */
  readonly searched: boolean;
};

export async function enterDatabase(
  connection: Connection,
  { settings, random, clock, sql, days, logger, startTimeoutMs }: Entering,
): Promise<Entered> {
  refuseServer(await readServerFacts(connection, settings.statementTimeoutMs), settings.acceptWeakDurability);
  await migrate(connection, { sql, timeoutMs: startTimeoutMs });
  await raiseNumberBase(connection, { sql, timeoutMs: startTimeoutMs });
  const { requestRole: role } = settings;
  const guarded = role !== null && (await guardReads(connection, { sql, timeoutMs: startTimeoutMs, role }));
  if (role !== null && !guarded) logger?.warn?.({ role }, 'storage.reads_unguarded');
  await days.ensureAhead(connection, dayOf(clock.nowMs()));
  const drawn = Buffer.from(random.bytes(cursorKeyBytes)).toString('hex');
  const [, keyRows, epochRows, searchedRows] = await connection.run(
    [
      {
        sql: sql.of("INSERT INTO aw.meta (key, value) VALUES ('cursor_key', $1) ON CONFLICT DO NOTHING"),
        values: [drawn],
      },
      { sql: sql.of("SELECT value FROM aw.meta WHERE key = 'cursor_key'") },
      { sql: sql.of("SELECT nextval('aw.epochs')") },
      { sql: sql.of('SELECT EXISTS (SELECT 1 FROM aw.search_spaces)') },
    ],
    startTimeoutMs,
  );
  return {
    epoch: Number(epochRows?.[0]?.[0]),
    cursorKey: Buffer.from(keyRows?.[0]?.[0] ?? drawn, 'hex'),
    guarded,
    searched: searchedRows?.[0]?.[0] === 't',
  };
}
