/** What several processes on one database may do to each other, and must not. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Client } from 'pg';
import type { WebhookId } from '../../core/ids.ts';
import type { CommitItem } from '../contract/commit-item.ts';
import type { Storage } from '../storage.ts';
import { patient } from '../testing/patient.ts';
import { withPostgres } from '../testing/postgres-world.ts';
import { sampleCommit, sampleRecord } from '../testing/samples.ts';
import { ask, createTestServer, removeTestServers } from '../testing/test-postgres.ts';
import { seededFraction, walk } from '../testing/world.ts';
import { createPostgresStorage } from './postgres-storage.ts';
import { systemClock } from '../../runtime/clock.ts';
import { lockClass, locks } from './schema.ts';

after(removeTestServers);

async function feedIds(storage: Storage, cursor: string | null): Promise<{ ids: readonly string[]; cursor: string }> {
  const page = await storage.read.feed({ workspaceId: 'default', cursor, limit: 1_000 });
  return { ids: page.changes.map(({ id }) => id), cursor: page.cursor };
}

async function withClient(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** In an open transaction of ours: the copy of a change under another id, numbered as a batch numbers it. */
async function insertSlowly(client: Client, id: string): Promise<void> {
  await client.query('BEGIN');
  await client.query(`SELECT pg_advisory_xact_lock_shared(${lockClass}, ${locks.numbers})`);
  await client.query(
    `INSERT INTO assetwire.changes SELECT day, pg_current_xact_id()::text::bigint << 20, workspace, $1, kind, subject, accepted_at,
       unexpanded, replace(body, id, $1) FROM assetwire.changes LIMIT 1`,
    [id],
  );
}

