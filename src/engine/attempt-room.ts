/**
 * The room that attempts take: over all lanes, and of lanes in failure, which wait here for a place of their own. Counted in
 * one place, so that what is taken is always given back.
 */
import type { Clock } from '../runtime/clock.ts';
import { createDeque } from './deque.ts';
import type { Lane } from './lane.ts';
import type { Run } from './run.ts';

export type AttemptRoom = {
  /** Sent, in the order they were sent. */
  readonly airborne: ReadonlySet<Run>;
  /** From the start of an attempt to its stored result. */
  readonly open: number;
  /** Whether a lane in failure may start one more. */
  readonly hasUnproven: boolean;
  take(run: Run): void;
  /** Prepared and sent. */
  fly(run: Run): void;
  /** It will not be sent: refused or stood down. */
  stay(): void;
  /** It has an outcome: its lane may start another one, and a lane in failure gets its place. */
  land(run: Run): void;
  /** Its result is stored, or it never happened. */
  leave(): void;
  /** Waits for a place of a lane in failure. */
  park(lane: Lane): void;
  /** Told whenever an attempt has ended, so that those who wait for the last one hear of it. */
  checkSettled(): void;
  /** Resolves when no attempt is without an outcome, or the time is over. */
  settled(withinMs: number): Promise<void>;
};

export type AttemptRoomParts = {
  readonly clock: Clock;
  /** Bound on attempts of lanes in failure. */
  readonly unprovenMax: number;
  /** A parked lane may try again. */
  readonly attend: (lane: Lane) => void;
};

export function createAttemptRoom({ clock, unprovenMax, attend }: AttemptRoomParts): AttemptRoom {
  const airborne = new Set<Run>();
  const parked = createDeque<Lane>();
  let open = 0;
  let unproven = 0;
  let preparing = 0;
  let whenSettled: (() => void) | null = null;

  const callParked = (): void => {
    for (let next = parked.shift(); next !== undefined; next = parked.shift()) {
      // One that has proved itself meanwhile does not need this room.
      if (!next.parked) continue;
      next.parked = false;
      attend(next);
      return;
    }
  };
  return {
    airborne,
    get open() {
      return open;
    },
    get hasUnproven() {
      return unproven < unprovenMax;
    },
    take(run) {
      run.lane.inFlight += 1;
      open += 1;
      preparing += 1;
      if (run.unproven) unproven += 1;
    },
    fly(run) {
      preparing -= 1;
      airborne.add(run);
    },
    stay() {
      preparing -= 1;
    },
    land(run) {
      airborne.delete(run);
      run.lane.inFlight -= 1;
      if (!run.unproven) return;
      unproven -= 1;
      callParked();
    },
    leave() {
      open -= 1;
    },
    park(lane) {
      lane.parked = true;
      parked.push(lane);
    },
    checkSettled() {
      if (airborne.size + preparing === 0) whenSettled?.();
    },
    settled(withinMs) {
      if (airborne.size + preparing === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = clock.timer(withinMs, resolve);
        whenSettled = () => {
          timer.cancel();
          resolve();
        };
      });
    },
  };
}
