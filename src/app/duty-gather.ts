/**
 * The `gather` duty does a task page by page: the assets of one folder after the other (or of one collection or section),
 * each page one commit with its changes, its progress and the duty's next step. So a crash repeats nothing and loses
 * nothing, and each asset is told of once. It goes through everything twice: the second time for what was written by
 * somebody who did not know yet that the folder had moved or gone.
 */
import type { DutyHandler } from '../engine/engine.ts';
import type { Duty } from '../storage/contract/duties.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import { assetState } from './asset-views.ts';
import { commitMany, type ManyWrites } from './commit-many.ts';
import { settleMs } from './folder-change.ts';
import { folderState, readAll } from './folder-tree.ts';
import { type FolderDeps, type FolderFrame, missingFolders } from './folder-writes.ts';
import { assetOfPlace, inFolderPrefix, rootFolderId } from './place-ids.ts';
import { rehomed } from './places.ts';
import { type GatherPayload, type StoredTask, storedTask, type TaskItem, taskItemId } from './tasks.ts';
import { type Work, type WorkFrame, workOn } from './task-work.ts';
import { readWorkspaceSettings } from './workspace-settings.ts';

/** Assets of one page: what one turn of the loop may take. */
const pageMax = 50;
/** Items that one page looks through where they have few assets. */
const itemsPerPage = 50;
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
    return payload.item >= step.task.items ? nextPass(deps, step) : page(deps, step, signal);
  };
}

/** One page: assets of one item, or of several that have few. */
async function page(deps: GatherDeps, step: Step, signal: AbortSignal): Promise<void> {
  const { duty, task } = step;
  const { workspaceId } = duty;
  let limit = pageMax;
  for (let tries = 1; tries <= staleTriesMax && !signal.aborted; tries += 1) {
    const { works, next, atMs } = await collect(deps, step, limit);
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
    if (result.status === 'applied') return forgetExternalIds(deps, works);
    limit = Math.max(1, Math.floor(limit / 4));
    // Somebody did this page already, or the task is gone: the next call looks again.
    if (result.status === 'stale' && (await isOver(deps, step))) return;
  }
}

type Collected = {
  readonly works: readonly Work[];
  readonly next: Pick<Next, 'item' | 'cursor'>;
  readonly atMs: number;
};

/** What there is to do with the next assets, at most `limit` of them, of a bounded number of items. */
async function collect(deps: GatherDeps, step: Step, limit: number): Promise<Collected> {
  const { duty, payload, task } = step;
  const { workspaceId } = duty;
  const { trashDays } = await readWorkspaceSettings(deps.storage, workspaceId);
  const atMs = deps.clock.nowMs();
  const frame = { ids: deps.ids, workspaceId, actor: task.actor, atMs, kind: task.kind, trashDays };
  const last = Math.min(task.items, payload.item + itemsPerPage);
  const numbers = Array.from({ length: last - payload.item }, (_, n) => payload.item + n);
  const items = await readAll(
    deps,
    numbers.map((n) => ({ workspaceId, type: 'task_item', id: taskItemId(payload.task, n) })),
  );
  const works: Work[] = [];
  let looked = 0;
  let cursor = payload.cursor;
  for (const [n, item] of items.entries()) {
    if (looked >= limit) return { works, next: { item: payload.item + n, cursor: null }, atMs };
    if (item === null) continue;
    const found = await worksOf(deps, step, { frame, given: item.state as TaskItem, cursor, limit: limit - looked });
    works.push(...found.works);
    looked += found.looked;
    if (found.nextCursor !== null) return { works, next: { item: payload.item + n, cursor: found.nextCursor }, atMs };
    cursor = null;
  }
  return { works, next: { item: last, cursor: null }, atMs };
}

type Looking = {
  readonly frame: WorkFrame;
  readonly given: TaskItem;
  readonly cursor: string | null;
  readonly limit: number;
};

/** The next assets of one item, and what there is to do with each. */
async function worksOf(
  deps: GatherDeps,
  step: Step,
  { frame, given, cursor, limit }: Looking,
): Promise<{ readonly works: readonly Work[]; readonly looked: number; readonly nextCursor: string | null }> {
  const { workspaceId } = frame;
  const { payload, task } = step;
  const { items, nextCursor } = await deps.storage.read.resources({
    workspaceId,
    type: 'asset_place',
    idPrefix: given.prefix,
    order: 'oldest',
    limit,
    // The second pass looks at those only that can have come since.
    ...(payload.pass === 0 ? {} : { fromMs: task.startedAtMs - decidedBeforeMs }),
    ...(cursor === null ? {} : { cursor }),
  });
  if (items.length === 0) return { works: [], looked: 0, nextCursor };
  const item = await asOfNow(deps, workspaceId, given);
  const assets = await readAll(
    deps,
    items.map(({ id }) => ({ workspaceId, type: 'asset', id: assetOfPlace(id) })),
  );
  const works: Work[] = [];
  for (const [at, place] of items.entries()) {
    const asset = assets[at];
    if (asset === undefined || asset === null) continue;
    const late = isLate(step, place) || isHomeless(given, item);
    const work = late ? await cameLate(deps, frame, { asset, place }) : workOn(frame, item, { asset, place: place.id });
    if (work !== null) works.push(work);
  }
  return { works, looked: items.length, nextCursor };
}

async function isOver(deps: GatherDeps, { row }: Step): Promise<boolean> {
  const [present] = await deps.storage.resources([row]);
  return present?.version !== row.version;
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
