import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { checkDatabase } from '../../src/compose/check-database.ts';
import { defaultSettings } from '../../src/runtime/configuration.ts';
import { createTestDatabase, removeTestServers } from '../../src/storage/testing/test-postgres.ts';

after(() => removeTestServers());

it('doctor looks at the PostgreSQL of the settings and makes nothing there; one that does not answer is told how to mend', async () => {
  const database = await createTestDatabase();
  const settings = defaultSettings({ dataDir: '/nowhere', databaseUrl: database.url });
  const check = await checkDatabase(settings);
  assert.equal(check?.result, 'ok');
  assert.match(check.detail, /^PostgreSQL \d+\.\d+; no schema yet/);
  assert.match(check.detail, /fsync on, full_page_writes on, synchronous_commit on$/);
  assert.match((await checkDatabase(settings))?.detail ?? '', /no schema yet/);
  await database.drop();
  const gone = await checkDatabase(settings);
  assert.equal(gone?.result, 'failed');
  assert.ok((gone.mend ?? '').length > 0);
  assert.equal(await checkDatabase(defaultSettings({ dataDir: '/nowhere' })), null);
});
