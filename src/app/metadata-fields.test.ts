import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import type { Problem } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { MetadataFieldInput } from './app.ts';
import { settleMs } from './duty-erase-workspace.ts';
import { otherWritersSeenMs } from './metadata-sets.ts';
import {
  allChanges,
  caller,
  callerIn,
  createFixture,
  type Fixture,
  metadataChange,
  report,
} from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture({ soleWriter: true });
});
afterEach(() => fixture.stop());

const status: MetadataFieldInput = {
  name: 'status',
  type: 'select',
  options: [{ value: 'draft' }, { value: 'final', label: 'Final' }],
  required: true,
  default: 'draft',
};
const rating: MetadataFieldInput = {
  name: 'rating',
  type: 'number',
  validation: { minimum: 1, maximum: 5, whole: true },
};
const define = async (...fields: readonly MetadataFieldInput[]): Promise<void> => {
  for (const field of fields) await fixture.app.metadataFields.create(caller, field);
};
const upload = (metadata: JsonObject, by = caller) =>
  fixture.app.assets.upload(by, { metadata, file: { name: 'a.jpg', content: Readable.from([Buffer.from('x')]) } });

/** The places of what an error names, or of what an answer notes. */
async function problemsAt(call: Promise<unknown>): Promise<readonly string[]> {
  return call.then(
    () => [],
    (error: { readonly code: string; readonly problems: readonly Problem[] }) => {
      assert.equal(error.code, 'invalid_request');
      for (const { wanted, found } of error.problems) assert.ok(wanted !== '' && found !== '');
      return error.problems.map(({ at }) => at);
    },
  );
}

test('Where nothing is defined everything is taken as it comes', async () => {
  const { body } = await upload({ anything: [1, { deep: true }] });
  assert.deepEqual(body.state.metadata, { anything: [1, { deep: true }] });
  assert.equal((await fixture.app.assets.get(caller, body.id)).metadataProblems, undefined);
});

test('An upload gets the defaults, and is refused where it does not fit', async () => {
  await define(status, rating);
  const { body } = await upload({ rating: 3 });
  assert.deepEqual(body.state.metadata, { rating: 3, status: 'draft' });
  assert.deepEqual(await problemsAt(upload({ rating: 9, status: 'gone' })), ['/metadata/rating', '/metadata/status']);
  assert.deepEqual(await problemsAt(upload({ rating: '3' })), ['/metadata/rating']);
  assert.equal((await allChanges(fixture)).length, 1);
});

test('A patch answers for the fields it changes and for no others', async () => {
  const { body } = await upload({ rating: 9 });
  await define(status, rating);
  const patch = (metadata: JsonObject) => fixture.app.assets.patch(caller, body.id, { metadata });
  const noted = await fixture.app.assets.get(caller, body.id);
  assert.deepEqual(
    noted.metadataProblems?.map(({ at }) => at),
    ['/metadata/rating', '/metadata/status'],
    'an asset that was there before says what does not fit',
  );
  await fixture.app.assets.patch(caller, body.id, { tags: ['still works'] });
  await patch({ note: 'x' });
  assert.deepEqual(await problemsAt(patch({ rating: 7 })), ['/metadata/rating']);
  assert.deepEqual(await problemsAt(patch({ status: 'x', rating: 2.5 })), ['/metadata/rating', '/metadata/status']);
  await patch({ status: 'final', rating: 5 });
  assert.deepEqual(
    await problemsAt(patch({ status: null })),
    ['/metadata/status'],
    'a required field is not taken away',
  );
  const { state, metadataProblems } = await fixture.app.assets.get(caller, body.id);
  assert.deepEqual([state.metadata, metadataProblems], [{ rating: 5, note: 'x', status: 'final' }, undefined]);
});

