import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import type { Blobs } from '../blobs/blobs.ts';
import { createDiskBlobs } from '../blobs/disk/disk-blobs.ts';
import { AssetwireError } from '../core/errors.ts';
import { createMedia } from '../media/child-media.ts';
import type { ClipResult, InspectionResult, Media } from '../media/media.ts';
import { testFfmpeg } from '../media/testing/test-ffmpeg.ts';
import { systemClock } from '../runtime/clock.ts';
import { allChanges, caller, createFixture, type Fixture } from './testing/app-fixture.ts';

const film = join(import.meta.dirname, '..', '..', 'media', 'pan.mp4');
const photograph = join(import.meta.dirname, '..', '..', 'media', 'umang.jpg');

type Cutting = Fixture & { readonly media: Media; readonly blobs: Blobs; scratch(): Promise<readonly string[]> };

/** The use cases over files on a disk and the real processes; `media` lays something else over those. */
async function cutting(
  t: TestContext,
  overlay: Partial<Media> = {},
  blobsOf: (blobs: Blobs) => Blobs = (blobs) => blobs,
): Promise<Cutting> {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-clips-'));
  const blobs = blobsOf(createDiskBlobs({ directory }));
  await blobs.start();
  const scratch = join(directory, 'scratch');
  const real = createMedia({ clock: systemClock, readable: [directory], scratch, ffmpeg: testFfmpeg ?? 'off' });
  const media = { ...real, ...overlay };
  await media.start();
  const fixture = await createFixture({ blobs, media });
  t.after(async () => {
    await fixture.stop();
    await real.stop();
    await rm(directory, { recursive: true });
  });
  return { ...fixture, media, blobs, scratch: () => readdir(scratch) };
}

async function upload({ app }: Fixture, path: string, name: string, input: object = {}) {
  const content = Readable.from([await readFile(path)]);
  return (await app.assets.upload(caller, { ...input, file: { name, content } })).body;
}

function isRefusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof AssetwireError && error.code === code;
}

const found: Partial<Media> = { films: async () => ({ state: 'found', path: '/ffmpeg', version: '7' }) };

test('a clip that cannot be asked for is refused with what is wrong, and nothing is made', async (t) => {
  const fixture = await cutting(t, found);
  const { app } = fixture;
  const pan = await upload(fixture, film, 'pan.mp4');
  const picture = await upload(fixture, photograph, 'umang.jpg');
  await fixture.doDuties();
  const before = (await allChanges(fixture)).length;
  const reported = await app.assets.push(caller, 'external:film', {
    file: { name: 'f.mp4', mimeType: 'video/mp4', bytes: 9 },
  });
  const ask = (reference: string, fromMs: number, toMs: number) => app.assets.clip(caller, reference, { fromMs, toMs });
  await assert.rejects(ask(picture.id, 0, 500), isRefusal('not_a_film'));
  await assert.rejects(ask(reported.body.id, 0, 500), isRefusal('content_unavailable'));
  await assert.rejects(ask(pan.id, 500, 500), isRefusal('invalid_request'));
  await assert.rejects(ask(pan.id, 2_000, 1_000), isRefusal('invalid_request'));
  await assert.rejects(ask(pan.id, 0, 600_001), isRefusal('invalid_request'));
  await assert.rejects(ask(pan.id, 6_000, 7_000), isRefusal('invalid_request'), 'behind the end');
  await assert.rejects(ask('ast_00000000000000000000000000', 0, 500), isRefusal('not_found'));
  await assert.rejects(app.assets.clip(caller, pan.id, { fromMs: 0, toMs: 500, expected: 99 }), isRefusal('conflict'));
  assert.equal((await allChanges(fixture)).length, before + 2, 'only what was reported');
});

test('without ffmpeg the refusal says so, and names the setting', async (t) => {
  const fixture = await cutting(t, {
    films: async () => ({ state: 'off', note: 'ffmpeg is switched off: ASSETWIRE_FFMPEG is off' }),
  });
  const pan = await upload(fixture, film, 'pan.mp4');
  await assert.rejects(
    fixture.app.assets.clip(caller, pan.id, { fromMs: 0, toMs: 500 }),
    (error) => isRefusal('films_unavailable')(error) && /ASSETWIRE_FFMPEG/.test(String(error)),
  );
});

