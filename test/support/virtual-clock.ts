/**
 * A clock that stands still until it is moved. `advance` fires timers in their order and lets everything that a timer set
 * in motion come to rest before the next one fires, so a run of hours takes milliseconds and is the same every time.
 */
import type { Clock, Timer } from '../../src/runtime/clock.ts';

export type VirtualClock = Clock & {
  /** Moves time on, firing what falls due on the way. */
  advance(ms: number): Promise<void>;
  /** Moves from timer to timer until the condition holds or the time is over; answers whether it held. */
  advanceUntil(holds: () => boolean, withinMs: number): Promise<boolean>;
  /** The wall clock jumps; the monotonic one does not notice. */
  jumpWall(ms: number): void;
  /** Hand in as `endOfTurn`: runs when the present turn has come to rest. */
  endOfTurn(run: () => void): void;
  /** Lets everything that is under way come to rest without moving time. */
  settle(): Promise<void>;
  readonly timers: number;
  /** The monotonic time, without looking: for those who tell what happens and must not change it. */
  readonly atMs: number;
};

type Entry = { readonly atMs: number; readonly order: number; readonly fire: () => void };

export type VirtualClockOptions = {
  readonly startMs?: number;
  /** Turns of the real loop without news after which things count as at rest. More where real threads or files answer. */
  readonly quietTurns?: number;
  /** True while something real is awaited that will answer by itself. */
  readonly busy?: () => boolean;
  /**
   * By how much time moves with every look at the monotonic clock. Zero is convenient and untrue: who reckons with the
   * time of its turn and who looks afresh then always agree.
   */
  readonly lookMs?: number;
};

/** Looks at the clock within one turn of the real loop after which the loop counts as held. */
const looksPerTurnMax = 200_000;

export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const quietTurns = options.quietTurns ?? 2;
  const lookMs = options.lookMs ?? 0;
  let monotonicMs = 0;
  let looks = 0;
  let wallOffsetMs = options.startMs ?? Date.UTC(2026, 10, 22, 12);
  let order = 0;
  const timers = new Map<number, Entry>();
  let turns: (() => void)[] = [];

  /** Few timers stand at once, so a walk is cheaper than a heap with cancellations. */
  const earliest = (): Entry | null => {
    let first: Entry | null = null;
    for (const entry of timers.values()) {
      if (first === null || entry.atMs < first.atMs || (entry.atMs === first.atMs && entry.order < first.order))
        first = entry;
    }
    return first;
  };

  const settle = async (): Promise<void> => {
    let quiet = 0;
    while (quiet < quietTurns || options.busy?.() === true) {
      await new Promise((resolve) => setImmediate(resolve));
      looks = 0;
      if (turns.length === 0) quiet += 1;
      else {
        quiet = 0;
        const now = turns;
        turns = [];
        for (const run of now) run();
      }
    }
  };

  const step = async (untilMs: number): Promise<boolean> => {
    const next = earliest();
    if (next === null || next.atMs > untilMs) return false;
    // As a real loop that is late does: everything that fell due meanwhile fires in one turn.
    const lateAtMs = Math.max(next.atMs, monotonicMs) + 10 * lookMs;
    for (let due: Entry | null = next; due !== null && due.atMs <= lateAtMs; due = earliest()) {
      timers.delete(due.order);
      monotonicMs = Math.max(monotonicMs, due.atMs);
      due.fire();
      if (lookMs === 0) break;
    }
    await settle();
    return true;
  };

  const look = (): number => {
    looks += 1;
    if (looks > looksPerTurnMax)
      throw new Error(`The loop is held: the clock was looked at ${looks} times in one turn`);
    monotonicMs += lookMs;
    return monotonicMs;
  };

  return {
    nowMs: () => Math.floor(wallOffsetMs + monotonicMs),
    monotonicMs: look,
    timer(delayMs, fire): Timer {
      order += 1;
      const mine = order;
      timers.set(mine, { atMs: monotonicMs + Math.max(0, delayMs), order: mine, fire });
      return { cancel: () => void timers.delete(mine) };
    },
    async advance(ms) {
      const untilMs = monotonicMs + ms;
      await settle();
      while (await step(untilMs));
      monotonicMs = Math.max(monotonicMs, untilMs);
    },
    async advanceUntil(holds, withinMs) {
      const untilMs = monotonicMs + withinMs;
      await settle();
      while (!holds()) {
        if (!(await step(untilMs))) {
          monotonicMs = Math.max(monotonicMs, untilMs);
          return holds();
        }
      }
      return true;
    },
    jumpWall(ms) {
      wallOffsetMs += ms;
    },
    endOfTurn(run) {
      turns.push(run);
    },
    settle,
    get atMs() {
      return monotonicMs;
    },
    get timers() {
      return timers.size;
    },
  };
}
