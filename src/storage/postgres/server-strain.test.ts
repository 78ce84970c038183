import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, it } from 'node:test';
import { parse } from 'yaml';
import { checkDatabase } from '../../compose/check-database.ts';
import { systemClock } from '../../runtime/clock.ts';
import { defaultSettings } from '../../runtime/configuration.ts';
import type { ServerStrain } from '../contract/cluster-store.ts';
import { patient } from '../testing/patient.ts';
import { ask, createTestServer, removeTestServers } from '../testing/test-postgres.ts';
import { createPostgresStorage } from './postgres-storage.ts';
import { strains } from './server-strain.ts';

after(removeTestServers);

const calm: ServerStrain = { transactionIdsShare: 0.09, walKeptBy: null, walKeptBytes: 0, walUsualBytes: 2 ** 30 };

it('FD-21 transaction ids that run out and a slot that nobody reads are told of long before the server stops, and nothing else is', () => {
  assert.deepEqual(strains(calm), []);
  assert.deepEqual(strains({ ...calm, transactionIdsShare: 0.25, walKeptBy: 'x', walKeptBytes: 4 * 2 ** 30 }), []);
  const [ids, log] = strains({ ...calm, transactionIdsShare: 0.31, walKeptBy: 'standby_2', walKeptBytes: 5 * 2 ** 30 });
  assert.match(ids ?? '', /^31 % of its transaction ids are used up, and at 100 % it takes no writes: .*VACUUM FREEZE/);
  assert.match(
    log ?? '',
    /slot standby_2 holds back 5\.0 GiB .*pg_drop_replication_slot\('standby_2'\).*max_slot_wal_keep_size/,
  );
});

it('FD-21 the alert rules have the bounds that doctor has', () => {
  type Rules = { readonly groups: readonly { readonly rules: readonly { alert: string; expr: string }[] }[] };
  const text = readFileSync(new URL('../../../ops/alerts.yml', import.meta.url), 'utf8');
  const rules = new Map(
    (parse(text) as Rules).groups.flatMap((group) => group.rules).map(({ alert, expr }) => [alert, expr]),
  );
  assert.match(
    rules.get('AssetwireDatabaseTransactionIds') ?? '',
    /assetwire_database_transaction_ids_used\) > 0\.25$/,
  );
  assert.match(
    rules.get('AssetwireDatabaseLogKept') ?? '',
    /assetwire_database_wal_kept_bytes\) > 4 \* .*assetwire_database_wal_usual_bytes\)$/,
  );
});

it('FD-21 a server whose log is held back says so to whoever scrapes and to doctor, by the name of the slot', async () => {
  const server = await createTestServer(['max_wal_size = 32MB']);
  const url = server.url();
  const storage = createPostgresStorage({ url, clock: systemClock, options: { connectionsMax: 3, ...patient } });
  await storage.start();
  const strain = async (): Promise<ServerStrain> => (await storage.cluster?.strain()) ?? assert.fail('no cluster');
  const before = await strain();
  assert.deepEqual(
    { ...before, transactionIdsShare: 0 },
    { transactionIdsShare: 0, walKeptBy: null, walKeptBytes: 0, walUsualBytes: 32 * 1024 ** 2 },
  );
  assert.ok(before.transactionIdsShare > 0 && before.transactionIdsShare < 0.01, String(before.transactionIdsShare));
  const settings = defaultSettings({ dataDir: '/nowhere', databaseUrl: url });
  assert.equal((await checkDatabase({ ...settings, databaseConnections: 4 }))?.result, 'ok');
  await ask(url, "SELECT pg_create_physical_replication_slot('left_behind', true)");
  await ask(url, "SELECT pg_create_physical_replication_slot('not_begun')");
  for (let segment = 0; segment < 9; segment += 1) {
    await ask(url, "SELECT pg_logical_emit_message(true, 'test', 'x')");
    await ask(url, 'SELECT pg_switch_wal()');
  }
  // One that is read to the end, and comes later, is not the one that holds it back.
  await ask(url, "SELECT pg_create_physical_replication_slot('at_the_end', true)");
  const held = await strain();
  assert.equal(held.walKeptBy, 'left_behind');
  assert.ok(held.walKeptBytes > 128 * 1024 ** 2, String(held.walKeptBytes));
  assert.ok(held.transactionIdsShare > before.transactionIdsShare, 'ids are used by the way');
  const check = await checkDatabase({ ...settings, databaseConnections: 4 });
  assert.equal(check?.result, 'warning');
  assert.match(check.detail, /the replication slot left_behind holds back 0\.1 GiB/);
  await ask(url, "SELECT pg_drop_replication_slot('left_behind')");
  assert.ok((await strain()).walKeptBytes < 16 * 1024 ** 2);
  await storage.stop();
});
