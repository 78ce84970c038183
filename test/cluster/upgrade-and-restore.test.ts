import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { Client } from 'pg';
import { schemaVersion } from '../../src/storage/postgres/schema.ts';
import { createTestDatabase, removeTestServers } from '../../src/storage/testing/test-postgres.ts';
import { createClusterRig, type Member, renamed, until } from './cluster-rig.ts';

after(() => removeTestServers());

const publishedMax = 5_000;

/** Reports changes without pause until it is told to stop; each that was answered with 2xx is one that was accepted. */
function publisher(to: Member, prefix: string) {
  const accepted: string[] = [];
  let running = true;
  const work = (async () => {
    for (let n = 0; running; n += 1) {
      const name = `${prefix}-${n}`;
      const answer = await to.call('/v1/changes', { body: { changes: [renamed(name, name)] } });
      // A test that failed has nobody left to stop it.
      if (n > publishedMax) throw new Error(`So much load must be enough: ${publishedMax} changes`);
      if (answer.status < 300) accepted.push(name);
    }
  })();
  return {
    accepted,
    async stop(): Promise<void> {
      running = false;
      await work;
    },
  };
}

const hook = (url: string) => ({
  name: 'hook',
  dialect: 'standard',
  target: { transport: 'http', url },
  events: ['*'],
});

it('a rolling upgrade under load loses nothing: the schema is migrated while processes of the version before go on', async () => {
  const rig = await createClusterRig();
  const before = await rig.start('serve');
  await before.ask('/v1/webhooks', { body: hook(`${rig.receiver.url}/upgrade`) });
  // The version before lacks the last stage. That one replaces a function, so it need not be undone to be run again.
  const client = new Client({ connectionString: rig.databaseUrl });
  await client.connect();
  await client.query('UPDATE assetwire.meta SET value = $1 WHERE key = $2', [String(schemaVersion - 1), 'version']);
  const load = publisher(before, 'upgrade');
  await until(() => load.accepted.length >= 20, 'load');
  const next = await rig.start('serve');
  const { rows } = await client.query<{ value: string }>("SELECT value FROM assetwire.meta WHERE key = 'version'");
  assert.equal(rows[0]?.value, String(schemaVersion));
  const more = publisher(next, 'next');
  await until(() => more.accepted.length >= 20, 'load on the new one');
  const stopping = load.stop();
  await stopping;
  await before.stop();
  await until(() => more.accepted.length >= 40, 'the new one alone');
  await more.stop();
  await client.end();
  const accepted = [...load.accepted, ...more.accepted];
  const arrived = (): ReadonlySet<string> =>
    new Set(rig.receiver.received.map(({ body }) => /"name":"((?:upgrade|next)-\d+)"/.exec(body)?.[1] ?? ''));
  await until(() => accepted.every((name) => arrived().has(name)), 'every accepted change');
  await rig.stop();
});

it('FD-20 a dump under load, restored and started paused, sends nothing until it is resumed, then all that it owes, under the same ids', async () => {
  const rig = await createClusterRig();
  const server = await rig.start('serve');
  await server.ask('/v1/webhooks', { body: hook(`${rig.receiver.url}/drill`) });
  const load = publisher(server, 'drill');
  await until(() => load.accepted.length >= 30, 'load');
  const acceptedBefore = [...load.accepted];
  const restored = await createTestDatabase();
  await dumpAndRestore(rig.databaseUrl, restored.url);
  await until(() => load.accepted.length >= acceptedBefore.length + 10, 'load after the dump');
  await load.stop();
  await server.stop();
  const receivedBefore = [...rig.receiver.received];

  const paused = await rig.start('serve', { databaseUrl: restored.url, startPaused: true });
  assert.equal((await paused.call('/readyz')).status, 200);
  const kept = await paused.ask<{ data: { subject: { externalId: string } }[] }>('/v1/changes?limit=200');
  const there = new Set(kept.data.map(({ subject }) => subject.externalId));
  for (const name of acceptedBefore) assert.ok(there.has(name), `${name} was accepted before the dump`);
  const owed = await paused.ask<{ data: { id: string }[] }>('/v1/deliveries?states=pending&limit=200');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(rig.receiver.received.length, receivedBefore.length, 'nothing is sent while paused');
  await paused.stop();

  const resumed = await rig.start('serve', { databaseUrl: restored.url });
  const fresh = (await resumed.call('/v1/changes', { body: { changes: [renamed('after', 'after')] } })).status;
  assert.equal(fresh, 202);
  await until(async () => {
    const { data } = await resumed.ask<{ data: unknown[] }>('/v1/deliveries?states=pending&limit=1');
    return data.length === 0;
  }, 'what was owed');
  const known = new Map(receivedBefore.map(({ body, deliveryId }) => [body, deliveryId]));
  for (const { body, deliveryId } of rig.receiver.received.slice(receivedBefore.length)) {
    if (known.has(body)) assert.equal(deliveryId, known.get(body), 'a duplicate bears the id of the first');
  }
  for (const { id } of owed.data) {
    assert.ok(
      rig.receiver.received.some(({ deliveryId }) => deliveryId === id),
      `${id} was owed`,
    );
  }
  await rig.stop();
  await restored.drop();
});

/** What pg_dump and pg_restore do, which the binaries of the tests leave out: one snapshot of every table, put into an empty database. */
async function dumpAndRestore(from: string, to: string): Promise<void> {
  const source = new Client({ connectionString: from });
  const target = new Client({ connectionString: to });
  await source.connect();
  await target.connect();
  // The schema as the first start makes it, and the days that there are.
  const { migrate } = await import('../../src/storage/postgres/migrate.ts');
  const { createSql } = await import('../../src/storage/postgres/sql.ts');
  const { connect } = await import('../../src/storage/postgres/connection.ts');
  const { createDays } = await import('../../src/storage/postgres/days.ts');
  const { systemClock } = await import('../../src/runtime/clock.ts');
  const sql = createSql('assetwire');
  const connecting = { url: to, connectTimeoutMs: 5_000, applicationName: 'drill', preparedStatements: true };
  const connection = await connect({ ...connecting, pacing: systemClock });
  await migrate(connection, { sql, timeoutMs: 60_000 });
  await source.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const days = await source.query<{ day: number }>('SELECT DISTINCT day FROM assetwire.days');
  const made = createDays(sql, 60_000);
  for (const { day } of days.rows) await made.ensure(connection, day);
  connection.close();
  const tables = await source.query<{ name: string }>(
    "SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'assetwire'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition",
  );
  for (const { name } of tables.rows) {
    const { rows } = await source.query<{ all: string | null }>(
      `SELECT json_agg(t)::text AS all FROM assetwire.${name} t`,
    );
    await target.query(`DELETE FROM assetwire.${name}`);
    // As the guide's --exclude-table-data says.
    if (name === 'cluster_members') continue;
    if (rows[0]?.all == null) continue;
    await target.query(
      `INSERT INTO assetwire.${name} SELECT * FROM json_populate_recordset(NULL::assetwire.${name}, $1::json)`,
      [rows[0].all],
    );
  }
  const { rows: sequences } = await source.query<{ name: string; last: string | null }>(
    "SELECT sequencename AS name, last_value AS last FROM pg_sequences WHERE schemaname = 'assetwire'",
  );
  for (const { name, last } of sequences) {
    if (last !== null) await target.query(`SELECT setval('assetwire.${name}', $1)`, [last]);
  }
  await source.query('COMMIT');
  await source.end();
  await target.end();
}
