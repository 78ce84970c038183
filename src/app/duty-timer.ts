/**
 * The `timer` duty: something whose time has come. An asset's dates, the end of the grace in the trash, and the emptying
 * of the trash, page by page; and the next notices of assets, when the days before have become others. Each is a row that is found by its due time, so a million of them cost nothing until then;
 * done at least once, with an effect that is made exactly once because it commits with the duty.
 */
import type { DutyHandler } from '../engine/engine.ts';
import type { Duty } from '../storage/contract/duties.ts';
import { type AssetTimerDeps, actOnDates } from './asset-timer.ts';
import { purgePlan } from './asset-trash-state.ts';
import type { AssetTimerPayload } from './asset-upkeep.ts';
import type { EmptyTrashPayload } from './asset-trash.ts';
import type { TrashTimerPayload } from './asset-trash-state.ts';
import { commitOne } from './commit-one.ts';
import { DutyGone } from './committer.ts';
import { type RenoticeDeps, setNotices } from './notice-days.ts';
import type { RenoticePayload } from './renotice-duty.ts';
import { type AccessDeps, actOnAccess, endTrial } from './webhook-access.ts';
import type { AccessTimerPayload, TrialTimerPayload } from './webhook-access-duty.ts';

export type TimerDeps = AssetTimerDeps &
  RenoticeDeps &
  AccessDeps & {
    readonly removeWebhook: (workspaceId: string, id: string) => Promise<void>;
  };

type Payload =
  | AssetTimerPayload
  | TrashTimerPayload
  | EmptyTrashPayload
  | RenoticePayload
  | AccessTimerPayload
  | TrialTimerPayload;

export function createTimerDuty(deps: TimerDeps): DutyHandler {
  return async (duty, signal) => {
    const payload = duty.payload as Payload;
    try {
      switch (payload.what) {
        case 'asset_dates':
          return await actOnDates(deps, duty, payload);
        case 'trash_end':
          return await purgeOne(deps, { workspaceId: duty.workspaceId, id: payload.trashedId }, duty);
        case 'empty_trash':
          return await emptyTrash(deps, duty, { payload, signal });
        case 'archive_notices':
          return await setNotices(deps, duty, payload);
        case 'webhook_access':
          return await actOnAccess(deps, duty, payload);
        case 'webhook_trial_end':
          return await endTrial(deps, duty, {
            webhookId: payload.webhookId,
            remove: (id) => deps.removeWebhook(duty.workspaceId, id),
          });
        default:
          throw new TypeError(`Do a timer for ${JSON.stringify((payload as Duty['payload'])['what'])}: nobody can`);
      }
    } catch (error) {
      if (!(error instanceof DutyGone)) throw error;
    }
  };
}

type Trashed = { readonly workspaceId: string; readonly id: string };

/** For good; with its timer, where that is why. One that came back meanwhile is left alone. */
async function purgeOne({ committer, ids }: TimerDeps, { workspaceId, id }: Trashed, duty: Duty | null): Promise<void> {
  const fulfils = duty === null ? {} : { fulfils: { dutyId: duty.id, version: duty.version } };
  await committer.write({ workspaceId, type: 'trashed_asset', id }, (current, atMs) => {
    if (current === null && duty === null) return { kind: 'nothing', answer: undefined };
    const plan = current === null ? { changes: [] } : purgePlan(current, { ids, atMs });
    return { kind: 'write', plan: { ...plan, ...fulfils }, answer: () => undefined };
  });
}

const emptiedPerStep = 100;

/** Oldest first, so that each page begins where nothing is left; between pages it lies in the store, not here. */
async function emptyTrash(
  deps: TimerDeps,
  duty: Duty,
  { payload, signal }: { readonly payload: EmptyTrashPayload; readonly signal: AbortSignal },
): Promise<void> {
  const { storage, clock } = deps;
  const { workspaceId } = duty;
  const query = { workspaceId, type: 'trashed_asset', order: 'oldest', toMs: payload.beforeMs } as const;
  const { items } = await storage.read.resources({ ...query, limit: emptiedPerStep });
  await Promise.all(items.map(({ id }) => purgeOne(deps, { workspaceId, id }, null)));
  if (signal.aborted) return;
  const atMs = clock.nowMs();
  const at = { dutyId: duty.id, version: duty.version };
  await commitOne(
    storage,
    items.length === 0
      ? { workspaceId, atMs, fulfils: at }
      : { workspaceId, atMs, advances: { ...at, dueAtMs: atMs, payload } },
  );
}
