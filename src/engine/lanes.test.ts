import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEngineRig, ok, status, timedOut } from './testing/engine-rig.ts';

const noBreaker = { breaker: null, disable: [] };

describe('lanes', () => {
  it('L-08 a hanging receiver delays nobody: another lane is served at once', async () => {
    const rig = await createEngineRig();
    const hanging = rig.webhook(noBreaker, { target: { transport: 'http', url: 'https://hangs.example/' } });
    const healthy = rig.webhook(noBreaker);
    rig.reply = ({ target }) => (target.includes('hangs') ? 'wait' : ok);
    await rig.publish(hanging, 100);
    const before = rig.clock.monotonicMs();
    await rig.publish(healthy, 50);
    await rig.clock.advanceUntil(() => rig.events.length === 50, 60_000);
    assert.ok(rig.clock.monotonicMs() - before < 100, `${rig.clock.monotonicMs() - before} ms`);
    await rig.stop();
  });

  it('the window starts at 4, grows with success to the cap, and falls to 1 when the receiver hangs', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({
      ...noBreaker,
      concurrencyMax: 8,
      schedule: { delaysMs: [60_000], jitter: 0, ageMaxMs: 3_600_000 },
    });
    rig.reply = () => 'wait';
    await rig.publish(hook, 200);
    assert.equal(rig.sent.length, 4);
    const answerAll = async (outcome: typeof ok): Promise<number> => {
      const from = rig.sent.length;
      for (const sent of rig.sent) sent.answer(outcome);
      await rig.clock.settle();
      return rig.sent.length - from;
    };
    await answerAll(ok);
    assert.equal(await answerAll(ok), 8);
    assert.equal(await answerAll(ok), 8);
    for (let round = 0; round < 3; round += 1) await answerAll(timedOut);
    assert.equal(await answerAll(timedOut), 1);
    await rig.stop();
  });

  it('TN-18 one workspace with a backlog of thousands does not delay another workspace', async () => {
    const rig = await createEngineRig({ options: { inFlightMax: 8 } });
    const flood = Array.from({ length: 20 }, () => rig.webhook(noBreaker, { workspaceId: 'default' }));
    for (const hook of flood) await rig.publish(hook, 100, { offer: true });
    const quiet = rig.webhook(noBreaker, { workspaceId: 'other' });
    const before = rig.clock.monotonicMs();
    await rig.publish(quiet);
    await rig.clock.advanceUntil(() => rig.sent.some(({ message }) => message.webhookId === quiet), 60_000);
    assert.ok(rig.clock.monotonicMs() - before <= 5, `${rig.clock.monotonicMs() - before} ms`);
    await rig.stop();
  });

  it('a lane full of hanging retries still sends fresh deliveries', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({
      ...noBreaker,
      concurrencyMax: 4,
      schedule: { delaysMs: [1_000, 60_000], jitter: 0, ageMaxMs: 3_600_000 },
    });
    const old = new Set(await rig.publish(hook, 40, { offer: false }));
    rig.reply = () => status(500);
    await rig.clock.advanceUntil(() => rig.sent.length >= 40, 60_000);
    rig.reply = ({ headers }) => (old.has(new Map(headers).get('assetwire-delivery-id') as never) ? 'wait' : ok);
    await rig.clock.advance(5_000);
    const [fresh] = await rig.publish(hook);
    await rig.clock.advance(10);
    assert.ok(rig.events.some(({ delivery }) => delivery.id === fresh && delivery.state === 'delivered'));
    await rig.stop();
  });

  it('RX-14 Retry-After holds the whole lane, not only this delivery', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook(noBreaker);
    rig.reply = () => status(429, [['retry-after', '30']]);
    await rig.publish(hook);
    await rig.clock.advance(100);
    rig.reply = () => ok;
    await rig.publish(hook, 3);
    await rig.clock.advance(29_000);
    assert.equal(rig.sent.length, 1);
    await rig.clock.advance(2_000);
    assert.equal(rig.sent.length, 5);
    await rig.stop();
  });

  it('the breaker opens after failures in a row, costs no attempt while open, and closes with a probe', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({
      disable: [],
      breaker: { failuresToOpen: 3, openMs: 10_000, openMsMax: 60_000 },
      concurrencyMax: 1,
    });
    rig.reply = () => status(500);
    await rig.publish(hook, 20);
    await rig.clock.advance(9_000);
    assert.equal(rig.sent.length, 3);
    rig.reply = () => ok;
    await rig.clock.advance(5_000);
    assert.ok(rig.sent.length > 15, `${rig.sent.length}`);
    await rig.stop();
  });

  it('a rate of ten a second is kept over time', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({ ...noBreaker, requestsPerSecondMax: 10 });
    await rig.publish(hook, 200);
    await rig.clock.advance(10_000);
    // One second's worth of burst, then ten a second.
    assert.ok(rig.sent.length >= 100 && rig.sent.length <= 111, `${rig.sent.length}`);
    await rig.stop();
  });

  it('FIFO by webhook: one after another in order of commit, a failed head is not overtaken', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({
      ...noBreaker,
      order: 'webhook',
      schedule: { delaysMs: [1_000, 1_000], jitter: 0, ageMaxMs: 3_600_000 },
    });
    let failures = 0;
    rig.reply = () => {
      failures += 1;
      return failures % 5 === 0 ? status(503) : ok;
    };
    const ids = await rig.publish(hook, 30);
    await rig.clock.advance(60_000);
    const ended = rig.events
      .filter(({ delivery }) => delivery.state === 'delivered')
      .map(({ delivery }) => delivery.id);
    assert.deepEqual(ended, ids);
    await rig.stop();
  });

  it('FIFO by subject: other subjects pass a subject that waits', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({
      ...noBreaker,
      order: 'subject',
      schedule: { delaysMs: [30_000], jitter: 0, ageMaxMs: 3_600_000 },
    });
    rig.reply = () => status(500);
    const [stuck] = await rig.publish(hook, 1, { subject: 'ast_stuck' });
    await rig.clock.advance(10);
    rig.reply = () => ok;
    const [behind] = await rig.publish(hook, 1, { subject: 'ast_stuck' });
    const [free] = await rig.publish(hook, 1, { subject: 'ast_free' });
    await rig.clock.advance(5_000);
    const seen = rig.events.map(({ delivery }) => delivery.id);
    assert.deepEqual(seen, [stuck, free]);
    await rig.clock.advance(30_000);
    assert.deepEqual(
      rig.events.map(({ delivery }) => delivery.id),
      [stuck, free, stuck, behind],
    );
    await rig.stop();
  });

  it('onDead stop holds what lies behind a dead head, over a restart, until the webhook is written', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({
      ...noBreaker,
      order: 'webhook',
      onDead: 'stop',
      schedule: { delaysMs: [], jitter: 0, ageMaxMs: 3_600_000 },
    });
    rig.reply = () => status(500);
    const [dead, next] = await rig.publish(hook, 2);
    await rig.clock.advance(5_000);
    assert.equal(rig.sent.length, 1);
    await rig.stop();
    const again = await createEngineRig({ store: rig.store, clock: rig.clock, hooks: rig.hooks });
    await rig.clock.advance(10_000);
    assert.equal(again.sent.length, 0);
    again.write(hook, {});
    await rig.clock.advance(1_000);
    assert.deepEqual(
      again.sent.map(({ deliveryId }) => deliveryId),
      [next],
    );
    assert.notEqual(dead, next);
    await again.stop();
  });

  it('order switched on while attempts are in flight sends nothing twice', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook(noBreaker);
    rig.reply = () => 'wait';
    const ids = await rig.publish(hook, 10);
    rig.reply = () => ok;
    rig.write(hook, { policy: { ...noBreaker, order: 'webhook' } });
    await rig.clock.advance(5_000);
    assert.equal(rig.sent.length, 4);
    for (const sent of [...rig.sent]) sent.answer(ok);
    await rig.clock.advance(5_000);
    assert.equal(rig.sent.length, ids.length);
    assert.equal(new Set(rig.sent.map(({ deliveryId }) => deliveryId)).size, ids.length);
    await rig.stop();
  });

  it('ID-08 a manual retry makes the attempt due at once; told late or twice it makes no other', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({
      ...noBreaker,
      schedule: { delaysMs: [60_000, 60_000], jitter: 0, ageMaxMs: 3_600_000 },
    });
    rig.reply = () => status(500);
    const [id] = await rig.publish(hook);
    await rig.clock.advance(1_000);
    assert.ok(id !== undefined);
    const { delivery, summary } = await rig.detail(id);
    const change = (await rig.store.read.change('default', delivery.changeId)) ?? assert.fail();
    const atMs = rig.clock.nowMs();
    await rig.store.commit([
      { workspaceId: 'default', atMs, deliveryOrders: [{ kind: 'hasten', deliveryId: id, dueAtMs: atMs }] },
    ]);
    rig.reply = () => ok;
    const snapshot = { delivery: { ...delivery, dueAtMs: atMs, attempts: summary.attempts }, change };
    rig.engine.offer([snapshot, snapshot]);
    await rig.clock.advance(100);
    assert.equal(rig.sent.length, 2);
    // The word arrives again after the delivery has ended.
    rig.engine.offer([snapshot]);
    await rig.clock.advance(120_000);
    assert.equal(rig.sent.length, 2);
    assert.deepEqual(
      (await rig.detail(id)).attempts.map(({ number }) => number),
      [1, 2],
    );
    await rig.stop();
  });

  it('ID-07 a delivery found in the store before it is handed over is not sent a second time', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook();
    const [id] = await rig.publish(hook, 1, { offer: false });
    await rig.clock.advance(3_000);
    assert.ok(id !== undefined);
    assert.equal(rig.sent.length, 1);
    const { delivery } = await rig.detail(id);
    const change = (await rig.store.read.change('default', delivery.changeId)) ?? assert.fail();
    rig.engine.offer([{ delivery: { ...delivery, attempts: 0 }, change }]);
    await rig.clock.advance(3_000);
    assert.equal(rig.sent.length, 1);
    await rig.stop();
  });

  it('what no call told of is found by the safety net within seconds', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook();
    await rig.publish(hook, 5, { offer: false });
    await rig.clock.advance(2_100);
    assert.equal(rig.sent.length, 5);
    await rig.stop();
  });

  it('10,000 dead endpoints take at most half of the room; a healthy one is served', async () => {
    const rig = await createEngineRig({ options: { inFlightMax: 64, inFlightOfFailingMax: 32 } });
    const dead = Array.from({ length: 60 }, () =>
      rig.webhook({
        ...noBreaker,
        timeoutMs: 1_000,
        schedule: { delaysMs: new Array<number>(20).fill(100), jitter: 0, ageMaxMs: 3_600_000 },
      }),
    );
    rig.reply = () => 'wait';
    for (const hook of dead) await rig.publish(hook, 5);
    for (let round = 0; round < 5; round += 1) {
      for (const sent of [...rig.sent]) sent.answer(timedOut);
      await rig.clock.advance(200);
    }
    assert.ok(rig.engine.stats().inFlight <= 32, `${rig.engine.stats().inFlight}`);
    const healthy = rig.webhook(noBreaker);
    rig.reply = ({ webhookId }) => (webhookId === healthy ? ok : 'wait');
    await rig.publish(healthy, 20);
    await rig.clock.advance(50);
    assert.equal(rig.events.filter(({ delivery }) => delivery.webhookId === healthy).length, 20);
    await rig.stop();
  });
});
