import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { CommitItem } from '../storage/contract/commit-item.ts';
import type { Storage } from '../storage/storage.ts';
import type { Caller } from './app.ts';
import { keyBelievedMs, lastUsedStepMs } from './key-lookup.ts';
import { caller, callerIn, createFixture, type Fixture } from './testing/app-fixture.ts';

let fixture: Fixture;
let keyUses: number;
beforeEach(async () => {
  keyUses = 0;
  fixture = await createFixture({
    wrap: (storage): Storage => ({
      ...storage,
      commit: (items: readonly CommitItem[]) => {
        for (const { resources = [] } of items) keyUses += resources.filter(({ type }) => type === 'key_use').length;
        return storage.commit(items);
      },
    }),
  });
});
afterEach(() => fixture.stop());

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('AK-14 when a key was last used is known to five minutes, and costs one write in that time, however often it is used', async () => {
  const { id, key } = await fixture.app.keys.create(caller, { name: 'CI', scopes: ['assets:read'] });
  assert.equal((await fixture.app.keys.get(caller, id)).lastUsedAtMs, null);
  const firstMs = fixture.clock.nowMs();
  for (let n = 0; n < 100; n += 1) {
    fixture.clock.advance(keyBelievedMs);
    assert.ok((await fixture.app.keys.authenticate(key, undefined)) !== null);
    await settled();
  }
  assert.equal(keyUses, 1);
  const { items } = await fixture.app.keys.list(caller, { limit: 10 });
  assert.equal(items[0]?.lastUsedAtMs, firstMs + keyBelievedMs);
  fixture.clock.advance(lastUsedStepMs);
  await fixture.app.keys.authenticate(key, undefined);
  await settled();
  assert.equal(keyUses, 2);
  assert.equal((await fixture.app.keys.get(caller, id)).lastUsedAtMs, fixture.clock.nowMs());
});

test('a rotated key keeps name, scopes and grants; the old one ends at once, or when it was said to', async () => {
  const made = await fixture.app.keys.create(caller, { name: 'CI', scopes: ['deliveries:read'] });
  await fixture.app.grants.create(caller, {
    principal: `key:${made.id}`,
    resource: { type: 'folder', path: '/a//b/' },
    scopes: ['assets:read'],
  });
  const next = await fixture.app.keys.rotate(caller, made.id, {});
  assert.deepEqual([next.name, next.scopes, next.replaces], ['CI', ['deliveries:read'], made.id]);
  assert.equal(await fixture.app.keys.authenticate(made.key, undefined), null);
  const found = await fixture.app.keys.authenticate(next.key, undefined);
  assert.deepEqual(
    found?.grants?.map(({ resource }) => resource),
    [{ type: 'folder', path: '/a/b' }],
  );
  const last = await fixture.app.keys.rotate(caller, next.id, { overlapMs: 60_000 });
  fixture.clock.advance(59_999);
  assert.ok((await fixture.app.keys.authenticate(next.key, undefined)) !== null, 'both are good meanwhile');
  assert.ok((await fixture.app.keys.authenticate(last.key, undefined)) !== null);
  fixture.clock.advance(1);
  assert.equal(await fixture.app.keys.authenticate(next.key, undefined), null);
  await assert.rejects(fixture.app.keys.rotate(caller, made.id, {}), { code: 'invalid_request' }, 'revoked');
  const weak = callerIn('default', { scopes: new Set(['keys:write']) });
  await assert.rejects(fixture.app.keys.rotate(weak, last.id, {}), { code: 'forbidden' }, 'AK-04');
  const { items } = await fixture.app.operation.audit(caller, { limit: 10, action: 'key.rotated' });
  assert.equal(items.length, 2);
  assert.ok(!JSON.stringify(items).includes(next.key));
});

