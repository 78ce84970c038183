import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import type { JsonObject } from '../core/json.ts';
import type { Media } from '../media/media.ts';
import type { MetadataMapping } from '../core/metadata-mapping.ts';
import { allChanges, caller, createFixture, type Fixture } from './testing/app-fixture.ts';

let fixture: Fixture;
let embedded: JsonObject = {};
beforeEach(async () => {
  embedded = { fields: { creators: ['Ada'], keywords: ['meadow'] } };
  const still = await createFixture();
  const media: Media = {
    ...still.deps.media,
    inspect: async () => ({ kind: 'inspected', facts: { mimeType: 'image/jpeg', embedded } }),
  };
  await still.stop();
  fixture = await createFixture({ soleWriter: true, media });
});
afterEach(() => fixture.stop());

const mappings: readonly MetadataMapping[] = [
  { from: 'fields.creators', to: 'metadata.photographer', transform: 'join' },
  { from: 'fields.keywords', to: 'tags', when: 'always' },
];
const upload = async (metadata: JsonObject = {}) => {
  const file = { name: 'a.jpg', content: Readable.from([Buffer.from(JSON.stringify(metadata))]) };
  return (await fixture.app.assets.upload(caller, { metadata, file })).body.id;
};
const stateOf = async (id: string) => (await fixture.app.assets.get(caller, id)).state;
const lastJob = async () => (await fixture.app.metadataMappings.jobs(caller, { limit: 1 })).items[0];

test('what a file says of itself is metadata before anybody is told that the asset is ready', async () => {
  await fixture.app.metadataMappings.set(caller, mappings);
  const id = await upload();
  await fixture.doDuties();
  const ready = (await allChanges(fixture)).find(({ kind }) => kind === 'asset.ready');
  assert.deepEqual(ready?.after?.['metadata'], { photographer: 'Ada' });
  assert.deepEqual(ready?.after?.['tags'], ['meadow']);
  assert.ok(ready?.changed.includes('metadata.photographer'));
  assert.deepEqual((await stateOf(id)).metadata, { photographer: 'Ada' });
});

test('rules decided on a list that somebody else has changed since are refused, and nothing is lost', async () => {
  const { metadataMappings } = fixture.app;
  assert.deepEqual(await metadataMappings.get(caller), { mappings: [], version: 0 });
  assert.deepEqual(await metadataMappings.set(caller, mappings, 0), { mappings, version: 1 });
  const [first] = mappings;
  assert.ok(first !== undefined);
  await assert.rejects(metadataMappings.set(caller, [first], 0), { code: 'conflict' });
  await assert.rejects(metadataMappings.set(caller, [first], { ifMatch: [0, 2] }), { code: 'precondition_failed' });
  assert.deepEqual(await metadataMappings.get(caller), { mappings, version: 1 });
  // The same again is no write.
  assert.equal((await metadataMappings.set(caller, mappings, { ifMatch: [1] })).version, 1);
  assert.equal((await metadataMappings.set(caller, [first])).version, 2);
});

test('what an upload says itself stays, unless a rule says always', async () => {
  await fixture.app.metadataMappings.set(caller, mappings);
  const id = await upload({ photographer: 'Mine' });
  await fixture.doDuties();
  assert.deepEqual((await stateOf(id)).metadata, { photographer: 'Mine' });
});

test('assets that are there follow by a job: counted first, then each a change of its own, once', async () => {
  const ids = [await upload(), await upload({ photographer: 'Mine' })];
  await fixture.doDuties();
  await fixture.app.metadataMappings.set(caller, mappings);
  const before = (await allChanges(fixture)).length;
  await fixture.app.metadataMappings.apply(caller, { dryRun: true });
  await assert.rejects(fixture.app.metadataMappings.apply(caller, {}), { code: 'already_exists' });
  await fixture.doDuties();
  const dry = await lastJob();
  assert.deepEqual([dry?.state, dry?.looked, dry?.changed], ['done', 2, 2]);
  assert.equal((await allChanges(fixture)).length, before);
  for (const changed of [2, 0]) {
    fixture.clock.advance(1);
    await fixture.app.metadataMappings.apply(caller, {});
    await fixture.doDuties();
    assert.equal((await lastJob())?.changed, changed);
  }
  assert.deepEqual((await stateOf(ids[0] ?? '')).metadata, { photographer: 'Ada' });
  assert.deepEqual(
    (await allChanges(fixture))
      .slice(before)
      .map(({ kind }) => kind)
      .sort(),
    ['asset.metadata_changed', 'asset.tags_changed', 'asset.tags_changed'],
  );
});

test('values of options that are gone follow to others or go, and with a definition its values', async () => {
  const { metadataFields } = fixture.app;
  const options = ['a', 'b', 'c'].map((value) => ({ value }));
  await metadataFields.create(caller, { name: 'one', type: 'select', options });
  await metadataFields.create(caller, { name: 'many', type: 'multiselect', options });
  const [first, second] = [await upload({ one: 'a', many: ['a', 'b'] }), await upload({ one: 'b', many: ['b'] })];
  await fixture.doDuties();
  const left = [{ value: 'c' }];
  await assert.rejects(metadataFields.update(caller, { name: 'one', patch: { replace: { a: 'c' } } }), {
    code: 'invalid_request',
  });
  const patch = { options: left, replace: { a: 'c', b: null } };
  const { body } = await metadataFields.update(caller, { name: 'one', patch });
  await metadataFields.update(caller, { name: 'many', patch });
  assert.match(body.jobId ?? '', /^mjb_/);
  await fixture.doDuties();
  assert.deepEqual((await stateOf(first)).metadata, { one: 'c', many: ['c'] });
  assert.deepEqual((await stateOf(second)).metadata, {});
  await metadataFields.remove(caller, 'one', { values: 'remove' });
  await metadataFields.remove(caller, 'many');
  await fixture.doDuties();
  assert.deepEqual((await stateOf(first)).metadata, { many: ['c'] });
});

test('a job that was cancelled stops at the page it is at, and rules that lead nowhere are refused', async () => {
  await upload();
  await fixture.doDuties();
  await fixture.app.metadataMappings.set(caller, mappings);
  const { id } = await fixture.app.metadataMappings.apply(caller, {});
  assert.equal((await fixture.app.metadataMappings.cancel(caller, id)).state, 'cancelled');
  await fixture.doDuties();
  assert.equal((await lastJob())?.looked, 0);
  await assert.rejects(fixture.app.metadataMappings.set(caller, [{ from: 'x', to: 'y' }]), { code: 'invalid_request' });
});
