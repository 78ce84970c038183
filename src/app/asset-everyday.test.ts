import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { fileFields } from '../core/asset-changes.ts';
import type { Change } from '../core/change.ts';
import { changedFields } from '../core/difference.ts';
import { AssetwireError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { invalidRequest } from '../api/problem.ts';
import type { AssetPatch } from './app.ts';
import {
  allChanges,
  allDeliveries,
  caller,
  createFixture,
  type Fixture,
  report,
  webhookInput,
} from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture({ soleWriter: true });
});
afterEach(() => fixture.stop());

const content = (text = 'x', name = 'a.jpg') => ({ name, content: Readable.from([Buffer.from(text)]) });
const push = (state: object = {}, reference = 'external:p') =>
  fixture.app.assets.push(caller, reference, { name: 'a.jpg', ...state });
const patch = (given: AssetPatch, reference = 'external:p') => fixture.app.assets.patch(caller, reference, given);

test('UP-11 a folder path is read the same in every door: normalised, or refused by its place', async () => {
  await push();
  const doors: readonly (readonly [string, (path: string) => Promise<{ path: string } | { at: string }>])[] = [
    ['upload', async (path) => at(fixture.app.assets.upload(caller, { path, file: content() }))],
    ['push', async (path) => at(push({ path }, 'external:q'))],
    ['patch', async (path) => at(patch({ path }))],
    [
      'report',
      async (path) => {
        const result = await report(fixture, {
          kind: 'asset.moved',
          subject: { type: 'asset', externalId: 'r' },
          after: { path },
        });
        if (result.status === 'rejected') return { at: result.problems?.[0]?.at ?? '' };
        return { path: (await fixture.app.assets.get(caller, 'external:r')).state.path };
      },
    ],
  ];
  for (const [door, enter] of doors) {
    const place = door === 'report' ? '/after/path' : '/path';
    for (const [given, path] of [
      ['/', '/'],
      ['/a//b/', '/a/b'],
      ['/Bu\u0308cher/', '/B\u00fccher'],
    ] as const) {
      assert.deepEqual(await enter(given), { path }, `${door} ${given}`);
    }
    for (const given of [
      'a/b',
      '/a/../../b',
      '/./a',
      '/a\u0000b',
      '/a\nb',
      '\\a',
      '/a\\b',
      '/ /a',
      `/${'a'.repeat(300)}`,
    ]) {
      assert.deepEqual(await enter(given), { at: place }, `${door} ${JSON.stringify(given)}`);
    }
  }
});

async function at(call: Promise<{ readonly body: { readonly state: { readonly path: string } } }>) {
  try {
    return { path: (await call).body.state.path };
  } catch (error) {
    const { code, problems } = error as {
      readonly code: string;
      readonly problems: readonly { readonly at: string }[];
    };
    assert.equal(code, 'invalid_request');
    return { at: problems[0]?.at ?? '' };
  }
}

test('A reported before in another spelling of the same folder does not differ', async () => {
  await push({ path: '/a/b' });
  await report(fixture, {
    kind: 'asset.moved',
    subject: { type: 'asset', externalId: 'p' },
    before: { path: '/a//b/' },
    after: { path: '/c' },
  });
  const moved = (await allChanges(fixture)).at(-1);
  assert.deepEqual([moved?.kind, moved?.beforeDiffers], ['asset.moved', undefined]);
});

test('A folder filter finds what lies in it, however either was spelt', async () => {
  await fixture.app.webhooks.create(caller, webhookInput({ filter: { folder: ['/Bu\u0308cher//neu/'] } }));
  await push({ path: '/B\u00fccher/neu/' });
  await push({ path: '/Bücher/alt' }, 'external:other');
  assert.equal((await allDeliveries(fixture)).length, 1);
});