test('a clip that came to nothing is told as ready all the same, with a note; chance is given three tries', async (t) => {
  const outcomes: ClipResult[] = [
    { kind: 'failed', code: 'unreadable', note: 'there is no frame in it' },
    ...Array.from({ length: 3 }, (): ClipResult => ({ kind: 'failed', code: 'crashed', note: 'it ended' })),
  ];
  let cuts = 0;
  const clip: Media['clip'] = async () => {
    cuts += 1;
    return outcomes.shift() ?? { kind: 'failed', code: 'unreadable', note: 'asked too often' };
  };
  const fixture = await cutting(t, { ...found, clip });
  const pan = await upload(fixture, film, 'pan.mp4');
  await fixture.doDuties();
  const first = (await fixture.app.assets.clip(caller, pan.id, { fromMs: 0, toMs: 500 })).body;
  await fixture.doDuties();
  const state = (await fixture.app.assets.get(caller, first.id)).state;
  assert.deepEqual(state.inspection, { state: 'failed', note: 'there is no frame in it' });
  assert.equal(state.file, undefined);
  const told = (await allChanges(fixture)).filter(({ subject }) => subject.id === first.id).map(({ kind }) => kind);
  assert.deepEqual(told, ['asset.created', 'asset.ready']);
  const second = (await fixture.app.assets.clip(caller, pan.id, { fromMs: 0, toMs: 500 })).body;
  for (let tries = 0; tries < 3; tries += 1) {
    await fixture.doDuties();
    fixture.clock.advance(60_000);
  }
  assert.deepEqual((await fixture.app.assets.get(caller, second.id)).state.inspection, {
    state: 'failed',
    note: 'it ended',
  });
  assert.equal(cuts, 4);
});

test('a clip that does not fit what is left of the quota once it is cut is a note, and nothing of it stays', async (t) => {
  const fixture = await cutting(t, {
    ...found,
    clip: async () => {
      const path = join(await mkdtemp(join(tmpdir(), 'assetwire-cut-')), 'clip.mp4');
      await writeFile(path, 'twelve bytes');
      return {
        kind: 'clipped',
        facts: { mimeType: 'video/mp4' },
        path,
        dispose: () => rm(join(path, '..'), { recursive: true }),
      };
    },
  });
  const { app } = fixture;
  const admin = { ...caller, admin: true };
  const pan = await upload(fixture, film, 'pan.mp4');
  await fixture.doDuties();
  const used = (await app.workspaces.get(admin, 'default')).usage;
  assert.ok(used);
  await app.workspaces.update(admin, 'default', { quota: { bytesMax: used.bytes + 20 } });
  // One byte is left when each is asked for: what they come to shows when they are cut.
  const clips = [];
  for (let n = 0; n < 3; n += 1) clips.push((await app.assets.clip(caller, pan.id, { fromMs: 0, toMs: 500 })).body.id);
  for (let round = 0; round < 5; round += 1) {
    await fixture.doDuties();
    fixture.clock.advance(60_000);
  }
  const states = await Promise.all(clips.map(async (id) => (await app.assets.get(caller, id)).state.inspection));
  assert.deepEqual(
    states.map(({ state }) => state),
    ['done', 'failed', 'failed'],
  );
  assert.match(JSON.stringify(states[1]), /Keep within the workspace's quota/);
  assert.deepEqual((await app.workspaces.get(admin, 'default')).usage, {
    files: used.files + 1,
    bytes: used.bytes + 12,
  });
});

test('a film that went before its clip was cut is a note on the clip', async (t) => {
  const fixture = await cutting(t, {
    ...found,
    clip: async () => ({ kind: 'failed', code: 'crashed', note: 'never asked' }),
  });
  const pan = await upload(fixture, film, 'pan.mp4');
  await fixture.doDuties();
  const clip = (await fixture.app.assets.clip(caller, pan.id, { fromMs: 0, toMs: 500 })).body;
  const blob = pan.state.file?.blob ?? '';
  await fixture.blobs.remove(caller.workspaceId, blob);
  await fixture.doDuties();
  const { inspection } = (await fixture.app.assets.get(caller, clip.id)).state;
  assert.deepEqual(inspection, { state: 'failed', note: 'The film is not there any more' });
});

test('a file is looked into again on demand, its renditions made anew, and nobody is told where nothing changed', async (t) => {
  let answer: InspectionResult | null = { kind: 'failed', code: 'timeout', note: 'not read within 10 s' };
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-again-'));
  const real = createMedia({ clock: systemClock, readable: [directory] });
  t.after(async () => {
    await real.stop();
    await rm(directory, { recursive: true });
  });
  const blobs = createDiskBlobs({ directory });
  await blobs.start();
  const inspect: Media['inspect'] = async (path, hint) => answer ?? real.inspect(path, hint);
  const fixture = await createFixture({ blobs, media: { ...real, inspect } });
  t.after(() => fixture.stop());
  const { id } = await upload(fixture, photograph, 'umang.jpg');
  await fixture.doDuties();
  const failed = (await fixture.app.assets.get(caller, id)).state;
  assert.deepEqual(failed.inspection, { state: 'failed', note: 'not read within 10 s' });
  assert.deepEqual(failed.renditions, []);
  answer = null;
  const asked = await fixture.app.assets.inspect(caller, id);
  assert.equal(asked.status, 202);
  await fixture.doDuties();
  const read = (await fixture.app.assets.get(caller, id)).state;
  assert.deepEqual(read.inspection, { state: 'done' });
  assert.equal(read.file?.widthPx, 1_600);
  assert.equal(read.renditions.length, 3);
  const kinds = async () => (await allChanges(fixture)).map(({ kind }) => kind);
  assert.deepEqual(
    await kinds(),
    ['asset.created', 'asset.ready', 'asset.info_changed', 'asset.renditions_made'],
    'ready is told once',
  );
  await fixture.app.assets.inspect(caller, id);
  await fixture.doDuties();
  assert.equal((await kinds()).length, 4, 'the same again is no news');
  const reported = await fixture.app.assets.push(caller, 'external:x', {
    file: { name: 'x.jpg', mimeType: 'image/jpeg', bytes: 9 },
  });
  await assert.rejects(fixture.app.assets.inspect(caller, reported.body.id), isRefusal('content_unavailable'));
});

test('files that lie elsewhere are fetched to be looked into, and nothing of them stays', async (t) => {
  const fixture = await cutting(t, {}, (blobs) => ({ ...blobs, localPath: () => null }));
  const { id } = await upload(fixture, photograph, 'umang.jpg');
  await fixture.doDuties();
  const { file, renditions } = (await fixture.app.assets.get(caller, id)).state;
  assert.equal(file?.widthPx, 1_600);
  assert.equal(renditions.length, 3);
  assert.deepEqual(await fixture.scratch(), []);
});

test('media processes that keep ending are told by the readiness, which stays ready: uploads are taken and told all the same', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-broken-media-'));
  const program = join(directory, 'main.mjs');
  await writeFile(program, 'process.exit(3);');
  const media = createMedia({ clock: systemClock, readable: [directory], program });
  const blobs = createDiskBlobs({ directory });
  await blobs.start();
  const fixture = await createFixture({ blobs, media });
  t.after(async () => {
    await fixture.stop();
    await media.stop();
    await rm(directory, { recursive: true });
  });
  const check = async () => (await fixture.app.operation.readiness()).checks.find(({ name }) => name === 'media');
  assert.equal((await check())?.ok, true);
  for (const name of ['a.jpg', 'b.jpg', 'c.jpg']) {
    const { id } = await upload(fixture, photograph, name);
    await fixture.doDuties();
    const { inspection } = (await fixture.app.assets.get(caller, id)).state;
    assert.deepEqual(inspection, { state: 'failed', note: 'the inspector ended while it read the file' });
  }
  assert.equal((await check())?.ok, false);
  assert.match((await check())?.detail ?? '', /the last 3 processes for them ended/);
  assert.equal((await allChanges(fixture)).filter(({ kind }) => kind === 'asset.ready').length, 3);
});

