/**
 * Assets for callers who may not do something with all of them but hold grants for some: each asset is looked at before it
 * is shown or changed. What lies outside is not found, as if it were another workspace's. Callers whose scopes cover
 * everything come past here with one look at a set. Only routes that say `grantable` let such callers in, so a use case
 * that is not wrapped here is never reached by them.
 */
import { AssetwireError } from '../core/errors.ts';
import { liesIn, normalFolderPath } from '../core/folder-path.ts';
import { defaultLibrary } from '../core/library.ts';
import type { AssetScope } from '../core/search-expression.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AssetCases, AssetView, AssetWriteOptions, Caller } from './app.ts';
import type { GrantScope } from './people.ts';
import { type Expected, isVersionConflict } from './preconditions.ts';
import { notFound } from './refusals.ts';

/** Where an asset lies, or would; `id` null where there is none yet. */
export type Placed = {
  readonly id: string | null;
  readonly path: string;
  readonly collections: readonly string[];
  /** The key of its library; absent for what is no asset. */
  readonly library?: string;
};

/**
 * How long is waited before a change is tried again whose asset somebody else wrote meanwhile (that may be ourselves: what
 * inspection and renditions find). What is decided but not yet on disk is in nobody's sight, so the later tries wait for it.
 */
const triedAgainAfterMs = [0, 5, 20, 80, 320] as const;

export function grantedAssets(cases: AssetCases, clock: Pick<Clock, 'timer'>): AssetCases {
  const gate = createGate(cases, clock);
  return { ...cases, ...reading(cases, gate), ...writing(cases, gate) };
}

type Gate = {
  /** Throws where the caller may not write the asset as it lies now. */
  writable(caller: Caller, reference: string): Promise<AssetView>;
  /** Throws `not_found` where the caller may not see the asset. Costs nothing for whoever may see all. */
  seen(caller: Caller, reference: string): Promise<void>;
  /**
   * Runs a change with the version it was allowed at, so that an asset that somebody moves meanwhile is looked at again.
   * `place`: where the asset will be afterwards.
   */
  change<Answer>(
    change: Change,
    place: (now: Placed) => Placed,
    run: (expected: Expected | undefined) => Promise<Answer>,
  ): Promise<Answer>;
};

type Change = { readonly caller: Caller; readonly reference: string; readonly expected: Expected | undefined };

function createGate(cases: AssetCases, clock: Pick<Clock, 'timer'>): Gate {
  const writable = async (caller: Caller, reference: string): Promise<AssetView> => {
    const asset = await present(cases, caller, reference);
    refuseUnwritable(caller, asset);
    return asset;
  };
  return {
    writable,
    async seen(caller, reference) {
      if (caller.scopes.has('assets:read')) return;
      if (!covers(caller, 'assets:read', placeOf(await present(cases, caller, reference)))) throw notFound('the asset');
    },
    async change({ caller, reference, expected }, place, run) {
      if (caller.scopes.has('assets:write')) return run(expected);
      for (let tries = 0; ; tries += 1) {
        const asset = await writable(caller, reference);
        if (!covers(caller, 'assets:write', place(placeOf(asset)))) throw refused();
        try {
          return await run(expected ?? asset.version);
        } catch (error) {
          const afterMs = triedAgainAfterMs[tries];
          if (expected !== undefined || afterMs === undefined || !isVersionConflict(error)) throw error;
          if (afterMs > 0) await new Promise<void>((resolve) => clock.timer(afterMs, resolve));
        }
      }
    },
  };
}

function refuseUnwritable(caller: Caller, asset: Pick<AssetView, 'id' | 'state'>): void {
  const place = placeOf(asset);
  if (covers(caller, 'assets:write', place)) return;
  // Who sees it is told why it stays as it is; who does not, learns nothing.
  if (covers(caller, 'assets:read', place)) throw refused();
  throw notFound('the asset');
}

/** What was deleted is not told apart from what never was: where it lay, nobody can say any more. */
async function present(cases: AssetCases, caller: Caller, reference: string): Promise<AssetView> {
  try {
    return await cases.get(caller, reference);
  } catch (error) {
    if (error instanceof AssetwireError && error.code === 'gone') throw notFound('the asset');
    throw error;
  }
}

