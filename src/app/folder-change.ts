/**
 * A folder is described, renamed or moved. Renamed or moved, the folder and those in it have their new paths in one
 * commit, whatever lies in them: from then on the old path is free, and what is uploaded there lies in a new folder. Their
 * assets follow: in the same commit where they are few, else as a task that goes on by itself, one `asset.moved` each.
 */
import type { Change } from '../core/change.ts';
import { AssetwireError } from '../core/errors.ts';
import { folderName, liesIn, parentFolder, pathMoved, readFolderPath } from '../core/folder-path.ts';
import { sameJson } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller, Written } from './app.ts';
import { auditWrite } from './audit.ts';
import { commitMany, type ManyWrites } from './commit-many.ts';
import { concernedAssets } from './folder-assets.ts';
import type { FolderCases, FolderPatch, FolderView, TaskView, WithTask } from './folder-cases.ts';
import { movedGrants } from './folder-grants.ts';
import { movedShares } from './folder-shares.ts';
import { folderState, folderView, type Placed, readTree } from './folder-tree.ts';
import {
  changeable,
  decided,
  type FolderDeps,
  type FolderFrame,
  folderChange,
  inTurn,
  mergedInfo,
  missingFolders,
  namedFolder,
  pathOfNew,
  refuseTakenPath,
} from './folder-writes.ts';
import { replay, type RowMaker } from './idempotency.ts';
import { folderPlaceId, inFolderPrefix } from './place-ids.ts';
import { refuseOtherVersion } from './preconditions.ts';
import { unfit } from './refusals.ts';
import { newTask, refuseBusy, type TaskItem } from './tasks.ts';

type Changed = WithTask<FolderView>;
type Update = {
  readonly caller: Caller;
  readonly top: Placed;
  readonly patch: FolderPatch;
  readonly row: RowMaker | undefined;
};

/** More deliveries than this are not made in one commit: they are left to a task, which makes fewer at a time. */
export const deliveriesAtOnceMax = 10_000;

export function createFolderUpdate(deps: FolderDeps): FolderCases['update'] {
  return (caller, reference, { expected, idempotency, ...patch }) =>
    deps.idempotent.run<Changed>(caller.workspaceId, idempotency, (row) =>
      inTurn(deps, caller.workspaceId, () =>
        decided(async (tries): Promise<Written<Changed> | null> => {
          const top = await changeable(deps, caller, reference);
          refuseOtherVersion(expected, top.row.version, 'folder');
          const to = await pathAfter(deps, caller, { top, patch });
          const update: Update = { caller, top, patch, row };
          const planned =
            to === top.path ? describe(deps, update) : await move(deps, update, { to, byTask: tries > atOnceTriesMax });
          const { answer, writes, atMs } = planned;
          if (writes === null) return answer;
          const result = await commitMany(deps, { workspaceId: caller.workspaceId, atMs }, writes);
          if (result.status === 'duplicate') return replay<Changed>(result.row, idempotency?.fingerprint ?? '');
          if (result.status !== 'too-many') return result.status === 'applied' ? answer : null;
          const slower = await move(deps, update, { to, byTask: true });
          const second = await commitMany(
            deps,
            { workspaceId: caller.workspaceId, atMs: slower.atMs },
            slower.writes ?? { changes: [] },
          );
          return second.status === 'applied' ? slower.answer : null;
        }),
      ),
    );
}

/** Assets that are written all the time cannot all be caught at once: after so many tries a task takes them one by one. */
const atOnceTriesMax = 3;

type Planned = { readonly answer: Written<Changed>; readonly writes: ManyWrites | null; readonly atMs: number };

async function pathAfter(
  deps: FolderDeps,
  caller: Caller,
  { top, patch }: { readonly top: Placed; readonly patch: FolderPatch },
): Promise<string> {
  const parent =
    patch.parent === undefined
      ? (parentFolder(top.path) ?? '/')
      : await namedFolder(deps, caller, { at: '/parent', given: patch.parent });
  return pathOfNew(parent, patch.name ?? folderName(top.path), patch.name === undefined ? '/parent' : '/name');
}

