import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { systemClock } from '../../runtime/clock.ts';
import { createReaderPool } from './reader-pool.ts';
import { createSqliteStorage } from './sqlite-storage.ts';
import { startWriterThread } from './start-writer-thread.ts';

const directory = mkdtempSync(join(tmpdir(), 'assetwire-readers-'));
after(() => rmSync(directory, { recursive: true, force: true }));

test('a reader that nobody asked anything for a while ends, and the next question is answered by another', async () => {
  const file = join(directory, 'assetwire.db');
  new DatabaseSync(file).close();
  let nowMs = 0;
  let fire = (): void => undefined;
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    timer: (_delayMs: number, then: () => void) => {
      fire = then;
      return { cancel: () => undefined };
    },
  };
  const pool = createReaderPool({ file, cursorKey: new Uint8Array(32), threadsMax: 2, waitingMax: 10, clock });
  // There is no table: that a thread says so is answer enough.
  const ask = async (): Promise<void> => {
    await assert.rejects(pool.reads.resources({ workspaceId: 'default', type: 'key', limit: 1 }), /no such table/);
  };
  assert.equal(pool.threads, 0);
  await ask();
  nowMs = 10_000;
  await ask();
  nowMs = 15_000;
  fire();
  assert.equal(pool.threads, 1, 'asked five seconds ago');
  nowMs = 30_000;
  fire();
  assert.equal(pool.threads, 0);
  await ask();
  assert.equal(pool.threads, 1);
  const asked = ask();
  // It is on its way to the thread, and no answer can have come.
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  nowMs = 90_000;
  fire();
  assert.equal(pool.threads, 1, 'one that has a question ends later');
  await asked;
  await pool.close();
});

test('where there is something to be quick for, the last reader stays however long nobody asks', async () => {
  const file = join(directory, 'kept.db');
  new DatabaseSync(file).close();
  let nowMs = 0;
  let fire = (): void => undefined;
  let keeps = true;
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    timer: (_delayMs: number, then: () => void) => {
      fire = then;
      return { cancel: () => undefined };
    },
  };
  const bounds = { threadsMax: 2, waitingMax: 10, keepsOne: () => keeps };
  const pool = createReaderPool({ file, cursorKey: new Uint8Array(32), clock, ...bounds });
  const ask = () =>
    assert.rejects(pool.reads.resources({ workspaceId: 'default', type: 'key', limit: 1 }), /no such table/);
  await Promise.all([ask(), ask()]);
  assert.equal(pool.threads, 2);
  nowMs = 60_000;
  fire();
  assert.equal(pool.threads, 1);
  nowMs = 120_000;
  fire();
  assert.equal(pool.threads, 1);
  keeps = false;
  nowMs = 180_000;
  fire();
  assert.equal(pool.threads, 0, 'it is looked at again');
  await pool.close();
});

test('a thread that was started before the first question answers it, and no other is made', async () => {
  const file = join(directory, 'warm.db');
  new DatabaseSync(file).close();
  const pool = createReaderPool({
    ...{ file, cursorKey: new Uint8Array(32), threadsMax: 2, waitingMax: 10 },
    clock: systemClock,
  });
  pool.warm();
  pool.warm();
  assert.equal(pool.threads, 1);
  await assert.rejects(pool.reads.resources({ workspaceId: 'default', type: 'key', limit: 1 }), /no such table/);
  assert.equal(pool.threads, 1);
  await pool.close();
});

test('a warm reader that cannot open the store tells whoever asks it, and nobody before', async () => {
  const file = join(directory, 'not-there', 'warm.db');
  const pool = createReaderPool({
    ...{ file, cursorKey: new Uint8Array(32), threadsMax: 2, waitingMax: 10 },
    clock: systemClock,
  });
  pool.warm();
  await assert.rejects(pool.reads.resources({ workspaceId: 'default', type: 'key', limit: 1 }), /unable to open/);
  await pool.close();
});

test('a store takes the writer that was started before it, for its first start only', async () => {
  const writerThread = startWriterThread();
  let ended = false;
  writerThread.once('exit', () => {
    ended = true;
  });
  const storage = createSqliteStorage({ file: join(directory, 'early.db'), clock: systemClock, writerThread });
  await storage.start();
  assert.equal(ended, false);
  await storage.stop();
  assert.equal(ended, true, 'its writer was another');
  await storage.start();
  assert.deepEqual(await storage.resources([{ workspaceId: 'default', type: 'key', id: 'key_none' }]), [null]);
  await storage.stop();
});

test('a reader that could not open the store is not asked again: once it can be opened, questions are answered', async () => {
  const file = join(directory, 'later', 'store.db');
  const pool = createReaderPool({
    ...{ file, cursorKey: new Uint8Array(32), threadsMax: 2, waitingMax: 10, keepsOne: () => true },
    clock: systemClock,
  });
  const ask = (says: RegExp) =>
    assert.rejects(pool.reads.resources({ workspaceId: 'default', type: 'key', limit: 1 }), says);
  pool.warm();
  await Promise.all([ask(/unable to open/), ask(/unable to open/)]);
  mkdirSync(join(directory, 'later'));
  new DatabaseSync(file).close();
  await ask(/no such table/);
  assert.equal(pool.threads, 1);
  await pool.close();
});

test('what waits for a thread to open the store is bounded as what waits for its answer', async () => {
  const file = join(directory, 'bounded.db');
  new DatabaseSync(file).close();
  const bounds = { threadsMax: 1, waitingMax: 2, cursorKey: new Uint8Array(32) };
  const pool = createReaderPool({ file, clock: systemClock, ...bounds });
  const ask = (says: RegExp) =>
    assert.rejects(pool.reads.resources({ workspaceId: 'default', type: 'key', limit: 1 }), says);
  await Promise.all([ask(/no such table/), ask(/no such table/), ask(/room for another read: 2 are waiting/)]);
  await ask(/no such table/);
  await pool.close();
});
