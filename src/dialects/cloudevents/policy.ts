import type { DeliveryPolicy } from '../../core/policy.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The sender rules of "HTTP 1.1 Web Hooks for Event Delivery", section 2; where it leaves a number open, ours. */
export const policy: DeliveryPolicy = {
  timeoutMs: 15 * secondMs,
  // 200 and 201 with a body, 201 and 204 without, 202 accepted.
  success: [[200, 299]],
  // Redirects are not to be followed. 415: the receiver does not know the format, and will not tomorrow.
  rejected: [[300, 399], 415],
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
      dayMs,
    ],
    jitter: 0.2,
    ageMaxMs: 5 * dayMs,
  },
  // 429 "MUST observe Retry-After"; the others as HTTP has it.
  retryAfter: { statuses: [429, 502, 503, 504], capMs: dayMs, throttlesLane: true },
  concurrencyMax: 32,
  requestsPerSecondMax: null,
  bytesPerSecondMax: null,
  order: 'none',
  onDead: 'skip',
  breaker: { failuresToOpen: 20, openMs: 5 * secondMs, openMsMax: 5 * minuteMs },
  // 410: "the delivery target has been retired".
  disable: [
    { kind: 'status', status: 410 },
    { kind: 'continued', forMs: 5 * dayMs, attemptsMin: 10 },
  ],
  onEnable: { held: 'send', missed: 'skip' },
};

/** How an endpoint is asked: for two days, and once a week whether it still consents. */
export const handshakeTimes = { expiresMs: 2 * dayMs, askAgainMs: 12 * hourMs, repeatMs: 7 * dayMs } as const;
