import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Dialect } from '../dialects/dialect.ts';
import { standardDialect } from '../dialects/standard/index.ts';
import type { Storage } from '../storage/storage.ts';
import type { WebhookInput } from './app.ts';
import { activeVersionsMax } from './webhook-secrets.ts';
import {
  allChanges,
  allDeliveries,
  caller,
  callerIn,
  createFixture,
  type Fixture,
  metadataChange,
  report,
  webhookInput,
} from './testing/app-fixture.ts';

const { manifest } = standardDialect;
const dayMs = 86_400_000;

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.stop());

test('SG-16 a secret is shown once at creation and masked to at most four characters afterwards', async () => {
  const { body, status } = await fixture.app.webhooks.create(caller, webhookInput());
  assert.equal(status, 201);
  const secret = body.secret ?? '';
  assert.match(secret, /^whsec_/);
  for (const shown of [
    await fixture.app.webhooks.get(caller, body.id),
    await fixture.app.webhooks.list(caller, { limit: 10 }),
    await fixture.app.operation.audit(caller, { limit: 10 }),
    await fixture.app.webhooks.update(caller, body.id, { name: 'Other' }),
  ]) {
    assert.ok(!JSON.stringify(shown).includes(secret.slice(6, 20)), 'the secret shows');
  }
  const [shown] = (await fixture.app.webhooks.get(caller, body.id)).secrets;
  assert.equal(shown?.masked, `whsec_…${secret.slice(-4)}`);
});

