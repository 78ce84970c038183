import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import type { WebhookId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import { brandfolderDialect } from '../dialects/brandfolder/index.ts';
import { standardDialect } from '../dialects/standard/index.ts';
import type { Caller, WebhookInput } from './app.ts';
import { allChanges, caller, callerIn, createFixture, type Fixture } from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture({ dialects: [standardDialect, brandfolderDialect], soleWriter: true });
});
afterEach(() => fixture.stop());

const refusal =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof AssetwireError && error.code === code;

/** Somebody who may read what is in one library and nothing else. */
function holderOf(key: string, more: Partial<Caller> = {}): Caller {
  return callerIn('default', {
    scopes: new Set(['webhooks:write']),
    grants: [{ resource: { type: 'library', id: key }, scopes: ['assets:read', 'assets:write'] }],
    ...more,
  });
}

function about(library: string | undefined, more: Partial<WebhookInput> = {}): WebhookInput {
  return {
    name: 'told',
    dialect: 'brandfolder',
    target: { transport: 'http', url: 'https://receiver.example/' },
    events: ['asset.update'],
    ...(library === undefined ? {} : { settings: { resource_key: library } }),
    ...more,
  };
}

test('Every workspace has a library for what names none; it can be described and not deleted', async () => {
  const { libraries } = fixture.app;
  const first = await libraries.get(caller, 'default');
  assert.deepEqual([first.name, first.organization, first.builtIn, first.version], ['Default', 'default', true, 0]);
  const named = await libraries.update(caller, 'default', { name: 'Brand', organization: 'oqgkkd' });
  assert.deepEqual([named.name, named.organization, named.version], ['Brand', 'oqgkkd', 1]);
  await libraries.create(caller, { key: 'second' });
  const { items } = await libraries.list(caller, { limit: 10 });
  assert.deepEqual(
    items.map(({ key }) => key),
    ['default', 'second'],
  );
  await assert.rejects(libraries.remove(caller, 'default'), refusal('forbidden'));
  await assert.rejects(libraries.create(caller, { key: 'default' }), refusal('already_exists'));
  await assert.rejects(libraries.create(caller, { key: 'second' }), refusal('already_exists'));
  await assert.rejects(libraries.create(caller, { key: 'with blank' }), refusal('invalid_request'));
  await libraries.remove(caller, 'second');
  await assert.rejects(libraries.get(caller, 'second'), refusal('not_found'));
});

test('A library is written on the version it was read at, and null takes away', async () => {
  const { libraries } = fixture.app;
  await libraries.create(caller, { key: 'brand', description: 'Logos', organization: 'one' });
  await assert.rejects(libraries.update(caller, 'brand', { name: 'B', expected: 2 }), refusal('conflict'));
  const changed = await libraries.update(caller, 'brand', { description: null, organization: null, expected: 1 });
  assert.equal(changed.description, undefined);
  assert.equal(changed.organization, 'default');
  assert.equal((await libraries.update(caller, 'brand', {})).version, 2, 'nothing changed');
  await assert.rejects(libraries.remove(caller, 'brand', { ifMatch: [1] }), refusal('precondition_failed'));
});

test('An asset is in one library: another one is a move, and the default one goes without saying', async () => {
  const { assets } = fixture.app;
  const pushed = await assets.push(caller, 'external:a', { name: 'a.png', library: 'brand' });
  assert.equal(pushed.body.state.library, 'brand');
  await assets.patch(caller, 'external:a', { library: 'other' });
  const moved = (await allChanges(fixture)).at(-1);
  assert.deepEqual([moved?.kind, moved?.changed], ['asset.moved', ['library']]);
  const back = await assets.patch(caller, 'external:a', { library: 'default' });
  assert.equal('library' in back.body.state, false);
  const out = await assets.push(caller, 'external:a', { name: 'a.png', library: 'default' });
  assert.equal(out.body.result, 'unchanged');
  await assets.patch(caller, 'external:a', { library: 'brand' });
  await assets.patch(caller, 'external:a', { tags: ['x'] });
  assert.equal((await assets.get(caller, 'external:a')).state.library, 'brand', 'what is not named stays');
  const copy = await assets.copy(caller, 'external:a', {});
  assert.equal(copy.body.state.library, 'brand');
});

