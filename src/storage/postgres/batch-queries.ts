/** The statements by which a batch locks and reads what it touches, each with what becomes of its rows. */
import { type BatchKeys, nameOf, shardOfText } from './batch-keys.ts';
import type { Asked, MutableState } from './batch-state.ts';
import { bools, int2s, int4s, int8s, keys as keyTexts, original, texts } from './parameters.ts';
import { lockClass, locks, numberBits } from './schema.ts';

function nothing(): void {
  // The statement answers nothing of interest.
}

/** Advisory locks first, in one order: they cost no write, and whoever waits for one holds no row. */
export function lockQueries(keys: BatchKeys): readonly Asked[] {
  const wanted: (readonly [slot: number, exclusive: boolean])[] = [];
  if (keys.numbered) wanted.push([locks.numbers, false]);
  if (keys.changes.size > 0) wanted.push([locks.days, false]);
  for (const [slot, exclusive] of [...keys.slots].sort(([a], [b]) => a - b))
    wanted.push([locks.matching + slot, exclusive]);
  if (wanted.length === 0) return [];
  return [
    {
      statement: {
        sql: `SELECT CASE WHEN u.exclusive THEN pg_advisory_xact_lock(${lockClass}, u.slot)
            ELSE pg_advisory_xact_lock_shared(${lockClass}, u.slot) END FROM unnest($1::int4[], $2::bool[]) u (slot, exclusive)`,
        values: [int4s(wanted.map(([slot]) => slot)), bools(wanted.map(([, exclusive]) => exclusive))],
      },
      read: nothing,
    },
  ];
}

/** Behind the locks: from the moment a transaction has its id, whoever reads a feed can tell that it still runs. */
export function numberQuery(keys: BatchKeys, found: MutableState): Asked {
  const number = `((pg_current_xact_id()::text::bigint + (SELECT value::bigint FROM aw.meta WHERE key = 'number_base')) << ${numberBits})::text`;
  return {
    statement: {
      sql: keys.numbered ? `SELECT pg_current_xact_id()::text, ${number}` : 'SELECT pg_current_xact_id()::text',
    },
    read([row]) {
      found.xid = row?.[0] ?? '';
      found.firstNumber = row?.[1] ?? null;
    },
  };
}

export function revisionQueries({ matched }: BatchKeys, found: MutableState): readonly Asked[] {
  if (matched.size === 0) return [];
  return [
    {
      statement: {
        sql: 'SELECT id, webhooks_revision FROM aw.workspaces WHERE id = ANY($1::text[])',
        values: [keyTexts([...matched])],
      },
      read(rows) {
        for (const [id, revision] of rows) found.revisions.set(original(id ?? ''), Number(revision));
      },
    },
  ];
}

/**
 * Keys are claimed by inserting them: whoever comes second waits for the first to commit, then reads its row. A claim that
 * comes to nothing is taken back with the writes.
 */
export function idempotencyQueries({ idempotency }: BatchKeys, found: MutableState): readonly Asked[] {
  if (idempotency.size === 0) return [];
  const claimed = new Set<string>();
  const sorted = [...idempotency].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  const workspaces = keyTexts(sorted.map(({ workspaceId }) => workspaceId));
  const names = keyTexts(sorted.map(({ extras }) => extras?.idempotency?.key ?? ''));
  return [
    {
      statement: {
        sql: `INSERT INTO aw.idempotency (workspace, key, fingerprint, created_at, response)
          SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::text[]) ON CONFLICT DO NOTHING RETURNING workspace, key`,
        values: [
          workspaces,
          names,
          keyTexts(sorted.map(({ extras }) => extras?.idempotency?.fingerprint ?? '')),
          int8s(sorted.map(({ extras }) => extras?.idempotency?.createdAtMs ?? 0)),
          texts(sorted.map(({ extras }) => extras?.idempotency?.response ?? '')),
        ],
      },
      read(rows) {
        for (const [workspaceId, key] of rows) claimed.add(nameOf(original(workspaceId ?? ''), original(key ?? '')));
      },
    },
    {
      statement: {
        sql: `SELECT i.* FROM unnest($1::text[], $2::text[]) u (workspace, key) CROSS JOIN LATERAL (
            SELECT workspace, key, fingerprint, created_at, response FROM aw.idempotency i
            WHERE i.workspace = u.workspace AND i.key = u.key FOR UPDATE) i`,
        values: [workspaces, names],
      },
      read(rows) {
        for (const [workspaceId, key, fingerprint, createdAtMs, response] of rows) {
          const name = nameOf(original(workspaceId ?? ''), original(key ?? ''));
          found.idempotency.set(name, {
            fingerprint: original(fingerprint ?? ''),
            createdAtMs: Number(createdAtMs),
            response: response ?? '',
            own: claimed.has(name),
          });
        }
      },
    },
  ];
}

