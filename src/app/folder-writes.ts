/** What folders are written with: their rows, their changes, and how a write is tried again where somebody was faster. */
import type { Actor, Change, ChangeKind } from '../core/change.ts';
import { changedFields } from '../core/difference.ts';
import { AssetwireError } from '../core/errors.ts';
import { folderName, foldersOnTheWay, parentFolder, pathIn, readFolderPath } from '../core/folder-path.ts';
import type { IdSource } from '../core/ids.ts';
import { isObject } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller } from './app.ts';
import type { CommitManyDeps } from './commit-many.ts';
import { decideAttemptsMax } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { IdempotentCalls } from './idempotency.ts';
import { findFolder, folderAt, isRoot, type Placed, presentFolder } from './folder-tree.ts';
import { folderPlaceId, rootFolderId } from './place-ids.ts';
import { folderOfPlace } from './place-memory.ts';
import { newFolder } from './places.ts';
import { contended, notFound, unfit } from './refusals.ts';
import type { Turns } from './turns.ts';

export type FolderDeps = CommitManyDeps &
  Pick<AppDeps, 'storage' | 'ids' | 'clock' | 'soleWriter'> & {
    readonly idempotent: IdempotentCalls;
    readonly turns: Turns;
  };

/** Writes of folders take turns per workspace in a process; between processes their versions decide. */
export function inTurn<Answer>(
  { turns }: Pick<FolderDeps, 'turns'>,
  workspaceId: string,
  run: () => Promise<Answer>,
): Promise<Answer> {
  return turns.take(`folders ${workspaceId}`, run);
}

/** Reads, decides and commits anew until nobody was faster; `attempt` null says that somebody was. */
export async function decided<Answer>(attempt: (tries: number) => Promise<Answer | null>): Promise<Answer> {
  for (let tries = 1; tries <= decideAttemptsMax; tries += 1) {
    const answer = await attempt(tries);
    if (answer !== null) return answer;
  }
  throw contended();
}

export type FolderFrame = {
  readonly ids: IdSource;
  readonly workspaceId: string;
  readonly actor: Actor;
  readonly atMs: number;
};

/** One change of a folder; `before` null: made, `after` null: removed. */
export function folderChange(
  { ids, workspaceId, actor, atMs }: FolderFrame,
  folder: { readonly id: string; readonly externalId: string | undefined; readonly version: number },
  happening: {
    readonly kind: ChangeKind;
    readonly before: JsonObject | null;
    readonly after: JsonObject | null;
    readonly changed?: readonly string[];
  },
): Change {
  const { id, externalId, version } = folder;
  const { kind, before, after, changed } = happening;
  return {
    id: ids.next('change'),
    workspaceId,
    kind,
    subject: externalId === undefined ? { type: 'folder', id } : { type: 'folder', id, externalId },
    subjectVersion: version,
    occurredAtMs: atMs,
    acceptedAtMs: atMs,
    actor,
    before,
    after,
    changed: changed ?? changedFields(before, after),
    causationDepth: 0,
  };
}

export type MadeFolder = {
  readonly path: string;
  readonly id: string;
  readonly state: JsonObject;
  readonly writes: readonly ResourceWrite[];
};

/** Folders that are made so that a path is there, with what is told of them. */
export type MadeFolders = {
  readonly made: readonly MadeFolder[];
  readonly resources: readonly ResourceWrite[];
  readonly changes: readonly Change[];
  /** The folder at the path, there before or made. */
  readonly id: string;
};

/**
 * Whatever is missing on the way to a path, itself included. The folder that is there already and takes the first of them
 * in is written too, as it was: so nobody removes it at the same moment.
 */
