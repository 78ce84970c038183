import type { DeliveryPolicy } from '../../core/policy.ts';
import { neutralPolicy } from '../neutral-policy.ts';

/** The sender rules of the Standard Webhooks specification; where it leaves a number open, ours, with its reason. */
export const policy: DeliveryPolicy = neutralPolicy;
