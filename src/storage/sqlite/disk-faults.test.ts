import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { WebhookId } from '../../core/ids.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Storage } from '../storage.ts';
import { createIdSource } from '../../core/id-source.ts';
import { sampleCommit, sampleRecord } from '../testing/samples.ts';
import { seededBytes } from '../testing/world.ts';
import { checkStore } from './inspect-file.ts';
import { applicationId, schemaVersion } from './schema.ts';
import { createSqliteStorage, type SqliteStorageOptions } from './sqlite-storage.ts';

const ids = createIdSource({ nowMs: () => 1_795_000_000_000, randomBytes: seededBytes(11) });
const directories: string[] = [];
const open: Storage[] = [];

async function newFile(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-faults-'));
  directories.push(directory);
  return join(directory, 'assetwire.db');
}

function store(file: string, options: SqliteStorageOptions = {}): Storage {
  const storage = createSqliteStorage({ file, clock: systemClock, options: { writer: 'inline', ...options } });
  open.push(storage);
  return storage;
}

async function fill(storage: Storage, count: number, webhookId: WebhookId = 'wh_x'): Promise<readonly string[]> {
  const items = Array.from({ length: count }, () => sampleCommit({ ids, webhookId, atMs: 1, payloadBytes: 500 }));
  const results = await storage.commit(items);
  assert.ok(results.every(({ status }) => status === 'applied'));
  return items.flatMap(({ deliveries }) => (deliveries ?? []).map(({ id }) => id));
}

/** A store as a killed process leaves it: file, log and mark, nothing closed. */
async function killedStore(batches: number): Promise<{ file: string; ids: readonly string[] }> {
  const file = await newFile();
  const storage = store(file);
  await storage.start();
  const all: string[] = [];
  for (let batch = 0; batch < batches; batch += 1) all.push(...(await fill(storage, 3)));
  const copy = await newFile();
  for (const part of ['', '-wal', '-mark']) copyFileSync(file + part, copy + part);
  return { file: copy, ids: all };
}

async function reopened(file: string): Promise<readonly string[]> {
  const storage = store(file);
  await storage.start();
  const { tasks } = await storage.pending({ webhookId: 'wh_x', by: 'position', nowMs: 0, limit: 10_000 });
  await storage.stop();
  return tasks.map(({ delivery }) => delivery.id);
}

afterEach(async () => {
  for (const storage of open.splice(0)) await storage.stop().catch(() => undefined);
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

describe('what is refused at start', () => {
  it('a second store over the same file is refused while the first one runs, and let in afterwards', async () => {
    const file = await newFile();
    const first = store(file);
    await first.start();
    const second = store(file);
    await assert.rejects(second.start(), { code: 'storage_unavailable', message: /in use by another/ });
    await first.stop();
    await second.start();
  });

  it('a second process is refused, and the lock of a killed process is free at once', async () => {
    const file = await newFile();
    const holder = new Worker(new URL('../testing/hold-lock.ts', import.meta.url), { workerData: file });
    await once(holder, 'message');
    await holder.terminate();
    const child = execFile(process.execPath, [new URL('../testing/hold-lock.ts', import.meta.url).pathname, file]);
    assert.ok(child.stdout);
    await once(child.stdout, 'data');
    await assert.rejects(store(file).start(), { code: 'storage_unavailable', message: /in use by another/ });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const storage = store(file);
    await storage.start();
    assert.equal(storage.health().state, 'ok');
  });

  for (const [what, make] of [
    [
      'a text file',
      (file: string) =>
        writeFileSync(file, 'not a database, but long enough to hold a header of one hundred bytes '.repeat(3)),
    ],
    [
      'a database of another program',
      (file: string) => {
        const db = new DatabaseSync(file);
        db.exec('CREATE TABLE theirs (x)');
        db.close();
      },
    ],
    [
      'a newer schema',
      (file: string) => {
        const db = new DatabaseSync(file);
        db.exec(
          `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion + 1}; CREATE TABLE meta (x)`,
        );
        db.close();
      },
    ],
  ] as const) {
    it(`FD-19 ${what} is refused and not changed`, async () => {
      const file = await newFile();
      make(file);
      const before = readFileSync(file);
      await assert.rejects(store(file).start(), { code: 'storage_unavailable' });
      assert.deepEqual(readFileSync(file), before);
    });
  }

  it('a directory that is not there and one that cannot be written are told by their path', async () => {
    const file = await newFile();
    await assert.rejects(store(join(file, 'nested', 'assetwire.db')).start(), {
      code: 'storage_unavailable',
      message: /nested/,
    });
    const directory = join(file, '..');
    chmodSync(directory, 0o555);
    const result = await startAsNobody(file);
    chmodSync(directory, 0o755);
    assert.match(result, /^storage_unavailable .*assetwire-faults/);
  });
});

/** Root may write anywhere, so the start is tried as another user where the tests run as root. */
async function startAsNobody(file: string): Promise<string> {
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const script = new URL('../testing/try-start.ts', import.meta.url).pathname;
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [script, file],
      { ...nobody, env: { PATH: process.env['PATH'] ?? '' } },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(stderr));
      },
    );
  });
}

