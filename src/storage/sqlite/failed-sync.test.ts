import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { systemClock } from '../../runtime/clock.ts';
import { faultOf, isConstraint } from './sqlite-error.ts';
import { createSqliteStorage } from './sqlite-storage.ts';

const run = promisify(execFile);

it('FD-09 after one failed sync nothing is written any more, and what was confirmed is there after a restart', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-eio-'));
  const file = join(directory, 'assetwire.db');
  try {
    const child = new URL('../testing/failed-sync.ts', import.meta.url).pathname;
    // Only that one sync fails, one of a commit and none of the start; every later one would succeed, which must not be believed.
    const inject = [
      '-f',
      '-qq',
      '-e',
      'trace=fsync,fdatasync',
      '-e',
      'inject=fsync,fdatasync:error=EIO:when=60',
      '-o',
      '/dev/null',
    ];
    let stdout: string;
    try {
      ({ stdout } = await run('strace', [...inject, process.execPath, child, file]));
    } catch (error) {
      const { code, stderr } = error as { code?: unknown; stderr?: string };
      if (code !== 'ENOENT' && !/PTRACE|not permitted/.test(stderr ?? '')) throw error;
      t.diagnostic('NOT RUN: strace is not installed or may not trace here, so no sync could be made to fail');
      return;
    }
    const lines = stdout.trim().split('\n');
    const confirmed = lines.flatMap((line) => (line.startsWith('ok ') ? [line.slice(3)] : []));
    assert.deepEqual(lines.slice(confirmed.length), Array(4).fill('refused storage_unavailable failed'));
    assert.ok(confirmed.length > 0);
    const storage = createSqliteStorage({ file, clock: systemClock, options: { writer: 'inline' } });
    await storage.start();
    const { tasks } = await storage.pending({ webhookId: 'wh_x', by: 'position', nowMs: 0, limit: 1_000 });
    await storage.stop();
    const there = new Set<string>(tasks.map(({ delivery }) => delivery.id));
    assert.deepEqual(
      confirmed.filter((id) => !there.has(id)),
      [],
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

it('an error of SQLite is told by its code, whatever its text says', () => {
  const error = (errcode: number): Error => Object.assign(new Error('disk I/O error'), { errcode });
  const kinds = {
    13: 'full',
    4874: 'full',
    10: 'failed',
    1034: 'failed',
    11: 'failed',
    26: 'failed',
    5: 'unavailable',
    8: 'unavailable',
    1544: 'unavailable',
    14: 'unavailable',
    1555: 'item',
    2067: 'item',
  };
  for (const [code, kind] of Object.entries(kinds)) assert.equal(faultOf(error(Number(code))).kind, kind, code);
  assert.equal(faultOf(new TypeError('a bug')).kind, 'item');
  assert.ok(isConstraint(error(2067)));
  assert.ok(!isConstraint(new TypeError('a bug')));
});
