/**
 * Whether the settings that make a commit last are in force where the store lies. SQLite falls back silently where a file
 * system cannot do what is asked (no shared memory for the log on some network mounts), so they are read back from a
 * database of a moment, opened the way the store is opened.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openBook } from './open-book.ts';
import { arrayStatement } from './rows.ts';

export type Durability = { readonly ok: boolean; readonly detail: string };

const full = 2;

/** Makes a directory of its own in `directory`, and takes it away again. Throws where nothing can be made there. */
export function checkDurability(directory: string): Durability {
  const place = mkdtempSync(join(directory, '.doctor-'));
  try {
    const file = join(place, 'probe.db');
    const book = openBook({ file, drawKey: () => new Uint8Array(32), pagesMax: 0, checkpointPages: 1_000 });
    try {
      const read = (pragma: string): unknown => arrayStatement(book.db, `PRAGMA ${pragma}`).get()?.[0];
      const journal = String(read('journal_mode'));
      const synchronous = Number(read('synchronous'));
      const ok = journal === 'wal' && synchronous >= full;
      return {
        ok,
        detail: `journal_mode ${journal}, synchronous ${synchronous === full ? 'full' : String(synchronous)}`,
      };
    } finally {
      book.close();
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
