/** Work on many assets that goes on by itself, as it is stored and shown. */
import type { Actor } from '../core/change.ts';
import { AssetwireError } from '../core/errors.ts';
import { liesIn } from '../core/folder-path.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import type { AppDeps } from './dependencies.ts';
import type { TaskCases, TaskKind, TaskView } from './folder-cases.ts';
import { notFound } from './refusals.ts';

export type StoredTask = JsonObject & {
  readonly kind: TaskKind;
  readonly subject: string;
  readonly state: 'running' | 'done';
  readonly total: number;
  readonly done: number;
  readonly items: number;
  readonly actor: Actor;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly from?: string;
  readonly to?: string;
  /** Everything was done at once; it only looks after what came at the same moment, and nobody needs to see it. */
  readonly quiet: boolean;
};

/** What is still to be done, a row each: the assets of one folder, collection or section. */
export type TaskItem = JsonObject & {
  /** What the places of its assets begin with. */
  readonly prefix: string;
  /** The folder whose assets they are, and where it lay. */
  readonly folder?: string;
  readonly from?: string;
  /** Where they go; absent: they are deleted. */
  readonly to?: string;
  readonly toFolder?: string;
  /** Of a collection or section: what is taken off. */
  readonly key?: string;
};

/** Two passes: those that are there, then those that were written by somebody who did not know yet. */
export type GatherPayload = JsonObject & {
  readonly task: string;
  readonly pass: 0 | 1;
  readonly item: number;
  readonly cursor: string | null;
};

export function storedTask({ state }: Pick<Resource, 'state'>): StoredTask {
  // Rows of this type are written by those who begin tasks and by their duty, in this shape.
  return state as StoredTask;
}

export function taskView(row: Pick<Resource, 'id' | 'state' | 'createdAtMs'>): TaskView {
  const { kind, subject, state, total, done, from, to, endedAtMs } = storedTask(row);
  return {
    id: row.id,
    kind,
    subject,
    state,
    total,
    done,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    createdAtMs: row.createdAtMs,
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
  };
}

export function taskItemId(task: string, item: number): string {
  return `${task}:${String(item).padStart(6, '0')}`;
}

export type NewTask = Omit<StoredTask, 'state' | 'items' | 'startedAtMs'> & {
  /** Whatever is still there is taken for what came late: it stays. */
  readonly keepAll?: boolean;
  readonly workspaceId: string;
  readonly atMs: number;
  readonly itemRows: readonly TaskItem[];
};

/** A task about to be committed, with its items and the duty that does it. */
export function newTask(
  { ids }: Pick<AppDeps, 'ids'>,
  { workspaceId, atMs, itemRows, keepAll = false, ...rest }: NewTask,
): { readonly view: TaskView; readonly resources: readonly ResourceWrite[]; readonly duty: NewDuty } {
  const id = ids.next('task');
  const state = {
    ...rest,
    state: 'running',
    items: itemRows.length,
    startedAtMs: keepAll ? 0 : atMs,
  } as unknown as StoredTask;
  const payload: GatherPayload = { task: id, pass: rest['quiet'] ? 1 : 0, item: 0, cursor: null };
  return {
    view: taskView({ id, state, createdAtMs: atMs }),
    resources: [
      { type: 'task', id, expectedVersion: 0, state },
      ...itemRows.map(
        (item, at): ResourceWrite => ({ type: 'task_item', id: taskItemId(id, at), expectedVersion: 0, state: item }),
      ),
    ],
    duty: { id: ids.next('duty'), workspaceId, kind: 'gather', dueAtMs: atMs, payload },
  };
}

/** Tasks under way that others can see; there are never many. */
export async function runningTasks(
  { storage }: Pick<AppDeps, 'storage'>,
  workspaceId: string,
): Promise<readonly { readonly id: string; readonly task: StoredTask }[]> {
  const where = { state: 'running' };
  const page = await storage.read.resources({ workspaceId, type: 'task', where, limit: limits.pageItemsMax });
  return page.items.map((row) => ({ id: row.id, task: storedTask(row) })).filter(({ task }) => !task.quiet);
}

/** Throws where a task is at work on one of these folders, below or above it, or where too many are under way. */
export async function refuseBusy(
  deps: Pick<AppDeps, 'storage'>,
  workspaceId: string,
  paths: readonly string[],
): Promise<void> {
  const running = await runningTasks(deps, workspaceId);
  for (const { id, task } of running) {
    const theirs = [task.from, task.to].filter((path) => path !== undefined);
    const meets = paths.some((path) => theirs.some((other) => liesIn(path, other) || liesIn(other, path)));
    if (!meets) continue;
    throw new AssetwireError('folder_busy', {
      detail: `Change a folder that nothing else is at work on: task ${id} moves or removes what is in ${theirs.join(' and ')}`,
      mend: `Wait until GET /v1/tasks/${id} says done`,
      retryAfterSeconds: 5,
    });
  }
  if (running.length < limits.tasksRunningMax) return;
  throw new AssetwireError('limit_reached', {
    detail: `Run at most ${limits.tasksRunningMax} tasks at a time: so many are under way`,
    mend: 'Wait for one to end: GET /v1/tasks?state=running',
  });
}

export function createTasks({ storage }: Pick<AppDeps, 'storage'>): TaskCases {
  return {
    async list({ workspaceId }, { state, ...page }) {
      const where = { quiet: false, ...(state === undefined ? {} : { state }) };
      const found = await storage.read.resources({ ...page, workspaceId, type: 'task', where });
      return { items: found.items.map(taskView), nextCursor: found.nextCursor };
    },
    async get({ workspaceId }, id) {
      const [row] = await storage.resources([{ workspaceId, type: 'task', id }]);
      if (row === undefined || row === null) throw notFound('the task');
      return taskView(row);
    },
  };
}
