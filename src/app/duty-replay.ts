/**
 * The `replay` duty, page by page and ramped: small pages first, then larger ones, with a pause between, so that a
 * receiver that has just come back meets a slope and not a wall (HARDENING ID-11).
 */
import type { WebhookId } from '../core/ids.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { DeliveryDetail } from '../storage/contract/list-queries.ts';
import { redelivery } from './deliveries.ts';
import { missedPage } from './duty-replay-missed.ts';
import { commitReplayPage, commitStep, fulfil, type ReplayDutyDeps, type ReplayPage, stepOf } from './replay-page.ts';
import {
  type ReplayPayload,
  replayQuery,
  type StoredReplay,
  storedReplay,
  type UnseenMissedPayload,
} from './replay-state.ts';

const firstPage = 25;
const pageMax = 500;
/** Where few of many are meant, so many pages are looked through for one that sends something. */
const barrenPagesMax = 20;

/** One page per call: the duty comes back by its due time, and a shutdown never waits for a long one. */
export function createReplayDuty(deps: ReplayDutyDeps): DutyHandler {
  return async (duty, signal) => {
    const payload = duty.payload as unknown as ReplayPayload | UnseenMissedPayload;
    if (!('replayId' in payload)) return adopt(deps, duty, payload);
    const { workspaceId } = duty;
    const [row] = await deps.storage.resources([{ workspaceId, type: 'replay', id: payload.replayId }]);
    if (row === undefined || row === null || storedReplay(row).state !== 'running') return fulfil(deps, duty);
    const page: ReplayPage = { duty, payload, row, replay: storedReplay(row), limit: pageSize(payload.round) };
    return payload.mode === 'missed' ? missedPage(deps, page) : deliveriesPage(deps, page, signal);
  };
}

function pageSize(round: number): number {
  return Math.min(pageMax, firstPage * 2 ** Math.min(round, 10));
}

async function deliveriesPage(deps: ReplayDutyDeps, page: ReplayPage, signal: AbortSignal): Promise<void> {
  const { duty, payload, replay, limit } = page;
  const { workspaceId } = duty;
  const tasks: DeliveryTask[] = [];
  let { cursor } = payload;
  let seen = 0;
  for (let pages = 0; pages < barrenPagesMax && tasks.length === 0; pages += 1) {
    if (signal.aborted) return;
    const found = await deps.storage.read.deliveries({
      ...replayQuery(workspaceId, replay.input),
      limit,
      ...(cursor === null ? {} : { cursor }),
    });
    seen += found.items.length;
    cursor = found.nextCursor;
    tasks.push(...(await againAll(deps, workspaceId, found.items)));
    if (cursor === null) break;
  }
  await commitReplayPage(deps, page, { tasks, seen, cursor });
}

async function againAll(
  deps: ReplayDutyDeps,
  workspaceId: string,
  found: readonly DeliveryDetail['summary'][],
): Promise<readonly DeliveryTask[]> {
  const ready = await enabledAmong(
    deps,
    workspaceId,
    found.map(({ webhookId }) => webhookId),
  );
  const atMs = deps.clock.nowMs();
  const tasks: DeliveryTask[] = [];
  for (const summary of found) {
    if (!ready.has(summary.webhookId)) continue;
    const detail = await deps.storage.read.delivery(workspaceId, summary.id);
    const task = detail === null ? null : await again(deps, detail, atMs);
    if (task !== null) tasks.push(task);
  }
  return tasks;
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

/** A duty of an earlier version gets a replay that shows it, and goes on where it was. */
async function adopt(deps: ReplayDutyDeps, duty: Duty, payload: UnseenMissedPayload): Promise<void> {
  const { webhookId, fromMs, cursor } = payload;
  const atMs = deps.clock.nowMs();
  const replayId = deps.ids.next('replay');
  const state: StoredReplay = {
    state: 'running',
    count: 0,
    exact: false,
    done: 0,
    made: 0,
    input: { of: 'missed', webhookId, fromMs, toMs: payload.toMs ?? atMs + 1 },
    webhookId,
  };
  await commitStep(deps, duty, {
    resources: [{ type: 'replay', id: replayId, expectedVersion: 0, state }],
    ...stepOf(duty, { mode: 'missed', replayId, cursor, round: 0 }, atMs),
  });
}
