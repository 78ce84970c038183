/**
 * The `gather` duty does a task page by page: the assets of one folder after the other (or of one collection or section),
 * each page one commit with its changes, its progress and the duty's next step. So a crash repeats nothing and loses
 * nothing, and each asset is told of once. It goes through everything twice: the second time for what was written by
 * somebody who did not know yet that the folder had moved or gone.
 */
import type { DutyHandler } from '../engine/engine.ts';
import type { Duty, Resource, ResourceWrite } from '../storage/storage.ts';
import { assetState } from './asset-views.ts';
import { commitMany, type ManyWrites } from './commit-many.ts';
import { settleMs } from './folder-change.ts';
import { folderState, readAll } from './folder-tree.ts';
import { type FolderDeps, type FolderFrame, missingFolders } from './folder-writes.ts';
import { assetOfPlace, inFolderPrefix, rootFolderId } from './place-ids.ts';
import { rehomed } from './places.ts';
import { type GatherPayload, type StoredTask, storedTask, type TaskItem, taskItemId } from './tasks.ts';
import { type Work, workOn } from './task-work.ts';
import { readWorkspaceSettings } from './workspace-settings.ts';

const pageMax = 200;
/** Of one page: a workspace with many webhooks gets smaller pages. */
const deliveriesPerPageMax = 4_000;
/** Between pages: the writer belongs to those who deliver. */
const pauseMs = 10;
/** Items that are removed in one commit at the end. */
const itemsPerStep = 500;
/** A page that is written to all the time is tried with fewer assets. */
const staleTriesMax = 12;

export type GatherDeps = FolderDeps;

/** A write is committed at most so long after it was decided on. */
const decidedBeforeMs = 60_000;

type Step = { readonly duty: Duty; readonly payload: GatherPayload; readonly row: Resource; readonly task: StoredTask };

export function createGatherDuty(deps: GatherDeps): DutyHandler {
  return async (duty, signal) => {
    // Payloads of this kind are written by tasks.ts and here only.
    const payload = duty.payload as GatherPayload;
    const { workspaceId } = duty;
    const [row] = await deps.storage.resources([{ workspaceId, type: 'task', id: payload.task }]);
    if (row === undefined || row === null) return commit(deps, duty, { changes: [], ...fulfils(duty) });
    const step: Step = { duty, payload, row, task: storedTask(row) };
    if (payload.item >= step.task.items) return nextPass(deps, step);
    const [item] = await deps.storage.resources([
      { workspaceId, type: 'task_item', id: taskItemId(payload.task, payload.item) },
    ]);
    if (item === undefined || item === null)
      return commit(deps, duty, goOn(deps, step, { item: payload.item + 1, cursor: null }));
    return page(deps, step, { item: item.state as TaskItem, signal });
  };
}

/** One page of one item. */
async function page(
  deps: GatherDeps,
  step: Step,
  { item: given, signal }: { readonly item: TaskItem; readonly signal: AbortSignal },
): Promise<void> {
  const { duty, payload, task } = step;
  const { workspaceId } = duty;
  const { trashDays } = await readWorkspaceSettings(deps.storage, workspaceId);
  let limit = pageMax;
  for (let tries = 1; tries <= staleTriesMax && !signal.aborted; tries += 1) {
    const found = await deps.storage.read.resources({
      workspaceId,
      type: 'asset_place',
      idPrefix: given.prefix,
      order: 'oldest',
      limit,
      // The second pass looks at those only that can have come since.
      ...(payload.pass === 0 ? {} : { fromMs: task.startedAtMs - decidedBeforeMs }),
      ...(payload.cursor === null ? {} : { cursor: payload.cursor }),
    });
    const item = await asOfNow(deps, workspaceId, given);
    const atMs = deps.clock.nowMs();
    const frame = { ids: deps.ids, workspaceId, actor: task.actor, atMs, kind: task.kind, trashDays };
    const assets = await readAll(
      deps,
      found.items.map(({ id }) => ({ workspaceId, type: 'asset', id: assetOfPlace(id) })),
    );
    const works: Work[] = [];
    for (const [at, place] of found.items.entries()) {
      const asset = assets[at];
      if (asset === undefined || asset === null) continue;
      const work =
        isLate(step, place) || isHomeless(given, item)
          ? await cameLate(deps, frame, { asset, place })
          : workOn(frame, item, { asset, place: place.id });
      if (work !== null) works.push(work);
    }
    const next =
      found.nextCursor === null
        ? { item: payload.item + 1, cursor: null }
        : { item: payload.item, cursor: found.nextCursor };
    const done = task.done + works.length;
    const result = await commitMany(
      deps,
      { workspaceId, atMs },
      {
        subjects: works.map(({ subject }) => subject),
        deliveriesMax: limit === 1 ? Infinity : deliveriesPerPageMax,
        ...goOn(deps, step, {
          ...next,
          progress: { done, total: Math.max(task.total, done) },
          resources: works.flatMap(({ resources }) => resources),
        }),
        changes: works.flatMap(({ changes }) => changes),
        duties: works.flatMap(({ duties }) => duties),
      },
    );
    if (result.status === 'applied') {
      forgetExternalIds(deps, works);
      return;
    }
    limit = Math.max(1, Math.floor(limit / 4));
    // Somebody did this page already, or the task is gone: the next call looks again.
    if (result.status === 'stale' && (await isOver(deps, step))) return;
  }
}

