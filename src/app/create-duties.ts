/** Who does the work that is owed besides deliveries, by its kind. */
import type { WebhookId } from '../core/ids.ts';
import type { DutyHandlers } from '../engine/engine.ts';
import type { App } from './app.ts';
import { createChanges } from './changes.ts';
import { createBroadcastDuty } from './duty-broadcast.ts';
import { createCancelDuty } from './duty-cancel.ts';
import { createClipDuty } from './duty-clip.ts';
import { createDeriveDuty } from './duty-derive.ts';
import { createEraseWorkspaceDuty } from './duty-erase-workspace.ts';
import { createEraseDuty } from './duty-erase.ts';
import { createErasureDuty } from './duty-erasure.ts';
import { createExpandDuty } from './duty-expand.ts';
import { createExportDuty } from './duty-export.ts';
import { createGatherDuty } from './duty-gather.ts';
import { createHousekeepingDuty } from './duty-housekeeping.ts';
import { createImportDuty } from './duty-import.ts';
import { createInspectDuty } from './duty-inspect.ts';
import { createMetadataDuty } from './duty-metadata.ts';
import { createNotifyDuty } from './duty-notify.ts';
import { createOutboxDuty } from './duty-outbox.ts';
import { createReplayDuty } from './duty-replay.ts';
import { createShareLinkDuty } from './duty-share-link.ts';
import { createSyncDuty } from './duty-sync.ts';
import { createTimerDuty } from './duty-timer.ts';
import type { Inboxes } from './inboxes.ts';
import type { Quotas } from './quotas.ts';
import type { Shared } from './shared-parts.ts';
import type { Handshakes } from './webhook-handshake.ts';
import type { WebhookSwitch } from './webhook-switch.ts';
import { removeWebhook } from './webhook-update.ts';

/** Each is called when a duty of its kind is due. */
export function createDuties(
  { parts, live, closed }: Shared,
  {
    toggle,
    inboxes,
    assets,
    handshakes,
    quotas,
  }: {
    readonly toggle: WebhookSwitch;
    readonly inboxes: Inboxes;
    readonly assets: App['assets'];
    readonly handshakes: Handshakes;
    readonly quotas: Pick<Quotas, 'blobs'>;
  },
): DutyHandlers {
  return {
    inspect: createInspectDuty(parts),
    derive: createDeriveDuty(parts),
    broadcast: createBroadcastDuty({ ...parts, assets }),
    clip: createClipDuty({ ...parts, blobs: quotas.blobs }),
    erase: createEraseDuty(parts),
    expand: createExpandDuty(parts),
    outbox: createOutboxDuty({ ...parts, changes: createChanges(parts) }),
    replay: createReplayDuty(parts),
    timer: createTimerDuty({
      ...parts,
      toggle,
      removeWebhook: async (workspaceId, id) => {
        await removeWebhook(parts, { workspaceId, actor: { type: 'system', id: 'timer' }, keyId: 'none' }, id);
        parts.matching.outdated(workspaceId);
        parts.engine.webhookChanged(workspaceId, id as WebhookId);
      },
    }),
    export: createExportDuty(parts),
    share_link: createShareLinkDuty(parts),
    erasure: createErasureDuty({ ...parts, forgetInbox: inboxes.forget }),
    cancel: createCancelDuty({ ...parts, toggle }),
    handshake: handshakes.duty,
    erase_workspace: createEraseWorkspaceDuty({ ...parts, closed, live, forgetInbox: inboxes.forget }),
    gather: createGatherDuty(parts),
    import: createImportDuty({ ...parts, assets }),
    metadata: createMetadataDuty(parts),
    sync: createSyncDuty({ ...parts, assets }),
    notify: createNotifyDuty({ ...parts, live }),
    housekeeping: createHousekeepingDuty(parts),
  };
}
