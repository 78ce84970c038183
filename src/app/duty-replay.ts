/**
 * The `replay` duty, page by page and ramped: small pages first, then larger ones, with a pause between, so that a
 * receiver that has just come back meets a slope and not a wall (HARDENING ID-11).
 */
import type { DeliveryId, WebhookId } from '../core/ids.ts';
import { createWebhookIndex } from '../core/webhook-index.ts';
import type { Webhook } from '../core/webhook.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { CommitItem, CommitResult, DeliveryDetail, DeliveryTask, Duty, Resource } from '../storage/storage.ts';
import { redelivery } from './deliveries.ts';
import type { AppDeps } from './dependencies.ts';
import type { Matching } from './matching.ts';
import { refusedByStore } from './refusals.ts';
import { type ReplayPayload, replayQuery, storedReplay } from './replays.ts';
import { missedKinds } from './missed-kinds.ts';
import { eventTables } from './webhook-indexes.ts';
import { storedWebhook } from './webhook-state.ts';

const firstPage = 25;
const pageMax = 500;
/** The pause between two pages. */
const pauseMs = 500;

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
    const task = detail === null ? null : await again(deps, detail, deps.ids.next('delivery'), atMs);
    if (task !== null) tasks.push(task);
  }
  const end = page.nextCursor === null;
  const state = { ...replay, done: replay.done + page.items.length, state: end ? ('done' as const) : replay.state };
  await commitPage(deps, duty, tasks, {
    resources: [{ type: 'replay', id: payload.replayId, expectedVersion: row.version, state: state }],
    ...step(duty, end, atMs, { ...payload, cursor: page.nextCursor, round: payload.round + 1 }),
  });
}

async function again(
  deps: ReplayDutyDeps,
  detail: DeliveryDetail,
  id: DeliveryId,
  atMs: number,
): Promise<DeliveryTask | null> {
  const change = await deps.storage.read.change(detail.delivery.workspaceId, detail.delivery.changeId);
  return change === null ? null : { delivery: redelivery(detail, id, 'replay', atMs, atMs), change };
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
  if (row === undefined || row === null || storedWebhook(row).state !== 'enabled') return fulfil(deps, duty);
  const atMs = clock.nowMs();
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
  const end = page.nextCursor === null;
  const next = {
    ...payload,
    toMs,
    cursor: page.nextCursor,
    made: payload.made + tasks.length,
    round: payload.round + 1,
  };
  await commitPage(deps, duty, tasks, step(duty, end, atMs, next));
}

function matcher(deps: ReplayDutyDeps, row: Resource) {
  const webhook: Webhook = storedWebhook(row);
  const index = createWebhookIndex([webhook], eventTables(deps.dialects));
  return { webhook, matches: (change: DeliveryTask['change']): boolean => index.match(change).webhooks.length > 0 };
}

function step(duty: Duty, end: boolean, atMs: number, next: ReplayPayload): Pick<CommitItem, 'fulfils' | 'advances'> {
  if (end) return { fulfils: { dutyId: duty.id, version: duty.version } };
  return {
    advances: {
      dutyId: duty.id,
      version: duty.version,
      dueAtMs: atMs + pauseMs,
      payload: next,
    },
  };
}

/** `stale` means that somebody did this page already or the replay was cancelled: the next call looks again. */
async function commitPage(
  deps: ReplayDutyDeps,
  duty: Duty,
  tasks: readonly DeliveryTask[],
  rest: Partial<CommitItem>,
): Promise<void> {
  const [result]: readonly CommitResult[] = await deps.storage.commit([
    {
      workspaceId: duty.workspaceId,
      atMs: deps.clock.nowMs(),
      deliveries: tasks.map(({ delivery }) => delivery),
      ...rest,
    },
  ]);
  if (result?.status === 'rejected') throw refusedByStore(result);
  if (result?.status !== 'applied') return;
  deps.engine.offer(tasks);
  deps.engine.dutyOffered();
}

async function fulfil(deps: ReplayDutyDeps, duty: Duty): Promise<void> {
  await commitPage(deps, duty, [], { fulfils: { dutyId: duty.id, version: duty.version } });
}
