/** What a database can do to us while we run. Each time: callers hear it quickly, nothing confirmed is lost, it goes on by itself. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { Client } from 'pg';
import { systemClock } from '../../runtime/clock.ts';
import type { CommitItem, CommitResult } from '../contract/commit-item.ts';
import { patient } from '../testing/patient.ts';
import { type PostgresWorld, withPostgres } from '../testing/postgres-world.ts';
import { sampleCommit, sampleRecord } from '../testing/samples.ts';
import { ask, createTestServer, removeTestServers } from '../testing/test-postgres.ts';
import { createPostgresStorage } from './postgres-storage.ts';
import { createIdSource } from '../../core/id-source.ts';
import { seededBytes } from '../testing/world.ts';
import {
  assertNothingLost,
  committer,
  load,
  openTransactions,
  quick,
  roadTo,
  until,
  viaProxy,
  withServer,
} from '../testing/postgres-faults.ts';

after(removeTestServers);

/** An asset is created under this key, and three webhooks are to hear of it. */
function eventOfThree({ ids }: PostgresWorld, key: string): CommitItem {
  const item = sampleCommit({ ids, webhookId: 'wh_one', atMs: Date.now() });
  const [first] = item.deliveries ?? [];
  assert.ok(first !== undefined);
  const another = (webhookId: `wh_${string}`) => {
    const id = ids.next('delivery');
    return { ...first, id, messageId: id, webhookId };
  };
  return {
    ...item,
    deliveries: [first, another('wh_two'), another('wh_three')],
    idempotency: { key, fingerprint: 'f', createdAtMs: Date.now(), response: { status: 202, body: {} } },
  };
}

