import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Storage } from '../storage/storage.ts';
import type { Caller } from './app.ts';
import { hasKeyForm, makeKey } from './key-format.ts';
import { keyBelievedMs } from './key-lookup.ts';
import { localKeyName } from './keys.ts';
import { sessionLifetimeMs } from './sessions.ts';
import { signInTokenLifetimeMs } from './sign-in-tokens.ts';
import { caller, callerIn, createFixture, type Fixture } from './testing/app-fixture.ts';

const adminText = 'an admin key of at least 32 characters';

let fixture: Fixture;
let admin: Caller;
beforeEach(async () => {
  fixture = await createFixture({ adminKey: adminText });
  const found = await fixture.app.keys.authenticate(adminText, undefined);
  assert.ok(found !== null);
  admin = found;
});
afterEach(() => fixture.stop());

test('a key opens its own workspace with its own scopes, and only its hash is kept', async () => {
  const made = await fixture.app.keys.create(caller, { name: 'CI', scopes: ['assets:read', 'assets:read'] });
  assert.match(made.key, /^aw_[0-9a-z]{38}$/);
  const found = await fixture.app.keys.authenticate(made.key, undefined);
  assert.deepEqual([...(found?.scopes ?? [])], ['assets:read']);
  assert.equal(found?.workspaceId, 'default');
  assert.equal(found?.admin, false);
  const listed = await fixture.app.keys.list(caller, { limit: 10 });
  assert.ok(!JSON.stringify(listed).includes(made.key));
  assert.equal(listed.items[0]?.prefix, made.key.slice(0, 8));
});

test('AK-02 AK-10 whatever is not exactly a present key is nothing, and AK-13 most of it never reaches the store', async () => {
  let asked = 0;
  const counting = await createFixture({
    wrap: (storage): Storage => ({
      ...storage,
      health: () => storage.health(),
      findByAlias: (...given) => {
        asked += 1;
        return storage.findByAlias(...given);
      },
    }),
  });
  const { key } = await counting.app.keys.create(caller, { name: 'k', scopes: [] });
  const respelt = [
    key.toUpperCase(),
    `${key} `,
    ` ${key}`,
    key.slice(0, -1),
    `${key}0`,
    key.replace('aw_', 'AW_'),
    `${key}\0`,
    '',
    'aw_',
    'x'.repeat(100_000),
  ];
  for (const wrong of respelt)
    assert.equal(await counting.app.keys.authenticate(wrong, undefined), null, wrong.slice(0, 50));
  assert.equal(asked, 0);
  assert.equal(
    await counting.app.keys.authenticate(
      makeKey((count) => new Uint8Array(count).fill(3)),
      undefined,
    ),
    null,
  );
  assert.equal(asked, 1);
  await counting.stop();
});

test('AK-13 one wrong character fails the checksum', () => {
  const key = makeKey((count) => Uint8Array.from({ length: count }, (_, index) => index * 37));
  assert.ok(hasKeyForm(key));
  for (let at = 3; at < key.length; at += 1) {
    const altered = key.slice(0, at) + (key[at] === 'a' ? 'b' : 'a') + key.slice(at + 1);
    assert.equal(hasKeyForm(altered), false, altered);
  }
});

test('AK-05 a revoked key is refused at once where it was revoked and within a second elsewhere', async () => {
  const other = await fixture.another();
  const { id, key } = await fixture.app.keys.create(caller, { name: 'k', scopes: ['assets:read'] });
  assert.ok((await fixture.app.keys.authenticate(key, undefined)) !== null);
  assert.ok((await other.app.keys.authenticate(key, undefined)) !== null);
  await fixture.app.keys.revoke(caller, id);
  assert.equal(await fixture.app.keys.authenticate(key, undefined), null);
  fixture.clock.advance(keyBelievedMs);
  assert.equal(await other.app.keys.authenticate(key, undefined), null);
  assert.ok(keyBelievedMs < 1_000);
});

test('a key ends at its time, also where it was used a moment ago', async () => {
  const expiresAtMs = fixture.clock.nowMs() + 100;
  const { key } = await fixture.app.keys.create(caller, { name: 'k', scopes: [], expiresAtMs });
  assert.ok((await fixture.app.keys.authenticate(key, undefined)) !== null);
  fixture.clock.advance(100);
  assert.equal(await fixture.app.keys.authenticate(key, undefined), null);
  await assert.rejects(fixture.app.keys.create(caller, { name: 'k', scopes: [], expiresAtMs }), {
    code: 'invalid_request',
  });
});

test('AK-04 nobody makes or ends a key that may do more than his own', async () => {
  const small = callerIn('default', { scopes: new Set(['keys:write', 'assets:read']) });
  await assert.rejects(fixture.app.keys.create(small, { name: 'k', scopes: ['webhooks:write'] }), {
    code: 'forbidden',
  });
  await assert.rejects(fixture.app.keys.create(caller, { name: 'k', scopes: [], admin: true }), { code: 'forbidden' });
  const { key } = await fixture.app.keys.create(small, { name: 'k', scopes: ['assets:read'] });
  assert.ok((await fixture.app.keys.authenticate(key, undefined)) !== null);
  const strong = await fixture.app.keys.create(admin, { name: 'a', scopes: [], admin: true });
  await assert.rejects(fixture.app.keys.revoke(caller, strong.id), { code: 'forbidden' });
  await fixture.app.keys.revoke(admin, strong.id);
});