test('A grant on a library opens what is in it and nothing else', async () => {
  const { assets, libraries } = fixture.app;
  await libraries.create(caller, { key: 'brand' });
  const inside = await assets.push(caller, 'external:in', { name: 'in', library: 'brand' });
  const beside = await assets.push(caller, 'external:beside', { name: 'beside', library: 'brand-two' });
  await assets.push(caller, 'external:out', { name: 'out' });
  const holder = holderOf('brand');
  const { items } = await assets.list(holder, { limit: 10 });
  assert.deepEqual(
    items.map(({ id }) => id),
    [inside.body.id],
  );
  assert.equal((await assets.get(holder, 'external:in')).id, inside.body.id);
  await assert.rejects(assets.get(holder, beside.body.id), refusal('not_found'));
  await assert.rejects(assets.patch(holder, 'external:in', { library: 'other' }), refusal('forbidden'));
  await assets.patch(holder, 'external:in', { tags: ['mine'] });
  const found = await libraries.list(holder, { limit: 10 });
  assert.deepEqual(
    found.items.map(({ key }) => key),
    ['brand'],
  );
  await assert.rejects(libraries.get(holder, 'default'), refusal('not_found'));
  const ofDefault = await assets.list(holderOf('default'), { limit: 10 });
  assert.deepEqual(
    ofDefault.items.map(({ externalId }) => externalId),
    ['out'],
  );
});

test('A webhook about a library is for those who may look into it, and one key has no two that are equal', async () => {
  const { libraries, webhooks } = fixture.app;
  await libraries.create(caller, { key: 'brand', organization: 'oqgkkd' });
  await assert.rejects(webhooks.create(caller, about('nowhere')), refusal('not_found'));
  await assert.rejects(webhooks.create(holderOf('other'), about('brand')), refusal('forbidden'));
  const { body: made } = await webhooks.create(holderOf('brand'), about('brand'));
  assert.deepEqual(made.settings, { resource_key: 'brand', organization_key: 'oqgkkd' });
  await assert.rejects(webhooks.create(caller, about('brand')), refusal('already_exists'));
  await webhooks.create(caller, about('brand', { events: ['asset.delete'] }));
  await webhooks.create(caller, about(undefined, { events: ['asset.create'] }));
  await webhooks.create({ ...caller, keyId: 'key_another' }, about('brand'));
  await webhooks.disable(caller, made.id);
  const { body: second } = await webhooks.create(caller, about('brand'));
  await assert.rejects(webhooks.enable(caller, made.id, {}), refusal('already_exists'));
  await assert.rejects(
    webhooks.update(caller, second.id, { events: ['asset.delete'] }),
    refusal('already_exists'),
    'nor by a change',
  );
  await assert.rejects(
    webhooks.update(caller, second.id, { settings: { resource_key: 'nowhere' } }),
    refusal('not_found'),
  );
  const changed = await webhooks.update(caller, second.id, { settings: {} });
  assert.equal(changed.settings['resource_key'], 'default');
});

test('Several edits in one call are one notification where the body would be the same, and each its own where it is not', async () => {
  const { assets, deliveries, webhooks } = fixture.app;
  const ids: WebhookId[] = [];
  for (const [dialect, event] of [
    ['brandfolder', 'asset.update'],
    ['standard', '*'],
  ] as const) {
    const { body } = await webhooks.create(caller, about(undefined, { dialect, events: [event] }));
    ids.push(body.id);
  }
  const told = (): Promise<readonly number[]> =>
    Promise.all(ids.map(async (webhookId) => (await deliveries.list(caller, { limit: 100, webhookId })).items.length));
  await assets.push(caller, 'external:a', { name: 'a' });
  assert.deepEqual(await told(), [1, 1]);
  const edits = { name: 'b', tags: ['red'], metadata: { team: 'x' }, info: { description: 'In red' } };
  await assets.push(caller, 'external:a', edits);
  assert.deepEqual(await told(), [2, 5]);
  fixture.clock.advance(1);
  await assets.push(caller, 'external:a', { ...edits, name: 'c' });
  assert.deepEqual(await told(), [3, 6]);
});

test('A trial is told once, counts for nothing, misses nothing and goes within the hour', async () => {
  const { webhooks, assets } = fixture.app;
  const sent = await webhooks.trial(caller, { webhook: about(undefined), assetKey: 'override' });
  const found = await webhooks.get(caller, sent.webhookId);
  assert.equal(found.state, 'pending');
  assert.match(found.stateReason ?? '', /test send/);
  await assets.push(caller, 'external:a', { name: 'a' });
  assert.equal((await webhooks.get(caller, sent.webhookId)).missed, 0);
  const [message] = fixture.sent;
  assert.match(Buffer.from(message?.body ?? []).toString(), /"key":"override"/);
  fixture.clock.advance(3_600_000);
  await fixture.doDuties();
  await assert.rejects(webhooks.get(caller, sent.webhookId), refusal('not_found'));
});

