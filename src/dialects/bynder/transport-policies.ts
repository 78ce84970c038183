/**
 * How SNS tries again where it does not deliver by HTTP ("Amazon SNS message delivery retries", delivery policies per protocol,
 * read 2026-11-22). Its customers cannot change these; a webhook's own `policy` here can.
 */
import type { PolicyOverride } from '../../core/policy.ts';
import type { TransportKind } from '../../core/webhook.ts';

const secondMs = 1_000;
const dayMs = 24 * 3_600_000;

/** So many waits that grow exponentially from the first to the last, in whole seconds. */
function growing(count: number, fromMs: number, toMs: number): readonly number[] {
  const step = (toMs / fromMs) ** (1 / (count - 1));
  return Array.from({ length: count }, (_, index) => Math.round((fromMs * step ** index) / secondMs) * secondMs);
}

const jitter = 0.1;

export const transportPolicies: { readonly [Kind in TransportKind]?: PolicyOverride } = {
  // 3 at once, 2 a second apart, 10 from 1 to 20 s, 100,000 more 20 s apart: 100,015 attempts over 23 days.
  sqs: {
    schedule: {
      delaysMs: [0, 0, 0, secondMs, secondMs, ...growing(10, secondMs, 20 * secondMs)],
      then: { everyMs: 20 * secondMs, times: 99_999 },
      jitter,
      ageMaxMs: 30 * dayMs,
    },
  },
  // 2 ten seconds apart, 10 from 10 to 600 s, 38 more ten minutes apart: 50 attempts over more than 6 hours.
  email: {
    timeoutMs: 30 * secondMs,
    schedule: {
      delaysMs: [10 * secondMs, 10 * secondMs, ...growing(10, 10 * secondMs, 600 * secondMs)],
      then: { everyMs: 600 * secondMs, times: 37 },
      jitter,
      ageMaxMs: dayMs,
    },
    // SNS's quota for mail: ten in a second to one subscription.
    requestsPerSecondMax: 10,
    concurrencyMax: 4,
    // A mailbox that is gone: whoever goes on writing to it is soon taken for a spammer, for all mails of the installation.
    disable: [{ kind: 'refused', times: 3 }],
  },
};
