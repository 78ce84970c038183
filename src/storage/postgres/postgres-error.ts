/**
 * What an error of PostgreSQL means to us. Its SQLSTATE decides, never the text; an error without one came from the socket
 * or from ourselves.
 *
 * - `full`: the disk is full. Nothing of the transaction is stored; later ones are tried again.
 * - `unavailable`: no answer, no connection, shutting down, read-only, a lock or a statement that took too long.
 * - `again`: a deadlock, a serialisation failure or a race for a key: the same transaction may go through the next time.
 * - `item`: the statement itself was refused (a bad value): the item's fault, not the store's.
 */
import { AssetwireError } from '../../core/errors.ts';
import { StorageFault } from '../storage-fault.ts';

export type FaultKind = 'full' | 'unavailable' | 'again' | 'item';

export type Fault = {
  readonly kind: FaultKind;
  readonly detail: string;
  readonly sqlState: string | null;
  /** What was violated, for `again` by a key. */
  readonly constraint: string | null;
};

const byState: { readonly [sqlState: string]: FaultKind } = {
  '53100': 'full',
  '40001': 'again',
  '40P01': 'again',
  '23505': 'again',
  // A partition or function that another process has just dropped or replaced.
  '42P01': 'unavailable',
  // Lock, statement, read-only.
  '55P03': 'unavailable',
  '57014': 'unavailable',
  '25006': 'unavailable',
  '25P03': 'unavailable',
};

/** Connection, authorisation, resources, operator intervention, system and internal errors. */
const classes = new Set(['08', '28', '3D', '53', '57', '58', 'F0', 'XX']);

export function faultOf(error: unknown): Fault {
  const detail = error instanceof Error ? error.message : String(error);
  const sqlState = fieldOf(error, 'code');
  const constraint = fieldOf(error, 'constraint');
  // A thread that broke is started again.
  if (error instanceof StorageFault)
    return { kind: error.kind === 'full' ? 'full' : 'unavailable', detail, sqlState: null, constraint };
  if (error instanceof AssetwireError || error instanceof TypeError || error instanceof SyntaxError) {
    return { kind: 'item', detail, sqlState: null, constraint };
  }
  // Five characters: SQLSTATE. Anything else is a code of Node's, or none: the connection.
  if (sqlState === null || !/^[0-9A-Z]{5}$/.test(sqlState))
    return { kind: 'unavailable', detail, sqlState: null, constraint };
  const kind = byState[sqlState] ?? (classes.has(sqlState.slice(0, 2)) ? 'unavailable' : 'item');
  return { kind, detail, sqlState, constraint };
}

function fieldOf(error: unknown, name: 'code' | 'constraint'): string | null {
  if (!(error instanceof Error) || !(name in error)) return null;
  const value = (error as Error & { readonly code?: unknown; readonly constraint?: unknown })[name];
  return typeof value === 'string' ? value : null;
}

/** For errors that cross from a thread: what they mean; null where it is the statement's fault. */
export function storageFaultOf(error: Error): StorageFault | null {
  const { kind, detail } = faultOf(error);
  if (kind === 'item') return null;
  return new StorageFault(kind === 'full' ? 'full' : 'unavailable', detail);
}

/** The error of a start, read by the operator: nobody has served yet, so the settings come before patience. */
export function startError(error: unknown): Error {
  const told = callerError(error);
  if (told === error || !(told instanceof AssetwireError) || told.code !== 'storage_unavailable') return told;
  return new AssetwireError(told.code, { detail: told.message, mend: connectionMend(error), cause: error });
}

const mendsOfConnection: readonly (readonly [codes: readonly string[], mend: string])[] = [
  [
    ['28P01', '28000'],
    'Check user and password in ASSETWIRE_DATABASE_URL (special characters of a password in percent form: # as %23), and whom pg_hba.conf lets in',
  ],
  [['3D000'], 'Make it (CREATE DATABASE … OWNER …), or correct its name in ASSETWIRE_DATABASE_URL'],
  [
    ['53300'],
    'Raise max_connections of the database, or lower ASSETWIRE_DATABASE_CONNECTIONS: every process holds so many and a few more',
  ],
  [['57P03'], 'Wait until it has started, and start again; ASSETWIRE_DATABASE_URL was right'],
  [
    ['ENOTFOUND', 'EAI_AGAIN'],
    'Check the host in ASSETWIRE_DATABASE_URL: its name must be known to the resolver of this machine',
  ],
  [
    ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'],
    'Check that it runs and listens there (listen_addresses, a firewall), and host and port in ASSETWIRE_DATABASE_URL',
  ],
  [['ENOENT', 'EACCES'], 'Check the files that sslrootcert, sslcert and sslkey of ASSETWIRE_DATABASE_URL name'],
  [
    [
      ...['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
      ...['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ],
    'Its certificate must be good for the host named: give its authority’s as ASSETWIRE_DATABASE_URL=…?sslmode=verify-full&sslrootcert=/path/to/ca.pem',
  ],
];

/** What an operator does about a connection that does not come about, by the code of whoever refused it. */
export function connectionMend(error: unknown): string {
  const code = fieldOf(error instanceof StorageFault ? error.cause : error, 'code');
  const known = mendsOfConnection.find(([codes]) => code !== null && codes.includes(code));
  return (
    known?.[1] ??
    'Check that it runs, and ASSETWIRE_DATABASE_URL: host, port, name of the database, user, password, sslmode'
  );
}

/** The error a caller may see. */
export function callerError(error: unknown): Error {
  if (error instanceof AssetwireError) return error;
  const { kind, detail } = faultOf(error);
  if (kind === 'item') return error instanceof Error ? error : new Error(detail);
  if (kind === 'full') {
    return new AssetwireError('storage_full', {
      detail: `The change must be written to the database: its disk is full (${detail})`,
      mend: 'Free space on the disk of the database; the server goes on by itself',
      retryAfterSeconds: 5,
      cause: error,
    });
  }
  return new AssetwireError('storage_unavailable', {
    detail: `The database must answer: ${detail}`,
    mend: 'Try again in a moment',
    retryAfterSeconds: 1,
    cause: error,
  });
}
