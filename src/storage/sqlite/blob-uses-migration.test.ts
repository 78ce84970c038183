import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { migrations } from './schema.ts';

test('assets from before it was written which bytes they name are looked through once', () => {
  const db = new DatabaseSync(':memory:');
  const [first, second, third] = migrations;
  first?.(db);
  second?.(db);
  const [one, two] = ['a'.repeat(64), 'b'.repeat(64)];
  const state = JSON.stringify({
    file: { blob: one },
    versions: [{ file: { blob: one } }, { file: { blob: two } }],
    metadata: { blob: 'short', note: 'x'.repeat(64) },
  });
  const insert = db.prepare(
    'INSERT INTO resources (workspace, type, id, version, created_at, updated_at, state) VALUES (1, ?, ?, 1, 5, 6, ?)',
  );
  insert.run('asset', 'ast_1', state);
  insert.run('asset', 'ast_2', '{"file":{"url":"https://elsewhere.example/"}}');
  insert.run('webhook', 'wh_1', state);
  third?.(db);
  const uses = db
    .prepare("SELECT workspace, id, version, state FROM resources WHERE type = 'blob_use' ORDER BY id")
    .all();
  assert.deepEqual(
    uses.map((row) => ({ ...row })),
    [one, two].map((blob) => ({ workspace: 1, id: `${blob}:ast_1`, version: 1, state: '{}' })),
  );
});