test('What another system says happened is taken and noted, or refused where the workspace wants it so', async () => {
  await define(status, rating);
  const pushed = await fixture.app.assets.push(caller, 'external:p', { name: 'p.jpg', metadata: { rating: 9 } });
  assert.equal(pushed.body.result, 'created');
  assert.deepEqual(
    pushed.body.metadataProblems?.map(({ at }) => at),
    ['/metadata/rating', '/metadata/status'],
  );
  assert.deepEqual(pushed.body.state.metadata, { rating: 9 }, 'no default is put into what another system knows');
  const told = await report(fixture, metadataChange('r', 'unheard of'));
  assert.ok(told.status === 'applied');
  assert.deepEqual(
    told.metadataProblems?.map(({ at }) => at),
    ['/after/metadata/status'],
  );
  const fitting = await report(fixture, metadataChange('r', 'final'));
  assert.ok(fitting.status === 'applied' && fitting.metadataProblems === undefined);
  const untouched = await report(fixture, {
    kind: 'asset.tags_changed',
    subject: { type: 'asset', externalId: 'p' },
    after: { tags: ['x'] },
  });
  assert.ok(untouched.status === 'applied' && untouched.metadataProblems === undefined);

  await fixture.app.metadataFields.setRules(caller, { fromElsewhere: 'refuse' });
  const before = (await allChanges(fixture)).length;
  assert.deepEqual(
    await problemsAt(fixture.app.assets.push(caller, 'external:q', { name: 'q.jpg', metadata: { rating: 9 } })),
    ['/metadata/rating', '/metadata/status'],
  );
  const refused = await report(fixture, metadataChange('r', 'unheard of'));
  assert.ok(refused.status === 'rejected' && refused.code === 'invalid_request');
  assert.deepEqual(
    refused.problems?.map(({ at }) => at),
    ['/after/metadata/status'],
  );
  assert.equal((await allChanges(fixture)).length, before);
  // Unchanged, what was taken before is nobody's fault now.
  assert.equal(
    (await fixture.app.assets.push(caller, 'external:p', { name: 'p2.jpg', metadata: { rating: 9 } })).status,
    200,
  );
});

test('What was chosen is a set: in another order it is no news by any way in, and what is told keeps its order', async () => {
  const colours = {
    name: 'colours',
    type: 'multiselect',
    options: ['red', 'green', 'blue'].map((value) => ({ value })),
  };
  await define(colours as MetadataFieldInput);
  const pushed = (chosen: readonly string[], more: JsonObject = {}) =>
    fixture.app.assets.push(caller, 'external:c', { name: 'c.jpg', metadata: { colours: chosen, ...more } });
  const { body: asset } = await pushed(['red', 'green']);
  const before = (await allChanges(fixture)).length;
  assert.equal((await pushed(['green', 'red'])).body.result, 'unchanged');
  await fixture.app.assets.patch(caller, asset.id, { metadata: { colours: ['green', 'red'] } });
  assert.equal((await allChanges(fixture)).length, before);

  const { body } = await pushed(['green', 'red'], { note: 'x' });
  assert.deepEqual(body.state.metadata, { colours: ['red', 'green'], note: 'x' });
  await report(fixture, {
    kind: 'asset.metadata_changed',
    subject: { type: 'asset', externalId: 'c' },
    before: { metadata: { note: 'x', colours: ['green', 'red'] } },
    after: { metadata: { note: 'y', colours: ['green', 'red'] } },
  });
  const [added, reported] = (await allChanges(fixture)).slice(-2);
  assert.deepEqual(added?.changed, ['metadata.note']);
  assert.deepEqual([reported?.changed, reported?.beforeDiffers], [['metadata.note'], undefined]);
  assert.equal((await pushed(['green', 'blue'], { note: 'y' })).body.result, 'changed');
});

test('Unknown fields are refused only where there are definitions and the rule says so', async () => {
  await fixture.app.metadataFields.setRules(caller, { unknownFields: 'refuse' });
  await upload({ anything: 1 });
  await define(rating);
  assert.deepEqual(await problemsAt(upload({ anything: 1, rating: 1 })), ['/metadata/anything']);
  const { body } = await upload({ rating: 1 });
  assert.deepEqual(await problemsAt(fixture.app.assets.patch(caller, body.id, { metadata: { other: 1 } })), [
    '/metadata/other',
  ]);
  assert.equal((await upload({ anything: 1 }, callerIn('elsewhere'))).status, 201, 'the rule is of this workspace');
});