test('One patch yields one change per kind in a fixed order, all with the same before and after', async () => {
  await fixture.app.webhooks.create(caller, webhookInput());
  const created = await push({ tags: ['a'], metadata: { status: 'draft' } });
  const known = (await allChanges(fixture)).length;
  const { body } = await patch({
    archived: true,
    labels: ['hero'],
    tags: ['b'],
    metadata: { status: 'final', rating: 3 },
    focusPoint: { x: 0.1, y: 0.9 },
    info: { title: 'T', expiration: '2027-01-01', approval: 'approved' },
    path: '/new',
    name: 'b.jpg',
    collections: ['c'],
  });
  const made = (await allChanges(fixture)).slice(known);
  assert.deepEqual(
    made.map(({ kind, changed }) => [kind, changed]),
    [
      ['asset.renamed', ['name']],
      ['asset.moved', ['path']],
      ['asset.info_changed', ['focusPoint', 'info.title']],
      ['asset.metadata_changed', ['metadata.rating', 'metadata.status']],
      ['asset.tags_changed', ['tags']],
      ['asset.labels_changed', ['labels']],
      ['asset.collections_changed', ['collections']],
      ['asset.approval_changed', ['info.approval']],
      ['asset.expiration_changed', ['info.expiration']],
      ['asset.archived', ['archived']],
    ],
  );
  for (const change of made) {
    assert.deepEqual([change.before, change.after], [created.body.state, body.state]);
    assert.equal(change.subjectVersion, body.version);
  }
  assert.deepEqual(
    (await allDeliveries(fixture)).slice(-made.length).map(({ event }) => event),
    made.map(({ kind }) => kind),
  );
});

test('A patch that changes nothing makes no version, no change and no delivery, with a key or without', async () => {
  await fixture.app.webhooks.create(caller, webhookInput());
  const { body } = await push({ path: '/a', tags: ['x', 'y'], metadata: { status: 'draft' }, info: { title: 'T' } });
  const [changes, deliveries] = [(await allChanges(fixture)).length, (await allDeliveries(fixture)).length];
  const nothings: readonly AssetPatch[] = [
    {},
    { path: '/a/' },
    { tags: ['y', 'x', 'y'] },
    { metadata: { status: 'draft', never: null } },
    { info: {}, archived: false, focusPoint: null, name: 'a.jpg', labels: [] },
  ];
  for (const [index, given] of nothings.entries()) {
    assert.equal((await patch(given)).body.version, body.version, JSON.stringify(given));
    const keyed = await fixture.app.assets.patch(caller, body.id, {
      ...given,
      idempotency: { key: `n${index}`, fingerprint: 'f' },
    });
    assert.equal(keyed.body.version, body.version);
  }
  assert.deepEqual([(await allChanges(fixture)).length, (await allDeliveries(fixture)).length], [changes, deliveries]);
});

test('A name is a name: one with a folder in it is refused where it was said on purpose', async () => {
  await push();
  for (const name of ['a/b.jpg', '../b.jpg', 'a\\b.jpg', '..', ' ', '\u200b\u202e']) {
    await assert.rejects(patch({ name }), { code: 'invalid_request' }, name);
    await assert.rejects(push({ name }), { code: 'invalid_request' }, name);
  }
  const { body } = await fixture.app.assets.upload(caller, { file: content('x', 'C:\\photos\\a.jpg') });
  assert.equal(body.state.name, 'a.jpg', "a browser's path is not");
  // Reported without a name it still can be pushed without one.
  await report(fixture, {
    kind: 'asset.created',
    subject: { type: 'asset', externalId: 'bare' },
    after: { tags: ['x'] },
  });
  assert.equal((await fixture.app.assets.push(caller, 'external:bare', { tags: ['y'] })).body.state.name, 'unnamed');
});

