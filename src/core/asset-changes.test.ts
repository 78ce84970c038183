import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeKindsFor } from './asset-changes.ts';
import type { JsonObject } from './json.ts';
import { sampleChange } from './sample-change.ts';
import { isToldWhenReady } from './version-owed.ts';

const picture: JsonObject = sampleChange('asset.ready').after ?? {};
const film = { name: 'film.mp4', bytes: 9, mimeType: 'video/mp4' };

test('Another version that is of another kind and has no renditions yet is one thing that happened', () => {
  const before: JsonObject = { ...picture, renditions: [{ title: 'small' }] };
  const after = {
    ...before,
    kind: 'video',
    file: film,
    embedded: {},
    renditions: [],
    inspection: { state: 'pending' },
    versions: [
      { number: 1, active: false, createdAtMs: 1, file: before['file'] ?? {} },
      { number: 2, active: true, createdAtMs: 2, file: film },
    ],
  };
  const changed = ['embedded', 'file', 'kind', 'renditions', 'versions'];
  assert.deepEqual(changeKindsFor(before, after), [
    { kind: 'asset.version_added', changed },
    { kind: 'asset.version_ready', changed },
  ]);
  // A push that brings the new renditions along tells of both.
  assert.deepEqual(
    changeKindsFor(before, { ...after, renditions: [{ title: 'other' }] }).map(({ kind }) => kind),
    ['asset.version_added', 'asset.version_ready', 'asset.renditions_made'],
  );
  const back = { ...before, versions: after.versions.map((version) => ({ ...version, active: !version.active })) };
  assert.deepEqual(
    changeKindsFor(after, { ...back, renditions: [] }).map(({ kind }) => kind),
    ['asset.version_activated'],
  );
});

test('What is found out about the file of a version is news about its information', () => {
  const described = { ...(picture['file'] as JsonObject), widthPx: 1 };
  const [version] = picture['versions'] as readonly JsonObject[];
  const after = { ...picture, file: described, versions: [{ ...version, file: described }], embedded: { exif: {} } };
  assert.deepEqual(changeKindsFor(picture, after), [
    { kind: 'asset.info_changed', changed: ['embedded', 'file', 'versions'] },
  ]);
});

test('How many versions there ever were is bookkeeping', () => {
  assert.deepEqual(changeKindsFor(picture, { ...picture, versionsMade: 3 }), []);
});

test('A version whose file lies here is ready once it was looked into, one that is named by its address when it comes', () => {
  const file = { ...(picture['file'] as JsonObject), blob: 'b1' };
  const second = { ...file, blob: 'b2' };
  const one = { number: 1, active: true, createdAtMs: 1, file };
  const owed = { number: 2, active: true, createdAtMs: 2, file: second, inspection: 'pending' };
  const { inspection: _, ...settled } = owed;
  const found = { ...settled, file: { ...second, widthPx: 1 } };
  const state = (versions: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
    ...picture,
    file: versions.at(-1)?.['file'] ?? file,
    versions,
    ...more,
  });
  const first = state([one]);
  const waiting = state([{ ...one, active: false }, owed]);
  const kinds = (before: JsonObject, after: JsonObject) => changeKindsFor(before, after).map(({ kind }) => kind);
  assert.deepEqual(kinds(first, waiting), ['asset.version_added'], 'owed');
  assert.deepEqual(changeKindsFor(waiting, state([{ ...one, active: false }, found], { tags: [] })), [
    { kind: 'asset.version_ready', changed: ['file', 'versions'] },
    { kind: 'asset.tags_changed', changed: ['tags'] },
  ]);
  assert.deepEqual(
    kinds(waiting, state([{ ...one, active: false }, settled])),
    ['asset.version_ready'],
    'nothing found',
  );
  const withheld = state([
    { ...one, active: false },
    { ...owed, inspection: 'withheld' },
  ]);
  assert.deepEqual(kinds(waiting, withheld), ['asset.info_changed'], 'not clean, so still owed');
  assert.deepEqual(
    kinds(withheld, state([{ ...one, active: false }, settled])),
    ['asset.version_ready'],
    'clean after all',
  );
  const { blob: _lost, ...elsewhere } = second;
  const replaced = state([
    { ...one, active: false },
    { ...settled, file: { ...elsewhere, url: 'https://dam.example/2' } },
  ]);
  assert.deepEqual(kinds(waiting, replaced), ['asset.version_ready'], 'a DAM names another file instead');
  const promoted = state([
    { ...one, active: false },
    { ...found, active: false },
    { ...one, number: 3, promotedFrom: 1 },
  ]);
  assert.deepEqual(
    kinds(state([{ ...one, active: false }, found]), promoted),
    ['asset.version_added'],
    'taken up again: looked into long ago',
  );
  // The same of an owed one that is made active while another's look ends.
  assert.equal(isToldWhenReady({ kind: 'asset.version_activated', after: waiting }), true);
  assert.equal(
    isToldWhenReady({ kind: 'asset.version_activated', after: state([{ ...one, active: false }, found]) }),
    false,
  );
  const early = state([
    { ...one, active: false },
    { ...owed, active: false },
    { ...settled, number: 3, promotedFrom: 2 },
  ]);
  assert.equal(isToldWhenReady({ kind: 'asset.promoted', after: early }), true);
  assert.equal(isToldWhenReady({ kind: 'asset.promoted', after: promoted }), false);
  assert.equal(isToldWhenReady({ kind: 'asset.renamed', after: waiting }), false);
});
