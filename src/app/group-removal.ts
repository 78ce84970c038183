/** A collection or section is removed: gone at once, taken off its assets by a task where it has any. */
import type { Change } from '../core/change.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller, Written } from './app.ts';
import { commitMany } from './commit-many.ts';
import type { TaskKind, WithTask } from './folder-cases.ts';
import type { FolderDeps } from './folder-writes.ts';
import { type RowMaker, replay } from './idempotency.ts';
import { newTask } from './tasks.ts';

type Gone = WithTask<JsonObject>;

export type GroupRemoval = {
  readonly caller: Caller;
  readonly current: Resource;
  readonly kind: Extract<TaskKind, 'collection_remove' | 'section_remove'>;
  readonly key: string;
  /** What the places of its assets begin with. */
  readonly prefix: string;
  readonly row: RowMaker | undefined;
  readonly fingerprint: string;
  /** What is told and noted of it. */
  told(atMs: number): { readonly changes: readonly Change[]; readonly resources: readonly ResourceWrite[] };
};

/** Null where somebody was faster. */
export async function removeGroup(
  deps: FolderDeps,
  { caller, current, kind, key, prefix, row, fingerprint, told }: GroupRemoval,
): Promise<Written<Gone> | null> {
  const { workspaceId, actor } = caller;
  const max = limits.folderCountMax;
  const total = await deps.storage.read.countResources({ workspaceId, type: 'asset_place', idPrefix: prefix, max });
  const atMs = deps.clock.nowMs();
  const task = newTask(deps, {
    workspaceId,
    atMs,
    kind,
    subject: `${current.type}:${current.id}`,
    total,
    done: 0,
    actor,
    quiet: total === 0,
    itemRows: [{ prefix, key }],
  });
  const status = total === 0 ? 204 : 202;
  const body: Gone = total === 0 ? {} : { task: task.view };
  const { changes, resources } = told(atMs);
  const result = await commitMany(
    deps,
    { workspaceId, atMs },
    {
      subjects: [{ current, state: null }],
      resources: [...task.resources, ...resources],
      changes,
      duties: [task.duty],
      ...(row === undefined ? {} : { idempotency: row(status, body) }),
    },
  );
  if (result.status === 'duplicate') return replay<Gone>(result.row, fingerprint);
  return result.status === 'applied' ? { status, body } : null;
}
