/**
 * A folder is removed with all folders in it. Where something lies in it the caller says what becomes of that: deleted, or
 * moved to another folder, as it lies. The folders are gone in one commit; their assets in the same one where they are
 * few, else as a task.
 */
import type { Change } from '../core/change.ts';
import { AssetwireError } from '../core/errors.ts';
import { liesIn, pathMoved } from '../core/folder-path.ts';
import type { JsonObject } from '../core/json.ts';
import type { ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller, Written } from './app.ts';
import { commitMany, type ManyWrites } from './commit-many.ts';
import { type Concerned, concernedAssets } from './folder-assets.ts';
import type { FolderCases, FolderRemoval, WithTask } from './folder-cases.ts';
import { deliveriesAtOnceMax, settleMs } from './folder-change.ts';
import { folderAt, folderState, type Placed, readTree } from './folder-tree.ts';
import {
  changeable,
  decided,
  type FolderDeps,
  type FolderFrame,
  folderChange,
  inTurn,
  missingFolders,
  namedFolder,
  touch,
} from './folder-writes.ts';
import { replay, type RowMaker } from './idempotency.ts';
import { inFolderPrefix } from './place-ids.ts';
import { refuseOtherVersion } from './preconditions.ts';
import { notFound, unfit } from './refusals.ts';
import { readWorkspaceSettings } from './workspace-settings.ts';
import { newTask, refuseBusy, type TaskItem } from './tasks.ts';

type Gone = WithTask<JsonObject>;
type Removing = {
  readonly caller: Caller;
  readonly top: Placed;
  readonly tree: readonly Placed[];
  readonly frame: FolderFrame;
  /** Where what lies in it goes; null: it is deleted, if there is anything. */
  readonly to: string | null;
};

export function createFolderRemoval(deps: FolderDeps): FolderCases['remove'] {
  return (caller, reference, { expected, idempotency, ...removal }) =>
    deps.idempotent.run<Gone>(caller.workspaceId, idempotency, (row) =>
      inTurn(deps, caller.workspaceId, () =>
        decided(async (tries): Promise<Written<Gone> | null> => {
          const { workspaceId, actor } = caller;
          const top = await changeable(deps, caller, reference);
          refuseOtherVersion(expected, top.row.version, 'folder');
          const to = await destination(deps, caller, { top, removal });
          await refuseBusy(deps, workspaceId, to === null ? [top.path] : [top.path, to]);
          const tree = await readTree(deps, workspaceId, top);
          const frame = { ids: deps.ids, workspaceId, actor, atMs: deps.clock.nowMs() };
          const removing: Removing = { caller, top, tree, frame, to };
          for (const byTask of tries > 3 ? [true] : [false, true]) {
            const { answer, writes } = await plan(deps, removing, { removal, row, byTask });
            const result = await commitMany(deps, { workspaceId, atMs: frame.atMs }, writes);
            if (result.status === 'duplicate') return replay<Gone>(result.row, idempotency?.fingerprint ?? '');
            if (result.status === 'applied') return answer;
            if (result.status === 'stale') return null;
          }
          return null;
        }),
      ),
    );
}

async function destination(
  deps: FolderDeps,
  caller: Caller,
  { top, removal }: { readonly top: Placed; readonly removal: FolderRemoval },
): Promise<string | null> {
  if (removal.contents !== 'move') {
    if (removal.to !== undefined) throw unfit('/to', 'nothing: only contents=move takes them somewhere', removal.to);
    return null;
  }
  if (removal.to === undefined) throw unfit('/to', 'the folder that they move to', 'none');
  const to = await namedFolder(deps, caller, { at: '/to', given: removal.to });
  if (to !== '/' && (await folderAt(deps, caller.workspaceId, to)) === null) throw notFound('the folder it goes to');
  if (liesIn(to, top.path)) {
    throw new AssetwireError('folder_into_itself', {
      detail: `Move what lies in ${JSON.stringify(top.path)} to a place outside of it: ${JSON.stringify(to)} lies in it`,
    });
  }
  return to;
}

