import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { migrations } from './schema.ts';

test('aliases from before they were unique are claimed once: of two assets with the same one the older has it', () => {
  const db = new DatabaseSync(':memory:');
  for (const migrate of migrations.slice(0, 4)) migrate(db);
  const insert = db.prepare(
    'INSERT INTO resources (workspace, type, id, version, created_at, updated_at, state) VALUES (?, ?, ?, 1, 5, 6, ?)',
  );
  insert.run(1, 'asset', 'ast_2', '{"aliases":{"bynder":"A","woodwing":"w:2"}}');
  insert.run(1, 'asset', 'ast_1', '{"aliases":{"bynder":"A"}}');
  insert.run(1, 'asset', 'ast_3', '{"aliases":{}}');
  insert.run(1, 'asset', 'ast_4', '{"aliases":{"bynder":""},"name":"aliases"}');
  insert.run(2, 'asset', 'ast_5', '{"aliases":{"bynder":"A"}}');
  insert.run(1, 'folder', 'fld_1', '{"aliases":{"bynder":"F"}}');
  migrations[4]?.(db);
  const rows = db.prepare("SELECT workspace, id, alias, state FROM resources WHERE type = 'asset_alias' ORDER BY n");
  assert.deepEqual(
    rows.all().map(({ workspace, id, alias, state }) => [workspace, id, alias, state]),
    [
      [1, 'ast_1:bynder', 'bynder:A', '{"assetId":"ast_1"}'],
      [1, 'ast_2:woodwing', 'woodwing:w:2', '{"assetId":"ast_2"}'],
      [2, 'ast_5:bynder', 'bynder:A', '{"assetId":"ast_5"}'],
    ],
  );
});