/** Nothing but what the folder says of itself. */
function describe(deps: FolderDeps, { caller, top, patch, row }: Update): Planned {
  const atMs = deps.clock.nowMs();
  const before = top.row.state;
  const state = described(before, patch);
  if (sameJson(before, state)) return { answer: { status: 200, body: folderView(top.row) }, writes: null, atMs };
  const version = top.row.version + 1;
  const body = folderView({ ...top.row, version, state, updatedAtMs: atMs });
  const frame: FolderFrame = { ids: deps.ids, workspaceId: caller.workspaceId, actor: caller.actor, atMs };
  const subject = { id: top.row.id, externalId: top.row.alias, version };
  return {
    answer: { status: 200, body },
    writes: {
      subjects: [{ current: top.row, state }],
      changes: [folderChange(frame, subject, { kind: 'folder.changed', before, after: state })],
      ...(row === undefined ? {} : { idempotency: row(200, body) }),
    },
    atMs,
  };
}

function described(before: JsonObject, { description, info }: FolderPatch): JsonObject {
  const { description: known, info: knownInfo, ...rest } = before;
  const said = description === undefined ? known : (description ?? undefined);
  const merged = info === undefined ? knownInfo : mergedInfo(knownInfo, info);
  return {
    ...rest,
    ...(said === undefined ? {} : { description: said }),
    ...(merged === undefined ? {} : { info: merged }),
  };
}

async function move(
  deps: FolderDeps,
  { caller, top, patch, row }: Update,
  { to, byTask }: { readonly to: string; readonly byTask: boolean },
): Promise<Planned> {
  const { workspaceId, actor } = caller;
  const from = top.path;
  if (liesIn(to, from)) throw intoItself(from, to);
  await refuseTakenPath(deps, workspaceId, to);
  await refuseBusy(deps, workspaceId, [from, to]);
  const tree = await readTree(deps, workspaceId, top);
  const atMs = deps.clock.nowMs();
  const frame: FolderFrame = { ids: deps.ids, workspaceId, actor, atMs };
  const parents = await missingFolders(deps, frame, { path: parentFolder(to) ?? '/' });
  const moved = tree.map((folder) => movedFolder(folder, { from, to, patch: folder === top ? patch : {} }));
  const items = moved.map(
    ({ current, path }): TaskItem => ({
      prefix: inFolderPrefix(current.id),
      folder: current.id,
      from: folderState(current).path,
      to: path,
    }),
  );
  const concerned = await concernedAssets(deps, { ...frame, kind: 'folder_move', trashDays: 0 }, items);
  const atOnce = byTask ? null : concerned.atOnce;
  const task = newTask(deps, {
    workspaceId,
    atMs,
    kind: 'folder_move',
    subject: `folder:${top.row.id}`,
    total: concerned.total,
    done: 0,
    actor,
    from,
    to,
    quiet: atOnce !== null,
    itemRows: items,
  });
  const grants = await grantWrites(deps, frame, { caller, top, to });
  const shares = await movedShares(deps, workspaceId, { from, to });
  const body = changedView(
    moved[0] ?? { current: top.row, state: top.row.state },
    atMs,
    atOnce === null ? task.view : null,
  );
  const status = atOnce === null ? 202 : 200;
  return {
    answer: { status, body },
    writes: {
      subjects: [...moved.map(({ current, state }) => ({ current, state })), ...(atOnce?.subjects ?? []), ...shares],
      resources: [
        ...parents.resources,
        ...moved.flatMap(({ places }) => places),
        ...(atOnce?.resources ?? []),
        ...task.resources,
        ...grants,
      ],
      changes: [...parents.changes, ...moved.flatMap((one) => changesOf(frame, one)), ...(atOnce?.changes ?? [])],
      duties: [{ ...task.duty, dueAtMs: atMs + (atOnce === null ? 0 : settleMs(deps)) }],
      ...(atOnce === null ? {} : { deliveriesMax: deliveriesAtOnceMax }),
      ...(row === undefined ? {} : { idempotency: row(status, body) }),
    },
    atMs,
  };
}

