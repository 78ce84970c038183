import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import type { Storage } from '../storage/storage.ts';
import { createFlightMemory, createMemoryFlightLog } from './flight-log.ts';
import { createEngineRig, type EngineRig, ok, status } from './testing/engine-rig.ts';

/** A new process over the same store and flight log; the old one is simply left behind with its attempts unanswered. */
async function restartAfterCrash(rig: EngineRig, memory: ReturnType<typeof createFlightMemory>): Promise<EngineRig> {
  return createEngineRig({
    store: rig.store,
    clock: rig.clock,
    hooks: rig.hooks,
    flights: createMemoryFlightLog(memory),
  });
}

describe('crashes', () => {
  it('FK-06 an attempt in flight at a crash is recorded as interrupted and tried again under the next number', async () => {
    const memory = createFlightMemory();
    const rig = await createEngineRig({ flights: createMemoryFlightLog(memory) });
    const hook = rig.webhook();
    rig.reply = () => 'wait';
    const [id] = await rig.publish(hook);
    assert.ok(id !== undefined);
    const again = await restartAfterCrash(rig, memory);
    await again.clock.advance(100);
    const { summary, attempts } = await again.detail(id);
    assert.equal(summary.state, 'delivered');
    assert.deepEqual(
      attempts.map(({ number, outcome }) => [number, outcome]),
      [
        [1, 'interrupted'],
        [2, 'response'],
      ],
    );
    // What was sent is known even though nobody lived to see its end.
    assert.equal(attempts[0]?.request.bodySha256, attempts[1]?.request.bodySha256);
    assert.equal(attempts[0]?.request.url, 'https://receiver.example/hook');
  });

  it('FK-08 an attempt whose result was stored before the crash is not touched', async () => {
    const memory = createFlightMemory();
    const rig = await createEngineRig({ flights: { ...createMemoryFlightLog(memory), end: () => undefined } });
    const hook = rig.webhook();
    const [id] = await rig.publish(hook);
    await rig.clock.advance(10);
    assert.ok(id !== undefined);
    const again = await restartAfterCrash(rig, memory);
    await again.clock.advance(10_000);
    assert.equal(again.sent.length, 0);
    assert.equal((await again.detail(id)).attempts.length, 1);
  });

  it('FK-14 a delivery found in flight at three crashes is quarantined, visibly, and not sent again', async () => {
    const memory = createFlightMemory();
    let rig = await createEngineRig({ flights: createMemoryFlightLog(memory) });
    const hook = rig.webhook({ breaker: null });
    const [poison] = await rig.publish(hook, 1, { offer: false });
    assert.ok(poison !== undefined);
    for (let crash = 0; crash < 3; crash += 1) {
      rig.reply = () => 'wait';
      await rig.clock.advanceUntil(() => rig.sent.length > 0, 60_000);
      assert.equal(rig.sent.length, 1, `before crash ${crash + 1}`);
      rig = await restartAfterCrash(rig, memory);
    }
    await rig.clock.advance(60_000);
    assert.equal(rig.sent.length, 0);
    const { summary } = await rig.detail(poison);
    assert.deepEqual([summary.state, summary.reason, summary.attempts], ['dead', 'quarantined_after_crashes', 3]);
  });

  it('FK-14 a quarantined head stops its order until its webhook is edited after its death, not by an edit before it', async () => {
    const memory = createFlightMemory();
    let rig = await createEngineRig({ flights: createMemoryFlightLog(memory) });
    const hook = rig.webhook({ breaker: null, order: 'webhook', onDead: 'stop' });
    const [, next] = await rig.publish(hook, 2, { offer: false });
    for (let crash = 0; crash < 3; crash += 1) {
      rig.reply = () => 'wait';
      await rig.clock.advanceUntil(() => rig.sent.length > 0, 60_000);
      // Under way with one revision, dead at the next start under a later one.
      const before = rig.hooks.get(hook);
      if (crash === 2 && before) rig.hooks.set(hook, { ...before, name: 'edited meanwhile', revision: 2 });
      rig = await restartAfterCrash(rig, memory);
    }
    // Shorter than those left behind wait for their answers: they live on here, and would try again.
    await rig.clock.advance(3_000);
    assert.deepEqual(rig.sent, []);
    await rig.stop();
    const { store, clock, hooks } = rig;
    const care = { revision: async () => hooks.get(hook) ?? null };
    const again = await createEngineRig({ store, clock, hooks, care });
    await again.clock.advance(3_000);
    assert.deepEqual(again.sent, [], 'a restart is no look at what died');
    again.write(hook, { name: 'looked at' });
    await again.clock.advance(3_000);
    assert.deepEqual(
      again.sent.map(({ deliveryId }) => deliveryId),
      [next],
    );
    await again.stop();
  });

  it('FK-07 a stop stored for a death that the crash kept from being recorded is lifted: the head lives on', async () => {
    const memory = createFlightMemory();
    const state = { down: true, after: false };
    const rig = await createEngineRig({ flights: createMemoryFlightLog(memory), wrapStore: fragile(state) });
    const once = { delaysMs: [], jitter: 0, ageMaxMs: 3_600_000 };
    const hook = rig.webhook({ breaker: null, disable: [], order: 'webhook', onDead: 'stop', schedule: once });
    rig.reply = () => status(500);
    const ids = await rig.publish(hook, 2);
    await rig.clock.advance(1_000);
    // The stop is in the store, the death is not.
    const [health] = await rig.store.resources([{ workspaceId: 'default', type: 'lane_health', id: hook }]);
    assert.equal(health?.state['stoppedBy'], ids[0]);
    const again = await restartAfterCrash(rig, memory);
    await again.clock.advance(5_000);
    assert.deepEqual(
      again.sent.map(({ deliveryId }) => deliveryId),
      ids,
    );
    await again.stop();
  });

  it('FK-07 such a stop is lifted, too, where another process takes the lane over and knows nothing of the flight', async () => {
    const state = { down: true, after: false };
    const rig = await createEngineRig({
      flights: createMemoryFlightLog(createFlightMemory()),
      wrapStore: fragile(state),
    });
    const once = { delaysMs: [], jitter: 0, ageMaxMs: 3_600_000 };
    const hook = rig.webhook({ breaker: null, disable: [], order: 'webhook', onDead: 'stop', schedule: once });
    rig.reply = () => status(500);
    const ids = await rig.publish(hook, 2);
    await rig.clock.advance(1_000);
    const [health] = await rig.store.resources([{ workspaceId: 'default', type: 'lane_health', id: hook }]);
    assert.equal(health?.state['stoppedBy'], ids[0]);
    const other = await restartAfterCrash(rig, createFlightMemory());
    await other.clock.advance(5_000);
    assert.deepEqual(
      other.sent.map(({ deliveryId }) => deliveryId),
      ids,
    );
    await other.stop();
  });

  it('FK-07 where two die at once and the crash keeps one of the deaths from being recorded, the other still stops the order', async () => {
    let lost = '';
    const rig = await createEngineRig({
      flights: createMemoryFlightLog(createFlightMemory()),
      wrapStore: (store) => ({
        ...store,
        record: (items) =>
          items.some(({ deliveryId }) => deliveryId === lost) ? new Promise(() => undefined) : store.record(items),
      }),
    });
    const once = { delaysMs: [], jitter: 0, ageMaxMs: 3_600_000 };
    const hook = rig.webhook({ breaker: null, disable: [], order: 'subject', onDead: 'stop', schedule: once });
    rig.reply = () => 'wait';
    const [first] = await rig.publish(hook, 1, { subject: 'ast_1' });
    const [second] = await rig.publish(hook, 1, { subject: 'ast_2' });
    await rig.clock.advance(100);
    assert.ok(first !== undefined && second !== undefined);
    lost = second;
    for (const { answer } of rig.sent) {
      answer(status(500));
      await rig.clock.advance(100);
    }
    assert.equal((await rig.detail(first)).summary.state, 'dead');
    assert.equal((await rig.detail(second)).summary.state, 'pending');
    const other = await restartAfterCrash(rig, createFlightMemory());
    await other.clock.advance(5_000);
    assert.deepEqual(other.sent, [], 'the order is stopped by the first');
    await other.stop();
  });

  it('FK-14 a known outcome between crashes clears the suspicion', async () => {
    const memory = createFlightMemory();
    let rig = await createEngineRig({ flights: createMemoryFlightLog(memory) });
    const hook = rig.webhook({
      breaker: null,
      schedule: { delaysMs: new Array<number>(20).fill(1_000), jitter: 0, ageMaxMs: 3_600_000 },
    });
    const [id] = await rig.publish(hook, 1, { offer: false });
    assert.ok(id !== undefined);
    for (let crash = 0; crash < 5; crash += 1) {
      let answered = 0;
      rig.reply = () => {
        answered += 1;
        return answered === 1 ? status(500) : 'wait';
      };
      await rig.clock.advanceUntil(() => rig.sent.length > 1, 60_000);
      rig = await restartAfterCrash(rig, memory);
    }
    await rig.clock.advance(5_000);
    assert.equal((await rig.detail(id)).summary.state, 'delivered');
  });
});

