/** What a store needs to say what it holds: which table is of which kind, and parts added up. */
import { type SpaceKind, spaceKinds, type SpaceRow } from '../core/space.ts';

/** Resources that are an asset or belong to one; the others are settings, webhooks, keys, the audit. */
export const assetTypes: readonly string[] = ['asset', 'trashed_asset', 'blob_use'];

/** Parts of one kind added up, in the order of `spaceKinds`; empty ones left out. */
export function addedUp(parts: readonly SpaceRow[]): readonly SpaceRow[] {
  return spaceKinds.flatMap((kind) => {
    const own = parts.filter((part) => part.kind === kind);
    const bytes = own.reduce((sum, part) => sum + part.bytes, 0);
    const rows = own.reduce((sum, part) => sum + part.rows, 0);
    const since = own.flatMap(({ sinceMs }) => (sinceMs === null ? [] : [sinceMs]));
    if (bytes === 0 && rows === 0) return [];
    return [{ kind, rows, bytes, sinceMs: since.length === 0 ? null : Math.min(...since) }];
  });
}

/** Which kind a table belongs to, by its name; resources are told apart by their types. */
export function kindOfTable(name: string): SpaceKind {
  if (/^(?:kept_changes|kept_for|changes)/.test(name)) return 'changes';
  if (/^(?:log|queue|bodies)/.test(name)) return 'deliveries';
  if (name.startsWith('attempts')) return 'attempts';
  if (/^(?:search_|asset_touches)/.test(name)) return 'search';
  return /^(?:resources|revisions|blob_usage)/.test(name) ? 'assets' : 'other';
}