describe('FK-19 damage', () => {
  it('a killed store comes back with everything that was confirmed', async () => {
    const killed = await killedStore(20);
    assert.deepEqual(await reopened(killed.file), killed.ids);
  });

  it('a log that is cut short, has a bit flipped, a page zeroed, or is gone is refused: confirmed changes are missing', async () => {
    const killed = await killedStore(20);
    const log = readFileSync(`${killed.file}-wal`);
    const damages: readonly (readonly [string, () => Buffer | null])[] = [
      ['cut by 1 byte', () => log.subarray(0, log.length - 1)],
      ['cut by a page', () => log.subarray(0, log.length - 8_192)],
      ['cut in half', () => log.subarray(0, log.length / 2)],
      ['a bit flipped in the middle', () => flipped(log, Math.floor(log.length / 2))],
      ['a bit flipped at the end', () => flipped(log, log.length - 100)],
      ['its header damaged', () => flipped(log, 17)],
      ['a page zeroed', () => Buffer.from(log).fill(0, 32 + 24 + 4_120 * 5, 32 + 4_120 * 6)],
      ['gone', () => null],
    ];
    for (const [what, damage] of damages) {
      const copy = await newFile();
      copyFileSync(killed.file, copy);
      copyFileSync(`${killed.file}-mark`, `${copy}-mark`);
      const bytes = damage();
      if (bytes !== null) writeFileSync(`${copy}-wal`, bytes);
      const before = readFileSync(copy);
      await assert.rejects(store(copy).start(), { code: 'storage_unavailable', message: /must hold everything/ }, what);
      assert.deepEqual(readFileSync(copy), before, `${what}: the file must not be written`);
      // The way out that the message names.
      await rm(`${copy}-mark`);
      const left = await reopened(copy);
      assert.deepEqual(left, killed.ids.slice(0, left.length), `${what}: what is left is the beginning`);
    }
  });

  it('a file whose end is missing or whose pages are damaged is refused before anything is written', async () => {
    const file = await newFile();
    const storage = store(file);
    await storage.start();
    await fill(storage, 300);
    await storage.stop();
    assert.deepEqual(checkStore(file), []);
    const whole = readFileSync(file);
    truncateSync(file, statSync(file).size - 16_384);
    await assert.rejects(store(file).start(), { code: 'storage_unavailable', message: /damaged/ });
    for (const page of [1, 5, 9]) {
      const damaged = Buffer.from(whole);
      damaged.fill(0xa5, page * 8_192, page * 8_192 + 2_048);
      writeFileSync(file, damaged);
      assert.notDeepEqual(problemsOf(file), [], `page ${page}`);
      // The stop was in order: the damage came while nobody looked.
      await assert.rejects(store(file).start(), (error: { message?: string; mend?: string }) => {
        assert.match(error.message ?? '', /damaged/, `page ${page}`);
        assert.match(error.mend ?? '', /Restore a backup/, `page ${page}`);
        return true;
      });
      assert.ok(readFileSync(file).equals(damaged), `page ${page}: nothing was written to it`);
    }
  });
});