test('Names, tags, labels and collections have one spelling, whichever keyboard or disk they come from', async () => {
  const composed = { name: 'Caf\u00e9.jpg', tags: ['\u00e9'], labels: ['\u00e9'], collections: ['\u00e9'] };
  const apart = { name: 'Cafe\u0301.jpg', tags: ['e\u0301', '\u00e9'], labels: ['e\u0301'], collections: ['e\u0301'] };
  const { body } = await push(apart);
  const { name, tags, labels, collections } = body.state;
  assert.deepEqual({ name, tags, labels, collections }, composed);
  const before = (await allChanges(fixture)).length;
  await push(composed);
  await patch(apart);
  await patch(composed);
  assert.equal((await allChanges(fixture)).length, before, 'nothing has happened that anybody could see');
  const uploaded = await fixture.app.assets.upload(caller, { ...apart, file: content('x', 'e\u0301.jpg') });
  assert.deepEqual(uploaded.body.state.tags, ['\u00e9']);
  assert.equal(
    (await fixture.app.assets.upload(caller, { file: content('y', 'e\u0301.jpg') })).body.state.name,
    '\u00e9.jpg',
  );
  for (const tag of ['\u00e9', 'e\u0301']) {
    const { items } = await fixture.app.assets.list(caller, { limit: 10, tag });
    assert.equal(items.length, 2, JSON.stringify(tag));
  }
});

test('Who names the version it decided on writes on that one or is told which one there is', async () => {
  const { body } = await push();
  const writes = [
    (expected: number | { ifMatch: readonly number[] }) =>
      fixture.app.assets.patch(caller, body.id, { tags: ['x'], expected }),
    (expected: number | { ifMatch: readonly number[] }) =>
      fixture.app.assets.push(caller, body.id, { name: 'z.jpg', expected }),
    (expected: number | { ifMatch: readonly number[] }) => fixture.app.assets.remove(caller, body.id, { expected }),
  ];
  for (const [index, write] of writes.entries()) {
    const present = (await fixture.app.assets.get(caller, body.id)).version;
    for (const wrong of [present + 1, Math.max(1, present - 1)].filter((version) => version !== present)) {
      await assert.rejects(write(wrong), { code: 'conflict', message: new RegExp(`at version ${present}$`) });
      await assert.rejects(write({ ifMatch: [wrong] }), { code: 'precondition_failed' });
    }
    await assert.rejects(write({ ifMatch: [] }), { code: 'precondition_failed' });
    assert.equal((await fixture.app.assets.get(caller, body.id)).version, present, 'nothing was written');
    await write(index % 2 === 0 ? present : { ifMatch: [present + 7, present] });
  }
});

test('A push that expects a version makes no asset where there is none', async () => {
  for (const [expected, code] of [
    [{ ifMatch: [1] }, 'precondition_failed'],
    [1, 'conflict'],
  ] as const) {
    const call = fixture.app.assets.push(caller, 'external:never', { name: 'x.jpg', expected });
    await assert.rejects(call, { code, message: /there is none yet$/ });
  }
  await assert.rejects(fixture.app.assets.get(caller, 'external:never'), { code: 'not_found' });
});

test('Of two who decided on one version exactly one writes', async () => {
  const { body } = await push();
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, (_, n) =>
      fixture.app.assets.patch(caller, body.id, { tags: [`t${n}`], expected: { ifMatch: [body.version] } }),
    ),
  );
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal((await fixture.app.assets.get(caller, body.id)).version, body.version + 1);
});

test('A deleted asset is gone: told so to whoever knows its id, its history stays, its external id is free', async () => {
  const { body } = await push();
  const key = { idempotency: { key: 'd', fingerprint: 'f' } };
  assert.equal((await fixture.app.assets.remove(caller, body.id, key)).status, 204);
  assert.equal((await fixture.app.assets.remove(caller, body.id, key)).replayed, true);
  for (const call of [
    () => fixture.app.assets.get(caller, body.id),
    () => fixture.app.assets.content(caller, body.id),
    () => fixture.app.assets.patch(caller, body.id, { name: 'x' }),
    () => fixture.app.assets.push(caller, body.id, { name: 'x' }),
    () => fixture.app.assets.versions(caller, body.id, { limit: 1 }),
    () => fixture.app.assets.remove(caller, body.id),
  ]) {
    await assert.rejects(call(), { code: 'gone' });
  }
  await assert.rejects(fixture.app.assets.get(caller, 'external:p'), { code: 'not_found' });
  await assert.rejects(fixture.app.assets.get(caller, 'ast_01zzzzzzzzzzzzzzzzzzzzzzzz'), { code: 'not_found' });
  const history = await fixture.app.assets.changes(caller, body.id, { limit: 10, order: 'oldest' });
  assert.deepEqual(
    history.items.map(({ kind }) => kind),
    ['asset.created', 'asset.ready', 'asset.deleted'],
  );
  const none = await fixture.app.assets.changes(caller, body.id, { limit: 10, kinds: ['asset.moved'] });
  assert.deepEqual(none.items, []);
  await assert.rejects(fixture.app.assets.changes(caller, 'ast_01zzzzzzzzzzzzzzzzzzzzzzzz', { limit: 1 }), {
    code: 'not_found',
  });
  const again = await push();
  assert.deepEqual([again.status, again.body.id === body.id], [201, false]);
});

