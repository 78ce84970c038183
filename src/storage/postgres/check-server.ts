/** What is refused at start: a server that is too old, or that may lose what it has confirmed. */
import { AssetwireError } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import { original } from './parameters.ts';

const versionMin = 150_000;

export type ServerFacts = {
  /** As `server_version_num`: 180004. */
  readonly version: number;
  readonly fsync: string;
  readonly fullPageWrites: string;
  readonly synchronousCommit: string;
  readonly readOnly: boolean;
  readonly encoding: string;
};

export async function readServerFacts(connection: Connection, timeoutMs: number): Promise<ServerFacts> {
  const names = [
    'server_version_num',
    'fsync',
    'full_page_writes',
    'synchronous_commit',
    'transaction_read_only',
    'server_encoding',
  ];
  const sql = `SELECT ${names.map((name) => `current_setting('${name}')`).join(', ')}, pg_is_in_recovery()`;
  const [rows] = await connection.run([{ sql }], timeoutMs);
  const [version, fsync, fullPageWrites, synchronousCommit, readOnly, encoding, recovering] = rows?.[0] ?? [];
  return {
    version: Number(version),
    fsync: original(fsync ?? ''),
    fullPageWrites: fullPageWrites ?? '',
    synchronousCommit: synchronousCommit ?? '',
    readOnly: readOnly === 'on' || recovering === 't',
    encoding: encoding ?? '',
  };
}

/** What is weaker than a 2xx promises; empty where all is well. */
export function weaknesses(facts: ServerFacts): readonly string[] {
  const found: string[] = [];
  if (facts.fsync !== 'on') found.push(`fsync must be on: found ${facts.fsync}`);
  if (facts.fullPageWrites !== 'on') found.push(`full_page_writes must be on: found ${facts.fullPageWrites}`);
  if (['off', 'local'].includes(facts.synchronousCommit)) {
    found.push(`synchronous_commit must be on, remote_write or remote_apply: found ${facts.synchronousCommit}`);
  }
  return found;
}

/** Throws where the server cannot be used. `acceptWeak`: the operator has said that confirmed changes may be lost. */
export function refuseServer(facts: ServerFacts, acceptWeak: boolean): void {
  if (facts.version < versionMin) {
    throw refused(`PostgreSQL must be 15 or newer: found ${Math.floor(facts.version / 10_000)}`, 'Upgrade the server');
  }
  if (facts.encoding !== 'UTF8') {
    throw refused(
      `The database must have the encoding UTF8: found ${facts.encoding}`,
      "Make it with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
    );
  }
  if (facts.readOnly) {
    throw refused(
      'The database must take writes: it is read-only or a standby',
      'Name the primary, or all hosts: postgres://user@a,b/database',
    );
  }
  const [weakness] = weaknesses(facts);
  if (weakness !== undefined && !acceptWeak) {
    throw refused(
      `A confirmed change must survive a crash of the database: ${weakness}`,
      'Set it in postgresql.conf (or for the role), or say that changes may be lost with ASSETWIRE_DATABASE_DURABILITY=weak',
    );
  }
}

function refused(detail: string, mend: string): AssetwireError {
  return new AssetwireError('storage_unavailable', { detail, mend });
}
