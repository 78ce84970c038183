import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import type { AssetwireError } from '../core/errors.ts';
import {
  allChanges,
  allDeliveries,
  caller,
  callerIn,
  createFixture,
  type Fixture,
  report,
  webhookInput,
} from './testing/app-fixture.ts';

const dayMs = 24 * 3_600_000;

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture({ soleWriter: true });
});
afterEach(() => fixture.stop());

const upload = async (given: object = {}, text = 'x') => {
  const file = { name: 'a.jpg', content: Readable.from([Buffer.from(text)]) };
  const { body } = await fixture.app.assets.upload(caller, { ...given, file });
  return body;
};
const code = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'none';
  } catch (error) {
    return (error as AssetwireError).code;
  }
};
const timers = async () => {
  const { duties } = await fixture.storage.duties({ nowMs: Number.MAX_SAFE_INTEGER, limit: 100 });
  return duties.filter(({ kind }) => kind === 'timer').length;
};
const kinds = async () => (await allChanges(fixture)).map(({ kind }) => kind);
const blobThere = async (blob: string | undefined) => (await fixture.deps.blobs.stat('default', blob ?? '')) !== null;

test('A deleted asset is told as deleted once, is gone everywhere, and lies in the trash with its bytes', async () => {
  await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.deleted', 'asset.rescued'] }));
  const { id, state } = await upload({ externalId: 'h', path: '/a', aliases: { bynder: 'B1' } });
  const { status } = await fixture.app.assets.remove(caller, 'external:h');
  assert.equal(status, 204);
  assert.deepEqual(
    (await allDeliveries(fixture)).map(({ event }) => event),
    ['asset.deleted'],
  );
  const deleted = (await allChanges(fixture)).at(-1);
  assert.deepEqual([deleted?.kind, deleted?.after, deleted?.before], ['asset.deleted', null, state]);
  assert.equal(await code(fixture.app.assets.get(caller, id)), 'gone');
  assert.equal(await code(fixture.app.assets.patch(caller, id, { name: 'b.jpg' })), 'gone');
  assert.equal(await code(fixture.app.assets.remove(caller, id)), 'gone', 'a repeated DELETE destroys nothing');
  assert.equal(await code(fixture.app.assets.get(caller, 'external:h')), 'not_found');
  assert.equal(await code(fixture.app.assets.get(caller, 'alias:bynder:B1')), 'not_found');
  assert.deepEqual((await fixture.app.assets.list(caller, { limit: 9 })).items, []);
  await fixture.doDuties();
  assert.ok(await blobThere(state.file?.blob));
  const { items } = await fixture.app.trash.list(caller, { limit: 9 });
  assert.deepEqual(items, [
    {
      id,
      externalId: 'h',
      version: deleted?.subjectVersion,
      trashedAtMs: fixture.clock.nowMs(),
      deleteAtMs: fixture.clock.nowMs() + 30 * dayMs,
      trashedBy: caller.actor,
      bytes: 1,
      state,
    },
  ]);
  assert.deepEqual(await fixture.app.trash.usage(caller), { assets: 1, bytes: 1, complete: true });
});

test('Brought back it is the same asset: id, external id, aliases, versions, and a version that goes on rising', async () => {
  const { id, createdAtMs } = await upload({ externalId: 'h', aliases: { bynder: 'B1' } });
  await fixture.doDuties();
  const before = await fixture.app.assets.get(caller, id);
  await fixture.app.assets.remove(caller, id);
  fixture.clock.advance(5 * dayMs);
  const { body, status } = await fixture.app.trash.restore(caller, id, {});
  assert.equal(status, 200);
  assert.deepEqual(body, {
    ...before,
    version: before.version + 2,
    updatedAtMs: fixture.clock.nowMs(),
    state: { ...before.state, modifiedAtMs: fixture.clock.nowMs() },
  });
  assert.equal(body.createdAtMs, createdAtMs);
  assert.deepEqual(await fixture.app.assets.get(caller, 'external:h'), body);
  assert.deepEqual(await fixture.app.assets.get(caller, 'alias:bynder:B1'), body);
  const all = await allChanges(fixture);
  const rescued = all.at(-1);
  assert.deepEqual(
    [rescued?.kind, rescued?.before, rescued?.after, rescued?.subjectVersion],
    ['asset.rescued', null, body.state, body.version],
  );
  const versions = all.map(({ subjectVersion }) => subjectVersion);
  assert.deepEqual(
    versions,
    [...versions].sort((a, b) => a - b),
  );
  assert.deepEqual((await fixture.app.trash.list(caller, { limit: 9 })).items, []);
  assert.equal(await timers(), 0, 'its timer was withdrawn');
  const patched = await fixture.app.assets.patch(caller, id, { tags: ['x'] });
  assert.equal(patched.body.version, body.version + 1);
  const [row] = await fixture.storage.resources([{ workspaceId: 'default', type: 'asset', id }]);
  assert.equal(row?.version, patched.body.version, 'the store and the answer are of one mind');
  fixture.clock.advance(60 * dayMs);
  await fixture.doDuties();
  assert.ok(await blobThere(body.state.file?.blob));
  assert.equal(await code(fixture.app.trash.restore(caller, id, {})), 'not_found');
});

