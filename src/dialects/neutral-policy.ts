/** How deliveries are made where no vendor says otherwise: the sender rules of Standard Webhooks, and numbers of ours. */
import type { DeliveryPolicy } from '../core/policy.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const neutralPolicy: DeliveryPolicy = {
  timeoutMs: 15 * secondMs,
  success: [[200, 299]],
  // Nothing is given up at once: a receiver that is misconfigured today may be mended tomorrow.
  rejected: [],
  schedule: {
    // The specification's example: at once, then these; ten attempts over three days.
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
  // A receiver that is down costs one probe every few minutes at most and loses no attempt of its deliveries.
  breaker: { failuresToOpen: 20, openMs: 5 * secondMs, openMsMax: 5 * minuteMs },
  disable: [
    { kind: 'status', status: 410 },
    { kind: 'continued', forMs: 5 * dayMs, attemptsMin: 10 },
  ],
  onEnable: { held: 'send', missed: 'skip' },
};
