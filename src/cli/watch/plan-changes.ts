/** What has come to rest in a watched folder, as what is to be done on the server. Pure. */
import type { SeenFile, Settled } from './pending-paths.ts';
import type { KnownFile, KnownFiles } from './known-files.ts';

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
export function planChanges({ ready, gone }: Settled, known: Pick<KnownFiles, 'get'>): readonly WatchChange[] {
  const missing = new Map(
    gone.flatMap((path) => {
      const file = known.get(path);
      return file === undefined ? [] : [[path, file] as const];
    }),
  );
  const left = new Map<string, string[]>();
  // The last of several is taken first: turned round, they are taken in their order.
  for (const [path, file] of [...missing].toReversed()) {
    const same = left.get(markOf(file));
    if (same === undefined) left.set(markOf(file), [path]);
    else same.push(path);
  }
  const moves: WatchChange[] = [];
  const looks: WatchChange[] = [];
  for (const [path, file] of ready) {
    const here = known.get(path) ?? null;
    if (here !== null) {
      if (here.bytes !== file.bytes || here.mtimeMs !== file.mtimeMs)
        looks.push({ kind: 'look', path, file, known: here });
      continue;
    }
    const from = left.get(markOf(file))?.pop();
    const was = from === undefined ? undefined : missing.get(from);
    if (from === undefined || was === undefined) looks.push({ kind: 'look', path, file, known: null });
    else {
      missing.delete(from);
      moves.push({ kind: 'move', from, path, file, known: was });
    }
  }
  const deletes = [...missing].map(([path, file]): WatchChange => ({ kind: 'delete', path, known: file }));
  return [...moves, ...looks, ...deletes];
}

/** What a file keeps that is moved. */
function markOf({ inode, bytes, mtimeMs }: SeenFile): string {
  return `${inode} ${bytes} ${mtimeMs}`;
}

/**
 * Paths of known files that turn up elsewhere under the same inode, to be looked at now: the new path may come to rest
 * before the old one counts as gone.
 */
export function perhapsMoved(
  { ready }: Pick<Settled, 'ready'>,
  known: Pick<KnownFiles, 'get' | 'withInode'>,
): readonly string[] {
  const inodes = new Set(ready.flatMap(([path, { inode }]) => (known.get(path) === undefined ? [inode] : [])));
  return [...inodes].flatMap((inode) => [...known.withInode(inode)]);
}

/** Known files that lie in a folder that went, at any depth. */
export function lostWith(folders: ReadonlySet<string>, known: Pick<KnownFiles, 'keys'>): readonly string[] {
  if (folders.size === 0) return [];
  return [...known.keys()].filter((path) => {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      if (folders.has(path.slice(0, at))) return true;
    return false;
  });
}
