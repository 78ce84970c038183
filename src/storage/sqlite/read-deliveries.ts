/**
 * Lists and counts of deliveries over queue and log. Both keep the position (order of commit) of a delivery, so a list is
 * a merge of sorted runs: one per lane with something pending, and one per partition and state of the log. A delivery
 * that ends while somebody pages keeps its place.
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { DeliverySummary } from '../../core/delivery.ts';
import { compileFilter } from '../../core/filter-evaluation.ts';
import type { Filter as ChangeFilter } from '../../core/filter.ts';
import { limits } from '../../core/limits.ts';
import { type CursorCodec, cursorNumber } from '../cursor.ts';
import type { DeliveryQuery, Page } from '../contract/list-queries.ts';
import { createChangeReader } from './change-reader.ts';
import { createNamer, summaryOf } from './delivery-rows.ts';
import { type DeliveryFilter, type Run, runsOf } from './delivery-runs.ts';
import { pageLimit } from '../page.ts';
import { arrayStatement, numberOf, numberOrNull } from './rows.ts';
import { isDamage } from '../damage.ts';

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
  const { rows, horizon } = merge(db, { runs: runsOf(db, query, newest), newest, behind, count: limit + 1 });
  const namer = createNamer(db, query.workspaceId);
  const wanted = query.change === undefined ? null : createChangeTest(db, query.change);
  const items = rows
    .slice(0, limit)
    .filter(({ row }) => wanted === null || wanted(numberOf(row[changeSeqAt])))
    .map(({ row }) => summaryOf(row, namer));
  const next = rows.length > limit ? (rows[limit - 1]?.position ?? null) : horizon;
  return { items, nextCursor: next === null ? null : cursors.encode(scope, [next]) };
}

/** Of every run a page looks at so many rows at least, so that it comes on. */
const lookedPerRunMin = 200;

type Merge = {
  readonly runs: readonly Run[];
  readonly newest: boolean;
  readonly behind: number | null;
  readonly count: number;
};

/**
 * The first `count` rows over all runs; runs that cannot matter any more are not read. A page looks at a bounded number of
 * rows: what lies behind the place where the first run had to stop (`horizon`) is left for the next one.
 */
function merge(
  db: DatabaseSync,
  { runs, newest, behind, count }: Merge,
): { readonly rows: readonly Summaries[]; readonly horizon: number | null } {
  const sooner = (a: number, b: number): number => (newest ? b - a : a - b);
  const sorted = [...runs].sort((a, b) => sooner(a.bound, b.bound));
  const [direction, beyond, upTo] = newest ? ['DESC', '<', '>='] : ['ASC', '>', '<='];
  let best: Summaries[] = [];
  let horizon: number | null = null;
  let looked = 0;
  for (const run of sorted) {
    const worst = best.length === count ? best[count - 1] : undefined;
    if (worst !== undefined && sooner(worst.position, run.bound) < 0) break;
    if (horizon !== null && sooner(horizon, run.bound) < 0) break;
    const place = behind === null ? '' : ` AND ${run.order} ${beyond} ?`;
    const placed = behind === null ? [] : [behind];
    let edge: number | null = null;
    if (run.looked !== undefined) {
      const rows = Math.max(lookedPerRunMin, Math.floor((limits.rowsPerPageMax - looked) / 2));
      const first = arrayStatement(
        db,
        `SELECT count(*), ${newest ? 'min' : 'max'}(n) FROM (
           SELECT ${run.order} AS n FROM ${run.looked.from}${place} ORDER BY ${run.order} ${direction} LIMIT ?)`,
      ).get(...run.looked.values, ...placed, rows);
      const seen = numberOf(first?.[0]);
      looked += seen;
      if (seen === rows) edge = numberOrNull(first?.[1]);
      if (edge !== null && (horizon === null || sooner(edge, horizon) < 0)) horizon = edge;
    }
    const until = edge === null ? '' : ` AND ${run.order} ${upTo} ?`;
    const rows = arrayStatement(
      db,
      `SELECT ${run.columns}, change_seq FROM ${run.from}${place}${until} ORDER BY ${run.order} ${direction} LIMIT ?`,
    ).all(...run.values, ...placed, ...(edge === null ? [] : [edge]), count);
    if (rows.length === 0) continue;
    best = [...best, ...rows.map((row) => ({ row, position: numberOf(row[0]) }))]
      .sort((a, b) => sooner(a.position, b.position))
      .slice(0, count);
  }
  const end = horizon;
  return { rows: end === null ? best : best.filter(({ position }) => sooner(position, end) <= 0), horizon };
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
