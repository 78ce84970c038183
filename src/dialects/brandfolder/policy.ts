import type { DeliveryPolicy } from '../../core/policy.ts';

const secondMs = 1_000;
const hourMs = 3_600 * secondMs;

/** The vendor: "up to 15 times with exponentially increasing wait times in between". */
export const retriesMax = 15;
const firstWaitMs = 5 * secondMs;

/** Ours: after so long without one success, and so many attempts, a subscription is made inactive. */
export const inactiveAfterHours = 40;
export const inactiveAttemptsMin = 10;

/**
 * What the vendor's page says of answers and retries; what it leaves open is ours and stands in README.md. The waits double
 * from 5 seconds to 22.8 hours, 45.5 hours in all; ±10 % leaves each longer than the one before it.
 */
export const policy: DeliveryPolicy = {
  timeoutMs: 15 * secondMs,
  success: [[200, 299]],
  rejected: [],
  schedule: {
    delaysMs: Array.from({ length: retriesMax }, (_, index) => firstWaitMs * 2 ** index),
    jitter: 0.1,
    ageMaxMs: 72 * hourMs,
  },
  retryAfter: { statuses: [429, 503], capMs: hourMs, throttlesLane: false },
  concurrencyMax: 32,
  requestsPerSecondMax: null,
  bytesPerSecondMax: null,
  order: 'none',
  onDead: 'skip',
  breaker: null,
  // One notification that has used up all its retries is reason enough: the shortest they may take is 40.9 hours, and a
  // warning comes with the one before the last.
  disable: [{ kind: 'continued', forMs: inactiveAfterHours * hourMs, attemptsMin: inactiveAttemptsMin }],
  onEnable: { held: 'send', missed: 'skip' },
};
