/**
 * The `replay` duty, page by page and ramped: small pages first, then larger ones, with a pause between, so that a
 * receiver that has just come back meets a slope and not a wall (HARDENING ID-11).
 */
import type { WebhookId } from '../core/ids.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { CommitItem, DeliveryDetail, DeliveryTask, Duty, Resource } from '../storage/storage.ts';
import { redelivery } from './deliveries.ts';
import type { AppDeps } from './dependencies.ts';
import { missedPage } from './duty-replay-missed.ts';
import type { Matching } from './matching.ts';
import { refusedByStore } from './refusals.ts';
import {
  type ReplayPayload,
  replayQuery,
  type StoredReplay,
  storedReplay,
  type UnseenMissedPayload,
} from './replay-state.ts';

const firstPage = 25;
const pageMax = 500;
/** The pause between two pages. */
const pauseMs = 500;
/** Where few of many are meant, so many pages are looked through for one that sends something. */
const barrenPagesMax = 20;

export type ReplayDutyDeps = Pick<AppDeps, 'storage' | 'dialects' | 'ids' | 'engine' | 'clock' | 'logger'> & {
  readonly matching: Matching;
};

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

/** What one call works on. */
export type ReplayPage = {
  readonly duty: Duty;
  readonly payload: ReplayPayload;
  readonly row: Resource;
  readonly replay: StoredReplay;
  readonly limit: number;
};

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

export type ReplayStep = {
  readonly tasks: readonly DeliveryTask[];
  /** How many of what is counted were gone through. */
  readonly seen: number;
  /** Null: that was the last page. */
  readonly cursor: string | null;
  /** Default the usual pause. */
  readonly pauseMs?: number;
};

/** Deliveries, progress and the duty's next step, together. */
export async function commitReplayPage(
  deps: ReplayDutyDeps,
  { duty, payload, row, replay }: ReplayPage,
  { tasks, seen, cursor, pauseMs: pause = pauseMs }: ReplayStep,
): Promise<void> {
  const atMs = deps.clock.nowMs();
  const done = replay.done + seen;
  const ended = cursor === null ? ({ state: 'done', endedAtMs: atMs } as const) : {};
  const state: StoredReplay = { ...replay, done, made: replay.made + tasks.length, ...ended };
  const next = cursor === null ? null : { ...payload, cursor, round: payload.round + 1 };
  await commit(deps, duty, {
    tasks,
    resources: [{ type: 'replay', id: row.id, expectedVersion: row.version, state }],
    ...step(duty, next, atMs + pause),
  });
}

/** The same page again, later. */
export function postpone(deps: ReplayDutyDeps, { duty, payload }: ReplayPage, pause: number): Promise<void> {
  return commit(deps, duty, step(duty, payload, deps.clock.nowMs() + pause));
}

export function fulfil(deps: ReplayDutyDeps, duty: Duty): Promise<void> {
  return commit(deps, duty, step(duty, null, 0));
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
async function commit(
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
  await commit(deps, duty, {
    resources: [{ type: 'replay', id: replayId, expectedVersion: 0, state }],
    ...step(duty, { mode: 'missed', replayId, cursor, round: 0 }, atMs),
  });
}
