/**
 * Telling a webhook what it was not told: changes of a span that it asks for and has no delivery of. A change at either
 * edge may have been told all the same, so each is looked up; doing a page twice makes nothing twice.
 */
import type { Change } from '../core/change.ts';
import type { WebhookId } from '../core/ids.ts';
import { compileFilter } from '../core/filter-evaluation.ts';
import { createWebhookIndex } from '../core/webhook-index.ts';
import type { Webhook } from '../core/webhook.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import { findDelivery } from './find-delivery.ts';
import { commitReplayPage, fulfil, postpone, type ReplayDutyDeps, type ReplayPage } from './replay-page.ts';
import { missedKinds } from './missed-kinds.ts';
import { changeFilter } from './replay-state.ts';
import { eventTables } from './webhook-indexes.ts';
import { storedWebhook } from './webhook-state.ts';

/** How long a page waits for a webhook that was switched off again. */
const disabledPauseMs = 60_000;

export async function missedPage(deps: ReplayDutyDeps, page: ReplayPage): Promise<void> {
  const { storage, clock } = deps;
  const { duty, payload, replay, limit } = page;
  const { workspaceId } = duty;
  const { input } = replay;
  const webhookId = replay.webhookId as WebhookId;
  const [row] = await storage.resources([{ workspaceId, type: 'webhook', id: webhookId }]);
  if (row === undefined || row === null) return fulfil(deps, duty);
  const webhook = storedWebhook(row);
  // Switched off again meanwhile: what is left is still owed and goes on once the webhook is enabled.
  if (webhook.state !== 'enabled') return postpone(deps, page, disabledPauseMs);
  const subject = input.assetId === undefined ? input.subject : `asset:${input.assetId}`;
  const found = await storage.read.changes({
    workspaceId,
    kinds: missedKinds(deps.dialects, webhook),
    fromMs: input.fromMs,
    toMs: input.toMs,
    order: 'oldest',
    limit,
    ...(subject === undefined ? {} : { subject }),
    ...(payload.cursor === null ? {} : { cursor: payload.cursor }),
  });
  const wanted = wantedBy(deps, webhook, page);
  const atMs = clock.nowMs();
  const tasks: DeliveryTask[] = [];
  for (const change of found.items) {
    if (!wanted(change)) continue;
    const known = await findDelivery(storage, {
      workspaceId,
      webhookId,
      changeId: change.id,
      subject: `${change.subject.type}:${change.subject.id}`,
      limit: 1,
    });
    if (known !== undefined) continue;
    for (const delivery of deps.matching.deliveriesFor(change, webhook, { origin: 'replay', atMs })) {
      tasks.push({ delivery, change });
    }
  }
  await commitReplayPage(deps, page, { tasks, seen: found.items.length, cursor: found.nextCursor });
}

function wantedBy(deps: ReplayDutyDeps, webhook: Webhook, { replay }: ReplayPage): (change: Change) => boolean {
  const index = createWebhookIndex([webhook], eventTables(deps.dialects));
  const filter = changeFilter(replay.input);
  const lies = filter === null ? null : compileFilter(filter);
  return (change) => index.match(change).webhooks.length > 0 && (lies === null || lies(change));
}