export async function missingFolders(
  deps: FolderDeps,
  frame: FolderFrame,
  { path, more = {} }: { readonly path: string; readonly more?: JsonObject },
): Promise<MadeFolders> {
  const { workspaceId } = frame;
  const way = foldersOnTheWay(path);
  const places = await deps.storage.resources(
    way.map((one) => ({ workspaceId, type: 'folder_place', id: folderPlaceId(one) })),
  );
  const last = places.findLast((place) => place !== null) ?? null;
  const missing = way.filter((_, at) => places[at] === null || places[at] === undefined);
  const made = missing.map((one): MadeFolder => {
    const id = deps.ids.next('folder');
    const state = { path: one, name: folderName(one), ...(one === path ? more : {}) };
    const writes = newFolder({ path: one, id }).map((write) => (write.type === 'folder' ? { ...write, state } : write));
    return { path: one, id, state, writes };
  });
  const touched = made.length > 0 && last !== null ? [touch(last)] : [];
  return {
    made,
    resources: [...touched, ...made.flatMap(({ writes }) => writes)],
    changes: made.map(({ id, state }) =>
      folderChange(
        frame,
        { id, externalId: undefined, version: 1 },
        { kind: 'folder.created', before: null, after: state },
      ),
    ),
    id: made.find(({ path: at }) => at === path)?.id ?? folderOfPlace(places.at(-1) ?? null) ?? rootFolderId,
  };
}

/** A row written as it is: who has read it and removes it meanwhile is told so. */
export function touch({ type, id, version, state }: Resource): ResourceWrite {
  return { type, id, expectedVersion: version, state };
}

/** A folder named by a caller as a path or a reference; its path. Throws where it is not there. */
export async function namedFolder(
  deps: FolderDeps,
  { workspaceId }: Caller,
  { at, given }: { readonly at: string; readonly given: string },
): Promise<string> {
  if (given.startsWith('/')) {
    const read = readFolderPath(given);
    if (read.path === null) throw unfit(at, read.wanted, read.found);
    return read.path;
  }
  if (isRoot(given)) return '/';
  const found = await findFolder(deps, workspaceId, given);
  if (found === null) throw notFound('the folder it goes to');
  return found.path;
}

/** The path of a folder of this name, in its one spelling. Throws where the name or the place cannot be. */
export function pathOfNew(parent: string, name: string, at: '/name' | '/parent'): string {
  if (name.includes('/')) throw unfit('/name', 'a name without slashes: parent says where the folder lies', name);
  const read = readFolderPath(pathIn(parent, name));
  if (read.path === null) throw unfit(at, read.wanted, read.found);
  if (parentFolder(read.path) !== parent) throw unfit('/name', 'the name of a folder', JSON.stringify(name));
  return read.path;
}

export async function refuseTakenPath(deps: FolderDeps, workspaceId: string, path: string): Promise<void> {
  if (path === '/') throw taken(path, 'root');
  const there = await folderAt(deps, workspaceId, path);
  if (there !== null) throw taken(path, there.row.id);
}

function taken(path: string, id: string): AssetwireError {
  return new AssetwireError('already_exists', {
    detail: `Use a path where no folder lies: at ${JSON.stringify(path)} there is ${id}`,
    mend: 'Use the one that is there, or another name',
  });
}

/** The folder to be changed; the root is refused by name. */
export async function changeable(deps: FolderDeps, { workspaceId }: Caller, reference: string): Promise<Placed> {
  if (isRoot(reference)) {
    throw new AssetwireError('forbidden', {
      detail: 'Change a folder other than the root: it is always there, as it is',
      mend: 'Name a folder in it',
    });
  }
  return presentFolder(deps, workspaceId, reference);
}

/** `info` merged by field; null takes a field away. Throws where it is too much. */
export function mergedInfo(known: unknown, patch: JsonObject | undefined): JsonObject {
  const fields = new Map(Object.entries(isObject(known) ? known : {}));
  for (const [field, value] of Object.entries(patch ?? {})) {
    if (value === null) fields.delete(field);
    else fields.set(field, value);
  }
  const info: JsonObject = Object.fromEntries(fields);
  const bytes = Buffer.byteLength(JSON.stringify(info));
  if (bytes > limits.folderInfoBytesMax) throw unfit('/info', `at most ${limits.folderInfoBytesMax} bytes`, `${bytes}`);
  return info;
}