test('An asset does not grow without end', async () => {
  const { body } = await push();
  const text = 'x'.repeat(100_000);
  await patch({ metadata: { one: text } });
  await patch({ metadata: { two: text } });
  await assert.rejects(patch({ metadata: { three: text } }), { code: 'limit_reached' });
  assert.deepEqual(Object.keys((await fixture.app.assets.get(caller, body.id)).state.metadata), ['one', 'two']);
  await patch({ metadata: { one: null, three: text } });
});

// --- A random life ---------------------------------------------------------------------------------------------------

type Step = { readonly kind: string; readonly run: (fixture: Fixture, id: string) => Promise<unknown> };
const word = fc.constantFrom('a', 'b', 'c', 'ü', 'constructor');
const words = fc.array(word, { maxLength: 3 });
const by = (kind: string, run: Step['run']): Step => ({ kind, run });
const patchStep = fc
  .record(
    {
      name: word.map((name) => `${name}.jpg`),
      path: words.map((parts) => `/${parts.join('/')}`),
      info: fc.dictionary(fc.constantFrom('title', 'approval', 'expiration'), fc.oneof(word, fc.constant(null))),
      metadata: fc.dictionary(fc.constantFrom('status', 'rating', '__proto__'), fc.oneof(word, fc.constant(null))),
      tags: words,
      labels: words,
      collections: words,
      archived: fc.boolean(),
      focusPoint: fc.constantFrom(null, { x: 0, y: 1 }, { x: 0.5, y: 0.5 }),
    },
    { requiredKeys: [] },
  )
  .map((given) => by('patch', (on, id) => on.app.assets.patch(caller, id, given)));
const pushStep = fc
  .record({ name: word, path: fc.constantFrom('/', '/x'), tags: words, archived: fc.boolean(), bytes: fc.nat(2) })
  .map(({ bytes, ...state }) =>
    by('push', (on, id) =>
      on.app.assets.push(caller, id, {
        ...state,
        file: { bytes, mimeType: 'image/png', url: `https://dam.example/${bytes}` },
      }),
    ),
  );
const versionStep = fc
  .tuple(word, fc.boolean())
  .map(([text, activate]) =>
    by('version', (on, id) => on.app.assets.addVersion(caller, id, { activate, file: content(text) })),
  );
const activateStep = fc
  .integer({ min: 1, max: 4 })
  .map((n) => by('activate', (on, id) => on.app.assets.activateVersion(caller, { reference: id, number: n })));
const removeStep = fc
  .integer({ min: 1, max: 4 })
  .map((n) => by('removeVersion', (on, id) => on.app.assets.removeVersion(caller, { reference: id, number: n })));
const reportStep = fc
  .record({ tags: words, path: fc.constantFrom('/r', '/r/s') })
  .map((after) =>
    by('report', (on, id) =>
      on.app.changes.report(caller, [{ kind: 'asset.tags_changed', subject: { type: 'asset', id }, after }]),
    ),
  );
const inspectStep = fc.constant(by('duties', (on) => on.doDuties()));
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: patchStep },
    pushStep,
    versionStep,
    activateStep,
    removeStep,
    reportStep,
    inspectStep,
  ),
  { minLength: 1, maxLength: 12 },
);

