import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFairShare } from './fair-share.ts';
import { createEngineRig } from './testing/engine-rig.ts';

type Stream = {
  /** Deliveries that are offered in each millisecond. */
  readonly each: number;
  readonly betweenMs?: readonly [number, number];
};

type Second = {
  readonly load: number;
  readonly others?: boolean;
  readonly usual?: Stream;
  /** In each millisecond another workspace is offered its first delivery. */
  readonly crowd?: boolean;
};

/**
 * A second after half a minute in which workspace `a` was offered what `usual` says, while twenty others each start two a
 * second (`others`): how many `a` starts that always has something to start.
 */
function startsOfA({ load, others = true, usual, crowd = false }: Second): number {
  const share = createFairShare({ load: () => load, weightOf: () => 1, learnsFrom: 'offers', startMs: 0 });
  let started = 0;
  for (let nowMs = 0; nowMs < 31_000; nowMs += 1) {
    const [fromMs, toMs] = usual?.betweenMs ?? [0, 31_000];
    if (usual !== undefined && nowMs >= fromMs && nowMs < toMs) {
      for (let count = 0; count < usual.each; count += 1) share.offered('a', nowMs);
    }
    if (crowd) share.offered(`c${nowMs}`, nowMs);
    if (others && nowMs % 25 === 0) share.started(`b${(nowMs / 25) % 20}`, nowMs);
    for (let count = 0; nowMs >= 30_000 && count < 10 && share.waitMs('a', nowMs) === 0; count += 1) {
      share.started('a', nowMs);
      started += 1;
    }
  }
  return started;
}

/** What is left after a minute in which so much of `a` falls due each second, on a loop whose load is what is started. */
function backlogOfA({ learnsFrom, perSecond }: { learnsFrom: 'offers' | 'starts'; perSecond: number }): number {
  const [costMs, lookMs] = [0.2, 20];
  let [load, startedLately, dueMax, started] = [0, 0, 0, 0];
  const share = createFairShare({ load: () => load, weightOf: () => 1, learnsFrom, startMs: 0 });
  for (let nowMs = 0; nowMs < 60_000; nowMs += 1) {
    if (nowMs % lookMs === 0) [load, startedLately] = [Math.min(1, (startedLately * costMs) / lookMs), 0];
    const due = Math.floor(((nowMs + 1) * perSecond) / 1_000);
    // Those that others committed are not offered here.
    for (; dueMax < due; dueMax += 1) if (learnsFrom === 'offers') share.offered('a', nowMs);
    share.started(`b${nowMs % 20}`, nowMs);
    startedLately += 1;
    const hasTime = (): boolean => startedLately * costMs < (nowMs % lookMs) + 1;
    while (started < due && hasTime() && share.waitMs('a', nowMs) === 0) {
      share.started('a', nowMs);
      startedLately += 1;
      started += 1;
    }
  }
  return dueMax - started;
}

describe('the fair share', () => {
  it('FO-02 a workspace that is flooded steps back while the loop is busy, and still gets on', () => {
    const started = startsOfA({ load: 0.9 });
    assert.ok(started < 1_200, `${started} beside others`);
    assert.ok(started > 500, `${started} beside others`);
    // A flood is not what it is used to.
    assert.ok(startsOfA({ load: 0.9, usual: { each: 50, betweenMs: [29_900, 30_000] } }) < 2_000);
  });

  it('nobody steps back for nobody, or while the loop has time', () => {
    assert.equal(startsOfA({ load: 0.9, others: false }), 10_000);
    assert.ok(startsOfA({ load: 0.2 }) > 5_000);
  });

  for (const learnsFrom of ['offers', 'starts'] as const) {
    it(`what the loop has time for is started in the end, whatever is known of it: by ${learnsFrom}`, () => {
      // Beside a thousand a second of twenty others, on a loop that has time for five thousand.
      assert.equal(backlogOfA({ learnsFrom, perSecond: 2_700 }), 0);
      assert.ok(backlogOfA({ learnsFrom, perSecond: 3_300 }) < 10_000);
    });
  }

  it('a steady stream is a share of its own, however many others there are', () => {
    const started = startsOfA({ load: 0.9, usual: { each: 3 } });
    assert.ok(started >= 3_000, `${started} of a stream of 3,000`);
    const inCrowd = startsOfA({ load: 0.9, usual: { each: 3 }, crowd: true });
    assert.ok(inCrowd >= 3_000, `${inCrowd} of a stream of 3,000 beside thirty thousand others`);
  });
});

for (const othersCommit of [false, true]) {
  const where = othersCommit ? 'where others commit' : 'where it is offered';
  it(`FO-02 what one workspace has too much of waits aside, and everybody’s deliveries arrive, ${where}`, () =>
    floodBesideOthers(othersCommit));
}

async function floodBesideOthers(othersCommit: boolean): Promise<void> {
  const rig = await createEngineRig({ options: { loopLoad: () => 0.9, othersCommit } });
  const flooded = Array.from({ length: 20 }, () => rig.webhook({}, { workspaceId: 'flooded' }));
  const others = Array.from({ length: 5 }, (_, index) => rig.webhook({}, { workspaceId: `other-${index}` }));
  for (const webhook of flooded) await rig.publish(webhook, 40);
  for (const webhook of others) await rig.publish(webhook, 1);
  const sentBy = (workspaceId: string): number =>
    rig.sent.filter(({ message }) => message.workspaceId.startsWith(workspaceId)).length;
  await rig.clock.advanceUntil(() => sentBy('other') === others.length, 1_000);
  const startedMs = rig.clock.monotonicMs();
  assert.ok(sentBy('flooded') < 200, `${sentBy('flooded')} before the others’`);
  for (let round = 0; round < 50; round += 1) {
    for (const webhook of others) await rig.publish(webhook, 1);
    await rig.clock.advance(10);
  }
  assert.equal(sentBy('other'), 51 * others.length);
  assert.ok(sentBy('flooded') < 700, `${sentBy('flooded')} in half a second`);
  await rig.clock.advanceUntil(() => sentBy('flooded') === 800, 60_000);
  assert.equal(new Set(rig.sent.map(({ deliveryId }) => deliveryId)).size, 800 + 51 * others.length);
  assert.ok(rig.clock.monotonicMs() - startedMs < 5_000);
  await rig.stop();
}
