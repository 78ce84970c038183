import { isObject, ownValue } from '../../core/json-equality.ts';
import type { DeliveryPolicy, PolicyOverride } from '../../core/policy.ts';
import type { Webhook } from '../../core/webhook.ts';
import { delaysMsOf, receivesPerSecondIn, retryPolicyDefault, retryPolicyIn } from './delivery-policy.ts';

const secondMs = 1_000;
const hourMs = 3_600_000;

/** SNS over HTTP and HTTPS: "Amazon SNS message delivery retries". What it leaves open is ours and stands in README.md. */
export const policy: DeliveryPolicy = {
  timeoutMs: 15 * secondMs,
  success: [[200, 299]],
  // Only what lies outside 200 to 4xx counts as failed there: nothing of this is ever tried again.
  rejected: [[300, 499]],
  schedule: {
    delaysMs: delaysMsOf(retryPolicyDefault),
    // "Jitter is added": how much is ours.
    jitter: 0.1,
    // A policy takes an hour at most; the rest is room for a configuration whose deliveries wait their turn.
    ageMaxMs: 24 * hourMs,
  },
  retryAfter: null,
  concurrencyMax: 32,
  requestsPerSecondMax: null,
  bytesPerSecondMax: null,
  order: 'none',
  onDead: 'skip',
  breaker: null,
  // Failed deliveries never change the state of a subscription.
  disable: [],
  onEnable: { held: 'send', missed: 'skip' },
};

/** What the configuration's own delivery policy makes of it; over HTTP and HTTPS only, as in SNS. */
export function policyOf({ settings, target }: Webhook): PolicyOverride {
  const given = ownValue(settings, 'deliveryPolicy');
  if (!isObject(given) || target.transport !== 'http') return {};
  const requestsPerSecondMax = receivesPerSecondIn(given);
  return {
    schedule: { ...policy.schedule, delaysMs: delaysMsOf(retryPolicyIn(given)) },
    ...(requestsPerSecondMax === null ? {} : { requestsPerSecondMax }),
  };
}

/** The link in a confirmation is good for two days; there is no second one. */
export const confirmationHours = 48;
export const handshakeTimes = { expiresMs: confirmationHours * hourMs, askAgainMs: null, repeatMs: null } as const;
