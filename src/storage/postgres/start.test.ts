/** What is refused at start, by the exact thing that is missing; and who may read what. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Client } from 'pg';
import { systemClock } from '../../runtime/clock.ts';
import { patient } from '../testing/patient.ts';
import { until } from '../testing/postgres-faults.ts';
import { withPostgres } from '../testing/postgres-world.ts';
import { ask, createTestDatabase, createTestServer, removeTestServers } from '../testing/test-postgres.ts';
import { refuseServer, type ServerFacts, weaknesses } from './check-server.ts';
import { createPostgresStorage, type PostgresStorageOptions } from './postgres-storage.ts';
import { connect, type Connection } from './connection.ts';
import { migrate } from './migrate.ts';
import { createSql } from './sql.ts';
import { schemaVersion } from './schema.ts';

after(removeTestServers);

const sound: ServerFacts = {
  version: 160_004,
  fsync: 'on',
  fullPageWrites: 'on',
  synchronousCommit: 'on',
  readOnly: false,
  encoding: 'UTF8',
};

async function start(url: string, options: PostgresStorageOptions = {}): Promise<void> {
  const storage = createPostgresStorage({
    url,
    clock: systemClock,
    options: { connectionsMax: 3, ...patient, ...options },
  });
  await storage.start();
  await storage.stop();
}

const refusal = (detail: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error);
  assert.equal((error as Error & { code?: string }).code, 'storage_unavailable');
  assert.match(error.message, detail);
  return true;
};

function asRole(url: string, role: string): string {
  const changed = new URL(url);
  changed.username = role;
  return changed.href;
}

let roles = 0;

/** A role that may log in and nothing else; removed with the server, or by its own drop where the server goes on. */
async function newRole(url: string, rights = ''): Promise<string> {
  roles += 1;
  const role = `assetwire_test_role_${process.pid}_${roles}`;
  await ask(url, `CREATE ROLE ${role} LOGIN ${rights}`);
  return role;
}

