import assert from 'node:assert/strict';
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { hash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { createDiskBlobs } from '../blobs/disk/disk-blobs.ts';
import { createMedia } from '../media/child-media.ts';
import type { Media } from '../media/media.ts';
import { systemClock } from '../runtime/clock.ts';
import type { AssetPush } from './app.ts';
import { inspectMsMax } from './duty-inspect.ts';
import { linkToken, readLink } from './links.ts';
import {
  allChanges,
  allDeliveries,
  caller,
  callerIn,
  createFixture,
  type Fixture,
  report,
  webhookInput,
  memoryBlobs,
} from './testing/app-fixture.ts';

const photographs = join(import.meta.dirname, '..', '..', 'media');

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.stop());

const file = (text = 'bytes', name = 'a.jpg') => ({ name, content: Readable.from([Buffer.from(text)]) });
const kinds = async (on = fixture): Promise<readonly string[]> => (await allChanges(on)).map(({ kind }) => kind);

test('every photograph is taken, looked into and told with its true type and dimensions', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'assetwire-app-'));
  const blobs = createDiskBlobs({ directory });
  const media = createMedia({ clock: systemClock, readable: [directory] });
  await blobs.start();
  const real = await createFixture({ blobs, media });
  try {
    await real.app.webhooks.create(caller, webhookInput());
    const names = readdirSync(photographs).filter((name) => /\.(jpe?g|png|webp|gif)$/i.test(name));
    assert.ok(names.length > 0, 'no photographs');
    for (const name of names) {
      const { status, body } = await real.app.assets.upload(caller, {
        file: { name, content: createReadStream(join(photographs, name)) },
      });
      assert.equal(status, 201);
      assert.equal(body.state.inspection.state, 'pending');
      assert.equal(body.state.file?.sha256, hash('sha256', readFileSync(join(photographs, name)), 'hex'));
      await real.doDuties();
      const ready = await real.app.assets.get(caller, body.id);
      assert.equal(ready.state.inspection.state, 'done', ready.state.inspection.note);
      assert.equal(ready.state.kind, 'image');
      assert.ok((ready.state.file?.widthPx ?? 0) > 0 && (ready.state.file?.heightPx ?? 0) > 0);
      assert.deepEqual(ready.state.versions[0]?.file, ready.state.file);
      const content = await real.app.assets.content(caller, body.id);
      const received = Buffer.concat(await content.stream.toArray());
      assert.deepEqual(received, readFileSync(join(photographs, name)));
      const part = await real.app.assets.content(caller, body.id, { from: 2, to: 5 });
      assert.deepEqual(Buffer.concat(await part.stream.toArray()), received.subarray(2, 6));
    }
    assert.deepEqual(
      await kinds(real),
      names.flatMap(() => ['asset.created', 'asset.ready', 'asset.renditions_made']),
    );
    assert.equal((await allDeliveries(real)).length, names.length * 2);
  } finally {
    await media.stop();
    await blobs.stop();
    await real.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});

test('an inspection that fails, crashes or hangs makes the asset ready with a note, within ten seconds', async () => {
  const media = (inspect: Media['inspect']): Media => ({ ...fixture.deps.media, inspect });
  const cases: readonly (readonly [Media, string])[] = [
    [media(async () => ({ kind: 'failed', code: 'unreadable', note: 'Not an image' })), 'Not an image'],
    [media(() => Promise.reject(new Error('bug'))), 'Inspection ended unexpectedly'],
    [media(() => new Promise(() => undefined)), 'Inspection took longer than 10 s'],
  ];
  for (const [broken, note] of cases) {
    const one = await createFixture({ media: broken });
    const { body } = await one.app.assets.upload(caller, { file: file() });
    const done = one.doDuties();
    let ended = false;
    void done.finally(() => (ended = true));
    // The hanging one ends by time alone; the others have ended by then.
    for (let turn = 0; !ended; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (turn >= 20) one.clock.advance(inspectMsMax);
    }
    await done;
    const ready = await one.app.assets.get(caller, body.id);
    assert.deepEqual(ready.state.inspection, { state: 'failed', note });
    assert.deepEqual(await kinds(one), ['asset.created', 'asset.ready']);
    await one.stop();
  }
});

