import type { HttpConnection } from './connection.ts';

/** The idle connections of all pools, oldest first, linked through themselves so that every change is a few assignments. */
export type IdleRing = {
  add(connection: HttpConnection): void;
  /** Whether it was there. */
  remove(connection: HttpConnection): boolean;
  oldest(): HttpConnection | null;
};

export function createIdleRing(): IdleRing {
  let first: HttpConnection | null = null;
  let last: HttpConnection | null = null;
  const holds = (connection: HttpConnection): boolean => connection === first || connection.older !== null;
  return {
    add(connection) {
      connection.older = last;
      connection.newer = null;
      if (last === null) first = connection;
      else last.newer = connection;
      last = connection;
    },
    remove(connection) {
      if (!holds(connection)) return false;
      const { older, newer } = connection;
      if (older === null) first = newer;
      else older.newer = newer;
      if (newer === null) last = older;
      else newer.older = older;
      connection.older = null;
      connection.newer = null;
      return true;
    },
    oldest: () => first,
  };
}
