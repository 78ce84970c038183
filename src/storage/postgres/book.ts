/**
 * Everything a batch does: one transaction, two round trips. The first locks and reads what the batch touches, in between
 * everything is decided here, the second writes and commits.
 *
 * A deadlock, a serialisation failure or a race for a key runs the same batch again, at most three times with a pause drawn
 * by lot. What still fails is done item by item, so that one item never fails its mates. Where the connection is lost while
 * the commit is under way, the server is asked afterwards whether it held: whoever waits is told the truth.
 */
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { ItemResult } from '../batch-results.ts';
import type { Prepared } from '../prepared.ts';
import { LostCommit, transact } from './batch-transaction.ts';
import type { Connection } from './connection.ts';
import { dayOf, type Days } from './days.ts';
import type { Pool } from './pool.ts';
import { faultOf } from './postgres-error.ts';
import { commonSettings, type Timeouts } from './settings-local.ts';
import type { Sql } from './sql.ts';
import { createTally, type TallyRow, tallyStatement } from './tally.ts';

export type BookParts = {
  readonly pool: Pool;
  readonly sql: Sql;
  readonly days: Days;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly pacing: Clock;
  readonly random: Random;
  /** The number this process writes under: epoch of what was never leased, and writer of its own rows of statistics. */
  readonly epoch: number;
};

export type Book = {
  apply(items: readonly Prepared[]): Promise<readonly ItemResult[]>;
  /** Writes the counts that are carried in memory. */
  flushCounts(): Promise<void>;
  /** The lanes that are known may be gone: a workspace was erased. */
  forget(): void;
};

const triesMax = 3;
/** More lanes than this in memory and we start over: a bound, not a working size. */
const lanesMax = 100_000;
/** How long a caller waits to hear whether a commit held whose connection was lost. */
const lostMsMax = 3_000;
/** A connection's answer may take this much longer than a statement may run. */
const answerMarginMs = 1_000;

export function createBook(parts: BookParts): Book {
  const { pool, timeouts, pacing, random } = parts;
  const timeoutMs = timeouts.statementTimeoutMs + answerMarginMs;
  const lanes = new Map<string, string>();
  /** Accepted and not yet written. */
  let carried = createTally();

  const attempt = async (items: readonly Prepared[], careful: boolean): Promise<readonly ItemResult[]> => {
    const day = dayOf(parts.clock.nowMs());
    return pool.use(async (connection) => {
      await parts.days.ensure(connection, day);
      const outcome = await transact(connection, { ...parts, timeoutMs, lanes, carried, day, items, careful, word });
      if (outcome.flushed) carried = createTally();
      carried.add(outcome.counted);
      if (lanes.size > lanesMax) lanes.clear();
      for (const [webhookId, workspaceId] of outcome.lanes) lanes.set(webhookId, workspaceId);
      return outcome.results;
    });
  };
  const word = (): string => Buffer.from(random.bytes(16)).toString('hex');
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      pacing.timer(5 + random.fraction() * 45, resolve);
    });
  const oneByOne = async (items: readonly Prepared[]): Promise<readonly ItemResult[]> => {
    const results: ItemResult[] = [];
    for (const item of items) results.push(...(await persist([item])));
    return results;
  };
  const persist = async (items: readonly Prepared[]): Promise<readonly ItemResult[]> => {
    let careful = false;
    for (let tries = 0; ; tries += 1) {
      try {
        return await attempt(items, careful);
      } catch (error) {
        if (error instanceof LostCommit) return settleLost(parts, error, pause);
        const fault = faultOf(error);
        if (fault.kind === 'full' || fault.kind === 'unavailable') throw error;
        if (fault.kind === 'again' && tries < triesMax) {
          careful = true;
          await pause();
          continue;
        }
        const [item] = items;
        if (items.length > 1) return oneByOne(items);
        if (item === undefined || (fault.kind === 'again' && fault.sqlState !== '23505')) throw error;
        return [refused(item, fault.detail, fault.sqlState === '23505')];
      }
    }
  };
  return {
    apply: persist,
    async flushCounts() {
      const taken = carried;
      carried = createTally();
      try {
        await writeCounts(parts, taken.rows(), timeoutMs);
      } catch (error) {
        carried.add(taken);
        throw error;
      }
    },
    forget: () => lanes.clear(),
  };
}

async function writeCounts(
  { pool, sql, timeouts, epoch }: BookParts,
  rows: readonly TallyRow[],
  timeoutMs: number,
): Promise<void> {
  if (rows.length === 0) return;
  const statements = [commonSettings(timeouts), tallyStatement(rows, epoch)];
  await pool.use((connection) =>
    connection.run(
      statements.map((one) => ({ ...one, sql: sql.of(one.sql) })),
      timeoutMs,
    ),
  );
}

/**
 * Asks a new connection what became of a commit, for as long as a caller may be kept waiting. Its transaction has to be over;
 * whether it held, what it wrote tells.
 */
async function settleLost(
  { pool, sql, timeouts, pacing }: BookParts,
  lost: LostCommit,
  pause: () => Promise<void>,
): Promise<readonly ItemResult[]> {
  const { question } = lost;
  if (question === null) return lost.results;
  const endMs = pacing.monotonicMs() + lostMsMax;
  const ask = async (connection: Connection): Promise<'held' | 'gone' | 'open'> => {
    if ((await statusOf(connection, lost.xid)) === 'in progress') return 'open';
    const found = await connection.run(
      [commonSettings(timeouts), { ...question, sql: sql.of(question.sql) }],
      lostMsMax,
    );
    return (found[1] ?? []).length > 0 ? 'held' : 'gone';
  };
  for (;;) {
    const became = await pool.use(ask).catch(() => 'open' as const);
    if (became === 'held') return lost.results;
    if (became === 'gone' || pacing.monotonicMs() > endMs) throw lost.cause;
    await pause();
  }
}

/** Null where the server has given out no such id since it recovered. */
async function statusOf(connection: Connection, xid: string): Promise<string | null> {
  try {
    const [rows] = await connection.run([{ sql: 'SELECT pg_xact_status($1::xid8)', values: [xid] }], lostMsMax);
    return rows?.[0]?.[0] ?? null;
  } catch (error) {
    if (connection.usable() && faultOf(error).sqlState === '22023') return null;
    throw error;
  }
}

/** A broken key is the item's own; anything else is a bug of ours, told as such. */
function refused(item: Prepared, detail: string, byKey: boolean): ItemResult {
  if (item.kind === 'record' || !byKey) return { status: 'failed', detail };
  const id = item.changes[0]?.id ?? item.deliveries[0]?.id ?? item.resources[0]?.id ?? '';
  return { status: 'rejected', code: 'already_exists', detail: `The item of ${id} must fit what is stored: ${detail}` };
}