describe('faults of PostgreSQL', () => {
  for (const [id, how] of [
    ['FD-01', 'stop'],
    ['FD-02', 'kill'],
  ] as const) {
    it(`${id} the server is ${how === 'stop' ? 'stopped at once' : 'killed'} under load and started again: 503 meanwhile, nothing confirmed is lost`, async () => {
      await withServer([], async ({ server, storage }) => {
        const running = load(storage, committer(storage, 11));
        await until(() => running.confirmed.length > 100, 'a load');
        await (how === 'stop' ? server.stop('immediate') : server.kill());
        await until(() => running.codes.size > 0, 'that callers hear it');
        const before = running.confirmed.length;
        assert.notEqual(storage.health().state, 'ok');
        await until(
          async () =>
            await server.start().then(
              () => true,
              () => false,
            ),
          'the server starts',
        );
        await until(() => running.confirmed.length > before + 100, 'work goes on by itself');
        await running.stop();
        assert.deepEqual([...running.codes], ['storage_unavailable']);
        assert.ok(running.slowestMs() < 30_000, `${running.slowestMs()} ms`);
        await assertNothingLost(server.url(), running.confirmed);
        assert.equal(storage.health().state, 'ok');
      });
    });
  }

  it('FD-03 the server hangs: callers hear it within the statement’s time, and work goes on when it wakes', async () => {
    await withServer([], async ({ server, storage }) => {
      const commit = committer(storage, 12);
      await until(async () => (await commit().catch(() => null))?.status === 'applied', 'it answers');
      server.pause();
      const began = performance.now();
      await assert.rejects(commit(), { code: 'storage_unavailable' });
      await assert.rejects(storage.resources([{ workspaceId: 'default', type: 'asset', id: 'x' }]), {
        code: 'storage_unavailable',
      });
      assert.ok(performance.now() - began < 30_000);
      server.resume();
      await until(async () => (await commit().catch(() => null))?.status === 'applied', 'it answers again');
    });
  });

  it('FD-04 a connection that goes silent is given up in time; another road is taken when there is one', async () => {
    await viaProxy(async ({ world, proxy, url }) => {
      const storage = await world.open(quick, url);
      await until(async () => (await world.commit(storage).catch(() => null))?.status === 'applied', 'it answers');
      proxy.silence(true);
      const began = performance.now();
      await assert.rejects(world.commit(storage), { code: 'storage_unavailable' });
      assert.ok(performance.now() - began < 30_000);
      proxy.silence(false);
      await until(
        async () => (await world.commit(storage).catch(() => null))?.status === 'applied',
        'it answers again',
      );
    });
  });

  it('FD-05 connections ended in a loop under load: nothing confirmed is lost, no connection leaks', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open(quick);
      const running = load(storage, committer(storage, 13));
      for (let n = 0; n < 12; n += 1) {
        await ask(
          world.url,
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
        );
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const before = running.confirmed.length;
      await until(() => running.confirmed.length > before + 50, 'work goes on');
      await running.stop();
      await assertNothingLost(world.url, running.confirmed);
      const [found] = await ask(
        world.url,
        'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database()',
      );
      assert.ok(Number(found?.['n']) <= 5, `${String(found?.['n'])} connections`);
    });
  });

  it('FK-01 killed at any of its writes to the database, an event is whole or not there, and told again with its key it is there once', async () => {
    await withPostgres(async (world) => {
      const next = await world.open();
      const counts = async (): Promise<readonly [changes: number, deliveries: number]> => [
        await next.read.countChanges({ workspaceId: 'default' }),
        (await next.read.deliveries({ workspaceId: 'default', limit: 100 })).items.length,
      ];
      const ends: boolean[] = [];
      let alive = false;
      for (let write = 1; !alive; write += 1) {
        for (const share of [0, 0.5, 1]) {
          const key = `told-${write}-${share}`;
          const where = `killed at write ${write}, ${share} of it gone`;
          const { proxy, url } = await roadTo(world);
          const dying = await world.open({ connectionsMax: 1, preparedStatements: false }, url);
          const [changes, deliveries] = await counts();
          proxy.dieAtWrite(write, share);
          const told = dying.commit([eventOfThree(world, key)]).catch(() => undefined);
          await Promise.race([told, until(proxy.died, 'the kill or an answer')]);
          alive = !proxy.died();
          // Nobody hears of a killed one again.
          await proxy.close();
          if (alive) break;
          // What has left may still be done; the server is done with a connection when it has ended.
          await until(
            async () => (await ask(world.url, openTransactions)).length === 0,
            'the dead one’s transaction ends',
          );
          const isThere = (await next.idempotency('default', key)) !== null;
          ends.push(isThere);
          assert.deepEqual(await counts(), isThere ? [changes + 1, deliveries + 3] : [changes, deliveries], where);
          const [again] = await next.commit([eventOfThree(world, key)]);
          assert.equal(again?.status, isThere ? 'duplicate' : 'applied', where);
          assert.deepEqual(await counts(), [changes + 1, deliveries + 3], `told again, ${where}`);
        }
      }
      assert.ok(ends.length >= 6 && ends.includes(false), `${ends.length} kills`);
    });
  });

  it('FK-02 a commit whose connection is lost before the answer is told as it was: applied once', async () => {
    await viaProxy(async ({ world, proxy, url }) => {
      // Statements in full each time, so that the word is on the wire.
      const storage = await world.open({ preparedStatements: false }, url);
      for (let n = 1; n <= 5; n += 1) {
        proxy.cutAfter('COMMIT');
        assert.equal((await world.commit(storage)).status, 'applied');
        assert.equal(proxy.cuts(), n);
      }
      assert.equal(await storage.read.countChanges({ workspaceId: 'default' }), 5);
    });
  });

  it('FK-02 a server that crashes under a commit gives its id to another transaction: the commit is not taken for that one', async () => {
    const server = await createTestServer();
    const held: { now: boolean; struck: (() => void) | null } = { now: false, struck: null };
    const clients = new Set<Socket>();
    const road = createServer((client) => {
      const upstream = connect(server.port, '127.0.0.1');
      let struck = false;
      clients.add(client);
      upstream.on('error', () => undefined);
      client.on('error', () => undefined);
      client.on('close', () => upstream.destroy());
      // Whoever waits for the answer does not hear of the crash before others have been given its id.
      upstream.on('close', () => held.now || client.destroy());
      // What is written never gets there, and nothing comes back.
      upstream.on('data', (chunk) => struck || client.write(chunk));
      client.on('data', (chunk: Buffer) => {
        struck ||= held.now && chunk.includes('INSERT INTO assetwire.');
        if (struck) held.struck?.();
        else upstream.write(chunk);
      });
    });
    await new Promise<void>((resolve) => road.listen(0, '127.0.0.1', resolve));
    const { port } = road.address() as AddressInfo;
    const storage = createPostgresStorage({
      url: `postgres://postgres@127.0.0.1:${port}/postgres`,
      clock: systemClock,
      options: { ...patient, connectionsMax: 3, preparedStatements: false },
    });
    try {
      await storage.start();
      const commit = (): Promise<readonly CommitResult[]> => {
        const ids = createIdSource({ nowMs: () => Date.now(), randomBytes: (count) => randomBytes(count) });
        return storage.commit([sampleCommit({ ids, webhookId: 'wh_pg', atMs: Date.now() })]);
      };
      await commit();
      const struck = new Promise<void>((resolve) => (held.struck = resolve));
      held.now = true;
      const lost = commit().then(
        () => 'told that it is there',
        () => 'refused',
      );
      await struck;
      await server.kill();
      await server.start();
      // Others are given the ids that come next, the lost one's among them, before anybody asks what became of it.
      await ask(server.url(), 'CREATE TABLE others (n int)');
      await ask(
        server.url(),
        'DO $$ BEGIN FOR n IN 1..50 LOOP INSERT INTO others VALUES (n); COMMIT; END LOOP; END $$',
      );
      held.now = false;
      for (const client of clients) client.destroy();
      assert.equal(await lost, 'refused');
      assert.equal(await storage.read.countChanges({ workspaceId: 'default' }), 1);
    } finally {
      await storage.stop();
      await new Promise((resolve) => road.close(resolve));
      await server.remove();
    }
  });

  it('FD-06 no connection is to be had: callers hear it quickly, and it goes on when there is', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open({ ...quick, connectionsMax: 3 });
      const name = new URL(world.url).pathname.slice(1);
      const admin = world.url.replace(/\/[^/]*$/, '/postgres');
      await ask(admin, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await ask(admin, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
      const began = performance.now();
      await assert.rejects(world.commit(storage), { code: 'storage_unavailable' });
      assert.ok(performance.now() - began < 30_000);
      assert.notEqual(storage.health().state, 'ok');
      await ask(admin, `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      await until(async () => (await world.commit(storage).catch(() => null))?.status === 'applied', 'it goes on');
    });
  });

  it('FD-06 a process that is asked for nothing sees by its heartbeats that the database is gone, and that it is back', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open({ ...quick, connectionsMax: 3 });
      const { cluster } = storage;
      assert.ok(cluster !== null);
      const heartbeat = { id: 'm_one', node: 'n_one', role: 'api', version: '1', blobs: 's3', leaving: false } as const;
      const beat = () => cluster.beat({ ...heartbeat, leaseMs: 30_000, acquire: [], release: [] });
      await until(async () => (await beat().catch(() => null)) !== null, 'a heartbeat');
      const name = new URL(world.url).pathname.slice(1);
      const admin = world.url.replace(/\/[^/]*$/, '/postgres');
      await ask(admin, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await ask(admin, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
      await assert.rejects(beat(), { code: 'storage_unavailable' });
      assert.equal(storage.health().state, 'unavailable');
      await ask(admin, `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      await until(async () => (await beat().catch(() => null)) !== null, 'it goes on');
      assert.equal(storage.health().state, 'ok');
    });
  });

  it('FD-06 reads that use up their connections wait a while, then hear storage_busy, and batches have their own', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open({
        connectionsMax: 3,
        waitMsMax: 200,
      });
      const answers: string[] = [];
      let reads: readonly Promise<unknown>[] = [];
      await withLock(world.url, 'assetwire.bodies', async () => {
        reads = Array.from({ length: 4 }, () =>
          storage.storedBody('dlv_x').then(
            () => answers.push('read'),
            (error: { code: string }) => answers.push(error.code),
          ),
        );
        assert.equal((await world.commit(storage)).status, 'applied');
        await until(() => answers.length === 3, 'three of four hear it');
      });
      await Promise.all(reads);
      assert.deepEqual(answers, ['storage_busy', 'storage_busy', 'storage_busy', 'read']);
      assert.equal(await storage.storedBody('dlv_x'), null);
    });
  });

  it('FD-12 a deadlock with somebody else is tried again and goes through', async () => {
    await withPostgres(async (world) => {
      await ask(world.url, `ALTER DATABASE ${new URL(world.url).pathname.slice(1)} SET deadlock_timeout = '100ms'`);
      const storage = await world.open();
      const write = (id: string, n: number) => ({
        workspaceId: 'default',
        atMs: Date.now(),
        resources: [{ type: 'setting', id, expectedVersion: 'any', state: { n } }] as const,
      });
      await storage.commit([write('a', 0), write('b', 0)]);
      const client = new Client({ connectionString: world.url });
      client.on('error', () => undefined);
      await client.connect();
      const touch = (id: string) => client.query(`UPDATE assetwire.resources SET updated_at = 1 WHERE id = '${id}'`);
      await client.query('BEGIN');
      await touch('b');
      // It takes "a", waits for "b"; the other one has "b" and then wants "a".
      const ours = storage.commit([write('a', 1), write('b', 1)]);
      await until(async () => {
        const rows = await ask(
          world.url,
          "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
        );
        return rows.length > 0;
      }, 'our batch waits');
      await touch('a')
        .then(() => client.query('COMMIT'))
        .catch(() => client.query('ROLLBACK'));
      assert.deepEqual(
        (await ours).map(({ status }) => status),
        ['applied', 'applied'],
      );
      await client.end();
    });
  });

  it('FD-13 a table locked by an operator: 503 in time, then it goes on', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open(quick);
      await withLock(world.url, 'assetwire.queue', async () => {
        const began = performance.now();
        await assert.rejects(world.commit(storage), { code: 'storage_unavailable' });
        assert.ok(performance.now() - began < 30_000);
      });
      await until(async () => (await world.commit(storage).catch(() => null))?.status === 'applied', 'it goes on');
    });
  });

  it('FD-15 damaged rows are told apart and hold up nobody', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      const items = Array.from({ length: 6 }, () =>
        sampleCommit({ ids: world.ids, webhookId: 'wh_d', atMs: Date.now() }),
      );
      await storage.commit(items);
      const deliveries = items.flatMap((item) => item.deliveries ?? []);
      const [first, second, third] = deliveries;
      assert.ok(first && second && third);
      await ask(world.url, "UPDATE assetwire.changes SET body = '{\"broken' WHERE id = $1", [first.changeId]);
      await ask(world.url, 'DELETE FROM assetwire.changes WHERE id = $1', [second.changeId]);
      await ask(world.url, "UPDATE assetwire.queue SET frozen = 'nonsense' WHERE id = $1", [third.id]);
      for (const by of ['due', 'position'] as const) {
        const page = await storage.pending({ webhookId: 'wh_d', by, nowMs: Date.now(), limit: 10 });
        assert.deepEqual(
          page.unreadable?.map(({ deliveryId }) => deliveryId).sort(),
          [first.id, second.id, third.id].sort(),
        );
        assert.equal(page.tasks.length, 3);
      }
      const bury = [first, second, third].map(
        ({ id }) => ({ kind: 'bury', deliveryId: id, reason: 'damaged' }) as const,
      );
      await storage.commit([{ workspaceId: 'default', atMs: Date.now(), deliveryOrders: bury }]);
      assert.equal(await storage.read.countDeliveries({ workspaceId: 'default', states: ['dead'] }), 3);
      assert.equal((await storage.read.changes({ workspaceId: 'default', limit: 10 })).items.length, 4);
      await ask(world.url, "UPDATE assetwire.duties SET payload = '{'");
      await ask(world.url, "UPDATE assetwire.log SET attempt = '[' WHERE id = $1", [first.id]);
      assert.deepEqual((await storage.read.delivery('default', first.id))?.attempts, []);
    });
  });

  it('FD-17 a slow database slows down and does nothing else', async () => {
    await viaProxy(async ({ world, proxy, url }) => {
      const storage = await world.open({ connectionsMax: 4 }, url);
      proxy.delay(200);
      const items = Array.from({ length: 30 }, () =>
        sampleCommit({ ids: world.ids, webhookId: 'wh_s', atMs: Date.now() }),
      );
      const results = await Promise.all(items.map((item) => storage.commit([item])));
      assert.ok(results.every(([result]) => result?.status === 'applied'));
      const { epoch } = storage.health();
      const deliveries = items.flatMap((item) => item.deliveries ?? []);
      const records = deliveries.map((delivery) =>
        sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: Date.now() }),
      );
      assert.ok((await storage.record(records)).every((result) => result === 'recorded'));
    });
  });

  it('behind a pooler without prepared statements everything works', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open({ preparedStatements: false });
      for (let n = 0; n < 3; n += 1) assert.equal((await world.commit(storage)).status, 'applied');
      assert.equal((await storage.read.deliveries({ workspaceId: 'default', limit: 5 })).items.length, 3);
      const [found] = await ask(
        world.url,
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
      );
      assert.equal(found?.['n'], 0);
    });
  });

  it('FD-07 the disk of the database is full: storage_full and nothing half; it goes on when there is room', async (t) => {
    const place = mountSmallDisk();
    if (place === null) {
      t.diagnostic('NOT RUN: a small file system could not be mounted (it takes root)');
      return;
    }
    try {
      await withPostgres(async (world) => {
        const given = await ask(world.url, 'SHOW data_directory').catch(() => []);
        if (process.env['ASSETWIRE_TEST_POSTGRES_URL'] !== undefined || given.length === 0) {
          t.diagnostic('NOT RUN: the disk of a server that is not ours');
          return;
        }
        await ask(world.url, `CREATE TABLESPACE small_${process.pid} LOCATION '${place.directory}'`);
        const database = new URL(world.url).pathname.slice(1);
        const storage = await world.open();
        await storage.stop();
        const admin = world.url.replace(/\/[^/]*$/, '/postgres');
        await ask(admin, `ALTER DATABASE ${database} SET TABLESPACE small_${process.pid}`);
        await storage.start();
        const ids = createIdSource({ nowMs: () => Date.now(), randomBytes: seededBytes(15) });
        const confirmed: string[] = [];
        let refused: string | null = null;
        for (let n = 0; n < 600 && refused === null; n += 1) {
          const items = Array.from({ length: 20 }, () =>
            large(sampleCommit({ ids, webhookId: 'wh_full', atMs: Date.now() })),
          );
          try {
            await storage.commit(items);
            confirmed.push(...items.map((item) => item.changes?.[0]?.change.id ?? ''));
          } catch (error) {
            refused = (error as { code: string }).code;
          }
        }
        assert.equal(refused, 'storage_full');
        assert.equal(storage.health().state, 'full');
        // A new connection may want to write before it reads, so it is let in when there is room.
        place.grow();
        await assertNothingLost(world.url, confirmed);
        assert.equal(await storage.read.countChanges({ workspaceId: 'default' }), confirmed.length, 'all or nothing');
        await until(async () => (await world.commit(storage).catch(() => null))?.status === 'applied', 'it goes on');
        await storage.stop();
        await ask(admin, `ALTER DATABASE ${database} SET TABLESPACE pg_default`);
        await ask(admin, `DROP TABLESPACE small_${process.pid}`);
      });
    } finally {
      place.remove();
    }
  });
});

