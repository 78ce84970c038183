/** What a server is started with, what it is composed of, and what it is to others on its store. */
import type { Worker } from 'node:worker_threads';
import type { MemberRole } from '../core/cluster.ts';
import type { InboxCertificate } from '../egress/self-signed.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Configuration, Settings } from '../runtime/configuration.ts';
import type { LogSink } from '../runtime/log-sink.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import type { Vault } from '../runtime/vault.ts';
import type { PostgresStorage } from './choose-storage.ts';

/** What a server is started with. */
export type ServerOptions = {
  readonly settings: Settings;
  /** Where each setting came from; default: all from their defaults. */
  readonly sources?: Configuration['sources'];
  readonly logger: Logger;
  readonly sink?: LogSink;
  /** `worker`: delivers, and answers health and metrics only. Default: takes requests, and delivers unless told not to. */
  readonly run?: 'serve' | 'worker';
  /** See `startWriterEarly`. */
  readonly writerThread?: Worker | null;
};

/** The same, with what is opened before anything is made. */
export type ComposeOptions = ServerOptions & {
  readonly vault: Vault;
  readonly certificate: InboxCertificate;
  /** Null where the store is SQLite. */
  readonly postgres: PostgresStorage | null;
  readonly clock?: Clock;
  readonly random?: Random;
};

/** What this process is to others on its store. */
export function roleOf({ run, settings }: Pick<ServerOptions, 'run' | 'settings'>): MemberRole {
  if (run === 'worker' && !settings.startPaused) return 'worker';
  // One that is paused takes no shards that it would not serve.
  return settings.engine === 'off' || settings.startPaused ? 'api' : 'serve';
}