/**
 * Where the assets go, as it is now: the folder they lie in, or go to, may have been renamed since. A folder that is gone
 * takes nothing.
 */
async function asOfNow({ storage }: GatherDeps, workspaceId: string, item: TaskItem): Promise<TaskItem> {
  const target = item.toFolder ?? item.folder;
  if (item.to === undefined || target === undefined || target === rootFolderId) return item;
  const [row] = await storage.resources([{ workspaceId, type: 'folder', id: target }]);
  const { to: _, ...rest } = item;
  return row === undefined || row === null ? rest : { ...rest, to: folderState(row).path };
}

/** The folder that they were to go to is gone itself. */
function isHomeless(given: TaskItem, { to }: TaskItem): boolean {
  return given.toFolder !== undefined && to === undefined;
}

async function isOver(deps: GatherDeps, { row }: Step): Promise<boolean> {
  const [present] = await deps.storage.resources([row]);
  return present?.version !== row.version;
}

/** Deleted assets give their external ids free. */
function forgetExternalIds({ committer }: GatherDeps, works: readonly Work[]): void {
  for (const { subject } of works) {
    const { workspaceId, alias } = subject.current;
    if (subject.state === null && alias !== undefined) committer.cache.deleteAlias(workspaceId, 'asset', alias);
  }
}

/** It came to a folder that was removed just then, through somebody who did not know: it stays where it was put. */
function isLate({ task }: Step, place: Resource): boolean {
  return task.kind === 'folder_remove' && place.createdAtMs > task.startedAtMs;
}

/** The asset's own folder is made again, and the asset found in it. */
async function cameLate(
  deps: GatherDeps,
  frame: FolderFrame,
  { asset, place }: { readonly asset: Resource; readonly place: Resource },
): Promise<Work> {
  const path = assetState(asset).path;
  const folders = await missingFolders(deps, frame, { path });
  return {
    // Written as it is: whoever knows it by its former place is told so.
    subject: { current: asset, state: asset.state },
    changes: folders.changes,
    duties: [],
    resources: [...folders.resources, ...rehomed(asset.id, place.id, `${inFolderPrefix(folders.id)}${asset.id}`)],
  };
}

/** After the first pass the second, after that the end. */
async function nextPass(deps: GatherDeps, step: Step): Promise<void> {
  const { duty, payload, row, task } = step;
  if (payload.pass === 0) {
    const pause = settleMs(deps);
    return commit(deps, duty, goOn(deps, step, { item: 0, cursor: null, pass: 1, pauseMs: pause }));
  }
  const left = await deps.storage.read.resources({
    workspaceId: duty.workspaceId,
    type: 'task_item',
    idPrefix: `${row.id}:`,
    limit: itemsPerStep,
  });
  const removals = left.items.map(
    ({ id }): ResourceWrite => ({ type: 'task_item', id, expectedVersion: 'any', state: null }),
  );
  if (left.nextCursor !== null) {
    return commit(deps, duty, goOn(deps, step, { item: payload.item, cursor: null, resources: removals }));
  }
  const state = task.quiet ? null : { ...task, state: 'done', total: task.done, endedAtMs: deps.clock.nowMs() };
  return commit(deps, duty, {
    changes: [],
    resources: [...removals, { type: 'task', id: row.id, expectedVersion: row.version, state }],
    ...fulfils(duty),
  });
}

type Next = {
  readonly item: number;
  readonly cursor: string | null;
  readonly pass?: 0 | 1;
  readonly pauseMs?: number;
  readonly progress?: Partial<StoredTask>;
  readonly resources?: readonly ResourceWrite[];
};

/** The task's progress and the duty's next step. */
function goOn(
  deps: GatherDeps,
  { duty, payload, row, task }: Step,
  { item, cursor, pass = payload.pass, pauseMs: pause = pauseMs, progress = {}, resources = [] }: Next,
): Pick<ManyWrites, 'changes' | 'resources' | 'advances'> {
  const next: GatherPayload = { task: payload.task, pass, item, cursor };
  return {
    changes: [],
    resources: [
      ...resources,
      { type: 'task', id: row.id, expectedVersion: row.version, state: { ...task, ...progress } as StoredTask },
    ],
    advances: { dutyId: duty.id, version: duty.version, dueAtMs: deps.clock.nowMs() + pause, payload: next },
  };
}

function fulfils({ id, version }: Duty): Pick<ManyWrites, 'fulfils'> {
  return { fulfils: { dutyId: id, version } };
}

async function commit(deps: GatherDeps, { workspaceId }: Duty, writes: ManyWrites): Promise<void> {
  await commitMany(deps, { workspaceId, atMs: deps.clock.nowMs() }, writes);
}
