/**
 * Takes somebody or something out of what the past remembers, in slices: each step a look and a write, bounded in rows.
 * Rows stay where order, counts and feeds need them; what they say goes. A change that was kept anew between the two is
 * found when the erasure is run once more, as its caller does.
 */
import { erasedChange, type ErasedPast, mayName, textReplacer } from '../../core/erased-past.ts';
import type { JsonObject } from '../../core/json.ts';
import { changeBody, parseChange } from '../change-body.ts';
import type { EraseCursor, EraseSlice } from '../storage.ts';
import { int4s, type Parameter, storable, texts } from './parameters.ts';
import type { Row, Statement } from './pipeline.ts';
import type { Pool } from './pool.ts';
import { commonSettings } from './settings-local.ts';
import type { Sql } from './sql.ts';

export type HistoryEraser = (workspaceId: string, past: ErasedPast, cursor: EraseCursor | null) => Promise<EraseSlice>;

export type HistoryEraserParts = {
  readonly pool: Pool;
  readonly sql: Sql;
  /** A slice ends after the step that passes this. */
  readonly sliceMsMax: number;
  readonly monotonicMs: () => number;
};

const rowsPerStep = 500;
const timeouts = { statementTimeoutMs: 30_000, lockTimeoutMs: 5_000 };
const answerMs = 35_000;

type Ask = (...statements: readonly Statement[]) => Promise<readonly (readonly Row[])[]>;
type Place = { readonly ask: Ask; readonly workspace: string; readonly past: ErasedPast; readonly at: number };
/** Rows changed, and where the stage goes on; null where it has come to its end. */
type Step = { readonly removed: number; readonly next: number | null };

const stages: readonly ((place: Place) => Promise<Step>)[] = [
  (place) => eraseChanges(place, 'changes'),
  (place) => eraseChanges(place, 'kept_changes'),
  eraseLog,
  eraseBodies,
  eraseAnswers,
  eraseRevisions,
];

export function createHistoryEraser({ pool, sql, sliceMsMax, monotonicMs }: HistoryEraserParts): HistoryEraser {
  const settings = commonSettings(timeouts);
  const ask: Ask = (...statements) =>
    pool.use(async (connection) => {
      const named = statements.map((one) => ({ ...one, sql: sql.of(one.sql) }));
      return (await connection.run([settings, ...named], answerMs)).slice(1);
    });
  return async (workspaceId, past, cursor) => {
    const endMs = monotonicMs() + sliceMsMax;
    let { stage, at } = cursor ?? { stage: 0, at: 0 };
    let removed = 0;
    do {
      const run = stages[stage];
      if (run === undefined) return { cursor: null, removed };
      const step = await run({ ask, workspace: storable(workspaceId), past, at });
      removed += step.removed;
      if (step.next === null) stage += 1;
      at = step.next ?? 0;
    } while (monotonicMs() < endMs);
    return { cursor: stage < stages.length ? { stage, at } : null, removed };
  };
}

function ofSubject(past: ErasedPast): { readonly where: string; readonly values: readonly Parameter[] } {
  if (past.subject === undefined) return { where: '', values: [] };
  return { where: ' AND subject = $4', values: [storable(past.subject)] };
}

async function eraseChanges({ ask, workspace, past, at }: Place, table: 'changes' | 'kept_changes'): Promise<Step> {
  const { where, values } = ofSubject(past);
  const [rows = []] = await ask({
    sql: `SELECT seq, id, day, body FROM aw.${table} WHERE workspace = $1 AND seq >= $2::int8${where} ORDER BY seq LIMIT $3::int8`,
    values: [workspace, String(at), String(rowsPerStep), ...values],
  });
  const found = rows.flatMap(([, id = null, day = null, body = null]) => {
    if (body === null || (past.texts !== undefined && !mayName(body, past.texts))) return [];
    const next = erasedChange(parseChange(body), past);
    return next === null ? [] : [{ id, day: Number(day), body: changeBody(next) }];
  });
  if (found.length > 0)
    await ask({
      sql: `UPDATE aw.${table} t SET body = v.body FROM unnest($2::text[], $3::int4[], $4::text[]) v (id, day, body)
            WHERE t.workspace = $1 AND t.id = v.id AND t.day = v.day`,
      values: [
        workspace,
        texts(found.map(({ id }) => id)),
        int4s(found.map(({ day }) => day)),
        texts(found.map(({ body }) => body)),
      ],
    });
  return { removed: found.length, next: after(rows, 0) };
}

/** Behind the last row of a full page; several may have its number, and are looked at again. */
function after(rows: readonly Row[], column: number): number | null {
  if (rows.length < rowsPerStep) return null;
  const [first, last] = [Number(rows[0]?.[column]), Number(rows.at(-1)?.[column])];
  return first === last ? last + 1 : last;
}

/** Bodies of the change of a delivery `d`; none where it is not kept any more. */
const changeOf = `LEFT JOIN aw.changes c ON c.workspace = d.workspace AND c.id = d.change_id AND c.day = d.change_day
  LEFT JOIN aw.kept_changes k ON k.workspace = d.workspace AND k.id = d.change_id`;
