/**
 * Lists and counts of deliveries over queue and log, which both keep the position (order of commit) of a delivery: a list is
 * one statement over both, so what moves from one to the other meanwhile is seen once, and keeps its place while somebody
 * pages. Held is what is pending for a webhook that is disabled: asked of the webhooks, never written.
 */
import type { DeliveryState, DeliverySummary } from '../../core/delivery.ts';
import { compileFilter } from '../../core/filter-evaluation.ts';
import type { Filter } from '../../core/filter.ts';
import { ownValue } from '../../core/json-equality.ts';
import { type CursorCodec, cursorText } from '../cursor.ts';
import { pageLimit } from '../page.ts';
import type { DeliveryQuery, Page } from '../contract/list-queries.ts';
import { disabledOf, stateOf, summaryColumns, summaryOf } from './delivery-rows.ts';
import { type Conditions, createConditions, type ListAsk } from './list-ask.ts';
import { int2s, keys, storable, texts } from './parameters.ts';
import type { Row } from './pipeline.ts';
import { readableChange } from '../change-body.ts';
import { keyOf, numberOf, textOf, textOrNull } from './rows.ts';
import { stateCodes } from './schema.ts';

export type DeliveryFilter = Omit<DeliveryQuery, 'limit' | 'cursor'>;

const changeColumn = `, coalesce((SELECT body FROM aw.changes c WHERE c.day = d.change_day AND c.workspace = d.workspace AND c.id = d.change_id),
    (SELECT body FROM aw.kept_changes k WHERE k.workspace = d.workspace AND k.id = d.change_id)) AS body`;
const highest = '9223372036854775807';

export async function listDeliveries(
  ask: ListAsk,
  cursors: CursorCodec,
  query: DeliveryQuery,
): Promise<Page<DeliverySummary>> {
  const newest = (query.order ?? 'newest') === 'newest';
  const { workspaceId } = query;
  const scope = { workspaceId, list: `deliveries:${newest ? 'newest' : 'oldest'}` };
  const limit = pageLimit(query.limit);
  const behind =
    query.cursor === undefined ? (newest ? highest : '-1') : cursorText(cursors.decode(scope, query.cursor)[0]);
  const asked = await lookUp(ask, query);
  if (asked === null) return { items: [], nextCursor: null };
  const places = placesOf(query, asked);
  if (places.length === 0) return { items: [], nextCursor: null };
  const rows = await readPlaces(ask, query, { places, behind, newest, count: limit + 1 });
  const holds = query.change === undefined ? null : compileFilter(query.change);
  const wanted = rows.slice(0, limit).filter((row) => holds === null || changeHolds(row[18], holds));
  const disabled = asked.disabled ?? (await disabledOf(ask, workspaceId, wanted));
  const last = rows[limit - 1];
  return {
    items: wanted.map((row) => summaryOf(row, workspaceId, disabled)),
    nextCursor: rows.length > limit && last !== undefined ? cursors.encode(scope, [textOf(last[0])]) : null,
  };
}

export async function countDeliveries(ask: ListAsk, query: DeliveryFilter): Promise<number> {
  const asked = await lookUp(ask, query);
  const places = asked === null ? [] : placesOf(query, asked);
  if (places.length === 0) return 0;
  if (query.change !== undefined) return countMatching(ask, query, { places, filter: query.change });
  const values = places.flatMap(({ conditions }) => conditions.values);
  const parts = numbered(places).map(({ from, where }) => `(SELECT count(*) FROM ${from} WHERE ${where})`);
  const [row] = await ask(query.workspaceId, [{ sql: `SELECT ${parts.join(' + ')}`, values }]);
  return numberOf(row?.[0]);
}

async function countMatching(
  ask: ListAsk,
  query: DeliveryFilter,
  { places, filter }: { readonly places: readonly Place[]; readonly filter: Filter },
): Promise<number> {
  const holds = compileFilter(filter);
  const count = 500;
  let behind = '-1';
  let found = 0;
  for (;;) {
    const rows = await readPlaces(ask, query, { places, behind, newest: false, count });
    found += rows.filter((row) => changeHolds(row[18], holds)).length;
    behind = textOrNull(rows.at(-1)?.[0]) ?? behind;
    if (rows.length < count) return found;
  }
}

/** A change that is gone or damaged fulfils no filter. */
function changeHolds(body: string | null | undefined, holds: ReturnType<typeof compileFilter>): boolean {
  const change = body === null || body === undefined ? null : readableChange(body);
  return change !== null && holds(change);
}

