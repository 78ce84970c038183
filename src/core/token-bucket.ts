/**
 * A rate in units per second on the monotonic clock, with one second's worth of burst unless another `capacity` (units) is
 * given. `spend` may go into debt (an
 * attempt's bytes are known only after it was rendered); `readyAtMs` then lies as far ahead as the debt is large, so the
 * rate holds over time whatever the size of one message.
 */
export type TokenBucket = {
  /** When the next unit may be spent, in monotonic milliseconds; in the past where it may be spent now. */
  readyAtMs(nowMs: number): number;
  spend(units: number, nowMs: number): void;
};

export function createTokenBucket(perSecond: number, nowMs: number, capacity = Math.max(1, perSecond)): TokenBucket {
  let tokens = capacity;
  let filledAtMs = nowMs;

  const fill = (atMs: number): void => {
    if (atMs <= filledAtMs) return;
    tokens = Math.min(capacity, tokens + ((atMs - filledAtMs) * perSecond) / 1_000);
    filledAtMs = atMs;
  };

  return {
    readyAtMs(atMs) {
      fill(atMs);
      return tokens >= 1 ? atMs : filledAtMs + ((1 - tokens) * 1_000) / perSecond;
    },
    spend(units, atMs) {
      fill(atMs);
      tokens -= units;
    },
  };
}