const marked = `CASE WHEN coalesce(c.body, k.body) LIKE '%"erased":true%' THEN coalesce(c.body, k.body) END`;
const missing = 'coalesce(c.body, k.body) IS NULL';

function isErased(body: string | null | undefined, gone: string | null | undefined): boolean {
  if (gone === 't') return true;
  return body !== null && body !== undefined && parseChange(body).erased === true;
}

/** Of a delivery whose change was erased go the bytes, the attempts and what the receiver answered. */
async function eraseLog({ ask, workspace, past, at }: Place): Promise<Step> {
  const { where, values } = ofSubject(past);
  const [rows = []] = await ask({
    sql: `SELECT d.position, d.id, d.day, ${marked}, ${missing} FROM (
        SELECT * FROM aw.log WHERE workspace = $1 AND position >= $2::int8${where} ORDER BY position LIMIT $3::int8) d
      ${changeOf} ORDER BY d.position`,
    values: [workspace, String(at), String(rowsPerStep), ...values],
  });
  const found = rows.filter(([, , , body, gone]) => isErased(body, gone));
  const ids = texts(found.map(([, id = null]) => id));
  if (found.length > 0)
    await ask(
      {
        sql: `UPDATE aw.log t SET frozen = NULL, attempt = NULL FROM unnest($2::text[], $3::int4[]) v (id, day)
              WHERE t.workspace = $1 AND t.id = v.id AND t.day = v.day`,
        values: [workspace, ids, int4s(found.map(([, , day]) => Number(day)))],
      },
      ...partsOf(workspace, ids),
    );
  return { removed: found.length, next: after(rows, 0) };
}

function partsOf(workspace: string, ids: Parameter): readonly Statement[] {
  return [
    { sql: 'DELETE FROM aw.attempts WHERE workspace = $1 AND delivery = ANY($2::text[])', values: [workspace, ids] },
    { sql: 'DELETE FROM aw.bodies WHERE workspace = $1 AND delivery = ANY($2::text[])', values: [workspace, ids] },
  ];
}

/** Bytes kept for what is still owed: it is rendered again, from what is left of its change. */
async function eraseBodies({ ask, workspace, at }: Place): Promise<Step> {
  const [rows = []] = await ask({
    sql: `SELECT d.id, ${marked}, ${missing} FROM aw.bodies b JOIN aw.queue d ON d.workspace = b.workspace AND d.id = b.delivery
      ${changeOf} WHERE b.workspace = $1 ORDER BY d.id LIMIT $2::int8 OFFSET $3::int8`,
    values: [workspace, String(rowsPerStep), String(at)],
  });
  const found = rows.filter(([, body, gone]) => isErased(body, gone));
  if (found.length > 0) await ask(...partsOf(workspace, texts(found.map(([id = null]) => id))));
  // Those that went are not counted by the next page any more.
  return { removed: found.length, next: rows.length < rowsPerStep ? null : at + rows.length - found.length };
}

/** Answers kept for idempotency keys: repeating such a request would tell what was in it. */
async function eraseAnswers({ ask, workspace, past, at }: Place): Promise<Step> {
  const [rows = []] = await ask({
    sql: `SELECT created_at, key, response FROM aw.idempotency WHERE workspace = $1 AND created_at >= $2::int8
          ORDER BY created_at LIMIT $3::int8`,
    values: [workspace, String(at), String(rowsPerStep)],
  });
  const wanted = past.texts ?? [past.subject.slice(past.subject.indexOf(':') + 1)];
  const found = rows.filter(([, , response]) => mayName(response ?? '', wanted));
  if (found.length > 0)
    await ask({
      sql: 'DELETE FROM aw.idempotency WHERE workspace = $1 AND key = ANY($2::text[])',
      values: [workspace, texts(found.map(([, key = null]) => key))],
    });
  return { removed: found.length, next: after(rows, 0) };
}

/** Earlier states of webhooks name contacts. */
async function eraseRevisions({ ask, workspace, past, at }: Place): Promise<Step> {
  if (past.texts === undefined) return { removed: 0, next: null };
  const wanted = past.texts;
  const [rows = []] = await ask({
    sql: `SELECT id, version, state FROM aw.revisions WHERE type = 'webhook' AND workspace = $1
          ORDER BY id, version LIMIT $2::int8 OFFSET $3::int8`,
    values: [workspace, String(rowsPerStep), String(at)],
  });
  const replacer = textReplacer(wanted);
  const found = rows.flatMap(([id = null, version, text]) => {
    if (text === null || text === undefined || !mayName(text, wanted)) return [];
    const state = JSON.parse(text) as JsonObject;
    const next = replacer(state);
    return next === state ? [] : [{ id, version: Number(version), state: JSON.stringify(next) }];
  });
  if (found.length > 0)
    await ask({
      sql: `UPDATE aw.revisions t SET state = v.state FROM unnest($2::text[], $3::int4[], $4::text[]) v (id, version, state)
            WHERE t.type = 'webhook' AND t.workspace = $1 AND t.id = v.id AND t.version = v.version`,
      values: [
        workspace,
        texts(found.map(({ id }) => id)),
        int4s(found.map(({ version }) => version)),
        texts(found.map(({ state }) => state)),
      ],
    });
  return { removed: found.length, next: rows.length < rowsPerStep ? null : at + rows.length };
}
