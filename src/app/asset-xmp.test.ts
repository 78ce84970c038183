/** XMP packets as the use case gives them: who may have them, and what becomes of the server where files do harm. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import type { Blobs } from '../blobs/blobs.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Media, XmpResult } from '../media/media.ts';
import { noFilms } from '../media/testing/no-films.ts';
import type { Caller } from './app.ts';
import { createXmp } from './asset-xmp.ts';
import { caller, createFixture } from './testing/app-fixture.ts';

const packet = Buffer.from('<x:xmpmeta/>');

function mediaOf(xmp: Media['xmp']): Media {
  return {
    start: async () => undefined,
    stop: async () => undefined,
    sniff: async () => ({ mimeType: 'image/png', kind: 'image' }),
    inspect: async () => ({ kind: 'inspected', facts: { mimeType: 'image/png' } }),
    derivable: () => false,
    derive: async () => ({ kind: 'failed', code: 'unsupported', note: 'none are made here' }),
    ...noFilms,
    xmpReadable: (mimeType) => mimeType === 'image/png',
    xmp,
  };
}

async function withAsset(xmp: Media['xmp']) {
  const fixture = await createFixture({ media: mediaOf(xmp) });
  const file = { name: 'Wiese.v2.png', content: Readable.from(['bytes']) };
  const { body } = await fixture.app.assets.upload(caller, { file, path: '/ours' });
  return { ...fixture, id: body.id };
}

function refusal(code: string, detail: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof AssetwireError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, detail);
    return true;
  };
}

test('the packet is told by its own hash, and named after the asset', async () => {
  const { app, id } = await withAsset(async () => ({ kind: 'packet', content: packet }));
  const found = await app.assets.xmp(caller, id);
  assert.deepEqual(await buffer(found.stream), packet);
  assert.deepEqual([found.name, found.mimeType, found.bytes], ['Wiese.v2.xmp', 'application/rdf+xml', packet.length]);
  const part = await app.assets.versionXmp(caller, { reference: id, number: 1 }, { from: 1, to: 9 });
  assert.equal((await buffer(part.stream)).toString(), 'x:xmpmeta');
  assert.equal(part.sha256, found.sha256);
  await assert.rejects(app.assets.versionXmp(caller, { reference: id, number: 7 }), { code: 'not_found' });
});

test('UP-21 whatever became of the process that read it, the answer is a refusal that says so', async () => {
  const endings: readonly (readonly [XmpResult, string, RegExp])[] = [
    [{ kind: 'none' }, 'not_found', /the file has none/],
    [{ kind: 'failed', code: 'crashed', note: 'the inspector ended' }, 'file_unreadable', /the inspector ended/],
    [{ kind: 'failed', code: 'timeout', note: 'not read within 10 s' }, 'file_unreadable', /within 10 s/],
    [{ kind: 'failed', code: 'unreadable', note: 'cut off' }, 'file_unreadable', /broken \(cut off\)/],
  ];
  for (const [ending, code, detail] of endings) {
    const { app, id } = await withAsset(async () => ending);
    await assert.rejects(app.assets.xmp(caller, id), refusal(code, detail));
  }
});

test('a file that was reported without its bytes has no packet here', async () => {
  const { app } = await withAsset(async () => ({ kind: 'none' }));
  const file = { name: 'a.png', mimeType: 'image/png', url: 'https://dam.example/a.png' };
  const { body } = await app.assets.push(caller, 'external:a', { name: 'a.png', file });
  await assert.rejects(app.assets.xmp(caller, body.id), refusal('content_unavailable', /lies elsewhere/));
});

test('a grant on its folder is enough, and outside of it the asset is not found', async () => {
  const { app, id } = await withAsset(async () => ({ kind: 'packet', content: packet }));
  const holder = (path: string): Caller => ({
    ...caller,
    scopes: new Set(),
    admin: false,
    grants: [{ resource: { type: 'folder', path }, scopes: ['assets:read'] }],
  });
  const version = { reference: id, number: 1 };
  assert.equal((await app.assets.xmp(holder('/ours'), id)).bytes, packet.length);
  assert.equal((await app.assets.versionXmp(holder('/ours'), version)).bytes, packet.length);
  await assert.rejects(app.assets.xmp(holder('/theirs'), id), { code: 'not_found' });
  await assert.rejects(app.assets.versionXmp(holder('/theirs'), version), { code: 'not_found' });
});

test('who asks for many at once is asked to come back, and another workspace finds its place', async () => {
  const gate = Promise.withResolvers<XmpResult>();
  const { app, id } = await withAsset(() => gate.promise);
  const asked = Array.from({ length: limits.xmpReadsOfWorkspaceMax }, () => app.assets.xmp(caller, id));
  await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(app.assets.xmp(caller, id), refusal('too_many_requests', /8 others/));
  const neighbour = { ...caller, workspaceId: 'neighbour' };
  const { body } = await app.assets.upload(neighbour, { file: { name: 'b.png', content: Readable.from(['b']) } });
  const theirs = app.assets.xmp(neighbour, body.id);
  gate.resolve({ kind: 'packet', content: packet });
  for (const each of [...asked, theirs]) assert.equal((await each).bytes, packet.length);
  for (let n = 0; n <= limits.xmpReadsMax; n += 1)
    assert.equal((await app.assets.xmp(caller, id)).bytes, packet.length, 'places are given back');
});

test('a large file in another store is not fetched for its packet', async () => {
  let opened = 0;
  const fixture = await withAsset(async () => ({ kind: 'packet', content: packet }));
  const blobs: Pick<Blobs, 'localPath' | 'open' | 'stat'> = {
    localPath: () => null,
    stat: async () => ({ bytes: 1 }),
    open: async () => {
      opened += 1;
      return Readable.from(['bytes']);
    },
  };
  const [row] = await fixture.storage.resources([{ workspaceId: caller.workspaceId, type: 'asset', id: fixture.id }]);
  assert.ok(row);
  const file = { ...(row.state['file'] as object), bytes: limits.xmpFetchedBytesMax + 1 };
  const storage = { ...fixture.storage, resources: async () => [{ ...row, state: { ...row.state, file } }] };
  const cases = createXmp({ storage, blobs, media: mediaOf(async () => ({ kind: 'none' })) } as unknown as Parameters<
    typeof createXmp
  >[0]);
  await assert.rejects(cases.xmp(caller, fixture.id), refusal('file_unreadable', /another store/));
  assert.equal(opened, 0);
});