test('Definitions are made, shown, listed, changed and deleted; each time counted at once and audited', async () => {
  const created = await fixture.app.metadataFields.create(caller, status);
  assert.deepEqual([created.status, created.body.label, created.body.required], [201, 'status', true]);
  await assert.rejects(fixture.app.metadataFields.create(caller, status), { code: 'already_exists' });
  assert.deepEqual(await problemsAt(fixture.app.metadataFields.create(caller, { name: 'x', type: 'select' })), [
    '/options',
  ]);
  await define(rating, { name: 'Ägypten', type: 'text' });
  const first = await fixture.app.metadataFields.list(caller, { limit: 2 });
  assert.deepEqual(
    first.items.map(({ name, position }) => [name, position]),
    [
      ['status', 0],
      ['rating', 1],
    ],
    'as they were made',
  );
  const rest = await fixture.app.metadataFields.list(caller, { limit: 2, cursor: first.nextCursor ?? '' });
  assert.deepEqual([rest.items.map(({ name }) => name), rest.nextCursor], [['Ägypten'], null]);
  const numbers = await fixture.app.metadataFields.list(caller, { limit: 9, type: 'number' });
  assert.deepEqual(
    numbers.items.map(({ name }) => name),
    ['rating'],
  );

  fixture.clock.advance(1_000);
  const patched = await fixture.app.metadataFields.update(caller, {
    name: 'rating',
    patch: { label: 'Stars', validation: null },
  });
  assert.deepEqual(
    [patched.body.label, patched.body.validation, patched.body.updatedAtMs],
    ['Stars', undefined, fixture.clock.nowMs()],
  );
  assert.equal((await upload({ rating: 99 })).status, 201, 'the bounds are gone at once');
  const same = await fixture.app.metadataFields.update(caller, { name: 'rating', patch: { label: 'Stars' } });
  assert.deepEqual(same.body, patched.body);
  assert.deepEqual(
    await problemsAt(fixture.app.metadataFields.update(caller, { name: 'status', patch: { default: 'x' } })),
    ['/default'],
  );
  assert.deepEqual(
    await problemsAt(
      fixture.app.metadataFields.update(caller, { name: 'status', patch: { options: [{ value: 'final' }] } }),
    ),
    ['/default'],
    'the default must be one of the new options',
  );
  await fixture.app.metadataFields.remove(caller, 'rating');
  await assert.rejects(fixture.app.metadataFields.get(caller, 'rating'), { code: 'not_found' });
  await assert.rejects(fixture.app.metadataFields.remove(caller, 'rating'), { code: 'not_found' });
  assert.equal((await upload({ rating: 'anything' })).status, 201);
  const audit = await fixture.storage.read.resources({
    workspaceId: 'default',
    type: 'audit',
    limit: 20,
    order: 'oldest',
  });
  assert.deepEqual(
    audit.items.map(({ state }) => [state['action'], state['target']]),
    [
      ['metadata_field.created', 'metadata_field:status'],
      ['metadata_field.created', 'metadata_field:rating'],
      ['metadata_field.created', 'metadata_field:Ägypten'],
      ['metadata_field.changed', 'metadata_field:rating'],
      ['metadata_field.removed', 'metadata_field:rating'],
    ],
  );
});