if (testFfmpeg !== null) {
  test('a clip is an asset at once, and told as ready once it is cut; what is said of the film is said of it', async (t) => {
    const fixture = await cutting(t);
    const { app } = fixture;
    const input = { path: '/films', info: { title: 'Pan', copyright: 'CC-BY-4.0' }, tags: ['raw'] };
    const pan = await upload(fixture, film, 'pan.mp4', input);
    await fixture.doDuties();
    const poster = (await app.assets.get(caller, pan.id)).state.renditions;
    assert.deepEqual(
      poster.map(({ title, widthPx }) => [title, widthPx]),
      [
        ['small', 250],
        ['medium', 750],
        ['large', 1_000],
      ],
    );
    const { status, body } = await app.assets.clip(caller, pan.id, { fromMs: 1_500, toMs: 3_000 });
    assert.equal(status, 201);
    assert.equal(body.state.name, 'pan 0-01.500 to 0-03.mp4');
    assert.deepEqual(body.state.clipOf, { assetId: pan.id, fromMs: 1_500, toMs: 3_000 });
    assert.deepEqual([body.state.path, body.state.info, body.state.tags], ['/films', input.info, []]);
    assert.equal(body.state.file, undefined);
    await fixture.doDuties();
    const { state } = await app.assets.get(caller, body.id);
    assert.equal(state.kind, 'video');
    assert.deepEqual(state.inspection, { state: 'done' });
    assert.ok(Math.abs((state.file?.durationMs ?? 0) - 1_500) <= 80, `${state.file?.durationMs} ms`);
    assert.equal(state.versions.length, 1);
    assert.equal(state.renditions.length, 3);
    const told = (await allChanges(fixture)).filter(({ subject }) => subject.id === body.id);
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['asset.created', 'asset.ready', 'asset.renditions_made'],
    );
    assert.ok(told[1]?.changed.includes('file'));
    // The clip is nobody's part: it stays when the film goes.
    await app.assets.remove(caller, pan.id, { permanently: true });
    await fixture.doDuties();
    const content = await app.assets.content(caller, body.id);
    assert.equal(content.bytes, state.file?.bytes);
    content.stream.destroy();
    assert.deepEqual(await fixture.scratch(), []);
  });
}
