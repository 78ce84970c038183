/** Short by default; `ASSETWIRE_CRASH_KILLS=1000` runs long, `ASSETWIRE_CRASH_SEED` repeats a run. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { systemClock } from '../../runtime/clock.ts';
import { crashTest } from '../testing/crash-suite.ts';
import { checkStore } from './inspect-file.ts';
import { createSqliteStorage, type SqliteStorageOptions } from './sqlite-storage.ts';

const kills = Number(process.env['ASSETWIRE_CRASH_KILLS'] ?? 4);
const seed = Number(process.env['ASSETWIRE_CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

crashTest('SQLite on disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-crash-'));
  const file = join(directory, 'assetwire.db');
  // Small partitions, so that kills also fall on their turn.
  const options: SqliteStorageOptions = { partitionRowsMax: 500, readersMax: 1 };
  return {
    module: new URL('../testing/crash-sqlite.ts', import.meta.url),
    target: file,
    open: async () => {
      const storage = createSqliteStorage({ file, clock: systemClock, options });
      await storage.start();
      return storage;
    },
    problems: async () => checkStore(file),
    kills,
    seed,
    clean: () => rm(directory, { recursive: true, force: true }),
  };
});

it('FK-16 killed at each sync of its first start, the next start goes on from there', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-migration-'));
  const script = new URL('../testing/try-start.ts', import.meta.url).pathname;
  try {
    for (let sync = 1; sync <= 40; sync += 1) {
      const file = join(directory, `${sync}.db`);
      const killed = await startKilledAtSync(script, file, sync);
      if (killed === 'not-run') {
        t.diagnostic('NOT RUN: strace is not installed or may not trace here, so no start could be killed at a sync');
        return;
      }
      const storage = createSqliteStorage({ file, clock: systemClock, options: { writer: 'inline' } });
      await storage.start();
      await storage.stop();
      assert.deepEqual(checkStore(file), [], `killed at sync ${sync}`);
      if (killed === 'ended') {
        t.diagnostic(`${sync - 1} starts killed`);
        assert.ok(sync > 5);
        return;
      }
    }
    assert.fail('a start must end within forty syncs');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

function startKilledAtSync(script: string, file: string, sync: number): Promise<'killed' | 'ended' | 'not-run'> {
  const inject = `inject=fsync,fdatasync:signal=SIGKILL:when=${sync}`;
  const traced = ['-f', '-qq', '-e', 'trace=fsync,fdatasync', '-e', inject, '-o', '/dev/null', process.execPath];
  return new Promise((resolve, reject) => {
    execFile('strace', [...traced, script, file], (error, stdout, stderr) => {
      const { code, signal } = (error ?? {}) as { code?: unknown; signal?: string };
      if (code === 'ENOENT' || /PTRACE|not permitted/.test(stderr)) resolve('not-run');
      else if (stdout.startsWith('started')) resolve('ended');
      else if (signal === 'SIGKILL' || code === 137) resolve('killed');
      else reject(new Error(`unexpected end: ${String(code)} ${stdout} ${stderr}`));
    });
  });
}
