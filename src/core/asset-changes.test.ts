import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeKindsFor } from './asset-changes.ts';
import type { JsonObject } from './json.ts';
import { sampleChange } from './sample-change.ts';

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
  assert.deepEqual(changeKindsFor(before, after), [
    { kind: 'asset.version_added', changed: ['embedded', 'file', 'kind', 'renditions', 'versions'] },
  ]);
  // A push that brings the new renditions along tells of both.
  assert.deepEqual(
    changeKindsFor(before, { ...after, renditions: [{ title: 'other' }] }).map(({ kind }) => kind),
    ['asset.version_added', 'asset.renditions_made'],
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