/** Record calls fail while `down`. */
function fragile(state: { down: boolean; after: boolean }): (store: Storage) => Storage {
  return (store) => ({
    ...store,
    read: store.read,
    async record(items) {
      if (state.down) throw new AssetwireError('storage_full', { detail: 'full' });
      const results = await store.record(items);
      if (state.after) throw new AssetwireError('storage_unavailable', { detail: 'the answer was lost' });
      return results;
    },
  });
}

describe('a wall clock that jumps', () => {
  it('FC-01 no delivery dies of age for jumps since the start, though nothing was delivered before the first of them', async () => {
    const days = 40 * 86_400_000;
    const rig = await createEngineRig();
    const hook = rig.webhook({ breaker: null, disable: [] });
    rig.reply = () => status(500);
    rig.clock.jumpWall(days);
    await rig.publish(hook);
    await rig.clock.advance(1_000);
    rig.clock.jumpWall(-days);
    const [id] = await rig.publish(hook);
    await rig.clock.advance(1_000);
    rig.clock.jumpWall(days);
    await rig.clock.advance(120_000);
    assert.ok(id !== undefined);
    const { summary } = await rig.detail(id);
    assert.equal(summary.state, 'pending');
    assert.ok(summary.attempts > 1, `${summary.attempts}`);
    await rig.stop();
  });
});

