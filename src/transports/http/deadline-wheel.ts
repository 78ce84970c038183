import type { Clock, Timer } from '../../runtime/clock.ts';

/** What waits on a wheel. The wheel owns `next`, `previous` and `dueMs`; a thing waits on one wheel at a time. */
export interface Deadline {
  next: Deadline | null;
  previous: Deadline | null;
  /** On the monotonic clock. */
  dueMs: number;
  /** Called once when the time has come; the wheel has let go of it by then. */
  expire(): void;
}

/**
 * Many deadlines behind one timer. Nearly every attempt ends long before its deadline, so adding and removing must cost
 * next to nothing: both are a few assignments in a ring of linked lists. Deadlines strike up to one tick late, never early;
 * after the process stood still, not before what came in meanwhile has been read.
 */
export type DeadlineWheel = {
  add(deadline: Deadline, delayMs: number): void;
  /** Harmless where it does not wait. */
  remove(deadline: Deadline): void;
  /** Everything that waits, for shutting down. */
  waiting(): readonly Deadline[];
};

const tickMs = 20;
/** A turn that comes so much later than it was asked for: the process stood still (starved, stopped, collecting garbage). */
const stoodStillMs = 100;
/** A ring of 41 s: longer deadlines go round more than once, which costs one comparison per turn. */
const slotCount = 2_048;

export function createDeadlineWheel(clock: Clock): DeadlineWheel {
  const slots = Array.from({ length: slotCount }, createSlot);
  let count = 0;
  let timer: Timer | null = null;
  /** Everything due in ticks up to this one has struck. */
  let doneTick = 0;
  let expectedMs = 0;
  /** What had come in when the process went on has been read. */
  let heard = false;

  const arm = (delayMs: number): void => {
    expectedMs = clock.monotonicMs() + delayMs;
    timer = clock.timer(delayMs, turn);
  };

  const turn = (): void => {
    timer = null;
    const nowMs = clock.monotonicMs();
    // Timers fire before sockets are read: an answer that came in time would be called late for our own standing still.
    if (!heard && nowMs - expectedMs > stoodStillMs) {
      heard = true;
      return arm(1);
    }
    heard = false;
    const lastTick = Math.floor(nowMs / tickMs);
    // A process that slept passes each slot once, not once per missed turn of the ring.
    for (let tick = Math.max(doneTick + 1, lastTick - slotCount + 1); tick <= lastTick; tick++) strike(tick, nowMs);
    doneTick = lastTick;
    if (count > 0 && timer === null) arm(tickMs);
  };

  const strike = (tick: number, nowMs: number): void => {
    const slot = slots[tick % slotCount];
    if (slot === undefined) return;
    const due: Deadline[] = [];
    for (let at = slot.next; at !== slot && at !== null; at = at.next) if (at.dueMs <= nowMs) due.push(at);
    for (const deadline of due) {
      // One that struck may have ended others.
      if (deadline.next === null) continue;
      remove(deadline);
      deadline.expire();
    }
  };

  const remove = (deadline: Deadline): void => {
    const { next, previous } = deadline;
    if (next === null || previous === null) return;
    previous.next = next;
    next.previous = previous;
    deadline.next = null;
    deadline.previous = null;
    count--;
  };

  return {
    add(deadline, delayMs) {
      const nowMs = clock.monotonicMs();
      deadline.dueMs = nowMs + delayMs;
      if (timer === null) {
        doneTick = Math.floor(nowMs / tickMs);
        arm(tickMs);
      }
      const slot = slots[Math.ceil(deadline.dueMs / tickMs) % slotCount];
      if (slot === undefined) return;
      deadline.previous = slot.previous;
      deadline.next = slot;
      if (slot.previous !== null) slot.previous.next = deadline;
      slot.previous = deadline;
      count++;
    },
    remove,
    waiting() {
      const all: Deadline[] = [];
      for (const slot of slots) for (let at = slot.next; at !== slot && at !== null; at = at.next) all.push(at);
      return all;
    },
  };
}

/** The head of one ring: an empty ring points at itself. */
function createSlot(): Deadline {
  const slot: Deadline = { next: null, previous: null, dueMs: Infinity, expire: () => undefined };
  slot.next = slot;
  slot.previous = slot;
  return slot;
}