test('SG-13 no secret, token or password lies in the store in plain, not even in the kept answer of an idempotency key', async () => {
  const rows: string[] = [];
  const watched = await createFixture({
    wrap: (storage): Storage => ({
      ...storage,
      health: () => storage.health(),
      commit: (items) => {
        rows.push(JSON.stringify(items));
        return storage.commit(items);
      },
    }),
  });
  const key = { key: 'k', fingerprint: 'f' };
  const input = webhookInput({ credentials: { kind: 'basic', username: 'ada', password: 'canary-password-1' } });
  const { body } = await watched.app.webhooks.create(caller, input, key);
  const again = await watched.app.webhooks.create(caller, input, key);
  assert.equal(again.replayed, true);
  assert.deepEqual(again.body, body);
  await watched.app.webhooks.update(caller, body.id, { credentials: { kind: 'bearer', token: 'canary-token-22' } });
  const rotated = await watched.app.webhooks.rotateSecret(caller, body.id, {});
  const made = await watched.app.keys.create(caller, { name: 'k', scopes: ['assets:read'] });
  const dump = rows.join('\n');
  for (const secret of ['canary-password-1', 'canary-token-22', body.secret ?? '', rotated.secret, made.key]) {
    const bare = secret.replace('whsec_', '');
    for (const form of [bare, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')]) {
      assert.ok(!dump.includes(form), `found a secret as ${form.slice(0, 8)}…`);
    }
  }
  await watched.stop();
});

test('SG-14 a ciphertext moved to another webhook or tenant does not open, and nothing of it is handed to the engine', async () => {
  const { body: one } = await fixture.app.webhooks.create(caller, webhookInput());
  const { body: two } = await fixture.app.webhooks.create(callerIn('other'), webhookInput());
  const [row] = await fixture.storage.resources([{ workspaceId: 'default', type: 'secret', id: one.id }]);
  await fixture.storage.commit([
    {
      workspaceId: 'other',
      atMs: 1,
      resources: [{ type: 'secret', id: two.id, expectedVersion: 'any', state: row?.state ?? {} }],
    },
  ]);
  const moved = await fixture.care.current('other', two.id);
  assert.deepEqual(moved?.secrets, []);
  const own = await fixture.care.current('default', one.id);
  assert.equal(own?.secrets[0]?.value, one.secret);
});

test('SG-08 a rotation lets old and new sign until the overlap ends; rotated again and again at most three do', async () => {
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  const { secret: second, oldSignsUntilMs } = await fixture.app.webhooks.rotateSecret(caller, body.id, {});
  assert.equal(oldSignsUntilMs, fixture.clock.nowMs() + dayMs);
  const inForce = async (): Promise<readonly string[]> =>
    (await fixture.care.current('default', body.id))?.secrets.map(({ value }) => value) ?? [];
  assert.deepEqual(await inForce(), [second, body.secret]);
  fixture.clock.advance(dayMs - 1);
  assert.deepEqual(await inForce(), [second, body.secret]);
  fixture.clock.advance(1);
  assert.deepEqual(await inForce(), [second]);
  const third = await fixture.app.webhooks.rotateSecret(caller, body.id, {});
  const fourth = await fixture.app.webhooks.rotateSecret(caller, body.id, {});
  assert.deepEqual(await inForce(), [fourth.secret, third.secret, second]);
  const fifth = await fixture.app.webhooks.rotateSecret(caller, body.id, {});
  assert.deepEqual(await inForce(), [fifth.secret, fourth.secret, third.secret]);
  assert.equal((await inForce()).length, activeVersionsMax);
  const { items } = await fixture.app.notices.list(caller, { limit: 10 });
  assert.equal(items[0]?.kind, 'secret.dropped');
  await assert.rejects(fixture.app.webhooks.rotateSecret(caller, body.id, { secret: fifth.secret }), {
    code: 'invalid_secret',
  });
});

test('SG-09 revoked now, the old secret signs nothing any more', async () => {
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  const { secret, oldSignsUntilMs } = await fixture.app.webhooks.rotateSecret(caller, body.id, { revokeOldNow: true });
  assert.equal(oldSignsUntilMs, null);
  const current = await fixture.care.current('default', body.id);
  assert.deepEqual(
    current?.secrets.map(({ value }) => value),
    [secret],
  );
});

test('SG-11 weak and malformed secrets are refused; an ed25519 key is taken and shows its public half', async () => {
  for (const secret of [
    '',
    'x',
    'whsec_',
    `whsec_${Buffer.alloc(23).toString('base64')}`,
    `whsec_${Buffer.alloc(65).toString('base64')}`,
    'whsec_ü',
  ]) {
    await assert.rejects(fixture.app.webhooks.create(caller, webhookInput({ secret })), { code: 'invalid_secret' });
  }
  const secret = `whsk_${Buffer.alloc(32, 9).toString('base64')}`;
  const { body } = await fixture.app.webhooks.create(caller, webhookInput({ secret }));
  assert.match(body.secrets[0]?.publicKey ?? '', /^whpk_/);
  const rotated = await fixture.app.webhooks.rotateSecret(caller, body.id, {});
  assert.match(rotated.secret, /^whsk_/);
});

test('revealing a secret is written into the audit', async () => {
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  assert.equal((await fixture.app.webhooks.revealSecret(caller, body.id)).secret, body.secret);
  const { items } = await fixture.app.operation.audit(caller, { limit: 1 });
  assert.equal(items[0]?.['action'], 'secret.revealed');
  assert.equal(items[0]?.['target'], `webhook:${body.id}`);
});

test('what a dialect, a filter, a policy, a header or the road out refuses is refused with its own code', async () => {
  const cases: readonly (readonly [Parameters<typeof webhookInput>[0], string])[] = [
    [{ dialect: 'none' }, 'unknown_dialect'],
    [{ events: ['asset.exploded'] }, 'invalid_event'],
    [{ events: [] }, 'invalid_event'],
    [{ settings: { anything: 1 } }, 'invalid_settings'],
    [{ filter: { folder: ['relative'] } }, 'invalid_filter'],
    [{ policy: { timeoutMs: 1 } }, 'invalid_policy'],
    [{ target: { transport: 'http', url: 'https://10.0.0.1/' } }, 'target_forbidden_address'],
    [{ target: { transport: 'http', url: 'http://shop.example/' } }, 'target_scheme'],
    [{ target: { transport: 'http', url: 'https://u:p@shop.example/' } }, 'credentials_in_url'],
    [{ target: { transport: 'sqs', queue: 'arn' } }, 'invalid_request'],
    [{ headers: [['Host', 'x']] }, 'header_reserved'],
    [{ headers: [['Webhook-Signature', 'x']] }, 'header_reserved'],
    [{ headers: [['x-a', 'a\r\nb: c']] }, 'header_value'],
    [{ contacts: ['a@b\r\nBcc: c@d'] }, 'invalid_request'],
    [{ credentials: { kind: 'basic', username: 'a:b', password: 'p' } }, 'invalid_request'],
  ];
  for (const [given, code] of cases) {
    await assert.rejects(fixture.app.webhooks.create(caller, webhookInput(given)), { code }, JSON.stringify(given));
  }
  assert.equal((await fixture.app.webhooks.list(caller, { limit: 10 })).items.length, 0);
});

test('ID-13 two hundred webhooks made at once, also by two processes, stay within the limit', async () => {
  const dialects: readonly Dialect[] = [
    { ...standardDialect, manifest: { ...manifest, limits: { ...manifest.limits, webhooksMax: 20 } } },
  ];
  const one = await createFixture({ dialects });
  const two = await one.another();
  const made = await Promise.allSettled(
    Array.from({ length: 60 }, (_, index) =>
      (index % 2 === 0 ? one : two).app.webhooks.create(caller, webhookInput({ name: `w${index}` })),
    ),
  );
  const kept = (await one.app.webhooks.list(caller, { limit: 100 })).items.length;
  assert.equal(kept, made.filter(({ status }) => status === 'fulfilled').length);
  assert.ok(kept <= 20, `${kept} webhooks`);
  // Both know the webhooks as they are before either writes: only the revision in the commit can tell them apart.
  const last: readonly Dialect[] = [
    { ...standardDialect, manifest: { ...manifest, limits: { ...manifest.limits, webhooksMax: 1 } } },
  ];
  const left = await createFixture({ dialects: last });
  const right = await left.another();
  for (const each of [left, right]) await report(each, metadataChange('warm', 'x'));
  const pair = await Promise.allSettled([left, right].map((each) => each.app.webhooks.create(caller, webhookInput())));
  assert.deepEqual(pair.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  await left.stop();
  const alone = await createFixture({ dialects });
  await Promise.allSettled(Array.from({ length: 200 }, () => alone.app.webhooks.create(caller, webhookInput())));
  assert.equal((await alone.app.webhooks.list(caller, { limit: 100 })).items.length, 20);
  await one.stop();
  await alone.stop();
});

test('disabled, nothing is made and what is missed is counted; enabled with replay, each missed change is told once', async () => {
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  await report(fixture, metadataChange('a', 'told'));
  fixture.clock.advance(10);
  await fixture.app.webhooks.disable(caller, body.id, 'Maintenance');
  fixture.clock.advance(10);
  for (let index = 0; index < 60; index += 1) await report(fixture, metadataChange(`m${index}`, 'missed'));
  const disabled = await fixture.app.webhooks.get(caller, body.id);
  assert.equal(disabled.missed, 60);
  assert.equal(disabled.stateReason, 'Maintenance');
  assert.equal((await allDeliveries(fixture)).length, 1);
  fixture.clock.advance(10);
  const enabled = await fixture.app.webhooks.enable(caller, body.id, { missed: 'replay' });
  assert.equal(enabled.state, 'enabled');
  assert.equal(enabled.missed, 0);
  await report(fixture, metadataChange('z', 'told again'));
  for (let round = 0; round < 20; round += 1) {
    await fixture.doDuties();
    fixture.clock.advance(1_000);
  }
  const deliveries = await allDeliveries(fixture);
  assert.equal(deliveries.length, 62);
  assert.equal(new Set(deliveries.map(({ changeId }) => changeId)).size, 62);
  assert.equal(deliveries.filter(({ origin }) => origin === 'replay').length, 60);
});

test('switched off again while what it missed is replayed, a webhook gets the rest once it is on', async () => {
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  fixture.clock.advance(10);
  await fixture.app.webhooks.disable(caller, body.id);
  fixture.clock.advance(10);
  for (let index = 0; index < 60; index += 1) await report(fixture, metadataChange(`m${index}`, 'missed'));
  await fixture.app.webhooks.enable(caller, body.id, { missed: 'replay' });
  const [first] = await fixture.pendingDuties();
  assert.ok(first !== undefined);
  await fixture.doDuty(first);
  const some = (await allDeliveries(fixture)).length;
  assert.ok(some > 0 && some < 60, `${some} replayed`);
  await fixture.app.webhooks.disable(caller, body.id);
  fixture.clock.advance(1_000);
  await fixture.doDuties();
  assert.equal((await allDeliveries(fixture)).length, some);
  await fixture.app.webhooks.enable(caller, body.id, {});
  for (let round = 0; round < 10; round += 1) {
    fixture.clock.advance(60_000);
    await fixture.doDuties();
  }
  assert.equal((await allDeliveries(fixture)).length, 60);
});

test('enabled with skip, what was missed is let go and the counter starts anew', async () => {
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  await fixture.app.webhooks.disable(caller, body.id);
  await report(fixture, metadataChange('a', 'missed'));
  const enabled = await fixture.app.webhooks.enable(caller, body.id, { missed: 'skip' });
  assert.equal(enabled.missed, 0);
  await fixture.doDuties();
  assert.equal((await allDeliveries(fixture)).length, 0);
});

test('held deliveries are cancelled before the webhook is enabled, where that is asked for, and sent otherwise', async () => {
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  for (const name of ['a', 'b', 'c']) await report(fixture, metadataChange(name, 'x'));
  await fixture.app.webhooks.disable(caller, body.id);
  assert.deepEqual(
    (await allDeliveries(fixture)).map(({ state }) => state),
    ['held', 'held', 'held'],
  );
  await fixture.app.webhooks.enable(caller, body.id, { held: 'send' });
  assert.deepEqual(
    (await allDeliveries(fixture)).map(({ state }) => state),
    ['pending', 'pending', 'pending'],
  );
  await fixture.app.webhooks.disable(caller, body.id);
  await fixture.app.webhooks.enable(caller, body.id, { held: 'cancel', missed: 'skip' });
  const ended = await allDeliveries(fixture);
  assert.deepEqual(
    ended.map(({ state }) => state),
    ['cancelled', 'cancelled', 'cancelled'],
  );
  assert.match(ended[0]?.reason ?? '', /enabled/);
});

test('a removed webhook gets nothing more, its pending deliveries are cancelled and its secret is gone', async () => {
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  await report(fixture, metadataChange('a', 'x'));
  await fixture.app.webhooks.remove(caller, body.id);
  const result = await report(fixture, metadataChange('a', 'y'));
  assert.ok(result.status === 'applied' && result.deliveries === 0);
  await fixture.doDuties();
  assert.deepEqual(
    (await allDeliveries(fixture)).map(({ state }) => state),
    ['cancelled'],
  );
  assert.deepEqual(await fixture.storage.resources([{ workspaceId: 'default', type: 'secret', id: body.id }]), [null]);
  assert.equal(await fixture.care.current('default', body.id), null);
  await assert.rejects(fixture.app.webhooks.get(caller, body.id), { code: 'not_found' });
});

test('a webhook switched off by a rule leaves a notice and is told to the webhooks that asked for such events only', async () => {
  const { body: failing } = await fixture.app.webhooks.create(caller, webhookInput({ name: 'Failing' }));
  const { body: watching } = await fixture.app.webhooks.create(
    caller,
    webhookInput({ events: ['webhook.disabled', 'webhook.warning'] }),
  );
  await fixture.care.warn('default', failing.id, { percent: 50, disablesAtMs: fixture.clock.nowMs() + dayMs });
  await fixture.care.disable('default', failing.id, 'Failed for five days');
  await fixture.care.disable('default', failing.id, 'Failed for five days');
  const deliveries = await allDeliveries(fixture);
  assert.deepEqual(
    deliveries.map(({ webhookId, event, origin }) => ({ webhookId, event, origin })),
    [
      { webhookId: watching.id, event: 'webhook.warning', origin: 'operational' },
      { webhookId: watching.id, event: 'webhook.disabled', origin: 'operational' },
    ],
  );
  const { items } = await fixture.app.notices.list(caller, { limit: 10 });
  assert.deepEqual(
    items.map(({ kind }) => kind),
    ['webhook.disabled', 'webhook.warning'],
  );
  assert.equal((await fixture.app.webhooks.get(caller, failing.id)).stateReason, 'Failed for five days');
});

test('a test send goes to its webhook alone, with origin test, as a sample or as a real asset', async () => {
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  await fixture.app.webhooks.create(caller, webhookInput({ name: 'Bystander' }));
  const asset = await report(fixture, metadataChange('real', 'x'));
  assert.ok(asset.status === 'applied');
  const before = (await allDeliveries(fixture)).length;
  const plain = await fixture.app.webhooks.test(caller, body.id, {});
  const chosen = await fixture.app.webhooks.test(caller, body.id, { event: 'asset.deleted' });
  const real = await fixture.app.webhooks.test(caller, body.id, { assetId: asset.subject.id });
  const made = (await allDeliveries(fixture)).slice(before);
  assert.deepEqual(
    made.map(({ id }) => id),
    [plain.deliveryId, chosen.deliveryId, real.deliveryId],
  );
  assert.deepEqual(
    made.map(({ origin }) => origin),
    ['test', 'test', 'test'],
  );
  assert.deepEqual(
    made.map(({ event }) => event),
    ['webhook.test', 'asset.deleted', 'asset.created'],
  );
  assert.equal(made[2]?.subject, `asset:${asset.subject.id}`);
  await assert.rejects(fixture.app.webhooks.test(caller, body.id, { event: 'nothing' }), { code: 'invalid_event' });
});

test('TN-14 what a patch leaves out stays: secrets, credentials, state; null takes a filter away', async () => {
  const { body } = await fixture.app.webhooks.create(
    caller,
    webhookInput({
      credentials: { kind: 'bearer', token: 'receiver-token-1234' },
      filter: { folder: ['/a'] },
      enabled: false,
    }),
  );
  const renamed = await fixture.app.webhooks.update(caller, body.id, { name: 'Renamed' });
  assert.equal(renamed.state, 'disabled');
  assert.deepEqual(renamed.filter, { folder: ['/a'] });
  const current = await fixture.care.current('default', body.id);
  assert.deepEqual(
    current?.secrets.map(({ value }) => value),
    [body.secret, 'receiver-token-1234'],
  );
  const open = await fixture.app.webhooks.update(caller, body.id, { filter: null, enabled: true });
  assert.equal(open.filter, undefined);
  assert.equal(open.state, 'enabled');
});

test('SG-16 a secret that comes back as it is shown stays what it was, for the account and the address that it is for', async () => {
  const kinds: readonly (readonly [NonNullable<WebhookInput['credentials']>, object])[] = [
    [{ kind: 'basic', username: 'ada', password: 'short' }, { username: 'eve' }],
    [
      { kind: 'bearer', token: 'receiver-token-1234' },
      { kind: 'basic', username: 'eve', password: '…1234' },
    ],
    [
      {
        kind: 'oauth2',
        grant: 'client-credentials',
        tokenUrl: 'https://auth.example/token',
        clientId: 'dam',
        clientSecret: 'a long secret of the client',
      },
      { tokenUrl: 'https://eve.example/token' },
    ],
  ];
  const { webhooks } = fixture.app;
  for (const [given, elsewhere] of kinds) {
    const { body } = await webhooks.create(caller, webhookInput({ credentials: given }));
    const opened = async () => (await fixture.care.current('default', body.id))?.secrets;
    const before = await opened();
    const shown = (await webhooks.get(caller, body.id)).credentials as typeof given;
    assert.match(JSON.stringify(shown), /…/);
    await webhooks.update(caller, body.id, { name: 'Renamed', credentials: shown });
    assert.deepEqual(await opened(), before, given.kind);
    for (const credentials of [
      { ...shown, ...elsewhere },
      JSON.parse(JSON.stringify(shown).replace(/…[^"]*/, '…9999')),
    ])
      await assert.rejects(webhooks.update(caller, body.id, { credentials }), { code: 'invalid_request' });
    assert.deepEqual(await opened(), before, given.kind);
    await assert.rejects(webhooks.create(caller, webhookInput({ credentials: shown })), /the secret itself/);
  }
  const scoped = { ...(kinds[2]?.[0] as object), scope: 'hooks' } as (typeof kinds)[0][0];
  const { body } = await webhooks.create(caller, webhookInput({ credentials: scoped }));
  const shown = (await webhooks.get(caller, body.id)).credentials as object;
  const wider = { ...shown, scope: 'hooks more' } as typeof scoped;
  const after = await webhooks.update(caller, body.id, { credentials: wider });
  assert.deepEqual(after.credentials, wider);
});

test('TN-01 a webhook of another workspace is not found by any of its calls, and nothing of it changes', async () => {
  const { body } = await fixture.app.webhooks.create(caller, webhookInput());
  const { webhooks } = fixture.app;
  const foreign = callerIn('other');
  const calls = [
    () => webhooks.get(foreign, body.id),
    () => webhooks.update(foreign, body.id, { name: 'Mine' }),
    () => webhooks.remove(foreign, body.id),
    () => webhooks.enable(foreign, body.id, {}),
    () => webhooks.disable(foreign, body.id),
    () => webhooks.test(foreign, body.id, {}),
    () => webhooks.rotateSecret(foreign, body.id, {}),
    () => webhooks.revealSecret(foreign, body.id),
    () => fixture.app.stats.webhook(foreign, body.id, { fromMs: 0, toMs: 1, bucketMs: 60_000 }),
    () => fixture.app.replays.create(foreign, { webhookId: body.id, fromMs: 0, toMs: fixture.clock.nowMs() }),
  ];
  for (const call of calls) await assert.rejects(call(), { code: 'not_found' });
  assert.equal((await webhooks.list(foreign, { limit: 10 })).items.length, 0);
  assert.equal((await webhooks.get(caller, body.id)).name, 'Shop');
  assert.equal((await allChanges(fixture)).length, 0);
});