/** With a state that does not pack. */
function large(item: CommitItem): CommitItem {
  const write = { type: 'setting', id: randomBytes(12).toString('hex'), expectedVersion: 0 } as const;
  return { ...item, resources: [{ ...write, state: { text: randomBytes(15_000).toString('base64') } }] };
}

async function withLock(url: string, table: string, work: () => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    await work();
  } finally {
    await client.query('ROLLBACK');
    await client.end();
  }
}

type SmallDisk = { readonly directory: string; grow(): void; remove(): void };

/** A file system of 60 MiB in memory; null where it cannot be had. */
function mountSmallDisk(): SmallDisk | null {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return null;
  const directory = `/tmp/assetwire-small-${process.pid}`;
  const run = (program: string, ...values: readonly string[]): void => {
    execFileSync(program, values, { stdio: 'ignore' });
  };
  try {
    run('mkdir', '-p', directory);
    run('mount', '-t', 'tmpfs', '-o', 'size=60m,mode=0700,uid=65534,gid=65534', 'tmpfs', directory);
  } catch {
    run('rm', '-rf', directory);
    return null;
  }
  return {
    directory,
    grow: () => run('mount', '-o', 'remount,size=200m', directory),
    remove: () => {
      run('umount', '-l', directory);
      run('rm', '-rf', directory);
    },
  };
}