describe('starting on PostgreSQL', () => {
  it('FD-10 a server that may lose what it has confirmed is refused, unless the operator says so', async () => {
    assert.deepEqual(weaknesses(sound), []);
    for (const weak of [
      { fsync: 'off' },
      { fullPageWrites: 'off' },
      { synchronousCommit: 'off' },
      { synchronousCommit: 'local' },
    ]) {
      assert.equal(weaknesses({ ...sound, ...weak }).length, 1, JSON.stringify(weak));
      assert.throws(() => refuseServer({ ...sound, ...weak }, false), refusal(/must be on.*: found/));
      refuseServer({ ...sound, ...weak }, true);
    }
    for (const synchronousCommit of ['remote_write', 'remote_apply'])
      refuseServer({ ...sound, synchronousCommit }, false);
    assert.throws(() => refuseServer({ ...sound, version: 140_009 }, true), refusal(/15 or newer: found 14/));
    assert.throws(() => refuseServer({ ...sound, encoding: 'SQL_ASCII' }, true), refusal(/UTF8: found SQL_ASCII/));
    await withPostgres(async ({ url }) => {
      const database = new URL(url).pathname.slice(1);
      await ask(url, `ALTER DATABASE ${database} SET synchronous_commit = off`);
      await assert.rejects(start(url), refusal(/synchronous_commit must be on, .*: found off/));
      await start(url, { acceptWeakDurability: true });
    });
  });

  it('FD-19 a newer schema is refused and left as it is', async () => {
    await withPostgres(async ({ url }) => {
      await ask(url, "UPDATE assetwire.meta SET value = '99' WHERE key = 'version'");
      const told = new RegExp(
        `The store must have schema ${schemaVersion} or older: assetwire in the database has schema 99`,
      );
      await assert.rejects(start(url), refusal(told));
      assert.deepEqual(await ask(url, "SELECT value FROM assetwire.meta WHERE key = 'version'"), [{ value: '99' }]);
    });
  });

  it('UP-18 files of before their size was written are weighed once, those in the trash as well', async () => {
    await withPostgres(async ({ url }) => {
      await ask(url, 'DROP SCHEMA assetwire CASCADE');
      await migrateUntil(url, 2);
      const [one, two, three] = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
      const rows: (readonly [workspace: string, type: string, id: string, state: object])[] = [
        ...[one, two, three].map((blob) => ['default', 'blob_use', `${blob}:ast_1`, {}] as const),
        ['default', 'blob_use', `${one}:ast_2`, {}],
        ['other', 'blob_use', `${one}:ast_3`, {}],
        ['default', 'trashed_asset', 'tra_1', { assetId: 'ast_2', asset: { file: { blob: one, bytes: 10 } } }],
        [
          'default',
          'asset',
          'ast_1',
          {
            file: { blob: one, bytes: 10 },
            versions: [{ file: { blob: one, bytes: 10 } }, { file: { blob: two, bytes: 200 } }],
            renditions: [{ title: 'small', blob: three, bytes: 3_000 }],
            metadata: { blob: 'short', bytes: 'many' },
          },
        ],
      ];
      for (const [workspace, type, id, state] of rows)
        await ask(
          url,
          `INSERT INTO assetwire.resources (workspace, type, id, version, created_at, updated_at, state)
           VALUES ('${workspace}', '${type}', '${id}', 1, 5, 6, '${JSON.stringify(state)}')`,
        );
      await start(url);
      const usage = 'SELECT workspace, files::int, bytes::int FROM assetwire.blob_usage ORDER BY workspace';
      assert.deepEqual(await ask(url, usage), [
        { workspace: 'default', files: 4, bytes: 3_220 },
        { workspace: 'other', files: 1, bytes: 0 },
      ]);
    });
  });

  it('FD-19 a role without rights hears which one it lacks', async () => {
    const empty = await createTestDatabase();
    const role = await newRole(empty.url);
    await assert.rejects(
      start(asRole(empty.url, role)),
      refusal(/Stage 1 of the schema assetwire must be made: permission denied for database/),
    );
    // As the mend says.
    await ask(empty.url, `CREATE SCHEMA assetwire AUTHORIZATION ${role}`);
    await start(asRole(empty.url, role));
    await ask(empty.url, `DROP OWNED BY ${role}`);
    await empty.drop();
    await withPostgres(async ({ url }) => {
      const other = await newRole(url);
      await assert.rejects(
        start(asRole(url, other)),
        refusal(/schema assetwire must be readable: permission denied for schema/),
      );
      await ask(url, `GRANT USAGE ON SCHEMA assetwire TO ${other}`);
      await ask(url, `GRANT SELECT ON ALL TABLES IN SCHEMA assetwire TO ${other}`);
      await assert.rejects(
        start(asRole(url, other)),
        refusal(/must be allowed to use every table.*lacks \w+: (INSERT|UPDATE|DELETE)/),
      );
      await ask(url, `GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA assetwire TO ${other}`);
      await assert.rejects(start(asRole(url, other)), refusal(/lacks \w+: ownership, /));
      await ask(url, `REVOKE ALL ON ALL TABLES IN SCHEMA assetwire FROM ${other}`);
      await ask(url, `REVOKE ALL ON SCHEMA assetwire FROM ${other}`);
      await ask(url, `DROP ROLE ${other}`);
    });
  });

  it('FD-19 a table that is gone is named', async () => {
    await withPostgres(async ({ url }) => {
      await ask(url, 'DROP TABLE assetwire.bodies');
      await assert.rejects(start(url), refusal(/lacks bodies: /));
    });
  });

  it('FD-14 a read-only database is refused, and one that becomes so answers storage_unavailable until it is not', async () => {
    await withPostgres(async (world) => {
      const database = new URL(world.url).pathname.slice(1);
      const storage = await world.open();
      const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND pid <> pg_backend_pid()`;
      await ask(world.url, `ALTER DATABASE ${database} SET default_transaction_read_only = on`);
      await ask(world.url, end);
      await assert.rejects(world.commit(storage), { code: 'storage_unavailable' });
      assert.equal(storage.health().state, 'unavailable');
      assert.match(storage.health().detail ?? '', /read-only/);
      await assert.rejects(start(world.url), refusal(/must take writes: it is read-only/));
      const admin = new Client({ connectionString: world.url, options: '-c default_transaction_read_only=off' });
      await admin.connect();
      await admin.query(`ALTER DATABASE ${database} RESET default_transaction_read_only`);
      await admin.query(end);
      await admin.end();
      assert.equal((await world.commit(storage)).status, 'applied');
      assert.equal(storage.health().state, 'ok');
    });
  });

  it('nothing is there to connect to: refused within the time, with the address and without the password', async () => {
    const began = performance.now();
    const url = 'postgres://user:secret-word@127.0.0.1:9/none';
    await assert.rejects(
      start(url),
      (error: Error) => refusal(/must answer/)(error) && !error.message.includes('secret-word'),
    );
    assert.ok(performance.now() - began < 30_000);
  });

  it('a password, user or database that is wrong is told with the setting to look at, not with patience', async () => {
    const database = await createTestDatabase();
    try {
      const wrong = asRole(database.url, 'nobody_of_that_name');
      const gone = new URL(database.url);
      gone.pathname = '/nothing_of_that_name';
      for (const [url, mend] of [
        [wrong, /Check user and password in ASSETWIRE_DATABASE_URL/],
        [gone.href, /CREATE DATABASE.*ASSETWIRE_DATABASE_URL/],
        ['postgres://user:secret-word@127.0.0.1:9/none', /runs and listens there.*ASSETWIRE_DATABASE_URL/],
        ['postgres://user@no-such-host.invalid/none', /Check the host in ASSETWIRE_DATABASE_URL/],
        [`${database.url}?sslmode=verify-full&sslrootcert=/no/such.pem`, /Check the files that sslrootcert/],
      ] as const) {
        await assert.rejects(start(url), (error: unknown) => {
          assert.match((error as { readonly mend?: string }).mend ?? '', mend);
          return refusal(/must answer/)(error);
        });
      }
    } finally {
      await database.drop();
    }
  });

  it('SC-10 two processes that start at once on an empty database both come up, one schema between them', async () => {
    const database = await createTestDatabase();
    await Promise.all([start(database.url), start(database.url), start(database.url)]);
    assert.equal(
      (await ask(database.url, "SELECT count(*)::int AS n FROM assetwire.days WHERE kind = 'log'"))[0]?.['n'],
      4,
    );
    await database.drop();
  });

  it('SC-10 a stage that must wait for a table lets others pass, is made when they are done, and names them where they never are', async () => {
    const database = await createTestDatabase();
    const sql = createSql('assetwire');
    const connection = await connect({
      url: database.url,
      connectTimeoutMs: 5_000,
      applicationName: 'migrate',
      preparedStatements: true,
      pacing: systemClock,
    });
    // The next stage makes indexes on the queue, for which nobody may be writing to it.
    const stage = 3;
    const common = { sql, timeoutMs: 30_000 };
    await migrate(connection, { ...common, untilStage: stage });
    const { watched, asked } = watchedConnection(connection);
    const busy = new Client({ connectionString: database.url });
    const passing = new Client({ connectionString: database.url });
    await Promise.all([busy.connect(), passing.connect()]);
    try {
      await busy.query('BEGIN; LOCK TABLE assetwire.queue IN ROW EXCLUSIVE MODE');
      const waiting = migrate(watched, { ...common, untilStage: stage + 1, lockTimeoutMs: 150 });
      let slowestMs = 0;
      let settled = false;
      const refused = assert.rejects(waiting, refusal(/another transaction held one of its tables/));
      void refused.then(() => (settled = true));
      while (!settled) {
        const fromMs = performance.now();
        await passing.query('BEGIN; LOCK TABLE assetwire.queue IN ROW EXCLUSIVE MODE; COMMIT');
        slowestMs = Math.max(slowestMs, performance.now() - fromMs);
      }
      await refused;
      assert.ok(slowestMs < 20_000, `a writer waited ${Math.round(slowestMs)} ms behind the stage`);
      // Six tries, half a second between two of them in which nothing is asked for.
      const told = asked
        .filter((text) => /^BEGIN$|lock_timeout|pg_sleep/.test(text))
        .map((text) => text.split('\n', 1)[0]);
      const oneTry = ['BEGIN', 'SET LOCAL lock_timeout = 150;'];
      const pause = 'SELECT pg_sleep(0.5)';
      assert.deepEqual(told, Array.from({ length: 6 }, (_, n) => (n === 0 ? oneTry : [pause, ...oneTry])).flat());
      const version = "SELECT value FROM assetwire.meta WHERE key = 'version'";
      assert.equal((await ask(database.url, version))[0]?.['value'], String(stage), 'nothing is half done');
      const again = migrate(connection, { ...common, untilStage: stage + 1, lockTimeoutMs: 4_000 });
      const waits = 'SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted';
      while ((await ask(database.url, waits))[0]?.['n'] === 0);
      await busy.query('COMMIT');
      assert.equal(await again, stage + 1);
    } finally {
      connection.close();
      await Promise.all([busy.end(), passing.end()]);
      await database.drop();
    }
  });

  it('FD-20 restored into a younger cluster, numbers go on behind those that are stored', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      await world.commit(storage);
      await storage.stop();
      // As a dump brings it: numbers of a cluster that was much further, and the name of that cluster.
      await ask(world.url, 'UPDATE assetwire.changes SET seq = (1::bigint << 50)');
      await ask(world.url, 'UPDATE assetwire.queue SET position = (1::bigint << 50)');
      await ask(world.url, "UPDATE assetwire.meta SET value = 'another' WHERE key = 'cluster'");
      const restored = await world.open();
      const before = await restored.read.feed({ workspaceId: 'default', cursor: null, limit: 10 });
      assert.equal(before.changes.length, 1);
      await world.commit(restored);
      const behind = await restored.read.feed({ workspaceId: 'default', cursor: before.cursor, limit: 10 });
      assert.equal(behind.changes.length, 1, 'what comes later lies behind the cursor');
    });
  });

  it('of several hosts the one that takes writes is found, also after another was promoted', async () => {
    const primary = await createTestServer();
    const standby = await primary.standby();
    const hosts = `postgres://postgres@127.0.0.1:${standby.port},127.0.0.1:${primary.port}/postgres`;
    const storage = createPostgresStorage({
      url: hosts,
      clock: systemClock,
      options: { connectionsMax: 3, connectTimeoutMs: 5_000 },
    });
    await storage.start();
    const write = (n: number) => ({
      workspaceId: 'default',
      atMs: 1,
      resources: [{ type: 'setting', id: `s${n}`, expectedVersion: 0, state: { n } }] as const,
    });
    assert.equal((await storage.commit([write(1)]))[0]?.status, 'applied');
    await primary.kill();
    await assert.rejects(storage.commit([write(2)]), { code: 'storage_unavailable' });
    await standby.promote();
    await until(
      async () => (await storage.commit([write(2)]).catch(() => []))[0]?.status === 'applied',
      'the one that was promoted is found',
    );
    const found = await storage.resources(
      [1, 2].map((n) => ({ workspaceId: 'default', type: 'setting', id: `s${n}` })),
    );
    assert.deepEqual(
      found.map((resource) => resource?.state),
      [{ n: 1 }, { n: 2 }],
      'the synchronous standby has all',
    );
    await storage.stop();
    await standby.remove();
    await primary.remove();
  });
});

describe('reads of one workspace', () => {
  it('TN-01 the request role sees no row of another workspace, whatever it asks', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      for (const workspaceId of ['mine', 'theirs']) {
        const { sampleCommit } = await import('../testing/samples.ts');
        const item = sampleCommit({ ids: world.ids, webhookId: `wh_${workspaceId}`, atMs: Date.now(), workspaceId });
        await storage.commit([
          item,
          {
            workspaceId,
            atMs: 1,
            resources: [{ type: 'webhook', id: `w${workspaceId}`, expectedVersion: 0, state: {} }],
          },
        ]);
      }
      const client = new Client({ connectionString: world.url });
      await client.connect();
      await client.query('BEGIN');
      await client.query(
        "SELECT set_config('assetwire.workspace', 'mine', true), set_config('role', 'assetwire_request', true)",
      );
      const tables = ['resources', 'revisions', 'changes', 'queue', 'lanes'];
      for (const table of tables) {
        const { rows } = await client.query<{ workspace: string }>(`SELECT DISTINCT workspace FROM assetwire.${table}`);
        assert.deepEqual(rows, [{ workspace: 'mine' }], table);
      }
      const { rows } = await client.query<{ id: string }>('SELECT id FROM assetwire.workspaces');
      assert.deepEqual(rows, [{ id: 'mine' }]);
      await assert.rejects(client.query('DELETE FROM assetwire.queue'), /permission denied/);
      await client.query('ROLLBACK');
      await client.query('BEGIN');
      await client.query("SELECT set_config('role', 'assetwire_request', true)");
      const { rowCount } = await client.query('SELECT 1 FROM assetwire.resources');
      assert.equal(rowCount, 0, 'without a workspace there is nothing to see');
      await client.query('ROLLBACK');
      await client.end();
    });
  });

  it('lists go through that role, and what the store writes does not', async () => {
    await withPostgres(async (world) => {
      const storage = await world.open();
      await world.commit(storage);
      // Had lists another role, this would not keep them from reading.
      await ask(world.url, 'REVOKE SELECT ON assetwire.changes FROM assetwire_request');
      await assert.rejects(storage.read.changes({ workspaceId: 'default', limit: 5 }), /permission denied/);
      assert.equal((await world.commit(storage)).status, 'applied');
      await ask(world.url, 'GRANT SELECT ON assetwire.changes TO assetwire_request');
      assert.equal((await storage.read.changes({ workspaceId: 'default', limit: 5 })).items.length, 2);
    });
  });

  it('an owner that may make no roles starts all the same, unguarded, and says so', async () => {
    const database = await createTestDatabase();
    const role = await newRole(database.url);
    await ask(database.url, `GRANT CREATE ON DATABASE ${new URL(database.url).pathname.slice(1)} TO ${role}`);
    const said: string[] = [];
    const storage = createPostgresStorage({
      url: asRole(database.url, role),
      clock: systemClock,
      options: { connectionsMax: 3, ...patient, requestRole: 'assetwire_no_such_role' },
      logger: { error: () => undefined, warn: (_, message) => void said.push(message) },
    });
    await storage.start();
    assert.deepEqual(said, ['storage.reads_unguarded']);
    assert.deepEqual((await storage.read.changes({ workspaceId: 'default', limit: 5 })).items, []);
    await storage.stop();
    await database.drop();
    await ask(database.url.replace(/\/[^/]*$/, '/postgres'), `DROP ROLE ${role}`);
  });
});

/** What a connection is asked, in order. */
function watchedConnection(connection: Connection): { readonly watched: Connection; readonly asked: string[] } {
  const asked: string[] = [];
  const watched: Connection = {
    ...connection,
    run: (statements, timeoutMs) => {
      asked.push(...statements.map(({ sql }) => sql));
      return connection.run(statements, timeoutMs);
    },
    script: (text, timeoutMs) => {
      asked.push(text);
      return connection.script(text, timeoutMs);
    },
  };
  return { watched, asked };
}

/** Makes the schema as it was before later stages. */
async function migrateUntil(url: string, untilStage: number): Promise<void> {
  const connection = await connect({
    url,
    connectTimeoutMs: 5_000,
    applicationName: 'before',
    preparedStatements: false,
    pacing: systemClock,
  });
  try {
    await migrate(connection, { sql: createSql('assetwire'), timeoutMs: 30_000, untilStage });
  } finally {
    connection.close();
  }
}