test('After the grace its timer deletes it for good, bytes and all, and nobody is told again', async () => {
  const { id, state } = await upload();
  await fixture.doDuties();
  await fixture.app.assets.remove(caller, id);
  const told = await kinds();
  fixture.clock.advance(30 * dayMs - 1);
  await fixture.doDuties();
  assert.ok(await blobThere(state.file?.blob));
  fixture.clock.advance(1);
  await fixture.doDuties();
  assert.equal(await blobThere(state.file?.blob), false);
  assert.deepEqual(await kinds(), told);
  assert.equal(await code(fixture.app.trash.get(caller, id)), 'not_found');
  assert.equal(await code(fixture.app.assets.get(caller, id)), 'gone');
  const { items } = await fixture.storage.read.resources({ workspaceId: 'default', type: 'blob_use', limit: 9 });
  assert.deepEqual(items, []);
});

test('Bytes that another asset holds stay when one of them is deleted for good', async () => {
  const [one, other] = [await upload(), await upload()];
  await fixture.app.assets.remove(caller, one.id);
  await fixture.app.assets.remove(caller, one.id, { permanently: true });
  await fixture.doDuties();
  assert.ok(await blobThere(other.state.file?.blob));
  await fixture.app.assets.remove(caller, other.id, { permanently: true });
  await fixture.doDuties();
  assert.equal(await blobThere(other.state.file?.blob), false);
});

test('Permanently goes past the trash, and out of it; without a grace every deletion does', async () => {
  const [one, two, three] = [await upload({}, '1'), await upload({}, '2'), await upload({}, '3')];
  await fixture.app.assets.remove(caller, one.id, { permanently: true });
  await fixture.app.assets.remove(caller, two.id);
  assert.equal(await timers(), 1);
  await fixture.app.assets.remove(caller, two.id, { permanently: true });
  assert.equal(await timers(), 0);
  assert.equal(await code(fixture.app.assets.remove(caller, two.id, { permanently: true })), 'gone');
  await fixture.app.settings.update(caller, { trashDays: 0 });
  await fixture.app.assets.remove(caller, three.id);
  assert.deepEqual((await fixture.app.trash.list(caller, { limit: 9 })).items, []);
  await fixture.doDuties();
  for (const { state } of [one, two, three]) assert.equal(await blobThere(state.file?.blob), false);
  assert.equal((await kinds()).filter((kind) => kind === 'asset.deleted').length, 3);
});

test('A pushed state of what lies in the trash is a new asset; then the old one comes back without its external id', async () => {
  const { id } = await upload({ externalId: 'h', aliases: { bynder: 'B1' } });
  await fixture.app.assets.remove(caller, id);
  const pushed = await fixture.app.assets.push(caller, 'external:h', { name: 'again.jpg' });
  assert.equal(pushed.body.result, 'created');
  assert.notEqual(pushed.body.id, id);
  await assert.rejects(fixture.app.trash.restore(caller, id, {}), (error: AssetwireError) => {
    assert.equal(error.code, 'already_exists');
    assert.match(error.message, new RegExp(pushed.body.id));
    return true;
  });
  await fixture.app.assets.patch(caller, pushed.body.id, { aliases: { bynder: 'B1' } });
  await assert.rejects(fixture.app.trash.restore(caller, id, { externalId: null }), { code: 'alias_taken' });
  const { body } = await fixture.app.trash.restore(caller, id, {
    externalId: 'h2',
    aliases: { bynder: null },
    path: '/back/',
  });
  assert.deepEqual([body.id, body.externalId, body.state.path, body.state.aliases], [id, 'h2', '/back', {}]);
  assert.equal((await fixture.app.assets.get(caller, 'external:h')).id, pushed.body.id);
});

test('Emptied, the trash lets go of all that lies there, in steps, and of nothing that comes later', async () => {
  const assets = await Promise.all(Array.from({ length: 130 }, (_, n) => upload({}, `file ${n % 7}`)));
  await Promise.all(assets.map(({ id }) => fixture.app.assets.remove(caller, id)));
  const { status } = await fixture.app.trash.empty(caller);
  assert.equal(status, 202);
  fixture.clock.advance(1_000);
  const late = await upload({}, 'late');
  await fixture.app.assets.remove(caller, late.id);
  await fixture.doDuties();
  const left = (await fixture.app.trash.list(caller, { limit: 200 })).items.map(({ id }) => id);
  assert.deepEqual(left, [late.id]);
  for (const { state } of assets) assert.equal(await blobThere(state.file?.blob), false);
  const { items } = await fixture.app.operation.audit(caller, { limit: 9, action: 'trash.emptied' });
  assert.equal(items.length, 1);
});

