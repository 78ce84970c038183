import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { sampleRecord } from '../storage/testing/samples.ts';
import { caller, createFixture, type Fixture, metadataChange, report, webhookInput } from './testing/app-fixture.ts';

const bearer = { kind: 'bearer', token: 'a-token-nobody-may-see' } as const;

async function delivered(fixture: Fixture) {
  const input = webhookInput({ events: ['asset.metadata_changed'], credentials: bearer });
  const webhook = await fixture.app.webhooks.create(caller, input);
  await report(fixture, metadataChange('a1', 'x'));
  const [task] = fixture.offered.splice(0);
  assert.ok(task);
  const { epoch } = fixture.storage.health();
  await fixture.storage.record([
    sampleRecord({ delivery: task.delivery, epoch, attemptsBefore: 0, atMs: fixture.clock.nowMs() }),
  ]);
  return { id: task.delivery.id, secret: webhook.body.secret ?? '' };
}

test('SG-16 a delivery signed afresh is the same message with a signature of now, its secrets masked, and it is in the audit', async () => {
  const fixture = await createFixture();
  const { id, secret } = await delivered(fixture);
  fixture.clock.advance(3_600_000);
  const signed = await fixture.app.deliveries.signAnew(caller, id);
  const headers = Object.fromEntries(signed.headers);
  const nowSeconds = String(Math.floor(fixture.clock.nowMs() / 1_000));
  assert.equal(headers['webhook-timestamp'], nowSeconds);
  const body = Buffer.from(signed.bodyBase64, 'base64').toString();
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const expected = createHmac('sha256', key).update(`${headers['webhook-id']}.${nowSeconds}.${body}`).digest('base64');
  assert.equal(headers['webhook-signature'], `v1,${expected}`);
  const shown = await fixture.app.deliveries.get(caller, id);
  assert.equal(signed.bodyBase64, shown.body.base64);
  assert.equal(headers['assetwire-attempt'], '1');
  assert.deepEqual(signed.masked, ['Authorization']);
  assert.match(signed.command ?? '', /webhook-signature: v1,/);
  for (const hidden of [bearer.token, secret]) assert.ok(!JSON.stringify(signed).includes(hidden));
  const { items } = await fixture.storage.read.resources({ workspaceId: 'default', type: 'audit', limit: 1 });
  assert.deepEqual([items[0]?.state['action'], items[0]?.state['target']], ['delivery.signed', `delivery:${id}`]);
  assert.deepEqual(fixture.sent, [], 'nothing left');
  await fixture.stop();
});

test('what cannot be signed says why, and another workspace finds nothing', async () => {
  const fixture = await createFixture();
  const { id } = await delivered(fixture);
  await assert.rejects(fixture.app.deliveries.signAnew({ ...caller, workspaceId: 'other' }, id), { code: 'not_found' });
  const { webhookId } = await fixture.app.deliveries.get(caller, id);
  await fixture.app.webhooks.remove(caller, webhookId);
  await assert.rejects(fixture.app.deliveries.signAnew(caller, id), { code: 'not_found' });
  await fixture.stop();
});
