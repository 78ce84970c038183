import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import type { Blobs } from '../blobs/blobs.ts';
import { createDiskBlobs } from '../blobs/disk/disk-blobs.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { createMedia } from '../media/child-media.ts';
import type { DerivationResult, Media } from '../media/media.ts';
import { noFilms } from '../media/testing/no-films.ts';
import { pngClaiming } from '../media/testing/sample-files.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Storage } from '../storage/storage.ts';
import { allChanges, caller, createFixture, type Fixture, type FixtureOptions } from './testing/app-fixture.ts';

const photograph = join(import.meta.dirname, '..', '..', 'media', 'umang.jpg');
const other = join(import.meta.dirname, '..', '..', 'media', 'seeding.jpg');

type Studio = Fixture & { readonly directory: string; readonly media: Media; files(): Promise<readonly string[]> };

/** The use cases over files on a disk and the real media process. */
async function studio(t: TestContext, options: FixtureOptions = {}): Promise<Studio> {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-renditions-'));
  const blobs = options.blobs ?? createDiskBlobs({ directory });
  await blobs.start();
  const media = options.media ?? createMedia({ clock: systemClock, readable: [directory] });
  const fixture = await createFixture({ ...options, blobs, media });
  t.after(async () => {
    await fixture.stop();
    await media.stop();
    await rm(directory, { recursive: true });
  });
  const files = async (): Promise<readonly string[]> => {
    const entries = await readdir(join(directory, 'files'), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  };
  return { ...fixture, directory, media, files };
}

async function upload({ app }: Fixture, path: string, name = 'Übersicht 1.jpg') {
  const { body } = await app.assets.upload(caller, { file: { name, content: Readable.from([await readFile(path)]) } });
  return body;
}

async function uploadBytes({ app }: Fixture, content: Buffer, name: string) {
  return (await app.assets.upload(caller, { file: { name, content: Readable.from([content]) } })).body;
}

async function kinds(fixture: Fixture): Promise<readonly string[]> {
  return (await allChanges(fixture)).map(({ kind }) => kind);
}

test('renditions follow ready as a change of their own, listed with size and dimensions and served', async (t) => {
  const fixture = await studio(t);
  const { id } = await upload(fixture, photograph);
  await fixture.doDuties();
  assert.deepEqual(await kinds(fixture), ['asset.created', 'asset.ready', 'asset.renditions_made']);
  const { state } = await fixture.app.assets.get(caller, id);
  assert.deepEqual(
    state.renditions.map(({ title, name, mimeType, widthPx, heightPx }) => [title, name, mimeType, widthPx, heightPx]),
    [
      ['small', 'Übersicht 1-small.jpg', 'image/jpeg', 250, 141],
      ['medium', 'Übersicht 1-medium.jpg', 'image/jpeg', 750, 422],
      ['large', 'Übersicht 1-large.jpg', 'image/jpeg', 1_000, 563],
    ],
  );
  const [, , made] = await allChanges(fixture);
  assert.deepEqual(made?.changed, ['renditions']);
  assert.deepEqual(made?.before?.['renditions'], []);
  assert.deepEqual(made?.after, state, 'what is told is what the asset shows');
  const content = await fixture.app.assets.rendition(caller, { reference: id, title: 'medium' });
  const bytes = await buffer(content.stream);
  assert.equal(bytes.length, state.renditions[1]?.bytes);
  assert.equal(content.name, 'Übersicht 1-medium.jpg');
  assert.deepEqual([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff]);
  await assert.rejects(
    fixture.app.assets.rendition(caller, { reference: id, title: 'huge' }),
    (error) => error instanceof AssetwireError && error.mend === 'There are small, medium, large',
  );
});

test('a new version gets renditions of its own, and bytes that nothing names any more are removed', async (t) => {
  const fixture = await studio(t);
  const { app } = fixture;
  const { id } = await upload(fixture, photograph);
  await fixture.doDuties();
  const first = (await app.assets.get(caller, id)).state;
  await app.assets.addVersion(caller, id, {
    file: { name: 'b.jpg', content: Readable.from([await readFile(other)]) },
  });
  assert.deepEqual((await app.assets.get(caller, id)).state.renditions, [], 'none of the former file is shown');
  await fixture.doDuties();
  const second = (await app.assets.get(caller, id)).state;
  assert.equal(second.renditions.length, 3);
  for (const [index, { blob }] of second.renditions.entries()) assert.notEqual(blob, first.renditions[index]?.blob);
  const named = [...second.versions.map(({ file }) => file.blob), ...second.renditions.map(({ blob }) => blob)];
  assert.deepEqual([...(await fixture.files())].sort(), named.sort());
  await app.assets.activateVersion(caller, { reference: id, number: 1 });
  await fixture.doDuties();
  const again = (await app.assets.get(caller, id)).state;
  assert.deepEqual(
    again.renditions.map(({ blob }) => blob),
    first.renditions.map(({ blob }) => blob),
    'the same content makes the same pictures',
  );
  await app.assets.remove(caller, id, { permanently: true });
  await fixture.doDuties();
  assert.deepEqual(await fixture.files(), []);
});

test('a file that came while pictures of the one before were made never gets them', async (t) => {
  const gate = Promise.withResolvers<void>();
  const made: string[] = [];
  const still = (path: string): Promise<DerivationResult> => {
    made.push(path);
    const one = made.length === 1;
    const content = Buffer.from(one ? 'of the first' : 'of the second');
    const derived = {
      kind: 'derived',
      renditions: [{ title: 'small', mimeType: 'image/jpeg', widthPx: 1, heightPx: 1, content }],
    } as const;
    return one ? gate.promise.then(() => derived) : Promise.resolve(derived);
  };
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-renditions-'));
  const blobs = createDiskBlobs({ directory });
  const real = createMedia({ clock: systemClock, readable: [directory] });
  t.after(() => rm(directory, { recursive: true }));
  const fixture = await studio(t, { blobs, media: { ...real, derive: still, stop: () => real.stop() } });
  const { app } = fixture;
  const { id } = await upload(fixture, photograph);
  const [inspection] = await fixture.pendingDuties();
  assert.equal(inspection?.kind, 'inspect');
  if (inspection !== undefined) await fixture.doDuty(inspection);
  const [derivation] = await fixture.pendingDuties();
  assert.equal(derivation?.kind, 'derive');
  const running = derivation === undefined ? Promise.resolve() : fixture.doDuty(derivation);
  while (made.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await app.assets.addVersion(caller, id, {
    file: { name: 'b.jpg', content: Readable.from([await readFile(other)]) },
  });
  gate.resolve();
  await running;
  assert.deepEqual((await app.assets.get(caller, id)).state.renditions, []);
  await fixture.doDuties();
  const { state } = await app.assets.get(caller, id);
  const { stream } = await app.assets.rendition(caller, { reference: id, title: 'small' });
  assert.equal(String(await buffer(stream)), 'of the second');
  const files = await readdir(join(directory, 'files'), { recursive: true, withFileTypes: true });
  const kept = files.filter((entry) => entry.isFile()).map(({ name }) => name);
  const named = [...state.versions.map(({ file }) => file.blob), ...state.renditions.map(({ blob }) => blob)];
  assert.deepEqual(kept.sort(), named.sort(), 'the pictures that came too late left nothing behind');
});

test('what cannot be made is a note on the asset; what may help is tried again a stated number of times', async (t) => {
  const results: DerivationResult[] = [];
  const fixture = await studio(t);
  const { id } = await uploadBytes(fixture, truncated(await readFile(photograph)), 'half.jpg');
  await fixture.doDuties();
  const { state } = await fixture.app.assets.get(caller, id);
  assert.equal(state.inspection.state, 'done', 'its header is whole');
  assert.deepEqual(state.renditions, []);
  assert.match(state.derivation?.note ?? '', /end|truncat|premature|corrupt/i);
  assert.doesNotMatch(state.derivation?.note ?? '', /tmp|files\//, 'where it lies is not told');
  assert.equal((await kinds(fixture)).includes('asset.renditions_made'), false);

  let tries = 0;
  const failing = await studio(t, {
    media: {
      ...fixture.media,
      derive: async () => {
        tries += 1;
        return results.shift() ?? { kind: 'failed', code: 'timeout', note: 'not read within 30 s' };
      },
      stop: async () => undefined,
    },
    blobs: createDiskBlobs({ directory: fixture.directory }),
  });
  const slow = await upload(failing, photograph);
  for (let round = 0; round < 10; round += 1) {
    await failing.doDuties();
    failing.clock.advance(120_000);
  }
  assert.equal(tries, limits.derivationTriesMax);
  assert.equal((await failing.app.assets.get(caller, slow.id)).state.derivation?.note, 'not read within 30 s');
});

function truncated(content: Buffer): Buffer {
  return content.subarray(0, Math.floor(content.length / 2));
}

test('many pictures at once leave room for the next inspection', async (t) => {
  const gate = Promise.withResolvers<void>();
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-renditions-'));
  t.after(() => rm(directory, { recursive: true }));
  let running = 0;
  const media: Media = {
    start: async () => undefined,
    stop: async () => undefined,
    sniff: async () => ({ mimeType: 'image/png', kind: 'image' }),
    inspect: async () => ({ kind: 'inspected', facts: { mimeType: 'image/png' } }),
    derivable: () => true,
    ...noFilms,
    async derive() {
      running += 1;
      await gate.promise;
      return { kind: 'derived', renditions: [] };
    },
  };
  const fixture = await studio(t, { media, blobs: createDiskBlobs({ directory }) });
  for (let n = 0; n < 6; n += 1) await uploadBytes(fixture, Buffer.from(`picture ${n}`), `${n}.png`);
  for (const duty of await fixture.pendingDuties()) await fixture.doDuty(duty);
  const duties = await fixture.pendingDuties();
  assert.equal(duties.length, 6);
  const done = duties.map((duty) => fixture.doDuty(duty));
  await Promise.all(done.slice(2));
  assert.equal(running, 2);
  const later = (await fixture.storage.duties({ nowMs: fixture.clock.nowMs() + 60_000, limit: 10 })).duties.slice(2);
  const times = later.map(({ dueAtMs }) => dueAtMs);
  assert.equal(new Set(times).size, 4, 'each has a time of its own');
  gate.resolve();
  await Promise.all(done);
});

test('switched off, no pictures are made', async (t) => {
  const fixture = await studio(t);
  Object.assign(fixture.deps.settings, { renditions: 'off' });
  const { id } = await upload(fixture, photograph);
  await fixture.doDuties();
  assert.deepEqual((await fixture.app.assets.get(caller, id)).state.renditions, []);
});

test('equal bytes stay while another asset names them', async (t) => {
  const fixture = await studio(t);
  const { app } = fixture;
  const one = await uploadBytes(fixture, Buffer.from('the same'), 'a.txt');
  const two = await uploadBytes(fixture, Buffer.from('the same'), 'b.txt');
  await fixture.doDuties();
  assert.equal((await fixture.files()).length, 1);
  await app.assets.remove(caller, one.id, { permanently: true });
  await fixture.doDuties();
  assert.equal(String(await buffer((await app.assets.content(caller, two.id)).stream)), 'the same');
  await app.assets.remove(caller, two.id, { permanently: true });
  await fixture.doDuties();
  assert.deepEqual(await fixture.files(), []);
});

test('an upload of bytes that are being erased keeps them, whenever it comes', async (t) => {
  const steps = ['before the question', 'after the question'] as const;
  for (const step of steps) {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    let armed = false;
    const wrap = (storage: Storage): Storage => ({
      ...bound(storage),
      read: {
        ...bound(storage.read),
        async resources(query) {
          if (query.type !== 'blob_use' || !armed) return storage.read.resources(query);
          const early = step === 'before the question' ? null : await storage.read.resources(query);
          asked.resolve();
          await answer.promise;
          return early ?? storage.read.resources(query);
        },
      },
    });
    const fixture = await studio(t, { wrap });
    const { app } = fixture;
    const one = await uploadBytes(fixture, Buffer.from('wanted'), 'a.txt');
    await fixture.doDuties();
    await app.assets.remove(caller, one.id, { permanently: true });
    const [erasing] = await fixture.pendingDuties();
    assert.equal(erasing?.kind, 'erase');
    armed = true;
    const erased = erasing === undefined ? Promise.resolve() : fixture.doDuty(erasing);
    await asked.promise;
    const uploading = uploadBytes(fixture, Buffer.from('wanted'), 'b.txt');
    await untilReceived(fixture, 'wanted'.length);
    answer.resolve();
    await erased;
    const two = await uploading;
    fixture.clock.advance(120_000);
    await fixture.doDuties();
    assert.equal(String(await buffer((await app.assets.content(caller, two.id)).stream)), 'wanted', step);
  }
});

test('bytes whose upload is not committed yet are not erased with the asset that let them go', async (t) => {
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const wrap = (storage: Storage): Storage => ({
    ...bound(storage),
    async commit(items) {
      const second = items.some(({ changes = [] }) => changes.some(({ change }) => change.after?.['name'] === 'b.txt'));
      if (second) {
        arrived.resolve();
        await gate.promise;
      }
      return storage.commit(items);
    },
  });
  const fixture = await studio(t, { wrap });
  const { app } = fixture;
  const one = await uploadBytes(fixture, Buffer.from('wanted'), 'a.txt');
  await fixture.doDuties();
  const uploading = uploadBytes(fixture, Buffer.from('wanted'), 'b.txt');
  await arrived.promise;
  await app.assets.remove(caller, one.id, { permanently: true });
  await fixture.doDuties();
  gate.resolve();
  const two = await uploading;
  fixture.clock.advance(120_000);
  await fixture.doDuties();
  assert.equal(String(await buffer((await app.assets.content(caller, two.id)).stream)), 'wanted');
});

test('an upload that the store refuses leaves no bytes behind', async (t) => {
  const wrap = (storage: Storage): Storage => ({
    ...bound(storage),
    async commit(items) {
      if (items.some(({ changes = [] }) => changes.length > 0))
        throw new AssetwireError('storage_full', { detail: 'Full' });
      return storage.commit(items);
    },
  });
  const fixture = await studio(t, { wrap });
  await assert.rejects(uploadBytes(fixture, Buffer.from('refused'), 'a.txt'));
  assert.deepEqual(await fixture.files(), []);
});

test('a disk that has no room for one of the pictures keeps none of the others', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-renditions-'));
  t.after(() => rm(directory, { recursive: true }));
  const disk = createDiskBlobs({ directory });
  let puts = 0;
  const underWay: Promise<unknown>[] = [];
  const blobs: Blobs = {
    ...disk,
    async put(...call) {
      puts += 1;
      // The photograph is the first, and its first rendition the second: refused while the others are under way.
      if (puts === 2) throw new AssetwireError('storage_full', { detail: 'Full' });
      const put = disk.put(...call);
      underWay.push(put);
      return put;
    },
  };
  const media = createMedia({ clock: systemClock, readable: [directory] });
  const fixture = await studio(t, { blobs, media });
  const { id } = await upload(fixture, photograph);
  await assert.rejects(fixture.doDuties(), (error) => error instanceof AssetwireError && error.code === 'storage_full');
  await Promise.all(underWay);
  const kept = async (): Promise<number> => {
    const entries = await readdir(join(directory, 'files'), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).length;
  };
  assert.equal(await kept(), 1, 'the photograph alone');
  await fixture.doDuties();
  assert.equal(await kept(), 4, 'and with room again, all of them');
  assert.equal((await fixture.app.assets.get(caller, id)).state.renditions.length, 3);
});

/** Waits until an upload has all its bytes; from there it can only wait for the removal. */
async function untilReceived({ directory }: Studio, bytes: number): Promise<void> {
  for (;;) {
    const [name] = await readdir(join(directory, 'incoming'));
    if (name !== undefined && (await stat(join(directory, 'incoming', name))).size === bytes) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The same object with its methods at hand for spreading. */
function bound<Type extends object>(object: Type): Type {
  return new Proxy(object, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('UP-01 a flood of pixels is a note on the asset, and no picture is made of it', async (t) => {
  const fixture = await studio(t);
  const { id } = await uploadBytes(fixture, pngClaiming(65_535, 65_535), 'flood.png');
  await fixture.doDuties();
  const { state } = await fixture.app.assets.get(caller, id);
  assert.equal(state.inspection.state, 'failed');
  assert.match(state.inspection.note ?? '', /65535 x 65535 pixels/);
  assert.deepEqual(state.renditions, []);
});
