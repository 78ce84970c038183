import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../core/limits.ts';
import type { ReplayInput, ReportedChange } from './app.ts';
import { createSqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import { sampleRecord } from '../storage/testing/samples.ts';
import {
  allDeliveries,
  caller,
  createFixture,
  type Fixture,
  holdClock,
  metadataChange,
  report,
  webhookInput,
} from './testing/app-fixture.ts';

async function endAll(fixture: Fixture, state: 'delivered' | 'dead'): Promise<void> {
  const { epoch } = fixture.storage.health();
  const atMs = fixture.clock.nowMs();
  for (const { delivery } of fixture.offered.splice(0)) {
    await fixture.storage.record([
      sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs, next: { state, endedAtMs: atMs } }),
    ]);
  }
}

async function runAll(fixture: Fixture): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    await fixture.doDuties();
    fixture.clock.advance(1_000);
  }
}

function lying(externalId: string, path: string, collections: readonly string[] = []): ReportedChange {
  return metadataChange(externalId, 'x', { after: { name: externalId, path, collections } });
}

const everything = (fixture: Fixture): Pick<ReplayInput, 'fromMs' | 'toMs'> => ({
  fromMs: 0,
  toMs: fixture.clock.nowMs(),
});

test('a replay by folder or collection sends what lay there when it happened, and its estimate is what it sends', async () => {
  const fixture = await createFixture();
  await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.metadata_changed'] }));
  for (let n = 0; n < 30; n += 1) await report(fixture, lying(`a${n}`, n % 3 === 0 ? '/press/2026' : '/private'));
  await report(fixture, lying('c', '/private', ['col_summer']));
  await endAll(fixture, 'delivered');
  fixture.clock.advance(1_000);
  for (const [where, count] of [
    [{ folder: '/press' }, 10],
    [{ collection: 'col_summer' }, 1],
    [{ folder: '/nowhere' }, 0],
  ] as const) {
    const input = { ...everything(fixture), ...where };
    const estimate = await fixture.app.replays.create(caller, { ...input, dryRun: true });
    assert.deepEqual([estimate.body.count, estimate.body.exact], [count, true], JSON.stringify(where));
    const created = await fixture.app.replays.create(caller, input);
    await runAll(fixture);
    const { state, done, made, endedAtMs } = await fixture.app.replays.get(caller, created.body.id ?? '');
    assert.deepEqual([state, done, made], ['done', count, count], JSON.stringify(where));
    assert.ok(endedAtMs !== undefined);
    await endAll(fixture, 'delivered');
  }
  const origins = (await allDeliveries(fixture)).filter(({ origin }) => origin === 'replay');
  assert.equal(origins.length, 11);
  await fixture.stop();
});

test('what was sent again is not counted and not sent again by the next replay', async () => {
  const fixture = await createFixture();
  await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.metadata_changed'] }));
  await report(fixture, metadataChange('a', 'x'));
  await endAll(fixture, 'dead');
  for (let round = 1; round <= 3; round += 1) {
    fixture.clock.advance(1_000);
    const created = await fixture.app.replays.create(caller, everything(fixture));
    assert.equal(created.body.count, 1);
    await runAll(fixture);
    assert.equal((await allDeliveries(fixture)).length, 1 + round);
    await endAll(fixture, 'dead');
  }
  await fixture.stop();
});

test('a test is left out of a replay, and the estimate says how many were', async () => {
  const fixture = await createFixture({ receive: () => 500 });
  const { body: webhook } = await fixture.app.webhooks.create(
    caller,
    webhookInput({ events: ['asset.metadata_changed'] }),
  );
  await fixture.app.webhooks.test(caller, webhook.id, { waitMs: 1_000 });
  await report(fixture, lying('a', '/press'));
  await endAll(fixture, 'dead');
  fixture.clock.advance(1_000);
  const estimated = async (states: ReplayInput['states']) => {
    const input = { ...everything(fixture), dryRun: true, ...(states === undefined ? {} : { states }) };
    const { body } = await fixture.app.replays.create(caller, input);
    return [body.count, body.tests];
  };
  assert.deepEqual(await estimated(['dead']), [1, 1]);
  assert.deepEqual(await estimated(['delivered']), [0, 0]);
  await fixture.stop();
});

test('what a webhook has no delivery of is told by a replay of what it missed, once', async () => {
  const fixture = await createFixture();
  for (let n = 0; n < 5; n += 1) await report(fixture, metadataChange(`a${n}`, 'x'));
  const { body } = await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.metadata_changed'] }));
  await report(fixture, metadataChange('late', 'x'));
  fixture.clock.advance(1_000);
  const input: ReplayInput = { of: 'missed', webhookId: body.id, ...everything(fixture) };
  const estimate = await fixture.app.replays.create(caller, { ...input, dryRun: true });
  assert.deepEqual([estimate.body.count, estimate.body.exact], [6, false]);
  for (let round = 0; round < 2; round += 1) {
    const created = await fixture.app.replays.create(caller, input);
    await runAll(fixture);
    const { done, made } = await fixture.app.replays.get(caller, created.body.id ?? '');
    assert.deepEqual([done, made], [6, round === 0 ? 5 : 0]);
  }
  assert.equal((await allDeliveries(fixture)).filter(({ webhookId }) => webhookId === body.id).length, 6);
  await assert.rejects(fixture.app.replays.create(caller, { of: 'missed', ...everything(fixture) }), {
    code: 'invalid_request',
  });
  await assert.rejects(fixture.app.replays.create(caller, { ...input, states: ['dead'] }), { code: 'invalid_request' });
  await fixture.stop();
});

