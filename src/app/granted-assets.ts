/**
 * Assets for callers who may not do something with all of them but hold grants for some: each asset is looked at before it
 * is shown or changed. What lies outside is not found, as if it were another workspace's. Callers whose scopes cover
 * everything come past here with one look at a set. Only routes that say `grantable` let such callers in, so a use case
 * that is not wrapped here is never reached by them.
 */
import { AssetwireError } from '../core/errors.ts';
import { liesIn, normalFolderPath } from '../core/folder-path.ts';
import type { AssetCases, AssetView, Caller } from './app.ts';
import { filteredPage } from './filtered-page.ts';
import type { GrantScope } from './people.ts';
import { notFound } from './refusals.ts';

type Placed = { readonly id: string | null; readonly path: string; readonly collections: readonly string[] };

/** How often a change is tried again whose asset somebody else moved meanwhile. */
const triesMax = 3;

export function grantedAssets(cases: AssetCases): AssetCases {
  const readable = async (caller: Caller, reference: string): Promise<AssetView> => {
    const asset = await cases.get(caller, reference);
    if (!covers(caller, 'assets:read', placeOf(asset))) throw notFound('the asset');
    return asset;
  };
  const writable = async (caller: Caller, reference: string): Promise<AssetView> => {
    const asset = await cases.get(caller, reference);
    if (covers(caller, 'assets:write', placeOf(asset))) return asset;
    // Who sees it is told why it stays as it is; who does not, learns nothing.
    if (covers(caller, 'assets:read', placeOf(asset))) throw refused();
    throw notFound('the asset');
  };
  const assertTarget = (caller: Caller, place: Placed): void => {
    if (!covers(caller, 'assets:write', place)) throw refused();
  };

  return {
    ...cases,

    async upload(caller, input, file, idempotency) {
      if (!holdsAll(caller, 'assets:write')) assertTarget(caller, newPlace(input));
      return cases.upload(caller, input, file, idempotency);
    },

    async patch(caller, reference, patch, expectedVersion, idempotency) {
      if (holdsAll(caller, 'assets:write')) return cases.patch(caller, reference, patch, expectedVersion, idempotency);
      for (let tries = 1; ; tries += 1) {
        const asset = await writable(caller, reference);
        const now = placeOf(asset);
        assertTarget(caller, {
          id: now.id,
          path: patch.path === undefined ? now.path : normalFolderPath(patch.path),
          // Putting something into a collection that one may write would give oneself the right to it.
          collections: now.collections,
        });
        try {
          return await cases.patch(caller, reference, patch, expectedVersion ?? asset.version, idempotency);
        } catch (error) {
          // Moved since it was looked at: look again.
          if (expectedVersion !== undefined || tries >= triesMax || !isVersionConflict(error)) throw error;
        }
      }
    },

    async get(caller, reference) {
      return holdsAll(caller, 'assets:read') ? cases.get(caller, reference) : readable(caller, reference);
    },

    async list(caller, query) {
      if (holdsAll(caller, 'assets:read')) return cases.list(caller, query);
      const { limit, cursor, ...filters } = query;
      const read = (page: { readonly limit: number; readonly cursor?: string }) =>
        cases.list(caller, { ...filters, ...page });
      return filteredPage(read, { limit, ...(cursor === undefined ? {} : { cursor }) }, (asset) =>
        covers(caller, 'assets:read', placeOf(asset)),
      );
    },

    async content(caller, reference, range) {
      if (!holdsAll(caller, 'assets:read')) await readable(caller, reference);
      return cases.content(caller, reference, range);
    },

    async rendition(caller, reference, title, range) {
      if (!holdsAll(caller, 'assets:read')) await readable(caller, reference);
      return cases.rendition(caller, reference, title, range);
    },
  };
}

/** Whether a caller may come in at all: with the scope, or with it on something. */
export function holdsSome(caller: Caller, scope: string): boolean {
  return caller.grants?.some(({ scopes }) => scopes.some((one) => one === scope)) === true;
}

function holdsAll(caller: Caller, scope: GrantScope): boolean {
  return caller.scopes.has(scope);
}

function covers(caller: Caller, scope: GrantScope, { id, path, collections }: Placed): boolean {
  if (caller.scopes.has(scope)) return true;
  for (const { resource, scopes } of caller.grants ?? []) {
    if (!scopes.includes(scope)) continue;
    if (resource.type === 'folder' && liesIn(path, resource.path)) return true;
    if (resource.type === 'collection' && collections.includes(resource.id)) return true;
    if (resource.type === 'asset' && resource.id === id) return true;
  }
  return false;
}

function placeOf({ id, state }: AssetView): Placed {
  return { id, path: state.path, collections: state.collections };
}

function newPlace(input: { readonly path?: string }): Placed {
  return { id: null, path: normalFolderPath(input.path ?? '/'), collections: [] };
}

function isVersionConflict(error: unknown): boolean {
  return error instanceof AssetwireError && (error.code === 'conflict' || error.code === 'precondition_failed');
}

function refused(): AssetwireError {
  return new AssetwireError('forbidden', {
    detail: 'Write where a grant lets you: none covers this place',
    mend: 'GET /v1/sessions/current lists what you hold; a grant is given by POST /v1/grants',
  });
}
