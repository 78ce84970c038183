import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { createIdSource } from '../../core/id-source.ts';
import { sampleCommit, sampleRecord } from '../testing/samples.ts';
import { createHeldClock, seededBytes } from '../testing/world.ts';
import { createSqliteStorage } from './sqlite-storage.ts';

/** Turns a file's partitions into what the first schema had: indexes by workspace, a log numbered by position. */
function asFirstSchema(file: string): void {
  const db = new DatabaseSync(file);
  const partitions = db.prepare("SELECT kind, n FROM partitions WHERE kind IN ('changes', 'log')").all();
  for (const { kind, n } of partitions) {
    const table = `${String(kind)}_${String(n)}`;
    db.exec(`DROP TABLE ${table}_listed`);
    if (kind === 'changes') db.exec(`CREATE INDEX ${table}_workspace ON ${table} (workspace)`);
    if (kind !== 'log') continue;
    const columns = `lane, workspace, state, id, attempts, change_seq, change_id, revision, subject, subject_key, event, message_id,
      origin, redelivery_of, frozen, created_at, due_at, ended_at, reason, status, outcome, duration, attempt`;
    const typed = columns
      .replaceAll(
        /\b(lane|workspace|state|attempts|change_seq|revision|subject_key|created_at|due_at|ended_at|status)\b/g,
        '$1 INTEGER',
      )
      .replace('duration', 'duration REAL');
    db.exec(`CREATE TABLE old_log (position INTEGER PRIMARY KEY, ${typed});
      INSERT INTO old_log (position, ${columns}) SELECT position, ${columns} FROM ${table};
      DROP TABLE ${table}; ALTER TABLE old_log RENAME TO ${table};
      CREATE UNIQUE INDEX ${table}_id ON ${table} (id, workspace);
      CREATE INDEX ${table}_list ON ${table} (workspace, state, position, lane, subject_key);
      CREATE INDEX ${table}_dead ON ${table} (change_seq) WHERE state = 3`);
  }
  db.exec('ALTER TABLE partitions DROP COLUMN listed; DROP TABLE asset_touches; DROP TABLE blob_usage');
  for (const trigger of ['blob_used', 'blob_let_go']) db.exec(`DROP TRIGGER ${trigger}`);
  db.exec('PRAGMA user_version = 3');
  db.close();
}

describe('a file of an earlier version', () => {
  it('opens with every change and delivery in its lists, and goes on', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'assetwire-migration-'));
    try {
      const file = join(directory, 'assetwire.db');
      const clock = createHeldClock();
      const ids = createIdSource({ nowMs: () => clock.nowMs(), randomBytes: seededBytes(11) });
      const open = async () => {
        const storage = createSqliteStorage({ file, clock, options: { partitionRowsMax: 20, listRunRows: 7 } });
        await storage.start();
        return storage;
      };
      const deliver = async (storage: Awaited<ReturnType<typeof open>>, count: number): Promise<void> => {
        const { epoch } = storage.health();
        for (let index = 0; index < count; index += 1) {
          const item = sampleCommit({ ids, webhookId: 'wh_old', atMs: clock.nowMs() });
          await storage.commit([item]);
          const [delivery] = item.deliveries ?? [];
          assert.ok(delivery);
          if (index % 3 !== 0) await storage.record([sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs: 1 })]);
        }
      };
      const listed = async (storage: Awaited<ReturnType<typeof open>>) => ({
        changes: (await storage.read.changes({ workspaceId: 'default', limit: 500 })).items,
        deliveries: (await storage.read.deliveries({ workspaceId: 'default', limit: 500 })).items,
      });
      const first = await open();
      await deliver(first, 50);
      const before = await listed(first);
      await first.stop();
      assert.equal(before.changes.length, 50);
      assert.equal(before.deliveries.length, 50);

      asFirstSchema(file);
      const second = await open();
      assert.deepEqual(await listed(second), before);
      await deliver(second, 30);
      const after = await listed(second);
      assert.equal(after.deliveries.length, 80);
      assert.deepEqual(after.deliveries.slice(30), before.deliveries);
      assert.deepEqual(after.changes.slice(30), before.changes);
      await second.stop();
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