test('UP-06 a file whose time was up behind another one is looked into once more, and told as news', async () => {
  const outOfTime = { kind: 'failed', code: 'timeout', note: 'Inspection took longer than 10 s' } as const;
  let [looks, timeouts] = [0, 1];
  const inspect: Media['inspect'] = (path, options) => {
    looks += 1;
    return looks <= timeouts ? Promise.resolve(outOfTime) : fixture.deps.media.inspect(path, options);
  };
  const one = await createFixture({ media: { ...fixture.deps.media, inspect } });
  const { body } = await one.app.assets.upload(caller, { file: file() });
  await one.doDuties();
  assert.equal((await one.app.assets.get(caller, body.id)).state.inspection.state, 'failed');
  one.clock.advance(30_000);
  await one.doDuties();
  const { state } = await one.app.assets.get(caller, body.id);
  assert.deepEqual([state.inspection, state.file?.widthPx], [{ state: 'done' }, 40]);
  assert.deepEqual((await kinds(one)).slice(0, 3), ['asset.created', 'asset.ready', 'asset.info_changed']);
  // Whose own fault it is that there was no end has had its two looks.
  timeouts = looks + 2;
  await one.app.assets.upload(caller, { file: file() });
  for (let minute = 0; minute < 5; minute += 1) {
    await one.doDuties();
    one.clock.advance(60_000);
  }
  assert.equal(looks, timeouts);
  assert.equal((await one.pendingDuties()).length, 0);
  await one.stop();
});

test('an inspection done twice, by two processes at once, tells that the asset is ready once', async () => {
  await fixture.app.assets.upload(caller, { file: file() });
  const other = await fixture.another();
  const [duty] = await fixture.pendingDuties();
  assert.ok(duty !== undefined);
  await Promise.all([fixture.doDuty(duty), other.doDuty(duty), fixture.doDuty(duty)]);
  assert.deepEqual(await kinds(), ['asset.created', 'asset.ready']);
  assert.equal((await fixture.pendingDuties()).length, 0);
});

test('an asset changed while it is inspected keeps the change and gets its facts', async () => {
  const { body } = await fixture.app.assets.upload(caller, { file: file() });
  await fixture.app.assets.patch(caller, body.id, { tags: ['new'] });
  await fixture.doDuties();
  const { state } = await fixture.app.assets.get(caller, body.id);
  assert.deepEqual(state.tags, ['new']);
  assert.equal(state.file?.widthPx, 40);
  await fixture.app.assets.remove(caller, body.id);
  const { body: gone } = await fixture.app.assets.upload(caller, { file: file() });
  await fixture.app.assets.remove(caller, gone.id);
  await fixture.doDuties();
  assert.equal((await kinds()).filter((kind) => kind === 'asset.ready').length, 1);
});

test('ID-01 an upload repeated with its key makes one asset', async () => {
  await fixture.stop();
  const blobs = memoryBlobs();
  fixture = await createFixture({ blobs });
  const key = { key: 'upload', fingerprint: 'f' };
  const texts = ['one', 'two', 'six'];
  const answers = await Promise.all(
    texts.map((text) => fixture.app.assets.upload(caller, { name: 'x.jpg', file: file(text), idempotency: key })),
  );
  assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
  assert.deepEqual(await kinds(), ['asset.created']);
  // What came too late was taken in, and does not stay: nothing names it.
  const kept = await Promise.all(texts.map((text) => blobs.stat(caller.workspaceId, hash('sha256', text, 'hex'))));
  assert.equal(kept.filter((one) => one !== null).length, 1);
});

test('an upload cannot take an external id that is taken, and takes no path from a file name', async () => {
  await fixture.app.assets.upload(caller, { externalId: 'e', file: file() });
  await assert.rejects(fixture.app.assets.upload(caller, { externalId: 'e', file: file() }), {
    code: 'already_exists',
  });
  const { body } = await fixture.app.assets.upload(caller, { file: file('x', '../../etc/pass\u0000wd') });
  assert.equal(body.state.name, 'passwd');
  for (const name of ['press/b.jpg', '..\\b.jpg'])
    await assert.rejects(fixture.app.assets.upload(caller, { name, file: file() }), { code: 'invalid_request' }, name);
  await assert.rejects(fixture.app.assets.upload(caller, { file: file('x', '..') }), { code: 'invalid_request' });
});

