/**
 * Lists and counts of deliveries over queue and log. Both keep the position (order of commit) of a delivery, so a list is
 * a merge of sorted runs: one per lane with something pending, and one per partition and state of the log. A delivery
 * that ends while somebody pages keeps its place.
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { DeliverySummary } from '../../core/delivery.ts';
import { compileFilter } from '../../core/filter-evaluation.ts';
import type { Filter as ChangeFilter } from '../../core/filter.ts';
import { type CursorCodec, cursorNumber } from '../cursor.ts';
import type { DeliveryQuery, Page } from '../storage.ts';
import { createChangeReader } from './change-reader.ts';
import { createNamer, summaryOf } from './delivery-rows.ts';
import { type DeliveryFilter, type Run, runsOf } from './delivery-runs.ts';
import { pageLimit } from '../page.ts';
import { arrayStatement, isDamage, numberOf } from './rows.ts';

type Summaries = { row: readonly SQLOutputValue[]; position: number };

export type DeliveryLister = {
  list(query: DeliveryQuery): Page<DeliverySummary>;
  count(query: DeliveryFilter): number;
};

export function createDeliveryLister(db: DatabaseSync, cursors: CursorCodec): DeliveryLister {
  return {
    list: (query) => listDeliveries(db, cursors, query),
    count(query) {
      let count = 0;
      for (const run of runsOf(db, query, true)) {
        if (query.change !== undefined) {
          count += countMatching(db, run, query.change);
          continue;
        }
        count += numberOf(
          arrayStatement(db, `SELECT count(*) FROM ${run.counted ?? run.from}`).get(...run.values)?.[0],
        );
      }
      return count;
    },
  };
}

function listDeliveries(db: DatabaseSync, cursors: CursorCodec, query: DeliveryQuery): Page<DeliverySummary> {
  const newest = (query.order ?? 'newest') === 'newest';
  const scope = { workspaceId: query.workspaceId, list: `deliveries:${newest ? 'newest' : 'oldest'}` };
  const limit = pageLimit(query.limit);
  const behind = query.cursor === undefined ? null : cursorNumber(cursors.decode(scope, query.cursor)[0]);
  const rows = merge(db, { runs: runsOf(db, query, newest), newest, behind, count: limit + 1 });
  const namer = createNamer(db, query.workspaceId);
  const wanted = query.change === undefined ? null : createChangeTest(db, query.change);
  const items = rows
    .slice(0, limit)
    .filter(({ row }) => wanted === null || wanted(numberOf(row[changeSeqAt])))
    .map(({ row }) => summaryOf(row, namer));
  const last = rows[limit - 1];
  return {
    items,
    nextCursor: rows.length > limit && last !== undefined ? cursors.encode(scope, [last.position]) : null,
  };
}

/** The first `count` rows over all runs; runs that cannot matter any more are not read. */
function merge(
  db: DatabaseSync,
  { runs, newest, behind, count }: { runs: readonly Run[]; newest: boolean; behind: number | null; count: number },
): readonly Summaries[] {
  const sooner = (a: number, b: number): number => (newest ? b - a : a - b);
  const sorted = [...runs].sort((a, b) => sooner(a.bound, b.bound));
  let best: Summaries[] = [];
  for (const run of sorted) {
    const worst = best.length === count ? best[count - 1] : undefined;
    if (worst !== undefined && sooner(worst.position, run.bound) < 0) break;
    const place = behind === null ? '' : ` AND ${run.order} ${newest ? '<' : '>'} ?`;
    const rows = arrayStatement(
      db,
      `SELECT ${run.columns}, change_seq FROM ${run.from}${place} ORDER BY ${run.order} ${newest ? 'DESC' : 'ASC'} LIMIT ?`,
    ).all(...run.values, ...(behind === null ? [] : [behind]), count);
    if (rows.length === 0) continue;
    best = [...best, ...rows.map((row) => ({ row, position: numberOf(row[0]) }))]
      .sort((a, b) => sooner(a.position, b.position))
      .slice(0, count);
  }
  return best;
}

/** Behind the columns of a summary. */
const changeSeqAt = 18;

/** Whether a filter holds for the change of this number; a change that is gone or damaged fulfils none. */
function createChangeTest(db: DatabaseSync, filter: ChangeFilter): (seq: number) => boolean {
  const holds = compileFilter(filter);
  const changes = createChangeReader(db);
  return (seq) => {
    try {
      const change = changes.bySeq(seq);
      return change !== null && holds(change);
    } catch (error) {
      if (isDamage(error)) return false;
      throw error;
    }
  };
}

function countMatching(db: DatabaseSync, run: Run, filter: ChangeFilter): number {
  const wanted = createChangeTest(db, filter);
  const rows = arrayStatement(db, `SELECT change_seq FROM ${run.from}`).all(...run.values);
  return rows.filter(([seq]) => wanted(numberOf(seq))).length;
}
