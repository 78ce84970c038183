/** The index on disk: made, killed, lost, damaged, left behind, erased; always the same as a look at every asset. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { createIdSource } from '../../../core/id-source.ts';
import type { IdSource } from '../../../core/ids.ts';
import type { JsonObject } from '../../../core/json.ts';
import { compileSearch } from '../../../core/search-evaluation.ts';
import type { SearchExpression } from '../../../core/search-expression.ts';
import { readSearch } from '../../../core/search-query.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createCursorCodec } from '../../cursor.ts';
import type { AssetPage, AssetQuery } from '../../contract/list-queries.ts';
import type { Resource } from '../../contract/resources.ts';
import type { Storage } from '../../storage.ts';
import { createDraw, drawAsset, drawSearch } from '../../testing/search-samples.ts';
import { seededBytes, seededFraction, walk } from '../../testing/world.ts';
import { createSqliteStorage } from '../sqlite-storage.ts';
import { createFollower } from './follower.ts';
import { openSearchFile } from './search-file.ts';
import { createSearchReader } from './search-reader.ts';

type Place = { readonly directory: string; readonly index: string; open(): Promise<Storage> };

async function withPlace(test: (place: Place) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-search-'));
  const running: { storage: Storage | null } = { storage: null };
  try {
    await test({
      directory,
      index: join(directory, 'assetwire.search.db'),
      async open() {
        await running.storage?.stop();
        const storage = createSqliteStorage({ file: join(directory, 'assetwire.db'), clock: systemClock });
        running.storage = storage;
        await storage.start();
        return storage;
      },
    });
  } finally {
    await running.storage?.stop();
    await rm(directory, { recursive: true });
  }
}

function createIds(seed: number): IdSource {
  return createIdSource({ nowMs: () => systemClock.nowMs(), randomBytes: seededBytes(seed) });
}

async function put(storage: Storage, id: string, state: JsonObject | null, workspaceId = 'default'): Promise<void> {
  const resources = [{ type: 'asset', id, expectedVersion: 'any', state } as const];
  const [result] = await storage.commit([{ workspaceId, atMs: systemClock.nowMs(), resources }]);
  assert.equal(result?.status, 'applied');
}

/** A page of the index: those of a walk through the store cannot sort. */
async function byIndex(storage: Storage, query: Partial<AssetQuery> = {}): Promise<AssetPage> {
  for (let tries = 1; ; tries += 1) {
    try {
      const page = await storage.read.assets({ workspaceId: 'default', limit: 1_000, order: 'updated', ...query });
      // On a busy machine a page ends early.
      if (page.complete) return page.nextCursor === null ? page : await rest(storage, page, query);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'not_ready')) throw error;
    }
    assert.ok(tries < 2_000, 'the index must be made within some minutes');
    await new Promise<void>((resolve) => systemClock.timer(50, resolve));
  }
}

async function rest(storage: Storage, page: AssetPage, query: Partial<AssetQuery>): Promise<AssetPage> {
  const further = await byIndex(storage, { ...query, cursor: page.nextCursor ?? '' });
  return { ...further, items: [...page.items, ...further.items] };
}

const idsOf = ({ items }: AssetPage): readonly string[] => items.map(({ id }) => id).toSorted();

/** Any search finds by the index what a look at every asset finds. */
async function agrees(storage: Storage, searches: number, seed: number): Promise<void> {
  const draw = createDraw(seededFraction(seed));
  const all = await walk<Resource>((cursor) =>
    storage.read.resources({
      workspaceId: 'default',
      type: 'asset',
      limit: 500,
      ...(cursor === undefined ? {} : { cursor }),
    }),
  );
  assert.deepEqual(idsOf(await byIndex(storage, { where: readSearch('*') })), all.map(({ id }) => id).toSorted());
  for (let n = 0; n < searches; n += 1) {
    const where: SearchExpression = drawSearch(draw);
    const expected = all.filter(compileSearch(where)).map(({ id }) => id);
    assert.deepEqual(
      idsOf(await byIndex(storage, { where })),
      expected.toSorted(),
      `seed ${seed}: ${JSON.stringify(where)}`,
    );
  }
}

const writer = new URL('../../testing/search-crash-child.ts', import.meta.url).pathname;

