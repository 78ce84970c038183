import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import type { Media, ScanResult } from '../media/media.ts';
import { allChanges, caller, createFixture, type Fixture } from './testing/app-fixture.ts';

type Scans = { readonly fixture: Fixture; answer: ScanResult; asked: number; inspected: number };

const infected: ScanResult = { kind: 'infected', note: 'Eicar-Test-Signature' };
const failed: ScanResult = { kind: 'failed', note: 'the daemon is down' };
const clean: ScanResult = { kind: 'clean' };

/** A server with a scanner that answers what the test says. */
async function withScanner(run: (scans: Scans) => Promise<void>): Promise<void> {
  const plain = await createFixture();
  const scans = { answer: clean, asked: 0, inspected: 0 };
  const media: Media = {
    ...plain.deps.media,
    inspect: (path, hint) => {
      scans.inspected += 1;
      return plain.deps.media.inspect(path, hint);
    },
    scanner: {
      scan: async () => {
        scans.asked += 1;
        return scans.answer;
      },
    },
  };
  await plain.stop();
  const fixture = await createFixture({ media });
  try {
    await run(Object.assign(scans, { fixture }));
  } finally {
    await fixture.stop();
  }
}

const bytes = (text: string) => ({ name: 'a.txt', content: Readable.from([Buffer.from(text)]) });

async function upload({ app }: Fixture, text = 'hello'): Promise<string> {
  return (await app.assets.upload(caller, { file: bytes(text) })).body.id;
}

async function settle(fixture: Fixture): Promise<void> {
  while ((await fixture.doDuties()) > 0) continue;
}

const kinds = async (fixture: Fixture) => (await allChanges(fixture)).map(({ kind }) => kind);
const stateOf = async ({ app }: Fixture, id: string) => (await app.assets.get(caller, id)).state;

async function isWithheld({ app }: Fixture, id: string, text: RegExp): Promise<void> {
  for (const read of [
    () => app.assets.content(caller, id),
    () => app.assets.versionContent(caller, { reference: id, number: 1 }),
    () => app.assets.xmp(caller, id),
    () => app.assets.versionXmp(caller, { reference: id, number: 1 }),
  ])
    await assert.rejects(read, (error) => {
      assert.ok(error instanceof AssetwireError);
      assert.equal(error.code, 'content_withheld');
      assert.match(error.message, text);
      return true;
    });
}

test('UP-20 a file is given to nobody until it was scanned, and told as ready once it is clean', async () => {
  await withScanner(async (scans) => {
    const { fixture } = scans;
    const id = await upload(fixture);
    await isWithheld(fixture, id, /still looked for/);
    await settle(fixture);
    assert.deepEqual((await stateOf(fixture, id)).file?.scan?.state, 'clean');
    assert.deepEqual(await kinds(fixture), ['asset.created', 'asset.ready']);
    (await fixture.app.assets.content(caller, id)).stream.destroy();
  });
});

test('UP-20 an infected file is told as that and never as ready, looked into by nothing else, and withheld', async () => {
  await withScanner(async (scans) => {
    const { fixture } = scans;
    scans.answer = infected;
    const id = await upload(fixture);
    await settle(fixture);
    assert.deepEqual(await kinds(fixture), ['asset.created', 'asset.scan_failed']);
    const { file, versions, inspection } = await stateOf(fixture, id);
    assert.deepEqual([file?.scan?.state, file?.scan?.note], ['infected', 'Eicar-Test-Signature']);
    assert.equal(versions[0]?.file.scan?.state, 'infected');
    assert.equal(scans.inspected, 0);
    assert.deepEqual(inspection, { state: 'withheld', note: 'A virus was found: Eicar-Test-Signature' });
    await isWithheld(fixture, id, /a virus was found in it \(Eicar-Test-Signature\)/);
  });
});

