import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { weighBlobs } from './blob-usage-migration.ts';
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

test('files of before their size was written are weighed once, those in the trash as well', () => {
  const db = new DatabaseSync(':memory:');
  for (const migrate of migrations) if (migrate !== weighBlobs) migrate(db);
  const [one, two, three] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)];
  const insert = db.prepare(
    'INSERT INTO resources (workspace, type, id, version, created_at, updated_at, state) VALUES (?, ?, ?, 1, 5, 6, ?)',
  );
  const asset = {
    file: { blob: one, bytes: 10 },
    versions: [{ file: { blob: one, bytes: 10 } }, { file: { blob: two, bytes: 200 } }],
    renditions: [{ title: 'small', blob: three, bytes: 3_000 }],
    metadata: { blob: 'short', bytes: 'many' },
  };
  insert.run(1, 'asset', 'ast_1', JSON.stringify(asset));
  insert.run(1, 'trashed_asset', 'tra_1', JSON.stringify({ assetId: 'ast_2', asset: { file: asset.file } }));
  for (const blob of [one, two, three]) insert.run(1, 'blob_use', `${blob}:ast_1`, '{}');
  insert.run(1, 'blob_use', `${one}:ast_2`, '{}');
  insert.run(2, 'blob_use', `${one}:ast_3`, '{}');
  weighBlobs(db);
  const usage = (): unknown[] =>
    db
      .prepare('SELECT workspace, files, bytes FROM blob_usage ORDER BY workspace')
      .all()
      .map((row) => Object.values(row));
  assert.deepEqual(usage(), [
    [1, 4, 3_220],
    [2, 1, 0],
  ]);
  db.prepare("DELETE FROM resources WHERE type = 'blob_use' AND id = ?").run(`${two}:ast_1`);
  assert.deepEqual(usage()[0], [1, 3, 3_020]);
});
