import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts';
import { leaseTimings } from '../core/cluster.ts';
import type { WebhookId } from '../core/ids.ts';
import { shardCount } from '../core/shard.ts';
import type { Clock } from '../runtime/clock.ts';
import { createSqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import type { ClusterStore } from '../storage/contract/cluster-store.ts';
import { createMemoryCluster } from '../storage/testing/memory-cluster.ts';
import type { OwnershipEvents } from './engine.ts';
import { createLeaseOwnership, type LeaseOwnership } from './ownership-leases.ts';

type Worker = {
  readonly name: string;
  readonly ownership: LeaseOwnership;
  readonly gained: number[];
  readonly lost: number[];
  /** Shards that wait to come to rest; called by the test. */
  readonly surrendered: Map<number, () => void>;
  /** Nothing it sends arrives and nothing fires while true. */
  asleep: boolean;
  /** The store does not answer it. */
  cutOff: boolean;
  /** How long an answer of the store is on its way, after the store has done what it was asked. */
  answerMs: number;
};

type World = {
  readonly clock: VirtualClock;
  readonly workers: Worker[];
  /** By which the database's clock is off. */
  databaseOffMs: number;
  /** No word of one worker reaches another; the store is there for all of them. */
  apart: boolean;
  worker(
    name: string,
    more?: { readonly node?: string; readonly role?: 'api'; readonly restsAtOnce?: boolean },
  ): Promise<Worker>;
  held(): number[];
};

function createWorld(): World {
  const clock = createVirtualClock();
  const store = createSqliteStorage({ file: ':memory:', clock });
  const cluster = createMemoryCluster({ store, nowMs: () => clock.nowMs() + world.databaseOffMs });
  const workers: Worker[] = [];
  const world: World = {
    clock,
    workers,
    databaseOffMs: 0,
    apart: false,
    async worker(name, { node = name, role, restsAtOnce = true } = {}) {
      const { cluster: shared } = cluster.process();
      assert.ok(shared !== null);
      const worker: Worker = {
        name,
        gained: [],
        lost: [],
        surrendered: new Map(),
        asleep: false,
        cutOff: false,
        answerMs: 0,
        ownership: createLeaseOwnership({
          store: unreliable(shared, () => worker, clock),
          clock: sleepy(clock, () => worker.asleep),
          log: { info() {}, warn() {}, error() {} },
          member: {
            id: `${name}@${String(clock.monotonicMs())}`,
            node,
            role: role ?? 'worker',
            version: '1',
            blobs: '',
          },
          nudge: () =>
            void clock.timer(1, () =>
              workers.forEach((other) => !world.apart && other !== worker && other.ownership.look()),
            ),
        }),
      };
      workers.push(worker);
      const events: OwnershipEvents = {
        gained: (shards) => void worker.gained.push(...shards),
        lost: (shards) => void worker.lost.push(...shards),
        surrender: (shards, atRest) => {
          for (const shard of shards) {
            if (restsAtOnce) clock.timer(10, () => atRest(shard));
            else worker.surrendered.set(shard, () => atRest(shard));
          }
        },
      };
      await worker.ownership.start(events);
      return worker;
    },
    held: () => workers.map(({ ownership }) => ownership.shards()?.length ?? 0),
  };
  return world;
}

function unreliable(shared: ClusterStore, worker: () => Worker, clock: Clock): Pick<ClusterStore, 'beat' | 'leave'> {
  const call = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    if (worker().cutOff) throw new Error('cut off');
    await new Promise<void>((resolve) => void clock.timer(2, resolve));
    const answer = await work();
    const { answerMs } = worker();
    if (answerMs > 0) await new Promise<void>((resolve) => void clock.timer(answerMs, resolve));
    return answer;
  };
  return { beat: (beat) => call(() => shared.beat(beat)), leave: (id) => call(() => shared.leave(id)) };
}

