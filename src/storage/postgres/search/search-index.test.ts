/** The index on PostgreSQL: made once for all processes, kept in step, found wrong, erased; never on a commit's way. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { JsonObject } from '../../../core/json.ts';
import { readSearch } from '../../../core/search-query.ts';
import { systemClock } from '../../../runtime/clock.ts';
import type { AssetPage, AssetQuery } from '../../contract/list-queries.ts';
import type { Storage } from '../../storage.ts';
import { type PostgresWorld, withPostgres } from '../../testing/postgres-world.ts';
import { ask, removeTestServers } from '../../testing/test-postgres.ts';
import { connect } from '../connection.ts';
import { createThreadSteps } from './thread-steps.ts';

after(() => removeTestServers());

const dayMs = 24 * 3_600_000;

/** Assets of one commit each; their ids in the order of creation. */
async function put(world: PostgresWorld, storage: Storage, states: readonly JsonObject[]): Promise<readonly string[]> {
  const made = states.map((state) => ({ id: world.ids.next('asset'), state }));
  const results = await storage.commit(
    made.map(({ id, state }) => ({
      workspaceId: 'default',
      atMs: systemClock.nowMs(),
      resources: [{ type: 'asset', id, expectedVersion: 0, state }] as const,
    })),
  );
  assert.ok(results.every(({ status }) => status === 'applied'));
  return made.map(({ id }) => id);
}

async function write(storage: Storage, id: string, state: JsonObject | null): Promise<void> {
  const resources = [{ type: 'asset', id, expectedVersion: 'any', state }] as const;
  const [result] = await storage.commit([{ workspaceId: 'default', atMs: systemClock.nowMs(), resources }]);
  assert.equal(result?.status, 'applied');
}

/** A page of the index: those of a walk cannot count what is found exactly and sort it. */
async function byIndex(storage: Storage, text: string, query: Partial<AssetQuery> = {}): Promise<AssetPage> {
  for (let tries = 1; ; tries += 1) {
    const where = readSearch(text);
    const page = await storage.read.assets({ workspaceId: 'default', limit: 100, where, count: true, ...query });
    const made = page.total?.is === 'exact' && page.complete;
    if (made) return page;
    assert.ok(tries < 3_000, `the index must answer: ${JSON.stringify(page.total)}`);
    await rest(20);
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => {
    systemClock.timer(ms, resolve);
  });
}

const idsOf = ({ items }: AssetPage): readonly string[] => items.map(({ id }) => id);

async function counts(url: string): Promise<Readonly<Record<string, number>>> {
  const tables = ['search_spaces', 'search_docs', 'search_sets', 'search_numbers', 'asset_touches'];
  const rows = await Promise.all(tables.map((table) => ask(url, `SELECT count(*)::int AS n FROM assetwire.${table}`)));
  return Object.fromEntries(tables.map((table, at) => [table, Number(rows[at]?.[0]?.['n'])]));
}

async function upkeep(storage: Storage, nowMs = systemClock.nowMs()): Promise<void> {
  while ((await storage.maintain(nowMs)).more);
}

