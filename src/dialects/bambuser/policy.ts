import type { DeliveryPolicy } from '../../core/policy.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** "Placed on hold … resend after a little while": which statuses, the vendor says; how often and how long, we do. */
export const policy: DeliveryPolicy = {
  timeoutMs: 15 * secondMs,
  // "Does not respond with a 200 OK": 201, 202, 204 and redirects are failures.
  success: [200],
  // Every other status is tried again; nothing says "never again" here.
  rejected: [],
  schedule: {
    delaysMs: [
      30 * secondMs,
      2 * minuteMs,
      10 * minuteMs,
      30 * minuteMs,
      hourMs,
      2 * hourMs,
      4 * hourMs,
      8 * hourMs,
      12 * hourMs,
      dayMs,
    ],
    jitter: 0.2,
    ageMaxMs: 3 * dayMs,
  },
  retryAfter: { statuses: [429, 503], capMs: hourMs, throttlesLane: false },
  concurrencyMax: 16,
  requestsPerSecondMax: null,
  bytesPerSecondMax: null,
  order: 'none',
  onDead: 'skip',
  breaker: null,
  disable: [],
  onEnable: { held: 'send', missed: 'skip' },
};
