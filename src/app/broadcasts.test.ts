import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import type { BroadcastState } from '../core/broadcast.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { allChanges, caller, callerIn, createFixture, type Fixture } from './testing/app-fixture.ts';

function isRefusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof AssetwireError && error.code === code;
}

const kindsOf = async (fixture: Fixture): Promise<readonly string[]> =>
  (await allChanges(fixture)).map(({ kind }) => kind).filter((kind) => kind.startsWith('broadcast.'));

async function started(): Promise<Fixture & { readonly app: Fixture['app'] }> {
  return createFixture();
}

async function make({ app }: Fixture, input: Parameters<Fixture['app']['broadcasts']['create']>[1] = {}) {
  return (await app.broadcasts.create(caller, input)).body;
}

test('what is planned is told to nobody; live, changed and over are, once each', async (t) => {
  const fixture = await started();
  t.after(fixture.stop);
  const { app } = fixture;
  const { id } = await make(fixture, { title: 'Soon', tags: ['a', 'a'] });
  const patch = (given: object) => app.broadcasts.update(caller, id, given);
  await patch({ title: 'Soon enough' });
  assert.deepEqual(await kindsOf(fixture), []);
  await patch({ type: 'live' });
  fixture.clock.advance(5_000);
  await patch({ title: 'Now', position: { latitude: 1, longitude: 2 } });
  await patch({ title: 'Now' });
  await patch({ type: 'archived' });
  assert.deepEqual(await kindsOf(fixture), ['broadcast.started', 'broadcast.updated', 'broadcast.ended']);
  const { state } = await app.broadcasts.get(caller, id);
  assert.deepEqual([state.type, state.end, state.durationMs, state.tags], ['archived', 'told', 5_000, ['a']]);
  await assert.rejects(patch({ type: 'live' }), isRefusal('conflict'));
  await patch({ position: null });
  assert.equal((await app.broadcasts.get(caller, id)).state.position, undefined);
  await app.broadcasts.remove(caller, id);
  assert.equal((await kindsOf(fixture)).at(-1), 'broadcast.removed');
  await assert.rejects(app.broadcasts.get(caller, id), isRefusal('not_found'));
});

test('TN-01 a broadcast of another workspace is not there, by its id or by its external id', async (t) => {
  const fixture = await started();
  t.after(fixture.stop);
  const { app } = fixture;
  const { id } = await make(fixture, { externalId: 'show-1', type: 'live' });
  const stranger = callerIn('other');
  for (const reference of [id, 'external:show-1']) {
    await assert.rejects(app.broadcasts.get(stranger, reference), isRefusal('not_found'));
    await assert.rejects(app.broadcasts.update(stranger, reference, { title: 'x' }), isRefusal('not_found'));
    await assert.rejects(app.broadcasts.remove(stranger, reference), isRefusal('not_found'));
    await assert.rejects(app.broadcasts.clip(stranger, reference, { fromMs: 0, toMs: 1_000 }), isRefusal('not_found'));
    const content = Readable.from([Buffer.from('x')]);
    await assert.rejects(app.broadcasts.stream(stranger, reference, { content }), isRefusal('not_found'));
  }
  await assert.rejects(make(fixture, { externalId: 'show-1' }), isRefusal('already_exists'));
  await assert.rejects(make(fixture, { recording: 'external:nothing' }), isRefusal('invalid_request'));
  await assert.rejects(
    make(fixture, { preview: { assetId: 'ast_01kan4c4q0edkxrmnr6dgk2vfp' } }),
    isRefusal('invalid_request'),
  );
});

test('writes name the version they were decided on, and an idempotency key brings the first answer back', async (t) => {
  const fixture = await started();
  t.after(fixture.stop);
  const { app } = fixture;
  const idempotency = { key: 'once', fingerprint: 'f' };
  const first = await app.broadcasts.create(caller, { title: 'One', type: 'live' }, idempotency);
  const again = await app.broadcasts.create(caller, { title: 'One', type: 'live' }, idempotency);
  assert.deepEqual([again.body.id, again.replayed], [first.body.id, true]);
  assert.deepEqual(await kindsOf(fixture), ['broadcast.started']);
  const { id } = first.body;
  await assert.rejects(app.broadcasts.update(caller, id, { title: 'x', expected: 2 }), isRefusal('conflict'));
  await assert.rejects(
    app.broadcasts.update(caller, id, { title: 'x', expected: { ifMatch: [2] } }),
    isRefusal('precondition_failed'),
  );
  assert.equal((await app.broadcasts.update(caller, id, { title: 'x', expected: 1 })).body.version, 2);
});

