/**
 * Keeps the index in step with the store. Two ways, both of which only ever bring an asset to what it is in the store now,
 * so that they may run in any order, again, or be broken off:
 *
 * - Following: what the feed says was written, once per asset however often it was.
 * - Sweeping: all assets in the order of workspace and id, each compared by version. This is how an index is made, how it
 *   finds its way after a gap, and, slowly and for ever, how it is verified.
 *
 * How far both have come is written in the transaction that wrote the assets. Nothing here waits; a step takes some tens of
 * milliseconds at most.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '../../../core/json.ts';
import { arrayStatement, numberOf, numberOrNull, textOf, textOrNull } from '../rows.ts';
import { isDamage } from '../../damage.ts';
import { createFeed } from './feed.ts';
import { type FeedPlace, hasReached, type Written } from './feed-page.ts';
import { createIndexWriter, type Indexed, type IndexItem, type IndexWriter } from './index-writer.ts';
import { readMeta, writeMeta } from './search-file.ts';

export type Follower = {
  /** Takes in a handful of what was written; true where there is more. */
  follow(): boolean;
  /** Compares the next assets; `done` where that was the last. */
  sweep(rows: number): { readonly done: boolean; readonly mended: number };
  /** Whether every asset is in the index, as of its place. */
  built(): boolean;
  reached(head: FeedPlace): boolean;
  /**
   * Takes what was written to one workspace up to `head` in before everybody else's; true where all of it is in the index.
   * How far following has come is not changed by it: what comes twice is found to be there.
   */
  prefer(workspaceId: string, head: FeedPlace): boolean;
  head(): FeedPlace;
  /** Takes a handful of a workspace that is gone out of the index; true where nothing is left. */
  forget(workspaceId: string): boolean;
};

/** Assets written in one transaction of the index: a search that waits, waits for one of them at most in vain. */
const itemsPerWrite = 200;
/** Looked at again in each step, until all of them are in the index. */
const preferredMax = 4_000;

export function createFollower(store: DatabaseSync, index: DatabaseSync): Follower {
  const feed = createFeed(store);
  const writer = createIndexWriter(index);
  const assets = createAssetReader(store);
  const place = (): FeedPlace => ({
    seq: Number(readMeta(index, 'seq') ?? -1),
    touch: Number(readMeta(index, 'touch') ?? 0),
  });
  /** Everything is looked at; what is written meanwhile comes by the feed. */
  const startOver = (): void => {
    const { seq, touch } = feed.head();
    writeMeta(index, { seq, touch, built: 0, swept_workspace: '', swept_id: '' });
  };
  if (readMeta(index, 'seq') === null || !hasReached(feed.head(), place())) startOver();
  let waiting: Written[] = [];
  let reading: FeedPlace | null = null;

  return {
    follow() {
      if (waiting.length === 0) {
        const page = feed.read(place());
        if (page.gap) {
          startOver();
          return true;
        }
        if (hasReached(place(), page.place)) return false;
        waiting = distinct(page.written);
        reading = page.place;
      }
      const now = waiting.slice(0, itemsPerWrite);
      const last = now.length === waiting.length && reading !== null;
      const items = now
        .map((written) => assets.item(written))
        .filter((item): item is IndexItem => item !== null && differs(item, writer.indexed(item.workspaceId, item.id)));
      items.sort((a, b) => (a.id < b.id ? -1 : 1));
      writer.write(items, last ? { ...reading } : {});
      waiting = waiting.slice(now.length);
      return true;
    },
    sweep: createSweep(index, writer, assets),
    built: () => readMeta(index, 'built') === 1,
    reached: (head) => hasReached(place(), head),
    prefer(workspaceId, head) {
      const ids = feed.writtenIn(workspaceId, place(), head);
      // With so many it is quicker to take everything in turn.
      if (ids === null || ids.length > preferredMax) return false;
      const items: IndexItem[] = [];
      for (const id of ids) {
        const item = assets.asset(workspaceId, id);
        if (item === null || !differs(item, writer.indexed(workspaceId, id))) continue;
        items.push(item);
        if (items.length === itemsPerWrite) break;
      }
      items.sort((a, b) => (a.id < b.id ? -1 : 1));
      if (items.length > 0) writer.write(items, {});
      return items.length < itemsPerWrite;
    },
    head: feed.head,
    forget: writer.forget,
  };
}

/** A stretch of assets in the order of their ids; `end` null: the last of their workspace. */
type Stretch = { readonly workspaceId: string; readonly after: string; readonly end: string | null };

