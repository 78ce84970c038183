import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEngineRig, type EngineRig, ok, status, timedOut } from './testing/engine-rig.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const fiveDays = { breaker: null, disable: [{ kind: 'continued' as const, forMs: 5 * dayMs, attemptsMin: 10 }] };
const hourly = { delaysMs: new Array<number>(150).fill(hourMs), jitter: 0, ageMaxMs: 30 * dayMs };

/** Days pass in steps, so that the poll of an idle engine does not make a test of hours out of them. */
async function passDays(rig: EngineRig, days: number): Promise<void> {
  await rig.clock.advance(days * dayMs);
}
const slowPolls = { pollIdleMs: hourMs, pollActiveMs: hourMs };

describe('disable rules', () => {
  it('RX-13 410 ends the delivery, disables the webhook once, and holds what is pending', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({ breaker: null });
    rig.reply = () => status(410);
    const ids = await rig.publish(hook, 20);
    await rig.clock.advance(10_000);
    assert.deepEqual(rig.disabled, [{ webhookId: hook, reason: 'status-410' }]);
    const states = await Promise.all(ids.map(async (id) => (await rig.detail(id)).summary.state));
    assert.ok(states.includes('rejected') && states.includes('pending'), states.join());
    assert.ok(rig.sent.length <= 4);
    await rig.stop();
  });

  it('RX-25 five days of failure warn at 50, 75 and 90 percent and disable once', async () => {
    const rig = await createEngineRig({ options: slowPolls });
    const hook = rig.webhook({ ...fiveDays, schedule: hourly });
    rig.reply = () => status(500);
    await rig.publish(hook, 3);
    await passDays(rig, 6);
    assert.deepEqual(rig.warned, [50, 75, 90]);
    assert.deepEqual(rig.disabled, [{ webhookId: hook, reason: 'continued-failure' }]);
    await rig.stop();
  });

  it('RX-25 the clock of five days survives a restart', async () => {
    const rig = await createEngineRig({ options: slowPolls });
    const hook = rig.webhook({ ...fiveDays, schedule: hourly });
    rig.reply = () => status(500);
    await rig.publish(hook);
    await passDays(rig, 3);
    await rig.stop();
    const again = await createEngineRig({ store: rig.store, clock: rig.clock, hooks: rig.hooks, options: slowPolls });
    again.reply = () => status(500);
    await passDays(again, 2.2);
    assert.deepEqual(again.disabled, [{ webhookId: hook, reason: 'continued-failure' }]);
    await again.stop();
  });

  it('RX-24 a receiver that fails every second time is not disabled', async () => {
    const rig = await createEngineRig({ options: slowPolls });
    const hook = rig.webhook({ ...fiveDays, schedule: hourly });
    let count = 0;
    rig.reply = () => {
      count += 1;
      return count % 2 === 0 ? ok : status(500);
    };
    for (let day = 0; day < 7; day += 1) {
      await rig.publish(hook, 2);
      await passDays(rig, 1);
    }
    assert.deepEqual(rig.disabled, []);
    await rig.stop();
  });

  it('RX-26 two failures with six days of silence between them do not disable', async () => {
    const rig = await createEngineRig({ options: slowPolls });
    const once = { delaysMs: [], jitter: 0, ageMaxMs: dayMs };
    const hook = rig.webhook({ ...fiveDays, schedule: once });
    rig.reply = () => status(500);
    await rig.publish(hook);
    await passDays(rig, 6);
    await rig.publish(hook);
    await passDays(rig, 1);
    assert.deepEqual(rig.disabled, []);
    await rig.stop();
  });

  it('FR-04 when the network of half of all lanes fails, we suspect ourselves and disable nobody', async () => {
    const rig = await createEngineRig();
    const rule = {
      breaker: null,
      disable: [{ kind: 'window' as const, failures: 3, windowMs: 10_000 }],
      schedule: { delaysMs: [500, 500, 500, 500], jitter: 0, ageMaxMs: hourMs },
    };
    const hooks = Array.from({ length: 12 }, () => rig.webhook(rule));
    // A minute of health first: a lane's first failures come one by one, and nobody can know yet.
    for (const hook of hooks) await rig.publish(hook);
    await rig.clock.advance(1_000);
    rig.reply = () => timedOut;
    for (const hook of hooks) await rig.publish(hook);
    await rig.clock.advance(20_000);
    assert.equal(rig.engine.stats().egressSuspect, true);
    assert.ok(rig.disabled.length === 0, JSON.stringify(rig.disabled));
    await rig.stop();
  });

  it('FR-13 a proxy that fails is held against no receiver: not by rules, breaker or window; deliveries keep their schedule', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({
      breaker: { failuresToOpen: 2, openMs: 600_000, openMsMax: 600_000 },
      disable: [{ kind: 'window', failures: 2, windowMs: hourMs }],
      schedule: { delaysMs: [2_000, 2_000, 2_000, 2_000, 2_000], jitter: 0, ageMaxMs: hourMs },
    });
    rig.reply = () => ({
      kind: 'proxy-failed',
      code: 'unreachable',
      detail: 'The egress proxy cannot be reached (ECONNREFUSED)',
      timing: { startedAtMs: 0, totalMs: 1 },
    });
    const [id] = await rig.publish(hook);
    assert.ok(id !== undefined);
    await rig.clock.advance(7_000);
    assert.equal(rig.sent.length, 4);
    const failing = await rig.detail(id);
    assert.deepEqual(
      failing.attempts.map(({ outcome, code, reason }) => [outcome, code, reason]),
      Array.from({ length: 4 }, () => ['proxy-failed', 'unreachable', 'proxy-unreachable']),
    );
    assert.match(failing.attempts[0]?.detail ?? '', /ECONNREFUSED/);
    assert.deepEqual(rig.disabled, []);
    const [health] = await rig.store.resources([{ workspaceId: 'default', type: 'lane_health', id: hook }]);
    assert.equal(health, null);
    assert.equal(rig.logged.filter((line) => line.startsWith('The egress proxy fails')).length, 1);
    rig.reply = () => ok;
    await rig.clock.advance(3_000);
    assert.equal((await rig.detail(id)).summary.state, 'delivered');
    await rig.stop();
  });

  it('ID-11 enabling after a disable sends what was held, in a ramp', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({ breaker: null });
    await rig.publish(hook, 1);
    rig.write(hook, { state: 'disabled' });
    await rig.publish(hook, 100);
    await rig.clock.advance(5_000);
    assert.equal(rig.sent.length, 1);
    rig.reply = () => 'wait';
    rig.write(hook, { state: 'enabled' });
    await rig.clock.settle();
    assert.equal(rig.sent.length, 1 + 4);
    rig.reply = () => ok;
    for (const sent of [...rig.sent]) sent.answer(ok);
    await rig.clock.advance(5_000);
    assert.equal(rig.sent.length, 101);
    await rig.stop();
  });

  it('ID-09 disabling during an attempt lets it finish and be recorded, and starts no other', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({ breaker: null });
    rig.reply = () => 'wait';
    const ids = await rig.publish(hook, 10);
    rig.write(hook, { state: 'disabled' });
    await rig.clock.advance(1_000);
    for (const sent of [...rig.sent]) sent.answer(ok);
    await rig.clock.advance(5_000);
    assert.equal(rig.sent.length, 4);
    const states = await Promise.all(ids.map(async (id) => (await rig.detail(id)).summary.state));
    assert.equal(states.filter((state) => state === 'delivered').length, 4);
    await rig.stop();
  });

  it('FO-06 deleting a webhook cancels what is pending, with a reason, and nothing more is sent', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({ breaker: null });
    rig.reply = () => 'wait';
    const ids = await rig.publish(hook, 500);
    rig.write(hook, null);
    await rig.clock.advance(5_000);
    assert.equal(rig.sent.length, 4);
    const last = ids.at(-1) ?? assert.fail();
    const { summary } = await rig.detail(last);
    assert.deepEqual([summary.state, summary.reason], ['cancelled', 'webhook-deleted']);
    await rig.stop();
  });

  it('CF-01 a webhook that waits for its confirmation is sent handshakes and nothing else', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({}, { state: 'pending' });
    const [held] = await rig.publish(hook);
    await rig.clock.advance(5_000);
    assert.equal(rig.sent.length, 0);
    rig.write(hook, { state: 'enabled' });
    await rig.clock.advance(1_000);
    assert.deepEqual(
      rig.sent.map(({ deliveryId }) => deliveryId),
      [held],
    );
    await rig.stop();
  });

  it('a disable that the store refuses is asked for again until it is done', async () => {
    let refusals = 3;
    const done: string[] = [];
    const rig: EngineRig = await createEngineRig({
      care: {
        async disable(_workspaceId, webhookId) {
          refusals -= 1;
          if (refusals >= 0) throw new Error('busy');
          done.push(webhookId);
          rig.write(webhookId, { state: 'disabled' });
        },
      },
    });
    const hook = rig.webhook({ breaker: null });
    rig.reply = () => status(410);
    await rig.publish(hook, 5);
    await rig.clock.advance(60_000);
    assert.deepEqual(done, [hook]);
    assert.ok(rig.sent.length <= 5);
    await rig.stop();
  });
});
