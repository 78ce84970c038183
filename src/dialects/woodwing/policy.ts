import type { DeliveryPolicy } from '../../core/policy.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** What the vendor's page says of status codes and retries; what it leaves open is ours and stands in README.md. */
export const policy: DeliveryPolicy = {
  timeoutMs: 15 * secondMs,
  success: [[200, 299]],
  // 4xx is never tried again (the vendor). A redirect is not followed and not tried again (ours).
  rejected: [
    [300, 399],
    [400, 499],
  ],
  schedule: {
    // "A maximum of 8 times with increasing delay": the delays are ours.
    delaysMs: [5 * secondMs, 30 * secondMs, 2 * minuteMs, 10 * minuteMs, 30 * minuteMs, hourMs, 3 * hourMs, 6 * hourMs],
    jitter: 0.1,
    // All waits with full jitter make 12 hours; the rest is room for a webhook that waits its turn.
    ageMaxMs: 24 * hourMs,
  },
  retryAfter: { statuses: [503], capMs: hourMs, throttlesLane: false },
  concurrencyMax: 32,
  requestsPerSecondMax: null,
  bytesPerSecondMax: null,
  order: 'none',
  onDead: 'skip',
  breaker: null,
  // webHooksFailuresBeforeDisable: the count is the operator's, the ten seconds are the vendor's; −1 is never.
  disable: [{ kind: 'window', failures: -1, windowMs: 10 * secondMs }],
  // "No requests will be sent towards the endpoint": what happened meanwhile is lost, as it is there.
  onEnable: { held: 'cancel', missed: 'skip' },
};
