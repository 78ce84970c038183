/** What has come to rest in a watched folder, as what is to be done on the server. Pure. */
import type { SeenFile, Settled } from './pending-paths.ts';
import type { KnownFile } from './watch-state.ts';

export type WatchChange =
  | {
      readonly kind: 'move';
      readonly from: string;
      readonly path: string;
      readonly file: SeenFile;
      readonly known: KnownFile;
    }
  | { readonly kind: 'look'; readonly path: string; readonly file: SeenFile; readonly known: KnownFile | null }
  | { readonly kind: 'delete'; readonly path: string; readonly known: KnownFile };

/**
 * Moves first: the same inode with the same size and time under another name. Then files whose content has to be looked
 * at; then what is gone for good. A file with the content of one that is gone is found to have moved when it is looked at.
 */
export function planChanges({ ready, gone }: Settled, known: ReadonlyMap<string, KnownFile>): readonly WatchChange[] {
  const missing = new Map(
    gone.flatMap((path) => {
      const file = known.get(path);
      return file === undefined ? [] : [[path, file] as const];
    }),
  );
  const moves: WatchChange[] = [];
  const looks: WatchChange[] = [];
  for (const [path, file] of ready) {
    const here = known.get(path) ?? null;
    if (here !== null) {
      if (here.bytes !== file.bytes || here.mtimeMs !== file.mtimeMs)
        looks.push({ kind: 'look', path, file, known: here });
      continue;
    }
    const from = [...missing].find(([, one]) => isMoved(one, file));
    if (from === undefined) looks.push({ kind: 'look', path, file, known: null });
    else {
      missing.delete(from[0]);
      moves.push({ kind: 'move', from: from[0], path, file, known: from[1] });
    }
  }
  const deletes = [...missing].map(([path, file]): WatchChange => ({ kind: 'delete', path, known: file }));
  return [...moves, ...looks, ...deletes];
}

function isMoved(known: KnownFile, { bytes, mtimeMs, inode }: SeenFile): boolean {
  return known.inode === inode && known.bytes === bytes && known.mtimeMs === mtimeMs;
}

/**
 * Paths of known files that turn up elsewhere under the same inode, to be looked at now: the new path may come to rest
 * before the old one counts as gone.
 */
export function perhapsMoved(
  { ready }: Pick<Settled, 'ready'>,
  known: ReadonlyMap<string, KnownFile>,
): readonly string[] {
  const inodes = new Set(ready.flatMap(([path, { inode }]) => (known.has(path) ? [] : [inode])));
  if (inodes.size === 0) return [];
  return [...known].flatMap(([path, { inode }]) => (inodes.has(inode) ? [path] : []));
}