export function dutyQueries({ duties }: BatchKeys, found: MutableState): readonly Asked[] {
  if (duties.size === 0) return [];
  return [
    {
      statement: {
        sql: `SELECT d.* FROM unnest($1::text[]) u (id) CROSS JOIN LATERAL (
            SELECT id, workspace, version FROM aw.duties d WHERE d.id = u.id FOR UPDATE) d`,
        values: [keyTexts([...duties].sort())],
      },
      read(rows) {
        for (const [id, workspaceId, version] of rows) {
          found.duties.set(original(id ?? ''), { workspaceId: original(workspaceId ?? ''), version: Number(version) });
        }
      },
    },
  ];
}

export function resourceQueries(
  { resources, aliases }: BatchKeys,
  found: MutableState,
  careful: boolean,
): readonly Asked[] {
  if (resources.size === 0) return [];
  const sorted = [...resources].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, resource]) => resource);
  const asked: Asked[] = [
    {
      statement: {
        sql: `SELECT r.* FROM unnest($1::text[], $2::text[], $3::text[]) u (type, workspace, id) CROSS JOIN LATERAL (
            SELECT type, workspace, id, version, alias, created_at FROM aw.resources r
            WHERE r.type = u.type AND r.workspace = u.workspace AND r.id = u.id FOR UPDATE) r`,
        values: [
          texts(sorted.map(({ type }) => type)),
          keyTexts(sorted.map(({ workspaceId }) => workspaceId)),
          keyTexts(sorted.map(({ id }) => id)),
        ],
      },
      read(rows) {
        for (const [type, workspaceId, id, version, alias, createdAtMs] of rows) {
          found.resources.set(nameOf(type ?? '', original(workspaceId ?? ''), original(id ?? '')), {
            version: Number(version),
            alias: alias === null || alias === undefined ? null : original(alias),
            createdAtMs: Number(createdAtMs),
          });
        }
      },
    },
  ];
  if (careful && aliases.size > 0) asked.push(aliasQuery([...aliases.values()], found));
  return asked;
}

function aliasQuery(
  aliases: readonly { readonly workspaceId: string; readonly type: string; readonly alias: string }[],
  found: MutableState,
): Asked {
  return {
    statement: {
      sql: `SELECT r.* FROM unnest($1::text[], $2::text[], $3::text[]) u (type, workspace, alias) CROSS JOIN LATERAL (
          SELECT type, workspace, alias, id FROM aw.resources r
          WHERE r.type = u.type AND r.alias = u.alias AND r.workspace = u.workspace) r`,
      values: [
        texts(aliases.map(({ type }) => type)),
        keyTexts(aliases.map(({ workspaceId }) => workspaceId)),
        keyTexts(aliases.map(({ alias }) => alias)),
      ],
    },
    read(rows) {
      for (const [type, workspaceId, alias, id] of rows) {
        found.aliases.set(nameOf(type ?? '', original(workspaceId ?? ''), original(alias ?? '')), original(id ?? ''));
      }
    },
  };
}

