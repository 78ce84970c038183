/** Share links over a real store: who may make them, what they open, and how they end. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { until } from '../../test/support/until.ts';
import type { Caller } from './app.ts';
import type { ShareLinkInput, ShareLinkView, ShareVisit } from './share-cases.ts';
import { endedKeptMs } from './share-access.ts';
import { usesStepMs } from './share-uses.ts';
import { proofLifetimeMs } from './share-token.ts';
import { allChanges, caller, callerIn, createFixture, type Fixture } from './testing/app-fixture.ts';

let fixture: Fixture;
before(async () => {
  fixture = await createFixture();
});
after(() => fixture.stop());

async function upload(
  name: string,
  given: { readonly path?: string; readonly collections?: readonly string[] } = {},
  by = caller,
) {
  const file = { name, content: Readable.from([`content of ${name}`]) };
  const { body } = await fixture.app.assets.upload(by, { ...given, file });
  return body.id;
}

async function share(input: ShareLinkInput, by: Caller = caller): Promise<ShareLinkView> {
  return (await fixture.app.shareLinks.create(by, input)).body;
}

const tokenOf = ({ url }: ShareLinkView): string => url.slice(url.lastIndexOf('/') + 1);

async function open(link: ShareLinkView, credentials = {}): Promise<Extract<ShareVisit, { state: 'open' }>> {
  const visit = await fixture.app.shares.visit(tokenOf(link), credentials);
  assert.ok(visit.state === 'open');
  return visit;
}

async function read(
  link: ShareLinkView,
  file: { assetId?: string; name?: string } = {},
  credentials = {},
): Promise<string> {
  const { stream } = await fixture.app.shares.content(tokenOf(link), credentials, { ...file, wanted: () => undefined });
  return String(await buffer(stream));
}

test('a link of one asset opens its page and its file, and says nothing else of the workspace', async () => {
  const id = await upload('one.jpg');
  const link = await share({ assets: [id] });
  assert.match(link.url, /^http:\/\/127\.0\.0\.1:8484\/share\/[\w-]{44}$/);
  assert.deepEqual([link.name, link.hasPassword, link.expiresAtMs, link.allow], ['one.jpg', false, null, 'download']);
  const visit = await open(link);
  assert.equal(visit.single, true);
  assert.deepEqual(
    visit.assets.map(({ id: shown, name, files }) => [shown, name, files.map((file) => file.name)]),
    [[id, 'one.jpg', ['original']]],
  );
  assert.equal(await read(link), 'content of one.jpg');
  assert.equal(await read(link, { assetId: id, name: 'original' }), 'content of one.jpg');
  const other = await upload('other.jpg');
  await assert.rejects(read(link, { assetId: other }), { code: 'not_found' });
  await assert.rejects(read(link, { name: 'huge' }), { code: 'not_found' });
});

test('TN-12 no token but the very one opens it: not altered, not the id, not one of another key', async () => {
  const link = await share({ assets: [await upload('guess.jpg')] });
  const token = tokenOf(link);
  const flipped = `${token.slice(0, -2)}${token.at(-2) === 'A' ? 'B' : 'A'}${token.at(-1)}`;
  for (const wrong of [
    flipped,
    token.slice(1),
    `${token}A`,
    link.id,
    '',
    token.toLowerCase(),
    `${token.slice(0, 22)}${'A'.repeat(22)}`,
  ])
    await assert.rejects(fixture.app.shares.visit(wrong, {}), { code: 'not_found' }, wrong);
});

test('a folder and a collection are looked into when the link is opened, not when it is made', async () => {
  const inside = await upload('in.jpg', { path: '/share/deep', collections: ['Press'] });
  const byFolder = await share({ folder: '/share/' });
  const byCollection = await share({ collection: 'Press' });
  assert.deepEqual([byFolder.name, byFolder.folder, byCollection.name], ['share', '/share', 'Press']);
  const later = await upload('later.jpg', { path: '/share' });
  const ids = async (link: ShareLinkView) => (await open(link)).assets.map(({ id }) => id).sort();
  assert.deepEqual(await ids(byFolder), [inside, later].sort());
  assert.deepEqual(await ids(byCollection), [inside]);
  assert.equal(await read(byFolder, { assetId: later }), 'content of later.jpg');
  await assert.rejects(read(byFolder), { code: 'not_found' }, 'which one is not said');
  await fixture.app.assets.patch(caller, later, { path: '/elsewhere' });
  assert.deepEqual(await ids(byFolder), [inside]);
  await assert.rejects(read(byFolder, { assetId: later }), { code: 'not_found' });
});

test('a fixed version stays when another becomes active; an active one follows', async () => {
  const id = await upload('v.jpg');
  const [fixed, active] = [await share({ assets: [id], version: 'fixed' }), await share({ assets: [id] })];
  assert.deepEqual(fixed.versions, { [id]: 1 });
  await fixture.app.assets.addVersion(caller, id, { file: { name: 'v2.jpg', content: Readable.from(['second']) } });
  assert.deepEqual([await read(fixed), await read(active)], ['content of v.jpg', 'second']);
});

test('a preview never gives the original, by whatever name', async () => {
  const link = await share({ assets: [await upload('secret.jpg')], allow: 'preview' });
  assert.deepEqual((await open(link)).assets[0]?.files, []);
  for (const file of [{}, { name: 'original' }]) await assert.rejects(read(link, file), { code: 'not_found' });
  const only = { assets: [await upload('x.jpg')], allow: 'preview', renditions: ['original'] } as const;
  await assert.rejects(share(only), { code: 'invalid_request' });
});

test('AK-08 a password is asked for, kept as a hash only, and guesses are slowed down', async () => {
  const link = await share({ assets: [await upload('locked.jpg')], password: 'correct horse' });
  assert.equal(link.hasPassword, true);
  assert.deepEqual(await fixture.app.shares.visit(tokenOf(link), {}), { state: 'locked' });
  await assert.rejects(read(link), { code: 'share_locked' });
  const unlocked = await fixture.app.shares.unlock(tokenOf(link), 'correct horse');
  assert.equal(await read(link, {}, { proof: unlocked?.proof }), 'content of locked.jpg');
  assert.equal(await read(link, {}, { password: 'correct horse' }), 'content of locked.jpg');
  const all = JSON.stringify(
    await fixture.storage.read.resources({ workspaceId: 'default', type: 'share_access', limit: 100 }),
  );
  assert.doesNotMatch(all, /correct horse/);
  assert.match(all, /scrypt\$/);
  const other = await share({ assets: [await upload('locked-too.jpg')], password: 'correct horse' });
  assert.equal(
    (await fixture.app.shares.visit(tokenOf(other), unlocked ?? {})).state,
    'locked',
    'a proof is of one link',
  );
  for (let guess = 0; guess < 10; guess += 1)
    assert.equal(await fixture.app.shares.unlock(tokenOf(link), `guess ${guess}`), null);
  await assert.rejects(fixture.app.shares.unlock(tokenOf(link), 'correct horse'), { code: 'too_many_requests' });
  assert.equal(await read(link, {}, { proof: unlocked?.proof }), 'content of locked.jpg', 'who is in, stays in');
  fixture.clock.advance(60_000);
  assert.notEqual(await fixture.app.shares.unlock(tokenOf(link), 'correct horse'), null);
});

test('a proof ends with its time and with the password it was given for', async () => {
  const link = await share({ assets: [await upload('proof.jpg')], password: 'first password' });
  const proof = async (password: string) => (await fixture.app.shares.unlock(tokenOf(link), password))?.proof ?? '';
  const first = await proof('first password');
  await fixture.app.shareLinks.update(caller, link.id, { password: 'second password' });
  assert.equal((await fixture.app.shares.visit(tokenOf(link), { proof: first })).state, 'locked');
  const second = await proof('second password');
  const longer = second.replace(/^\d+/, (time) => String(Number(time) + 1));
  assert.equal((await fixture.app.shares.visit(tokenOf(link), { proof: longer })).state, 'locked');
  assert.equal((await fixture.app.shares.visit(tokenOf(link), { proof: second })).state, 'open');
  fixture.clock.advance(proofLifetimeMs);
  assert.equal((await fixture.app.shares.visit(tokenOf(link), { proof: second })).state, 'locked');
  const open = await fixture.app.shareLinks.update(caller, link.id, { password: null });
  assert.equal(open.hasPassword, false);
  assert.equal((await fixture.app.shares.visit(tokenOf(link), {})).state, 'open');
});

const changesOf = async (id: string, workspaceId = 'default') =>
  (await allChanges(fixture, workspaceId)).filter(({ subject }) => subject.id === id);

test('LG-01 webhooks are told of making and end, with neither URL nor password', async () => {
  const link = await share({ assets: [await upload('told.jpg')], password: 'not to be told' });
  await fixture.app.shareLinks.remove(caller, link.id);
  const [created, removed, ...more] = await changesOf(link.id);
  assert.deepEqual([created?.kind, removed?.kind, more], ['share_link.created', 'share_link.removed', []]);
  assert.deepEqual([created?.before, removed?.after, removed?.subjectVersion], [null, null, 2]);
  assert.deepEqual(created?.after, removed?.before);
  const audit = await fixture.app.operation.audit(caller, { limit: 50, target: `share_link:${link.id}` });
  assert.deepEqual(audit.items.map(({ action }) => action).sort(), ['share_link.created', 'share_link.revoked']);
  const told = JSON.stringify([created, removed, audit.items]);
  for (const secret of [tokenOf(link), 'not to be told', 'scrypt']) assert.ok(!told.includes(secret), secret);
});

test('who revokes a link shuts it at once: it answers 410 for a while, then 404', async () => {
  const link = await share({ assets: [await upload('revoked.jpg')] });
  await fixture.app.shareLinks.remove(caller, link.id);
  await assert.rejects(open(link), { code: 'gone' });
  await assert.rejects(read(link), { code: 'gone' });
  await assert.rejects(fixture.app.shareLinks.get(caller, link.id), { code: 'gone' });
  fixture.clock.advance(endedKeptMs);
  await fixture.doDuties();
  await assert.rejects(fixture.app.shareLinks.get(caller, link.id), { code: 'not_found' });
  await assert.rejects(open(link), { code: 'not_found' });
});

test('an expiry shuts the link in its moment and ends it once, whoever does the duty and however often', async () => {
  const hour = 3_600_000;
  const link = await share({ assets: [await upload('expires.jpg')], expiresAtMs: fixture.clock.nowMs() + hour });
  const longer = fixture.clock.nowMs() + 3 * hour;
  await fixture.app.shareLinks.update(caller, link.id, { expiresAtMs: longer });
  fixture.clock.advance(hour);
  await fixture.doDuties();
  assert.equal((await open(link)).expiresAtMs, longer, 'it was prolonged');
  fixture.clock.advance(2 * hour);
  await assert.rejects(open(link), { code: 'gone' }, 'before any duty ran');
  const [duty] = (await fixture.pendingDuties()).filter(({ kind }) => kind === 'share_link');
  assert.ok(duty !== undefined);
  const another = await fixture.another();
  await Promise.all([fixture.doDuty(duty), another.doDuty(duty), fixture.doDuty(duty)]);
  await fixture.doDuties();
  const removals = (await changesOf(link.id)).filter(({ kind }) => kind === 'share_link.removed');
  assert.deepEqual(
    removals.map(({ actor }) => actor.type),
    ['system'],
  );
  await assert.rejects(open(link), { code: 'gone' });
  await assert.rejects(share({ assets: [await upload('past.jpg')], expiresAtMs: fixture.clock.nowMs() }), {
    code: 'invalid_request',
  });
});

test('TN-12 a deleted asset is not behind any link from that moment', async () => {
  const [one, two] = [await upload('d1.jpg'), await upload('d2.jpg')];
  const [single, both] = [await share({ assets: [one] }), await share({ assets: [one, two] })];
  assert.equal(both.name, '2 files');
  await fixture.app.assets.remove(caller, one);
  await assert.rejects(open(single), { code: 'gone' });
  await assert.rejects(read(both, { assetId: one }), { code: 'gone' });
  assert.deepEqual(
    (await open(both)).assets.map(({ id }) => id),
    [two],
  );
});

test('TN-12 an asset that has expired, or is not published yet, is given out by no link', async () => {
  const id = await upload('dated.jpg');
  const link = await share({ assets: [id] });
  const payload = fixture.links('default', 'standard').content(id);
  const linked = () => fixture.app.assets.linked(payload.slice(payload.lastIndexOf('/') + 1));
  const inAnHour = fixture.clock.nowMs() + 3_600_000;
  await fixture.app.assets.patch(caller, id, { publishAtMs: inAnHour });
  await assert.rejects(open(link), { code: 'not_ready' });
  await fixture.app.assets.patch(caller, id, { publishAtMs: null, expiresAtMs: inAnHour });
  assert.equal(await read(link), 'content of dated.jpg');
  assert.equal((await linked()).bytes, 'content of dated.jpg'.length);
  fixture.clock.advance(3_600_000);
  for (const fetch_ of [() => open(link), () => read(link), linked]) await assert.rejects(fetch_(), { code: 'gone' });
});

test('uses are counted per link, written together, and survive that the link changes meanwhile', async () => {
  const link = await share({ assets: [await upload('used.jpg')] });
  await open(link);
  await open(link);
  fixture.app.shares.downloaded(tokenOf(link));
  assert.deepEqual((await fixture.app.shareLinks.get(caller, link.id)).uses.views, 0);
  await fixture.app.shareLinks.update(caller, link.id, { password: 'a password now' });
  fixture.clock.advance(usesStepMs);
  await until(async () => (await fixture.app.shareLinks.get(caller, link.id)).uses.views > 0, 'the uses are written');
  const { uses } = await fixture.app.shareLinks.get(caller, link.id);
  assert.deepEqual([uses.views, uses.downloads], [2, 1]);
  assert.ok(uses.lastUsedAtMs !== null);
});

test('who holds a grant shares what it covers, and sees only his own links', async () => {
  const mine = await upload('granted.jpg', { path: '/granted' });
  await upload('deeper.jpg', { path: '/granted/deeper' });
  const others = await upload('not-granted.jpg', { path: '/others' });
  const someone = callerIn('default', {
    actor: { type: 'user', id: 'usr_granted' },
    scopes: new Set(),
    grants: [{ resource: { type: 'folder', path: '/granted' }, scopes: ['assets:read', 'assets:write'] }],
  });
  const reader = callerIn('default', {
    scopes: new Set(),
    grants: [{ resource: { type: 'folder', path: '/granted' }, scopes: ['assets:read'] }],
  });
  const link = await share({ assets: [mine] }, someone);
  await share({ folder: '/granted/deeper' }, someone);
  const inside = { grants: [...(someone.grants ?? [])] };
  assert.equal(inside.grants.length, 1);
  for (const input of [
    { assets: [others] },
    { assets: [mine, others] },
    { folder: '/' },
    { folder: '/grant' },
    { collection: 'Press' },
  ])
    await assert.rejects(share(input, someone), /not_found|invalid_request|Find|Check/, JSON.stringify(input));
  await assert.rejects(share({ assets: [mine] }, reader), { code: 'invalid_request' });
  const foreign = await share({ assets: [others] });
  for (const call of [
    () => fixture.app.shareLinks.get(someone, foreign.id),
    () => fixture.app.shareLinks.update(someone, foreign.id, { name: 'mine' }),
    () => fixture.app.shareLinks.remove(someone, foreign.id),
  ])
    await assert.rejects(call(), { code: 'not_found' });
  const seen = await fixture.app.shareLinks.list(someone, { limit: 100 });
  assert.deepEqual(
    seen.items.map(({ createdBy }) => createdBy),
    ['usr_granted', 'usr_granted'],
  );
  const ofAsset = await fixture.app.shareLinks.list(caller, { limit: 100, asset: mine });
  assert.deepEqual(
    ofAsset.items.map(({ id }) => id),
    [link.id],
  );
});

test('TN-01 links of another workspace are not found, and one of an erased or disabled workspace opens nothing', async () => {
  const foreign = callerIn('other');
  const theirs = await upload('theirs.jpg', {}, foreign);
  await assert.rejects(share({ assets: [theirs] }), { code: 'invalid_request' });
  const link = await share({ assets: [theirs] }, foreign);
  await assert.rejects(fixture.app.shareLinks.get(caller, link.id), { code: 'not_found' });
  assert.equal(await read(link), 'content of theirs.jpg');
  const [row] = await fixture.storage.resources([{ workspaceId: 'other', type: 'workspace', id: 'other' }]);
  const disabled = { name: 'other', disabledAtMs: 1 };
  await fixture.storage.commit([
    {
      workspaceId: 'other',
      atMs: 1,
      resources: [{ type: 'workspace', id: 'other', expectedVersion: row?.version ?? 0, state: disabled }],
    },
  ]);
  await assert.rejects(open(link), { code: 'not_found' });
});

test('ID-01 a repeated request makes one link and answers its URL again, without the store having kept either secret', async () => {
  const input = { assets: [await upload('idem.jpg')], password: 'kept nowhere' };
  const idempotency = { key: 'share-1', fingerprint: 'of route and body' };
  const first = await fixture.app.shareLinks.create(caller, input, idempotency);
  const again = await fixture.app.shareLinks.create(caller, input, idempotency);
  assert.deepEqual([again.replayed, again.body.id, again.body.url], [true, first.body.id, first.body.url]);
  const row = await fixture.storage.idempotency('default', 'share-1');
  assert.ok(
    row !== null && row.fingerprint !== idempotency.fingerprint,
    'a hash of the password cannot be tried against it',
  );
  assert.ok(!JSON.stringify(row).includes(tokenOf(first.body)));
});

test('a share link that a DAM reports is told of and nothing more: no token opens it', async () => {
  const id = fixture.deps.ids.next('shareLink');
  const { body } = await fixture.app.changes.report(caller, [
    { kind: 'share_link.created', subject: { type: 'share_link', externalId: 'theirs-1' }, after: { name: 'Theirs' } },
  ]);
  assert.equal(body.results[0]?.status, 'applied');
  await assert.rejects(fixture.app.shareLinks.get(caller, id), { code: 'not_found' });
  const listed = await fixture.app.shareLinks.list(caller, { limit: 1_000 });
  assert.ok(listed.items.every(({ name }) => name !== 'Theirs'));
});

test('what is shared must be there: a folder, a collection or a rendition of another name is told at once', async () => {
  await upload('placed.jpg', { path: '/press/2026', collections: ['spring'] });
  const refused = async (input: ShareLinkInput): Promise<unknown> => {
    try {
      await share(input);
      return null;
    } catch (error) {
      return (error as { problems?: readonly { at: string; found: string }[] }).problems?.map(({ at, found }) => [
        at,
        found,
      ]);
    }
  };
  assert.deepEqual(await refused({ folder: '/pres' }), [['/folder', '/pres']]);
  assert.deepEqual(await refused({ collection: 'sprung' }), [['/collection', 'sprung']]);
  const id = await upload('with sizes.jpg');
  assert.deepEqual(await refused({ assets: [id], renditions: ['original', 'lage'] }), [['/renditions/1', 'lage']]);
  for (const input of [
    { folder: '/' },
    { folder: '/press' },
    { folder: '/press/2026/' },
    { collection: 'spring' },
    { assets: [id], renditions: ['original', 'large'] },
  ])
    assert.equal(await refused(input), null, JSON.stringify(input));
});

test('an ended link is listed as what it was, says so where it is asked for, and is never prolonged', async () => {
  const id = await upload('ended.jpg');
  const { shareLinks } = fixture.app;
  const expiring = await share({ assets: [id], expiresAtMs: fixture.clock.nowMs() + 1_000, name: 'short' });
  const revoked = await share({ assets: [id], name: 'taken back', password: 'a long enough secret' });
  fixture.clock.advance(2_000);
  await fixture.doDuties();
  await shareLinks.remove(caller, revoked.id);
  const list = async (state: 'active' | 'expired' | 'revoked') =>
    (await shareLinks.list(caller, { limit: 10, asset: id, state })).items;
  assert.deepEqual(await list('active'), []);
  const [expiredView] = await list('expired');
  const [revokedView] = await list('revoked');
  assert.deepEqual(
    [expiredView, revokedView].map((one) => [one?.id, one?.name, one?.state, one?.createdBy, one?.endedAtMs]),
    [
      [expiring.id, 'short', 'expired', caller.actor.id, fixture.clock.nowMs()],
      [revoked.id, 'taken back', 'revoked', caller.actor.id, fixture.clock.nowMs()],
    ],
  );
  assert.ok(!JSON.stringify(revokedView).includes('scrypt'), 'no hash of a password is shown');
  const expiresAtMs = fixture.clock.nowMs() + 60_000;
  for (const call of [
    () => shareLinks.update(caller, expiring.id, { expiresAtMs }),
    () => shareLinks.get(caller, expiring.id),
    () => shareLinks.remove(caller, revoked.id),
  ])
    await assert.rejects(call, { code: 'gone' });
  await assert.rejects(shareLinks.get(callerIn('elsewhere'), expiring.id), { code: 'not_found' });
});
