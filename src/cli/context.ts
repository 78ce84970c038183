/** What commands are given: the world around the process, so that tests can hand in another one. */
import type { Clock } from '../runtime/clock.ts';
import type { Settings } from '../runtime/configuration.ts';
import type { Logger } from '../runtime/logger.ts';
import type { LogSink } from '../runtime/log-sink.ts';

export type CliContext = {
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly server: ServerParts;
  /** Directory of the program: where the demo finds its photographs. */
  readonly programDirectory: string;
};

export interface Output {
  write(text: string): void;
  readonly isTty: boolean;
  readonly columns: number;
  readonly colour: boolean;
}

/** The parts of the server that `serve`, `demo` and `doctor` need; `main.ts` hands them in so that other commands load none of it. */
export type ServerParts = {
  start(options: {
    readonly settings: Settings;
    readonly logger: Logger;
    readonly sink: LogSink;
  }): Promise<RunningServer>;
  /** Opens the store read-only and checks it; null where there is none yet. */
  checkStore(dataDir: string): Promise<StoreCheck | null>;
};

export type RunningServer = {
  readonly url: string;
  readonly publicUrl: string;
  readonly inboxTlsUrl: string | null;
  /** A generated admin key: at the first start only. */
  readonly firstAdminKey: string | null;
  /** The key the local command line uses. */
  readonly localKey: string;
  /** Opens one session, once. */
  readonly signInToken: string;
  stop(): Promise<void>;
};

export type StoreCheck = { readonly state: 'ok' | 'in-use' | 'broken'; readonly detail: string };