test('AK-18 an admin may name another workspace that exists, and nobody else may', async () => {
  await fixture.app.workspaces.create(admin, { id: 'shop', name: 'Shop' });
  assert.equal((await fixture.app.keys.authenticate(adminText, 'shop'))?.workspaceId, 'shop');
  await assert.rejects(fixture.app.keys.authenticate(adminText, 'nowhere'), { code: 'not_found' });
  const { key } = await fixture.app.keys.create(caller, { name: 'k', scopes: [] });
  assert.equal((await fixture.app.keys.authenticate(key, 'default'))?.workspaceId, 'default');
  await assert.rejects(fixture.app.keys.authenticate(key, 'shop'), { code: 'forbidden', mend: /Assetwire-Workspace/ });
  await assert.rejects(fixture.app.keys.authenticate(key, 'nowhere'), { code: 'forbidden' });
});

test('workspaces are made once, by admins, with ids of a fixed form, and seen by those they belong to', async () => {
  for (const id of ['', 'UPPER', 'a b', 'x'.repeat(64), '../x', 'ä']) {
    await assert.rejects(fixture.app.workspaces.create(admin, { id, name: 'x' }), { code: 'invalid_request' }, id);
  }
  await fixture.app.workspaces.create(admin, { id: 'shop', name: 'Shop' });
  await fixture.app.workspaces.create(admin, { id: 'shop-test', name: 'Test', parent: 'shop' });
  await assert.rejects(fixture.app.workspaces.create(admin, { id: 'shop', name: 'Again' }), { code: 'already_exists' });
  await assert.rejects(fixture.app.workspaces.create(admin, { id: 'y', name: 'y', parent: 'nowhere' }), {
    code: 'invalid_request',
  });
  await assert.rejects(fixture.app.workspaces.create(caller, { id: 'mine', name: 'x' }), { code: 'forbidden' });
  const all = await fixture.app.workspaces.list(admin, { limit: 10 });
  assert.deepEqual(all.items.map(({ id }) => id).toSorted(), ['default', 'shop', 'shop-test']);
  assert.deepEqual(
    (await fixture.app.workspaces.list(callerIn('shop'), { limit: 10 })).items.map(({ id }) => id),
    ['shop'],
  );
  await assert.rejects(fixture.app.workspaces.get(callerIn('shop'), 'default'), { code: 'not_found' });
});

test('TN-01 a key of another workspace is neither seen nor revoked', async () => {
  const { id, key } = await fixture.app.keys.create(caller, { name: 'k', scopes: [] });
  await assert.rejects(fixture.app.keys.revoke(callerIn('other'), id), { code: 'not_found' });
  assert.equal((await fixture.app.keys.list(callerIn('other'), { limit: 10 })).items.length, 0);
  assert.ok((await fixture.app.keys.authenticate(key, undefined)) !== null);
});

test('AK-11 the first admin key is made once; with one in the configuration, none is', async () => {
  assert.equal(await fixture.bootstrap(), null);
  const bare = await createFixture();
  const key = await bare.bootstrap();
  assert.ok(key !== null);
  assert.equal((await bare.app.keys.authenticate(key, undefined))?.admin, true);
  assert.equal(await bare.bootstrap(), null);
  await bare.stop();
  // The command line's own key is nobody's way in.
  await fixture.issueKey({ name: localKeyName, admin: true, scopes: [] });
  const later = await createFixture({ storage: fixture.storage, clock: fixture.clock });
  assert.ok((await later.bootstrap()) !== null);
});

test('AK-11 a sign-in token opens one session, once, also when two bring it at the same time', async () => {
  const token = fixture.issueSignInToken();
  const both = await Promise.all([fixture.app.sessions.create({ token }), fixture.app.sessions.create({ token })]);
  assert.equal(both.filter((session) => session !== null).length, 1);
  const late = fixture.issueSignInToken();
  fixture.clock.advance(signInTokenLifetimeMs);
  assert.equal(await fixture.app.sessions.create({ token: late }), null);
  assert.equal(await fixture.app.sessions.create({ token: 'guess' }), null);
  assert.equal(await fixture.app.sessions.create({}), null);
});

test('AK-09 a session ends by signing out, with its key and at its time; each sign-in has another cookie', async () => {
  const { id, key } = await fixture.app.keys.create(caller, { name: 'k', scopes: ['assets:read'] });
  const one = await fixture.app.sessions.create({ key });
  const two = await fixture.app.sessions.create({ key });
  assert.ok(one !== null && two !== null);
  assert.notEqual(one.cookie, two.cookie);
  const found = await fixture.app.sessions.authenticate(one.cookie, undefined);
  assert.deepEqual([...(found?.scopes ?? [])], ['assets:read']);
  await fixture.app.sessions.remove(one.cookie);
  assert.equal(await fixture.app.sessions.authenticate(one.cookie, undefined), null);
  assert.ok((await fixture.app.sessions.authenticate(two.cookie, undefined)) !== null);
  await fixture.app.keys.revoke(caller, id);
  fixture.clock.advance(keyBelievedMs);
  assert.equal(await fixture.app.sessions.authenticate(two.cookie, undefined), null);
  const terminal = await fixture.app.sessions.create({ token: fixture.issueSignInToken() });
  assert.equal((await fixture.app.sessions.authenticate(terminal?.cookie ?? '', undefined))?.admin, true);
  fixture.clock.advance(sessionLifetimeMs);
  assert.equal(await fixture.app.sessions.authenticate(terminal?.cookie ?? '', undefined), null);
});
