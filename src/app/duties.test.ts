import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { afterEach, test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Storage } from '../storage/storage.ts';
import { expandPageMax } from './duty-expand.ts';
import {
  allDeliveries,
  caller,
  createFixture,
  type Fixture,
  metadataChange,
  report,
  webhookInput,
} from './testing/app-fixture.ts';

/** More than one commit expands at once, and several pages. */
const many = limits.expandInlineMax + 1 + expandPageMax;

/** Webhooks written straight into the store: making them one by one would take longer than the test. */
async function plant(fixture: Fixture, count: number): Promise<readonly string[]> {
  const { body } = await fixture.app.webhooks.create(caller, webhookInput({ name: 'Template' }));
  const [row] = await fixture.storage.resources([{ workspaceId: 'default', type: 'webhook', id: body.id }]);
  const ids = Array.from({ length: count - 1 }, () => fixture.deps.ids.next('webhook'));
  const revision = await fixture.storage.webhooksRevision('default');
  await fixture.storage.commit([
    {
      workspaceId: 'default',
      atMs: fixture.clock.nowMs(),
      resources: ids.map((id) => ({
        type: 'webhook' as const,
        id,
        expectedVersion: 0,
        state: { ...row?.state, since: revision + 1 },
      })),
    },
  ]);
  return [body.id, ...ids];
}