describe('several processes on one PostgreSQL', () => {
  it('a feed shows nothing that something older could still precede, and then both in order', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      await world.commit(storage);
      const start = await feedIds(storage, null);
      assert.equal(start.ids.length, 1);
      await withClient(world.url, async (client) => {
        const slow = world.ids.next('change');
        await insertSlowly(client, slow);
        await world.commit(storage);
        const during = await feedIds(storage, start.cursor);
        assert.deepEqual(during.ids, [], 'the older transaction is still open');
        await client.query('COMMIT');
        const after_ = await feedIds(storage, during.cursor);
        assert.equal(after_.ids.length, 2);
        assert.equal(after_.ids[0], slow, 'the older one comes first');
      });
    });
  });

  it('a transaction that is not ours holds up no feed, however old it is', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      await withClient(world.url, async (client) => {
        await client.query('BEGIN');
        await client.query('SELECT pg_current_xact_id()');
        await world.commit(storage);
        assert.equal((await feedIds(storage, null)).ids.length, 1);
        await client.query('ROLLBACK');
      });
    });
  });

  it('a lane in order shows no delivery before an older one that is still being committed', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      await world.commit(storage, 'wh_fifo');
      const query = { webhookId: 'wh_fifo', by: 'position', nowMs: Date.now(), limit: 10 } as const;
      await withClient(world.url, async (client) => {
        await client.query('BEGIN');
        await client.query(`SELECT pg_advisory_xact_lock_shared(${lockClass}, ${locks.numbers}), pg_current_xact_id()`);
        await world.commit(storage, 'wh_fifo');
        const page = await storage.pending(query);
        assert.equal(page.tasks.length, 1);
        assert.notEqual(page.nextDueAtMs, null, 'that there is more is told');
        await client.query('ROLLBACK');
      });
      assert.equal((await storage.pending(query)).tasks.length, 2);
    });
  });

  it('whoever follows the feed while three processes write sees every change once, in the order of the list', async () => {
    await withPostgres(async (world) => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      const random = seededFraction(seed);
      const stores = [await world.open(), await world.open(), await world.open()];
      const [reader] = stores;
      assert.ok(reader);
      let writing = true;
      const writers = Promise.all(
        stores.map(async (storage) => {
          for (let n = 0; n < 60; n += 1) {
            const count = 1 + Math.floor(random() * 5);
            await Promise.all(Array.from({ length: count }, () => world.commit(storage)));
          }
        }),
      ).finally(() => {
        writing = false;
      });
      const seen: string[] = [];
      let cursor: string | null = null;
      for (let idle = 0; idle < 2; idle += writing ? 0 : 1) {
        const page: Awaited<ReturnType<typeof feedIds>> = await feedIds(reader, cursor);
        seen.push(...page.ids);
        cursor = page.cursor;
      }
      await writers;
      const all = await walk((at) =>
        reader.read.changes({
          workspaceId: 'default',
          limit: 1_000,
          order: 'oldest',
          ...(at === undefined ? {} : { cursor: at }),
        }),
      );
      assert.deepEqual(
        seen,
        all.map(({ id }) => id),
        `seed ${seed}`,
      );
    });
  });

  it('of writes that two processes decide on one version exactly one is applied, and aliases stay unique', async () => {
    await withPostgres(async (world) => {
      const [one, two] = [await world.open(), await world.open()];
      const write = (id: string, expectedVersion: number, alias?: string): CommitItem => ({
        workspaceId: 'default',
        atMs: Date.now(),
        resources: [{ type: 'asset', id, expectedVersion, state: { id }, ...(alias === undefined ? {} : { alias }) }],
      });
      for (let round = 0; round < 40; round += 1) {
        const created = await Promise.all(
          [one, two].map(
            async (storage, n) => await storage.commit([write(`ast_${round}`, 0), write(`own_${n}_${round}`, 0)]),
          ),
        );
        assert.equal(created.filter(([first]) => first?.status === 'applied').length, 1);
        assert.ok(
          created.every(([, mate]) => mate?.status === 'applied'),
          'mates go through',
        );
        const aliased = await Promise.all(
          [one, two].map((storage, n) => storage.commit([write(`alias_${n}_${round}`, 0, `same-${round}`)])),
        );
        assert.deepEqual(aliased.map(([first]) => first?.status).sort(), ['applied', 'rejected']);
      }
    });
  });

  it('ID-01 one idempotency key in two processes applies once; both get the first answer', async () => {
    await withPostgres(async (world) => {
      const stores = [await world.open(), await world.open()];
      for (let round = 0; round < 30; round += 1) {
        const results = await Promise.all(
          Array.from({ length: 8 }, async (_, n) => {
            const storage = stores[n % 2];
            assert.ok(storage);
            const idempotency = {
              key: `key-${round}`,
              fingerprint: `f${n}`,
              createdAtMs: Date.now(),
              response: { status: 202, body: { n } },
            };
            const item = sampleCommit({ ids: world.ids, webhookId: 'wh_i', atMs: Date.now() });
            return (await storage.commit([{ ...item, idempotency }]))[0];
          }),
        );
        assert.equal(results.filter((result) => result?.status === 'applied').length, 1);
        assert.equal(results.filter((result) => result?.status === 'duplicate').length, 7);
      }
      assert.equal(await stores[0]?.read.countChanges({ workspaceId: 'default' }), 30);
    });
  });

  it('a delivery that two processes record at once is recorded once', async () => {
    await withPostgres(async (world) => {
      const [one, two] = [await world.open(), await world.open()];
      const items = Array.from({ length: 60 }, () =>
        sampleCommit({ ids: world.ids, webhookId: 'wh_r', atMs: Date.now() }),
      );
      await one.commit(items);
      const { epoch } = two.health();
      const records = items
        .flatMap(({ deliveries = [] }) => deliveries)
        .map((delivery) => sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: Date.now() }));
      const [first, second] = await Promise.all([one.record(records), two.record([...records].reverse())]);
      for (const [index, result] of first.entries()) {
        assert.deepEqual([result, second[second.length - 1 - index]].sort(), ['gone', 'recorded']);
      }
    });
  });

  it('matching never misses a webhook that was created before the commit', async () => {
    const rounds = Number(process.env['ASSETWIRE_MATCHING_RACES'] ?? 400);
    const server = await createTestServer(['track_commit_timestamp = on']);
    const open = async (): Promise<Storage> => {
      const storage = createPostgresStorage({
        url: server.url(),
        clock: systemClock,
        options: { connectionsMax: 3, ...patient },
      });
      await storage.start();
      return storage;
    };
    const [reporter, keeper] = [await open(), await open()];
    const ids = (await import('../../core/id-source.ts')).createIdSource({
      nowMs: () => Date.now(),
      randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    });
    const decided = new Map<string, number>();
    let racing = true;
    const keeping = (async () => {
      for (let n = 0; racing; n += 1) {
        const id: WebhookId = `wh_race_${String(n).padStart(6, '0')}`;
        const write = { type: 'webhook', id, expectedVersion: 0, state: { n } } as const;
        await keeper.commit([{ workspaceId: 'default', atMs: Date.now(), resources: [write] }]);
      }
    })();
    for (let done = 0; done < rounds; ) {
      const revision = await reporter.webhooksRevision('default');
      const item = sampleCommit({ ids, webhookId: 'wh_none', atMs: Date.now(), bare: true });
      const [result] = await reporter.commit([{ ...item, webhooksRevision: revision }]);
      assert.ok(result?.status === 'applied' || result?.status === 'stale');
      done += 1;
      if (result.status === 'applied') decided.set(item.changes?.[0]?.change.id ?? '', revision);
    }
    racing = false;
    await keeping;
    // The n-th webhook made revision n + 1: a change decided with revision r must have been committed before webhook r was.
    const rows = await ask(
      server.url(),
      `SELECT c.id, extract(epoch FROM pg_xact_commit_timestamp(c.xmin)) AS at FROM assetwire.changes c`,
    );
    const hooks = await ask(
      server.url(),
      `SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin)) AS at FROM assetwire.resources WHERE type = 'webhook' ORDER BY id`,
    );
    assert.ok(decided.size > 20, `${decided.size} changes were applied beside ${hooks.length} webhooks`);
    for (const { id, at } of rows) {
      const missed = hooks[decided.get(String(id)) ?? 0];
      if (missed !== undefined) assert.ok(Number(at) <= Number(missed['at']), `${String(id)} misses a webhook`);
    }
    await reporter.stop();
    await keeper.stop();
    await server.remove();
  });
});