/** Goes on with duties and time until something is so. */
async function until(fixture: Fixture, fits: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 400; round += 1) {
    if (await fits()) return;
    fixture.clock.advance(100);
    await fixture.doDuties();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.fail('it never came to that');
}

const typeOf = async ({ app }: Fixture, id: string) => (await app.broadcasts.get(caller, id)).state.type;

test('an end that was stored but not told before the process died is told by another one', async (t) => {
  const fixture = await started();
  t.after(fixture.stop);
  const { app, storage, clock, deps } = fixture;
  const { id } = await make(fixture, { title: 'Half told', type: 'live' });
  const content = Readable.from([Buffer.from('the bytes had all arrived')]);
  const asset = (await app.assets.upload(caller, { file: { name: 'x.mp4', content } })).body;
  await fixture.doDuties();
  // As the killed process left it: streaming, the recording stored, the last step missing.
  const [row] = await storage.resources([{ workspaceId: 'default', type: 'broadcast', id }]);
  const state: BroadcastState = { ...(row?.state as unknown as BroadcastState), streaming: true };
  const beat = { recordingId: asset.id, seenAtMs: clock.nowMs() } satisfies JsonObject;
  await storage.commit([
    {
      workspaceId: 'default',
      atMs: clock.nowMs(),
      resources: [
        { type: 'broadcast', id, expectedVersion: 'any', state },
        { type: 'broadcast_stream', id, expectedVersion: 'any', state: beat },
      ],
      duties: [
        {
          id: deps.ids.next('duty'),
          workspaceId: 'default',
          kind: 'broadcast',
          dueAtMs: clock.nowMs(),
          payload: { broadcastId: id, phase: 'watch', tries: 0 },
        },
      ],
    },
  ]);
  const other = await fixture.another();
  // Whoever renewed the row a moment ago may still be at it.
  clock.advance(20_000);
  await other.doDuties();
  assert.equal(await typeOf(other, id), 'live');
  await until(other, async () => (await typeOf(other, id)) === 'archived');
  const ended = (await other.app.broadcasts.get(caller, id)).state;
  assert.deepEqual([ended.end, ended.recording, ended.streaming], ['complete', asset.id, undefined]);
  assert.deepEqual((await kindsOf(other)).filter((kind) => kind === 'broadcast.ended').length, 1);
  assert.deepEqual(await storage.resources([{ workspaceId: 'default', type: 'broadcast_stream', id }]), [null]);
});

test('removed while it is live, it stays removed; bytes that cannot be kept end it with the reason', async (t) => {
  const fixture = await started();
  t.after(fixture.stop);
  const { app, deps } = fixture;
  const { id } = await make(fixture, { title: 'Taken away' });
  const gate = Promise.withResolvers<void>();
  async function* slowly() {
    yield Buffer.from('one');
    await gate.promise;
    yield Buffer.from('two');
  }
  const streaming = app.broadcasts.stream(caller, id, { content: Readable.from(slowly()) });
  const outcome = assert.rejects(streaming, isRefusal('not_found'));
  await until(fixture, async () => (await typeOf(fixture, id)) === 'live');
  const again = Readable.from([Buffer.from('x')]);
  await assert.rejects(app.broadcasts.stream(caller, id, { content: again }), isRefusal('conflict'));
  await app.broadcasts.remove(caller, id);
  gate.resolve();
  await outcome;
  await fixture.doDuties();
  assert.deepEqual((await kindsOf(fixture)).slice(-2), ['broadcast.started', 'broadcast.removed']);

  const full = await createFixture({
    blobs: {
      ...deps.blobs,
      put: () => Promise.reject(new AssetwireError('storage_full', { detail: 'Keep the bytes: the disk is full' })),
    },
  });
  t.after(full.stop);
  const unlucky = await make(full, { title: 'Full' });
  const content = Readable.from([Buffer.from('one')]);
  await assert.rejects(full.app.broadcasts.stream(caller, unlucky.id, { content }), isRefusal('storage_full'));
  const { state } = await full.app.broadcasts.get(caller, unlucky.id);
  assert.deepEqual([state.type, state.end, state.note], ['archived', 'lost', 'Keep the bytes: the disk is full']);
});