/** Grants go along with their folder, which is a matter for the audit. */
async function grantWrites(
  deps: FolderDeps,
  { workspaceId, atMs }: FolderFrame,
  { caller, top, to }: { readonly caller: Caller; readonly top: Placed; readonly to: string },
): Promise<readonly ResourceWrite[]> {
  const from = top.path;
  const grants = await movedGrants(deps, workspaceId, { from, to });
  if (grants.length === 0) return grants;
  const note = {
    action: 'grants.moved',
    target: `folder:${top.row.id}`,
    before: { path: from },
    after: { path: to },
  };
  return [...grants, auditWrite({ ids: deps.ids, caller }, note, atMs)];
}

/** By then whoever did not know yet that a folder had moved or gone knows it. */
export function settleMs({ soleWriter }: Pick<FolderDeps, 'soleWriter'>): number {
  return soleWriter ? 1_000 : 10_000;
}

type MovedFolder = {
  readonly current: Resource;
  readonly state: JsonObject;
  readonly path: string;
  readonly places: readonly ResourceWrite[];
};

function movedFolder(
  { row, place, path: was }: Placed,
  { from, to, patch }: { readonly from: string; readonly to: string; readonly patch: FolderPatch },
): MovedFolder {
  const read = readFolderPath(pathMoved(was, from, to));
  if (read.path === null) {
    throw unfit(was === from ? '/name' : '/parent', `${read.wanted}, also for the folder ${was}`, read.found);
  }
  const { path } = read;
  return {
    current: row,
    state: { ...described(row.state, patch), path, name: folderName(path) },
    path,
    places: [
      { type: 'folder_place', id: place.id, expectedVersion: place.version, state: null },
      { type: 'folder_place', id: folderPlaceId(path), expectedVersion: 0, state: place.state },
    ],
  };
}

/** Renamed, moved, or both; a folder in one that moves is moved. */
function changesOf(frame: FolderFrame, { current, state }: MovedFolder): readonly Change[] {
  const before = current.state;
  const subject = { id: current.id, externalId: current.alias, version: current.version + 1 };
  const renamed = before['name'] !== state['name'];
  const moved = parentFolder(folderState(current).path) !== parentFolder(folderState({ state }).path);
  const said = !sameJson(before['description'], state['description']) || !sameJson(before['info'], state['info']);
  return [
    ...(renamed
      ? [folderChange(frame, subject, { kind: 'folder.renamed', before, after: state, changed: ['name', 'path'] })]
      : []),
    ...(moved ? [folderChange(frame, subject, { kind: 'folder.moved', before, after: state, changed: ['path'] })] : []),
    ...(said
      ? [
          folderChange(frame, subject, {
            kind: 'folder.changed',
            before,
            after: state,
            changed: saidFields(before, state),
          }),
        ]
      : []),
  ];
}

function saidFields(before: JsonObject, after: JsonObject): readonly string[] {
  return ['description', 'info'].filter((field) => !sameJson(before[field], after[field]));
}

function changedView(
  { current, state }: Pick<MovedFolder, 'current' | 'state'>,
  atMs: number,
  task: TaskView | null,
): Changed {
  const view = folderView({ ...current, version: current.version + 1, state, updatedAtMs: atMs });
  return task === null ? view : { ...view, task };
}

function intoItself(from: string, to: string): AssetwireError {
  return new AssetwireError('folder_into_itself', {
    detail: `Move ${JSON.stringify(from)} to a place outside of it: ${JSON.stringify(to)} lies in it`,
  });
}