/** A process that stands still: its timers fire when it wakes. */
function sleepy(clock: VirtualClock, asleep: () => boolean): Clock {
  const fireAwake = (fire: () => void): void => {
    if (asleep()) clock.timer(100, () => fireAwake(fire));
    else fire();
  };
  return {
    nowMs: clock.nowMs,
    monotonicMs: clock.monotonicMs,
    timer: (ms, fire) => clock.timer(ms, () => fireAwake(fire)),
  };
}

/** No shard is used by two at once; `overlap` counts those that are. */
function overlap(world: World): number {
  const seen = new Set<number>();
  let twice = 0;
  for (const { ownership, asleep } of world.workers) {
    if (asleep || !ownership.stats().valid) continue;
    for (const shard of ownership.shards() ?? []) {
      if (seen.has(shard)) twice += 1;
      seen.add(shard);
    }
  }
  return twice;
}

async function advance(world: World, ms: number): Promise<void> {
  const untilMs = world.clock.monotonicMs() + ms;
  while (world.clock.monotonicMs() < untilMs) {
    await world.clock.advance(250);
    assert.equal(overlap(world), 0, 'a shard is used by two');
  }
}

async function within(world: World, ms: number, holds: () => boolean): Promise<number> {
  const fromMs = world.clock.monotonicMs();
  while (!holds()) {
    assert.ok(world.clock.monotonicMs() - fromMs < ms, `within ${ms} ms; found ${JSON.stringify(world.held())}`);
    await advance(world, 250);
  }
  return world.clock.monotonicMs() - fromMs;
}

const firstLane: WebhookId = 'wh_01h455vb4pex5vsknk084sn02q';

async function started(world: World, ...names: string[]): Promise<Worker[]> {
  const made: Worker[] = [];
  for (const name of names) {
    const [worker] = await Promise.all([world.worker(name), world.clock.advance(20)]);
    made.push(worker);
  }
  await within(world, 15_000, () =>
    world.held().every((count) => Math.abs(count - shardCount / world.workers.length) < 1),
  );
  return made;
}

function pick(ownership: LeaseOwnership): { readonly valid: boolean; readonly takeovers: number } {
  const { valid, takeovers } = ownership.stats();
  return { valid, takeovers };
}

