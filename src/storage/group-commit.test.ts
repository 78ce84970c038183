import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { microtaskTurn } from '../runtime/turn.ts';
import { createGroupCommit, type GroupCommit, type GroupCommitLimits } from './group-commit.ts';
import { createHeldClock } from './testing/world.ts';

type Item = { readonly name: string; readonly bytes: number; readonly workspaceId: string };
type Batch = { readonly names: readonly string[]; readonly end: (answer: number | Error) => void };

const limits: GroupCommitLimits = {
  batchItemsMax: 4,
  batchRowsMax: 100,
  batchBytesMax: 100,
  waitingItemsMax: 10,
  waitingBytesMax: 1_000,
  gatherMs: 0,
};

/** A group whose transactions end when the test says so: with how many items they did, or an error. */
function heldGroup(given: Partial<GroupCommitLimits> = {}): { group: GroupCommit<Item, string>; batches: Batch[] } {
  const batches: Batch[] = [];
  const group = createGroupCommit<Item, string>({
    run: (items) =>
      new Promise((resolve, reject) => {
        batches.push({
          names: items.map(({ name }) => name),
          end: (answer) => {
            if (typeof answer === 'number') resolve(items.slice(0, answer).map(({ name }) => `${name} done`));
            else reject(answer);
          },
        });
      }),
    workspaceOf: ({ workspaceId }) => workspaceId,
    bytesOf: ({ bytes }) => bytes,
    rowsOf: ({ bytes }) => bytes,
    limits: { ...limits, ...given },
    pacing: createHeldClock(),
    turn: microtaskTurn,
  });
  return { group, batches };
}

const item = (name: string, bytes = 1, workspaceId = 'default'): Item => ({ name, bytes, workspaceId });
const settle = async (): Promise<void> => {
  for (let n = 0; n < 20; n += 1) await Promise.resolve();
};

describe('group commit', () => {
  it('what arrives while a transaction runs shares the next one, in order, records first', async () => {
    const { group, batches } = heldGroup();
    const first = group.submit([item('a')], 'commit');
    await settle();
    const rest = [
      group.submit([item('b')], 'commit'),
      group.submit([item('r')], 'record'),
      group.submit([item('c')], 'commit'),
    ];
    await settle();
    assert.deepEqual(
      batches.map(({ names }) => names),
      [['a']],
    );
    batches[0]?.end(1);
    assert.deepEqual(await first, [{ status: 'done', result: 'a done' }]);
    await settle();
    assert.deepEqual(batches[1]?.names, ['r', 'b', 'c']);
    batches[1].end(3);
    assert.deepEqual(
      (await Promise.all(rest)).map(([settled]) => settled?.status === 'done' && settled.result),
      ['b done', 'r done', 'c done'],
    );
  });

  it('a batch is bounded in items and bytes, and one item larger than the bound goes alone', async () => {
    const { group, batches } = heldGroup();
    const call = group.submit(
      [item('a', 60), item('b', 50), item('c', 300), item('d'), item('e'), item('f'), item('g'), item('h')],
      'commit',
    );
    for (let n = 0; n < 6; n += 1) {
      await settle();
      batches[n]?.end(99);
    }
    assert.equal((await call).length, 8);
    assert.deepEqual(
      batches.map(({ names }) => names.join('')),
      ['a', 'b', 'c', 'defg', 'h'],
    );
  });

  it('what a transaction had no time for goes first in the next one', async () => {
    const { group, batches } = heldGroup();
    const call = group.submit([item('a'), item('b'), item('c')], 'commit');
    await settle();
    const later = group.submit([item('r')], 'record');
    batches[0]?.end(1);
    await settle();
    assert.deepEqual(batches[1]?.names, ['b', 'c', 'r']);
    batches[1].end(3);
    assert.equal((await call).length, 3);
    assert.equal((await later).length, 1);
  });

  it('a transaction that fails fails its own items only', async () => {
    const { group, batches } = heldGroup({ batchItemsMax: 2 });
    const call = group.submit([item('a'), item('b'), item('c')], 'commit');
    await settle();
    batches[0]?.end(new Error('full'));
    await settle();
    batches[1]?.end(1);
    assert.deepEqual(
      (await call).map(({ status }) => status),
      ['failed', 'failed', 'done'],
    );
  });

  it('FO-01 beyond what may wait a call is refused at once, by items and by bytes, and room comes back', async () => {
    const { group, batches } = heldGroup();
    const running = group.submit([item('a')], 'commit');
    await settle();
    const waiting = group.submit(
      Array.from({ length: 10 }, (_, n) => item(`w${n}`)),
      'commit',
    );
    await assert.rejects(group.submit([item('x')], 'commit'), { code: 'storage_busy', retryAfterSeconds: 1 });
    assert.ok(group.busy());
    const record = group.submit([item('r', 900)], 'record');
    await assert.rejects(group.submit([item('s', 200)], 'record'), { code: 'storage_busy' });
    for (let n = 0; n < 6; n += 1) {
      batches[n]?.end(99);
      await settle();
    }
    await Promise.all([running, waiting, record]);
    assert.equal(group.waiting(), 0);
    const again = group.submit([item('y', 5_000)], 'commit');
    await settle();
    batches.at(-1)?.end(1);
    assert.equal((await again).length, 1);
  });

  it('FO-02 a workspace that fills the room is refused, and others still find some, within a bound', async () => {
    const { group, batches } = heldGroup({ waitingItemsMax: 20 });
    const accepted = [group.submit([item('a')], 'commit')];
    await settle();
    const flood = Array.from({ length: 20 }, (_, n) => item(`f${n}`, 20, 'flooded'));
    accepted.push(group.submit(flood, 'commit'));
    await assert.rejects(group.submit([item('f20', 1, 'flooded')], 'commit'), { code: 'storage_busy' });
    let others = 0;
    for (let n = 0; n < 20; n += 1) {
      const call = group.submit([item('x', 1, `other-${n}`)], 'commit');
      if (group.waiting() > 20 + others) {
        others += 1;
        accepted.push(call);
      } else await assert.rejects(call, { code: 'storage_busy' });
    }
    assert.equal(others, 5);
    for (let n = 0; n < 20; n += 1) {
      await settle();
      batches[n]?.end(99);
    }
    await Promise.all(accepted);
    // They had not long to wait either.
    assert.ok(batches[1]?.names.includes('x') && batches[1].names.some((name) => name.startsWith('f')));
  });

  it('stop refuses what comes later and resolves when everything before it is done', async () => {
    const { group, batches } = heldGroup();
    const call = group.submit([item('a')], 'commit');
    await settle();
    const late = group.submit([item('b')], 'commit');
    let stopped = false;
    const stop = group.stop().then(() => {
      stopped = true;
    });
    await assert.rejects(group.submit([item('c')], 'commit'), { code: 'shutting_down' });
    batches[0]?.end(1);
    await settle();
    assert.equal(stopped, false);
    batches[1]?.end(1);
    await Promise.all([call, late, stop]);
    await group.stop();
  });
});
