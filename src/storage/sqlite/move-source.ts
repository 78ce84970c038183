/** A store of SQLite as the source of a move: locked while it is open, read and never written. */
import { hash } from 'node:crypto';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { AssetwireError } from '../../core/errors.ts';
import type { DutyId, WebhookId } from '../../core/ids.ts';
import { shardOf } from '../../core/shard.ts';
import type { MovedRow, MovedTable, MovePart, MoveSource } from '../move.ts';
import { inspectFile } from './inspect-file.ts';
import { lockFile } from './lock.ts';
import { changesStride } from './partitions.ts';
import { type Row, numberOf, textOf } from './rows.ts';
import { schemaVersion, statsColumns } from './schema.ts';

const dayMs = 24 * 3_600_000;

export function openMoveSource(file: string): MoveSource {
  const lock = lockFile(file);
  try {
    if (inspectFile(file).fresh) throw unready(file, 'there is no store');
    const db = new DatabaseSync(file, { readOnly: true });
    try {
      const version = numberOf(db.prepare('PRAGMA user_version').get()?.['user_version']);
      if (version !== schemaVersion) throw unready(file, `it was written by an older version (schema ${version})`);
      return {
        fingerprint: fingerprintOf(db),
        parts: partsOf(db),
        close() {
          db.close();
          lock.release();
        },
      };
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

function unready(file: string, found: string): AssetwireError {
  return new AssetwireError('storage_unavailable', {
    detail: `The store to be moved must be one that this version has started: ${file}: ${found}`,
    mend: 'Name its data directory with ASSETWIRE_DATA_DIR; start and stop this version of the server on it once',
  });
}

/** Counters that every start and every batch raise. */
function fingerprintOf(db: DatabaseSync): string {
  const rows = db
    .prepare("SELECT key, value FROM meta WHERE key IN ('batch', 'epoch', 'positions') ORDER BY key")
    .all();
  const key = db.prepare("SELECT hex(value) AS value FROM meta WHERE key = 'cursor_key'").get();
  return hash('sha256', JSON.stringify([rows, key]), 'hex');
}

type Plan = {
  readonly name: string;
  readonly table: MovedTable;
  /** `FROM …`: the rows of the part. */
  readonly from: string;
  /** What is selected; named as the target's columns. */
  readonly columns: string;
  /** Unique and growing: where a page goes on. */
  readonly key: string;
  readonly counted: string;
  readonly finish?: (row: Row) => MovedRow;
};

const names = 'JOIN workspaces w ON w.n = t.workspace';
const lane = 'JOIN lanes l ON l.n = t.lane';
const resourceColumns = 't.type, t.id, t.version, t.alias, t.created_at, t.updated_at, t.state, w.id AS workspace';
const deliveryColumns = `w.id AS workspace, l.webhook, t.position, t.id, t.due_at, t.attempts, t.change_id, t.change_seq, t.revision,
  t.subject, t.event, t.message_id, t.origin, t.redelivery_of, t.frozen, t.created_at, t.status, t.outcome, t.duration`;
const counters = statsColumns.map((name) => `t.${name}`).join(', ');

function partsOf(db: DatabaseSync): readonly MovePart[] {
  const dayOfChange = changeDays(db);
  const workspaceOfDelivery = deliveryWorkspaces(db);
  const withShard = (id: 'webhook' | 'id') => (row: Row) => ({
    ...plain(row),
    shard: shardOf(textOf(row[id]) as WebhookId | DutyId),
  });
  const delivery = (row: Row): MovedRow => {
    const { change_seq: seq, ...rest } = plain(row);
    return { ...rest, change_day: dayOfChange(Number(seq), Number(row['created_at'])) };
  };
  const change = (row: Row): MovedRow => ({
    ...plain(row),
    day: dayOf(numberOf(row['accepted_at'])),
    unexpanded: row['unexpanded'] === 1,
  });
  const rolled = (key: string): number =>
    Number(db.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.['value'] ?? 0);
  const rolledMinute = rolled('stats_rolled_minute');
  const rolledLane = rolled('stats_rolled_lane');
  const whole = (table: MovedTable, from: string, given: Omit<Plan, 'name' | 'table' | 'from' | 'counted'>): Plan => ({
    name: table,
    table,
    from: `FROM ${from}`,
    counted: from.split(' ')[0] ?? from,
    ...given,
  });
  const plans: Plan[] = [
    whole('workspaces', 'workspaces t', { columns: 't.id, t.webhooks_revision', key: 't.n' }),
    whole('lanes', `lanes t ${names}`, {
      columns: 't.webhook, w.id AS workspace, t.missed',
      key: 't.n',
      finish: withShard('webhook'),
    }),
    whole('resources', `resources t ${names}`, { columns: resourceColumns, key: 't.n' }),
    whole('revisions', `revisions t ${names}`, {
      columns: resourceColumns,
      key: "t.type || char(0) || t.workspace || char(0) || t.id || char(0) || printf('%012d', t.version)",
    }),
    ...partitionPlans(db, { kind: 'changes', key: 'seq' }, (table) => ({
      columns: 'w.id AS workspace, t.seq, t.id, t.kind, t.subject, t.accepted_at, t.unexpanded, t.body',
      from: `FROM ${table} t ${names}`,
      finish: change,
    })),
    whole('kept_changes', `kept_changes t ${names}`, {
      columns: 'w.id AS workspace, t.seq, t.id, t.kind, t.subject, t.accepted_at, t.unexpanded, t.body',
      key: 't.seq',
      finish: change,
    }),
    keptFor(db),
    whole('queue', `queue t ${lane} ${names}`, {
      columns: deliveryColumns,
      key: "printf('%012d', t.lane) || printf('%018d', t.position)",
      finish: (row) => ({ ...delivery(row), shard: shardOf(textOf(row['webhook']) as WebhookId) }),
    }),
    whole('bodies', `bodies t ${names}`, {
      columns: "t.delivery, w.id AS workspace, t.ended_at, '\\x' || hex(t.body) AS body",
      key: 't.delivery',
    }),
    ...partitionPlans(db, { kind: 'log', key: 'n' }, (table) => ({
      columns: `${deliveryColumns}, t.state, t.ended_at, t.reason, t.attempt`,
      from: `FROM ${table} t ${lane} ${names}`,
      finish: (row) => ({ ...delivery(row), day: dayOf(numberOf(row['ended_at'])) }),
    })),
    ...partitionPlans(db, { kind: 'attempts', key: 'seq' }, (table) => ({
      columns: 't.delivery, t.number, t.attempt',
      from: `FROM ${table} t`,
      finish: (row) => ({
        ...plain(row),
        workspace: workspaceOfDelivery(textOf(row['delivery'])),
        day: dayOf(startOf(textOf(row['attempt']))),
      }),
    })),
    whole('duties', `duties t ${names}`, {
      columns: 't.id, w.id AS workspace, t.kind, t.due_at, t.version, t.attempts, t.payload',
      key: 't.id',
      finish: withShard('id'),
    }),
    whole('idempotency', `idempotency t ${names}`, {
      columns: 'w.id AS workspace, t.key, t.fingerprint, t.created_at, t.response',
      key: 't.workspace || char(0) || t.key',
    }),
    whole('stats_minutes', `stats t ${lane} JOIN workspaces w ON w.n = l.workspace`, {
      columns: `t.minute, t.lane, l.webhook, w.id AS workspace, ${counters}`,
      key: "printf('%012d', t.minute) || printf('%012d', t.lane)",
      finish: (row) => {
        const { lane: n, ...rest } = plain(row);
        const minute = Number(row['minute']);
        // Those that were added up to hours are in the hours already.
        const isRolled = minute < rolledMinute || (minute === rolledMinute && Number(n) <= rolledLane);
        return { ...rest, writer: 0, rolled: isRolled };
      },
    }),
    whole('stats_hours', `stats_hours t ${lane} JOIN workspaces w ON w.n = l.workspace`, {
      columns: `t.hour, l.webhook, w.id AS workspace, ${counters}`,
      key: "printf('%012d', t.hour) || printf('%012d', t.lane)",
    }),
  ];
  return plans.map((plan) => partOf(db, plan));
}

/** A plan for each partition of a kind; `key` is the column that its rows are ordered by. */
function partitionPlans(
  db: DatabaseSync,
  { kind, key }: { readonly kind: 'changes' | 'log' | 'attempts'; readonly key: string },
  plan: (table: string) => Pick<Plan, 'columns' | 'from' | 'finish'>,
): readonly Plan[] {
  const rows = db
    .prepare("SELECT n FROM partitions WHERE kind = ? AND state IN ('open', 'closed') ORDER BY n")
    .all(kind);
  return rows.map(({ n }) => {
    const table = `${kind}_${Number(n)}`;
    return { name: table, table: kind, key: `t.${key}`, counted: table, ...plan(table) };
  });
}

/** What is kept for a delivery is told by its place there, and by its id here. */
function keptFor(db: DatabaseSync): Plan {
  const logs = db.prepare("SELECT n FROM partitions WHERE kind = 'log' AND state IN ('open', 'closed')").all();
  const places = ['queue', ...logs.map(({ n }) => `log_${Number(n)}`)];
  const found = places.map((table) => `SELECT d.id FROM ${table} d WHERE d.lane = t.lane AND d.position = t.position`);
  const delivery = `(${found.join(' UNION ALL ')} LIMIT 1)`;
  const from = `kept_for t JOIN kept_changes c ON c.seq = t.change_seq JOIN workspaces w ON w.n = c.workspace WHERE ${delivery} IS NOT NULL`;
  return {
    name: 'kept_for',
    table: 'kept_for',
    columns: `w.id AS workspace, c.id AS change_id, ${delivery} AS delivery, t.until`,
    from: `FROM ${from}`,
    counted: from,
    key: "printf('%020d', t.change_seq) || printf('%020d', t.position)",
  };
}

function partOf(db: DatabaseSync, { name, table, from, columns, key, counted, finish = plain }: Plan): MovePart {
  const glue = from.includes(' WHERE ') ? 'AND' : 'WHERE';
  const select = `SELECT ${columns}, ${key} AS moved_key ${from}`;
  const first = db.prepare(`${select} ORDER BY moved_key LIMIT ?`);
  const next = db.prepare(`${select} ${glue} ${key} > ? ORDER BY moved_key LIMIT ?`);
  const { rows } = db.prepare(`SELECT count(*) AS rows FROM ${counted}`).get() as { rows: number };
  return {
    name,
    table,
    rows,
    page(after, limit) {
      const cursor = after === null ? null : (JSON.parse(after) as SQLInputValue);
      const found = (cursor === null ? first.all(limit) : next.all(cursor, limit)) as Row[];
      const last = found.at(-1)?.['moved_key'];
      return {
        rows: found.map(finish),
        after: found.length < limit || last === undefined ? null : JSON.stringify(last),
      };
    },
  };
}

function plain({ moved_key: _, ...row }: Row): MovedRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'string' || typeof value === 'number' ? value : null,
    ]),
  );
}