test('A trial goes without a word where its key loses access meanwhile, and its library too', async () => {
  const { keys, libraries, webhooks, notices } = fixture.app;
  await libraries.create(caller, { key: 'brand' });
  const key = await keys.create(caller, { name: 'short', scopes: ['assets:read', 'webhooks:write'] });
  const owner = callerIn('default', { keyId: key.id, scopes: new Set(key.scopes) });
  const sent = await webhooks.trial(owner, { webhook: about('brand') });
  await keys.revoke(caller, key.id);
  await libraries.remove(caller, 'brand');
  await fixture.doDuties();
  assert.equal((await webhooks.get(caller, sent.webhookId)).state, 'pending');
  assert.deepEqual((await notices.list(caller, { limit: 10 })).items, []);
  fixture.clock.advance(3_600_000);
  await fixture.doDuties();
  await assert.rejects(webhooks.get(caller, sent.webhookId), refusal('not_found'));
});

test('A workspace has so many tests without a webhook in an hour', async () => {
  const { webhooks } = fixture.app;
  for (let n = 0; n < limits.trialWebhooksMax; n += 1) await webhooks.trial(caller, { webhook: about(undefined) });
  await assert.rejects(webhooks.trial(caller, { webhook: about(undefined) }), refusal('too_many_requests'));
  fixture.clock.advance(3_600_000);
  await fixture.doDuties();
  await webhooks.trial(caller, { webhook: about(undefined) });
});

test('A key that expires takes its webhooks with it by a timer, not by a look at everything', async () => {
  const { keys, webhooks, notices } = fixture.app;
  const expiresAtMs = fixture.clock.nowMs() + 60_000;
  const key = await keys.create(caller, { name: 'short', scopes: ['assets:read', 'webhooks:write'], expiresAtMs });
  const owner = callerIn('default', { keyId: key.id, scopes: new Set(key.scopes) });
  const { body: made } = await webhooks.create(owner, about(undefined));
  fixture.clock.advance(5_000);
  await fixture.doDuties();
  assert.equal((await webhooks.get(caller, made.id)).state, 'enabled');
  const { duties } = await fixture.storage.duties({ nowMs: expiresAtMs, limit: 100 });
  const [waiting] = duties.filter(({ payload }) => payload['what'] === 'webhook_access');
  assert.equal(waiting?.dueAtMs, expiresAtMs);
  fixture.clock.advance(60_000);
  await fixture.doDuties();
  const off = await webhooks.get(caller, made.id);
  assert.equal(off.state, 'disabled');
  assert.equal(off.stateReason, `The key "short" (${key.id}) that made it has expired`);
  const { items } = await notices.list(caller, { limit: 10, kind: 'webhook.disabled' });
  assert.equal(items.length, 1);
  // Whoever brings it back answers for it: it is not switched off again.
  const back = await webhooks.enable(caller, made.id, {});
  assert.deepEqual([back.state, back.ownerKeyId], ['enabled', caller.keyId]);
  fixture.clock.advance(10_000);
  await fixture.doDuties();
  assert.equal((await webhooks.get(caller, made.id)).state, 'enabled');
});

test('Whatever takes access away ends the webhook by what it owes itself, long after the webhook was made', async () => {
  const { keys, libraries, grants, webhooks } = fixture.app;
  await libraries.create(caller, { key: 'brand' });
  await libraries.create(caller, { key: 'second' });
  const make = async (library: string) => {
    const key = await keys.create(caller, { name: library, scopes: ['webhooks:write'] });
    const resource = { type: 'library', id: library } as const;
    const grant = await grants.create(caller, { principal: `key:${key.id}`, resource, scopes: ['assets:read'] });
    const { body } = await webhooks.create(holderOf(library, { keyId: key.id }), about(library));
    return { key, grant, id: body.id };
  };
  const [ungranted, revoked, unfounded] = [await make('brand'), await make('brand'), await make('second')];
  fixture.clock.advance(3_600_000);
  await fixture.doDuties();
  const reasonOf = async ({ id }: { readonly id: string }) => {
    await fixture.doDuties();
    return (await webhooks.get(caller, id)).stateReason ?? 'on';
  };
  await grants.remove(caller, ungranted.grant.id);
  assert.match(await reasonOf(ungranted), /lost access/);
  assert.equal(await reasonOf(revoked), 'on');
  await keys.revoke(caller, revoked.key.id);
  assert.match(await reasonOf(revoked), /was revoked/);
  await libraries.remove(caller, 'second');
  assert.match(await reasonOf(unfounded), /was deleted/);
});

