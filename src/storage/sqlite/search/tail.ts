/**
 * What was written to assets behind the place of the index, by workspace. Each change is read from the feed once, however
 * many searches ask: an index that has a hundred thousand writes of others before it still tells at once whether it lacks
 * any of one workspace.
 */
import { type FeedPage, type FeedPlace, hasReached } from './feed-page.ts';

export type Tail = {
  /**
   * Assets of a workspace, by the store's number of it, that were written behind `after` and up to `head`, each once; some
   * that were written a little before may be among them. Null where that is not known yet, or no more: so much was written
   * that looking through it takes longer than waiting. The next call goes on where this one came to.
   */
  writtenIn(workspace: number, after: FeedPlace, head: FeedPlace): readonly string[] | null;
};

/** Read in one call: some 12,000 changes, which takes a hundredth of a second. */
const pagesPerCall = 3;
/** Twice as many at the most, between two looks at what may be forgotten: some 15 MB. */
const idsKept = 50_000;
/** Below that nothing is looked at. */
const idsUnsorted = 2_000;

export function createTail(read: (after: FeedPlace) => FeedPage, kept = idsKept): Tail {
  /** When each was last written, at the latest. */
  const byWorkspace = new Map<number, Map<string, FeedPlace>>();
  let size = 0;
  let sortAt = idsUnsorted;
  /** Known is what was written behind `from` and up to `to`. */
  let from: FeedPlace | null = null;
  let to: FeedPlace = { seq: -1, touch: 0 };

  const begin = (place: FeedPlace): void => {
    byWorkspace.clear();
    size = 0;
    from = place;
    to = place;
  };
  const add = (workspace: number, id: string, place: FeedPlace): void => {
    const ids = byWorkspace.get(workspace) ?? new Map<string, FeedPlace>();
    byWorkspace.set(workspace, ids);
    if (!ids.has(id)) size += 1;
    ids.set(id, place);
  };
  const forget = (workspace: number, after: FeedPlace): void => {
    const ids = byWorkspace.get(workspace);
    if (ids === undefined) return;
    for (const [id, place] of ids) if (hasReached(after, place) && ids.delete(id)) size -= 1;
    if (ids.size === 0) byWorkspace.delete(workspace);
  };
  const makeRoom = (after: FeedPlace): void => {
    if (size <= sortAt) return;
    for (const workspace of byWorkspace.keys()) forget(workspace, after);
    if (size > kept) begin(to);
    sortAt = Math.max(idsUnsorted, 2 * size);
  };
  /** False where something that was not read is not there any more. */
  const readOn = (head: FeedPlace): boolean => {
    for (let page = 0; page < pagesPerCall && !hasReached(to, head); page += 1) {
      const next = read(to);
      if (next.gap) {
        begin(next.place);
        return false;
      }
      for (const { workspace, id } of next.written) add(workspace, id, next.place);
      to = next.place;
    }
    return true;
  };

  return {
    writtenIn(workspace, after, head) {
      if (from === null) begin(after);
      // Nobody asked for a while: what the index has by now need not be read.
      to = { seq: Math.max(to.seq, after.seq), touch: Math.max(to.touch, after.touch) };
      if (!readOn(head)) return null;
      makeRoom(after);
      forget(workspace, after);
      const isKnown = from !== null && hasReached(after, from) && hasReached(to, head);
      return isKnown ? [...(byWorkspace.get(workspace)?.keys() ?? [])] : null;
    },
  };
}