test('a copy is withheld as well; another version that is clean makes the asset ready', async () => {
  await withScanner(async (scans) => {
    const { fixture } = scans;
    const { app } = fixture;
    scans.answer = infected;
    const id = await upload(fixture);
    await settle(fixture);
    const copy = await app.assets.copy(caller, id, { path: '/copies' });
    await isWithheld(fixture, copy.body.id, /virus/);
    scans.answer = clean;
    await app.assets.addVersion(caller, id, { file: bytes('clean'), activate: true });
    await settle(fixture);
    assert.equal((await kinds(fixture)).filter((kind) => kind === 'asset.ready').length, 1);
    (await app.assets.content(caller, id)).stream.destroy();
    await assert.rejects(app.assets.versionContent(caller, { reference: id, number: 1 }), /virus/);
  });
});

test('a further version that is infected is told as that; the one before can be taken up again', async () => {
  await withScanner(async (scans) => {
    const { fixture } = scans;
    const { app } = fixture;
    const id = await upload(fixture);
    await settle(fixture);
    scans.answer = infected;
    await app.assets.addVersion(caller, id, { file: bytes('bad'), activate: true });
    await settle(fixture);
    assert.deepEqual((await kinds(fixture)).slice(2), ['asset.version_added', 'asset.scan_failed']);
    assert.equal((await stateOf(fixture, id)).inspection.state, 'failed');
    await assert.rejects(app.assets.content(caller, id), /virus/);
    scans.answer = clean;
    await app.assets.activateVersion(caller, { reference: id, number: 1 });
    await settle(fixture);
    (await app.assets.content(caller, id)).stream.destroy();
    assert.deepEqual(
      (await stateOf(fixture, id)).versions.map(({ inspection }) => inspection),
      [undefined, 'withheld'],
      'nobody was told that the other one is there',
    );
    // It was no virus after all: the version is told then, and once.
    const known = (await kinds(fixture)).length;
    await app.assets.activateVersion(caller, { reference: id, number: 2 });
    for (let times = 0; times < 2; times += 1) {
      await app.assets.inspect(caller, id);
      await settle(fixture);
    }
    assert.deepEqual(
      (await kinds(fixture)).slice(known).filter((kind) => kind.startsWith('asset.version')),
      ['asset.version_activated', 'asset.version_ready'],
    );
  });
});

test('a scanner that cannot be asked is asked three times, then the file is withheld; scanned again, it becomes ready', async () => {
  await withScanner(async (scans) => {
    const { fixture } = scans;
    scans.answer = failed;
    const id = await upload(fixture);
    await settle(fixture);
    assert.equal(scans.asked, 1);
    assert.equal((await stateOf(fixture, id)).file?.scan?.state, 'pending');
    for (const waitMs of [15_000, 30_000]) {
      fixture.clock.advance(waitMs);
      await settle(fixture);
    }
    assert.equal(scans.asked, 3);
    assert.deepEqual(await kinds(fixture), ['asset.created', 'asset.scan_failed']);
    assert.equal((await stateOf(fixture, id)).inspection.note, 'Viruses could not be looked for: the daemon is down');
    await isWithheld(fixture, id, /could not be looked for/);
    scans.answer = clean;
    await fixture.app.assets.inspect(caller, id);
    await settle(fixture);
    assert.deepEqual((await kinds(fixture)).at(-1), 'asset.ready');
    (await fixture.app.assets.content(caller, id)).stream.destroy();
  });
});

test('what was taken in where a scanner is set is withheld where none is, not let through', async () => {
  await withScanner(async ({ fixture }) => {
    const id = await upload(fixture);
    const { scanner: _, ...media } = fixture.deps.media;
    const worker = await createFixture({
      media,
      storage: fixture.storage,
      clock: fixture.clock,
      blobs: fixture.deps.blobs,
    });
    for (const duty of await worker.pendingDuties()) if (duty.kind === 'inspect') await worker.doDuty(duty);
    await isWithheld(fixture, id, /no scanner is set/);
    assert.deepEqual(await kinds(fixture), ['asset.created', 'asset.scan_failed']);
    await fixture.app.assets.inspect(caller, id);
    await settle(fixture);
    assert.equal((await stateOf(fixture, id)).file?.scan?.state, 'clean');
  });
});

test('without a scanner nothing is said of scans', async () => {
  const fixture = await createFixture();
  const id = await upload(fixture);
  await settle(fixture);
  assert.equal((await stateOf(fixture, id)).file?.scan, undefined);
  await fixture.stop();
});
