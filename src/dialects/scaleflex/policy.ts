import type { DeliveryPolicy } from '../../core/policy.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The vendor says nothing of answers, retries and time: all of it is ours, and stands in README.md. */
export const policy: DeliveryPolicy = {
  timeoutMs: 15 * secondMs,
  success: [[200, 299]],
  // Nothing is given up at once: a receiver that is misconfigured today may be mended tomorrow.
  rejected: [],
  schedule: {
    delaysMs: [
      5 * secondMs,
      5 * minuteMs,
      30 * minuteMs,
      2 * hourMs,
      5 * hourMs,
      10 * hourMs,
      14 * hourMs,
      20 * hourMs,
      24 * hourMs,
    ],
    jitter: 0.2,
    // All waits with full jitter make 91 hours; the rest is room for Retry-After.
    ageMaxMs: 5 * dayMs,
  },
  retryAfter: { statuses: [429, 502, 503, 504], capMs: dayMs, throttlesLane: true },
  concurrencyMax: 32,
  requestsPerSecondMax: null,
  bytesPerSecondMax: null,
  order: 'none',
  onDead: 'skip',
  breaker: null,
  // Webhooks are switched on and off by hand there; 410 is a receiver's own word that it wants no more.
  disable: [{ kind: 'status', status: 410 }],
  onEnable: { held: 'send', missed: 'skip' },
};
