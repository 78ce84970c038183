/**
 * What each kind of row takes. SQLite could say it to the byte (`dbstat`), but only by reading every page of the file. So rows
 * are counted where that is cheap (partitions are numbered without gaps), a few hundred of each table are looked at, and the
 * pages that are in use are shared out by what they weigh: the sum is right, the shares are to a few in a hundred.
 */
import { existsSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Space, SpaceRow } from '../../core/space.ts';
import { addedUp, assetTypes, kindOfTable } from '../space.ts';
import { arrayStatement, numberOf, numberOrNull, textOf } from './rows.ts';
import { searchFileOf } from './search/search-file.ts';

/** Looked at of each table, from both of its ends. */
const sampledRows = 100;
/** Beyond it a count goes no further: the rest is not worth reading it. */
const countedRowsMax = 2_000_000;
/** What a row and its entries in indexes take beside its values. */
const rowBytes = 24;
const indexedBytes = 45;

export function readSpace(db: DatabaseSync): Space {
  const pragma = (name: string): number => numberOf(arrayStatement(db, `PRAGMA ${name}`).get()?.[0] ?? 0);
  const pageBytes = pragma('page_size');
  const free = pragma('freelist_count') * pageBytes;
  const used = pragma('page_count') * pageBytes - free;
  const weighed = [...tables(db), ...resources(db)];
  const weight = weighed.reduce((sum, { bytes }) => sum + bytes, 0);
  const shared = weighed.map((part) => ({
    ...part,
    bytes: weight === 0 ? 0 : Math.round((part.bytes / weight) * used),
  }));
  const [files, bytes] =
    arrayStatement(db, 'SELECT coalesce(sum(files), 0), coalesce(sum(bytes), 0) FROM blob_usage').get() ?? [];
  return {
    measured: false,
    kinds: addedUp([...shared, one('search', searchBytes(db)), one('free', free)]),
    files: { count: numberOf(files ?? 0), bytes: numberOf(bytes ?? 0) },
  };
}

const one = (kind: SpaceRow['kind'], bytes: number): SpaceRow => ({ kind, rows: 0, bytes, sinceMs: null });

/** Every table but that of resources; `bytes` are what they weigh. */
function tables(db: DatabaseSync): readonly SpaceRow[] {
  const names = arrayStatement(
    db,
    `SELECT t.name, t.sql, (SELECT count(*) FROM sqlite_schema i WHERE i.type = 'index' AND i.tbl_name = t.name)
     FROM sqlite_schema t WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'resources'`,
  ).all();
  return names.map(([nameValue, sqlValue, indexes]) => {
    const name = textOf(nameValue);
    const keyed = /\bWITHOUT ROWID\b/i.test(textOf(sqlValue));
    const partition = /^(?:changes|log|attempts)_\d+$/.test(name);
    const rows = partition ? numbered(db, name) : counted(db, name);
    // Rows of lists stand for those of their partition.
    const listed = name.endsWith('_listed');
    const each = rows === 0 ? 0 : averageBytes(db, name, { keyed }) + rowBytes + numberOf(indexes ?? 0) * indexedBytes;
    return {
      kind: kindOfTable(name),
      rows: listed || name === 'revisions' || name === 'kept_for' || name === 'bodies' ? 0 : rows,
      bytes: rows * each,
      sinceMs: partition ? openedAt(db, name) : null,
    };
  });
}

function resources(db: DatabaseSync): readonly SpaceRow[] {
  const counts = arrayStatement(db, 'SELECT type, count(*) FROM resources GROUP BY type').all();
  return counts.map(([typeValue, count]) => {
    const type = textOf(typeValue);
    const rows = numberOf(count ?? 0);
    const sample = arrayStatement(
      db,
      'SELECT avg(length(state) + length(id) * 2 + coalesce(length(alias), 0)) FROM (SELECT state, id, alias FROM resources WHERE type = ? LIMIT ?)',
    ).get(type, 2 * sampledRows);
    const each = (numberOrNull(sample?.[0] ?? null) ?? 0) + rowBytes + 2 * indexedBytes;
    const ofAsset = assetTypes.includes(type);
    return {
      kind: ofAsset ? 'assets' : 'other',
      rows: !ofAsset || type === 'asset' ? rows : 0,
      bytes: rows * each,
      sinceMs: null,
    };
  });
}

/** Rows of a partition are numbered one after another and leave with it. */
function numbered(db: DatabaseSync, name: string): number {
  const [first, last] = arrayStatement(
    db,
    `SELECT (SELECT rowid FROM ${name} ORDER BY rowid LIMIT 1), (SELECT rowid FROM ${name} ORDER BY rowid DESC LIMIT 1)`,
  ).get() ?? [null, null];
  return first === null || first === undefined ? 0 : numberOf(last ?? 0) - numberOf(first) + 1;
}

function counted(db: DatabaseSync, name: string): number {
  const [count] = arrayStatement(db, `SELECT count(*) FROM (SELECT 1 FROM ${name} LIMIT ?)`).get(countedRowsMax) ?? [];
  return numberOf(count ?? 0);
}

function averageBytes(db: DatabaseSync, name: string, { keyed }: { readonly keyed: boolean }): number {
  const columns = arrayStatement(db, 'SELECT name FROM pragma_table_info(?)')
    .all(name)
    .map(([column]) => textOf(column));
  const each = columns.map((column) => `coalesce(length("${column}"), 0)`).join(' + ');
  const from = keyed
    ? `SELECT ${each} AS bytes FROM ${name} LIMIT ${2 * sampledRows}`
    : `SELECT * FROM (SELECT ${each} AS bytes FROM ${name} ORDER BY rowid LIMIT ${sampledRows})
       UNION ALL SELECT * FROM (SELECT ${each} AS bytes FROM ${name} ORDER BY rowid DESC LIMIT ${sampledRows})`;
  return numberOrNull(arrayStatement(db, `SELECT avg(bytes) FROM (${from})`).get()?.[0] ?? null) ?? 0;
}

function openedAt(db: DatabaseSync, table: string): number | null {
  const [kind = '', n = ''] = table.split('_');
  const [at] =
    arrayStatement(
      db,
      "SELECT opened_at FROM partitions WHERE kind = ? AND n = ? AND state IN ('open', 'closed') AND opened_at > 0",
    ).get(kind, Number(n)) ?? [];
  return numberOrNull(at ?? null);
}

/** The index lies in a file of its own, with a log beside it. */
function searchBytes(db: DatabaseSync): number {
  const [file] = arrayStatement(db, "SELECT file FROM pragma_database_list WHERE name = 'main'").get() ?? [];
  const main = searchFileOf(textOf(file ?? ''));
  return [main, `${main}-wal`].reduce((sum, path) => sum + (existsSync(path) ? statSync(path).size : 0), 0);
}
