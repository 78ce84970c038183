/** The writer's thread: opens the book and applies one batch after another. */
import { systemClock } from '../../runtime/clock.ts';
import { type Book, createBook } from './book.ts';
import { bookOptions } from './inline-writer.ts';
import { unwritable } from './lock.ts';
import { type OpenBook, openBook } from './open-book.ts';
import { answerCalls, type Request } from '../thread-call.ts';
import { storageFaultOf } from './sqlite-error.ts';
import { decodeBatch, encodeResults, type WireBatch } from './wire.ts';
import type { ErasedPast } from '../../core/erased-past.ts';
import type { EraseCursor } from '../storage.ts';
import type { WriterSettings } from './writer.ts';

let store: OpenBook | null = null;
let book: Book | null = null;

function open(settings: WriterSettings, cursorKey: Uint8Array, nowMs: number): unknown {
  const { file, pagesMax, checkpointPages } = settings;
  store = openBook({ file, pagesMax, checkpointPages, drawKey: () => cursorKey });
  try {
    book = createBook(store.db, bookOptions(settings, store, systemClock), nowMs);
  } catch (error) {
    store.close();
    throw unwritable(file, error);
  }
  return { epoch: store.epoch, cursorKey: store.cursorKey };
}

function answer({ name, values }: Request): unknown {
  if (name === 'open') {
    const [settings, cursorKey, nowMs] = values as [WriterSettings, Uint8Array, number];
    return open(settings, cursorKey, nowMs);
  }
  if (name === 'close') {
    book?.finish();
    store?.close();
    store = null;
    return null;
  }
  if (book === null) throw new Error('The book must be open');
  if (name === 'maintain') return book.maintain(values[0] as number);
  if (name === 'eraseWorkspace') return book.eraseWorkspace(values[0] as string, values[1] as EraseCursor | null);
  if (name === 'eraseHistory') {
    return book.eraseHistory(values[0] as string, values[1] as ErasedPast, values[2] as EraseCursor | null);
  }
  const [batch, nowMs] = values as [WireBatch, number];
  return encodeResults(book.apply(decodeBatch(batch), nowMs).results);
}

answerCalls(answer, storageFaultOf);