const full: AssetPush = {
  name: 'bridge.jpg',
  path: '/a',
  info: { title: 'Bridge' },
  metadata: { status: 'draft', rating: 3 },
  tags: ['x'],
  collections: ['c'],
  file: { bytes: 10, mimeType: 'image/jpeg', url: 'https://dam.example/1.jpg', widthPx: 4, heightPx: 3 },
};
const push = (state: AssetPush, reference = 'external:p') => fixture.app.assets.push(caller, reference, state);

test('a pushed state yields exactly the changes that lie between it and what was known', async () => {
  const created = await push(full);
  assert.deepEqual({ status: created.status, result: created.body.result }, { status: 201, result: 'created' });
  assert.deepEqual(await kinds(), ['asset.created', 'asset.ready']);
  assert.equal((await push(full)).body.result, 'unchanged');
  assert.equal((await allChanges(fixture)).length, 2);
  const steps: readonly (readonly [AssetPush, readonly string[]])[] = [
    [{ ...full, name: 'b.jpg' }, ['asset.renamed']],
    [{ ...full, name: 'b.jpg', path: '/b', tags: ['y'] }, ['asset.moved', 'asset.tags_changed']],
    [
      { ...full, name: 'b.jpg', path: '/b', tags: ['y'], metadata: { status: 'done', rating: 3 } },
      ['asset.metadata_changed'],
    ],
    [
      { ...full, name: 'b.jpg', path: '/b', tags: ['y'], metadata: { status: 'done', rating: 3 }, archived: true },
      ['asset.archived'],
    ],
    [full, ['asset.renamed', 'asset.moved', 'asset.metadata_changed', 'asset.tags_changed', 'asset.unarchived']],
    [
      { ...full, file: { ...full.file, url: 'https://dam.example/2.jpg', bytes: 20 } },
      ['asset.version_added', 'asset.version_ready'],
    ],
  ];
  for (const [state, expected] of steps) {
    const before = (await allChanges(fixture)).length;
    const answer = await push(state);
    assert.equal(answer.body.result, 'changed');
    const made = (await allChanges(fixture)).slice(before);
    assert.deepEqual(made.map(({ kind }) => kind).toSorted(), [...expected].toSorted());
    assert.deepEqual(made.at(-1)?.after, answer.body.state);
  }
  const asset = await fixture.app.assets.get(caller, 'external:p');
  assert.deepEqual(
    asset.state.versions.map(({ number, active }) => ({ number, active })),
    [
      { number: 1, active: false },
      { number: 2, active: true },
    ],
  );
});

test('a file that is named without its type has the one that its name or address speaks of, and keeps it', async () => {
  const told = async (reference: string, state: AssetPush) => {
    const { kind, file, renditions } = (await push(state, reference)).body.state;
    return [kind, file?.mimeType, ...renditions.map(({ mimeType }) => mimeType)];
  };
  const url = 'https://dam.example/files/7';
  assert.deepEqual(await told('external:t1', { name: 'harbour.JPG', file: { url } }), ['image', 'image/jpeg']);
  assert.deepEqual(await told('external:t2', { name: 'Film', file: { url: `${url}/a.mp4?v=1.pdf` } }), [
    'video',
    'video/mp4',
  ]);
  assert.deepEqual(await told('external:t3', { name: 'a.pdf', file: { url, name: 'tone.wav' } }), [
    'audio',
    'audio/wav',
  ]);
  assert.deepEqual(await told('external:t4', { name: 'a.jpg', file: { url, mimeType: 'text/html' } }), [
    'document',
    'text/html',
  ]);
  assert.deepEqual(await told('external:t5', { name: 'constructor', file: { url } }), [
    'other',
    'application/octet-stream',
  ]);
  const shown = { title: 'web', url: `${url}/web.webp` };
  assert.deepEqual(await told('external:t6', { name: 'x', renditions: [shown] }), ['other', undefined, 'image/webp']);
  // Another name of the asset is no other file.
  const before = (await allChanges(fixture)).length;
  assert.deepEqual(await told('external:t1', { name: 'harbour', file: { url } }), ['image', 'image/jpeg']);
  assert.deepEqual(
    (await allChanges(fixture)).slice(before).map(({ kind }) => kind),
    ['asset.renamed'],
  );
});

