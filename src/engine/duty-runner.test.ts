import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import type { DutyKind } from '../storage/contract/duties.ts';
import { createSqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import type { DutyHandler } from './engine.ts';
import { createDutyRunner } from './duty-runner.ts';

async function runnerWith(handlers: { readonly [Kind in DutyKind]?: DutyHandler }, runningMax = 4) {
  const clock = createVirtualClock();
  const storage = createSqliteStorage({ file: ':memory:', clock, pacing: clock });
  await storage.start();
  const log = { info() {}, warn() {}, error() {} };
  const runner = createDutyRunner({ storage, shards: () => null, handlers, clock, log, runningMax });
  const owe = async (kind: DutyKind, inMs = 0, count = 1): Promise<void> => {
    const duties = Array.from({ length: count }, (_, index) => ({
      id: `dty_${kind}_${inMs}_${index}` as const,
      workspaceId: 'default',
      kind,
      dueAtMs: clock.nowMs() + inMs,
      payload: {},
    }));
    await storage.commit([{ workspaceId: 'default', atMs: clock.nowMs(), duties }]);
  };
  const fulfil: DutyHandler = async ({ id, version }) => {
    await storage.commit([{ workspaceId: 'default', atMs: clock.nowMs(), fulfils: { dutyId: id, version } }]);
  };
  return { clock, storage, runner, owe, fulfil };
}

describe('duties', () => {
  it('are done once each, never more at a time than allowed', async () => {
    let running = 0;
    let most = 0;
    const done: string[] = [];
    const waiting: (() => void)[] = [];
    const rig = await runnerWith({
      inspect: async (duty, signal) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => waiting.push(resolve));
        running -= 1;
        done.push(duty.id);
        await rig.fulfil(duty, signal);
      },
    });
    await rig.owe('inspect', 0, 20);
    rig.runner.look();
    for (let round = 0; round < 40; round += 1) {
      await rig.clock.settle();
      waiting.shift()?.();
    }
    await rig.clock.advance(5_000);
    assert.equal(done.length, 20);
    assert.equal(new Set(done).size, 20);
    assert.equal(most, 4);
  });

  it('that their handlers leave as they are hide none behind them', async () => {
    let done = 0;
    const rig = await runnerWith({
      // Says that it is done and commits nothing: asked again in a second.
      inspect: () => Promise.resolve(),
      timer: async (duty, signal) => {
        done += 1;
        await rig.fulfil(duty, signal);
      },
    });
    await rig.owe('inspect', 0, 10);
    await rig.clock.advance(1);
    await rig.owe('timer', 0, 3);
    rig.runner.look();
    await rig.clock.settle();
    await rig.clock.advance(500);
    assert.equal(done, 3);
    await rig.runner.stop(0);
  });

  it('wait for their time', async () => {
    const doneAtMs: number[] = [];
    const rig = await runnerWith({
      timer: async (duty, signal) => {
        doneAtMs.push(rig.clock.monotonicMs());
        await rig.fulfil(duty, signal);
      },
    });
    await rig.owe('timer', 45_000);
    rig.runner.look();
    await rig.clock.advance(120_000);
    assert.deepEqual(doneAtMs, [45_000]);
  });

  it('FK-09 are tried again with a growing pause that the store remembers', async () => {
    const triedAtMs: number[] = [];
    const rig = await runnerWith({
      erase: async (duty, signal) => {
        triedAtMs.push(Math.round(rig.clock.monotonicMs()));
        if (triedAtMs.length < 4) throw new Error('not yet');
        await rig.fulfil(duty, signal);
      },
    });
    await rig.owe('erase');
    rig.runner.look();
    await rig.clock.settle();
    const { duties } = await rig.storage.duties({ nowMs: rig.clock.nowMs() + 60_000, limit: 10 });
    assert.ok((duties[0]?.dueAtMs ?? 0) > rig.clock.nowMs());
    await rig.clock.advance(60_000);
    const pauses = triedAtMs.slice(1).map((atMs, index) => atMs - (triedAtMs[index] ?? 0));
    assert.equal(triedAtMs.length, 4);
    assert.ok(
      pauses.every((pause, index) => index === 0 || pause >= (pauses[index - 1] ?? 0)),
      pauses.join(),
    );
  });

  it('whose handler returns without having fulfilled them do not turn into a hot loop', async () => {
    let tried = 0;
    const rig = await runnerWith({
      replay: async () => {
        tried += 1;
      },
    });
    await rig.owe('replay');
    rig.runner.look();
    await rig.clock.advance(5_000);
    assert.ok(tried >= 1 && tried <= 6, `${tried}`);
  });

  it('are told to stop at shutdown, and waited for', async () => {
    let told = false;
    const rig = await runnerWith({
      import: (_duty, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            told = true;
            resolve();
          });
        }),
    });
    await rig.owe('import');
    rig.runner.look();
    await rig.clock.settle();
    assert.equal(rig.runner.running, 1);
    await rig.runner.stop(25_000);
    assert.equal(told, true);
    assert.equal(rig.runner.running, 0);
  });
});