describe('a store that refuses', () => {
  it('FD results are kept, nothing new is started, and nothing is sent again before its result is stored', async () => {
    const state = { down: true, after: false };
    const rig = await createEngineRig({ wrapStore: fragile(state) });
    const hook = rig.webhook();
    const ids = await rig.publish(hook, 50);
    await rig.clock.advance(60_000);
    const whileDown = rig.sent.length;
    assert.ok(whileDown <= 8, `${whileDown}`);
    state.down = false;
    await rig.clock.advance(20_000);
    assert.equal(rig.sent.length, ids.length);
    await rig.stop();
  });

  it('FK-07 a result whose storing was answered with an error although it was stored is not sent again', async () => {
    const state = { down: false, after: true };
    const rig = await createEngineRig({ wrapStore: fragile(state) });
    const hook = rig.webhook();
    const [id] = await rig.publish(hook);
    await rig.clock.advance(2_000);
    state.after = false;
    await rig.clock.advance(20_000);
    assert.ok(id !== undefined);
    assert.equal(rig.sent.length, 1);
    assert.equal((await rig.detail(id)).attempts.length, 1);
    await rig.stop();
  });
});

describe('shutdown', () => {
  it('FK-11 stop finishes what is in flight, starts nothing new, and loses nothing', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook();
    rig.reply = () => 'wait';
    const ids = await rig.publish(hook, 10);
    let stopped = false;
    const stopping = rig.engine.stop().then(() => {
      stopped = true;
    });
    await rig.clock.advance(5_000);
    assert.equal(stopped, false);
    for (const sent of rig.sent) sent.answer(ok);
    await rig.clock.advance(100);
    await stopping;
    assert.equal(rig.sent.length, 4);
    const states = await Promise.all(ids.map(async (id) => (await rig.detail(id)).summary.state));
    assert.deepEqual(states.filter((state) => state === 'delivered').length, 4);
    assert.deepEqual(states.filter((state) => state === 'pending').length, 6);
  });

  it('FK-11 stop waits for the death of a head whose order stops, though the store takes its time with the stop', async () => {
    const memory = createFlightMemory();
    let stored: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (stored = resolve));
    const rig = await createEngineRig({
      flights: createMemoryFlightLog(memory),
      wrapStore: (store) => ({
        ...store,
        commit: async (items) => {
          if (items.some(({ resources = [] }) => resources.some(({ type }) => type === 'lane_health'))) await slow;
          return store.commit(items);
        },
      }),
    });
    const once = { delaysMs: [], jitter: 0, ageMaxMs: 3_600_000 };
    const hook = rig.webhook({ breaker: null, disable: [], order: 'webhook', onDead: 'stop', schedule: once });
    rig.reply = () => status(500);
    const [head] = await rig.publish(hook, 2);
    await rig.clock.advance(10);
    assert.ok(head !== undefined);
    let ended = false;
    const stopping = rig.engine.stop().then(() => {
      ended = true;
    });
    await rig.clock.advance(100);
    assert.equal(ended, false);
    stored();
    await rig.clock.advance(100);
    await stopping;
    const { summary, attempts } = await rig.detail(head);
    assert.deepEqual([summary.state, attempts.map(({ outcome }) => outcome)], ['dead', ['response']]);
  });

  it('FK-12 what hangs is interrupted after 25 s and recorded so', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({ timeoutMs: 60_000 });
    rig.reply = () => 'wait';
    const [id] = await rig.publish(hook);
    const before = rig.clock.monotonicMs();
    await rig.stop();
    assert.ok(rig.clock.monotonicMs() - before <= 25_100);
    assert.ok(id !== undefined);
    const { summary, attempts } = await rig.detail(id);
    assert.deepEqual([summary.state, attempts[0]?.outcome], ['pending', 'interrupted']);
  });

  it('FK-12 stop ends within 31 s though the store refuses every result', async () => {
    const rig = await createEngineRig({ wrapStore: fragile({ down: true, after: false }) });
    await rig.publish(rig.webhook(), 3);
    const before = rig.clock.monotonicMs();
    await rig.stop();
    assert.ok(rig.clock.monotonicMs() - before <= 31_000);
  });

  it('stop before start, a second stop and a second start are harmless', async () => {
    const unstarted = await createEngineRig({ start: false });
    await unstarted.engine.stop();
    await unstarted.engine.start();
    unstarted.engine.offer([]);
    const rig = await createEngineRig();
    await rig.engine.start();
    await rig.publish(rig.webhook());
    await rig.clock.advance(10);
    await Promise.all([rig.stop(), rig.engine.stop()]);
    await rig.engine.stop();
    assert.equal(rig.sent.length, 1);
    assert.equal(rig.clock.timers, 0, 'a stopped engine leaves no timer behind');
  });
});

