/** What a workspace may set for all its subscriptions: the vendor has no name for it, so the name is ours. */
import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { PolicyOverride } from '../../core/policy.ts';
import type { PropertyDescription } from '../contract/manifest.ts';
import { inactiveAfterHours, inactiveAttemptsMin } from './policy.ts';

const hoursName = 'inactive_after_hours';
const hourMs = 3_600_000;

export const properties: readonly PropertyDescription[] = [
  {
    type: 'integer',
    name: hoursName,
    title: 'Hours of failure before a subscription is made inactive',
    description:
      'A subscription that continues to fail for so long, without one success, is made inactive; contacts are warned at 50, 75 and 90 %. -1: never',
    min: -1,
    max: 720,
    default: inactiveAfterHours,
  },
];

/** What differs from the dialect's own policy; empty where nothing is set. */
export function policyFor(values: JsonObject): PolicyOverride {
  const hours = ownValue(values, hoursName);
  if (typeof hours !== 'number') return {};
  // 0 would end a subscription at its first failures: it is what −1 is.
  if (hours <= 0) return { disable: [] };
  return { disable: [{ kind: 'continued', forMs: hours * hourMs, attemptsMin: inactiveAttemptsMin }] };
}
