/** One batch as one transaction on one connection: find, decide, write, commit. */
import type { Prepared } from '../prepared.ts';
import { createDecider } from './batch-decisions.ts';
import { gatherKeys } from './batch-keys.ts';
import { findState } from './batch-state.ts';
import { createEffects } from './batch-writes.ts';
import { commitProof } from './commit-proof.ts';
import type { ItemResult } from '../batch-results.ts';
import type { BookParts } from './book.ts';
import type { Connection } from './connection.ts';
import type { Statement } from './pipeline.ts';
import { commonSettings } from './settings-local.ts';
import { createTally, type Tally, tallyStatement } from './tally.ts';

export type Transaction = Pick<BookParts, 'sql' | 'timeouts' | 'epoch'> & {
  readonly timeoutMs: number;
  readonly lanes: ReadonlyMap<string, string>;
  readonly carried: Tally;
  readonly day: number;
  readonly items: readonly Prepared[];
  readonly careful: boolean;
  /** Draws what no other batch has. */
  readonly word: () => string;
};

export type Outcome = {
  readonly results: readonly ItemResult[];
  readonly lanes: ReadonlyMap<string, string>;
  /** What was counted and not written. */
  readonly counted: Tally;
  /** Whether what was carried was written with it. */
  readonly flushed: boolean;
};

export async function transact(connection: Connection, given: Transaction): Promise<Outcome> {
  const { sql, timeouts, timeoutMs, lanes, carried, day, items, careful, epoch, word } = given;
  const knownLane = (webhookId: string): string | undefined => lanes.get(webhookId);
  const settings = commonSettings(timeouts);
  const keys = gatherKeys(items, knownLane);
  let committing: Committing | null = null;
  try {
    const state = await findState({ connection, sql, settings, timeoutMs, keys, careful });
    const effects = createEffects();
    const tally = createTally();
    const decider = createDecider({ state, effects, tally, day, epoch, knownLane });
    const results = items.map((item) => (item.kind === 'commit' ? decider.commit(item) : decider.record(item)));
    decider.finish();
    const flushed = tally.urgent();
    if (flushed) tally.add(carried);
    const written = effects.statements({ day, firstNumber: state.firstNumber });
    const proof = commitProof(effects.rows, { epoch, word });
    const writes: readonly Statement[] = [
      ...written,
      ...(written.length === 0 ? [] : proof.write),
      ...(flushed ? [tallyStatement(tally.rows(), epoch)] : []),
      { sql: 'COMMIT' },
    ];
    committing = { xid: state.xid, results, question: written.length === 0 ? null : proof.question };
    await connection.run(
      writes.map((one) => ({ ...one, sql: sql.of(one.sql) })),
      timeoutMs,
    );
    return { results, lanes: state.lanes, counted: flushed ? createTally() : tally, flushed };
  } catch (error) {
    if (!connection.usable() && committing !== null) throw new LostCommit(committing, error);
    if (connection.usable()) await connection.run([{ sql: 'ROLLBACK' }], timeoutMs);
    throw error;
  }
}

type Committing = {
  readonly xid: string;
  /** What its items are told if it did. */
  readonly results: readonly ItemResult[];
  /** Answers a row where the batch is there; null where it wrote nothing, and it is one whether it held or not. */
  readonly question: Statement | null;
};

/** The connection went while the transaction of this id was being committed: it may have held. */
export class LostCommit extends Error {
  readonly xid: string;
  readonly results: readonly ItemResult[];
  readonly question: Statement | null;

  constructor({ xid, results, question }: Committing, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'LostCommit';
    this.xid = xid;
    this.results = results;
    this.question = question;
  }
}
