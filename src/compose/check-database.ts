/** What `assetwire doctor` finds of the PostgreSQL of the settings: reachable, new enough, durable, ours to use, and who is on it. */
import { AssetwireError } from '../core/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Settings } from '../runtime/configuration.ts';
import { connect, type Connection } from '../storage/postgres/connection.ts';
import { readServerFacts, refuseServer, type ServerFacts, weaknesses } from '../storage/postgres/check-server.ts';
import { schemaVersion } from '../storage/postgres/schema.ts';

export type DatabaseCheck = {
  readonly result: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  readonly mend?: string;
};

const timeoutMs = 5_000;

/** Null where the store is SQLite. */
export async function checkDatabase({ databaseUrl, databaseDurability }: Settings): Promise<DatabaseCheck | null> {
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
    const weak = weaknesses(facts);
    const detail = `PostgreSQL ${Math.floor(facts.version / 10_000)}.${facts.version % 10_000}; ${await found(connection)}`;
    if (weak.length === 0) return { result: 'ok', detail: `${detail}; ${durability(facts)}` };
    return { result: 'warning', detail: `${detail}; a confirmed change may be lost: ${weak.join(', ')}` };
  } catch (error) {
    if (error instanceof AssetwireError) {
      return { result: 'failed', detail: error.message, ...(error.mend === undefined ? {} : { mend: error.mend }) };
    }
    return {
      result: 'failed',
      detail: `PostgreSQL must answer: ${error instanceof Error ? error.message : String(error)}`,
      mend: 'Check ASSETWIRE_DATABASE_URL: host, port, name of the database, user, password',
    };
  } finally {
    connection?.close();
  }
}

/** What a 2xx rests on, as the server has it. */
function durability({ fsync, fullPageWrites, synchronousCommit }: ServerFacts): string {
  return `fsync ${fsync}, full_page_writes ${fullPageWrites}, synchronous_commit ${synchronousCommit}`;
}

/** What lies there; nothing is made. */
async function found(connection: Connection): Promise<string> {
  const ask = async (sql: string): Promise<readonly (string | null)[]> =>
    (await connection.run([{ sql }], timeoutMs))[0]?.[0] ?? [];
  const [meta = null] = await ask("SELECT to_regclass('assetwire.meta')::text");
  if (meta === null) return 'no schema yet; it is made at the first start';
  const [version = '0'] = await ask("SELECT value FROM assetwire.meta WHERE key = 'version'");
  const [members = '0', shards = '0'] = await ask(
    `SELECT (SELECT count(*) FROM assetwire.cluster_members WHERE expires_at > now()),
       (SELECT count(*) FROM assetwire.shard_leases l JOIN assetwire.cluster_members m ON m.id = l.holder AND m.expires_at > now())`,
  );
  const behind = Number(version) < schemaVersion ? `, migrated to ${schemaVersion} by the next start` : '';
  return `schema ${version ?? '0'}${behind}; ${members ?? '0'} processes on it hold ${shards ?? '0'} of 256 shards`;
}
