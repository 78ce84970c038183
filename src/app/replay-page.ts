/** One page of a replay: its deliveries, its progress and the duty's next step, committed together. */
import type { CommitItem } from '../storage/contract/commit-item.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { Resource } from '../storage/contract/resources.ts';
import { commitOne } from './commit-one.ts';
import type { AppDeps } from './dependencies.ts';
import type { Matching } from './matching.ts';
import type { ReplayPayload, StoredReplay } from './replay-state.ts';

/** The pause between two pages. */
const pauseMs = 500;

export type ReplayDutyDeps = Pick<AppDeps, 'storage' | 'dialects' | 'ids' | 'engine' | 'clock' | 'logger'> & {
  readonly matching: Matching;
};

/** What one call works on. */
export type ReplayPage = {
  readonly duty: Duty;
  readonly payload: ReplayPayload;
  readonly row: Resource;
  readonly replay: StoredReplay;
  readonly limit: number;
};

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
  await commitStep(deps, duty, {
    tasks,
    resources: [{ type: 'replay', id: row.id, expectedVersion: row.version, state }],
    ...stepOf(duty, next, atMs + pause),
  });
}

/** The same page again, later. */
export function postpone(deps: ReplayDutyDeps, { duty, payload }: ReplayPage, pause: number): Promise<void> {
  return commitStep(deps, duty, stepOf(duty, payload, deps.clock.nowMs() + pause));
}

export function fulfil(deps: ReplayDutyDeps, duty: Duty): Promise<void> {
  return commitStep(deps, duty, stepOf(duty, null, 0));
}

/** `next` null: that was the last page. */
export function stepOf(
  { id, version }: Duty,
  next: ReplayPayload | null,
  dueAtMs: number,
): Pick<CommitItem, 'fulfils' | 'advances'> {
  if (next === null) return { fulfils: { dutyId: id, version } };
  return { advances: { dutyId: id, version, dueAtMs, payload: next } };
}

/** `stale` means that somebody did this page already or the replay was cancelled: the next call looks again. */
export async function commitStep(
  { storage, clock, engine }: ReplayDutyDeps,
  { workspaceId }: Duty,
  { tasks = [], ...rest }: Partial<CommitItem> & { readonly tasks?: readonly DeliveryTask[] },
): Promise<void> {
  const deliveries = tasks.map(({ delivery }) => delivery);
  const result = await commitOne(storage, { workspaceId, atMs: clock.nowMs(), deliveries, ...rest });
  if (result.status !== 'applied') return;
  engine.offer(tasks);
  engine.dutyOffered();
}
