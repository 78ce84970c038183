/**
 * Ids of a former DAM that stand in for ours: unique in a workspace and dialect. Each has a row (`asset_alias`) written in
 * the commit of its asset, and the store's unique alias decides between two who want the same one at the same time.
 */
import { AssetwireError } from '../core/errors.ts';
import type { CommitItem } from '../storage/contract/commit-item.ts';
import type { Storage } from '../storage/storage.ts';
import { aliasKey } from './asset-upkeep.ts';

const aliasPrefix = 'alias:';

/** Dialect and id in a reference `alias:DIALECT:ID`, null where the reference is another one. */
export function aliasIn(reference: string): { readonly dialect: string; readonly alias: string } | null {
  if (!reference.startsWith(aliasPrefix)) return null;
  const colon = reference.indexOf(':', aliasPrefix.length);
  if (colon < 0) return null;
  return { dialect: reference.slice(aliasPrefix.length, colon), alias: reference.slice(colon + 1) };
}

/** With some given, changed or (null) taken away. By entries, so that a dialect of any name is one and nothing else. */
export function withAliases(
  aliases: { readonly [dialect: string]: string },
  patch: { readonly [dialect: string]: string | null },
): { readonly [dialect: string]: string } {
  const all = new Map<string, string | null>([...Object.entries(aliases), ...Object.entries(patch)]);
  return Object.fromEntries([...all].filter((entry): entry is [string, string] => entry[1] !== null));
}

type Finder = { readonly storage: Pick<Storage, 'findByAlias'> };

/** Our id of the asset that has this id in that dialect, null where none has. */
export async function findAlias(
  { storage }: Finder,
  workspaceId: string,
  { dialect, alias }: { readonly dialect: string; readonly alias: string },
): Promise<string | null> {
  const found = await storage.findByAlias('asset_alias', aliasKey(dialect, alias), workspaceId);
  return holderOf(found.find((row) => row.workspaceId === workspaceId));
}

/** Throws `alias_taken` where another asset has one of these. For what is dear to find out at its end only. */
export async function refuseTakenAliases(
  deps: Finder,
  workspaceId: string,
  aliases: { readonly [dialect: string]: string } | undefined,
): Promise<void> {
  for (const [dialect, alias] of Object.entries(aliases ?? {})) {
    const holder = await findAlias(deps, workspaceId, { dialect, alias });
    if (holder !== null) throw aliasTaken({ dialect, alias }, holder);
  }
}

/** Which of the aliases that an item would have written belongs to another asset; null where that was not the reason. */
export async function takenAlias(deps: Finder, { workspaceId, resources }: CommitItem): Promise<AssetwireError | null> {
  for (const { type, id, alias: key } of resources ?? []) {
    if (type !== 'asset_alias' || key === undefined) continue;
    const colon = key.indexOf(':');
    const wanted = { dialect: key.slice(0, colon), alias: key.slice(colon + 1) };
    const holder = await findAlias(deps, workspaceId, wanted);
    if (holder !== null && !id.startsWith(`${holder}:`)) return aliasTaken(wanted, holder);
  }
  return null;
}

function aliasTaken(
  { dialect, alias }: { readonly dialect: string; readonly alias: string },
  holder: string,
): AssetwireError {
  return new AssetwireError('alias_taken', {
    detail: `Give the asset an alias that no other has: ${dialect} ${JSON.stringify(alias.slice(0, 100))} belongs to ${holder}`,
    mend: `Take it away there first: PATCH /v1/assets/${holder} with {"aliases":{${JSON.stringify(dialect)}:null}}`,
  });
}

/** Rows of this type are written with their asset only, in this shape. */
function holderOf(row: { readonly state: { readonly assetId?: unknown } } | undefined): string | null {
  return typeof row?.state.assetId === 'string' ? row.state.assetId : null;
}
