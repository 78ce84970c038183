import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { keepFolders } from './folders-migration.ts';
import { migrations } from './schema.ts';

test('Assets from before folders were kept get their folders, those on the way to them, and their places, once', () => {
  const db = new DatabaseSync(':memory:');
  for (const migration of migrations.slice(0, migrations.indexOf(keepFolders))) migration(db);
  const insert = db.prepare(
    'INSERT INTO resources (workspace, type, id, version, alias, created_at, updated_at, state) VALUES (?, ?, ?, 1, ?, 5, 6, ?)',
  );
  insert.run(1, 'asset', 'ast_1', 'ext', JSON.stringify({ path: '/a/b', collections: ['x', 'x', 'y'] }));
  insert.run(1, 'asset', 'ast_2', null, JSON.stringify({ path: '/a/b' }));
  insert.run(1, 'asset', 'ast_3', null, JSON.stringify({ path: '/' }));
  insert.run(1, 'asset', 'ast_4', null, JSON.stringify({ name: 'no path' }));
  insert.run(2, 'asset', 'ast_5', null, JSON.stringify({ path: '/a' }));
  insert.run(1, 'folder', 'fld_reported', 'F-1', JSON.stringify({ path: '/a', name: 'a', owner: 'ada' }));
  keepFolders(db);
  const rows = (type: string) =>
    db
      .prepare('SELECT workspace, id, alias, state FROM resources WHERE type = ? ORDER BY workspace, id')
      .all(type)
      .map(({ workspace, id, alias, state }) => [workspace, id, alias, JSON.parse(String(state)) as unknown]);
  const folders = rows('folder');
  const idAt = (workspace: number, path: string) =>
    String(folders.find(([at, , , state]) => at === workspace && (state as { path: string }).path === path)?.[1]);
  assert.match(idAt(1, '/a/b'), /^fld_[0-9a-z]{26}$/);
  assert.equal(idAt(1, '/a'), 'fld_reported');
  assert.notEqual(idAt(2, '/a'), 'fld_reported');
  assert.equal(folders.length, 3);
  assert.deepEqual(rows('folder_place'), [
    [1, '/\na', null, { folder: 'fld_reported' }],
    [1, '/a/\nb', null, { folder: idAt(1, '/a/b') }],
    [2, '/\na', null, { folder: idAt(2, '/a') }],
  ]);
  assert.deepEqual(
    rows('asset_place').map(([workspace, id, alias]) => [workspace, id, alias]),
    [
      [1, 'c:x\nast_1', null],
      [1, 'c:y\nast_1', null],
      [1, `f:${idAt(1, '/a/b')}:ast_1`, 'ast_1'],
      [1, `f:${idAt(1, '/a/b')}:ast_2`, 'ast_2'],
      [1, 'f:root:ast_3', 'ast_3'],
      [1, 'f:root:ast_4', 'ast_4'],
      [2, `f:${idAt(2, '/a')}:ast_5`, 'ast_5'],
    ],
  );
});
