import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Caller } from './app.ts';
import { keyBelievedMs, lastUsedStepMs } from './key-lookup.ts';
import { passwordLinkLifetimeMs } from './password-links.ts';
import { throttleToldMs, wrongInARowMax } from './sign-in-throttle.ts';
import { caller, callerIn, createFixture, type Fixture } from './testing/app-fixture.ts';

const adminText = 'an admin key of at least 32 characters';
const password = 'correct horse battery staple';

let fixture: Fixture;
let admin: Caller;
beforeEach(async () => {
  fixture = await createFixture({ adminKey: adminText });
  const found = await fixture.app.keys.authenticate(adminText, undefined);
  assert.ok(found !== null);
  admin = found;
});
afterEach(() => fixture.stop());

const tokenOf = (url: string): string => /#link=(.+)$/.exec(url)?.[1] ?? '';

/** A user who can sign in. */
async function person(email: string, roles: readonly string[], by: Caller = admin) {
  const user = await fixture.app.users.create(by, { name: email.split('@')[0] ?? '', email, roles });
  assert.notEqual(await fixture.app.users.redeemLink(tokenOf(user.link.url), password), null);
  return user;
}

async function createTraced(logger: NonNullable<Parameters<typeof createFixture>[0]>['logger'] & object) {
  const made = await createFixture({ adminKey: adminText, logger });
  return { fixture: made, [Symbol.asyncDispose]: () => made.stop() };
}

