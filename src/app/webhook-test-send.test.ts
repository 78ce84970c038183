import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../core/limits.ts';
import { allDeliveries, caller, createFixture, metadataChange, report, webhookInput } from './testing/app-fixture.ts';

test('with a wait, a test send answers what came of it, and is in the log as every other delivery', async () => {
  const fixture = await createFixture();
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  const sent = await fixture.app.webhooks.test(caller, body.id, { waitMs: 1_000 });
  assert.equal(sent.state, 'delivered');
  assert.equal(sent.attempt?.response?.status, 200);
  const [message] = fixture.sent;
  const headers = new Map(message?.headers);
  assert.equal(headers.get('assetwire-origin'), 'test');
  assert.match(headers.get('webhook-signature') ?? '', /^v1,/);
  const shown = await fixture.app.deliveries.get(caller, sent.deliveryId);
  assert.deepEqual([shown.state, shown.origin, shown.attempts], ['delivered', 'test', 1]);
  assert.deepEqual(shown.attemptRecords, [sent.attempt]);
  assert.equal(Buffer.from(shown.body.base64, 'base64').compare(Buffer.from(message?.body ?? '')), 0);
  await fixture.stop();
});

test('a failed test is not tried again, and switches nothing off', async () => {
  for (const [status, state] of [
    [500, 'dead'],
    [410, 'rejected'],
  ] as const) {
    const fixture = await createFixture({ receive: () => status });
    const { body } = await fixture.app.webhooks.create(caller, webhookInput());
    const sent = await fixture.app.webhooks.test(caller, body.id, { waitMs: 1_000 });
    assert.deepEqual([sent.state, sent.attempt?.verdict], [state, state]);
    assert.equal((await fixture.app.webhooks.get(caller, body.id)).state, 'enabled');
    const { tasks } = await fixture.storage.pending({
      webhookId: body.id,
      by: 'position',
      nowMs: fixture.clock.nowMs(),
      limit: 10,
    });
    assert.deepEqual(tasks, []);
    await fixture.storage.maintain(fixture.clock.nowMs());
    const window = { fromMs: 0, toMs: fixture.clock.nowMs() + 1, bucketMs: 24 * 3_600_000 };
    const { totals } = await fixture.app.stats.workspace(caller, { ...window, fromMs: window.toMs - window.bucketMs });
    assert.deepEqual([totals.tests, totals.attempts, totals.accepted, totals.dead], [1, 0, 0, 0]);
    await fixture.stop();
  }
});

test('a disabled webhook is tested all the same, and what it holds stays held', async () => {
  const fixture = await createFixture();
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  await report(fixture, metadataChange('a', 'new'));
  await fixture.app.webhooks.disable(caller, body.id);
  const sent = await fixture.app.webhooks.test(caller, body.id, { event: 'asset.deleted', waitMs: 1_000 });
  assert.equal(sent.state, 'delivered');
  const states = (await allDeliveries(fixture)).map(({ origin, state }) => `${origin} ${state}`);
  assert.ok(states.includes('test delivered'));
  assert.ok(states.filter((state) => state.startsWith('change')).every((state) => state === 'change held'));
  await fixture.stop();
});

test('without a wait, or beyond it, the delivery is told and the attempt follows', async () => {
  let answer = (_status: number): void => undefined;
  const fixture = await createFixture({
    receive: () =>
      new Promise<number>((resolve) => {
        answer = resolve;
      }),
  });
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  const waiting = fixture.app.webhooks.test(caller, body.id, { waitMs: 2_000 });
  while (fixture.sent.length === 0) await new Promise(setImmediate);
  fixture.clock.advance(2_000);
  const { deliveryId, attempt, state } = await waiting;
  assert.deepEqual([attempt, state], [null, undefined]);
  assert.equal((await fixture.app.deliveries.get(caller, deliveryId)).state, 'pending');
  answer(204);
  while ((await fixture.app.deliveries.get(caller, deliveryId)).state === 'pending') await new Promise(setImmediate);
  assert.equal((await fixture.app.deliveries.get(caller, deliveryId)).lastStatus, 204);
  await fixture.stop();
});

test('tests under way at a time are bounded', async () => {
  const answers: ((status: number) => void)[] = [];
  const fixture = await createFixture({ receive: () => new Promise<number>((resolve) => answers.push(resolve)) });
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  for (let n = 0; n < limits.testSendsMax; n += 1) await fixture.app.webhooks.test(caller, body.id, {});
  await assert.rejects(fixture.app.webhooks.test(caller, body.id, {}), { code: 'too_many_requests' });
  while (answers.length < limits.testSendsMax) await new Promise(setImmediate);
  for (const answer of answers) answer(200);
  const pending = async (): Promise<number> =>
    (await allDeliveries(fixture)).filter(({ state }) => state === 'pending').length;
  while ((await pending()) > 0) await new Promise(setImmediate);
  assert.ok((await fixture.app.webhooks.test(caller, body.id, {})).deliveryId);
  await fixture.stop();
});