describe('ownership', () => {
  it('an attempt starts only where the lease outlives its deadline by two seconds', async () => {
    let untilMonotonicMs = 10_000;
    const rig = await createEngineRig({
      ownership: {
        async start() {},
        shards: () => null,
        retire() {},
        owns: () => ({ epoch: 1, untilMonotonicMs }),
        async stop() {},
      },
    });
    const hook = rig.webhook({ timeoutMs: 15_000 });
    await rig.publish(hook);
    await rig.clock.advance(3_000);
    assert.equal(rig.sent.length, 0);
    untilMonotonicMs = rig.clock.monotonicMs() + 30_000;
    await rig.clock.advance(2_000);
    assert.equal(rig.sent.length, 1);
    await rig.stop();
  });

  it('an attempt that may take a minute starts under a lease of half of one, lives on while that is renewed, and ends with it', async () => {
    let untilMonotonicMs = 0;
    const rig = await createEngineRig({
      ownership: {
        async start() {},
        shards: () => null,
        retire() {},
        owns: () => ({ epoch: 1, untilMonotonicMs }),
        async stop() {},
      },
    });
    const renew = (): void => {
      untilMonotonicMs = rig.clock.monotonicMs() + 30_000;
    };
    renew();
    rig.reply = () => 'wait';
    await rig.publish(rig.webhook({ timeoutMs: 60_000 }));
    await rig.clock.advance(2_000);
    assert.equal(rig.sent.length, 1, 'no lease is ever good for a minute');
    for (let beats = 0; beats < 4; beats += 1) {
      renew();
      await rig.clock.advance(10_000);
    }
    assert.equal(rig.sent[0]?.message.signal?.aborted, false, 'forty seconds under way, and renewed');
    await rig.clock.advance(21_000);
    assert.equal(rig.sent[0]?.message.signal?.aborted, true, 'the lease is over: another process may send it');
    await rig.stop();
  });

  it('ID-16 INV-6 results under an old epoch are fenced, and a fenced lane does not hammer its receiver', async () => {
    const rig = await createEngineRig({
      ownership: {
        async start() {},
        shards: () => null,
        retire() {},
        owns: () => ({ epoch: -1, untilMonotonicMs: Number.POSITIVE_INFINITY }),
        async stop() {},
      },
    });
    const hook = rig.webhook({ breaker: null });
    const [id] = await rig.publish(hook);
    await rig.clock.advance(60_000);
    assert.ok(rig.sent.length <= 7, `${rig.sent.length}`);
    assert.ok(id !== undefined);
    const { summary, attempts } = await rig.detail(id);
    assert.deepEqual([summary.state, attempts.length], ['pending', 0], 'what a late writer says moves nothing');
    await rig.stop();
  });
});
