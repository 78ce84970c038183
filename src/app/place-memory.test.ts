import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '../storage/contract/resources.ts';
import { createPlaceMemory } from './place-memory.ts';
import { holdClock } from './testing/app-fixture.ts';

const place = (folder: string): Resource => ({
  workspaceId: 'default',
  type: 'folder_place',
  id: '/\na',
  version: 1,
  state: { folder },
  createdAtMs: 0,
  updatedAtMs: 0,
});

test('What was read before folders were renamed or removed is not believed after it', async () => {
  const { promise, resolve } = Promise.withResolvers<readonly Resource[]>();
  const storage = { resources: () => promise, findByAlias: () => Promise.resolve([]) };
  const memory = createPlaceMemory({ storage, clock: holdClock(), soleWriter: true });
  const learning = memory.learnFolders('default', ['/a']);
  memory.forgetAll();
  resolve([place('fld_old')]);
  await learning;
  assert.equal(memory.folderAt('default', '/a'), undefined);
});

test('Where other processes write too, a folder is believed for seconds; where none does, until it is forgotten', async () => {
  const storage = { resources: () => Promise.resolve([place('fld_1')]), findByAlias: () => Promise.resolve([]) };
  for (const soleWriter of [true, false]) {
    const clock = holdClock();
    const memory = createPlaceMemory({ storage, clock, soleWriter });
    await memory.learnFolders('default', ['/a']);
    assert.equal(memory.folderAt('default', '/a'), 'fld_1');
    assert.equal(memory.folderAt('other', '/a'), undefined, "another workspace's");
    clock.advance(6_000);
    assert.equal(memory.folderAt('default', '/a'), soleWriter ? 'fld_1' : undefined);
    memory.forgetAll();
    assert.equal(memory.folderAt('default', '/a'), undefined);
    assert.equal(memory.folderAt('default', '/'), 'root');
  }
});
