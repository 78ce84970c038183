import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../runtime/clock.ts';
import { temporaryDirectory } from '../testing/spawned.ts';
import { lookAt } from './look-at.ts';
import { openMemory, stateName } from './watch-state.ts';
import { rootState } from './watched-root.ts';

test('an empty directory in the place of the watched one is another one, as a mount point without its disk is', async (t) => {
  const parent = temporaryDirectory(t);
  const directory = join(parent, 'disk');
  const state = join(parent, stateName);
  mkdirSync(directory);
  for (const name of ['a.txt', 'b.txt']) writeFileSync(join(directory, name), name);
  const remember = () => openMemory(state, 'here', systemClock);
  const memory = remember();
  const look = (path: string) => lookAt(join(directory, path));
  const now = (of = memory) => rootState(directory, of, look);
  assert.equal(await now(), 'there');
  for (const name of ['a.txt', 'b.txt']) {
    const seen = await look(name);
    assert.ok(seen !== null);
    memory.files.set(name, { ...seen, assetId: `ast_${name}`, sha256: name });
  }
  memory.changed();
  memory.save();

  renameSync(directory, join(parent, 'away'));
  assert.equal(await now(), 'gone');
  mkdirSync(directory);
  assert.equal(await now(), 'another');
  assert.equal(await now(remember()), 'another', 'the next start knows it as well');
  writeFileSync(join(directory, 'c.txt'), 'dropped into the mount point');
  assert.equal(await now(), 'another');

  rmSync(join(directory, 'c.txt'));
  rmdirSync(directory);
  renameSync(join(parent, 'away'), directory);
  assert.equal(await now(), 'there');
  for (const name of ['a.txt', 'b.txt']) rmSync(join(directory, name));
  assert.equal(await now(), 'there', 'who empties the directory itself means it');
});

test('a disk that comes back under another number is known by its files', async (t) => {
  const parent = temporaryDirectory(t);
  const memory = openMemory(join(parent, stateName), 'here', systemClock);
  const look = (path: string) => lookAt(join(parent, path));
  memory.setRoot('0:0');
  memory.files.set('a.txt', { assetId: 'ast_a', bytes: 1, mtimeMs: 1, inode: 1, sha256: 'a' });
  assert.equal(await rootState(parent, memory, look), 'another');
  writeFileSync(join(parent, 'a.txt'), 'a');
  assert.equal(await rootState(parent, memory, look), 'there');
  assert.notEqual(memory.root(), '0:0');
});
