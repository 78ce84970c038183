/**
 * The room that attempts take: over all lanes, and of lanes in failure, which wait here for a place of their own. Counted in
 * one place, so that what is taken is always given back.
 */
import { createPassingSet, type PassingSet } from '../core/passing-map.ts';
import type { Clock } from '../runtime/clock.ts';
import { createTurns } from '../runtime/turns.ts';
import type { Lane } from './lane.ts';
import type { Doubt, Run } from './run.ts';

export type AttemptRoom = {
  /** Sent, in the order they were sent. */
  readonly airborne: Pick<PassingSet<Run>, 'size' | 'values'>;
  /** From the start of an attempt to its stored result. */
  readonly open: number;
  /** Whether an attempt of this doubt may start. */
  has(doubt: Doubt): boolean;
  /** Whether another attempt may wait for a signature that a thread makes. */
  readonly hasSignatures: boolean;
  /** One waits for its signature, or no longer does. */
  awaitSignature(): void;
  signed(): void;
  /** Waits until fewer wait for their signature. */
  parkForSignature(lane: Lane): void;
  take(run: Run): void;
  /** Prepared and sent. */
  fly(run: Run): void;
  /** It will not be sent: refused or stood down. */
  stay(): void;
  /** It has an outcome: its lane may start another one, and one that waits gets its place. */
  land(run: Run): void;
  /** Its result is stored, or it never happened. */
  leave(): void;
  /** Waits for a place of those that have not proved themselves. */
  park(lane: Lane, doubt: Exclude<Doubt, 'none'>): void;
  /** Told whenever an attempt has ended, so that those who wait for the last one hear of it. */
  checkSettled(): void;
  /** Resolves when no attempt is without an outcome, or the time is over. */
  settled(withinMs: number): Promise<void>;
};

export type AttemptRoomParts = {
  readonly clock: Clock;
  /** Bound on attempts of lanes in failure. */
  readonly unprovenMax: number;
  /** Bound on these and the first ones of lanes that have not proved themselves: what is left is for lanes that have. */
  readonly doubtedMax: number;
  /** Bound on attempts that wait for a signature: they hold room that others could use. */
  readonly signaturesMax: number;
  /** A parked lane may try again. */
  readonly attend: (lane: Lane) => void;
};

export function createAttemptRoom(parts: AttemptRoomParts): AttemptRoom {
  const { clock, unprovenMax, doubtedMax, signaturesMax, attend } = parts;
  const airborne = createPassingSet<Run>();
  // By workspaces: who has hundreds of lanes that fail, or that sign, does not stand before who has one.
  const parked = { untried: createTurns<Lane>(), failing: createTurns<Lane>() };
  const unsigned = createTurns<Lane>();
  let open = 0;
  let unproven = 0;
  let untried = 0;
  let preparing = 0;
  let signatures = 0;
  let whenSettled: (() => void) | null = null;

  const call = (take: () => Lane | undefined): void => {
    for (let next = take(); next !== undefined; next = take()) {
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
    has(doubt) {
      if (doubt === 'none') return true;
      return unproven + untried < doubtedMax && (doubt === 'untried' || unproven < unprovenMax);
    },
    get hasSignatures() {
      return signatures < signaturesMax;
    },
    awaitSignature() {
      signatures += 1;
    },
    signed() {
      signatures -= 1;
      // Two, because one that is called may have nothing to send any more, and the others must not wait for it.
      call(unsigned.next);
      call(unsigned.next);
    },
    parkForSignature(lane) {
      lane.parked = true;
      unsigned.join(lane.workspaceId, lane);
    },
    take(run) {
      run.lane.inFlight += 1;
      open += 1;
      preparing += 1;
      if (run.doubt === 'failing') unproven += 1;
      else if (run.doubt === 'untried') untried += 1;
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
      if (run.doubt === 'none') return;
      if (run.doubt === 'failing') unproven -= 1;
      else untried -= 1;
      // One for one, of the same kind: a second one that is called finds the place taken and stands at the end again, for ever.
      const [same, other] =
        run.doubt === 'failing' ? [parked.failing, parked.untried] : [parked.untried, parked.failing];
      call(() => same.next() ?? other.next());
    },
    leave() {
      open -= 1;
    },
    park(lane, doubt) {
      lane.parked = true;
      parked[doubt].join(lane.workspaceId, lane);
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
