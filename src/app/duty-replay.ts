/**
 * The `replay` duty, page by page and ramped: small pages first, then larger ones, with a pause between, so that a
 * receiver that has just come back meets a slope and not a wall (HARDENING ID-11).
 */
import type { WebhookId } from '../core/ids.ts';
import { createWebhookIndex } from '../core/webhook-index.ts';
import type { Webhook } from '../core/webhook.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { CommitItem, DeliveryDetail, DeliveryTask, Duty, Resource } from '../storage/storage.ts';
import { redelivery } from './deliveries.ts';
import type { AppDeps } from './dependencies.ts';
import type { Matching } from './matching.ts';
import { refusedByStore } from './refusals.ts';
import { type ReplayPayload, replayQuery, type StoredReplay, storedReplay } from './replays.ts';
import { missedKinds } from './missed-kinds.ts';
import { eventTables } from './webhook-indexes.ts';
import { storedWebhook } from './webhook-state.ts';

const firstPage = 25;
const pageMax = 500;
/** The pause between two pages. */
const pauseMs = 500;
/** How long a page waits for a webhook that was switched off again. */
const disabledPauseMs = 60_000;

export type ReplayDutyDeps = Pick<AppDeps, 'storage' | 'dialects' | 'ids' | 'engine' | 'clock' | 'logger'> & {
  readonly matching: Matching;
};

/** One page per call: the duty comes back by its due time, and a shutdown never waits for a long one. */
export function createReplayDuty(deps: ReplayDutyDeps): DutyHandler {
  return (duty) => {
    const payload = duty.payload as unknown as ReplayPayload;
    return payload.mode === 'replay' ? replayPage(deps, duty, payload) : missedPage(deps, duty, payload);
  };
}

function pageSize(round: number): number {
  return Math.min(pageMax, firstPage * 2 ** Math.min(round, 10));
}

async function replayPage(
  deps: ReplayDutyDeps,
  duty: Duty,
  payload: Extract<ReplayPayload, { mode: 'replay' }>,
): Promise<void> {
  const { storage } = deps;
  const { workspaceId } = duty;
  const [row] = await storage.resources([{ workspaceId, type: 'replay', id: payload.replayId }]);
  if (row === undefined || row === null || storedReplay(row).state !== 'running') return fulfil(deps, duty);
  const replay = storedReplay(row);
  const page = await storage.read.deliveries({
    ...replayQuery(workspaceId, replay.input),
    limit: pageSize(payload.round),
    ...(payload.cursor === null ? {} : { cursor: payload.cursor }),
  });
  const ready = await enabledAmong(
    deps,
    workspaceId,
    page.items.map(({ webhookId }) => webhookId),
  );
  const tasks: DeliveryTask[] = [];
  const atMs = deps.clock.nowMs();
  for (const summary of page.items) {
    // A message goes once: what was itself sent again stands for the first, which is in the span or older than it.
    if (summary.redeliveryOf !== undefined || summary.origin === 'test' || !ready.has(summary.webhookId)) continue;
    const detail = await storage.read.delivery(workspaceId, summary.id);
    const task = detail === null ? null : await again(deps, detail, atMs);
    if (task !== null) tasks.push(task);
  }
  const { nextCursor: cursor } = page;
  const done = replay.done + page.items.length;
  const state: StoredReplay = { ...replay, done, state: cursor === null ? 'done' : replay.state };
  const next = cursor === null ? null : { ...payload, cursor, round: payload.round + 1 };
  await commitPage(deps, duty, {
    tasks,
    resources: [{ type: 'replay', id: payload.replayId, expectedVersion: row.version, state }],
    ...step(duty, next, atMs + pauseMs),
  });
}

async function again(deps: ReplayDutyDeps, detail: DeliveryDetail, atMs: number): Promise<DeliveryTask | null> {
  const change = await deps.storage.read.change(detail.delivery.workspaceId, detail.delivery.changeId);
  if (change === null) return null;
  return { delivery: redelivery(detail, { id: deps.ids.next('delivery'), origin: 'replay', atMs }), change };
}