// --- What the webhooks say ---------------------------------------------------------------------------------------

type LookedUp = {
  /** Those of the workspace that are disabled; null where nobody asked. */
  readonly disabled: ReadonlySet<string> | null;
  /** Webhooks of the dialect that is asked for; null: any. */
  readonly ofDialect: readonly string[] | null;
  /** The subject of the change that is asked for. */
  readonly subject: string | undefined;
};

/** What must be known before queue and log are asked; null where nothing can be found. */
async function lookUp(ask: ListAsk, query: DeliveryFilter): Promise<LookedUp | null> {
  const { workspaceId, states, dialect } = query;
  const pendings = (states ?? []).filter((state) => state === 'pending' || state === 'held');
  const disabled = pendings.length === 1 ? new Set(await webhooksWhere(ask, workspaceId, ['state', 'disabled'])) : null;
  const ofDialect = dialect === undefined ? null : await webhooksWhere(ask, workspaceId, ['dialect', dialect]);
  if (ofDialect?.length === 0) return null;
  let { subject } = query;
  if (query.changeId !== undefined && subject === undefined) {
    // Deliveries are found by their subject; the change knows it. One that has left still may have deliveries.
    subject = await subjectOf(ask, workspaceId, query.changeId);
  }
  return { disabled, ofDialect, subject };
}

async function webhooksWhere(
  ask: ListAsk,
  workspaceId: string,
  [field, value]: readonly [string, string],
): Promise<readonly string[]> {
  const rows = await ask(workspaceId, [
    {
      sql: `SELECT id, state FROM aw.resources WHERE type = 'webhook' AND workspace = $1 AND position($2 IN state) > 0`,
      values: [storable(workspaceId), `${JSON.stringify(field)}:${JSON.stringify(value)}`],
    },
  ]);
  return rows.filter((row) => ownValue(stateOf(row[1]), field) === value).map((row) => keyOf(row[0]));
}

async function subjectOf(ask: ListAsk, workspaceId: string, changeId: string): Promise<string | undefined> {
  const rows = await ask(workspaceId, [
    {
      sql: `SELECT subject FROM aw.changes WHERE workspace = $1 AND id = $2
        UNION ALL SELECT subject FROM aw.kept_changes WHERE workspace = $1 AND id = $2 LIMIT 1`,
      values: [storable(workspaceId), storable(changeId)],
    },
  ]);
  return rows[0] === undefined ? undefined : keyOf(rows[0][0]);
}

// --- Queue and log -----------------------------------------------------------------------------------------------

/** One of the two tables, with its conditions. */
type Place = { readonly table: 'queue' | 'log'; readonly conditions: Conditions; readonly lanes: boolean };

function placesOf(query: DeliveryFilter, asked: LookedUp): readonly Place[] {
  const places: Place[] = [];
  const wantsPending =
    query.states === undefined || query.states.some((state) => state === 'pending' || state === 'held');
  if (wantsPending) places.push(queuePlace(query, asked));
  const codes = (query.states ?? (Object.keys(stateCodes) as DeliveryState[])).flatMap((state) =>
    Object.hasOwn(stateCodes, state) ? [stateCodes[state as keyof typeof stateCodes]] : [],
  );
  if (codes.length > 0) places.push(logPlace(query, asked, codes));
  return places;
}

function queuePlace(query: DeliveryFilter, asked: LookedUp): Place {
  const conditions = createConditions();
  // Lane by lane, each by its own index; with one webhook asked for, that lane.
  conditions.add('l.workspace = ?', storable(query.workspaceId));
  if (query.webhookId !== undefined) conditions.add('l.webhook = ?', storable(query.webhookId));
  if (asked.ofDialect !== null) conditions.add('l.webhook = ANY(?::text[])', keys(asked.ofDialect));
  if (asked.disabled !== null) {
    const held = query.states?.includes('held') === true;
    conditions.add(held ? 'l.webhook = ANY(?::text[])' : 'l.webhook <> ALL(?::text[])', keys([...asked.disabled]));
  }
  addShared(conditions, query);
  if (query.subject !== undefined) conditions.add('d.subject = ?', storable(query.subject));
  return { table: 'queue', conditions, lanes: true };
}