function dayOf(ms: number): number {
  return Math.floor(ms / dayMs);
}

/** The day under which a delivery's change lies: that of its acceptance; where it is gone, of the delivery. */
function changeDays(db: DatabaseSync): (seq: number, createdAtMs: number) => number {
  const statements = new Map<number, ReturnType<DatabaseSync['prepare']> | null>();
  const kept = db.prepare('SELECT accepted_at FROM kept_changes WHERE seq = ?');
  const partitions = new Set(
    db
      .prepare("SELECT n FROM partitions WHERE kind = 'changes' AND state IN ('open', 'closed')")
      .all()
      .map(({ n }) => Number(n)),
  );
  const statementOf = (n: number): ReturnType<DatabaseSync['prepare']> | null => {
    const known = statements.get(n);
    if (known !== undefined) return known;
    const made = partitions.has(n) ? db.prepare(`SELECT accepted_at FROM changes_${n} WHERE seq = ?`) : null;
    statements.set(n, made);
    return made;
  };
  return (seq, createdAtMs) => {
    const found = statementOf(Math.floor(seq / changesStride))?.get(seq) ?? kept.get(seq);
    return dayOf(Number(found?.['accepted_at'] ?? createdAtMs));
  };
}

/** Attempts here know their delivery alone. */
function deliveryWorkspaces(db: DatabaseSync): (delivery: string) => string {
  const logs = db
    .prepare("SELECT n FROM partitions WHERE kind = 'log' AND state IN ('open', 'closed') ORDER BY n DESC")
    .all();
  const places = ['queue', ...logs.map(({ n }) => `log_${Number(n)}`)];
  const statements = places.map((table) =>
    db.prepare(`SELECT w.id FROM ${table} d JOIN workspaces w ON w.n = d.workspace WHERE d.id = ?`),
  );
  return (delivery) => {
    for (const statement of statements) {
      const found = statement.get(delivery)?.['id'];
      if (typeof found === 'string') return found;
    }
    // Its delivery is older than what is kept; nobody finds it by anything else.
    return 'default';
  };
}

function startOf(attempt: string): number {
  const { startedAtMs } = JSON.parse(attempt) as { startedAtMs?: number };
  return startedAtMs ?? 0;
}
