/** Which assets have certain bytes: whoever is about to upload asks this instead of sending what is there already. */
import type { AssetCases } from './app.ts';
import type { FoundContent } from './asset-cases.ts';
import { assetState } from './asset-views.ts';
import type { AppDeps } from './dependencies.ts';

/** Copies of one content that are told. */
const copiesMax = 10;
const askedAtOnce = 20;
const readAtOnce = 50;

/** By the rows that say which asset names which bytes, which are found by their beginning. */
export function createLookup({ storage }: Pick<AppDeps, 'storage'>): AssetCases['lookup'] {
  return async ({ workspaceId }, { sha256 }) => {
    const wanted = [...new Set(sha256)];
    const uses: { readonly sha256: string; readonly id: string }[] = [];
    for (let from = 0; from < wanted.length; from += askedAtOnce) {
      const pages = await Promise.all(
        wanted
          .slice(from, from + askedAtOnce)
          .map((hash) =>
            storage.read.resources({ workspaceId, type: 'blob_use', idPrefix: `${hash}:`, limit: copiesMax }),
          ),
      );
      for (const { items } of pages) {
        for (const { id } of items) uses.push({ sha256: id.slice(0, 64), id: id.slice(65) });
      }
    }
    const by = new Map<string, FoundContent['assets'][number][]>();
    for (let from = 0; from < uses.length; from += readAtOnce) {
      const some = uses.slice(from, from + readAtOnce);
      const rows = await storage.resources(some.map(({ id }) => ({ workspaceId, type: 'asset', id })));
      for (const [at, row] of rows.entries()) {
        const use = some[at];
        if (row === null || use === undefined) continue;
        const { file, name, path } = assetState(row);
        // Earlier versions and renditions are bytes of the asset too, but not what it is.
        if (file?.sha256 !== use.sha256) continue;
        const external = row.alias === undefined ? {} : { externalId: row.alias };
        by.set(use.sha256, [...(by.get(use.sha256) ?? []), { id: row.id, ...external, name, path }]);
      }
    }
    return wanted.flatMap((hash) => {
      const assets = by.get(hash);
      return assets === undefined ? [] : [{ sha256: hash, assets }];
    });
  };
}
