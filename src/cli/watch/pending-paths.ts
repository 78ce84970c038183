/**
 * Which paths are to be looked at, and when: a file counts once its size and time have not changed for a while, so that one
 * that is still being written waits; one that is gone counts as deleted only after as long, so that it is seen to have
 * moved where it turns up elsewhere. Pure but for what it is told.
 */
export type SeenFile = { readonly bytes: number; readonly mtimeMs: number; readonly inode: number };

export type Settled = {
  /** Files that have come to rest. */
  readonly ready: readonly (readonly [path: string, file: SeenFile])[];
  /** Paths at which nothing is any more. */
  readonly gone: readonly string[];
};

export interface PendingPaths {
  /** Something happened at this path. */
  touch(path: string): void;
  /** Looks at everything pending; answers what has come to rest, which is then no longer pending. */
  settle(nowMs: number, look: (path: string) => Promise<SeenFile | null>): Promise<Settled>;
  readonly size: number;
}

type Pending = { seen: SeenFile | null | undefined; sinceMs: number };

export function createPendingPaths(settleMs: number): PendingPaths {
  const pending = new Map<string, Pending>();
  return {
    touch(path) {
      const there = pending.get(path);
      if (there === undefined) pending.set(path, { seen: undefined, sinceMs: 0 });
    },
    async settle(nowMs, look) {
      const ready: (readonly [string, SeenFile])[] = [];
      const gone: string[] = [];
      for (const [path, entry] of pending) {
        const seen = await look(path);
        if (entry.seen === undefined || !isSame(entry.seen, seen)) {
          entry.seen = seen;
          entry.sinceMs = nowMs;
          // A file whose last change is long ago need not be waited for: it was here before we were.
          if (seen === null || nowMs - seen.mtimeMs < settleMs) continue;
        } else if (nowMs - entry.sinceMs < settleMs) continue;
        pending.delete(path);
        if (seen === null) gone.push(path);
        else ready.push([path, seen]);
      }
      return { ready, gone };
    },
    get size() {
      return pending.size;
    },
  };
}

function isSame(left: SeenFile | null, right: SeenFile | null): boolean {
  if (left === null || right === null) return left === right;
  return left.bytes === right.bytes && left.mtimeMs === right.mtimeMs && left.inode === right.inode;
}
