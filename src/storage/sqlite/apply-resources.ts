/** Writes of resources: versions, aliases, revisions. Every check is made before the first write of the same resource. */
import type { DatabaseSync } from 'node:sqlite';
import { type ResourceType, revisionedTypes } from '../contract/resources.ts';
import type { WorkspaceName } from './names.ts';
import type { PreparedResource } from '../prepared.ts';
import { arrayStatement, numberOf, textOrNull } from './rows.ts';

export type WriteOutcome =
  | { readonly status: 'written'; readonly version: number }
  | { readonly status: 'stale' }
  | { readonly status: 'alias-taken' };

export type ResourceWriter = (workspace: WorkspaceName, write: PreparedResource, atMs: number) => WriteOutcome;

const stale: WriteOutcome = { status: 'stale' };
const aliasTaken: WriteOutcome = { status: 'alias-taken' };

export function createResourceWriter(db: DatabaseSync): ResourceWriter {
  const select = arrayStatement(
    db,
    'SELECT n, version, alias, created_at FROM resources WHERE type = ? AND workspace = ? AND id = ?',
  );
  const selectAlias = arrayStatement(db, 'SELECT n FROM resources WHERE type = ? AND alias = ? AND workspace = ?');
  const insert = db.prepare(
    'INSERT INTO resources (workspace, type, id, version, alias, created_at, updated_at, state) VALUES (?, ?, ?, 1, ?, ?, ?, ?)',
  );
  const update = db.prepare('UPDATE resources SET version = ?, updated_at = ?, state = ? WHERE n = ?');
  const updateAlias = db.prepare('UPDATE resources SET alias = ? WHERE n = ?');
  const remove = db.prepare('DELETE FROM resources WHERE n = ?');
  const revise = db.prepare(
    `INSERT OR REPLACE INTO revisions (type, workspace, id, version, alias, created_at, updated_at, state)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );

  const create = (workspace: WorkspaceName, write: PreparedResource, atMs: number): WriteOutcome => {
    if (write.expectedVersion > 0) return stale;
    if (write.state === null) return { status: 'written', version: 0 };
    if (write.alias !== null && selectAlias.get(write.type, write.alias, workspace.n) !== undefined) return aliasTaken;
    insert.run(workspace.n, write.type, write.id, write.alias, atMs, atMs, write.state);
    if (isRevisioned(write.type))
      revise.run(write.type, workspace.n, write.id, 1, write.alias, atMs, atMs, write.state);
    return { status: 'written', version: 1 };
  };

  return (workspace, write, atMs) => {
    const existing = select.get(write.type, workspace.n, write.id);
    if (existing === undefined) return create(workspace, write, atMs);
    const n = numberOf(existing[0]);
    const version = numberOf(existing[1]);
    if (write.expectedVersion >= 0 && write.expectedVersion !== version) return stale;
    if (write.state === null) {
      remove.run(n);
      return { status: 'written', version: version + 1 };
    }
    const alias = textOrNull(existing[2]);
    const aliasChanges = write.alias !== null && write.alias !== alias;
    if (aliasChanges && selectAlias.get(write.type, write.alias, workspace.n) !== undefined) return aliasTaken;
    update.run(version + 1, atMs, write.state, n);
    if (aliasChanges) updateAlias.run(write.alias, n);
    if (isRevisioned(write.type)) {
      const createdAtMs = numberOf(existing[3]);
      const kept = write.alias ?? alias;
      revise.run(write.type, workspace.n, write.id, version + 1, kept, createdAtMs, atMs, write.state);
    }
    return { status: 'written', version: version + 1 };
  };
}

function isRevisioned(type: string): boolean {
  return revisionedTypes.has(type as ResourceType);
}
