/** Short by default; `ASSETWIRE_CRASH_KILLS=1000` runs long, `ASSETWIRE_CRASH_SEED` repeats a run. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, it } from 'node:test';
import { systemClock } from '../../runtime/clock.ts';
import { crashTest } from '../testing/crash-suite.ts';
import { patient } from '../testing/patient.ts';
import { prepared } from '../testing/postgres-world.ts';
import { openForCrash } from '../testing/crash-postgres.ts';
import { ask, createTestDatabase, removeTestServers } from '../testing/test-postgres.ts';
import { createPostgresStorage } from './postgres-storage.ts';

after(removeTestServers);

const kills = Number(process.env['ASSETWIRE_CRASH_KILLS'] ?? 3);
const seed = Number(process.env['ASSETWIRE_CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

crashTest('PostgreSQL', async () => {
  const database = await createTestDatabase(prepared);
  return {
    module: new URL('../testing/crash-postgres.ts', import.meta.url),
    target: database.url,
    open: () => openForCrash(database.url),
    // What one process leaves open is rolled back by the server when its connection ends.
    problems: async () => {
      const rows = await ask(
        database.url,
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()",
      );
      return rows.map(({ pid }) => `connection ${String(pid)} is left in a transaction`);
    },
    kills,
    seed,
    clean: database.drop,
  };
});

it('FK-16 killed at any moment of its first start, the next start goes on from there', async () => {
  for (let afterMs = 80; afterMs < 700; afterMs += 150) {
    const database = await createTestDatabase();
    const module = new URL('../testing/crash-postgres.ts', import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then(({ openForCrash }) => openForCrash(${JSON.stringify(database.url)}))`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    const exited = once(child, 'exit');
    setTimeout(() => child.kill('SIGKILL'), afterMs);
    await exited;
    const storage = createPostgresStorage({
      url: database.url,
      clock: systemClock,
      options: { connectionsMax: 3, ...patient },
    });
    await storage.start();
    const write = { type: 'setting', id: 's', expectedVersion: 0, state: {} } as const;
    const [result] = await storage.commit([{ workspaceId: 'default', atMs: 1, resources: [write] }]);
    assert.equal(result?.status, 'applied', `killed after ${afterMs} ms`);
    await storage.stop();
    await database.drop();
  }
});
