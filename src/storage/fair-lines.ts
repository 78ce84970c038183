/**
 * What waits for its transaction: a line for each workspace, taken in turns, so that who has much to write does not stand
 * before who has little. A turn is worth so many rows; what an item costs beyond that is saved up for over several turns
 * (deficit round robin). Within a workspace records of attempts go before commits, and each kind goes as it came.
 */
import { createDeque, type Deque } from '../core/deque.ts';

/** Records end work that has been done; commits begin some. */
export type Urgency = 'record' | 'commit';

export type Entry = {
  readonly workspaceId: string;
  readonly urgency: Urgency;
  readonly rows: number;
  readonly bytes: number;
};

/** Of what waits. */
export type Amount = { readonly items: number; readonly bytes: number };

export type BatchLimits = {
  /** One transaction. An item that is larger alone goes alone. */
  readonly batchItemsMax: number;
  readonly batchRowsMax: number;
  readonly batchBytesMax: number;
};

export type FairLines<Item extends Entry> = {
  push(entry: Item): void;
  /** As much as one transaction may take; empty only where nothing waits. */
  take(limits: BatchLimits): Item[];
  /** What was taken last and not done goes first in the next one, in the order it was taken. */
  giveBack(entries: readonly Item[]): void;
  waiting(urgency: Urgency): Amount;
  /** Of one workspace, without what was given back. */
  waitingOf(workspaceId: string, urgency: Urgency): Amount;
  /** Workspaces that have a line, empty or not. */
  readonly known: number;
};

type Line<Item> = {
  readonly workspaceId: string;
  readonly record: Deque<Item>;
  readonly commit: Deque<Item>;
  readonly bytes: Record<Urgency, number>;
  /** Rows it may still take in its turn, or has saved up for the next. */
  credit: number;
  inTurn: boolean;
};

/** A few events' worth: less would only cut a stream into smaller pieces, more would make everybody wait for a burst. */
export const turnRows = 32;
/** Workspaces whose line is kept while it is empty. */
const linesKept = 1_000;

const none: Amount = { items: 0, bytes: 0 };

export function createFairLines<Item extends Entry>(): FairLines<Item> {
  const lines = new Map<string, Line<Item>>();
  /** Those in which something waits. The turn is the first one's. */
  const ring = createDeque<Line<Item>>();
  const total = { record: { items: 0, bytes: 0 }, commit: { items: 0, bytes: 0 } };
  let returned: readonly Item[] = [];
  let turnBegun = false;

  const count = ({ urgency, bytes }: Item, sign: 1 | -1): void => {
    total[urgency].items += sign;
    total[urgency].bytes += sign * bytes;
  };

  /** The next one whose turn it is; turns of those that have had what they may end on the way. */
  const next = (): Item | undefined => {
    for (let line = ring.peek(); line !== undefined; line = ring.peek()) {
      if (!turnBegun) line.credit += turnRows;
      turnBegun = true;
      const entry = frontOf(line);
      if (entry !== undefined && entry.rows <= line.credit) return entry;
      endTurn(line);
    }
    return undefined;
  };

  const endTurn = (line: Line<Item>): void => {
    ring.shift();
    turnBegun = false;
    if (frontOf(line) !== undefined) {
      ring.push(line);
      return;
    }
    line.inTurn = false;
    line.credit = 0;
    if (lines.size > linesKept) lines.delete(line.workspaceId);
  };

  return {
    push(entry) {
      let line = lines.get(entry.workspaceId);
      if (line === undefined) {
        line = emptyLine(entry.workspaceId);
        lines.set(entry.workspaceId, line);
      }
      line[entry.urgency].push(entry);
      line.bytes[entry.urgency] += entry.bytes;
      count(entry, 1);
      if (line.inTurn) return;
      line.inTurn = true;
      ring.push(line);
    },
    take(limits) {
      const batch = createBatch<Item>(limits);
      for (const entry of returned) batch.add(entry);
      returned = [];
      for (let entry = next(); entry !== undefined && batch.fits(entry); entry = next()) {
        takeOut(ring.peek(), entry);
        batch.add(entry);
      }
      for (const entry of batch.entries) count(entry, -1);
      return batch.entries;
    },
    giveBack(entries) {
      returned = entries;
      for (const entry of entries) count(entry, 1);
    },
    waiting: (urgency) => total[urgency],
    waitingOf(workspaceId, urgency) {
      const line = lines.get(workspaceId);
      return line === undefined ? none : { items: line[urgency].length, bytes: line.bytes[urgency] };
    },
    get known() {
      return lines.size;
    },
  };
}

function emptyLine<Item>(workspaceId: string): Line<Item> {
  return {
    workspaceId,
    record: createDeque<Item>(),
    commit: createDeque<Item>(),
    bytes: { record: 0, commit: 0 },
    credit: 0,
    inTurn: false,
  };
}

function frontOf<Item>({ record, commit }: Line<Item>): Item | undefined {
  return record.peek() ?? commit.peek();
}

function takeOut<Item extends Entry>(line: Line<Item> | undefined, { urgency, rows, bytes }: Item): void {
  if (line === undefined) return;
  line[urgency].shift();
  line.bytes[urgency] -= bytes;
  line.credit -= rows;
}

type Batch<Item> = { readonly entries: Item[]; fits(entry: Item): boolean; add(entry: Item): void };

function createBatch<Item extends Entry>({ batchItemsMax, batchRowsMax, batchBytesMax }: BatchLimits): Batch<Item> {
  const entries: Item[] = [];
  let [rows, bytes] = [0, 0];
  return {
    entries,
    fits: (entry) =>
      entries.length === 0 ||
      (entries.length < batchItemsMax && rows + entry.rows <= batchRowsMax && bytes + entry.bytes <= batchBytesMax),
    add(entry) {
      entries.push(entry);
      rows += entry.rows;
      bytes += entry.bytes;
    },
  };
}
