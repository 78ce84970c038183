/** The `cancel` duty: ends what is pending for a webhook in bounded slices, then enables it where that was asked for. */
import { AssetwireError } from '../core/errors.ts';
import type { WebhookId } from '../core/ids.ts';
import type { DutyHandler } from '../engine/engine.ts';
import { cancelPending } from './cancel-pending.ts';
import { commitOne } from './commit-one.ts';
import type { AppDeps } from './dependencies.ts';
import type { CancelPayload, WebhookSwitch } from './webhook-switch.ts';

const sliceMax = 5_000;

export type CancelDutyDeps = Pick<AppDeps, 'storage' | 'clock' | 'engine'> & { readonly toggle: WebhookSwitch };

export function createCancelDuty(deps: CancelDutyDeps): DutyHandler {
  return async (duty, signal) => {
    const { workspaceId } = duty;
    const payload = duty.payload as unknown as CancelPayload;
    const webhookId = payload.webhookId as WebhookId;
    const done = await cancelPending(deps, {
      workspaceId,
      webhookId,
      reason: payload.reason,
      countMax: sliceMax,
      signal,
    });
    if (signal.aborted) return;
    // Enabling comes before the duty is fulfilled: a crash in between enables twice, which changes nothing.
    if (done && payload.then !== null) {
      const { missed, actor, keyId } = payload.then;
      await enableIfThere(deps.toggle, { workspaceId, actor, keyId }, { webhookId, missed });
    }
    const atMs = deps.clock.nowMs();
    await commitOne(
      deps.storage,
      done
        ? { workspaceId, atMs, fulfils: { dutyId: duty.id, version: duty.version } }
        : {
            workspaceId,
            atMs,
            advances: { dutyId: duty.id, version: duty.version, dueAtMs: atMs, payload: duty.payload },
          },
    );
    if (!done) deps.engine.dutyOffered();
  };
}

/** A webhook that was removed in the meantime has nothing to be enabled. */
async function enableIfThere(
  toggle: WebhookSwitch,
  by: Parameters<WebhookSwitch['enable']>[0],
  { webhookId, missed }: { readonly webhookId: string; readonly missed: 'replay' | 'skip' },
): Promise<void> {
  try {
    await toggle.enable(by, webhookId, { held: 'send', missed });
  } catch (error) {
    if (!(error instanceof AssetwireError) || error.code !== 'not_found') throw error;
  }
}
