import type { DeliveryPolicy } from '../../core/policy.ts';
import { neutralPolicy } from '../neutral-policy.ts';

/** The vendor says nothing of answers, retries and time: all of it is ours, and stands in README.md. */
export const policy: DeliveryPolicy = {
  ...neutralPolicy,
  breaker: null,
  // Webhooks are switched on and off by hand there; 410 is a receiver's own word that it wants no more.
  disable: [{ kind: 'status', status: 410 }],
};
