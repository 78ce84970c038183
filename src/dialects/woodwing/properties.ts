/**
 * The two settings of the vendor's cluster that concern webhooks, as its Cluster properties page and its file
 * `cluster-properties.txt` name them, and what they make of the policy.
 */
import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { PolicyOverride } from '../../core/policy.ts';
import type { PropertyDescription } from '../contract/manifest.ts';
import { policy } from './policy.ts';

const attemptsName = 'webHooksRetryMaximumAttempts';
const failuresName = 'webHooksFailuresBeforeDisable';
const hourMs = 3_600_000;

export const properties: readonly PropertyDescription[] = [
  {
    type: 'integer',
    name: attemptsName,
    title: 'Retry attempts',
    description: 'How often a call that was answered with 5xx, or not at all, is tried again before it is given up',
    min: 0,
    max: 100,
    default: policy.schedule.delaysMs.length,
  },
  {
    type: 'integer',
    name: failuresName,
    title: 'Failures before disable',
    description: 'A webhook is disabled when so many attempts fail within ten seconds; -1: never',
    min: -1,
    max: 1_000,
    default: -1,
  },
];

/** What differs from the dialect's own policy; empty where nothing is set. */
export function policyFor(values: JsonObject): PolicyOverride {
  const attempts = ownValue(values, attemptsName);
  const failures = ownValue(values, failuresName);
  return {
    ...(typeof attempts === 'number' ? { schedule: scheduleOf(attempts) } : {}),
    // 0 would disable a webhook before anything failed: it is what −1 is.
    ...(typeof failures === 'number'
      ? { disable: [{ kind: 'window', failures: failures === 0 ? -1 : failures, windowMs: 10_000 }] }
      : {}),
  };
}

/** The first waits of the dialect's; the longest again and again where there are to be more. */
function scheduleOf(attempts: number): typeof policy.schedule {
  const { delaysMs, jitter, ageMaxMs } = policy.schedule;
  const longest = delaysMs.at(-1) ?? hourMs;
  const waits = Array.from({ length: attempts }, (_, index) => delaysMs[index] ?? longest);
  const sum = waits.reduce((total, wait) => total + wait * (1 + jitter), 0);
  // Room for a webhook that waits its turn, as in the dialect's own.
  return { delaysMs: waits, jitter, ageMaxMs: Math.max(ageMaxMs, Math.ceil(sum) + 12 * hourMs) };
}
