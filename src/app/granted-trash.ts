/**
 * The trash for callers who hold grants for part of the assets: who may see or write where an asset lay, sees it there or
 * brings it back; for good nobody deletes without the scope. Callers whose scopes cover everything come past here.
 */
import { AssetwireError } from '../core/errors.ts';
import { normalFolderPath } from '../core/folder-path.ts';
import type { Caller } from './app.ts';
import type { TrashCases, TrashedAsset } from './asset-life-cases.ts';
import { filteredPage } from './filtered-page.ts';
import { covers, placeOf, refused } from './granted-assets.ts';
import { notFound } from './refusals.ts';

export function grantedTrash(cases: TrashCases): TrashCases {
  const seen = async (caller: Caller, reference: string): Promise<TrashedAsset> => {
    const asset = await cases.get(caller, reference);
    if (!covers(caller, 'assets:read', placeOf(asset))) throw notFound('the asset in the trash');
    return asset;
  };
  return {
    ...cases,
    get: seen,
    async list(caller, query) {
      if (caller.scopes.has('assets:read')) return cases.list(caller, query);
      const { limit, cursor, ...filters } = query;
      const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
      return filteredPage(
        (step) => cases.list(caller, { ...filters, ...step }),
        page,
        (asset) => covers(caller, 'assets:read', placeOf(asset)),
      );
    },
    async restore(caller, reference, input) {
      if (caller.scopes.has('assets:write')) return cases.restore(caller, reference, input);
      const place = placeOf(await seen(caller, reference));
      const path = input.path === undefined ? place.path : normalFolderPath(input.path);
      if (!covers(caller, 'assets:write', place) || !covers(caller, 'assets:write', { ...place, path }))
        throw refused();
      return cases.restore(caller, reference, input);
    },
    async remove(caller, reference, options) {
      refuseForGood(caller);
      return cases.remove(caller, reference, options);
    },
    async empty(caller, options) {
      refuseForGood(caller);
      return cases.empty(caller, options);
    },
  };
}

function refuseForGood({ scopes }: Caller): void {
  if (scopes.has('assets:write')) return;
  throw new AssetwireError('forbidden', {
    detail:
      'Delete for good with the scope assets:write: a grant lets you put assets into the trash and bring them back',
  });
}