test('The trash is its workspace’s own, in order of deletion, and found by name and external id', async () => {
  const other = callerIn('other');
  const first = await upload({ name: 'Harbour.jpg', externalId: 'one' });
  const second = await upload({ name: 'wine.jpg' });
  await fixture.app.assets.remove(caller, second.id);
  fixture.clock.advance(10);
  await fixture.app.assets.remove(caller, first.id);
  const list = async (query: object) =>
    (await fixture.app.trash.list(caller, { limit: 9, ...query })).items.map(({ id }) => id);
  assert.deepEqual(await list({}), [first.id, second.id]);
  assert.deepEqual(await list({ order: 'oldest' }), [second.id, first.id]);
  assert.deepEqual(await list({ nameContains: 'harb' }), [first.id]);
  assert.deepEqual(await list({ externalId: 'one' }), [first.id]);
  assert.deepEqual(await list({ trashedFromMs: fixture.clock.nowMs() }), [first.id]);
  assert.deepEqual((await fixture.app.trash.list(other, { limit: 9 })).items, []);
  assert.equal(await code(fixture.app.trash.get(other, first.id)), 'not_found');
  assert.equal(await code(fixture.app.trash.restore(other, first.id, {})), 'not_found');
  assert.equal(await code(fixture.app.trash.remove(other, first.id)), 'not_found');
});

test('Of many who bring it back at once one does, and the others are told that it is not there', async () => {
  const { id } = await upload();
  await fixture.app.assets.remove(caller, id);
  const codes = await Promise.all([1, 2, 3, 4].map(() => code(fixture.app.trash.restore(caller, id, {}))));
  assert.deepEqual(codes.sort(), ['none', 'not_found', 'not_found', 'not_found']);
  assert.equal((await kinds()).filter((kind) => kind === 'asset.rescued').length, 1);
});

test('What another DAM reports as deleted is deleted for good: its own trash is there', async () => {
  const subject = { type: 'asset', externalId: 'r' } as const;
  await report(fixture, { kind: 'asset.created', subject, after: { name: 'r.jpg' } });
  await report(fixture, { kind: 'asset.deleted', subject });
  assert.deepEqual((await fixture.app.trash.list(caller, { limit: 9 })).items, []);
});

test('A deletion with an idempotency key is answered again', async () => {
  const { id } = await upload();
  const idempotency = { key: 'k', fingerprint: 'f' };
  assert.equal((await fixture.app.assets.remove(caller, id, { idempotency })).replayed, undefined);
  assert.equal((await fixture.app.assets.remove(caller, id, { idempotency })).replayed, true);
});

test('Deleted for good while it is being brought back, it does not come back without its bytes', async () => {
  let meanwhile: (() => Promise<unknown>) | null = null;
  const one = await createFixture({
    wrap: (storage) => ({
      ...storage,
      async commit(items) {
        const first = meanwhile;
        meanwhile = null;
        if (first !== null) await first();
        return storage.commit(items);
      },
    }),
  });
  try {
    const other = await one.another();
    const file = { name: 'a.txt', content: Readable.from([Buffer.from('x')]) };
    const { body } = await one.app.assets.upload(caller, { file });
    await one.app.assets.remove(caller, body.id);
    // The row has been read, and goes before the commit that rests on it.
    meanwhile = () => other.app.trash.remove(caller, body.id);
    assert.equal(await code(one.app.trash.restore(caller, body.id, {})), 'not_found');
    assert.equal(await code(one.app.assets.get(caller, body.id)), 'gone');
  } finally {
    await one.stop();
  }
});

test('Read while it is deleted or brought back, an asset is there or gone, and never unknown', async () => {
  let between: (() => Promise<unknown>) | null = null;
  const own = await createFixture({
    soleWriter: true,
    // Something happens after a call has missed the asset, and before anybody asks why.
    wrap: (storage) => ({
      ...storage,
      async findByAlias(type, ...rest) {
        const meanwhile = type === 'trashed_asset' ? between : null;
        if (meanwhile !== null) between = null;
        await meanwhile?.();
        return storage.findByAlias(type, ...rest);
      },
    }),
  });
  try {
    const { assets, trash } = own.app;
    const file = () => ({ name: 'a.jpg', content: Readable.from([Buffer.from('x')]) });
    const { id } = (await assets.upload(caller, { file: file() })).body;
    await assets.remove(caller, id);
    assert.equal(await code(assets.rendition(caller, { reference: id, title: 'small' })), 'gone', 'renditions, too');
    const calls: readonly (readonly [string, () => Promise<unknown>, string])[] = [
      ['read', () => assets.get(caller, id), 'none'],
      ['written', () => assets.patch(caller, id, { tags: ['a'] }), 'none'],
      ['a version that never was', () => assets.version(caller, { reference: id, number: 9 }), 'not_found'],
      ['an upload is not read twice', () => assets.addVersion(caller, id, { file: file() }), 'conflict'],
    ];
    for (const [what, call, expected] of calls) {
      between = () => trash.restore(caller, id, {});
      assert.equal(await code(call()), expected, what);
      assert.equal(between, null, `${what}: it was missed first`);
      await assets.remove(caller, id);
    }
    between = () => trash.remove(caller, id);
    assert.equal(await code(assets.get(caller, id)), 'gone', 'deleted for good meanwhile');
  } finally {
    await own.stop();
  }
});
