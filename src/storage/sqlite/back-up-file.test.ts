import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { AssetwireError } from '../../core/errors.ts';
import { backUpFile } from './back-up-file.ts';
import { openBook } from './open-book.ts';

const folder = mkdtempSync(join(tmpdir(), 'assetwire-backup-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('A store that is being written is copied as of one moment, between two of its commits', () => {
  const file = join(folder, 'a.db');
  const book = openBook({ file, drawKey: () => new Uint8Array(32), pagesMax: 0, checkpointPages: 1_000 });
  const batch = (db: DatabaseSync): unknown =>
    db.prepare("SELECT value FROM meta WHERE key = 'batch'").get()?.['value'];
  try {
    book.db.exec("UPDATE meta SET value = 41 WHERE key = 'batch'");
    // A transaction that has not been committed belongs to nobody's backup, and does not stand in its way.
    book.db.exec("BEGIN IMMEDIATE; UPDATE meta SET value = 42 WHERE key = 'batch'");
    backUpFile(file, join(folder, 'a.copy'));
    book.db.exec('COMMIT');
    const copy = new DatabaseSync(join(folder, 'a.copy'), { readOnly: true });
    assert.equal(batch(copy), 41);
    assert.equal(copy.prepare('PRAGMA auto_vacuum').get()?.['auto_vacuum'], 2);
    copy.close();
    assert.equal(statSync(join(folder, 'a.copy')).mode & 0o777, 0o600);
    assert.equal(batch(book.db), 42);
  } finally {
    book.close();
  }
  // What was copied opens as a store of ours, and goes on from there.
  const again = openBook({
    file: join(folder, 'a.copy'),
    drawKey: () => new Uint8Array(32),
    pagesMax: 0,
    checkpointPages: 1_000,
  });
  assert.equal(batch(again.db), 41);
  again.close();
});

test('What is no store, or goes where something is, is refused by name and left as it was', () => {
  const refused = (run: () => void, pattern: RegExp): void =>
    assert.throws(run, (error) => error instanceof AssetwireError && pattern.test(error.message));
  refused(() => backUpFile(join(folder, 'none.db'), join(folder, 'x')), /must be a store to back up/);
  writeFileSync(join(folder, 'text.db'), 'x'.repeat(4_096));
  refused(() => backUpFile(join(folder, 'text.db'), join(folder, 'x')), /not a SQLite database/);
  writeFileSync(join(folder, 'taken'), 'something else');
  const file = join(folder, 'b.db');
  openBook({ file, drawKey: () => new Uint8Array(32), pagesMax: 0, checkpointPages: 1_000 }).close();
  refused(() => backUpFile(file, join(folder, 'taken')), /must be readable and writable/);
  assert.equal(statSync(join(folder, 'taken')).size, 'something else'.length);
});

test('A store that holds less than was confirmed is no good backup, and is called so', () => {
  const file = join(folder, 'c.db');
  openBook({ file, drawKey: () => new Uint8Array(32), pagesMax: 0, checkpointPages: 1_000 }).close();
  writeFileSync(`${file}-mark`, '7'.padStart(20, '0'));
  assert.throws(
    () => backUpFile(file, join(folder, 'c.copy')),
    (error) => error instanceof AssetwireError && /must hold everything it confirmed/.test(error.message),
  );
});
