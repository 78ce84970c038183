/**
 * What has been written to assets since a place: the changes whose subject is an asset, by their numbers, and the touches,
 * which are there for writes without such a change. Reads of the store only.
 */
import type { DatabaseSync } from 'node:sqlite';
import { changesStride, readPartitions } from '../partitions.ts';
import { type ArrayStatement, arrayStatement, numberOf, numberOrNull, textOf } from '../rows.ts';
import { partitionTable, touchesKept } from '../schema.ts';
import type { FeedPage, FeedPlace, Written } from './feed-page.ts';
import { createTail } from './tail.ts';

export type Feed = {
  read(after: FeedPlace): FeedPage;
  /** The place behind everything that is committed. */
  head(): FeedPlace;
  /**
   * What was written to assets of one workspace behind a place and up to another, each once; null where that is not known
   * yet, or so much was written that looking through it takes longer than waiting.
   */
  writtenIn(workspaceId: string, after: FeedPlace, head: FeedPlace): readonly string[] | null;
};

const rowsPerPage = 4_000;
const assetPrefix = 'asset:';

export function createFeed(db: DatabaseSync): Feed {
  const touches = arrayStatement(db, 'SELECT n, workspace, id FROM asset_touches WHERE n > ? ORDER BY n LIMIT ?');
  const lastTouch = arrayStatement(db, 'SELECT max(n) FROM asset_touches');
  const statements = new Map<string, ArrayStatement>();
  const statement = (sql: string): ArrayStatement => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    if (statements.size > 64) statements.clear();
    const made = arrayStatement(db, sql);
    statements.set(sql, made);
    return made;
  };
  const visible = (): ReturnType<typeof readPartitions> =>
    readPartitions(db, 'changes').filter(({ state }) => state === 'open' || state === 'closed');
  const lastOf = (n: number): number =>
    numberOrNull(statement(`SELECT max(seq) FROM ${partitionTable('changes', n)}`).get()?.[0]) ?? n * changesStride - 1;

  const readChanges = (after: number): FeedPage => {
    const partitions = visible();
    const written: Written[] = [];
    let seq = after;
    const first = partitions[0]?.n ?? 0;
    const gap = after + 1 < first * changesStride;
    for (const { n, state } of partitions) {
      const end = (n + 1) * changesStride;
      if (end <= seq + 1) continue;
      const rows = statement(
        `SELECT seq, workspace, subject FROM ${partitionTable('changes', n)} WHERE seq > ? ORDER BY seq LIMIT ?`,
      ).all(seq, rowsPerPage - written.length);
      for (const row of rows) {
        const subject = textOf(row[2]);
        seq = numberOf(row[0]);
        if (subject.startsWith(assetPrefix))
          written.push({ workspace: numberOf(row[1]), id: subject.slice(assetPrefix.length) });
      }
      if (rows.length > 0 || state === 'open') return { written, place: { seq, touch: 0 }, more: rows.length > 0, gap };
      // Nothing is written to a closed one any more: it may go.
      seq = end - 1;
    }
    return { written, place: { seq, touch: 0 }, more: false, gap };
  };
  const read = ({ seq, touch }: FeedPlace): FeedPage => {
    const changes = readChanges(seq);
    const touched = touches.all(touch, rowsPerPage);
    return {
      written: [...changes.written, ...touched.map((row) => ({ workspace: numberOf(row[1]), id: textOf(row[2]) }))],
      place: { seq: changes.place.seq, touch: numberOrNull(touched.at(-1)?.[0]) ?? touch },
      more: changes.more || touched.length === rowsPerPage,
      gap: changes.gap || touch < (numberOrNull(lastTouch.get()?.[0]) ?? 0) - touchesKept,
    };
  };
  return {
    read,
    writtenIn: createLookThrough(db, read),
    head() {
      const last = visible().at(-1);
      return {
        seq: last === undefined ? -1 : lastOf(last.n),
        touch: numberOrNull(lastTouch.get()?.[0]) ?? 0,
      };
    },
  };
}

/** See `Feed.writtenIn`. */
function createLookThrough(db: DatabaseSync, read: Feed['read']): Feed['writtenIn'] {
  const numberOfWorkspace = arrayStatement(db, 'SELECT n FROM workspaces WHERE id = ?');
  const tail = createTail(read);
  return (workspaceId, after, head) => {
    const workspace = numberOrNull(numberOfWorkspace.get(workspaceId)?.[0]);
    return workspace === null ? [] : tail.writtenIn(workspace, after, head);
  };
}