function logPlace(query: DeliveryFilter, asked: LookedUp, codes: readonly number[]): Place {
  const conditions = createConditions();
  conditions.add('d.workspace = ?', storable(query.workspaceId));
  if (query.webhookId !== undefined) conditions.add('d.webhook = ?', storable(query.webhookId));
  if (asked.ofDialect !== null) conditions.add('d.webhook = ANY(?::text[])', keys(asked.ofDialect));
  if (asked.subject !== undefined) conditions.add('d.subject = ?', storable(asked.subject));
  if (codes.length < Object.keys(stateCodes).length) {
    // What failed has an index of its own.
    const only = codes.includes(stateCodes.delivered) ? '' : 'd.state <> 1 AND ';
    conditions.add(`${only}d.state = ANY(?::int2[])`, int2s(codes));
  }
  addShared(conditions, query);
  return { table: 'log', conditions, lanes: false };
}

function addShared(conditions: Conditions, query: DeliveryFilter): void {
  if (query.event !== undefined) conditions.add('d.event = ?', storable(query.event));
  if (query.changeId !== undefined) conditions.add('d.change_id = ?', storable(query.changeId));
  if (query.status !== undefined) conditions.add('d.status = ?::int8', String(query.status));
  if (query.outcomes !== undefined) conditions.add('d.outcome = ANY(?::text[])', texts(query.outcomes));
  if (query.origins !== undefined) conditions.add('d.origin = ANY(?::text[])', texts(query.origins));
  if (query.firstOnly === true) conditions.add('d.redelivery_of IS NULL');
  if (query.fromMs !== undefined) conditions.add('d.created_at >= ?::int8', String(query.fromMs));
  if (query.toMs !== undefined) conditions.add('d.created_at < ?::int8', String(query.toMs));
}

type Numbered = { readonly place: Place; readonly from: string; readonly where: string; readonly used: number };

/** Places with their parameters numbered one after another. */
function numbered(places: readonly Place[]): readonly Numbered[] {
  let used = 0;
  return places.map((place) => {
    const before = used;
    used += place.conditions.values.length;
    const where = place.conditions.text().replaceAll(/\$(\d+)/g, (_, n: string) => `$${Number(n) + before}`);
    const join =
      'aw.lanes l CROSS JOIN LATERAL (SELECT * FROM aw.queue q WHERE q.shard = l.shard AND q.webhook = l.webhook) d';
    return { place, from: place.lanes ? join : 'aw.log d', where, used };
  });
}

type Reading = {
  readonly places: readonly Place[];
  readonly behind: string;
  readonly newest: boolean;
  readonly count: number;
};

function readPlaces(
  ask: ListAsk,
  query: DeliveryFilter,
  { places, behind, newest, count }: Reading,
): Promise<readonly Row[]> {
  const values = places.flatMap(({ conditions }) => conditions.values);
  const [at, most] = [`$${values.length + 1}::int8`, `$${values.length + 2}::int8`];
  const direction = newest ? 'DESC' : 'ASC';
  const body = query.change === undefined ? '' : changeColumn;
  const compare = newest ? '<' : '>';
  const parts = numbered(places).map(({ place, where }) => {
    const tail = `ORDER BY d.position ${direction} LIMIT ${most}`;
    if (!place.lanes)
      return `(SELECT ${summaryColumns.log}${body} FROM aw.log d WHERE ${where} AND d.position ${compare} ${at} ${tail})`;
    const [ofLane, ofRow] = splitLaneConditions(where);
    const lane = `SELECT * FROM aw.queue d WHERE d.shard = l.shard AND d.webhook = l.webhook AND d.position ${compare} ${at}${ofRow} ${tail}`;
    return `(SELECT ${summaryColumns.queue}${body} FROM aw.lanes l CROSS JOIN LATERAL (${lane}) d WHERE ${ofLane} ${tail})`;
  });
  const sql = `SELECT * FROM (${parts.join(' UNION ALL ')}) d ORDER BY position ${direction} LIMIT ${most}`;
  return ask(query.workspaceId, [{ sql, values: [...values, behind, String(count)] }]);
}

/** Conditions on the lane, and those on its rows, which belong inside. */
function splitLaneConditions(where: string): readonly [ofLane: string, ofRow: string] {
  const all = where.split(' AND ');
  const ofLane = all.filter((condition) => condition.startsWith('l.'));
  const ofRow = all.filter((condition) => !condition.startsWith('l.'));
  return [ofLane.join(' AND '), ofRow.map((condition) => ` AND ${condition}`).join('')];
}