test('A key that is rotated loses nothing, whenever it is looked at: the new one owns what the old one made', async () => {
  const { keys, webhooks } = fixture.app;
  const key = await keys.create(caller, { name: 'old', scopes: ['assets:read', 'webhooks:write'] });
  const owner = callerIn('default', { keyId: key.id, scopes: new Set(key.scopes) });
  const { body: made } = await webhooks.create(owner, about(undefined));
  fixture.clock.advance(4_000);
  // Both are due: that the key was rotated, and that it has just made something.
  const rotated = await keys.rotate(caller, key.id, {});
  for (const duty of (await fixture.pendingDuties()).toReversed()) await fixture.doDuty(duty);
  fixture.clock.advance(4_000);
  await fixture.doDuties();
  const { state, ownerKeyId } = await webhooks.get(caller, made.id);
  assert.deepEqual([state, ownerKeyId], ['enabled', rotated.id]);
  await keys.revoke(caller, rotated.id);
  await fixture.doDuties();
  assert.match((await webhooks.get(caller, made.id)).stateReason ?? '', /was revoked$/);
});

test('While both texts of a rotated key are good, what the old one makes and sees is the new one’s', async () => {
  const { keys, webhooks } = fixture.app;
  const key = await keys.create(caller, { name: 'rotated', scopes: ['assets:read', 'webhooks:write'] });
  const old = callerIn('default', { keyId: key.id, scopes: new Set(key.scopes) });
  const { body: first } = await webhooks.create(old, about(undefined));
  const { id: heir } = await keys.rotate(caller, key.id, { overlapMs: 3_600_000 });
  await fixture.doDuties();
  await assert.rejects(webhooks.create(old, about(undefined)), refusal('already_exists'));
  const { body: second } = await webhooks.create(old, about(undefined, { events: ['asset.delete'] }));
  for (const ownerKeyId of [key.id, heir]) {
    const { items } = await webhooks.list(old, { limit: 10, ownerKeyId });
    assert.deepEqual(items.map(({ id }) => id).toSorted(), [first.id, second.id].toSorted());
  }
});

test('A webhook that is made about another library ends where the key that made it may not look into that one', async () => {
  const { keys, libraries, grants, webhooks } = fixture.app;
  await libraries.create(caller, { key: 'mine' });
  await libraries.create(caller, { key: 'theirs' });
  const key = await keys.create(caller, { name: 'poor', scopes: ['webhooks:write'] });
  const resource = { type: 'library', id: 'mine' } as const;
  await grants.create(caller, { principal: `key:${key.id}`, resource, scopes: ['assets:read'] });
  const owner = holderOf('mine', { keyId: key.id });
  const { body: made } = await webhooks.create(owner, about('mine'));
  const theirs = { settings: { resource_key: 'theirs' } };
  await assert.rejects(webhooks.update(owner, made.id, theirs), refusal('forbidden'));
  await webhooks.update(caller, made.id, theirs);
  fixture.clock.advance(4_000);
  await fixture.doDuties();
  assert.match((await webhooks.get(caller, made.id)).stateReason ?? '', /has lost access to the library "theirs"$/);
});

test('A grant that is taken away while a webhook is made is found out behind the commit', async () => {
  const { keys, grants, libraries, webhooks } = fixture.app;
  await libraries.create(caller, { key: 'brand' });
  const key = await keys.create(caller, { name: 'racer', scopes: ['webhooks:write'] });
  const grant = await grants.create(caller, {
    principal: `key:${key.id}`,
    resource: { type: 'library', id: 'brand' },
    scopes: ['assets:read'],
  });
  const owner = holderOf('brand', { keyId: key.id });
  const [made] = await Promise.all([webhooks.create(owner, about('brand')), grants.remove(caller, grant.id)]);
  fixture.clock.advance(5_000);
  await fixture.doDuties();
  const { state, stateReason } = await webhooks.get(caller, made.body.id);
  assert.equal(state, 'disabled');
  assert.match(stateReason ?? '', /has lost access to the library "brand"$/);
});
