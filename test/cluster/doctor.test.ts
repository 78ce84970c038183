import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { checkDatabase } from '../../src/compose/check-database.ts';
import { defaultSettings } from '../../src/runtime/configuration.ts';
import { ask, createTestDatabase, removeTestServers } from '../../src/storage/testing/test-postgres.ts';

after(() => removeTestServers());

it('doctor looks at the PostgreSQL of the settings and makes nothing there; one that does not answer is told how to mend', async () => {
  const database = await createTestDatabase();
  const settings = defaultSettings({ dataDir: '/nowhere', databaseUrl: database.url });
  const check = await checkDatabase(settings);
  assert.equal(check?.result, 'ok');
  assert.match(check.detail, /^PostgreSQL \d+\.\d+; no schema yet/);
  assert.match(check.detail, /fsync on, full_page_writes on, synchronous_commit on$/);
  assert.match((await checkDatabase(settings))?.detail ?? '', /no schema yet/);
  const crowded = await checkDatabase({ ...settings, databaseConnections: 200 });
  assert.equal(crowded?.result, 'warning');
  assert.match(crowded.detail, /max_connections leaves \d+ connections, and 1 process may hold 203: raise it/);
  await database.drop();
  const gone = await checkDatabase(settings);
  assert.equal(gone?.result, 'failed');
  assert.match(gone.mend ?? '', /CREATE DATABASE/);
  assert.equal(await checkDatabase(defaultSettings({ dataDir: '/nowhere' })), null);
});

it('doctor says beforehand what a start would be refused for: a role without rights, a schema of a newer version', async () => {
  const database = await createTestDatabase();
  await ask(
    database.url,
    `DO $$ BEGIN CREATE ROLE doctor_weak LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
  );
  const weak = new URL(database.url);
  weak.username = 'doctor_weak';
  weak.password = '';
  const refused = await checkDatabase(defaultSettings({ dataDir: '/nowhere', databaseUrl: weak.href }));
  assert.equal(refused?.result, 'failed');
  assert.match(refused.detail, /may not$/);
  assert.match(refused.mend ?? '', /GRANT CREATE ON DATABASE/);
  await ask(database.url, 'CREATE SCHEMA assetwire');
  await ask(database.url, 'CREATE TABLE assetwire.meta (key text, value text)');
  await ask(database.url, 'CREATE TABLE assetwire.cluster_members (id text, expires_at timestamptz)');
  await ask(database.url, 'CREATE TABLE assetwire.shard_leases (holder text)');
  await ask(database.url, "INSERT INTO assetwire.meta VALUES ('version', '99999')");
  const newer = await checkDatabase(defaultSettings({ dataDir: '/nowhere', databaseUrl: database.url }));
  assert.equal(newer?.result, 'failed');
  assert.match(newer.detail, /newer .* found 99999/);
  await database.drop();
});
