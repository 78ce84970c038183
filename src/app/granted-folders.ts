/**
 * Folders, collections and tasks for callers who hold grants for some: what lies outside is not found, as if it were
 * another workspace's. A grant on a folder is for it and all below it; one on a collection for the collection and the
 * assets in it. Whose scopes cover everything comes past here with one look at a set.
 */
import { AssetwireError } from '../core/errors.ts';
import { folderName, liesIn, normalFolderPath, parentFolder, pathIn } from '../core/folder-path.ts';
import type { AssetCases, AssetView, Caller } from './app.ts';
import { filteredPage } from './filtered-page.ts';
import type { CollectionCases, FolderCases, FolderView, TaskCases } from './folder-cases.ts';
import { covers, type Placed, placeOf, refused } from './granted-assets.ts';
import { listPage } from './list-page.ts';
import type { GrantScope } from './people.ts';
import { type Expected, isVersionConflict } from './preconditions.ts';
import { notFound } from './refusals.ts';

/** How often a change is tried again of a folder that somebody else moved meanwhile. */
const triesMax = 3;

export function grantedFolders(cases: FolderCases): FolderCases {
  const covered = (caller: Caller, scope: GrantScope, path: string): boolean =>
    covers(caller, scope, folderPlace(path));
  const seen = async (caller: Caller, reference: string): Promise<FolderView> => {
    const folder = await cases.get(caller, reference);
    if (!covered(caller, 'assets:read', folder.path)) throw notFound('the folder');
    return folder;
  };
  /** The path that a folder is to have, or that things go to. */
  const placeGiven = async (caller: Caller, given: string): Promise<string> =>
    given.startsWith('/') ? normalFolderPath(given) : (await cases.get(caller, given)).path;

  const change = async <Answer>(
    { caller, reference, expected }: { caller: Caller; reference: string; expected: Expected | undefined },
    place: (folder: FolderView) => Promise<string>,
    run: (expected: Expected | undefined) => Promise<Answer>,
  ): Promise<Answer> => {
    if (caller.scopes.has('assets:write')) return run(expected);
    for (let tries = 1; ; tries += 1) {
      const folder = await cases.get(caller, reference);
      if (!covered(caller, 'assets:write', folder.path)) {
        throw covered(caller, 'assets:read', folder.path) ? refused() : notFound('the folder');
      }
      if (!covered(caller, 'assets:write', await place(folder))) throw refused();
      try {
        return await run(expected ?? folder.version);
      } catch (error) {
        if (expected !== undefined || tries >= triesMax || !isVersionConflict(error)) throw error;
      }
    }
  };

  return {
    async create(caller, input, idempotency) {
      if (!covered(caller, 'assets:write', normalFolderPath(input.path))) throw refused();
      return cases.create(caller, input, idempotency);
    },

    async list(caller, query) {
      if (caller.scopes.has('assets:read')) return cases.list(caller, query);
      const { path } = await cases.get(caller, query.in ?? 'root');
      if (covered(caller, 'assets:read', path)) return cases.list(caller, query);
      // Above what is granted: only the way to it is shown, which is what is granted itself.
      const tops = topFolders(caller).filter((top) => liesIn(top, path));
      if (tops.length === 0 && path !== '/') throw notFound('the folder');
      const found = await Promise.all(tops.map((top) => presentOrNull(cases, caller, top)));
      return listPage(
        found.flatMap((folder) => (folder === null ? [] : [folder])),
        (folder) => folder.path,
        query,
      );
    },

    async get(caller, reference) {
      return caller.scopes.has('assets:read') ? cases.get(caller, reference) : seen(caller, reference);
    },

    update: (caller, reference, patch) =>
      change(
        { caller, reference, expected: patch.expected },
        async (folder) => {
          const parent =
            patch.parent === undefined ? (parentFolder(folder.path) ?? '/') : await placeGiven(caller, patch.parent);
          return normalFolderPath(pathIn(parent, patch.name ?? folderName(folder.path)));
        },
        (expected) => cases.update(caller, reference, { ...patch, ...(expected === undefined ? {} : { expected }) }),
      ),

    remove: (caller, reference, removal) =>
      change(
        { caller, reference, expected: removal.expected },
        async (folder) => (removal.to === undefined ? folder.path : placeGiven(caller, removal.to)),
        (expected) => cases.remove(caller, reference, { ...removal, ...(expected === undefined ? {} : { expected }) }),
      ),
  };
}

