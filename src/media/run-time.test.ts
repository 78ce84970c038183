import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import type { Clock } from '../runtime/clock.ts';
import { bounded, waitedMs } from './bounded-process.ts';
import { createInspectorPool } from './inspector-pool.ts';
import { watchRunTime } from './run-time.ts';

/** A process on a machine that lets it run for a share of the time; `tells`: whether the system says so. */
function createMachine({ share, tells = true }: { readonly share: number; readonly tells?: boolean }) {
  let nowMs = 0;
  let due: { readonly atMs: number; readonly fire: () => void } | null = null;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    timer(delayMs, fire) {
      const mine = { atMs: nowMs + delayMs, fire };
      due = mine;
      return {
        cancel: () => {
          if (due === mine) due = null;
        },
      };
    },
  };
  return {
    clock,
    waitedMs: async () => (tells ? nowMs * (1 - share) : null),
    /** Until nothing is waited for any more; the time at which that was. */
    async runOut(): Promise<number> {
      while (due !== null) {
        const { atMs, fire }: { readonly atMs: number; readonly fire: () => void } = due;
        due = null;
        nowMs = Math.max(nowMs, atMs);
        fire();
        await turn();
      }
      return nowMs;
    },
  };
}

async function endOf(share: number, options: { readonly tells?: boolean; readonly canStarve?: boolean } = {}) {
  const machine = createMachine({ share, ...options });
  let ended = 'nothing';
  watchRunTime({
    clock: machine.clock,
    timeoutMs: 30_000,
    waitedMs: machine.waitedMs,
    onTimeout: () => {
      ended = 'timeout';
    },
    ...(options.canStarve === true
      ? {
          onStarved: () => {
            ended = 'starved';
          },
        }
      : {}),
  });
  const atMs = await machine.runOut();
  return { ended, seconds: Math.round(atMs / 1_000) };
}

test('UP-06 a job has its time however busy the machine is, and four times as long at the most', async () => {
  assert.deepEqual(await endOf(1), { ended: 'timeout', seconds: 30 });
  assert.deepEqual(await endOf(0.5), { ended: 'timeout', seconds: 59 });
  assert.deepEqual(await endOf(0.001), { ended: 'timeout', seconds: 120 });
  assert.deepEqual(await endOf(0.5, { tells: false }), { ended: 'timeout', seconds: 30 }, 'where nobody tells');
});

test('that a process comes to nothing is told after a quarter of a minute, and not of one that is merely slow', async () => {
  assert.deepEqual(await endOf(0.05, { canStarve: true }), { ended: 'starved', seconds: 16 });
  assert.deepEqual(await endOf(0.5, { canStarve: true }), { ended: 'timeout', seconds: 59 });
});

const answers = `
  process.stdin.on('data', (line) => {
    const { id } = JSON.parse(line);
    process.stdout.write(JSON.stringify({ id, kind: 'failed', code: 'unsupported', note: process.argv[1] }) + '\\n');
  });`;

test('work that can wait and comes to nothing is done by a process that has a share of the processors', async (t) => {
  const started: boolean[] = [];
  const machine = createMachine({ share: 0 });
  const pool = createInspectorPool({
    clock: machine.clock,
    timeoutMs: 30_000,
    idleMs: 60_000,
    residentBytesMax: 2 ** 40,
    canWait: true,
    waitedMs: machine.waitedMs,
    start(onlyWhenIdle) {
      started.push(onlyWhenIdle);
      // One that is not let run says nothing.
      return spawn(process.execPath, ['-e', onlyWhenIdle ? 'process.stdin.resume()' : answers, 'shared']);
    },
  });
  t.after(() => pool.stop());
  const work = { kind: 'xmp', path: '/x', mimeType: 'image/png' } as const;
  const running = pool.run(work);
  await turn();
  await machine.runOut();
  assert.deepEqual(await running, { kind: 'failed', code: 'unsupported', note: 'shared' });
  assert.deepEqual(started, [true, false]);
  assert.equal((await pool.run(work)).kind, 'failed');
  assert.deepEqual(started, [true, false], 'the next job goes to the same process');
});

test('a process that is to run only when nothing else does is scheduled so', { skip: isElsewhere() }, async (t) => {
  const bounds = { unshareNetwork: false, processorSecondsMax: 10, fileBytesMax: 0 };
  // Where the system does not let us it has low priority only.
  const isLet = spawnSync('/bin/sh', ['-c', 'chrt -i -p 0 $$'], { stdio: 'ignore' }).status === 0;
  for (const [onlyWhenIdle, policy] of [
    [true, isLet ? '5' : '0'],
    [false, '0'],
  ] as const) {
    const [command, args] = bounded(['/bin/sh', '-c', 'echo up; read line'], { ...bounds, onlyWhenIdle });
    const child = spawn(command, args, { env: {} });
    t.after(() => child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
    // The 41st field (proc(5)) is the policy; 5 is SCHED_IDLE.
    assert.equal(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38], policy);
    assert.ok(((await waitedMs(child.pid ?? 0)) ?? -1) >= 0);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    assert.equal(await waitedMs(child.pid ?? 0), null, 'of one that has ended nothing is told');
  }
});

function isElsewhere(): string | false {
  return process.platform === 'linux' ? false : 'Linux only';
}