async function enabledAmong(
  deps: ReplayDutyDeps,
  workspaceId: string,
  ids: readonly WebhookId[],
): Promise<ReadonlySet<WebhookId>> {
  const unique = [...new Set(ids)];
  const rows = await deps.storage.resources(unique.map((id) => ({ workspaceId, type: 'webhook', id })));
  return new Set(unique.filter((_, at) => rows[at]?.state['state'] === 'enabled'));
}

/**
 * Changes from the moment a webhook was disabled to the first page's own moment. A change at either edge may have been
 * told all the same, so each is looked up: what has a delivery for this webhook is left out.
 */
async function missedPage(
  deps: ReplayDutyDeps,
  duty: Duty,
  payload: Extract<ReplayPayload, { mode: 'missed' }>,
): Promise<void> {
  const { storage, clock } = deps;
  const { workspaceId } = duty;
  const webhookId = payload.webhookId as WebhookId;
  const [row] = await storage.resources([{ workspaceId, type: 'webhook', id: webhookId }]);
  if (row === undefined || row === null) return fulfil(deps, duty);
  const atMs = clock.nowMs();
  // Switched off again meanwhile: what is left is still owed and goes on once the webhook is enabled.
  if (storedWebhook(row).state !== 'enabled')
    return commitPage(deps, duty, step(duty, payload, atMs + disabledPauseMs));
  const toMs = payload.toMs ?? atMs + 1;
  const page = await storage.read.changes({
    workspaceId,
    kinds: missedKinds(deps.dialects, storedWebhook(row)),
    fromMs: payload.fromMs,
    toMs,
    order: 'oldest',
    limit: pageSize(payload.round),
    ...(payload.cursor === null ? {} : { cursor: payload.cursor }),
  });
  const tasks: DeliveryTask[] = [];
  const wanted = matcher(deps, row);
  for (const change of page.items) {
    if (!wanted.matches(change)) continue;
    const known = await storage.read.deliveries({ workspaceId, webhookId, changeId: change.id, limit: 1 });
    if (known.items.length > 0) continue;
    for (const delivery of deps.matching.deliveriesFor(change, wanted.webhook, { origin: 'replay', atMs })) {
      tasks.push({ delivery, change });
    }
  }
  const { nextCursor: cursor } = page;
  const made = payload.made + tasks.length;
  const next = cursor === null ? null : { ...payload, toMs, cursor, made, round: payload.round + 1 };
  await commitPage(deps, duty, { tasks, ...step(duty, next, atMs + pauseMs) });
}

function matcher(deps: ReplayDutyDeps, row: Resource) {
  const webhook: Webhook = storedWebhook(row);
  const index = createWebhookIndex([webhook], eventTables(deps.dialects));
  return { webhook, matches: (change: DeliveryTask['change']): boolean => index.match(change).webhooks.length > 0 };
}

/** `next` null: that was the last page. */
function step(
  { id, version }: Duty,
  next: ReplayPayload | null,
  dueAtMs: number,
): Pick<CommitItem, 'fulfils' | 'advances'> {
  if (next === null) return { fulfils: { dutyId: id, version } };
  return { advances: { dutyId: id, version, dueAtMs, payload: next } };
}

/** `stale` means that somebody did this page already or the replay was cancelled: the next call looks again. */
async function commitPage(
  { storage, clock, engine }: ReplayDutyDeps,
  { workspaceId }: Duty,
  { tasks = [], ...rest }: Partial<CommitItem> & { readonly tasks?: readonly DeliveryTask[] },
): Promise<void> {
  const deliveries = tasks.map(({ delivery }) => delivery);
  const [result] = await storage.commit([{ workspaceId, atMs: clock.nowMs(), deliveries, ...rest }]);
  if (result?.status === 'rejected') throw refusedByStore(result);
  if (result?.status !== 'applied') return;
  engine.offer(tasks);
  engine.dutyOffered();
}

function fulfil(deps: ReplayDutyDeps, duty: Duty): Promise<void> {
  return commitPage(deps, duty, step(duty, null, 0));
}
