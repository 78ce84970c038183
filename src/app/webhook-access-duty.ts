/** Timers around webhooks that are about a library: when access may have been lost, and when a test's webhook goes. */
import type { JsonObject } from '../core/json.ts';
import type { Webhook } from '../core/webhook.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { AppDeps } from './dependencies.ts';

/** Looks again whether webhooks of this key, or about this library, may still be there. */
export type AccessTimerPayload = JsonObject & {
  readonly what: 'webhook_access';
  /** The key that made them. */
  readonly keyId?: string;
  /** Looked at again when the key expires. */
  readonly follow?: boolean;
  /** An admin key makes webhooks in any workspace. */
  readonly everywhere?: boolean;
  readonly library?: string;
};

/** Removes a webhook that was made for one test. */
export type TrialTimerPayload = JsonObject & { readonly what: 'webhook_trial_end'; readonly webhookId: string };

/** Why a webhook that was made for one test is not on. */
export const trialReason = 'Made for a test send; goes by itself within the hour';

/** Whether it was made for one test. It is told nothing else, so there is nothing to take from it. */
export function isTrial({ state, stateReason }: Pick<Webhook, 'state' | 'stateReason'>): boolean {
  return state === 'pending' && stateReason === trialReason;
}

type Ids = Pick<AppDeps, 'ids'>;
type Due = { readonly dueAtMs: number };

export function keyAccessDuty(
  deps: Ids,
  workspaceId: string,
  { dueAtMs, ...about }: Due & Pick<AccessTimerPayload, 'everywhere' | 'follow'> & { readonly keyId: string },
): NewDuty {
  return timer(deps, workspaceId, { dueAtMs, payload: { what: 'webhook_access', ...about } });
}

/** Longer than a key, or its grants, are believed without asking the store (`keyBelievedMs`), and than a commit takes. */
const settledAfterMs = 3_000;

/**
 * For a key that has just made a webhook: what it held was looked at before the commit, so it is looked at once more behind
 * it, and then when the key expires.
 */
export function keyFollowedDuty(
  deps: Ids,
  workspaceId: string,
  { keyId, atMs }: { keyId: string; atMs: number },
): NewDuty {
  return keyAccessDuty(deps, workspaceId, { keyId, dueAtMs: atMs + settledAfterMs, follow: true });
}

export function libraryGoneDuty(
  deps: Ids,
  workspaceId: string,
  { library, dueAtMs }: Due & { readonly library: string },
): NewDuty {
  return timer(deps, workspaceId, { dueAtMs, payload: { what: 'webhook_access', library } });
}

export function trialEndDuty(
  deps: Ids,
  workspaceId: string,
  { webhookId, dueAtMs }: Due & { readonly webhookId: string },
): NewDuty {
  return timer(deps, workspaceId, { dueAtMs, payload: { what: 'webhook_trial_end', webhookId } });
}

type Owed = Due & { readonly payload: AccessTimerPayload | TrialTimerPayload };

function timer({ ids }: Ids, workspaceId: string, { dueAtMs, payload }: Owed): NewDuty {
  return { id: ids.next('duty'), workspaceId, kind: 'timer', dueAtMs, payload };
}
