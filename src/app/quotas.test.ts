import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { caller, createFixture, type Fixture } from './testing/app-fixture.ts';

const admin = { ...caller, admin: true };

async function upload({ app }: Fixture, content: string, more: object = {}): Promise<string> {
  const file = { name: 'note.txt', content: Readable.from([Buffer.from(content)]) };
  const { body } = await app.assets.upload(caller, { file, ...more });
  return body.id;
}

const exceeded = (error: unknown): boolean => error instanceof AssetwireError && error.code === 'quota_exceeded';
const usage = async ({ app }: Fixture): Promise<unknown> => (await app.workspaces.get(admin, 'default')).usage;

async function withQuota(
  quota: { readonly bytesMax?: number | null; readonly filesMax?: number | null },
  run: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  const fixture = await createFixture();
  try {
    await fixture.app.start();
    await fixture.app.workspaces.update(admin, 'default', { quota });
    await run(fixture);
  } finally {
    await fixture.stop();
  }
}

test('UP-18 beyond its quota a workspace takes no file; what is deleted for good makes room again', async () => {
  await withQuota({ bytesMax: 10 }, async (fixture) => {
    const first = await upload(fixture, 'six by');
    await assert.rejects(upload(fixture, 'five!'), exceeded);
    const second = await upload(fixture, 'four');
    assert.deepEqual(await usage(fixture), { files: 2, bytes: 10 });
    await assert.rejects(upload(fixture, 'x'), exceeded);
    const version = { file: { name: 'note.txt', content: Readable.from([Buffer.from('y')]) } };
    await assert.rejects(fixture.app.assets.addVersion(caller, first, version), exceeded);
    await assert.rejects(fixture.app.assets.copy(caller, second, {}), exceeded);
    // What it says of itself still changes, and is told.
    await fixture.app.assets.patch(caller, first, { tags: ['full'] });
    // The trash counts.
    await fixture.app.assets.remove(caller, first);
    assert.deepEqual(await usage(fixture), { files: 2, bytes: 10 });
    await assert.rejects(upload(fixture, 'five!'), exceeded);
    await fixture.app.trash.restore(caller, first, {});
    assert.deepEqual(await usage(fixture), { files: 2, bytes: 10 }, 'nothing counts twice for having been there');
    await fixture.app.assets.remove(caller, first, { permanently: true });
    assert.deepEqual(await usage(fixture), { files: 1, bytes: 4 });
    await upload(fixture, 'five!');
    await fixture.app.workspaces.update(admin, 'default', { quota: { bytesMax: null } });
    await upload(fixture, 'as much as you like');
  });
});

test('UP-18 equal content counts for each asset that holds it, so that nobody learns what lies here', async () => {
  await withQuota({ bytesMax: 8 }, async (fixture) => {
    await upload(fixture, 'same');
    await upload(fixture, 'same');
    assert.deepEqual(await usage(fixture), { files: 2, bytes: 8 });
    await assert.rejects(upload(fixture, 'same'), exceeded);
    assert.deepEqual((await fixture.app.stats.workspace(caller, { fromMs: 0, toMs: 60_000, bucketMs: 60_000 })).files, {
      ...{ files: 2, bytes: 8 },
      ...{ bytesMax: 8, filesMax: null },
    });
  });
});

test('UP-18 many tiny files are bounded by their number', async () => {
  await withQuota({ filesMax: 3 }, async (fixture) => {
    for (const content of ['a', 'b', 'c']) await upload(fixture, content);
    await assert.rejects(upload(fixture, 'd'), exceeded);
    await assert.rejects(upload(fixture, ''), exceeded, 'an empty one too');
  });
});

test('UP-18 fifty uploads at once do not go over together, and a refused one leaves nothing', async () => {
  await withQuota({ bytesMax: 40 }, async (fixture) => {
    const ends = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => upload(fixture, String(100 + n))));
    const taken = ends.filter(({ status }) => status === 'fulfilled').length;
    assert.equal(taken, 13);
    assert.ok(ends.every((end) => end.status === 'fulfilled' || exceeded(end.reason)));
    assert.deepEqual(await usage(fixture), { files: 13, bytes: 39 });
    await upload(fixture, 'z');
  });
});