describe('the search index on PostgreSQL', () => {
  it('is not there before somebody searches; then it answers in every process, and pages of one go on at another', async () => {
    await withPostgres(async (world) => {
      const [one, two] = [await world.open(), await world.open()];
      const ids = await put(
        world,
        one,
        Array.from({ length: 40 }, (_, n) => ({
          name: `${n % 7} harbour`,
          kind: 'image',
          tags: [n % 2 ? 'odd' : 'even'],
        })),
      );
      assert.deepEqual(await counts(world.url), {
        search_spaces: 0,
        search_docs: 0,
        search_sets: 0,
        search_numbers: 0,
        asset_touches: 40,
      });
      // The first search asks for it; on a busy machine it is answered before the index is made.
      do assert.equal((await byIndex(one, 'tag:odd')).total?.value, 20);
      while ((await counts(world.url))['search_docs'] !== 40);
      const first = await byIndex(two, 'tag:even', { limit: 12 });
      const rest = await byIndex(one, 'tag:even', { cursor: first.nextCursor ?? '' });
      const even = ids.filter((_, n) => n % 2 === 0).toReversed();
      assert.deepEqual([...idsOf(first), ...idsOf(rest)], even);
      const names = await byIndex(two, 'harbour', { order: 'name', limit: 3 });
      assert.deepEqual(
        names.items.map(({ state }) => state['name']),
        ['0 harbour', '0 harbour', '0 harbour'],
      );
    });
  });

  it('is made beside the loop that takes requests and delivers', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      const words = Array.from({ length: 150 }, (_, n) => `word${n}`).join(' ');
      await put(
        world,
        storage,
        Array.from({ length: 400 }, (_, n) => ({ name: `ship ${n}`, kind: 'image', info: { description: words } })),
      );
      const [all, loop] = [process.cpuUsage(), process.threadCpuUsage()];
      await byIndex(storage, 'ship');
      while ((await counts(world.url))['search_docs'] !== 400) await rest(400);
      const used = process.cpuUsage(all);
      const ofLoop = process.threadCpuUsage(loop);
      const share = (ofLoop.user + ofLoop.system) / (used.user + used.system);
      assert.ok(share < 0.4, `the loop's share of the work must be the smaller one: found ${share.toFixed(2)}`);
    });
  });

  it('a thread that cannot work leaves searches to what the index has, and is told of', async () => {
    const told: string[] = [];
    const steps = createThreadSteps({
      settings: {
        connecting: {
          url: 'postgres://nobody@127.0.0.1:1/none',
          connectTimeoutMs: 100,
          applicationName: 'test',
          preparedStatements: false,
        },
        schema: 'assetwire',
        connectionsMax: 1,
      },
      nowMs: () => 0,
      pacing: systemClock,
      failed: (error) => told.push(error.message),
      entry: new URL('data:text/javascript,process.exit(3)'),
    });
    await steps.ready();
    assert.equal(await steps.follow('default'), 'elsewhere');
    assert.equal(await steps.sweep('default'), 'elsewhere');
    assert.equal(told.length, 1, 'and it is not started again at once');
    await steps.close();
  });

  it('what one process writes the next search of another shows', async () => {
    await withPostgres(async (world) => {
      const [one, two] = [await world.open(), await world.open()];
      const [id = ''] = await put(world, one, [{ name: 'quay', kind: 'image' }]);
      await byIndex(two, 'quay');
      for (let n = 0; n < 10; n += 1) {
        await write(one, id, { name: `quay ${n}`, kind: 'image' });
        assert.deepEqual(idsOf(await byIndex(two, `name:${n}`)), [id]);
        if (n > 0) assert.deepEqual(idsOf(await byIndex(two, `name:${n - 1}`)), []);
      }
    });
  });

  it('what an older transaction commits late is found all the same', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      await put(world, storage, [{ name: 'early', kind: 'image' }]);
      await byIndex(storage, 'early');
      const connection = await connect({
        ...{ url: world.url, connectTimeoutMs: 5_000, applicationName: 'late', preparedStatements: false },
        pacing: systemClock,
      });
      try {
        const id = world.ids.next('asset');
        // As a batch does: it holds the lock of those that give out numbers, and has one.
        await connection.run(
          [
            { sql: 'BEGIN' },
            { sql: 'SELECT pg_advisory_xact_lock_shared(1635218292, 0)' },
            {
              sql: `INSERT INTO assetwire.resources (workspace, type, id, version, created_at, updated_at, state)
                VALUES ('default', 'asset', $1, 1, 1, 1, '{"name":"late","kind":"image"}')`,
              values: [id],
            },
            {
              sql: `INSERT INTO assetwire.asset_touches (workspace, seq, id) SELECT 'default',
                (pg_current_xact_id()::text::bigint + value::bigint) << 20, $1 FROM assetwire.meta WHERE key = 'number_base'`,
              values: [id],
            },
          ],
          5_000,
        );
        await put(world, storage, [{ name: 'meanwhile', kind: 'image' }]);
        assert.equal(idsOf(await byIndex(storage, 'meanwhile')).length, 1);
        assert.equal(idsOf(await byIndex(storage, 'late')).length, 0);
        await connection.run([{ sql: 'COMMIT' }], 5_000);
        assert.deepEqual(idsOf(await byIndex(storage, 'late')), [id]);
      } finally {
        connection.close();
      }
    });
  });

  it('upkeep reads what nobody searched for, mends what is wrong, and lets go of touches that were read', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      const ids = await put(
        world,
        storage,
        ['pier', 'mole', 'dock'].map((name) => ({ name, kind: 'image' })),
      );
      await byIndex(storage, 'pier');
      await write(storage, ids[0] ?? '', { name: 'jetty', kind: 'image' });
      await upkeep(storage);
      assert.equal((await counts(world.url))['asset_touches'], 0);
      const [row] = await ask(world.url, "SELECT count(*)::int AS n FROM assetwire.search_sets WHERE term = 'wjetty'");
      assert.equal(row?.['n'], 1);
      // Something took one asset out of the index, and left one in it that is not there.
      await ask(world.url, `DELETE FROM assetwire.search_docs WHERE id = '${ids[1] ?? ''}'`);
      await ask(
        world.url,
        `INSERT INTO assetwire.search_docs SELECT workspace, 99, id || 'x', version, created_at, updated_at, name, fields, terms
          FROM assetwire.search_docs WHERE id = '${ids[2] ?? ''}'`,
      );
      await upkeep(storage);
      const docs = await ask(world.url, 'SELECT id FROM assetwire.search_docs ORDER BY id');
      assert.deepEqual(
        docs.map((doc) => doc['id']),
        ids.toSorted(),
      );
      assert.deepEqual(idsOf(await byIndex(storage, 'mole')), [ids[1]]);
    });
  });

  it('an index that has not been read for as long as changes are kept looks at everything anew', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      const [id = ''] = await put(world, storage, [{ name: 'wharf', kind: 'image' }]);
      await byIndex(storage, 'wharf');
      await write(storage, id, { name: 'slip', kind: 'image' });
      await ask(world.url, 'DELETE FROM assetwire.asset_touches');
      await ask(world.url, `UPDATE assetwire.search_spaces SET read_at = ${systemClock.nowMs() - 30 * dayMs}`);
      await upkeep(storage);
      const [row] = await ask(world.url, 'SELECT built FROM assetwire.search_spaces');
      assert.equal(row?.['built'], true);
      assert.deepEqual(idsOf(await byIndex(storage, 'slip')), [id]);
    });
  });

  it('LG-10 words of what was deleted leave, and with a workspace everything that was known of it', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      const [id = ''] = await put(world, storage, [{ name: 'secret-harbour', kind: 'image', file: { bytes: 7 } }]);
      await put(world, storage, [{ name: 'other', kind: 'image' }]);
      await byIndex(storage, 'secret');
      await write(storage, id, null);
      await upkeep(storage);
      const left = await ask(
        world.url,
        "SELECT 1 FROM assetwire.search_sets WHERE term LIKE '%secret%' UNION ALL SELECT 1 FROM assetwire.search_docs WHERE terms LIKE '%secret%'",
      );
      assert.equal(left.length, 0);
      for (let cursor = (await storage.eraseWorkspace('default', null)).cursor; cursor !== null; )
        cursor = (await storage.eraseWorkspace('default', cursor)).cursor;
      assert.ok(Object.values(await counts(world.url)).every((count) => count === 0));
    });
  });

  it('half a character, NUL and what is not a word harm nobody else’s search', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      const name = 'a\u0000b \ud800c\u0001';
      const ids = await put(world, storage, [
        { name, kind: 'image', tags: ['\ud800', '\udfff', '\u0000'] },
        { name: 'plain', kind: 'image' },
      ]);
      assert.deepEqual(idsOf(await byIndex(storage, 'plain')), [ids[1]]);
      await write(storage, ids[0] ?? '', { name: `${name} more`, kind: 'image', tags: ['\udfff'] });
      assert.deepEqual(idsOf(await byIndex(storage, 'more')), [ids[0]]);
    });
  });
});