test('streams that have not brought a byte yet count among those that may run at a time', async (t) => {
  const fixture = await started();
  t.after(fixture.stop);
  const { app } = fixture;
  const { id } = await make(fixture, { title: 'Any minute', type: 'live' });
  const contents = Array.from({ length: limits.broadcastStreamsMax }, () => new PassThrough());
  const waiting = Promise.allSettled(contents.map((content) => app.broadcasts.stream(caller, id, { content })));
  const refused = app.broadcasts.stream(caller, id, { content: Readable.from([Buffer.from('x')]) });
  await assert.rejects(refused, isRefusal('too_many_requests'));
  for (const content of contents) content.end();
  const codes = (await waiting).map((end) =>
    end.status === 'rejected' ? (end.reason as AssetwireError).code : 'ended',
  );
  assert.deepEqual([...new Set(codes)], ['upload_incomplete']);
});

test('bytes that go on coming keep a broadcast live, however long, also where no other process could take them', async (t) => {
  for (const soleWriter of [true, false]) {
    const fixture = await createFixture({ soleWriter });
    t.after(fixture.stop);
    const { app } = fixture;
    const { id } = await make(fixture, { title: 'Long' });
    const gate = Promise.withResolvers<void>();
    async function* slowly() {
      yield Buffer.from('one');
      await gate.promise;
    }
    const streaming = app.broadcasts.stream(caller, id, { content: Readable.from(slowly()) });
    await until(fixture, async () => (await typeOf(fixture, id)) === 'live');
    // Where there are others, the duty may well be another's.
    const watching = soleWriter ? fixture : await fixture.another();
    for (let seconds = 0; seconds < 120; seconds += 1) {
      fixture.clock.advance(1_000);
      await watching.doDuties();
      // The beat commits beside the duties.
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await typeOf(fixture, id), 'live', `soleWriter ${soleWriter}`);
    gate.resolve();
    await until(fixture, async () => (await typeOf(fixture, id)) === 'archived');
    fixture.clock.advance(1_000);
    assert.equal((await streaming).state.type, 'archived');
  }
});

test('a signed link plays until its time is over, in its workspace and dialect, and no longer than the recording is there', async (t) => {
  const fixture = await createFixture();
  t.after(fixture.stop);
  const { app, clock, links } = fixture;
  const content = Readable.from([Buffer.from('a film')]);
  const asset = (await app.assets.upload(caller, { file: { name: 'x.mp4', content } })).body;
  const { id } = await make(fixture, { title: 'Over', recording: asset.id });
  const text = `GET /x?${id}`;
  const signature = links('default', 'bambuser').signature?.(text) ?? '';
  const place = {
    workspaceId: 'default',
    dialect: 'bambuser',
    broadcastId: id,
    text,
    signature,
    expiresAtMs: clock.nowMs() + 1_000,
  };
  const { stream, bytes } = await app.broadcasts.signedContent(place);
  assert.deepEqual([bytes, Buffer.concat(await stream.toArray()).toString()], [6, 'a film']);
  for (const other of [
    { ...place, workspaceId: 'other' },
    { ...place, dialect: 'standard' },
    { ...place, text: `${text}0` },
    { ...place, signature: '' },
    { ...place, signature: signature.toUpperCase() },
  ])
    await assert.rejects(app.broadcasts.signedContent(other), isRefusal('not_found'), JSON.stringify(other));
  clock.advance(1_000);
  await assert.rejects(app.broadcasts.signedContent(place), isRefusal('not_found'));
  const lasting = { ...place, expiresAtMs: null };
  (await app.broadcasts.signedContent(lasting)).stream.destroy();
  await app.assets.remove(caller, asset.id);
  await assert.rejects(app.broadcasts.signedContent(lasting), isRefusal('gone'));
});