export function deliveryQueries({ deliveries, shards }: BatchKeys, found: MutableState): readonly Asked[] {
  if (deliveries.size === 0) return [];
  const sorted = [...deliveries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, delivery]) => delivery);
  return [
    {
      statement: {
        sql: `SELECT q.* FROM unnest($1::text[], $2::text[]) u (workspace, id) CROSS JOIN LATERAL (
            SELECT workspace, id, attempts, created_at, origin = 'test', webhook FROM aw.queue q
            WHERE q.workspace = u.workspace AND q.id = u.id FOR UPDATE) q`,
        values: [keyTexts(sorted.map(({ workspaceId }) => workspaceId)), keyTexts(sorted.map(({ id }) => id))],
      },
      read(rows) {
        for (const [workspaceId, id, attempts, createdAtMs, test, webhookId] of rows) {
          found.deliveries.set(nameOf(original(workspaceId ?? ''), original(id ?? '')), {
            attempts: Number(attempts),
            createdAtMs: Number(createdAtMs),
            test: test === 't',
            webhookId: original(webhookId ?? ''),
          });
        }
      },
    },
    {
      statement: {
        sql: 'SELECT shard, epoch FROM aw.shard_leases WHERE shard = ANY($1::int2[])',
        values: [int2s([...shards])],
      },
      read(rows) {
        for (const [shard, epoch] of rows) found.epochs.set(Number(shard), Number(epoch));
      },
    },
  ];
}

export function changeQueries({ changes }: BatchKeys, found: MutableState): readonly Asked[] {
  if (changes.size === 0) return [];
  const wanted = [...changes.values()];
  return [
    {
      statement: {
        sql: `SELECT u.workspace, u.id, c.day, k.day, (SELECT leaving FROM aw.days d WHERE d.kind = 'changes' AND d.day = c.day)
          FROM unnest($1::text[], $2::text[]) u (workspace, id)
          LEFT JOIN LATERAL (SELECT day FROM aw.changes c WHERE c.workspace = u.workspace AND c.id = u.id LIMIT 1) c ON true
          LEFT JOIN LATERAL (SELECT day FROM aw.kept_changes k WHERE k.workspace = u.workspace AND k.id = u.id) k ON true`,
        values: [keyTexts(wanted.map(({ workspaceId }) => workspaceId)), keyTexts(wanted.map(({ id }) => id))],
      },
      read(rows) {
        for (const [workspaceId, id, day, kept, leaving] of rows) {
          const at = day ?? kept;
          if (at === null || at === undefined) continue;
          const where = day === null ? 'kept' : leaving === 't' ? 'leaving' : 'day';
          found.changes.set(nameOf(original(workspaceId ?? ''), original(id ?? '')), { day: Number(at), where });
        }
      },
    },
  ];
}

export function laneQueries({ webhooks }: BatchKeys, found: MutableState): readonly Asked[] {
  if (webhooks.size === 0) return [];
  const sorted = [...webhooks].sort(([a], [b]) => (a < b ? -1 : 1));
  const names = keyTexts(sorted.map(([webhookId]) => webhookId));
  return [
    {
      statement: {
        sql: `INSERT INTO aw.lanes (webhook, workspace, shard) SELECT * FROM unnest($1::text[], $2::text[], $3::int2[])
          ON CONFLICT DO NOTHING`,
        values: [
          names,
          keyTexts(sorted.map(([, workspaceId]) => workspaceId)),
          int2s(sorted.map(([webhookId]) => shardOfText(webhookId))),
        ],
      },
      read: nothing,
    },
    {
      statement: { sql: 'SELECT webhook, workspace FROM aw.lanes WHERE webhook = ANY($1::text[])', values: [names] },
      read(rows) {
        for (const [webhookId, workspaceId] of rows)
          found.lanes.set(original(webhookId ?? ''), original(workspaceId ?? ''));
      },
    },
  ];
}
