/** The book in the calling thread. A transaction ends when its share of a turn is used up; the rest waits a turn. */
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import { type Book, type BookOptions, createBook } from './book.ts';
import { unwritable } from './lock.ts';
import { type OpenBook, openBook } from './open-book.ts';
import { StorageFault } from '../storage-fault.ts';
import type { Writer, WriterSettings } from './writer.ts';

export type InlineWriterParts = {
  readonly settings: WriterSettings;
  readonly clock: Clock;
  /** For measuring, never for the time of day; real even where the clock is held. */
  readonly pacing: Clock;
  readonly random: Random;
  /** Milliseconds of the loop's turn that one transaction may take; 0 for no bound. */
  readonly turnMsMax: number;
};

export type InlineWriter = Writer & {
  /** The writing connection, for reads in the same thread. */
  connection(): DatabaseSync;
};

const cursorKeyBytes = 32;

export function createInlineWriter({ settings, clock, pacing, random, turnMsMax }: InlineWriterParts): InlineWriter {
  let opened: { readonly store: OpenBook; readonly book: Book } | null = null;
  const current = (): { readonly store: OpenBook; readonly book: Book } => {
    if (opened === null) throw new StorageFault('unavailable', 'the store is not open');
    return opened;
  };
  return {
    async open() {
      const { file, pagesMax, checkpointPages } = settings;
      const store = openBook({ file, pagesMax, checkpointPages, drawKey: () => random.bytes(cursorKeyBytes) });
      try {
        opened = { store, book: createBook(store.db, bookOptions(settings, store, pacing), clock.nowMs()) };
      } catch (error) {
        store.close();
        throw unwritable(file, error);
      }
      return { epoch: store.epoch, cursorKey: store.cursorKey };
    },
    async apply(items) {
      if (turnMsMax === 0) return current().book.apply(items, clock.nowMs()).results;
      const endMs = pacing.monotonicMs() + turnMsMax;
      return current().book.apply(items, clock.nowMs(), () => pacing.monotonicMs() >= endMs).results;
    },
    maintain: async (nowMs) => current().book.maintain(nowMs),
    eraseHistory: async (workspaceId, past, cursor) => current().book.eraseHistory(workspaceId, past, cursor),
    eraseWorkspace: async (workspaceId, cursor) => current().book.eraseWorkspace(workspaceId, cursor),
    async close() {
      opened?.book.finish();
      opened?.store.close();
      opened = null;
    },
    connection: () => current().store.db,
  };
}

export function bookOptions(settings: WriterSettings, store: OpenBook, pacing: Clock): BookOptions {
  return {
    epoch: store.epoch,
    synced: store.synced,
    partitions: {
      rowsMax: settings.partitionRowsMax,
      ageMsMax: settings.partitionAgeMsMax,
      listRunRows: settings.listRunRows,
    },
    retention: {
      keepMs: settings.keepMs,
      sliceMsMax: settings.sliceMsMax,
      monotonicMs: () => pacing.monotonicMs(),
      freePagesMax: settings.freePagesMax,
    },
  };
}
