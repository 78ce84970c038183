/** `assetwire migrate --from sqlite --to postgres`: a whole installation, row by row, checked on both sides at the end. */
import { join } from 'node:path';
import { OperatorError } from '../runtime/operator-error.ts';
import { systemClock } from '../runtime/clock.ts';
import { type MovedRow, movedTables, type MovePart, type MoveSource, type MoveTarget } from '../storage/move.ts';
import { openMoveTarget } from '../storage/postgres/move-target.ts';
import { openMoveSource } from '../storage/sqlite/move-source.ts';
import { databaseName } from './choose-storage.ts';

export type MoveRequest = {
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly onProgress?: (progress: MovedSoFar) => void;
  readonly signal?: AbortSignal;
};

export type MovedSoFar = { readonly what: 'moving' | 'checking'; readonly done: number; readonly all: number };
export type Moved = { readonly rows: number; readonly byTable: { readonly [table: string]: number } };

const pageRows = 500;

/** Moves, goes on where an earlier call ended, and compares counts and hashes of every table. Throws where they differ. */
export async function moveInstallation({ dataDir, databaseUrl, onProgress, signal }: MoveRequest): Promise<Moved> {
  const source = openMoveSource(join(dataDir, databaseName));
  try {
    const target = await openMoveTarget(databaseUrl, systemClock);
    try {
      await moveRows(source, target, { onProgress, signal });
      const moved = await compare(source, target, { onProgress, signal });
      await target.finish();
      return moved;
    } finally {
      await target.close();
    }
  } finally {
    source.close();
  }
}

type Watching = { readonly onProgress: MoveRequest['onProgress']; readonly signal: AbortSignal | undefined };

async function moveRows(source: MoveSource, target: MoveTarget, { onProgress, signal }: Watching): Promise<void> {
  const progress = await target.begin(source.fingerprint);
  const all = source.parts.reduce((sum, { rows }) => sum + rows, 0);
  let done = Object.values(progress).reduce((sum, { rows }) => sum + rows, 0);
  for (const part of source.parts) {
    const before = progress[part.name];
    if (before !== undefined && before.after === null) continue;
    let after = before?.after ?? null;
    let rows = before?.rows ?? 0;
    do {
      signal?.throwIfAborted();
      const page = part.page(after, pageRows);
      ({ after } = page);
      rows += page.rows.length;
      done += page.rows.length;
      await target.put(part, page.rows, { after, rows });
      onProgress?.({ what: 'moving', done, all });
    } while (after !== null);
  }
}

/** Reads everything once more, and has the database add up what it holds. */
async function compare(source: MoveSource, target: MoveTarget, { onProgress, signal }: Watching): Promise<Moved> {
  const all = source.parts.reduce((sum, { rows }) => sum + rows, 0);
  const byTable: Record<string, number> = {};
  let done = 0;
  for (const table of movedTables) {
    let rows = 0;
    let sum = 0n;
    for (const page of pagesOf(source.parts.filter((part) => part.table === table))) {
      signal?.throwIfAborted();
      for (const row of page) sum += BigInt(`0x${target.printOf(table, row)}`);
      rows += page.length;
      done += page.length;
      onProgress?.({ what: 'checking', done, all });
      // The bar is drawn and a signal heard.
      await new Promise<void>((resolve) => void systemClock.timer(0, resolve));
    }
    const found = await target.sumOf(table);
    if (found.rows !== rows || found.sum !== String(sum)) throw differs(table, { rows, found: found.rows });
    byTable[table] = rows;
  }
  return { rows: done, byTable };
}

function* pagesOf(parts: readonly MovePart[]): Generator<readonly MovedRow[]> {
  for (const part of parts) {
    let after: string | null = null;
    do {
      const page = part.page(after, pageRows);
      ({ after } = page);
      yield page.rows;
    } while (after !== null);
  }
}

function differs(table: string, { rows, found }: { readonly rows: number; readonly found: number }): OperatorError {
  return new OperatorError(
    'store_unusable',
    `What was moved must be what was there: ${table} has ${rows} rows here and ${found} there${rows === found ? ', of another content' : ''}`,
    { mend: 'Drop the schema of the target (DROP SCHEMA assetwire CASCADE) and move again; the source is untouched' },
  );
}
