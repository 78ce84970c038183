/** Assets and their history in pages, read on reader threads. */
import { readSearch } from '../core/search-query.ts';
import type { AssetCases } from './app.ts';
import { folderPath } from './asset-state.ts';
import { assetIdOf, assetView } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { notFound } from './refusals.ts';

export type AssetListsDeps = Pick<AppDeps, 'storage'> & { readonly committer: Committer };

export function createAssetLists(deps: AssetListsDeps): Pick<AssetCases, 'list' | 'changes'> {
  const { storage } = deps;
  return {
    async list({ workspaceId }, { folder, q, where, ...query }) {
      const read = q === undefined ? where : readSearch(q);
      const both = read !== undefined && where !== undefined && q !== undefined;
      const wanted = both ? ({ op: 'all', of: [read, where] } as const) : read;
      const { items, ...page } = await storage.read.assets({
        ...query,
        workspaceId,
        ...(wanted === undefined ? {} : { where: wanted }),
        ...(folder === undefined ? {} : { folder: folderPath(folder, '/folder') }),
      });
      return { ...page, items: items.map(assetView) };
    },

    async changes({ workspaceId }, reference, query) {
      const id = await assetIdOf(deps, workspaceId, reference);
      if (id === null) throw notFound('the asset');
      const subject = `asset:${id}`;
      const [[row], page] = await Promise.all([
        storage.resources([{ workspaceId, type: 'asset', id }]),
        storage.read.changes({ ...query, workspaceId, subject }),
      ]);
      if (row !== null && row !== undefined) return page;
      // A page of its filter may be empty where its history is not.
      const history = page.items.length > 0 ? page : await storage.read.changes({ workspaceId, subject, limit: 1 });
      if (history.items.length === 0) throw notFound('the asset');
      return page;
    },
  };
}
