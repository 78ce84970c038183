/**
 * A rate in units per second on the monotonic clock, with one second's worth of burst unless another `capacity` (units) is
 * given. `spend` may go into debt (an attempt's bytes are known only after it was rendered); `readyAtMs` then lies as far
 * ahead as the debt is large, so the rate holds over time whatever the size of one message.
 */
export type TokenBucket = {
  /**
   * When so many units may be spent (default 1), in monotonic milliseconds; not after `nowMs` where they may be now. More
   * than the bucket holds may be spent when it is full.
   */
  readyAtMs(nowMs: number, units?: number): number;
  spend(units: number, nowMs: number): void;
};

/** Units that sums of fractions may be off by: whoever waits for as long as was said must find what was promised. */
const rounding = 1e-6;

export function createTokenBucket(perSecond: number, nowMs: number, capacity = Math.max(1, perSecond)): TokenBucket {
  let tokens = capacity;
  let filledAtMs = nowMs;

  const fill = (atMs: number): void => {
    if (atMs <= filledAtMs) return;
    tokens = Math.min(capacity, tokens + ((atMs - filledAtMs) * perSecond) / 1_000);
    filledAtMs = atMs;
  };

  return {
    readyAtMs(atMs, units = 1) {
      fill(atMs);
      const short = Math.min(units, capacity) - tokens;
      return short <= rounding ? atMs : filledAtMs + (short * 1_000) / perSecond;
    },
    spend(units, atMs) {
      fill(atMs);
      tokens -= units;
    },
  };
}
