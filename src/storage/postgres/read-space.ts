/** What each kind of row takes, as PostgreSQL knows it: sizes from its files, rows from its statistics. No table is read. */
import type { Space, SpaceRow } from '../../core/space.ts';
import { addedUp, assetTypes, kindOfTable } from '../space.ts';
import type { ListAsk } from './list-ask.ts';
import { keyOf, numberOf, numberOrNull, textOf } from './rows.ts';

const dayMs = 86_400_000;
/** A row of resources with its entries in indexes, beside its state. */
const rowBytes = 200;

/**
 * Tables that are there themselves, not what is divided into them; `reltuples` is -1 before the first analysis, and what was
 * written since is counted beside it.
 */
const tablesSql = `
SELECT c.relname, pg_total_relation_size(c.oid),
  greatest(c.reltuples, coalesce(s.n_live_tup, 0), 0)::int8
FROM pg_class m JOIN pg_class c ON c.relnamespace = m.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE m.oid = 'aw.meta'::regclass AND c.relkind = 'r'`;

/** Assets and all else that has a version lie in one table: so much of it is looked at, spread over it, to tell them apart. */
const sampledBytes = 8 * 1024 ** 2;
const resourcesSql = `
SELECT type, count(*), sum(pg_column_size(state))::int8 FROM aw.resources TABLESAMPLE SYSTEM ($1) GROUP BY type`;

export async function readSpace(ask: ListAsk): Promise<Space> {
  const tables = await ask(null, [{ sql: tablesSql }]);
  const days = await ask(null, [{ sql: 'SELECT kind, min(day) FROM aw.days WHERE NOT leaving GROUP BY kind' }]);
  const files = await ask(null, [
    { sql: 'SELECT coalesce(sum(files), 0)::int8, coalesce(sum(bytes), 0)::int8 FROM aw.blob_usage' },
  ]);
  const whole = tables.find(([name]) => textOf(name) === 'resources');
  const percent = Math.min(100, (100 * sampledBytes) / Math.max(1, numberOf(whole?.[1])));
  const types = await ask(null, [{ sql: resourcesSql, values: [String(percent)] }]);
  const since = new Map(days.map(([kind, day]) => [keyOf(kind), numberOrNull(day)]));
  const parts = tables.flatMap(([nameValue, bytesValue, rowsValue]): readonly SpaceRow[] => {
    const name = textOf(nameValue);
    const bytes = numberOf(bytesValue);
    if (name === 'resources') return shared(types, { bytes, sampled: percent / 100 });
    const kind = kindOfTable(name);
    const of = /^(changes|log|attempts)_/.exec(name)?.[1];
    const day = of === undefined ? null : (since.get(of) ?? null);
    const beside = /^(?:revisions|kept_for|bodies|blob_usage|search_|asset_touches)/.test(name);
    const rows = beside ? 0 : numberOf(rowsValue);
    return [{ kind, rows, bytes, sinceMs: day === null ? null : day * dayMs }];
  });
  const [count, bytes] = files[0] ?? [];
  return { measured: true, kinds: addedUp(parts), files: { count: numberOf(count), bytes: numberOf(bytes) } };
}

/** Its space is shared out by what the states in the sample weigh. */
function shared(
  types: Awaited<ReturnType<ListAsk>>,
  { bytes, sampled }: { readonly bytes: number; readonly sampled: number },
): readonly SpaceRow[] {
  const found = types.map(([type, count, stateBytes]) => ({
    ofAsset: assetTypes.includes(keyOf(type)),
    isAsset: keyOf(type) === 'asset',
    rows: Math.round(numberOf(count) / sampled),
    weight: numberOf(stateBytes) + numberOf(count) * rowBytes,
  }));
  const all = found.reduce((sum, { weight }) => sum + weight, 0);
  // A sample of a table that is almost empty may hold nothing; what it takes is counted all the same.
  if (all === 0) return [{ kind: 'other', rows: 0, bytes, sinceMs: null }];
  return found.map(({ ofAsset, isAsset, rows, weight }) => ({
    kind: ofAsset ? 'assets' : 'other',
    rows: !ofAsset || isAsset ? rows : 0,
    bytes: Math.round((weight / all) * bytes),
    sinceMs: null,
  }));
}
