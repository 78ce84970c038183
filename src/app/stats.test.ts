import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import { sampleRecord } from '../storage/testing/samples.ts';
import { caller, createFixture, type Fixture, metadataChange, report, webhookInput } from './testing/app-fixture.ts';

const minute = 60_000;
const hour = 60 * minute;

async function record(fixture: Fixture, { delivery }: DeliveryTask, state: 'delivered' | 'dead'): Promise<void> {
  const atMs = fixture.clock.nowMs();
  const { epoch } = fixture.storage.health();
  const next = { state, endedAtMs: atMs };
  await fixture.storage.record([sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs, next })]);
}

test('points, totals, percentiles and backlog of a workspace and of one webhook', async () => {
  const fixture = await createFixture();
  const { body: shop } = await fixture.app.webhooks.create(caller, webhookInput());
  await fixture.app.webhooks.create(caller, webhookInput({ name: 'Other' }));
  for (const name of ['a', 'b']) await report(fixture, metadataChange(name, 'new'));
  const [first, ...rest] = fixture.offered;
  assert.ok(first);
  fixture.clock.advance(30);
  await record(fixture, first, 'dead');
  for (const task of rest.slice(0, 2)) await record(fixture, task, 'delivered');
  const toMs = fixture.clock.nowMs() + minute;
  const window = { fromMs: toMs - 24 * hour, toMs, bucketMs: hour };
  const all = await fixture.app.stats.workspace(caller, window);
  assert.equal(all.points.length, 1);
  const { accepted, attempts, delivered, dead, failed, retrying, durationMs, firstAttemptMs } = all.totals;
  assert.deepEqual(
    { attempts, delivered, dead, failed, retrying },
    { attempts: 3, delivered: 2, dead: 1, failed: 1, retrying: 0 },
  );
  // What is accepted comes with the records, or with upkeep: the one that was never attempted is not there yet.
  assert.equal(accepted, 4);
  assert.deepEqual(durationMs, { p50: 25, p95: 25, p99: 25 });
  assert.deepEqual(firstAttemptMs, { p50: 50, p95: 50, p99: 50 });
  assert.equal(
    all.backlog.reduce((sum, { pending }) => sum + pending, 0),
    1,
  );
  const byWebhook = await fixture.app.stats.workspace(caller, { ...window, by: 'webhook' });
  assert.equal(byWebhook.points.length, 2);
  assert.deepEqual(byWebhook.totals, all.totals);
  const one = await fixture.app.stats.webhook(caller, shop.id, window);
  assert.deepEqual(
    one.points.map(({ webhookId }) => webhookId),
    [shop.id],
  );
  assert.deepEqual(
    one.backlog.map(({ webhookId }) => webhookId).filter((id) => id !== shop.id),
    [],
  );
  const nothing = await fixture.app.stats.workspace(caller, { ...window, fromMs: 0, toMs: hour });
  assert.deepEqual([nothing.points, nothing.totals.attempts, nothing.totals.durationMs.p50], [[], 0, null]);
  assert.equal(nothing.totals.durations.length, nothing.durationBoundsMs.length + 1);
  await fixture.stop();
});
