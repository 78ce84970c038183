/**
 * How the process ends. A signal asks for an orderly stop within a deadline; a second one ends it at once. An exception
 * that nobody caught, or a promise that nobody awaited, ends it too, with a record and a non-zero code: what is accepted is
 * on disk, so stopping is safe, and going on in an unknown state is not (HARDENING LG-04).
 */
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** Exit code after an uncaught exception or an unhandled rejection. */
export const crashExitCode = 70;
/** Exit code where the deadline ended the stop. */
export const deadlineExitCode = 75;

export type ShutdownOptions = {
  readonly process: ProcessEvents;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deadlineMs: number;
  readonly stop: () => Promise<void>;
  readonly exit: (code: number) => void;
};

/** What is needed of `process`; tests hand in an emitter. */
export interface ProcessEvents {
  on(event: string, listener: (value: unknown) => void): unknown;
  off(event: string, listener: (value: unknown) => void): unknown;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const signalNumbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/**
 * A terminal sends Ctrl-C to every process of the group, and npm and our own launcher pass it on as well: what comes again
 * within this time is the same wish. Who really wants it at once presses again.
 */
const sameWishMs = 500;

/** Installs the handlers; the returned function removes them. */
export function installShutdown(options: ShutdownOptions): () => void {
  const { process: events, clock, logger, deadlineMs, stop, exit } = options;
  let stoppingSinceMs: number | null = null;
  const onSignal = (signal: (typeof signals)[number]): void => {
    if (stoppingSinceMs !== null) {
      if (clock.monotonicMs() - stoppingSinceMs < sameWishMs) return;
      logger.warn('process.stopped_at_once', { signal });
      exit(128 + signalNumbers[signal]);
      return;
    }
    stoppingSinceMs = clock.monotonicMs();
    logger.info('process.stopping', { signal, deadlineMs });
    const timer = clock.timer(deadlineMs, () => {
      logger.error('process.stop_deadline', { deadlineMs });
      exit(deadlineExitCode);
    });
    stop().then(
      () => {
        timer.cancel();
        logger.info('process.stopped');
        exit(0);
      },
      (error: unknown) => crash('process.stop_failed', error),
    );
  };
  const crash = (event: string, error: unknown): void => {
    logger.fatal(event, { error: error instanceof Error ? error : new Error(String(error)) });
    exit(crashExitCode);
  };
  const listeners: (readonly [event: string, listener: (value: unknown) => void])[] = [
    ['uncaughtException', (error) => crash('process.uncaught_exception', error)],
    ['unhandledRejection', (error) => crash('process.unhandled_rejection', error)],
    ...signals.map((signal) => [signal, () => onSignal(signal)] as const),
  ];
  for (const [event, listener] of listeners) events.on(event, listener);
  return () => {
    for (const [event, listener] of listeners) events.off(event, listener);
  };
}

/** Ends the process once what was logged has left it, but no later than the moment given. */
export function exitAfterFlush(code: number, clock: Clock, flushMs = 500): void {
  process.exitCode = code;
  let left = 2;
  const leave = (): void => {
    left -= 1;
    if (left === 0) process.exit(code);
  };
  clock.timer(flushMs, () => process.exit(code));
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength === 0) leave();
    else stream.once('drain', leave);
  }
}