function folderPlace(path: string): Placed {
  return { id: null, path, collections: [] };
}

/** Folders that the caller may look into, without those that lie in another of them; by path. */
function topFolders({ grants = [] }: Caller): readonly string[] {
  const paths = grants.flatMap(({ resource, scopes }) =>
    resource.type === 'folder' && scopes.includes('assets:read') ? [resource.path] : [],
  );
  const unique = [...new Set(paths)];
  return unique.filter((path) => !unique.some((other) => other !== path && liesIn(path, other))).sort();
}

async function presentOrNull(cases: FolderCases, caller: Caller, path: string): Promise<FolderView | null> {
  try {
    const { counts: _, ...folder } = await cases.get(caller, `path:${path}`);
    return folder;
  } catch (error) {
    if (error instanceof AssetwireError && error.code === 'not_found') return null;
    throw error;
  }
}

export function grantedCollections(cases: CollectionCases, assets: Pick<AssetCases, 'get'>): CollectionCases {
  const covered = (caller: Caller, scope: GrantScope, key: string): boolean =>
    caller.scopes.has(scope) || holdsCollection(caller, scope, key);
  const demand = async (caller: Caller, scope: GrantScope, reference: string): Promise<void> => {
    if (caller.scopes.has(scope)) return;
    const { key } = await cases.get(caller, reference);
    if (covered(caller, scope, key)) return;
    throw covered(caller, 'assets:read', key) ? refused() : notFound('the collection');
  };
  return {
    create: cases.create,
    remove: cases.remove,

    async list(caller, query) {
      if (caller.scopes.has('assets:read')) return cases.list(caller, query);
      const { limit, cursor, ...filter } = query;
      return filteredPage(
        (page) => cases.list(caller, { ...filter, ...page }),
        { limit, ...(cursor === undefined ? {} : { cursor }) },
        ({ key }) => covered(caller, 'assets:read', key),
      );
    },

    async get(caller, reference) {
      await demand(caller, 'assets:read', reference);
      return cases.get(caller, reference);
    },

    async update(caller, reference, patch) {
      await demand(caller, 'assets:write', reference);
      return cases.update(caller, reference, patch);
    },

    async assets(caller, reference, query) {
      await demand(caller, 'assets:read', reference);
      return cases.assets(caller, reference, query);
    },

    /** Only what the caller may write anyway is put in: otherwise putting something in would give the right to it. */
    async change(caller, reference, members) {
      await demand(caller, 'assets:write', reference);
      if (caller.scopes.has('assets:write')) return cases.change(caller, reference, members);
      for (const asset of members.add ?? []) await demandWritable(assets, caller, asset);
      return cases.change(caller, reference, members);
    },
  };
}

async function demandWritable(assets: Pick<AssetCases, 'get'>, caller: Caller, reference: string): Promise<void> {
  // What may not be seen is not found, by the assets' own gate.
  const asset: AssetView = await assets.get(caller, reference);
  if (!covers(caller, 'assets:write', placeOf(asset))) throw refused();
}

function holdsCollection({ grants = [] }: Caller, scope: GrantScope, key: string): boolean {
  return grants.some(
    ({ resource, scopes }) => resource.type === 'collection' && resource.id === key && scopes.includes(scope),
  );
}

/** Tasks that are about folders the caller may look into. */
export function grantedTasks(cases: TaskCases): TaskCases {
  const covered = (caller: Caller, from: string | undefined): boolean =>
    caller.scopes.has('assets:read') || (from !== undefined && covers(caller, 'assets:read', folderPlace(from)));
  return {
    async list(caller, query) {
      if (caller.scopes.has('assets:read')) return cases.list(caller, query);
      const { limit, cursor, ...filter } = query;
      return filteredPage(
        (page) => cases.list(caller, { ...filter, ...page }),
        { limit, ...(cursor === undefined ? {} : { cursor }) },
        ({ from }) => covered(caller, from),
      );
    },
    async get(caller, id) {
      const task = await cases.get(caller, id);
      if (!covered(caller, task.from)) throw notFound('the task');
      return task;
    },
  };
}