test('enabling says how many were held and what became of them, and how many were missed', async () => {
  const fixture = await createFixture();
  const { body } = await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.metadata_changed'] }));
  const round = async (options: Parameters<typeof fixture.app.webhooks.enable>[2]) => {
    for (let n = 0; n < 3; n += 1) await report(fixture, metadataChange(`a${n}`, String(fixture.clock.nowMs())));
    await fixture.app.webhooks.disable(caller, body.id);
    fixture.clock.advance(1_000);
    for (let n = 0; n < 2; n += 1) await report(fixture, metadataChange(`b${n}`, String(fixture.clock.nowMs())));
    fixture.clock.advance(1_000);
    return (await fixture.app.webhooks.enable(caller, body.id, options)).enabled;
  };
  const sent = await round({ held: 'send', missed: 'replay' });
  assert.deepEqual(sent.held, { done: 'sent', count: 3 });
  assert.deepEqual([sent.missed.done, sent.missed.count], ['replayed', 2]);
  await runAll(fixture);
  const replay = await fixture.app.replays.get(caller, sent.missed.replayId ?? '');
  assert.deepEqual([replay.state, replay.made, replay.input.of], ['done', 2, 'missed']);
  await endAll(fixture, 'delivered');
  const cancelled = await round({ held: 'cancel', missed: 'skip' });
  assert.deepEqual(cancelled, { held: { done: 'cancelled', count: 3 }, missed: { done: 'skipped', count: 2 } });
  const again = await fixture.app.webhooks.enable(caller, body.id, {});
  assert.deepEqual([again.enabled.held.count, again.enabled.missed.count], [0, 0]);
  await fixture.stop();
});

test('replays are listed by state and webhook, and so many run at a time', async () => {
  const fixture = await createFixture();
  const { body } = await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.metadata_changed'] }));
  await report(fixture, metadataChange('a', 'x'));
  await endAll(fixture, 'dead');
  fixture.clock.advance(1_000);
  const input = { webhookId: body.id, ...everything(fixture) };
  for (let n = 0; n < limits.replaysRunningMax; n += 1) await fixture.app.replays.create(caller, input);
  await assert.rejects(fixture.app.replays.create(caller, input), { code: 'limit_reached' });
  const list = async (query: Partial<Parameters<typeof fixture.app.replays.list>[1]>): Promise<number> =>
    (await fixture.app.replays.list(caller, { limit: 100, ...query })).items.length;
  assert.deepEqual([await list({ state: 'running' }), await list({ state: 'done' })], [limits.replaysRunningMax, 0]);
  assert.deepEqual(
    [await list({ webhookId: body.id }), await list({ webhookId: 'wh_other' })],
    [limits.replaysRunningMax, 0],
  );
  await runAll(fixture);
  assert.equal(await list({ state: 'done' }), limits.replaysRunningMax);
  await fixture.stop();
});

test('FO-07 a replay that is pressed twice is one with its key, and without one what it sends twice is known by its id', async () => {
  const fixture = await createFixture();
  await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.metadata_changed'] }));
  for (let n = 0; n < 3; n += 1) await report(fixture, metadataChange(`a${n}`, 'x'));
  await endAll(fixture, 'dead');
  fixture.clock.advance(1_000);
  const input = everything(fixture);
  const key = { key: 'pressed', fingerprint: 'f' };
  const pressed = await Promise.all([1, 2].map(() => fixture.app.replays.create(caller, input, key)));
  assert.equal(new Set(pressed.map(({ body }) => body.id)).size, 1);
  await runAll(fixture);
  const once = (await allDeliveries(fixture)).filter(({ origin }) => origin === 'replay');
  assert.equal(once.length, 3);
  // Without a key both are meant. They send the messages that were sent before, under the ids that receivers know.
  for (let press = 0; press < 2; press += 1) await fixture.app.replays.create(caller, input);
  await runAll(fixture);
  const all = fixture.offered.map(({ delivery }) => delivery.messageId);
  assert.deepEqual([all.length, new Set(all).size], [9, 3]);
  await fixture.stop();
});

test('FO-07 what the retention takes while a replay runs is missing from what it says it did', async () => {
  const clock = holdClock();
  const storage = createSqliteStorage({
    file: ':memory:',
    clock,
    options: { keepMs: 30 * 24 * 3_600_000, partitionRowsMax: 20 },
  });
  await storage.start();
  const fixture = await createFixture({ clock, storage });
  await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.metadata_changed'] }));
  for (let n = 0; n < 120; n += 1) await report(fixture, metadataChange(`a${n}`, 'x'));
  await endAll(fixture, 'dead');
  fixture.clock.advance(1_000);
  const { body } = await fixture.app.replays.create(caller, everything(fixture));
  assert.equal(body.count, 120);
  const [first] = await fixture.pendingDuties();
  assert.ok(first?.kind === 'replay');
  await fixture.doDuty(first);
  assert.equal((await fixture.app.replays.get(caller, body.id ?? '')).done, 25);
  fixture.clock.advance(31 * 24 * 3_600_000);
  for (let n = 0; n < 60; n += 1) await report(fixture, metadataChange(`later${n}`, 'x'));
  while ((await fixture.storage.maintain(fixture.clock.nowMs())).more);
  await runAll(fixture);
  const { state, count, done, made } = await fixture.app.replays.get(caller, body.id ?? '');
  assert.deepEqual([state, count], ['done', 120]);
  assert.ok(done >= 25 && done < 120, `${done} of 120`);
  const sent = (await allDeliveries(fixture)).filter(({ origin }) => origin === 'replay').length;
  assert.deepEqual([made, made <= done], [sent, true]);
  await fixture.stop();
});
