/** One connection: opened within a time, bounded in every call, closed for good at the first sign that it cannot be trusted. */
import type { Client, Notification } from 'pg';
import type { Clock } from '../../runtime/clock.ts';
import { hostUrls } from './hosts.ts';
import { createPipeline, createPreparedNames, type Row, type Statement } from './pipeline.ts';
import { faultOf } from './postgres-error.ts';
import { StorageFault } from '../storage-fault.ts';

export type Connecting = {
  readonly url: string;
  /** Time for one host to answer. */
  readonly connectTimeoutMs: number;
  /** Told to the database; seen in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly preparedStatements: boolean;
  readonly pacing: Clock;
};

export type Connection = {
  /** Runs statements in one round trip; outside a transaction they are one of their own. Rows by statement. */
  run(statements: readonly Statement[], timeoutMs: number): Promise<readonly (readonly Row[])[]>;
  /** Runs a text of several statements without parameters, as one transaction of its own. */
  script(sql: string, timeoutMs: number): Promise<void>;
  usable(): boolean;
  /** Called once when the connection is gone, whoever ended it. */
  onEnd(ended: () => void): void;
  onNotification(heard: (message: Notification) => void): void;
  close(): void;
};

const keepAliveDelayMs = 5_000;

/** Connects to the first host that takes writes; where there is one host only, to that one, whatever it takes. */
export async function connect(connecting: Connecting): Promise<Connection> {
  const urls = hostUrls(connecting.url);
  let last: unknown = new StorageFault('unavailable', 'no host is named');
  for (const url of urls) {
    try {
      const connection = await connectTo(url, connecting);
      if (urls.length === 1 || (await takesWrites(connection, connecting.connectTimeoutMs))) return connection;
      connection.close();
      last = new StorageFault('unavailable', 'no host takes writes: all that answer are standbys or read-only');
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

async function takesWrites(connection: Connection, timeoutMs: number): Promise<boolean> {
  const [rows] = await connection.run(
    [{ sql: "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'" }],
    timeoutMs,
  );
  return rows?.[0]?.[0] === 'f';
}

async function connectTo(url: string, connecting: Connecting): Promise<Connection> {
  // Loaded with the first connection: a server over SQLite never needs it.
  const { Client: PgClient } = await import('pg');
  const client = new PgClient({
    connectionString: url,
    application_name: connecting.applicationName,
    connectionTimeoutMillis: connecting.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
  });
  const connection = wrap(client, connecting);
  try {
    await client.connect();
    return connection;
  } catch (error) {
    connection.close();
    // Whatever the reason is (no such database, too many connections, a wrong password): there is none to be had.
    throw new StorageFault('unavailable', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function wrap(client: Client, { pacing, preparedStatements }: Connecting): Connection {
  const prepared = preparedStatements ? createPreparedNames() : null;
  const ears: (() => void)[] = [];
  let usable = true;
  const ended = (): void => {
    if (!usable) return;
    usable = false;
    for (const ear of ears) ear();
  };
  // An error without a query under way would end the process otherwise; what was under way hears of it by itself.
  client.on('error', ended);
  client.on('end', ended);
  const close = (): void => {
    ended();
    void client.end().catch(() => undefined);
  };
  return {
    usable: () => usable,
    close,
    onEnd: (ear) => ears.push(ear),
    onNotification: (heard) => client.on('notification', heard),
    async script(sql, timeoutMs) {
      const timer = pacing.timer(timeoutMs, close);
      try {
        await client.query(sql);
      } finally {
        timer.cancel();
      }
    },
    run(statements, timeoutMs) {
      return new Promise((resolve, reject) => {
        if (!usable) return reject(new StorageFault('unavailable', 'the connection has ended'));
        const timer = pacing.timer(timeoutMs, () => {
          reject(new StorageFault('unavailable', `no answer within ${timeoutMs} ms`));
          close();
        });
        client.query(
          createPipeline({
            statements,
            prepared,
            done(results) {
              timer.cancel();
              resolve(results);
            },
            failed(error) {
              timer.cancel();
              // Without a code of the server's it is the connection that failed.
              if (faultOf(error).sqlState === null) close();
              reject(error);
            },
          }),
        );
        return undefined;
      });
    },
  };
}