test('a state that says nothing of dates takes none away, nor what a date has brought about; null takes one away', async () => {
  const dated = await createFixture();
  try {
    const push = async (more: AssetPush = {}) => {
      const { body } = await dated.app.assets.push(caller, 'external:dated', { name: 'a.jpg', ...more });
      return body.state;
    };
    const startMs = dated.clock.nowMs();
    await push();
    const dates = { publishAtMs: startMs - 1, expiresAtMs: startMs + 90_000, archiveAtMs: startMs + 1_000 };
    await dated.app.assets.patch(caller, 'external:dated', dates);
    assert.partialDeepStrictEqual(await push({ tags: ['x'] }), { ...dates, archived: false });
    dated.clock.advance(2_000);
    await dated.doDuties();
    const archived = await push({ tags: ['y'] });
    assert.partialDeepStrictEqual(archived, { ...dates, archived: true, archivedBy: 'timer' });
    assert.equal((await push({ archived: false })).archived, false, 'who says so takes it out');
    assert.equal((await push({ expiresAtMs: null })).expiresAtMs, undefined);
    await dated.app.assets.patch(caller, 'external:dated', { archived: true });
    assert.equal((await push()).archived, false, 'by hand, and then said by leaving out: the whole state counts');
  } finally {
    await dated.stop();
  }
});

test('an older pushed state is stale and changes nothing, in whatever order states arrive', async () => {
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 1 }), async (versions) => {
      const one = await createFixture();
      for (const version of versions) {
        await one.app.assets.push(caller, 'external:s', { ...full, name: `v${version}.jpg`, sourceVersion: version });
      }
      const newest = Math.max(...versions);
      const asset = await one.app.assets.get(caller, 'external:s');
      assert.equal(asset.state.name, `v${newest}.jpg`);
      assert.equal(asset.state.sourceVersion, newest);
      await one.stop();
    }),
    { numRuns: 25 },
  );
  await push({ ...full, sourceVersion: '2026-11-22T12:00:00Z' }, 'external:t');
  assert.equal(
    (await push({ ...full, name: 'x', sourceVersion: '2026-11-22T13:00:00+02:00' }, 'external:t')).body.result,
    'stale',
  );
  assert.equal(
    (await push({ ...full, name: 'y', sourceVersion: '2026-11-22T12:00:01Z' }, 'external:t')).body.result,
    'changed',
  );
});

test('fifty pushes at once, from two processes, join into one history', async () => {
  const other = await fixture.another();
  await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      (index % 2 === 0 ? fixture : other).app.assets.push(caller, 'external:c', { ...full, name: `n${index}.jpg` }),
    ),
  );
  const changes = await allChanges(fixture);
  assert.equal(new Set(changes.map(({ subject }) => subject.id)).size, 1);
  const renames = changes.filter(({ kind }) => kind === 'asset.renamed');
  assert.equal(renames.length, 49);
  for (const [index, change] of renames.entries()) {
    if (index > 0) assert.deepEqual(change.before, renames[index - 1]?.after);
  }
});

test('a patch replaces what it names, merges info and metadata by field, and null takes away', async () => {
  const { body } = await push(full);
  const patched = await fixture.app.assets.patch(caller, 'external:p', {
    metadata: { status: 'done', rating: null, added: 1 },
    focusPoint: { x: 0.5, y: 0.25 },
  });
  assert.deepEqual(patched.body.state.metadata, { status: 'done', added: 1 });
  assert.deepEqual(patched.body.state.tags, ['x']);
  assert.deepEqual(patched.body.state.focusPoint, { x: 0.5, y: 0.25 });
  const [metadata] = (await allChanges(fixture)).filter(({ kind }) => kind === 'asset.metadata_changed');
  assert.deepEqual(metadata?.changed, ['metadata.added', 'metadata.rating', 'metadata.status']);
  const cleared = await fixture.app.assets.patch(caller, body.id, { focusPoint: null });
  assert.equal(cleared.body.state.focusPoint, undefined);
  const same = await fixture.app.assets.patch(caller, body.id, { tags: ['x'] });
  assert.equal(same.body.version, cleared.body.version);
  await assert.rejects(fixture.app.assets.patch(caller, body.id, { name: 'x', expected: 1 }), { code: 'conflict' });
  await fixture.app.assets.patch(caller, body.id, { name: 'x', expected: same.body.version });
});

