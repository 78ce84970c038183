import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleRecord } from '../storage/testing/samples.ts';
import { allDeliveries, caller, createFixture, metadataChange, report, webhookInput } from './testing/app-fixture.ts';

test('a webhook to an inbox that is not there, or has expired, is refused and told how to make one', async () => {
  const fixture = await createFixture();
  const inbox = await fixture.app.inboxes.create(caller);
  const to = (url: string) => webhookInput({ target: { transport: 'http', url } });
  const { body } = await fixture.app.webhooks.create(caller, to(inbox.url));
  const missing = inbox.url.replace(/inb_\w+$/, 'inb_00000000000000000000000000');
  const refused = { code: 'invalid_request', mend: /POST \/v1\/inboxes/ };
  await assert.rejects(fixture.app.webhooks.create(caller, to(missing)), refused);
  await assert.rejects(
    fixture.app.webhooks.update(caller, body.id, { target: { transport: 'http', url: missing } }),
    refused,
  );
  fixture.clock.advance(inbox.expiresAtMs - fixture.clock.nowMs());
  await assert.rejects(fixture.app.webhooks.create(caller, to(inbox.url)), { message: /expired/ });
  // The same path elsewhere is nobody's inbox.
  await fixture.app.webhooks.create(caller, to(`https://shop.example${new URL(missing).pathname}`));
  await fixture.stop();
});

test('webhooks are found by part of their name, by an event they name, by dialect and state', async () => {
  const fixture = await createFixture();
  await fixture.app.webhooks.create(caller, webhookInput({ name: 'Shop Berlin', events: ['asset.created'] }));
  await fixture.app.webhooks.create(caller, webhookInput({ name: 'Archive', enabled: false }));
  const find = async (query: Partial<Parameters<typeof fixture.app.webhooks.list>[1]>): Promise<readonly string[]> =>
    (await fixture.app.webhooks.list(caller, { limit: 10, ...query })).items.map(({ name }) => name);
  assert.deepEqual(await find({ name: 'berlin' }), ['Shop Berlin']);
  assert.deepEqual(await find({ event: 'asset.created' }), ['Shop Berlin']);
  assert.deepEqual(await find({ event: '*' }), ['Archive']);
  assert.deepEqual(await find({ state: 'disabled', name: 'a' }), ['Archive']);
  assert.deepEqual(await find({ dialect: 'nothing' }), []);
  await fixture.stop();
});

test('a delivery shows the command that repeats it, its secrets masked', async () => {
  const fixture = await createFixture();
  const credentials = { kind: 'bearer', token: 'very-secret-token' } as const;
  await fixture.app.webhooks.create(caller, webhookInput({ credentials }));
  await report(fixture, metadataChange("it's", 'x'));
  const [first] = await allDeliveries(fixture);
  const [task] = fixture.offered;
  assert.ok(first && task);
  assert.equal((await fixture.app.deliveries.get(caller, first.id)).curl, null);
  const { epoch } = fixture.storage.health();
  const atMs = fixture.clock.nowMs();
  await fixture.storage.record([sampleRecord({ delivery: task.delivery, epoch, attemptsBefore: 0, atMs })]);
  const shown = await fixture.app.deliveries.get(caller, first.id);
  const body = Buffer.from(shown.body.base64, 'base64').toString().replaceAll("'", `'\\''`);
  assert.ok(
    shown.curl?.startsWith("curl --request POST 'https://receiver.example/hooks/assets' \\\n"),
    shown.curl ?? '',
  );
  assert.ok(shown.curl?.includes("--header 'webhook-signature: v1,****'"));
  assert.ok(shown.curl?.endsWith(`--data-raw '${body}'`));
  // The recorded hash is that of another body: said, not hidden.
  assert.deepEqual([shown.body.source, shown.body.hashMatches], ['rendered', false]);
  await fixture.stop();
});
