/** Upkeep by several processes, and beside somebody who reads. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Client } from 'pg';
import { withPostgres } from '../testing/postgres-world.ts';
import { ask, removeTestServers } from '../testing/test-postgres.ts';
import { dayMs, dayOf } from './days.ts';
import { lockClass, locks } from './schema.ts';

after(removeTestServers);

async function daysOf(url: string, kind: string): Promise<readonly number[]> {
  const rows = await ask(url, 'SELECT day FROM assetwire.days WHERE kind = $1 ORDER BY day', [kind]);
  return rows.map(({ day }) => Number(day));
}

describe('upkeep of PostgreSQL', () => {
  it('days are made ahead, and one that is missing is made by the batch that needs it', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      const today = dayOf(Date.now());
      await storage.maintain(Date.now() + 4 * dayMs);
      for (const kind of ['changes', 'log', 'attempts']) {
        const days = await daysOf(world.url, kind);
        for (let ahead = 0; ahead <= 7; ahead += 1) assert.ok(days.includes(today + ahead), `${kind} ${ahead}`);
      }
      await storage.stop();
      await ask(world.url, `DROP TABLE assetwire.changes_${today}`);
      await ask(world.url, "DELETE FROM assetwire.days WHERE kind = 'changes' AND day = $1", [today]);
      assert.equal((await world.commit(await world.open())).status, 'applied');
    });
  });

  it('while one process is at it, another leaves everything as it is', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      const client = new Client({ connectionString: world.url });
      await client.connect();
      await client.query(`SELECT pg_advisory_lock(${lockClass}, ${locks.upkeep})`);
      while ((await storage.maintain(Date.now() + 60 * dayMs)).more);
      assert.ok((await daysOf(world.url, 'log')).includes(dayOf(Date.now())), 'nothing has left');
      await client.end();
    });
  });

  it('a day that somebody reads stays until nobody does, and holds up no batch meanwhile', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      await world.commit(storage);
      const today = dayOf(Date.now());
      const client = new Client({ connectionString: world.url });
      await client.connect();
      await client.query('BEGIN');
      await client.query('SELECT count(*) FROM assetwire.log');
      const later = Date.now() + 40 * dayMs;
      const maintain = async (): Promise<void> => {
        while ((await storage.maintain(later)).more);
      };
      const began = performance.now();
      await Promise.all([maintain(), world.commit(storage)]);
      // Who reads does so until further down: a batch that waited for that would have waited for ever.
      assert.ok(performance.now() - began < 25_000);
      assert.ok((await daysOf(world.url, 'log')).includes(today));
      await client.query('COMMIT');
      await client.end();
      await maintain();
      assert.ok(!(await daysOf(world.url, 'log')).includes(today));
      const [table] = await ask(world.url, `SELECT to_regclass('assetwire.log_${today}')::text AS name`);
      assert.equal(table?.['name'], null);
      // What is owed was kept: both deliveries are still pending.
      const page = await storage.pending({ webhookId: 'wh_pg', by: 'due', nowMs: later, limit: 5 });
      assert.equal(page.tasks.length, 2);
      assert.equal(page.unreadable, undefined);
    });
  });
});