async function plan(
  deps: FolderDeps,
  { top, tree, frame, to }: Removing,
  {
    removal,
    row,
    byTask,
  }: { readonly removal: FolderRemoval; readonly row: RowMaker | undefined; readonly byTask: boolean },
): Promise<{ readonly answer: Written<Gone>; readonly writes: ManyWrites }> {
  const { workspaceId, atMs, actor } = frame;
  const arrivals = to === null ? noArrivals : await arriving(deps, frame, { tree, from: top.path, to });
  const items = tree.map((folder) => itemOf(folder, arrivals));
  const { trashDays } = await readWorkspaceSettings(deps.storage, workspaceId);
  const concerned = await concernedAssets(deps, { ...frame, kind: 'folder_remove', trashDays }, items);
  if (removal.contents === undefined) refuseNotEmpty(top, tree, concerned);
  const atOnce = byTask ? null : concerned.atOnce;
  const task = newTask(deps, {
    workspaceId,
    atMs,
    kind: 'folder_remove',
    subject: `folder:${top.row.id}`,
    total: concerned.total,
    done: 0,
    actor,
    from: top.path,
    ...(to === null ? {} : { to }),
    quiet: atOnce !== null,
    itemRows: items,
  });
  const status = atOnce === null ? 202 : 204;
  const body: Gone = atOnce === null ? { task: task.view } : {};
  // Those inside first, as they would be if somebody removed them one by one.
  const leaving = [...tree].reverse();
  return {
    answer: { status, body },
    writes: {
      subjects: [...leaving.map(({ row: current }) => ({ current, state: null })), ...(atOnce?.subjects ?? [])],
      resources: [
        ...arrivals.resources,
        ...leaving.map(
          ({ place }): ResourceWrite => ({
            type: 'folder_place',
            id: place.id,
            expectedVersion: place.version,
            state: null,
          }),
        ),
        ...(atOnce?.resources ?? []),
        ...task.resources,
      ],
      changes: [
        ...arrivals.changes,
        ...(atOnce?.changes ?? []),
        ...leaving.map((folder) => removedChange(frame, folder)),
      ],
      duties: [{ ...task.duty, dueAtMs: atMs + (atOnce === null ? 0 : settleMs(deps)) }, ...(atOnce?.duties ?? [])],
      ...(atOnce === null ? {} : { deliveriesMax: deliveriesAtOnceMax }),
      ...(row === undefined ? {} : { idempotency: row(status, body) }),
    },
  };
}

/** What becomes of the assets of one folder. */
function itemOf({ row: folder, path }: Placed, { folders }: Arrivals): TaskItem {
  const target = folders.get(path);
  return {
    prefix: inFolderPrefix(folder.id),
    folder: folder.id,
    from: path,
    ...(target === undefined ? {} : { to: target.path, toFolder: target.id }),
  };
}

/** One of those that go, as it was. */
function removedChange(frame: FolderFrame, { row }: Placed): Change {
  const subject = { id: row.id, externalId: row.alias, version: row.version + 1 };
  return folderChange(frame, subject, { kind: 'folder.removed', before: row.state, after: null });
}

type Arrivals = {
  /** Where the assets of each folder go, by its old path. */
  readonly folders: ReadonlyMap<string, { readonly path: string; readonly id: string }>;
  readonly resources: readonly ResourceWrite[];
  readonly changes: ManyWrites['changes'];
};

const noArrivals: Arrivals = { folders: new Map(), resources: [], changes: [] };

/** The folders that take in what lay in those that go: there already, or made. */
async function arriving(
  deps: FolderDeps,
  frame: FolderFrame,
  { tree, from, to }: { readonly tree: readonly Placed[]; readonly from: string; readonly to: string },
): Promise<Arrivals> {
  const folders = new Map<string, { readonly path: string; readonly id: string }>();
  const resources: ResourceWrite[] = [];
  const changes: ManyWrites['changes'][number][] = [];
  const seen = new Map<string, string>();
  for (const { path: was } of tree) {
    const path = pathMoved(was, from, to);
    const parents = await missingFolders(deps, frame, { path });
    for (const one of parents.made) {
      if (seen.has(one.path)) continue;
      seen.set(one.path, one.id);
      resources.push(...one.writes);
      changes.push(...parents.changes.filter(({ subject }) => subject.id === one.id));
    }
    folders.set(was, { path, id: seen.get(path) ?? parents.id });
  }
  const target = await folderAt(deps, frame.workspaceId, to);
  // So that nobody removes it at the same moment.
  if (target !== null) resources.push(touch(target.place));
  return { folders, resources, changes };
}

function refuseNotEmpty(top: Placed, tree: readonly Placed[], { total }: Concerned): void {
  const folders = tree.length - 1;
  if (folders === 0 && total === 0) return;
  const { path } = folderState(top.row);
  throw new AssetwireError('folder_not_empty', {
    detail: `Remove an empty folder: ${JSON.stringify(path)} holds ${counted(total, 'asset')} and ${counted(folders, 'folder')}`,
    mend: 'Say what becomes of them: contents=delete, or contents=move with to',
  });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
