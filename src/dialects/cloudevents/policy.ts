import type { DeliveryPolicy } from '../../core/policy.ts';
import { neutralPolicy } from '../neutral-policy.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * The sender rules of "HTTP 1.1 Web Hooks for Event Delivery", section 2; where it leaves a number open, ours. Success is 200
 * and 201 with a body, 201 and 204 without, 202 accepted; 429 "MUST observe Retry-After"; 410: "the delivery target has been
 * retired".
 */
export const policy: DeliveryPolicy = {
  ...neutralPolicy,
  // Redirects are not to be followed. 415: the receiver does not know the format, and will not tomorrow.
  rejected: [[300, 399], 415],
};

/** How an endpoint is asked: for two days, and once a week whether it still consents. */
export const handshakeTimes = { expiresMs: 2 * dayMs, askAgainMs: 12 * hourMs, repeatMs: 7 * dayMs } as const;
