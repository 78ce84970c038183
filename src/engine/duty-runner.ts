/**
 * Duties: owed work that is not a delivery. Rows of the store, found by their due time, handed to the handler of their
 * kind, several at once. A handler fulfils its duty with a commit of its own that names the duty's version, so doing one
 * twice changes nothing; the runner only has to see that each is done at least once. A handler that fails sees its duty
 * again later, with a growing pause that is written into the row, so that it survives a restart.
 */
import type { DutyId } from '../core/ids.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { DutyHandlers } from './engine.ts';
import type { EngineLog, EngineStorage } from './engine-deps.ts';

export type DutyRunner = {
  /** Looks for due duties now; also the safety net's call. */
  look(): void;
  /** Stops the handlers that run and waits for them. */
  stop(withinMs: number): Promise<void>;
  readonly running: number;
};

export type DutyRunnerParts = {
  readonly storage: Pick<EngineStorage, 'duties' | 'commit'>;
  /** Whose duties are ours; null: all. */
  readonly shards: () => readonly number[] | null;
  readonly handlers: DutyHandlers;
  readonly clock: Clock;
  readonly log: EngineLog;
  readonly runningMax: number;
};

const pauseMsMin = 1_000;
const pauseMsMax = 300_000;
/** A duty of a kind that nobody here does waits for a version of the program that can: in an upgrade it comes within minutes. */
const unknownKindPauseMs = pauseMsMax;
const lookAgainMsMax = 60_000;

export function createDutyRunner(parts: DutyRunnerParts): DutyRunner {
  const { clock, storage, log } = parts;
  const abort = new AbortController();
  /** In hand, and those that were just done: a page read before their commit may still show them. */
  const inHand = new Set<DutyId>();
  /** Versions of duties that were just done or failed: left alone until then, whatever a page read before says. */
  const paused = new Map<DutyId, { readonly version: number; readonly untilMs: number }>();
  let looking = false;
  let lookAgain = false;
  let stopped = false;
  let timer: Timer | null = null;
  let timerAtMs = Number.POSITIVE_INFINITY;
  let whenIdle: (() => void) | null = null;

  const look = (): void => {
    if (stopped || inHand.size >= parts.runningMax) return;
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    lookAgain = false;
    void readAndRun();
  };

  const readAndRun = async (): Promise<void> => {
    try {
      const nowMs = clock.nowMs();
      const shards = parts.shards();
      if (shards?.length === 0) return;
      const read = (limit: number) => storage.duties({ nowMs, limit, ...(shards === null ? {} : { shards }) });
      const enough = parts.runningMax + inHand.size;
      let page = await read(enough);
      // Those that were just done are gone from the store but for a moment: only where they fill a page is more read, for
      // while many are owed each end of one would read all that were done in the last second once more.
      const hidden = page.duties.filter(({ id, version }) => paused.get(id)?.version === version).length;
      if (hidden > 0 && page.duties.length >= enough) page = await read(enough + paused.size);
      if (stopped) return;
      const monotonicMs = clock.monotonicMs();
      for (const [id, { untilMs }] of paused) if (untilMs <= monotonicMs) paused.delete(id);
      for (const duty of page.duties) {
        if (inHand.size >= parts.runningMax) break;
        if (inHand.has(duty.id) || paused.get(duty.id)?.version === duty.version) continue;
        inHand.add(duty.id);
        void run(duty);
      }
      if (page.nextDueAtMs !== null) lookAt(clock.monotonicMs() + Math.max(1, page.nextDueAtMs - nowMs));
    } catch (error) {
      log.warn({ err: error }, 'Duties could not be read: trying again');
      lookAt(clock.monotonicMs() + pauseMsMin);
    } finally {
      looking = false;
      if (lookAgain) look();
    }
  };

  const lookAt = (atMs: number): void => {
    const cappedMs = Math.min(atMs, clock.monotonicMs() + lookAgainMsMax);
    if (stopped || timerAtMs <= cappedMs) return;
    timer?.cancel();
    timerAtMs = cappedMs;
    timer = clock.timer(Math.max(1, cappedMs - clock.monotonicMs()), () => {
      timer = null;
      timerAtMs = Number.POSITIVE_INFINITY;
      look();
    });
  };

  const run = async (duty: Duty): Promise<void> => {
    const handler = parts.handlers[duty.kind];
    try {
      if (handler === undefined) {
        log.error({ dutyId: duty.id, kind: duty.kind }, 'Nobody here does duties of this kind');
        await postpone(duty, unknownKindPauseMs);
      } else {
        await handler(duty, abort.signal);
        // A handler that returns without having fulfilled its duty must not be asked again at once.
        paused.set(duty.id, { version: duty.version, untilMs: clock.monotonicMs() + pauseMsMin });
      }
    } catch (error) {
      if (!stopped) {
        log.warn(
          { err: error, dutyId: duty.id, kind: duty.kind, attempts: duty.attempts },
          'A duty failed: trying again',
        );
        await postpone(duty, Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(duty.attempts, 10)));
      }
    } finally {
      inHand.delete(duty.id);
      if (inHand.size === 0) whenIdle?.();
      look();
    }
  };

  /** Later, by the row itself; where even that fails, by memory. A duty that has moved on meanwhile is left alone. */
  const postpone = async (duty: Duty, pauseMs: number): Promise<void> => {
    paused.set(duty.id, { version: duty.version, untilMs: clock.monotonicMs() + pauseMsMin });
    try {
      await storage.commit([
        {
          workspaceId: duty.workspaceId,
          atMs: clock.nowMs(),
          advances: {
            dutyId: duty.id,
            version: duty.version,
            dueAtMs: clock.nowMs() + pauseMs,
            payload: duty.payload,
          },
        },
      ]);
    } catch (error) {
      log.warn({ err: error, dutyId: duty.id }, 'The pause of a duty could not be stored');
    }
    lookAt(clock.monotonicMs() + pauseMs);
  };

  return {
    look,
    async stop(withinMs) {
      stopped = true;
      timer?.cancel();
      abort.abort();
      if (inHand.size === 0) return;
      await new Promise<void>((resolve) => {
        const limit = clock.timer(withinMs, resolve);
        whenIdle = () => {
          limit.cancel();
          resolve();
        };
      });
    },
    get running() {
      return inHand.size;
    },
  };
}