describe('shards held by lease', () => {
  it('one worker holds everything at once; others that join get equal shares within seconds', async () => {
    const world = createWorld();
    const [worker] = await Promise.all([world.worker('a'), world.clock.advance(20)]);
    assert.equal(worker.ownership.shards()?.length, shardCount);
    await Promise.all([world.worker('b'), world.clock.advance(20)]);
    await within(world, 3_000, () => world.held().join() === '128,128');
    await Promise.all([world.worker('c'), world.clock.advance(20)]);
    await within(world, 5_000, () => world.held().toSorted().join() === '85,85,86');
    assert.equal(worker.lost.length, 0, 'what is handed over is not lost');
  });

  it('a process without an engine is a member and holds nothing', async () => {
    const world = createWorld();
    await Promise.all([world.worker('a'), world.worker('api', { role: 'api' }), world.clock.advance(20)]);
    await advance(world, 30_000);
    assert.deepEqual(world.held(), [shardCount, 0]);
  });

  it('a shard that is wanted elsewhere is kept, unused, until what is in flight there has ended', async () => {
    const world = createWorld();
    const [a] = await Promise.all([world.worker('a', { restsAtOnce: false }), world.clock.advance(20)]);
    const [b] = await Promise.all([world.worker('b'), world.clock.advance(20)]);
    await advance(world, 25_000);
    assert.equal(a.surrendered.size, 128);
    assert.deepEqual([a.ownership.shards()?.length, b.ownership.shards()?.length], [128, 0]);
    assert.equal(a.ownership.owns(firstLane), null, 'nothing is started in a shard on its way');
    for (const rest of a.surrendered.values()) rest();
    await within(world, 3_000, () => world.held().join() === '128,128');
    assert.ok(b.ownership.owns(firstLane) !== null);
  });

  it('FK-05 a killed worker is replaced within 60 s, and under another epoch', async () => {
    const world = createWorld();
    const [a, b] = await started(world, 'a', 'b');
    assert.ok(a !== undefined && b !== undefined);
    const before = a.ownership.owns(firstLane) ?? b.ownership.owns(firstLane);
    b.asleep = true;
    const tookMs = await within(world, 60_000, () => a.ownership.shards()?.length === shardCount);
    assert.ok(tookMs > leaseTimings.leaseMs - leaseTimings.beatMs, 'not before its lease has run out');
    assert.equal(a.ownership.stats().takeovers, 128);
    assert.ok((a.ownership.owns(firstLane)?.epoch ?? 0) >= (before?.epoch ?? 0));
  });

  it('FK-13 a worker that stood still for two minutes finds its lease over, and loses what others took', async () => {
    const world = createWorld();
    const [a, b] = await started(world, 'a', 'b');
    assert.ok(a !== undefined && b !== undefined);
    const mine = b.ownership.shards() ?? [];
    b.asleep = true;
    await advance(world, 120_000);
    b.asleep = false;
    // Before it has heard anything: what it believes to hold is judged by the clock that went on.
    assert.equal(b.ownership.stats().valid, false);
    await within(world, 10_000, () => b.lost.length === 128);
    assert.deepEqual(b.lost.toSorted(), [...mine].toSorted());
    await within(world, 15_000, () => world.held().join() === '128,128');
  });

  it('FC-01 FC-03 FD-18 clocks that jump by an hour, here or in the database, move no shard', async () => {
    const world = createWorld();
    const workers = await started(world, 'a', 'b', 'c');
    const before = workers.map(({ ownership }) => ownership.shards());
    for (const jumpMs of [3_600_000, -3_600_000, -3_600_000, 3_600_000]) {
      world.clock.jumpWall(jumpMs);
      await advance(world, 25_000);
      world.databaseOffMs += jumpMs;
      await advance(world, 25_000);
    }
    assert.deepEqual(
      workers.map(({ ownership }) => ownership.shards()),
      before,
    );
    assert.deepEqual(
      workers.map(({ lost }) => lost.length),
      [0, 0, 0],
    );
  });

  it('a worker that died while the database’s clock was an hour ahead is replaced all the same', async () => {
    const world = createWorld();
    world.databaseOffMs = 3_600_000;
    const [a, b] = await started(world, 'a', 'b');
    assert.ok(a !== undefined && b !== undefined);
    b.asleep = true;
    world.databaseOffMs = 0;
    await within(world, 60_000, () => a.ownership.shards()?.length === shardCount);
  });

  it('FR-05 a worker that cannot reach the store stops by itself before others take over', async () => {
    const world = createWorld();
    const [a, b] = await started(world, 'a', 'b');
    assert.ok(a !== undefined && b !== undefined);
    b.cutOff = true;
    // That the two never use one shard is looked at with every step.
    await within(world, 31_000, () => !b.ownership.stats().valid);
    await within(world, 29_000, () => a.ownership.shards()?.length === shardCount);
    b.cutOff = false;
    await within(world, 15_000, () => world.held().join() === '128,128');
  });

  it('FO-03 workers that get a tenth of a processor keep what they hold; one that gets less than a lease allows says so itself', async () => {
    const world = createWorld();
    const workers = await started(world, 'a', 'b', 'c');
    const before = workers.map(({ ownership }) => ownership.shards());
    // Each runs for a quarter of a second in every two and a half, and never two of them together.
    for (let round = 0; round < 60; round += 1) {
      for (const awake of [...workers, ...Array.from({ length: 7 }, () => null)]) {
        for (const worker of workers) worker.asleep = worker !== awake;
        await advance(world, 250);
      }
    }
    for (const worker of workers) worker.asleep = false;
    assert.deepEqual(
      workers.map(({ ownership, lost }) => ({ held: ownership.shards(), lost, ...pick(ownership) })),
      before.map((held) => ({ held, lost: [], valid: true, takeovers: 0 })),
    );
    const [starved] = workers;
    assert.ok(starved !== undefined);
    starved.asleep = true;
    await advance(world, 31_000);
    assert.deepEqual(
      pick(starved.ownership),
      { valid: false, takeovers: 0 },
      'what is asked in its one moment is true',
    );
  });

  it('FR-06 workers that cannot hear each other share by the store alone: who joins, dies or stands still, no shard is ever used by two', async () => {
    const world = createWorld();
    world.apart = true;
    const [a, b] = await Promise.all([world.worker('a'), world.worker('b'), world.clock.advance(20)]);
    await within(world, 40_000, () => world.held().join() === '128,128');
    const [c] = await Promise.all([world.worker('c'), world.clock.advance(20)]);
    await within(world, 40_000, () => world.held().toSorted().join() === '85,85,86');
    // Each side takes itself for the whole of it: one stands still and wakes, the other two had shared what it held.
    c.asleep = true;
    await within(world, 60_000, () => world.held().slice(0, 2).join() === '128,128');
    c.asleep = false;
    await within(world, 60_000, () => c.lost.length > 0);
    await within(world, 60_000, () => world.held().toSorted().join() === '85,85,86');
    assert.deepEqual([a.lost, b.lost], [[], []], 'nothing was taken from those that were awake');
  });

  it('FR-05 a lease counts from before its heartbeat was sent, however late the answer comes', async () => {
    const world = createWorld();
    const [worker] = await Promise.all([world.worker('a'), world.clock.advance(20)]);
    worker.answerMs = 8_000;
    // The next heartbeat is sent within ten seconds and answered eight later; its claim is what it was when it was sent.
    const before = worker.ownership.owns(firstLane)?.untilMonotonicMs ?? 0;
    let sentAtMs = 0;
    await within(world, 20_000, () => {
      const now = world.clock.monotonicMs();
      sentAtMs = now - worker.answerMs;
      return (worker.ownership.owns(firstLane)?.untilMonotonicMs ?? 0) > before;
    });
    const untilMs = worker.ownership.owns(firstLane)?.untilMonotonicMs ?? 0;
    assert.ok(untilMs <= sentAtMs + leaseTimings.leaseMs, `until ${untilMs}, sent by ${sentAtMs}`);
    // And it ends then, where the answers after it stay away.
    worker.cutOff = true;
    await advance(world, untilMs - world.clock.monotonicMs());
    assert.equal(worker.ownership.stats().valid, false);
  });

  it('a store that is away for less than a lease changes nothing', async () => {
    const world = createWorld();
    const workers = await started(world, 'a', 'b');
    const before = workers.map(({ ownership }) => ownership.shards());
    for (const worker of workers) worker.cutOff = true;
    await advance(world, 15_000);
    for (const worker of workers) worker.cutOff = false;
    await advance(world, 60_000);
    assert.deepEqual(
      workers.map(({ ownership }) => ownership.shards()),
      before,
    );
  });

  it('a worker that stops hands over what has come to rest while the rest is still in flight', async () => {
    const world = createWorld();
    const [a] = await Promise.all([world.worker('a', { restsAtOnce: false }), world.clock.advance(20)]);
    const [b] = await Promise.all([world.worker('b'), world.clock.advance(20)]);
    await advance(world, 2_000);
    for (const rest of a.surrendered.values()) rest();
    a.surrendered.clear();
    await within(world, 5_000, () => world.held().join() === '128,128');
    a.ownership.retire();
    await world.clock.advance(100);
    assert.equal(a.surrendered.size, 128);
    [...a.surrendered.values()].slice(0, 100).forEach((rest) => void rest());
    await within(world, 3_000, () => b.ownership.shards()?.length === 228);
    await Promise.all([a.ownership.stop(), world.clock.advance(100)]);
    await within(world, 3_000, () => b.ownership.shards()?.length === shardCount);
    assert.equal(b.ownership.stats().takeovers, 0, 'given, not taken');
  });

  it('a worker that starts again in the directory of the one that died has its shards at once', async () => {
    const world = createWorld();
    const [a, b] = await started(world, 'a', 'b');
    assert.ok(a !== undefined && b !== undefined);
    const held = b.ownership.shards();
    b.asleep = true;
    const [again] = await Promise.all([world.worker('b2', { node: 'b' }), world.clock.advance(50)]);
    assert.deepEqual(again.ownership.shards(), held);
  });
});
