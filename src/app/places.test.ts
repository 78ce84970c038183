import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import type { ReportedChange } from './app.ts';
import { caller, createFixture, type Fixture } from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture({ soleWriter: true });
});
afterEach(() => fixture.stop());

const upload = async (path: string) => {
  const file = { name: 'a.jpg', content: Readable.from([Buffer.from('x')]) };
  return (await fixture.app.assets.upload(caller, { path, file })).body;
};
const at = (path: string) => fixture.app.folders.get(caller, `path:${path}`);
const reported = async (path: string, count: number) => {
  const changes = Array.from(
    { length: count },
    (_, n): ReportedChange => ({
      kind: 'asset.created',
      subject: { type: 'asset', externalId: `${path}#${n}` },
      after: { name: 'x.jpg', path },
    }),
  );
  await fixture.app.changes.report(caller, changes);
};

test('Whichever way an asset comes, moves or goes, its folder and collections are right: push, batch, copy, trash, restore', async () => {
  const { app } = fixture;
  await app.assets.push(caller, 'external:p', { path: '/in/push', collections: ['c'] });
  await app.assets.push(caller, 'external:p', { path: '/in/pushed', collections: ['d'] });
  const { id } = await upload('/in/up');
  await app.assets.copy(caller, id, { path: '/in/copy' });
  await app.assets.remove(caller, id);
  assert.deepEqual((await at('/in/up')).counts, { assets: 0, folders: 0 });
  await app.trash.restore(caller, id, {});
  await reported('/in/batch', 3);
  await app.changes.report(caller, [
    { kind: 'asset.deleted', subject: { type: 'asset', externalId: '/in/batch#0' } },
    { kind: 'asset.moved', subject: { type: 'asset', externalId: '/in/batch#1' }, after: { path: '/in/up' } },
  ]);
  const counts = await Promise.all(
    ['push', 'pushed', 'up', 'copy', 'batch'].map(async (name) => (await at(`/in/${name}`)).counts?.assets),
  );
  assert.deepEqual(counts, [0, 1, 2, 1, 1]);
  const members = (key: string) =>
    fixture.storage.read.countResources({
      workspaceId: 'default',
      type: 'asset_place',
      idPrefix: `c:${key}\n`,
      max: 9,
    });
  assert.deepEqual([await members('c'), await members('d')], [0, 1]);
  await app.assets.remove(caller, 'external:p', { permanently: true });
  const places = await fixture.storage.read.resources({ workspaceId: 'default', type: 'asset_place', limit: 99 });
  const assets = await app.assets.list(caller, { limit: 99 });
  assert.equal(places.items.length, assets.items.length, 'one row for each asset and none beside');
});
