/** A reader's thread: a read-only connection and the lists over it, and the search index beside it. */
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../runtime/clock.ts';
import { createCursorCodec } from '../cursor.ts';
import type { AssetQuery } from '../contract/list-queries.ts';
import { createListReads, type ListReads } from './list-reads.ts';
import { searchFileOf } from './search/search-file.ts';
import { createSearchReader, type SearchAsk, type SearchReader } from './search/search-reader.ts';
import { answerCalls, type Request } from '../thread-call.ts';
import { storageFaultOf } from './sqlite-error.ts';

let db: DatabaseSync | null = null;
let reads: ListReads | null = null;
let searcher: SearchReader | null = null;

function answer({ name, values }: Request): unknown {
  if (name === 'open') {
    const [file, cursorKey] = values as [string, Uint8Array];
    db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    db.exec('PRAGMA cache_size = -16384; PRAGMA query_only = ON');
    reads = createListReads(db, cursorKey);
    searcher = createSearchReader({
      store: db,
      file: searchFileOf(file),
      cursors: createCursorCodec(cursorKey),
      monotonicMs: () => systemClock.monotonicMs(),
    });
    return null;
  }
  if (name === 'search' && searcher !== null) return searcher.search(values[0] as AssetQuery, values[1] as SearchAsk);
  if (name === 'close') {
    searcher?.close();
    db?.close();
    return null;
  }
  if (reads === null || !Object.hasOwn(reads, name)) throw new Error(`The reader must know the read: ${name}`);
  const read = reads[name as keyof ListReads] as (...given: readonly unknown[]) => unknown;
  return read(...values);
}

answerCalls(answer, storageFaultOf);
