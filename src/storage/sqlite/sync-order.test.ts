import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const events = 12;

type Step = { readonly kind: 'log-written' | 'log-synced' | 'acknowledged' };

/** The traced calls in the order they returned. A call that another thread interrupted is shown in two halves. */
function steps(trace: string): readonly Step[] {
  const begun = new Map<string, string>();
  const found: Step[] = [];
  for (const line of trace.split('\n')) {
    const thread = line.slice(0, line.indexOf(' '));
    if (line.includes('<unfinished ...>')) {
      begun.set(thread, line);
      continue;
    }
    const call = line.includes('resumed>') ? (begun.get(thread) ?? '') : line;
    if (/write\(1<[^>]*>, "[crp] /.test(call)) found.push({ kind: 'acknowledged' });
    else if (!call.includes('-wal>')) continue;
    else if (call.includes('pwrite64(')) found.push({ kind: 'log-written' });
    else if (/f(?:data)?sync\(/.test(call)) found.push({ kind: 'log-synced' });
  }
  return found;
}

it('FD-10 every acknowledgement comes after a sync of the log, with nothing written to the log in between', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-sync-'));
  try {
    const output = join(directory, 'trace');
    const child = new URL('../testing/crash-child.ts', import.meta.url).pathname;
    const module = new URL('../testing/crash-sqlite.ts', import.meta.url).href;
    const traced = ['-f', '-y', '-s', '16', '-e', 'trace=pwrite64,write,fsync,fdatasync', '-o', output];
    try {
      await run('strace', [
        ...traced,
        process.execPath,
        child,
        module,
        join(directory, 'assetwire.db'),
        String(events),
      ]);
    } catch (error) {
      const { code, stderr } = error as { code?: unknown; stderr?: string };
      if (code !== 'ENOENT' && !/PTRACE|not permitted/.test(stderr ?? '')) throw error;
      t.diagnostic('NOT RUN: strace is not installed or may not trace here, so the order of syncs was not proved');
      return;
    }
    let acknowledged = 0;
    let state: 'clean' | 'written' | 'synced' = 'clean';
    for (const { kind } of steps(readFileSync(output, 'utf8'))) {
      if (kind === 'log-written') state = 'written';
      else if (kind === 'log-synced') state = 'synced';
      else {
        assert.equal(state, 'synced', `acknowledgement ${acknowledged + 1} follows a log that is ${state}`);
        // The next one needs a sync of its own.
        state = 'clean';
        acknowledged += 1;
      }
    }
    assert.ok(acknowledged >= events, `${acknowledged} acknowledgements traced`);
    t.diagnostic(`${acknowledged} acknowledgements, each after its own sync`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
