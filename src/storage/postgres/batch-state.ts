/**
 * What a batch finds: everything it touches, locked in the order of tables and keys, in one round trip. From here on nobody
 * else changes it until the transaction ends, so the decisions can be made here, item by item, in memory.
 */
import type { Connection } from './connection.ts';
import type { BatchKeys } from './batch-keys.ts';
import {
  changeQueries,
  deliveryQueries,
  dutyQueries,
  idempotencyQueries,
  laneQueries,
  lockQueries,
  numberQuery,
  resourceQueries,
  revisionQueries,
} from './batch-queries.ts';
import type { Row, Statement } from './pipeline.ts';
import type { Sql } from './sql.ts';

export type FoundResource = { readonly version: number; readonly alias: string | null; readonly createdAtMs: number };
export type FoundDelivery = {
  readonly attempts: number;
  readonly createdAtMs: number;
  readonly test: boolean;
  readonly webhookId: string;
};
export type FoundChange = { readonly day: number; readonly where: 'day' | 'leaving' | 'kept' };
export type FoundKey = {
  readonly fingerprint: string;
  readonly createdAtMs: number;
  readonly response: string;
  readonly own: boolean;
};

export type BatchState = {
  /** The transaction's own id. */
  readonly xid: string;
  /** The first number of this transaction; null where it gives out none. */
  readonly firstNumber: string | null;
  readonly revisions: ReadonlyMap<string, number>;
  readonly idempotency: ReadonlyMap<string, FoundKey>;
  readonly duties: ReadonlyMap<string, { readonly workspaceId: string; readonly version: number }>;
  readonly resources: ReadonlyMap<string, FoundResource>;
  /** Owners of aliases; empty where they were not asked for. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly deliveries: ReadonlyMap<string, FoundDelivery>;
  readonly epochs: ReadonlyMap<number, number>;
  readonly changes: ReadonlyMap<string, FoundChange>;
  /** Workspaces of lanes that were not known before. */
  readonly lanes: ReadonlyMap<string, string>;
};

export type Finding = {
  readonly connection: Connection;
  readonly sql: Sql;
  readonly settings: Statement;
  readonly timeoutMs: number;
  readonly keys: BatchKeys;
  /** Looks up who owns the aliases that are written; otherwise a taken one shows as a violated key. */
  readonly careful: boolean;
};

export type Asked = { readonly statement: Statement; readonly read: (rows: readonly Row[]) => void };

/** Begins the transaction and reads. */
export async function findState({ connection, sql, settings, timeoutMs, keys, careful }: Finding): Promise<BatchState> {
  const found = emptyState();
  const asked: Asked[] = [
    { statement: { sql: 'BEGIN' }, read: nothing },
    { statement: settings, read: nothing },
    ...lockQueries(keys),
    numberQuery(keys, found),
    ...revisionQueries(keys, found),
    ...idempotencyQueries(keys, found),
    ...dutyQueries(keys, found),
    ...resourceQueries(keys, found, careful),
    ...deliveryQueries(keys, found),
    ...changeQueries(keys, found),
    ...laneQueries(keys, found),
  ];
  const statements = asked.map(({ statement }) => ({ ...statement, sql: sql.of(statement.sql) }));
  const results = await connection.run(statements, timeoutMs);
  for (const [index, { read }] of asked.entries()) read(results[index] ?? []);
  return found;
}

export type MutableState = {
  xid: string;
  firstNumber: string | null;
  revisions: Map<string, number>;
  idempotency: Map<string, FoundKey>;
  duties: Map<string, { workspaceId: string; version: number }>;
  resources: Map<string, FoundResource>;
  aliases: Map<string, string>;
  deliveries: Map<string, FoundDelivery>;
  epochs: Map<number, number>;
  changes: Map<string, FoundChange>;
  lanes: Map<string, string>;
};

function emptyState(): MutableState {
  return {
    xid: '',
    firstNumber: null,
    revisions: new Map(),
    idempotency: new Map(),
    duties: new Map(),
    resources: new Map(),
    aliases: new Map(),
    deliveries: new Map(),
    epochs: new Map(),
    changes: new Map(),
    lanes: new Map(),
  };
}

function nothing(): void {
  // The statement answers nothing of interest.
}