function createSweep(index: DatabaseSync, writer: IndexWriter, assets: AssetReader): Follower['sweep'] {
  const compared = function* ({ workspaceId }: Stretch, there: readonly VersionRow[]): Generator<IndexItem> {
    for (const row of there) {
      if (!isOther(row, writer.indexed(workspaceId, row.id))) continue;
      const item = assets.asset(workspaceId, row.id);
      if (item !== null) yield item;
    }
  };
  /** What the index has in the same stretch and the store has not. */
  const vanished = function* (
    { workspaceId, after, end }: Stretch,
    there: readonly VersionRow[],
    rows: number,
  ): Generator<IndexItem> {
    const known = new Set(there.map(({ id }) => id));
    for (let from = after; ; ) {
      const ids = writer.idsBehind(workspaceId, from, rows);
      for (const id of ids) {
        if (end !== null && id > end) return;
        if (!known.has(id)) yield { workspaceId, id, subject: null };
      }
      const last = ids.at(-1);
      if (last === undefined || ids.length < rows) return;
      from = last;
    }
  };
  const endOfSweep = (): { readonly done: boolean; readonly mended: number } => {
    const gone = writer.workspaces().filter((id) => !assets.hasWorkspace(id));
    for (const id of gone) if (!writer.forget(id)) return { done: false, mended: 1 };
    writeMeta(index, { built: 1, swept_workspace: '', swept_id: '' });
    return { done: true, mended: 0 };
  };
  return (rows) => {
    const sweptTo = String(readMeta(index, 'swept_workspace') ?? '');
    const [workspaceId, next] = assets.workspacesFrom(sweptTo);
    if (workspaceId === undefined) return endOfSweep();
    const after = workspaceId === sweptTo ? String(readMeta(index, 'swept_id') ?? '') : '';
    const there = assets.versions(workspaceId, after, rows);
    const end = there.length < rows ? null : (there.at(-1)?.id ?? null);
    const stretch = { workspaceId, after, end };
    const items = [...compared(stretch, there), ...vanished(stretch, there, rows)];
    writer.write(
      items,
      end === null
        ? { swept_workspace: next ?? behindAll, swept_id: '' }
        : { swept_workspace: workspaceId, swept_id: end },
    );
    return { done: false, mended: items.length };
  };
}

/** Sorts behind the name of every workspace. */
const behindAll = '\uffff';

function distinct(written: readonly Written[]): Written[] {
  const found = new Map<string, Written>();
  for (const one of written) found.set(`${one.workspace} ${one.id}`, one);
  return [...found.values()];
}

type VersionRow = { readonly id: string } & Indexed;

function isOther(row: Indexed, indexed: Indexed | null): boolean {
  return (
    indexed === null ||
    row.version !== indexed.version ||
    row.updatedAtMs !== indexed.updatedAtMs ||
    row.createdAtMs !== indexed.createdAtMs
  );
}

/** Whether the index has to be written for it. */
function differs({ subject }: IndexItem, indexed: Indexed | null): boolean {
  return subject === null ? indexed !== null : isOther(subject, indexed);
}

type AssetReader = {
  /** As it is now; null where its workspace is gone, with which it goes. */
  item(written: Written): IndexItem | null;
  asset(workspaceId: string, id: string): IndexItem | null;
  versions(workspaceId: string, after: string, limit: number): readonly VersionRow[];
  /** At most two: this one or the next, and the one behind it. */
  workspacesFrom(workspaceId: string): readonly string[];
  hasWorkspace(workspaceId: string): boolean;
};

function createAssetReader(db: DatabaseSync): AssetReader {
  const select = arrayStatement(
    db,
    `SELECT r.version, r.alias, r.created_at, r.updated_at, r.state FROM workspaces w CROSS JOIN resources r
     WHERE w.id = ? AND r.type = 'asset' AND r.workspace = w.n AND r.id = ?`,
  );
  const versions = arrayStatement(
    db,
    `SELECT r.id, r.version, r.created_at, r.updated_at FROM workspaces w CROSS JOIN resources r
     WHERE w.id = ? AND r.type = 'asset' AND r.workspace = w.n AND r.id > ? ORDER BY r.id LIMIT ?`,
  );
  const workspaces = arrayStatement(db, 'SELECT id FROM workspaces WHERE id >= ? ORDER BY id LIMIT 2');
  const nameOf = arrayStatement(db, 'SELECT id FROM workspaces WHERE n = ?');
  const exists = arrayStatement(db, 'SELECT 1 FROM workspaces WHERE id = ?');

  const asset = (workspaceId: string, id: string): IndexItem | null => {
    const row = select.get(workspaceId, id);
    if (row === undefined) return { workspaceId, id, subject: null };
    const alias = textOrNull(row[1]);
    return {
      workspaceId,
      id,
      subject: {
        id,
        version: numberOf(row[0]),
        ...(alias === null ? {} : { alias }),
        createdAtMs: numberOf(row[2]),
        updatedAtMs: numberOf(row[3]),
        state: stateOf(textOf(row[4])),
      },
    };
  };
  return {
    asset,
    item({ workspace, id }) {
      // Not remembered: after an erasure a number may be given to another workspace.
      const workspaceId = textOrNull(nameOf.get(workspace)?.[0]);
      return workspaceId === null ? null : asset(workspaceId, id);
    },
    versions: (workspaceId, after, limit) =>
      versions.all(workspaceId, after, limit).map((row) => ({
        id: textOf(row[0]),
        version: numberOf(row[1]),
        createdAtMs: numberOf(row[2]),
        updatedAtMs: numberOf(row[3]),
      })),
    workspacesFrom: (workspaceId) => workspaces.all(workspaceId).map((row) => textOf(row[0])),
    hasWorkspace: (workspaceId) => numberOrNull(exists.get(workspaceId)?.[0]) !== null,
  };
}

/** A damaged state is found by nothing. */
function stateOf(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch (error) {
    if (isDamage(error)) return {};
    throw error;
  }
}