/** Writes and searches in a process of its own until it is killed. */
async function runAndKill(directory: string, seed: number, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [writer, join(directory, 'assetwire.db'), String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let rounds = 0;
  const ended = once(child, 'exit');
  const writing = once(child.stdout, 'data');
  child.stdout.on('data', (data: Buffer) => {
    rounds += data.length;
  });
  const early = ended.then(([code, signal]) => {
    throw new Error(`The writer must run until it is killed: it ended with ${String(code ?? signal)}`);
  });
  await Promise.race([writing, early]);
  await Promise.race([new Promise<void>((resolve) => systemClock.timer(afterMs, resolve)), early]);
  early.catch(() => undefined);
  child.kill('SIGKILL');
  await ended;
  return rounds;
}

describe('the search index on disk', () => {
  it('LG-10 killed at any moment, it goes on where it was and misses nothing', { timeout: 240_000 }, async () => {
    await withPlace(async ({ directory, index, open }) => {
      const seed = systemClock.nowMs() % 100_000;
      const draw = createDraw(seededFraction(seed));
      let rounds = 0;
      for (let kills = 0; kills < 4; kills += 1) rounds += await runAndKill(directory, seed + kills, draw.below(900));
      assert.ok(existsSync(index), `seed ${seed}: the index was begun`);
      assert.ok(rounds >= 4);
      await agrees(await open(), 60, seed);
    });
  });

  it('is not there before somebody searches, and then survives a restart', async () => {
    await withPlace(async ({ index, open }) => {
      const ids = createIds(1);
      const storage = await open();
      const first = ids.next('asset');
      await put(storage, first, { name: 'flower', tags: ['a'] });
      await storage.read.assets({ workspaceId: 'default', limit: 5 });
      assert.equal(existsSync(index), false);
      assert.deepEqual(idsOf(await byIndex(storage, { tag: 'a' })), [first]);
      assert.ok(existsSync(index));
      const again = await open();
      const second = ids.next('asset');
      await put(again, second, { name: 'tree', tags: ['a'] });
      assert.deepEqual(idsOf(await byIndex(again, { tag: 'a' })), [first, second].toSorted());
      const made = new DatabaseSync(index, { readOnly: true });
      assert.equal(made.prepare('SELECT count(*) AS n FROM docs').get()?.['n'], 2, 'it was not made anew');
      made.close();
    });
  });

  it('lost, cut off, overwritten or of another version, it is made anew', async () => {
    await withPlace(async ({ index, open }) => {
      const draw = createDraw(seededFraction(3));
      const ids = createIds(3);
      let storage = await open();
      for (let n = 0; n < 120; n += 1) await put(storage, ids.next('asset'), drawAsset(draw));
      await byIndex(storage);
      const harms: readonly (() => void)[] = [
        () => rmSync(index),
        () => truncateSync(index, 5_000),
        () => writeFileSync(index, 'not a database'),
        () => {
          const bytes = readFileSync(index);
          bytes.fill(0xa5, 4_096 * 2, 4_096 * 30);
          writeFileSync(index, bytes);
        },
        () => {
          const db = new DatabaseSync(index);
          db.exec("UPDATE meta SET value = 0 WHERE key = 'version'");
          db.close();
        },
        () => {
          const db = new DatabaseSync(index);
          db.exec("UPDATE meta SET value = 'another' WHERE key = 'store'");
          db.close();
        },
      ];
      for (const [n, harm] of harms.entries()) {
        await storage.stop();
        harm();
        storage = await open();
        await agrees(storage, 12, 30 + n);
      }
    });
  });

  it('an index of a later state than the store, as after a restored backup, finds its way back', async () => {
    await withPlace(async ({ directory, open }) => {
      const ids = createIds(4);
      const file = join(directory, 'assetwire.db');
      let storage = await open();
      const kept = ids.next('asset');
      await put(storage, kept, { name: 'before', tags: ['x'] });
      await byIndex(storage);
      await storage.stop();
      const backup = readFileSync(file);
      const mark = readFileSync(`${file}-mark`, { flag: 'a+' });
      storage = await open();
      await put(storage, kept, { name: 'after', tags: ['y'] });
      await put(storage, ids.next('asset'), { name: 'later', tags: ['x'] });
      assert.equal((await byIndex(storage, { tag: 'x' })).items.length, 1);
      await storage.stop();
      writeFileSync(file, backup);
      if (mark.length > 0) writeFileSync(`${file}-mark`, mark);
      else rmSync(`${file}-mark`, { force: true });
      storage = await open();
      assert.deepEqual(idsOf(await byIndex(storage, { tag: 'x' })), [kept]);
      assert.deepEqual(idsOf(await byIndex(storage, { where: readSearch('after OR later') })), []);
    });
  });

  it('LG-10 words of what was deleted, and workspaces that were erased, leave the file', async () => {
    await withPlace(async ({ index, open }) => {
      const ids = createIds(5);
      const storage = await open();
      const gone = ids.next('asset');
      await put(storage, gone, { name: 'Rumpelstilzchen', tags: ['secretword'], metadata: { n: 5 } });
      await put(storage, ids.next('asset'), { name: 'kept', tags: ['t'] });
      await put(storage, ids.next('asset'), { name: 'Aschenputtel', tags: ['otherword'] }, 'other');
      assert.equal((await byIndex(storage, { where: readSearch('rumpelstilz*') })).items.length, 1);
      await put(storage, gone, null);
      assert.equal((await byIndex(storage, { where: readSearch('rumpelstilz*') })).items.length, 0);
      for (let cursor: Awaited<ReturnType<Storage['eraseWorkspace']>>['cursor'] = null; ; ) {
        ({ cursor } = await storage.eraseWorkspace('other', cursor));
        if (cursor === null) break;
      }
      await byIndex(storage);
      await storage.stop();
      const bytes = readFileSync(index).toString('latin1');
      for (const word of ['rumpelstilzchen', 'secretword', 'aschenputtel', 'otherword', gone]) {
        assert.equal(bytes.includes(word), false, word);
      }
      assert.ok(bytes.includes('kept'));
    });
  });

  it('a fault that leaves the index wrong is found by the sweep', async () => {
    await withPlace(async ({ index, open }) => {
      const ids = createIds(6);
      let storage = await open();
      const made: string[] = [];
      for (let n = 0; n < 20; n += 1) {
        const id = ids.next('asset');
        made.push(id);
        await put(storage, id, { name: `n${n}`, tags: ['t'] });
      }
      await byIndex(storage);
      await storage.stop();
      const db = new DatabaseSync(index);
      // Somebody's version is another one, and somebody is not there.
      db.prepare('UPDATE docs SET version = 99 WHERE id = ?').run(made[3] ?? '');
      db.prepare('DELETE FROM docs WHERE id = ?').run(made[7] ?? '');
      db.close();
      storage = await open();
      for (let tries = 0; ; tries += 1) {
        const { items } = await byIndex(storage, { tag: 't', order: 'newest' });
        if (items.length === 20) break;
        assert.ok(tries < 2_000, `${items.length} of 20`);
        await new Promise<void>((resolve) => systemClock.timer(50, resolve));
      }
    });
  });

  it('a workspace is complete when what was written to it is in the index, however far behind the others are', async () => {
    await withPlace(async ({ directory, open }) => {
      const ids = createIds(7);
      const storage = await open();
      for (const workspaceId of ['default', 'busy'])
        await put(storage, ids.next('asset'), { name: 'first' }, workspaceId);
      const store = new DatabaseSync(join(directory, 'assetwire.db'), { readOnly: true });
      // An index of this test's own, which nobody follows but by hand.
      const file = join(directory, 'own.search.db');
      const index = openSearchFile(file, 'test');
      const follower = createFollower(store, index);
      while (!follower.built()) follower.sweep(100);
      const reader = createSearchReader({
        store,
        file,
        cursors: createCursorCodec(seededBytes(8)(32)),
        monotonicMs: () => systemClock.monotonicMs(),
      });
      const search = (workspaceId: string) => {
        const query = { workspaceId, limit: 10, where: readSearch('name:second') };
        const answer = reader.search(query, { generation: 1, anyway: false });
        return answer.kind === 'page' ? [answer.page.complete, answer.page.items.length] : answer.kind;
      };
      try {
        for (let n = 0; n < 300; n += 1) await put(storage, ids.next('asset'), { name: 'second' }, 'busy');
        assert.deepEqual(search('default'), [true, 0], 'nothing of it is missing');
        assert.equal(search('busy'), 'behind');
        const mine = ids.next('asset');
        await put(storage, mine, { name: 'second' });
        assert.equal(search('default'), 'behind');
        assert.equal(follower.prefer('default', follower.head()), true);
        assert.deepEqual(search('default'), [true, 1]);
        assert.equal(search('busy'), 'behind', 'the others have their turn');
        const counted = (workspaceId: string, q = 'name:second') => {
          const query = { workspaceId, limit: 1, where: readSearch(q), count: true };
          const answer = reader.search(query, { generation: 1, anyway: true });
          return answer.kind === 'page' ? { complete: answer.page.complete, ...answer.page.total } : answer.kind;
        };
        assert.deepEqual(
          counted('busy'),
          { complete: false, value: 0, is: 'soFar' },
          'no count of what it lacks is exact',
        );
        assert.deepEqual(counted('default'), { complete: true, value: 1, is: 'exact' });
        assert.equal(follower.prefer('busy', follower.head()), false, 'more than one step holds');
        assert.equal(follower.prefer('busy', follower.head()), true);
        assert.deepEqual(search('busy'), [true, 10]);
        await put(storage, mine, null);
        assert.equal(search('default'), 'behind', 'what is gone is missed as well');
        assert.deepEqual(counted('default'), { complete: false, value: 1, is: 'soFar' }, 'it counts what is gone');
        assert.deepEqual(counted('default', 'name:sec*'), { complete: false, value: 1, is: 'soFar' });
        while (follower.follow());
        assert.deepEqual(search('default'), [true, 0]);
        assert.ok(follower.reached(follower.head()));
      } finally {
        reader.close();
        index.close();
        store.close();
      }
    });
  });
});
