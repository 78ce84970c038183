/** What `assetwire doctor` finds of the PostgreSQL of the settings: reachable, new enough, durable, ours to use, and who is on it. */
import { AssetwireError } from '../core/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Settings } from '../runtime/configuration.ts';
import { connect, type Connection } from '../storage/postgres/connection.ts';
import { readServerFacts, refuseServer, type ServerFacts, weaknesses } from '../storage/postgres/check-server.ts';
import { schemaMend } from '../storage/postgres/migrate.ts';
import { connectionMend } from '../storage/postgres/postgres-error.ts';
import { schemaVersion } from '../storage/postgres/schema.ts';
import { strainOf, strains, strainStatement } from '../storage/postgres/server-strain.ts';

export type DatabaseCheck = {
  readonly result: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  readonly mend?: string;
};

const timeoutMs = 5_000;

/** Null where the store is SQLite. */
export async function checkDatabase({
  databaseUrl,
  databaseDurability,
  databaseConnections,
}: Settings): Promise<DatabaseCheck | null> {
  if (databaseUrl === null) return null;
  let connection: Connection | null = null;
  try {
    connection = await connect({
      url: databaseUrl,
      connectTimeoutMs: timeoutMs,
      applicationName: 'assetwire doctor',
      preparedStatements: false,
      pacing: systemClock,
    });
    const facts = await readServerFacts(connection, timeoutMs);
    refuseServer(facts, databaseDurability === 'weak');
    const weak = weaknesses(facts).map((weakness) => `a confirmed change may be lost: ${weakness}`);
    const detail = `PostgreSQL ${Math.floor(facts.version / 10_000)}.${facts.version % 10_000}; ${await found(connection)}`;
    const [strain] = await connection.run([strainStatement], timeoutMs);
    const warnings = [...weak, ...(await crowding(connection, databaseConnections)), ...strains(strainOf(strain?.[0]))];
    if (warnings.length === 0) return { result: 'ok', detail: `${detail}; ${durability(facts)}` };
    return { result: 'warning', detail: `${detail}; ${warnings.join(', ')}` };
  } catch (error) {
    if (error instanceof AssetwireError) {
      return { result: 'failed', detail: error.message, ...(error.mend === undefined ? {} : { mend: error.mend }) };
    }
    return {
      result: 'failed',
      detail: `PostgreSQL must answer: ${error instanceof Error ? error.message : String(error)}`,
      mend: connectionMend(error),
    };
  } finally {
    connection?.close();
  }
}

/** What a 2xx rests on, as the server has it. */
function durability({ fsync, fullPageWrites, synchronousCommit }: ServerFacts): string {
  return `fsync ${fsync}, full_page_writes ${fullPageWrites}, synchronous_commit ${synchronousCommit}`;
}

async function ask(connection: Connection, sql: string): Promise<readonly (string | null)[]> {
  return (await connection.run([{ sql }], timeoutMs))[0]?.[0] ?? [];
}

/** Beside those of the setting: one that listens, two for the index of searches. */
const furtherConnections = 3;

/** Whether the server has room for the connections of the processes that are on it and one more. */
async function crowding(connection: Connection, connections: number): Promise<readonly string[]> {
  const [room, there] = await ask(
    connection,
    `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
       to_regclass('assetwire.cluster_members')::text`,
  );
  const [members] =
    there === null || there === undefined
      ? ['0']
      : await ask(connection, 'SELECT count(*) FROM assetwire.cluster_members WHERE expires_at > now()');
  const processes = Math.max(1, Number(members));
  const wanted = processes * (connections + furtherConnections);
  if (wanted <= Number(room)) return [];
  const of = `${processes} ${processes === 1 ? 'process' : 'processes'}`;
  return [
    `its max_connections leaves ${room ?? '0'} connections, and ${of} may hold ${wanted}: raise it, or lower ASSETWIRE_DATABASE_CONNECTIONS`,
  ];
}

/** What lies there; nothing is made. */
async function found(connection: Connection): Promise<string> {
  const [meta = null] = await ask(connection, "SELECT to_regclass('assetwire.meta')::text");
  if (meta === null) {
    const [may] = await ask(
      connection,
      `SELECT CASE WHEN to_regnamespace('assetwire') IS NULL THEN has_database_privilege(current_database(), 'CREATE')
         ELSE has_schema_privilege(to_regnamespace('assetwire'), 'CREATE') END`,
    );
    if (may === 't') return 'no schema yet; it is made at the first start';
    throw new AssetwireError('storage_unavailable', {
      detail: 'The role must be allowed to make tables in a schema assetwire, which are not there: it may not',
      mend: schemaMend('assetwire'),
    });
  }
  const [version = '0'] = await ask(connection, "SELECT value FROM assetwire.meta WHERE key = 'version'");
  const [members = '0', shards = '0'] = await ask(
    connection,
    `SELECT (SELECT count(*) FROM assetwire.cluster_members WHERE expires_at > now()),
       (SELECT count(*) FROM assetwire.shard_leases l JOIN assetwire.cluster_members m ON m.id = l.holder AND m.expires_at > now())`,
  );
  if (Number(version) > schemaVersion) {
    throw new AssetwireError('storage_unavailable', {
      detail: `The schema must not be newer than this version, which knows ${schemaVersion}: found ${version ?? ''}`,
      mend: 'Run the newer version of Assetwire that wrote it',
    });
  }
  const behind = Number(version) < schemaVersion ? `, migrated to ${schemaVersion} by the next start` : '';
  return `schema ${version ?? '0'}${behind}; ${members ?? '0'} processes on it hold ${shards ?? '0'} of 256 shards`;
}