test('keys are found by state and by whether they administrate, in pages that skip what does not fit', async () => {
  const admin: Caller = { ...caller, admin: true };
  const { id } = await fixture.app.keys.create(admin, { name: 'a', scopes: [], admin: true });
  const expiresAtMs = fixture.clock.nowMs() + 10;
  for (let n = 0; n < 30; n += 1) await fixture.app.keys.create(caller, { name: `e${n}`, scopes: [], expiresAtMs });
  fixture.clock.advance(10);
  const names = async (query: object) =>
    (await fixture.app.keys.list(caller, { limit: 5, ...query })).items.map(({ name }) => name);
  assert.deepEqual(await names({ admin: true }), ['a']);
  assert.deepEqual(await names({ state: 'active' }), ['a'], 'behind six pages of expired ones');
  assert.equal((await names({ state: 'expired' })).length, 5);
  assert.deepEqual(await names({ state: 'revoked' }), []);
  await fixture.app.keys.create(admin, { name: 'b', scopes: [], admin: true });
  await fixture.app.keys.revoke(admin, id);
  assert.deepEqual(await names({ state: 'revoked' }), ['a']);
});

test('the last admin key stays, unless a user administrates the installation; the command line’s own does not count', async () => {
  const admin: Caller = { ...caller, admin: true };
  await fixture.issueKey({ name: 'Local command line', admin: true, scopes: [] });
  const first = await fixture.app.keys.create(admin, { name: 'a', scopes: [], admin: true });
  await assert.rejects(fixture.app.keys.revoke(admin, first.id), { code: 'last_admin' });
  const second = await fixture.app.keys.create(admin, { name: 'b', scopes: [], admin: true });
  await fixture.app.keys.revoke(admin, first.id);
  await assert.rejects(fixture.app.keys.revoke(admin, second.id), { code: 'last_admin' });
  const { link } = await fixture.app.users.create(admin, {
    name: 'Ada',
    email: 'a@x.test',
    roles: ['admin'],
    admin: true,
  });
  await fixture.app.users.redeemLink(link.url.split('=').at(-1) ?? '', 'correct horse battery');
  await fixture.app.keys.revoke(admin, second.id);
  await assert.rejects(
    fixture.app.keys.create({ ...admin, workspaceId: 'shop' }, { name: 'c', scopes: [], admin: true }),
    {
      code: 'invalid_request',
    },
  );
});

test('AK-04 a grant is given by whoever has its scope on everything, to somebody who exists, a hundred at most', async () => {
  const { id } = await fixture.app.keys.create(caller, { name: 'k', scopes: [] });
  const grant = { principal: `key:${id}`, resource: { type: 'folder', path: '/a' }, scopes: ['assets:write'] } as const;
  const reader = callerIn('default', { scopes: new Set(['keys:write', 'assets:read']) });
  await assert.rejects(fixture.app.grants.create(reader, grant), { code: 'forbidden' });
  await assert.rejects(fixture.app.grants.create(caller, { ...grant, principal: 'key:key_nobody' }), {
    code: 'invalid_request',
  });
  await assert.rejects(fixture.app.grants.create(callerIn('other'), grant), { code: 'invalid_request' }, 'TN-02');
  await assert.rejects(fixture.app.grants.create(caller, { ...grant, resource: { type: 'folder', path: '/a/../b' } }), {
    code: 'invalid_request',
  });
  for (let n = 0; n < 100; n += 1) await fixture.app.grants.create(caller, grant);
  await assert.rejects(fixture.app.grants.create(caller, grant), { code: 'limit_reached' });
  const listed = await fixture.app.grants.list(caller, { limit: 1_000, principal: `key:${id}` });
  assert.equal(listed.items.length, 100);
  await fixture.app.keys.revoke(caller, id);
  assert.equal((await fixture.app.grants.list(caller, { limit: 1_000 })).items.length, 0, 'they go with the key');
});

test('A grant counts at once where it was given, and is over at once where it was taken away', async () => {
  const key = await fixture.app.keys.create(caller, { name: 'granted', scopes: [] });
  const held = async () =>
    (await fixture.app.keys.authenticate(key.key, undefined))?.grants?.map(({ resource }) => resource);
  assert.equal(await held(), undefined);
  const resource = { type: 'folder', path: '/press' } as const;
  const given = { principal: `key:${key.id}`, resource, scopes: ['assets:read'] } as const;
  const { id } = await fixture.app.grants.create(caller, given);
  assert.deepEqual(await held(), [resource]);
  await fixture.app.grants.remove(caller, id);
  assert.equal(await held(), undefined);
});
