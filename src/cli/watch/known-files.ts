/**
 * The files that a watch knows, by path, and found by what a moved file keeps: its inode, its content. A folder of very
 * many files costs as many steps as it has files, however often one is asked for.
 */
export type KnownFile = {
  readonly assetId: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly inode: number;
  readonly sha256: string;
};

/** A file that lies on the server as it lies here, by its path below the folder, with slashes. */
export interface KnownFiles extends Iterable<readonly [path: string, file: KnownFile]> {
  readonly size: number;
  get(path: string): KnownFile | undefined;
  set(path: string, file: KnownFile): void;
  delete(path: string): void;
  keys(): IterableIterator<string>;
  /** Paths of this very content. */
  withContent(sha256: string): Iterable<string>;
  /** Several where files are hard links of each other. */
  withInode(inode: number): Iterable<string>;
}

export function createKnownFiles(known: Iterable<readonly [path: string, file: KnownFile]> = []): KnownFiles {
  const files = new Map<string, KnownFile>();
  const byContent = createIndex<string>();
  const byInode = createIndex<number>();
  const remove = (path: string): void => {
    const file = files.get(path);
    if (file === undefined) return;
    files.delete(path);
    byContent.remove(file.sha256, path);
    byInode.remove(file.inode, path);
  };
  const set = (path: string, file: KnownFile): void => {
    remove(path);
    files.set(path, file);
    byContent.add(file.sha256, path);
    byInode.add(file.inode, path);
  };
  for (const [path, file] of known) set(path, file);
  return {
    get size() {
      return files.size;
    },
    get: (path) => files.get(path),
    set,
    delete: remove,
    keys: () => files.keys(),
    withContent: byContent.of,
    withInode: byInode.of,
    [Symbol.iterator]: () => files.entries(),
  };
}

type Index<Key> = {
  add(key: Key, path: string): void;
  remove(key: Key, path: string): void;
  of(key: Key): Iterable<string>;
};

function createIndex<Key>(): Index<Key> {
  const paths = new Map<Key, Set<string>>();
  return {
    add(key, path) {
      const there = paths.get(key);
      if (there === undefined) paths.set(key, new Set([path]));
      else there.add(path);
    },
    remove(key, path) {
      const there = paths.get(key);
      there?.delete(path);
      if (there?.size === 0) paths.delete(key);
    },
    of: (key) => paths.get(key) ?? [],
  };
}
