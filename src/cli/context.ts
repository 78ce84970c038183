/** What commands are given: the world around the process, so that tests can hand in another one. */
import type { BackUpRequest, BackUpResult } from '../app/back-up.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Configuration, Settings } from '../runtime/configuration.ts';
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
  /** Asks the person at the terminal and answers with the line typed; absent where there is no person. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
};

export interface Output {
  write(text: string): void;
  /** Calls back once when nobody reads any more (`assetwire … | head`). */
  onClosed?(listener: () => void): void;
  readonly isTty: boolean;
  readonly columns: number;
  readonly colour: boolean;
}

/** The parts of the server that `serve`, `demo` and `doctor` need; `main.ts` hands them in so that other commands load none of it. */
export type ServerParts = {
  start(options: {
    readonly settings: Settings;
    readonly sources?: Configuration['sources'];
    readonly logger: Logger;
    readonly sink: LogSink;
    readonly run?: 'serve' | 'worker';
  }): Promise<RunningServer>;
  /** Opens the store read-only and checks it; null where there is none yet. */
  checkStore(dataDir: string): Promise<StoreCheck | null>;
  /** Looks at the PostgreSQL of the settings without changing it; null where the store is SQLite. */
  checkDatabase?(settings: Settings): Promise<{
    readonly result: 'ok' | 'warning' | 'failed';
    readonly detail: string;
    readonly mend?: string;
  } | null>;
  /** Copies a data directory as of one moment. */
  backUp?(request: BackUpRequest): Promise<BackUpResult>;
  /** Whether files can be kept in the store that the settings name; null where that is the data directory. */
  checkBlobs?(
    settings: Settings,
  ): Promise<{ readonly ok: boolean; readonly detail: string; readonly mend?: string } | null>;
  /** Moves an installation from SQLite to an empty PostgreSQL. */
  moveInstallation?(request: {
    readonly dataDir: string;
    readonly databaseUrl: string;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: { readonly what: string; readonly done: number; readonly all: number }) => void;
  }): Promise<{ readonly rows: number; readonly byTable: { readonly [table: string]: number } }>;
  /** Copies the files of a data directory to an `s3://` URL. */
  copyFiles?(request: {
    readonly dataDir: string;
    readonly to: string;
    readonly onProgress?: (files: number, bytes: number) => void;
    readonly signal?: AbortSignal;
  }): Promise<{
    readonly files: number;
    readonly bytes: number;
    readonly present: number;
    readonly damaged: readonly string[];
  }>;
  /** Whether what makes commits last is in force where this directory is. */
  checkDurability?(directory: string): Promise<{ readonly ok: boolean; readonly detail: string }>;
  /** Judges, resolves and connects to a webhook's target as a delivery would; sends nothing. */
  probeTarget?(settings: Settings, url: string): Promise<TargetProbe>;
  /** Whether the egress proxy is there; null where none is set. */
  probeEgressProxy?(settings: Settings): Promise<TargetProbe | null>;
  /** The program that pictures and clips of films are made with, or why there is none. */
  findFilmTool?(settings: Settings): Promise<FilmToolFound>;
  /** Why the virus scanner that is set cannot be started; null where it can, or none is set. */
  findScannerProblem?(settings: Settings): Promise<string | null>;
  /** Whether files can be looked into on this machine: one is, as the server would. */
  tryReadingFiles?(): Promise<{ readonly ok: boolean; readonly detail: string }>;
  /** Whether a request was signed with the secret, as the dialect's receivers tell; null where there is no such dialect. */
  verify?(dialect: string, request: SignedRequest): Promise<SignatureCheck | null>;
};

export type TargetProbe = {
  readonly result: 'reached' | 'refused' | 'failed';
  readonly detail: string;
  readonly mend?: string;
};

/** A request as it arrived: header names in lower case, the body's own bytes. */
export type SignedRequest = {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly secrets: readonly string[];
  /** The moment at which it is judged whether the signature is fresh. */
  readonly nowMs: number;
};

export type SignatureCheck = { readonly result: 'verified' | 'failed' | 'unsigned'; readonly detail: string };

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

export type FilmToolFound =
  | { readonly state: 'found'; readonly path: string; readonly version: string }
  | { readonly state: 'absent' | 'off'; readonly note: string };
