/** Behind a pooler that hands each transaction to another backend: nothing of ours relies on a session. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { readSearch } from '../../core/search-query.ts';
import { systemClock } from '../../runtime/clock.ts';
import { withPostgres } from '../testing/postgres-world.ts';
import { sampleCommit } from '../testing/samples.ts';
import { settled } from '../testing/settled-search.ts';
import { removeTestServers } from '../testing/test-postgres.ts';
import { createTransactionPooler } from '../testing/transaction-pooler.ts';

after(() => removeTestServers());

describe('behind a pooler in transaction mode', () => {
  it('a process starts, commits from many callers, reads, searches, does its upkeep and hears others', async () => {
    await withPostgres(async (world) => {
      const pooler = await createTransactionPooler(world.url);
      try {
        const behind = { preparedStatements: false, directUrl: world.url, connectionsMax: 6 };
        const storage = await world.open(behind, pooler.url);
        const other = await world.open(behind, pooler.url);
        const heard: string[] = [];
        const hush = other.cluster?.listen({ message: (text) => void heard.push(text), gap: () => undefined });
        const items = Array.from({ length: 120 }, () =>
          sampleCommit({ ids: world.ids, webhookId: 'wh_pg', atMs: systemClock.nowMs() }),
        );
        const results = await Promise.all(items.map((item) => storage.commit([item])));
        assert.ok(results.every(([result]) => result?.status === 'applied'));
        const changes = await other.read.changes({ workspaceId: 'default', limit: 200 });
        assert.equal(changes.items.length, items.length);
        const lanes = await other.lanes({ after: null, limit: 10 });
        assert.equal(lanes.length, 1);
        const found = await settled(200, () =>
          storage.read.assets({ workspaceId: 'default', limit: 200, where: readSearch('kind:image') }),
        );
        const listed = await storage.read.assets({ workspaceId: 'default', limit: 200 });
        assert.equal(found.items.length, listed.items.filter(({ state }) => state['kind'] === 'image').length);
        const member = {
          ...({ id: 'member_1', node: 'node_1', role: 'worker', version: '1', blobs: 'here', leaving: false } as const),
          ...{ leaseMs: 30_000, acquire: [], release: [] },
        };
        const view = await storage.cluster?.beat(member);
        assert.equal(view?.members.length, 1);
        while ((await storage.maintain(systemClock.nowMs())).more);
        await storage.cluster?.tell('to the others');
        for (let tries = 0; heard.length === 0 && tries < 3_000; tries += 1)
          await new Promise((resolve) => setTimeout(resolve, 10));
        assert.deepEqual(heard, ['to the others']);
        hush?.();
        await Promise.all([storage.stop(), other.stop()]);
        assert.ok(
          pooler.served.every((count) => count > 5),
          pooler.served.join(' '),
        );
      } finally {
        await pooler.stop();
      }
    });
  });

  it('one that prepares its statements is refused what it has not prepared there, so it is told to say that a pooler is there', async () => {
    await withPostgres(async (world) => {
      const pooler = await createTransactionPooler(world.url);
      try {
        await assert.rejects(async () => {
          const storage = await world.open({ connectionsMax: 6 }, pooler.url);
          for (let n = 0; n < 20; n += 1) await storage.read.changes({ workspaceId: 'default', limit: 5 });
        }, /prepared statement|ASSETWIRE_DATABASE_POOLER/);
      } finally {
        await pooler.stop();
      }
    });
  });
});
