import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import type { DryRunView, RenderedMessage } from './dry-run.ts';
import {
  allDeliveries,
  caller,
  callerIn,
  createFixture,
  metadataChange,
  report,
  webhookInput,
} from './testing/app-fixture.ts';

const firstMessage = (view: DryRunView): RenderedMessage => {
  const message = view.results.find(({ messages }) => messages !== undefined)?.messages?.[0];
  assert.ok(message !== undefined && !('refused' in message), JSON.stringify(message));
  return message;
};

test('a saved webhook is tried as it is: what matches, what not and why', async () => {
  const fixture = await createFixture();
  const { body } = await fixture.app.webhooks.create(
    caller,
    webhookInput({
      events: ['asset.metadata_changed', 'asset.created'],
      filter: { field: 'metadata.status', equals: 'approved' },
    }),
  );
  await report(fixture, metadataChange('a', 'draft'));
  await report(fixture, metadataChange('a', 'approved'));
  await report(fixture, metadataChange('a', 'approved', { kind: 'asset.moved' }));
  const before = await allDeliveries(fixture);
  const view = await fixture.app.dryRuns.saved(caller, body.id, { limit: 100 });
  assert.equal(view.state, 'enabled');
  assert.deepEqual(
    view.results.map(({ kind, matches, events, reason }) => [kind, matches, events, reason?.code]),
    [
      ['asset.moved', false, [], 'event_not_subscribed'],
      ['asset.metadata_changed', true, ['asset.metadata_changed'], undefined],
      ['asset.metadata_changed', false, [], 'filter'],
    ],
  );
  const [moved, , draft] = view.results;
  assert.match(
    moved?.reason?.detail ?? '',
    /asset\.moved: the webhook asks for asset\.metadata_changed, asset\.created/,
  );
  assert.ok(draft?.reason?.code === 'filter');
  assert.deepEqual([draft.reason.at, draft.reason.found], ['filter', '"draft"']);
  assert.deepEqual([view.examined, view.matched, view.nextCursor], [3, 1, null]);
  assert.deepEqual(await allDeliveries(fixture), before, 'nothing was made');
});

test('the message of a dry run has the bytes of the delivery that was made, and no secret or signature', async () => {
  const fixture = await createFixture();
  const { body } = await fixture.app.webhooks.create(
    caller,
    webhookInput({
      credentials: { kind: 'bearer', token: 'very-secret-token' },
      headers: [['x-api-key', 'hidden-value']],
    }),
  );
  await report(fixture, metadataChange('a', 'approved'));
  const [task] = fixture.offered;
  assert.ok(task);
  const message = firstMessage(await fixture.app.dryRuns.saved(caller, body.id, { limit: 10 }));
  const bytes = Buffer.from(message.bodyBase64, 'base64');
  assert.equal(message.bodySha256, hash('sha256', bytes, 'hex'));
  assert.equal(message.bodyBytes, bytes.length);
  // The delivery's exact body; ids that are its own differ by the delivery.
  const exact = await fixture.app.deliveries.get(caller, task.delivery.id);
  const parsed: unknown = JSON.parse(bytes.toString());
  const real: unknown = JSON.parse(Buffer.from(exact.body.base64, 'base64').toString());
  assert.deepEqual(parsed, real);
  // They are shown as they leave, in the vendor's spelling.
  const headers = new Map(message.headers.map(([name, value]) => [name.toLowerCase(), value]));
  assert.equal(headers.get('webhook-signature'), '•••');
  assert.equal(headers.get('authorization'), 'Bearer •••');
  assert.equal(headers.get('x-api-key'), '•••');
  assert.equal(headers.get('content-type'), 'application/json');
  assert.doesNotMatch(JSON.stringify(message), /very-secret-token|hidden-value|whsec_/);
  assert.equal(message.url, 'https://shop.example/hooks');
});

test('changes are tried without being saved, and an unsaved webhook too', async () => {
  const fixture = await createFixture();
  const { body } = await fixture.app.webhooks.create(caller, webhookInput({ filter: { assetKind: ['video'] } }));
  await report(fixture, metadataChange('a', 'approved'));
  const asIs = await fixture.app.dryRuns.saved(caller, body.id, { limit: 10 });
  assert.equal(asIs.matched, 0);
  const wider = await fixture.app.dryRuns.saved(caller, body.id, {
    limit: 10,
    changes: { filter: null, projection: { fields: ['name', 'nowhere'] } },
  });
  assert.equal(wider.matched, wider.examined);
  assert.deepEqual(firstMessage(wider).fieldsMissing, ['nowhere']);
  assert.ok((await fixture.app.webhooks.get(caller, body.id)).filter !== undefined);
  const unsaved = await fixture.app.dryRuns.unsaved(
    caller,
    webhookInput({ events: ['asset.metadata_changed'], enabled: false }),
    { limit: 10, keep: 'matched', render: 2 },
  );
  assert.deepEqual([...new Set(unsaved.results.map(({ kind }) => kind))], ['asset.metadata_changed']);
  assert.equal(unsaved.state, 'enabled');
  assert.equal((await fixture.app.webhooks.list(caller, { limit: 10 })).items.length, 1);
  await assert.rejects(fixture.app.dryRuns.saved(caller, body.id, { limit: 1, changes: { events: ['nothing'] } }), {
    code: 'invalid_event',
  });
  await assert.rejects(
    fixture.app.dryRuns.unsaved(caller, webhookInput({ target: { transport: 'http', url: 'http://10.0.0.1/' } }), {
      limit: 1,
    }),
    { code: /^target_/ },
  );
});

test('pages go on behind their cursor and chosen changes are looked at alone', async () => {
  const fixture = await createFixture();
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  for (let n = 0; n < 7; n += 1) await report(fixture, metadataChange(`a${n}`, 'new', { kind: 'asset.moved' }));
  const all = await fixture.app.dryRuns.saved(caller, body.id, { limit: 100, render: 0 });
  assert.ok(all.results.every(({ messages }) => messages === undefined));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page: DryRunView = await fixture.app.dryRuns.saved(caller, body.id, {
      limit: 2,
      render: 0,
      ...(cursor === undefined ? {} : { cursor }),
    });
    seen.push(...page.results.map(({ changeId }) => changeId));
    cursor = page.nextCursor ?? undefined;
    // What happens meanwhile is newer than the first page and changes nothing.
    await report(fixture, metadataChange('late', String(seen.length), { kind: 'asset.moved' }));
  } while (cursor !== undefined);
  assert.deepEqual(
    seen,
    all.results.map(({ changeId }) => changeId),
  );
  const [chosen] = seen;
  assert.ok(chosen);
  const one = await fixture.app.dryRuns.saved(caller, body.id, { limit: 10, changeIds: [chosen] });
  assert.deepEqual(
    one.results.map(({ changeId }) => changeId),
    [chosen],
  );
});

test('TN-01 another workspace, or a key that may not read assets, learns nothing', async () => {
  const fixture = await createFixture();
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  await report(fixture, metadataChange('a', 'approved'));
  const foreign = callerIn('other');
  await assert.rejects(fixture.app.dryRuns.saved(foreign, body.id, { limit: 10 }), { code: 'not_found' });
  const own = await fixture.app.dryRuns.unsaved(foreign, webhookInput(), { limit: 10 });
  assert.equal(own.examined, 0);
  const narrow = callerIn('default', { scopes: new Set(['webhooks:read']) });
  await assert.rejects(fixture.app.dryRuns.saved(narrow, body.id, { limit: 10 }), { code: 'forbidden' });
});
