/**
 * The delivery policy of SNS for HTTP and HTTPS: retries in four phases, with SNS's names and bounds. How a wait grows
 * within the backoff phase SNS names (`backoffFunction`) and does not define: the four curves here are ours.
 */
import type { Problem } from '../../core/errors.ts';
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';

export const backoffFunctions = ['linear', 'arithmetic', 'geometric', 'exponential'] as const;
type BackoffFunction = (typeof backoffFunctions)[number];

/** Seconds that all retries together may take. */
const totalSecondsMax = 3_600;
const secondMs = 1_000;

/** `healthyRetryPolicy`, complete. */
export type RetryPolicy = {
  readonly minDelayTarget: number;
  readonly maxDelayTarget: number;
  readonly numRetries: number;
  readonly numNoDelayRetries: number;
  readonly numMinDelayRetries: number;
  readonly numMaxDelayRetries: number;
  readonly backoffFunction: BackoffFunction;
};

/** Three retries, 20 seconds apart. */
export const retryPolicyDefault: RetryPolicy = {
  minDelayTarget: 20,
  maxDelayTarget: 20,
  numRetries: 3,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  numMaxDelayRetries: 0,
  backoffFunction: 'linear',
};

const whole = (title: string, description: string, [minimum, maximum]: readonly [number, number]): JsonObject => ({
  type: 'integer',
  title,
  description,
  minimum,
  maximum,
});

export const deliveryPolicySchema: JsonObject = {
  type: 'object',
  title: 'Delivery policy',
  description: 'How deliveries over HTTP and HTTPS are tried again, how fast they come, and with which Content-Type',
  additionalProperties: false,
  properties: {
    healthyRetryPolicy: {
      type: 'object',
      title: 'Retries',
      description: 'Retries at once, then with the shortest delay, then with growing ones, then with the longest',
      additionalProperties: false,
      properties: {
        minDelayTarget: whole('Shortest delay', 'Seconds; 20 where absent', [1, totalSecondsMax]),
        maxDelayTarget: whole('Longest delay', 'Seconds; 20 where absent', [1, totalSecondsMax]),
        numRetries: whole('Retries', 'Of all phases together; 3 where absent', [0, 100]),
        numNoDelayRetries: whole('Retries at once', 'Before any delay; 0 where absent', [0, 100]),
        numMinDelayRetries: whole('Retries with the shortest delay', '0 where absent', [0, 100]),
        numMaxDelayRetries: whole('Retries with the longest delay', '0 where absent', [0, 100]),
        backoffFunction: {
          type: 'string',
          title: 'Growth of the delay',
          description: 'Of the retries that are in no other phase: from the shortest delay to the longest',
          enum: [...backoffFunctions],
          default: 'linear',
        },
      },
    },
    throttlePolicy: {
      type: 'object',
      title: 'Throttling',
      description: 'How fast deliveries come',
      additionalProperties: false,
      properties: {
        maxReceivesPerSecond: whole('Most per second', 'Deliveries that the endpoint takes in a second', [1, 100_000]),
      },
    },
    requestPolicy: {
      type: 'object',
      title: 'Request',
      description: 'What a request says of its body',
      additionalProperties: false,
      properties: {
        headerContentType: {
          type: 'string',
          title: 'Content-Type',
          description: 'text/plain; charset=UTF-8 where absent, as SNS sends it although the body is JSON',
          maxLength: 100,
          pattern: '^[A-Za-z]+/[A-Za-z0-9.+-]+(; ?charset=[A-Za-z0-9-]+)?$',
        },
      },
    },
  },
};

/** `healthyRetryPolicy` with the defaults of SNS for what it does not say. */
export function retryPolicyIn(deliveryPolicy: JsonObject): RetryPolicy {
  const given = ownValue(deliveryPolicy, 'healthyRetryPolicy');
  return isObject(given) ? { ...retryPolicyDefault, ...(given as Partial<RetryPolicy>) } : retryPolicyDefault;
}

/** `maxReceivesPerSecond`; null where there is no such bound. */
export function receivesPerSecondIn(deliveryPolicy: JsonObject): number | null {
  const given = ownValue(deliveryPolicy, 'throttlePolicy');
  const rate = isObject(given) ? ownValue(given, 'maxReceivesPerSecond') : undefined;
  return typeof rate === 'number' ? rate : null;
}

/** The waits before attempt 2, 3, …, in milliseconds. */
export function delaysMsOf(policy: RetryPolicy): readonly number[] {
  const { minDelayTarget: shortest, maxDelayTarget: longest } = policy;
  const { numNoDelayRetries: atOnce, numMinDelayRetries: early, numMaxDelayRetries: late } = policy;
  const growing = Math.max(0, policy.numRetries - atOnce - early - late);
  const seconds = [
    ...Array.from({ length: atOnce }, () => 0),
    ...Array.from({ length: early }, () => shortest),
    ...Array.from({ length: growing }, (_, index) => grown(policy, index, growing)),
    ...Array.from({ length: late }, () => longest),
  ];
  return seconds.map((delay) => Math.round(delay * secondMs));
}

/** Seconds of one wait of the backoff phase: its first is the shortest, its last the longest. */
function grown(
  { minDelayTarget: shortest, maxDelayTarget: longest, backoffFunction }: RetryPolicy,
  index: number,
  count: number,
): number {
  if (count === 1 || shortest === longest) return shortest;
  const share = index / (count - 1);
  switch (backoffFunction) {
    case 'linear':
      return shortest + (longest - shortest) * share;
    // Each step is longer than the one before it by the same amount.
    case 'arithmetic':
      return shortest + ((longest - shortest) * (index * (index + 1))) / ((count - 1) * count);
    // Each wait is longer than the one before it by the same factor.
    case 'geometric':
      return shortest * (longest / shortest) ** share;
    // Doubling up to the longest.
    case 'exponential':
      return Math.max(shortest, longest / 2 ** (count - 1 - index));
    default:
      return backoffFunction satisfies never;
  }
}

/** What numbers that are each within their bounds can still not be together. `at` lies below the delivery policy. */
export function deliveryPolicyProblems(deliveryPolicy: JsonObject): readonly Problem[] {
  const policy = retryPolicyIn(deliveryPolicy);
  const at = '/healthyRetryPolicy';
  const problems: Problem[] = [];
  const { minDelayTarget, maxDelayTarget, numRetries } = policy;
  if (maxDelayTarget < minDelayTarget) {
    const wanted = `at least the shortest delay (${minDelayTarget})`;
    problems.push({ at: `${at}/maxDelayTarget`, wanted, found: String(maxDelayTarget) });
  }
  const phases = policy.numNoDelayRetries + policy.numMinDelayRetries + policy.numMaxDelayRetries;
  if (phases > numRetries) {
    const wanted = `at least the retries of the phases it counts (${phases})`;
    problems.push({ at: `${at}/numRetries`, wanted, found: String(numRetries) });
  }
  if (problems.length > 0) return problems;
  const totalSeconds = Math.round(delaysMsOf(policy).reduce((sum, delayMs) => sum + delayMs, 0) / secondMs);
  if (totalSeconds > totalSecondsMax) {
    problems.push({ at, wanted: `delays of at most ${totalSecondsMax} seconds together`, found: `${totalSeconds}` });
  }
  return problems;
}