/** What goes on by itself, such as noting that a session was seen, has come to its end. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function signIn(email: string, given = password) {
  const session = await fixture.app.sessions.create({ email, password: given });
  assert.ok(session !== null, 'the sign-in must succeed');
  return session;
}

test('AK-15 a person sets the password behind a link that works once, for three days, and only in its newest form', async () => {
  const user = await fixture.app.users.create(admin, { name: 'Ada', email: 'Ada@Example.com', roles: ['viewer'] });
  assert.equal(user.state, 'invited');
  assert.match(user.link.url, /^http:\/\/127\.0\.0\.1:8484\/password#link=[0-9a-z]{32}$/);
  const again = await fixture.app.users.issueLink(admin, user.id);
  assert.equal(await fixture.app.users.redeemLink(tokenOf(user.link.url), password), null, 'the first was replaced');
  fixture.clock.advance(passwordLinkLifetimeMs);
  assert.equal(await fixture.app.users.redeemLink(tokenOf(again.url), password), null, 'over');
  const last = tokenOf((await fixture.app.users.issueLink(admin, user.id)).url);
  const both = await Promise.all([
    fixture.app.users.redeemLink(last, password),
    fixture.app.users.redeemLink(last, 'another password of hers'),
  ]);
  assert.equal(both.filter((one) => one !== null).length, 1, 'of two who bring it at once, one wins');
  const seen = JSON.stringify([
    await fixture.app.users.get(admin, user.id),
    await fixture.app.operation.audit(admin, { limit: 100 }),
    await fixture.app.users.list(admin, { limit: 100 }),
  ]);
  assert.ok(!seen.includes('scrypt') && !seen.includes(last), 'neither hash nor link is shown');
});

test('AK-08 whoever is wrong gets nothing, whether there is such a person, and a password comparison is made either way', async () => {
  await person('ada@example.com', ['viewer']);
  const wrong = [
    { email: 'ada@example.com', password: 'wrong' },
    { email: 'nobody@example.com', password },
    { email: 'ada@example.com', password, workspace: 'elsewhere' },
    { email: 'ada@example.com' },
    { password },
    { email: 'ada@example.com', password: `${password}\0` },
  ];
  for (const input of wrong) assert.equal(await fixture.app.sessions.create(input), null, JSON.stringify(input));
  assert.equal((await signIn('ADA@example.com')).caller.actor.name, 'ada', 'an address is one whatever its case');
});

test('AK-06 AK-08 one person can be guessed ten times in a row, known or not, and then every half minute', async () => {
  await person('ada@example.com', ['viewer']);
  for (const email of ['ada@example.com', 'nobody@example.com']) {
    for (let n = 0; n < wrongInARowMax; n += 1)
      assert.equal(await fixture.app.sessions.create({ email, password: `guess ${n}` }), null);
    const refusal = fixture.app.sessions.create({ email, password });
    await assert.rejects(refusal, { code: 'too_many_requests', retryAfterSeconds: 30 }, email);
  }
  fixture.clock.advance(30_000);
  await signIn('ada@example.com');
  fixture.clock.advance(30_000);
  await signIn('ada@example.com');
});

test('AK-06 AK-08 guesses that are used up leave one line in the log, and of a person one row in the audit, with from where', async () => {
  const lines: unknown[] = [];
  const note = (event: string, fields?: object): void => void lines.push({ event, ...fields });
  await using traced = await createTraced({ info: note, warn: note, error: note });
  const { app, clock } = traced.fixture;
  const { id, link } = await app.users.create(admin, { name: 'Ada', email: 'ada@example.com', roles: ['viewer'] });
  const from = { address: '192.0.2.7', userAgent: 'curl/8' };
  await app.users.redeemLink(tokenOf(link.url), password, from);
  const guess = async (email: string): Promise<void> => {
    for (let n = 0; n <= wrongInARowMax; n += 1)
      await app.sessions.create({ email, password: `guess ${n}` }, from).catch(() => null);
  };
  await guess('ada@example.com');
  await guess('nobody@example.com');
  assert.deepEqual(lines, [
    { event: 'sign_in.throttled', address: from.address, workspaceId: 'default', userId: id },
    { event: 'sign_in.throttled', address: from.address },
  ]);
  for (let n = 0; n < 3; n += 1) {
    clock.advance(30_000);
    await guess('ada@example.com');
  }
  assert.equal(lines.length, 2, 'whoever goes on guessing fills neither');
  clock.advance(throttleToldMs);
  await guess('ada@example.com');
  assert.equal(lines.length, 3);
  const { items } = await app.operation.audit(admin, { limit: 100 });
  assert.partialDeepStrictEqual(
    items.filter(({ target }) => target === `user:${id}`).map(({ action, from: where }) => ({ action, from: where })),
    [
      { action: 'user.sign_in_throttled', from },
      { action: 'user.sign_in_throttled', from },
      { action: 'user.password_set', from },
      { action: 'user.link_issued' },
      { action: 'user.created' },
    ],
  );
});

test('a user may do what the roles together allow, and what they no longer allow ends within a second', async () => {
  const { id } = await person('ada@example.com', ['viewer']);
  const { cookie, caller: first } = await signIn('ada@example.com');
  assert.deepEqual([...first.scopes].sort(), ['assets:read', 'deliveries:read', 'webhooks:read']);
  await fixture.app.roles.create(admin, { id: 'publisher', name: 'Publisher', scopes: ['assets:write'] });
  await fixture.app.users.update(admin, id, { roles: ['viewer', 'publisher'] });
  fixture.clock.advance(keyBelievedMs);
  assert.equal((await fixture.app.sessions.authenticate(cookie, undefined))?.scopes.has('assets:write'), true);
  await fixture.app.roles.update(admin, 'publisher', { scopes: [] });
  fixture.clock.advance(keyBelievedMs);
  assert.equal((await fixture.app.sessions.authenticate(cookie, undefined))?.scopes.has('assets:write'), false);
  await assert.rejects(fixture.app.roles.remove(admin, 'publisher'), { code: 'in_use' });
  await fixture.app.users.update(admin, id, { roles: ['viewer'] });
  await fixture.app.roles.remove(admin, 'publisher');
});

test('AK-05 AK-09 a session ends when its user is disabled, removed, or has a new password; when revoked, at once', async () => {
  const { id } = await person('ada@example.com', ['viewer']);
  const live = async (cookie: string): Promise<boolean> =>
    (await fixture.app.sessions.authenticate(cookie, undefined)) !== null;
  const one = await signIn('ada@example.com');
  await fixture.app.users.update(admin, id, { disabled: true });
  fixture.clock.advance(keyBelievedMs);
  assert.equal(await live(one.cookie), false, 'disabled');
  assert.equal(await fixture.app.sessions.create({ email: 'ada@example.com', password }), null);
  await fixture.app.users.update(admin, id, { disabled: false });
  const two = await signIn('ada@example.com');
  fixture.clock.advance(1);
  const ada = await fixture.app.sessions.authenticate(two.cookie, undefined);
  assert.ok(ada !== null);
  assert.equal(await fixture.app.users.changePassword(ada, 'not it', 'a quite different one'), false);
  assert.equal(await fixture.app.users.changePassword(ada, password, 'a quite different one'), true);
  fixture.clock.advance(keyBelievedMs);
  assert.equal(await live(two.cookie), false, 'the password is another');
  const three = await signIn('ada@example.com', 'a quite different one');
  const { items } = await fixture.app.sessions.list(admin, { limit: 10, holder: `user:${id}` });
  const shown = items.find(({ expiresAtMs }) => expiresAtMs === three.expiresAtMs);
  assert.ok(shown !== undefined);
  await fixture.app.sessions.revoke(admin, shown.id);
  assert.equal(await live(three.cookie), false, 'revoked');
  const four = await signIn('ada@example.com', 'a quite different one');
  await fixture.app.users.remove(admin, id);
  fixture.clock.advance(keyBelievedMs);
  assert.equal(await live(four.cookie), false, 'removed');
});

test('AK-09 the twenty-first session ends the first, and one sees and ends his own only', async () => {
  await person('ada@example.com', ['viewer']);
  await person('bob@example.com', ['viewer']);
  const cookies: string[] = [];
  for (let n = 0; n < 21; n += 1) {
    fixture.clock.advance(1);
    cookies.push((await signIn('ada@example.com')).cookie);
  }
  assert.equal(await fixture.app.sessions.authenticate(cookies[0] ?? '', undefined), null);
  const ada = await fixture.app.sessions.authenticate(cookies[20] ?? '', undefined);
  assert.ok(ada !== null);
  const own = await fixture.app.sessions.list(ada, { limit: 100 });
  assert.equal(own.items.length, 20);
  assert.equal(own.items.filter(({ current }) => current).length, 1);
  const bob = (await signIn('bob@example.com')).caller;
  const first = own.items[0]?.id ?? '';
  assert.equal(
    (await fixture.app.sessions.list(bob, { limit: 100, holder: own.items[0]?.holder ?? '' })).items.length,
    1,
  );
  await assert.rejects(fixture.app.sessions.revoke(bob, first), { code: 'not_found' });
  await fixture.app.sessions.revoke(ada, first);
});

test('AK-09 a session says when it was last seen, and those that let nobody in any more are not shown', async () => {
  const { id } = await person('ada@example.com', ['viewer']);
  const { cookie, caller: ada } = await signIn('ada@example.com');
  const shown = async () => (await fixture.app.sessions.list(admin, { limit: 10, holder: `user:${id}` })).items;
  const openedAtMs = (await shown())[0]?.createdAtMs ?? 0;
  assert.equal((await shown())[0]?.lastSeenAtMs, openedAtMs);
  fixture.clock.advance(lastUsedStepMs);
  await fixture.app.sessions.authenticate(cookie, undefined);
  await settled();
  assert.equal((await shown())[0]?.lastSeenAtMs, openedAtMs + lastUsedStepMs);
  fixture.clock.advance(keyBelievedMs);
  await fixture.app.sessions.authenticate(cookie, undefined);
  await settled();
  assert.equal((await shown())[0]?.lastSeenAtMs, openedAtMs + lastUsedStepMs, 'written once in five minutes');
  await fixture.app.users.changePassword(ada, password, 'a quite different one');
  assert.deepEqual(await shown(), []);
});

test('AK-09 one ends the other sessions of oneself, and whoever manages people all of somebody who may not do more', async () => {
  const { id } = await person('ada@example.com', ['viewer']);
  const cookies = [await signIn('ada@example.com'), await signIn('ada@example.com'), await signIn('ada@example.com')];
  const live = async () => {
    const found = await Promise.all(cookies.map(({ cookie }) => fixture.app.sessions.authenticate(cookie, undefined)));
    return found.filter((each) => each !== null);
  };
  const [ada] = await live();
  assert.ok(ada !== undefined);
  assert.deepEqual(await fixture.app.sessions.revokeMany(ada), { ended: 2 });
  assert.deepEqual(
    (await live()).map(({ sessionId }) => sessionId),
    [ada.sessionId],
    'its own stays',
  );
  await person('bob@example.com', ['viewer']);
  const { caller: bob } = await signIn('bob@example.com');
  await assert.rejects(fixture.app.sessions.revokeMany(bob, `user:${id}`), { code: 'forbidden' });
  const small = callerIn('default', { scopes: new Set(['keys:write']) });
  await assert.rejects(fixture.app.sessions.revokeMany(small, `user:${id}`), { code: 'forbidden' }, 'may do more');
  assert.deepEqual(await fixture.app.sessions.revokeMany(admin, `user:${id}`), { ended: 1 });
  assert.deepEqual(await live(), []);
  const { items } = await fixture.storage.read.resources({ workspaceId: 'default', type: 'audit', limit: 20 });
  const ended = items.filter(({ state }) => state['action'] === 'session.revoked');
  assert.equal(ended.length, 3);
  assert.deepEqual(ended[0]?.state['before'], { holder: `user:${id}`, name: 'ada' });
});

test('AK-04 nobody makes, changes, ends or invites a user who may do more than himself, nor gives such a role', async () => {
  const small = callerIn('default', { scopes: new Set(['keys:write', 'keys:read', 'assets:read']) });
  const input = { name: 'x', email: 'x@example.com' };
  await assert.rejects(fixture.app.users.create(small, { ...input, roles: ['admin'] }), { code: 'forbidden' });
  await assert.rejects(fixture.app.users.create(caller, { ...input, roles: [], admin: true }), { code: 'forbidden' });
  await assert.rejects(fixture.app.roles.create(small, { id: 'big', name: 'b', scopes: ['secrets:reveal'] }), {
    code: 'forbidden',
  });
  const strong = await person('ada@example.com', ['super-user']);
  const acts = [
    () => fixture.app.users.update(small, strong.id, { name: 'y' }),
    () => fixture.app.users.remove(small, strong.id),
    () => fixture.app.users.issueLink(small, strong.id),
  ];
  for (const act of acts) await assert.rejects(act(), { code: 'forbidden' });
  const mine = await fixture.app.users.create(small, { ...input, roles: [] });
  await assert.rejects(fixture.app.users.update(small, mine.id, { roles: ['editor'] }), { code: 'forbidden' });
  await fixture.app.roles.create(admin, { id: 'big', name: 'b', scopes: ['secrets:reveal'] });
  await assert.rejects(fixture.app.roles.update(small, 'big', { scopes: [] }), { code: 'forbidden' });
  await assert.rejects(fixture.app.roles.update(admin, 'admin', { scopes: [] }), { code: 'forbidden' }, 'built in');
  await assert.rejects(fixture.app.users.create(admin, { ...input, email: 'q@x.test', roles: ['nope'] }), {
    code: 'invalid_request',
  });
});

test('the last admin of a workspace stays: not removed, not disabled, not without the role, by two at once neither', async () => {
  const ada = await person('ada@example.com', ['admin']);
  await fixture.app.users.create(admin, { name: 'Invited', email: 'i@example.com', roles: ['admin'] });
  const acts = [
    () => fixture.app.users.remove(admin, ada.id),
    () => fixture.app.users.update(admin, ada.id, { disabled: true }),
    () => fixture.app.users.update(admin, ada.id, { roles: ['viewer'] }),
  ];
  for (const act of acts) await assert.rejects(act(), { code: 'last_admin' });
  const bob = await person('bob@example.com', ['admin']);
  const other = await fixture.another();
  const both = await Promise.allSettled([
    fixture.app.users.remove(admin, ada.id),
    other.app.users.remove(admin, bob.id),
  ]);
  assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1, JSON.stringify(both));
});

test('an address is one user per workspace, and the same one may be a user of another', async () => {
  await fixture.app.workspaces.create(admin, { id: 'shop', name: 'Shop' });
  const inShop = { ...admin, workspaceId: 'shop' };
  await person('ada@example.com', ['viewer']);
  await assert.rejects(fixture.app.users.create(admin, { name: 'A', email: 'ADA@example.com', roles: [] }), {
    code: 'already_exists',
  });
  const { id } = await person('ada@example.com', ['editor'], inShop);
  await assert.rejects(fixture.app.users.get(admin, id), { code: 'not_found' });
  assert.equal((await signIn('ada@example.com')).caller.workspaceId, 'default');
  const named = await fixture.app.sessions.create({ email: 'ada@example.com', password, workspace: 'shop' });
  assert.equal(named?.caller.workspaceId, 'shop');
  await assert.rejects(fixture.app.users.create(inShop, { name: 'B', email: 'b@x.test', roles: [], admin: true }), {
    code: 'invalid_request',
  });
});

test('passwords: too short, too long, one’s own name or address are refused with what is wanted', async () => {
  const { link } = await fixture.app.users.create(admin, {
    name: 'Ada Lovelace',
    email: 'ada.lovelace@x.test',
    roles: [],
  });
  for (const bad of ['short', 'x'.repeat(1_025), 'ada.lovelace@x.test', 'ADA LOVELACE', 'abababababababab']) {
    await assert.rejects(
      fixture.app.users.redeemLink(tokenOf(link.url), bad),
      { code: 'invalid_request' },
      bad.slice(0, 30),
    );
  }
  // Composed in two ways, typed on two keyboards: one password.
  assert.notEqual(await fixture.app.users.redeemLink(tokenOf(link.url), 'Cafe\u0301 au lait, s’il vous plaît'), null);
  await signIn('ada.lovelace@x.test', 'Café au lait, s’il vous plaît');
});

test('users are found by address, role and state, in pages', async () => {
  for (const n of [1, 2, 3]) await person(`v${n}@x.test`, ['viewer']);
  await fixture.app.users.create(admin, { name: 'E', email: 'e@x.test', roles: ['editor'] });
  const emails = async (query: object): Promise<readonly string[]> =>
    (await fixture.app.users.list(admin, { limit: 10, ...query })).items.map(({ email }) => email);
  assert.deepEqual(await emails({ email: 'V2@x.test' }), ['v2@x.test']);
  assert.deepEqual(await emails({ role: 'editor' }), ['e@x.test']);
  assert.deepEqual(await emails({ state: 'invited' }), ['e@x.test']);
  const page = await fixture.app.users.list(admin, { limit: 3 });
  assert.ok(page.nextCursor !== null);
  assert.equal((await fixture.app.users.list(admin, { limit: 3, cursor: page.nextCursor })).items.length, 1);
});
