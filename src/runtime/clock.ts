/**
 * Time as an argument. `nowMs` is wall-clock time and may jump; everything that measures or waits uses `monotonicMs`
 * or a timer. Nothing outside this room reads the clock or sets a timer of its own, so tests hold the clock.
 */
export interface Clock {
  /** Unix milliseconds. */
  nowMs(): number;
  /** Milliseconds since some start, with fractions; never goes back. */
  monotonicMs(): number;
  /** Runs `fire` once after `delayMs`; the handle cancels it. Delays beyond 2^31−1 ms are waited in steps. */
  timer(delayMs: number, fire: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

const timeoutMsMax = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  timer(delayMs, fire) {
    let handle: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      // Node fires at once when a delay overflows 32 bits, so a long wait is a chain of shorter ones.
      const stepMs = Math.min(leftMs, timeoutMsMax);
      handle = setTimeout(() => {
        if (leftMs > stepMs) arm(leftMs - stepMs);
        else fire();
      }, stepMs);
    };
    arm(Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  },
};