function reading(cases: AssetCases, { seen }: Gate): Partial<AssetCases> {
  return {
    async get(caller, reference) {
      await seen(caller, reference);
      return cases.get(caller, reference);
    },
    async list(caller, query) {
      if (caller.scopes.has('assets:read')) return cases.list(caller, query);
      const page = await cases.list(caller, { ...query, within: scopeOf(caller, 'assets:read') });
      // The store has looked; so do we.
      return { ...page, items: page.items.filter((asset) => covers(caller, 'assets:read', placeOf(asset))) };
    },
    async content(caller, reference, range) {
      await seen(caller, reference);
      return cases.content(caller, reference, range);
    },
    async versions(caller, reference, query) {
      await seen(caller, reference);
      return cases.versions(caller, reference, query);
    },
    async version(caller, version) {
      await seen(caller, version.reference);
      return cases.version(caller, version);
    },
    async versionContent(caller, version, range) {
      await seen(caller, version.reference);
      return cases.versionContent(caller, version, range);
    },
    async xmp(caller, reference, range) {
      await seen(caller, reference);
      return cases.xmp(caller, reference, range);
    },
    async versionXmp(caller, version, range) {
      await seen(caller, version.reference);
      return cases.versionXmp(caller, version, range);
    },
    async rendition(caller, rendition, range) {
      await seen(caller, rendition.reference);
      return cases.rendition(caller, rendition, range);
    },
  };
}

function writing(cases: AssetCases, { change, writable }: Gate): Partial<AssetCases> {
  const stays = (now: Placed): Placed => now;
  return {
    async upload(caller, upload) {
      if (!covers(caller, 'assets:write', newPlace(upload))) throw refused();
      return cases.upload(caller, upload);
    },
    patch: (caller, reference, patch) =>
      change(
        { caller, reference, expected: patch.expected },
        // Putting something into a collection that one may write would give oneself the right to it: only paths move it.
        (now) => ({
          ...now,
          path: patch.path === undefined ? now.path : normalFolderPath(patch.path),
          ...(patch.library === undefined ? {} : { library: patch.library ?? defaultLibrary }),
        }),
        (expected) => cases.patch(caller, reference, withExpected(patch, expected)),
      ),
    async remove(caller, reference, options = {}) {
      // Who may write a part of the assets may put them into the trash; past it or out of it there is no way back.
      if (options.permanently === true && !caller.scopes.has('assets:write')) throw forGood();
      return change({ caller, reference, expected: options.expected }, stays, (expected) =>
        cases.remove(caller, reference, withExpected(options, expected)),
      );
    },
    async addVersion(caller, reference, upload) {
      if (caller.scopes.has('assets:write')) return cases.addVersion(caller, reference, upload);
      // The file's stream can be read once, so this cannot be tried again: where the asset lies is asked within the write.
      await writable(caller, reference);
      const allowed = (asset: Pick<AssetView, 'id' | 'state'>): void => refuseUnwritable(caller, asset);
      return cases.addVersion(caller, reference, { ...upload, allowed });
    },
    async clip(caller, reference, order) {
      // Seen where the film lies, written where the clip will lie.
      const film = await present(cases, caller, reference);
      if (!covers(caller, 'assets:read', placeOf(film))) throw notFound('the asset');
      if (
        !covers(caller, 'assets:write', newPlace({ path: order.path ?? film.state.path, library: film.state.library }))
      )
        throw refused();
      return cases.clip(caller, reference, order);
    },
    inspect: (caller, reference, options = {}) =>
      change({ caller, reference, expected: options.expected }, stays, (expected) =>
        cases.inspect(caller, reference, withExpected(options, expected)),
      ),
    activateVersion: (caller, version, options = {}) =>
      change({ caller, reference: version.reference, expected: options.expected }, stays, (expected) =>
        cases.activateVersion(caller, version, withExpected(options, expected)),
      ),
    promoteVersion: (caller, version, options = {}) =>
      change({ caller, reference: version.reference, expected: options.expected }, stays, (expected) =>
        cases.promoteVersion(caller, version, withExpected(options, expected)),
      ),
    async copy(caller, reference, input) {
      if (caller.scopes.has('assets:write')) return cases.copy(caller, reference, input);
      // Seen where the original lies, written where the copy will lie.
      const original = await present(cases, caller, reference);
      if (!covers(caller, 'assets:read', placeOf(original))) throw notFound('the asset');
      if (
        !covers(
          caller,
          'assets:write',
          newPlace({ path: input.path ?? original.state.path, library: original.state.library }),
        )
      )
        throw refused();
      return cases.copy(caller, reference, input);
    },
    checkOut: (caller, reference, options = {}) =>
      change({ caller, reference, expected: options.expected }, stays, (expected) =>
        cases.checkOut(caller, reference, withExpected(options, expected)),
      ),
    async checkIn(caller, reference, input) {
      if (caller.scopes.has('assets:write')) return cases.checkIn(caller, reference, input);
      await writable(caller, reference);
      const allowed = (asset: Pick<AssetView, 'id' | 'state'>): void => refuseUnwritable(caller, asset);
      return cases.checkIn(caller, reference, { ...input, allowed });
    },
    undoCheckOut: (caller, reference, options = {}) =>
      change({ caller, reference, expected: options.expected }, stays, (expected) =>
        cases.undoCheckOut(caller, reference, withExpected(options, expected)),
      ),
    removeVersion: (caller, version, options = {}) =>
      change({ caller, reference: version.reference, expected: options.expected }, stays, (expected) =>
        cases.removeVersion(caller, version, withExpected(options, expected)),
      ),
  };
}

