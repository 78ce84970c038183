/**
 * The `expand` duty: a change that concerns more webhooks than one commit should hold gets its deliveries in pages, by
 * webhook id. Each page commits its deliveries and the duty's next step together, so every matching webhook gets exactly
 * one of each notification whatever crashes in between (HARDENING ID-14). Matching is against the webhooks as of the
 * change's commit: one made, changed or enabled later is not told otherwise than it was then (ID-15).
 */
import type { Change } from '../core/change.ts';
import type { ChangeId, WebhookId } from '../core/ids.ts';
import { createWebhookIndex } from '../core/webhook-index.ts';
import type { Webhook } from '../core/webhook.ts';
import type { CommitItem } from '../storage/contract/commit-item.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { AppDeps } from './dependencies.ts';
import { withoutEventsOff } from './events-off.ts';
import { type ExpandPayload, expandPayload, type Matching } from './matching.ts';
import { refusedByStore } from './refusals.ts';
import { eventTables, inOrder, readWebhooks } from './webhook-indexes.ts';
import { storedWebhook, webhookSince } from './webhook-state.ts';

/** Deliveries of one page: a commit that stays short. */
export const expandPageMax = 500;

export type ExpandDeps = Pick<AppDeps, 'storage' | 'dialects' | 'engine' | 'clock' | 'logger'> & {
  readonly matching: Matching;
};

export function createExpandDuty(deps: ExpandDeps): DutyHandler {
  const { storage, clock, engine } = deps;
  return async (duty, signal) => {
    let { version } = duty;
    let payload = expandPayload(duty.payload);
    const change = await storage.read.change(duty.workspaceId, payload.changeId as ChangeId);
    const matches = change === null ? { webhooks: [], missed: [] } : await matchAsOf(deps, change, payload);
    while (!signal.aborted) {
      const page = nextPage(matches.webhooks, payload.after);
      const atMs = clock.nowMs();
      const tasks =
        change === null ? [] : page.webhooks.flatMap((webhook) => tasksFor(deps, change, { webhook, atMs }));
      const missed = payload.after === null ? matches.missed.map(({ id }) => ({ webhookId: id, count: 1 })) : [];
      const step = stepOf({ duty, version, payload }, page.last, atMs);
      const [result] = await storage.commit([
        {
          workspaceId: duty.workspaceId,
          atMs,
          deliveries: tasks.map(({ delivery }) => delivery),
          ...(missed.length === 0 ? {} : { missed }),
          ...step.item,
        },
      ]);
      if (result === undefined || result.status === 'stale') return;
      if (result.status === 'rejected') throw refusedByStore(result);
      engine.offer(tasks);
      if (step.next === null) return;
      payload = step.next;
      version += 1;
    }
  };
}

function stepOf(
  { duty, version, payload }: { readonly duty: Duty; readonly version: number; readonly payload: ExpandPayload },
  last: WebhookId | null,
  atMs: number,
): { readonly item: Pick<CommitItem, 'fulfils' | 'advances'>; readonly next: ExpandPayload | null } {
  if (last === null) return { item: { fulfils: { dutyId: duty.id, version } }, next: null };
  const next = { ...payload, after: last };
  return { item: { advances: { dutyId: duty.id, version, dueAtMs: atMs, payload: next } }, next };
}

/** `last`: behind whom to go on; null where this page is the last. */
function nextPage(
  webhooks: readonly Webhook[],
  after: string | null,
): { readonly webhooks: readonly Webhook[]; readonly last: WebhookId | null } {
  const from = after === null ? 0 : webhooks.findIndex(({ id }) => id > after);
  if (from < 0) return { webhooks: [], last: null };
  const page = webhooks.slice(from, from + expandPageMax);
  return { webhooks: page, last: from + expandPageMax < webhooks.length ? (page.at(-1)?.id ?? null) : null };
}

function tasksFor({ matching, logger }: ExpandDeps, change: Change, made: Made): readonly DeliveryTask[] {
  const { webhook, atMs } = made;
  try {
    const making = { origin: 'change', atMs } as const;
    return matching.deliveriesFor(change, webhook, making).map((delivery) => ({ delivery, change }));
  } catch (error) {
    logger.error('dialect.notify_failed', { workspaceId: change.workspaceId, webhookId: webhook.id, error });
    return [];
  }
}

type Made = { readonly webhook: Webhook; readonly atMs: number };

/** Who was to be told when the change was committed, sorted by id; without those that are gone since. */
async function matchAsOf(deps: ExpandDeps, change: Change, { webhooksRevision }: ExpandPayload) {
  const { workspaceId } = change;
  const present = deps.matching.known(workspaceId) ?? (await deps.matching.load(workspaceId));
  if (present.revision === webhooksRevision) return present.index.match(change);
  const rows = await readWebhooks(deps.storage, workspaceId);
  const then: Webhook[] = [];
  for (const row of rows) {
    const state = await stateAsOf(deps, row, webhooksRevision);
    if (state !== null) then.push(storedWebhook(state));
  }
  const told = await withoutEventsOff(deps, workspaceId, inOrder(then));
  return createWebhookIndex(told, eventTables(deps.dialects)).match(change);
}

/** The webhook's row as it held at a revision of the workspace; null where it came later. */
async function stateAsOf({ storage }: ExpandDeps, row: Resource, webhooksRevision: number): Promise<Resource | null> {
  let state: Resource | null = row;
  while (state !== null && webhookSince(state) > webhooksRevision) {
    state = state.version <= 1 ? null : await storage.revision({ ...row }, state.version - 1);
  }
  return state;
}
