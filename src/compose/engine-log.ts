/**
 * What the engine says, in the log. While the store does not answer, everything that needs it says so again and again: each
 * such sentence is logged once, and then at most every half minute with the number of times it was not. Everything else is
 * logged as it comes.
 */
import { AssetwireError } from '../core/errors.ts';
import type { EngineLog } from '../engine/engine-deps.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';

/** A store that is away or full for hours leaves two lines a minute and sentence. */
const repeatAfterMs = 30_000;

const ofTheStore: ReadonlySet<string> = new Set(['storage_unavailable', 'storage_full', 'storage_busy']);

export function createEngineLog(logger: Pick<Logger, 'info' | 'warn' | 'error'>, clock: Clock): EngineLog {
  /** By sentence; there are as many as the source has. */
  const told = new Map<string, { atMs: number; held: number }>();
  const warn: EngineLog['warn'] = (fields, message) => {
    if (!isOfTheStore(fields)) {
      logger.warn('engine', { ...fields, message });
      return;
    }
    const nowMs = clock.monotonicMs();
    const last = told.get(message);
    if (last !== undefined && nowMs - last.atMs < repeatAfterMs) {
      last.held += 1;
      return;
    }
    told.set(message, { atMs: nowMs, held: 0 });
    logger.warn('engine', { ...fields, message, ...(last === undefined ? {} : { notLogged: last.held }) });
  };
  return {
    info: (fields, message) => logger.info('engine', { ...fields, message }),
    warn,
    error: (fields, message) => logger.error('engine', { ...fields, message }),
  };
}

function isOfTheStore(fields: object): boolean {
  const error = 'err' in fields ? fields.err : undefined;
  return error instanceof AssetwireError && ofTheStore.has(error.code);
}