async function countByWebhook(fixture: Fixture): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  let cursor: string | undefined;
  do {
    const page = await fixture.storage.read.deliveries({
      workspaceId: 'default',
      limit: 1_000,
      order: 'oldest',
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { webhookId } of page.items) counts.set(webhookId, (counts.get(webhookId) ?? 0) + 1);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return counts;
}

let fixture: Fixture;
afterEach(() => fixture.stop());

test('ID-14 FK-03 a change for more webhooks than one commit holds is expanded exactly once each, whatever crashes in between', async () => {
  let commitsLeft = Number.POSITIVE_INFINITY;
  let answersLost = 0;
  fixture = await createFixture({
    wrap: (storage): Storage => ({
      ...storage,
      health: () => storage.health(),
      commit: async (items) => {
        if (!items.some(({ advances, fulfils }) => advances !== undefined || fulfils !== undefined))
          return storage.commit(items);
        commitsLeft -= 1;
        if (commitsLeft < 0) throw new AssetwireError('storage_unavailable', { detail: 'Write: crashed' });
        const results = await storage.commit(items);
        // The other half of a crash: everything is stored and nobody hears of it.
        if (commitsLeft === 0) {
          answersLost += 1;
          throw new AssetwireError('storage_unavailable', { detail: 'Write: the answer was lost' });
        }
        return results;
      },
    }),
  });
  const ids = await plant(fixture, many);
  const result = await report(fixture, metadataChange('wide', 'x'));
  assert.ok(result.status === 'applied');
  assert.equal(result.deliveries, many);
  assert.equal((await allDeliveries(fixture)).length, 0);
  for (let crash = 0; crash < 5; crash += 1) {
    commitsLeft = 1;
    const [duty] = await fixture.pendingDuties();
    if (duty === undefined) break;
    assert.equal(duty.kind, 'expand');
    await assert.rejects(fixture.doDuty(duty));
  }
  commitsLeft = Number.POSITIVE_INFINITY;
  await fixture.doDuties();
  const counts = await countByWebhook(fixture);
  assert.ok(answersLost >= 2, 'no crash struck');
  assert.deepEqual([...counts.keys()].toSorted(), ids.toSorted());
  assert.deepEqual([...new Set(counts.values())], [1]);
});

test('ID-15 an expansion tells the webhooks as they were at the commit: not one made, enabled or changed since', async () => {
  fixture = await createFixture();
  const ids = await plant(fixture, many);
  const { body: off } = await fixture.app.webhooks.create(caller, webhookInput({ enabled: false }));
  const { body: edited } = await fixture.app.webhooks.create(caller, webhookInput());
  await report(fixture, metadataChange('wide', 'x'));
  const { body: late } = await fixture.app.webhooks.create(caller, webhookInput());
  await fixture.app.webhooks.enable(caller, off.id, { missed: 'skip' });
  await fixture.app.webhooks.update(caller, edited.id, { events: ['asset.deleted'] });
  await fixture.app.webhooks.remove(caller, ids[0] ?? '');
  // Another process expands it, which has never seen the webhooks as they were.
  const other = await fixture.another();
  await other.doDuties();
  const counts = await countByWebhook(fixture);
  assert.equal(counts.has(late.id), false);
  assert.equal(counts.has(off.id), false);
  assert.equal(counts.get(edited.id), 1);
  assert.equal(counts.has(ids[0] ?? ''), false);
  assert.equal(counts.get(ids[1] ?? ''), 1);
  assert.equal(counts.size, many);
});

test('a replay goes through what ended in its span, with the same message ids, and ends done', async () => {
  fixture = await createFixture();
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  for (let index = 0; index < 70; index += 1) await report(fixture, metadataChange(`a${index}`, 'x'));
  await endAll(fixture, 'dead');
  fixture.clock.advance(1_000);
  const span = { webhookId: body.id, fromMs: 0, toMs: fixture.clock.nowMs() };
  const estimate = await fixture.app.replays.create(caller, { ...span, dryRun: true });
  assert.deepEqual({ id: estimate.body.id, count: estimate.body.count }, { id: null, count: 70 });
  const created = await fixture.app.replays.create(caller, span);
  for (let round = 0; round < 10; round += 1) {
    await fixture.doDuties();
    fixture.clock.advance(1_000);
  }
  const replay = await fixture.app.replays.get(caller, created.body.id ?? '');
  assert.deepEqual({ state: replay.state, done: replay.done }, { state: 'done', done: 70 });
  const deliveries = await allDeliveries(fixture);
  const again = deliveries.filter(({ origin }) => origin === 'replay');
  assert.equal(again.length, 70);
  assert.deepEqual(
    new Set(again.map(({ messageId }) => messageId)),
    new Set(deliveries.filter(({ origin }) => origin === 'change').map(({ messageId }) => messageId)),
  );
});

test('ID-12 a replay that is cancelled halfway stops at its page, and each page is made once', async () => {
  fixture = await createFixture();
  await fixture.app.webhooks.create(caller, webhookInput());
  for (let index = 0; index < 70; index += 1) await report(fixture, metadataChange(`a${index}`, 'x'));
  await endAll(fixture, 'delivered');
  fixture.clock.advance(1_000);
  const created = await fixture.app.replays.create(caller, { fromMs: 0, toMs: fixture.clock.nowMs() });
  const [first] = await fixture.pendingDuties();
  assert.ok(first !== undefined);
  // The same page twice, as after a crash behind the commit: the duty has moved on, so nothing is made.
  await fixture.doDuty(first);
  await fixture.doDuty(first);
  const half = (await allDeliveries(fixture)).filter(({ origin }) => origin === 'replay').length;
  assert.ok(half > 0 && half < 70, `${half} replayed`);
  const cancelled = await fixture.app.replays.cancel(caller, created.body.id ?? '');
  assert.equal(cancelled.state, 'cancelled');
  assert.equal(cancelled.done, half);
  fixture.clock.advance(60_000);
  await fixture.doDuties();
  assert.equal((await allDeliveries(fixture)).filter(({ origin }) => origin === 'replay').length, half);
  assert.equal((await fixture.pendingDuties()).length, 0);
});

test('ID-08 redelivering hastens what is pending, sends once more what has ended, and a double click is one', async () => {
  fixture = await createFixture();
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  await report(fixture, metadataChange('a', 'x'));
  const [first] = await allDeliveries(fixture);
  assert.ok(first !== undefined);
  assert.deepEqual(await fixture.app.deliveries.redeliver(caller, first.id), { deliveryId: first.id });
  await endAll(fixture, 'delivered');
  const clicks = await Promise.all([1, 2, 3].map(() => fixture.app.deliveries.redeliver(caller, first.id)));
  assert.equal(new Set(clicks.map(({ deliveryId }) => deliveryId)).size, 1);
  const deliveries = await allDeliveries(fixture);
  assert.equal(deliveries.length, 2);
  assert.equal(deliveries[1]?.messageId, first.messageId);
  assert.equal(deliveries[1]?.redeliveryOf, first.id);
  assert.equal(deliveries[1]?.origin, 'redelivery');
  await fixture.app.webhooks.disable(caller, body.id);
  await assert.rejects(fixture.app.deliveries.redeliver(caller, first.id), { code: 'webhook_disabled' });
});

test('HX-10 the exact body of a delivery is the same after the asset has changed', async () => {
  fixture = await createFixture();
  await fixture.app.webhooks.create(caller, webhookInput());
  await report(fixture, metadataChange('a', 'first'));
  const [delivery] = await allDeliveries(fixture);
  const before = await fixture.app.deliveries.get(caller, delivery?.id ?? '');
  assert.equal(before.body.source, 'rendered');
  await report(fixture, metadataChange('a', 'second'));
  const after = await fixture.app.deliveries.get(caller, delivery?.id ?? '');
  assert.equal(after.body.base64, before.body.base64);
  const body = JSON.parse(Buffer.from(after.body.base64, 'base64').toString('utf8')) as {
    data: { state: { metadata: unknown } };
  };
  assert.deepEqual(body.data.state.metadata, { status: 'first' });
  await endAll(fixture, 'delivered', after.body.base64);
  const recorded = await fixture.app.deliveries.get(caller, delivery?.id ?? '');
  assert.equal(recorded.body.hashMatches, true);
});

/** Ends every pending delivery, as the engine would record it. */
async function endAll(on: Fixture, state: 'delivered' | 'dead', bodyBase64 = ''): Promise<void> {
  const { epoch } = on.storage.health();
  const pending = (await allDeliveries(on)).filter((delivery) => delivery.state === 'pending');
  await on.storage.record(
    pending.map((delivery) => ({
      workspaceId: delivery.workspaceId,
      webhookId: delivery.webhookId,
      deliveryId: delivery.id,
      epoch,
      attemptsBefore: 0,
      attempt: {
        number: 1,
        startedAtMs: on.clock.nowMs(),
        outcome: 'response',
        code: '204',
        timing: { startedAtMs: on.clock.nowMs(), totalMs: 1 },
        request: {
          method: 'POST',
          url: 'https://shop.example/hooks',
          headers: [],
          bodyBytes: 2,
          bodySha256: hash('sha256', Buffer.from(bodyBase64, 'base64'), 'hex'),
        },
        verdict: state,
        webhookRevision: 1,
      },
      next: { state, endedAtMs: on.clock.nowMs() },
    })),
  );
}