function problemsOf(file: string): readonly string[] {
  try {
    return checkStore(file);
  } catch (error) {
    return [String(error)];
  }
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

describe('FD-07 a full disk', () => {
  for (const writer of ['inline', 'thread'] as const) {
    it(`${writer}: writes fail with storage_full, nothing confirmed is lost, and it goes on when there is room`, async () => {
      const file = await newFile();
      const small = store(file, { writer, pagesMax: 400 });
      await small.start();
      const confirmed: string[] = [];
      const epoch = small.health().epoch;
      let refused = 0;
      for (let n = 0; n < 2_000 && refused < 5; n += 1) {
        const item = sampleCommit({ ids, webhookId: 'wh_x', atMs: 1, payloadBytes: 3_000 });
        try {
          const [result] = await small.commit([item]);
          assert.equal(result?.status, 'applied');
          confirmed.push(...(item.deliveries ?? []).map(({ id }) => id));
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'storage_full');
          assert.ok(((error as { retryAfterSeconds?: number }).retryAfterSeconds ?? 0) > 0);
          assert.equal(small.health().state, 'full');
          refused += 1;
        }
      }
      assert.equal(refused, 5);
      const stored = await small.pending({ webhookId: 'wh_x', by: 'position', nowMs: 0, limit: 10_000 });
      assert.deepEqual(
        stored.tasks.map(({ delivery }) => delivery.id),
        confirmed,
      );
      // Room again, as a cancelled lane would give it: many small ends free what their bodies held.
      const [first] = stored.tasks;
      assert.ok(first);
      const item = sampleRecord({ delivery: first.delivery, epoch, attemptsBefore: 0, atMs: 1 });
      const outcome = await small.record([item]).catch((error: unknown) => (error as { code?: string }).code);
      await small.stop();
      const roomy = store(file, { writer });
      await roomy.start();
      if (outcome === 'storage_full') {
        const again = { ...item, epoch: roomy.health().epoch };
        assert.deepEqual(await roomy.record([again]), ['recorded']);
      }
      await fill(roomy, 50);
      assert.equal(roomy.health().state, 'ok');
    });
  }

  it('a store that was full takes writes again without a restart once pages are free', async () => {
    const file = await newFile();
    const storage = store(file, { pagesMax: 300, keepMs: 1_000, partitionRowsMax: 40, freePagesMax: 0 });
    await storage.start();
    const { epoch } = storage.health();
    let full = false;
    for (let n = 0; n < 500 && !full; n += 1) {
      const item = sampleCommit({ ids, webhookId: 'wh_x', atMs: systemClock.nowMs(), payloadBytes: 2_000, bare: true });
      const [delivery] = item.deliveries ?? [];
      try {
        await storage.commit([item]);
        if (delivery) await storage.record([sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: 1 })]);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'storage_full');
        full = true;
      }
    }
    assert.ok(full);
    for (let n = 0; n < 500; n += 1) if (!(await storage.maintain(systemClock.nowMs() + 100_000)).more) break;
    await fill(storage, 5);
    assert.equal(storage.health().state, 'ok');
  });
});

describe('the file', () => {
  it('attempts beyond the cap are removed, not only hidden', async () => {
    const file = await newFile();
    const storage = store(file, { partitionRowsMax: 15 });
    await storage.start();
    const { epoch } = storage.health();
    const item = sampleCommit({ ids, webhookId: 'wh_x', atMs: 1 });
    await storage.commit([item]);
    const [delivery] = item.deliveries ?? [];
    assert.ok(delivery);
    for (let attemptsBefore = 0; attemptsBefore < 90; attemptsBefore += 1) {
      const next = { state: 'pending', dueAtMs: 1 } as const;
      await storage.record([sampleRecord({ delivery, epoch, attemptsBefore, atMs: 1, next })]);
    }
    await storage.stop();
    const db = new DatabaseSync(file, { readOnly: true });
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'attempts%'").all();
    const rows = tables.map(({ name }) => Number(db.prepare(`SELECT count(*) AS n FROM ${String(name)}`).get()?.['n']));
    db.close();
    assert.equal(
      rows.reduce((sum, count) => sum + count, 0),
      50,
    );
  });

  it('space of what has left goes back to the file system', async () => {
    const file = await newFile();
    const storage = store(file, { keepMs: 1_000, partitionRowsMax: 100, freePagesMax: 0 });
    await storage.start();
    const { epoch } = storage.health();
    for (let n = 0; n < 20; n += 1) {
      const items = Array.from({ length: 50 }, () =>
        sampleCommit({ ids, webhookId: 'wh_x', atMs: 1, payloadBytes: 3_000, bare: true }),
      );
      await storage.commit(items);
      const deliveries = items.flatMap((item) => item.deliveries ?? []);
      await storage.record(deliveries.map((delivery) => sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: 1 })));
    }
    await storage.stop();
    const grown = statSync(file).size;
    const again = store(file, { keepMs: 1_000, partitionRowsMax: 100, freePagesMax: 0 });
    await again.start();
    for (let n = 0; n < 2_000; n += 1) if (!(await again.maintain(systemClock.nowMs() + 100_000)).more) break;
    await again.stop();
    assert.ok(statSync(file).size < grown / 2, `${statSync(file).size} of ${grown}`);
    assert.deepEqual(checkStore(file), []);
    assert.ok(!existsSync(`${file}-mark`));
  });
});