function withExpected<Options extends AssetWriteOptions>(options: Options, expected: Expected | undefined): Options {
  return { ...options, ...(expected === undefined ? {} : { expected }) };
}

/** Whether a caller may come in at all: with the scope, or with it on something. */
export function holdsSome(caller: Caller, scope: string): boolean {
  return caller.grants?.some(({ scopes }) => scopes.some((one) => one === scope)) === true;
}

/** Whether the caller may change what lies there: by scope, or by a grant. */
export function mayWriteAt(caller: Caller, place: Placed): boolean {
  return covers(caller, 'assets:write', place);
}

/** Whether the caller may do this with what lies there. */
export function covers(caller: Caller, scope: GrantScope, { id, path, collections, library }: Placed): boolean {
  if (caller.scopes.has(scope)) return true;
  for (const { resource, scopes } of caller.grants ?? []) {
    if (!scopes.includes(scope)) continue;
    if (resource.type === 'folder' && liesIn(path, resource.path)) return true;
    if (resource.type === 'collection' && collections.includes(resource.id)) return true;
    if (resource.type === 'library' && resource.id === library) return true;
    if (resource.type === 'asset' && resource.id === id) return true;
  }
  return false;
}

/** What the caller's grants cover, as a list is told it. */
function scopeOf({ grants = [] }: Caller, scope: GrantScope): AssetScope {
  const held = grants.filter(({ scopes }) => scopes.includes(scope)).map(({ resource }) => resource);
  return {
    folders: held.flatMap((resource) => (resource.type === 'folder' ? [resource.path] : [])),
    collections: held.flatMap((resource) => (resource.type === 'collection' ? [resource.id] : [])),
    assets: held.flatMap((resource) => (resource.type === 'asset' ? [resource.id] : [])),
    libraries: held.flatMap((resource) => (resource.type === 'library' ? [resource.id] : [])),
  };
}

export function placeOf({ id, state }: Pick<AssetView, 'id' | 'state'>): Placed {
  return { id, path: state.path, collections: state.collections, library: state.library ?? defaultLibrary };
}

function newPlace(input: { readonly path?: string; readonly library?: string | undefined }): Placed {
  const library = input.library ?? defaultLibrary;
  return { id: null, path: normalFolderPath(input.path ?? '/'), collections: [], library };
}

function forGood(): AssetwireError {
  return new AssetwireError('forbidden', {
    detail: 'Delete for good with the scope assets:write: a grant lets you put assets into the trash',
    mend: 'Leave permanently out',
  });
}

export function refused(): AssetwireError {
  return new AssetwireError('forbidden', {
    detail: 'Write where a grant lets you: none covers this place',
    mend: 'GET /v1/sessions/current lists what you hold; a grant is given by POST /v1/grants',
  });
}
