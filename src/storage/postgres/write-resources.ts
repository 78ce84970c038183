/** Statements that write resources and their revisions: columns as arrays, one statement per kind of write. */
import type { ResourceRow } from './batch-writes.ts';
import { int4s, int8s, keys, texts } from './parameters.ts';
import type { Statement } from './pipeline.ts';

const resourceArrays = '$1::text[], $2::text[], $3::text[], $4::int4[], $5::text[], $6::int8[], $7::int8[], $8::text[]';
const resourceNames = 'workspace, type, id, version, alias, created_at, updated_at, state';

function resourceValues(rows: readonly ResourceRow[]): readonly Buffer[] {
  return [
    keys(rows.map(({ workspaceId }) => workspaceId)),
    texts(rows.map(({ type }) => type)),
    keys(rows.map(({ id }) => id)),
    int4s(rows.map(({ version }) => version)),
    keys(rows.map(({ alias }) => alias)),
    int8s(rows.map(({ createdAtMs }) => createdAtMs)),
    int8s(rows.map(({ updatedAtMs }) => updatedAtMs)),
    texts(rows.map(({ state }) => state)),
  ];
}

export function insertResources(rows: readonly ResourceRow[]): Statement {
  return {
    sql: `INSERT INTO aw.resources (${resourceNames}) SELECT * FROM unnest(${resourceArrays})`,
    values: resourceValues(rows),
  };
}

export function updateResources(rows: readonly ResourceRow[]): Statement {
  return {
    sql: `UPDATE aw.resources r SET version = u.version, alias = u.alias, created_at = u.created_at, updated_at = u.updated_at, state = u.state
      FROM unnest(${resourceArrays}) u (${resourceNames}) WHERE r.type = u.type AND r.workspace = u.workspace AND r.id = u.id`,
    values: resourceValues(rows),
  };
}

export function deleteResources(rows: readonly ResourceRow[]): Statement {
  return {
    sql: `DELETE FROM aw.resources r USING unnest($1::text[], $2::text[], $3::text[]) u (workspace, type, id)
      WHERE r.type = u.type AND r.workspace = u.workspace AND r.id = u.id`,
    values: resourceValues(rows).slice(0, 3),
  };
}

export function insertRevisions(rows: readonly ResourceRow[]): Statement {
  return {
    sql: `INSERT INTO aw.revisions (${resourceNames}) SELECT * FROM unnest(${resourceArrays})
      ON CONFLICT (type, workspace, id, version) DO UPDATE SET alias = excluded.alias, created_at = excluded.created_at,
        updated_at = excluded.updated_at, state = excluded.state`,
    values: resourceValues(rows),
  };
}

/** What the search index learns of by no change. */
export function touchAssets(
  rows: readonly { readonly workspaceId: string; readonly id: string }[],
  firstNumber: string,
): Statement {
  return {
    sql: `INSERT INTO aw.asset_touches (workspace, seq, id) SELECT u.workspace, $1::int8 + u.n - 1, u.id
      FROM unnest($2::text[], $3::text[]) WITH ORDINALITY u (workspace, id, n)`,
    values: [firstNumber, keys(rows.map(({ workspaceId }) => workspaceId)), keys(rows.map(({ id }) => id))],
  };
}