test('an asset of a file that lies elsewhere says so, and a foreign one is not found', async () => {
  const { body } = await push(full);
  await assert.rejects(fixture.app.assets.content(caller, body.id), { code: 'content_unavailable' });
  const { body: mine } = await fixture.app.assets.upload(caller, { file: file() });
  const foreign = callerIn('other');
  for (const call of [
    () => fixture.app.assets.get(foreign, mine.id),
    () => fixture.app.assets.content(foreign, mine.id),
    () => fixture.app.assets.patch(foreign, mine.id, { name: 'x' }),
    () => fixture.app.assets.push(foreign, mine.id, full),
    () => fixture.app.assets.remove(foreign, mine.id),
    () => fixture.app.assets.get(foreign, 'external:p'),
  ]) {
    await assert.rejects(call(), { code: 'not_found' });
  }
  assert.equal((await fixture.app.assets.get(caller, mine.id)).version, 1);
});

test('TN-12 a link in a payload leads to the bytes until it expires, is altered, or its asset is gone', async () => {
  const { body } = await fixture.app.assets.upload(caller, { file: file('linked bytes') });
  const links = fixture.links('default', 'standard');
  const url = (links.at?.(fixture.clock.nowMs()) ?? links).content(body.id, 1);
  assert.equal((links.at?.(fixture.clock.nowMs()) ?? links).content(body.id, 1), url);
  const token = url.slice(url.lastIndexOf('/') + 1);
  const content = await fixture.app.assets.linked(token);
  assert.equal(Buffer.concat(await content.stream.toArray()).toString(), 'linked bytes');
  for (const wrong of [
    `${token}A`,
    `x${token}`,
    token.slice(1),
    '',
    '.',
    `${token.split('.')[0]}.`,
    'a'.repeat(5_000),
  ]) {
    await assert.rejects(fixture.app.assets.linked(wrong), { code: 'not_found' }, wrong.slice(0, 20));
  }
  fixture.clock.advance(30 * 24 * 3_600_000);
  await assert.rejects(fixture.app.assets.linked(token), { code: 'not_found' });
  const lasting = links.content(body.id);
  await fixture.app.assets.remove(caller, body.id);
  await assert.rejects(fixture.app.assets.linked(lasting.slice(lasting.lastIndexOf('/') + 1)), { code: 'gone' });
});

test('TN-12 no bit of a link can be changed', () => {
  const key = new Uint8Array(32).fill(1);
  const target = { workspaceId: 'w', assetId: 'ast_1', part: { kind: 'content' as const }, expiresAtMs: 1_000 };
  const token = linkToken(target, key);
  assert.deepEqual(readLink(token, key, 999), target);
  assert.equal(readLink(token, key, 1_000), null);
  assert.equal(readLink(token, new Uint8Array(32).fill(2), 0), null);
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'z', '0', '_', '-', '.', '='), (at, sign) => {
      const altered = token.slice(0, at) + sign + token.slice(at + 1);
      if (altered !== token) assert.equal(readLink(altered, key, 0), null);
    }),
  );
});

test('a report of an uploaded asset is applied to it, and its file stays', async () => {
  const { body } = await fixture.app.assets.upload(caller, { externalId: 'up', file: file() });
  await report(fixture, {
    kind: 'asset.moved',
    subject: { type: 'asset', externalId: 'up' },
    after: { path: '/moved' },
  });
  const { state } = await fixture.app.assets.get(caller, body.id);
  assert.equal(state.path, '/moved');
  assert.equal(state.file?.blob, body.state.file?.blob);
});