test('Fields stand where one puts them; a page goes on behind the last one shown, whatever was moved or deleted', async () => {
  const fields = fixture.app.metadataFields;
  await define(...['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, type: 'text' }) as const));
  const names = async () => (await fields.list(caller, { limit: 9 })).items.map(({ name }) => name).join('');
  const moved = await fields.update(caller, { name: 'd', patch: { position: 1 } });
  assert.equal(moved.body.position, 1);
  assert.equal(await names(), 'adbce');
  assert.equal((await fields.update(caller, { name: 'a', patch: { position: 99 } })).body.position, 4, 'the last');
  assert.equal(await names(), 'dbcea');
  await fields.update(caller, { name: 'b', patch: { label: 'B' } });
  assert.equal(await names(), 'dbcea', 'another change leaves it where it stands');
  await fields.create(caller, { name: 'f', type: 'text', position: 0 });
  assert.equal(await names(), 'fdbcea');
  const first = await fields.list(caller, { limit: 3 });
  const cursor = first.nextCursor ?? '';
  assert.equal(first.items.map(({ name }) => name).join(''), 'fdb');
  const rest = async () => (await fields.list(caller, { limit: 9, cursor })).items.map(({ name }) => name).join('');
  assert.equal(await rest(), 'cea');
  await fields.remove(caller, 'b');
  assert.equal(await rest(), 'cea', 'behind one that was deleted');
  await fields.remove(caller, 'c');
  assert.equal(await rest(), 'ea');
  await assert.rejects(fields.list(caller, { limit: 9, cursor: 'eyJ4Ijox' }), { code: 'invalid_cursor' });
});

test('TN-01 definitions of one workspace say nothing to another', async () => {
  await define(status);
  const other = callerIn('other');
  assert.deepEqual((await fixture.app.metadataFields.list(other, { limit: 9 })).items, []);
  await assert.rejects(fixture.app.metadataFields.get(other, 'status'), { code: 'not_found' });
  await assert.rejects(fixture.app.metadataFields.update(other, { name: 'status', patch: { label: 'x' } }), {
    code: 'not_found',
  });
  await assert.rejects(fixture.app.metadataFields.remove(other, 'status'), { code: 'not_found' });
  assert.equal((await upload({ status: 'other' }, other)).status, 201);
  assert.equal((await fixture.app.metadataFields.get(caller, 'status')).label, 'status');
});

test('ID-01 a definition made again with its key is made once, and its answer is given again', async () => {
  const key = { key: 'k', fingerprint: 'f' };
  const answers = await Promise.all([1, 2, 3].map(() => fixture.app.metadataFields.create(caller, status, key)));
  assert.deepEqual(
    answers.map(({ status: code }) => code),
    [201, 201, 201],
  );
  await fixture.app.metadataFields.remove(caller, 'status', { idempotency: { key: 'r', fingerprint: 'f' } });
  assert.equal((await fixture.app.metadataFields.create(caller, status, key)).replayed, true);
  const again = await fixture.app.metadataFields.remove(caller, 'status', {
    idempotency: { key: 'r', fingerprint: 'f' },
  });
  assert.deepEqual([again.status, again.replayed], [204, true]);
});

test('Definitions made at the same time are all kept, and there is a limit to their number and size', async () => {
  await Promise.all(Array.from({ length: 40 }, (_, n) => define({ name: `field ${n}`, type: 'text' })));
  assert.equal((await fixture.app.metadataFields.list(caller, { limit: 100 })).items.length, 40);
  const large: MetadataFieldInput = {
    name: 'large',
    type: 'select',
    options: Array.from({ length: 1_000 }, (_, n) => ({ value: `${n}`.padEnd(300, 'ü') })),
  };
  await assert.rejects(define(large), { code: 'limit_reached' });
  for (let n = 40; n < limits.metadataFieldsMax; n += 1) await define({ name: `field ${n}`, type: 'text' });
  await assert.rejects(define(rating), { code: 'limit_reached' });
});

test('A definition made by another process counts here within five seconds', async () => {
  const here = await createFixture();
  const there = await here.another();
  const patch = (metadata: JsonObject) =>
    here.app.assets.push(caller, 'external:x', { name: 'x.jpg', metadata }).then(({ body }) => body.metadataProblems);
  assert.equal(await patch({ rating: 9 }), undefined);
  await there.app.metadataFields.create(caller, rating);
  here.clock.advance(otherWritersSeenMs + 1);
  assert.equal((await patch({ rating: 8 }))?.length, 1);
  await here.stop();
});

test('TN-16 definitions go with their workspace: a new one of the same id begins without them', async () => {
  const adminText = 'an admin key of at least 32 characters';
  const one = await createFixture({ soleWriter: true, adminKey: adminText });
  const admin = await one.app.keys.authenticate(adminText, undefined);
  assert.ok(admin !== null);
  const by = { ...admin, workspaceId: 'shop' };
  const problems = async () =>
    (await one.app.assets.push(by, 'external:x', { name: 'x.jpg', metadata: { rating: 9 } })).body.metadataProblems;
  await one.app.workspaces.create(admin, { id: 'shop', name: 'Shop' });
  await one.app.metadataFields.create(by, rating);
  assert.equal((await problems())?.length, 1);
  await one.app.workspaces.erase(admin, 'shop', 'shop');
  for (let step = 0; step < 50; step += 1) {
    await one.doDuties();
    one.clock.advance(settleMs);
  }
  await one.app.workspaces.create(admin, { id: 'shop', name: 'Shop again' });
  assert.equal(await problems(), undefined);
  assert.deepEqual((await one.app.metadataFields.list(by, { limit: 9 })).items, []);
  await one.stop();
});