/** Changes of one write share its version: they must agree on what was and what is. */
function checkChain(changes: readonly Change[]): JsonObject | null {
  let state: JsonObject | null = null;
  let version = 0;
  let before: JsonObject | null = null;
  for (const change of changes) {
    if (change.subjectVersion !== version) {
      assert.ok(change.subjectVersion > version, 'versions only rise');
      before = state;
      version = change.subjectVersion;
    }
    // Whoever hears of an asset as ready hears of it as new where it was never anything else; of a version against what was
    // there before it came.
    if (change.kind === 'asset.version_ready') {
      const others: readonly string[] = changedFields(change.before, before).filter((field) => !fileFields.has(field));
      assert.deepEqual(
        others,
        [],
        `${change.kind} of version ${version} begins where the one before ended, but for the file`,
      );
    } else if (!(change.kind === 'asset.ready' && change.before === null)) {
      assert.deepEqual(change.before, before, `${change.kind} of version ${version} begins where the one before ended`);
    }
    const differing = changedFields(change.before, change.after);
    for (const field of change.changed) assert.ok(differing.includes(field), `${change.kind} names ${field}`);
    state = change.after;
  }
  return state;
}

/** One step of a life; what must hold after each. Answers how many changes it told and whether only bookkeeping changed. */
async function live(
  one: Fixture,
  id: string,
  step: Step,
): Promise<{ readonly told: number; readonly silent: boolean }> {
  const before = await one.app.assets.get(caller, id);
  const known = (await allChanges(one)).length;
  await step.run(one, id).catch((error: unknown) => {
    const code = error instanceof AssetwireError ? error.code : String(error);
    assert.ok(code === 'not_found' || code === 'active_version', `${step.kind}: ${code}`);
  });
  const after = await one.app.assets.get(caller, id);
  const made = (await allChanges(one)).slice(known);
  const kinds = made.map(({ kind, subjectVersion }) => `${subjectVersion} ${kind}`);
  assert.equal(new Set(kinds).size, kinds.length, 'one change per kind and write');
  assert.equal(after.state.versions.filter(({ active }) => active).length, 1, 'one version is active');
  assert.ok(after.version >= before.version);
  // Of several duties in one step some may tell and a later one only keep the books.
  const last = made.at(-1);
  const differing = changedFields(last?.after ?? before.state, after.state).filter(
    (field) => field !== 'inspection' && field !== 'modifiedAtMs',
  );
  assert.deepEqual(differing, [], `${step.kind}: only bookkeeping changes without anybody being told`);
  return { told: made.length, silent: after.version !== (last?.subjectVersion ?? before.version) };
}

test('Whatever happens to an asset, its changes follow from each other and end in its present state', async () => {
  let told = 0;
  let checked = 0;
  const run = async (life: readonly Step[]): Promise<void> => {
    const one = await createFixture({ soleWriter: true });
    const { body } = await one.app.assets.upload(caller, { tags: ['a'], file: content() });
    let silent = false;
    for (const step of life) {
      const lived = await live(one, body.id, step);
      told += lived.told;
      silent ||= lived.silent;
    }
    if (!silent) {
      checked += 1;
      const end = checkChain(await allChanges(one));
      const { state } = await one.app.assets.get(caller, body.id);
      assert.deepEqual({ ...end, modifiedAtMs: 0 }, { ...state, modifiedAtMs: 0 });
    }
    await one.app.assets.remove(caller, body.id);
    const last = (await allChanges(one)).at(-1);
    assert.deepEqual([last?.kind, last?.after], ['asset.deleted', null]);
    await one.stop();
  };
  await fc.assert(fc.asyncProperty(steps, run), { numRuns: 60 });
  assert.ok(told > 100 && checked > 30, `${told} changes told, ${checked} lives checked from end to end`);
});

test('What does not fit is worded the same whoever finds it, the schema at the door or the use case behind it', async () => {
  await push();
  const refusal = await patch({ path: 'no/slash' }).then(
    () => null,
    (error: unknown) => error as AssetwireError,
  );
  assert.match(refusal?.message ?? '', /^Check the request: \/path wants .+, found .+$/);
  const door = invalidRequest([{ at: '/path', wanted: 'a text', found: 'a number' }], 'the body');
  assert.equal(door.message, 'Check the body: /path wants a text, found a number');
});
