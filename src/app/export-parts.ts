/**
 * Where the parts of exports lie, and which exports have one. Parts lie apart from the files of assets: equal content there is
 * nothing to us.
 */
import { limits } from '../core/limits.ts';
import type { Storage } from '../storage/storage.ts';
import { storedExport } from './export-state.ts';

/** No workspace has an id that ends so. */
const placeEnd = '/exports';

export function exportPlace(workspaceId: string): string {
  return `${workspaceId}${placeEnd}`;
}

/** The workspace whose exports lie in a place; null where it is none of exports. */
export function exportsAt(place: string): string | null {
  return place.endsWith(placeEnd) ? place.slice(0, -placeEnd.length) : null;
}

/** Whether any export, or any but one, has this part: equal rows make equal bytes. */
export async function isPartUsed(
  { read }: Pick<Storage, 'read'>,
  workspaceId: string,
  { blob, but }: { readonly blob: string; readonly but?: string },
): Promise<boolean> {
  const all = await read.resources({ workspaceId, type: 'export', limit: limits.pageItemsMax });
  return all.items.some(
    ({ id, state }) => id !== but && storedExport({ state }).parts.some((part) => part.blob === blob),
  );
}
