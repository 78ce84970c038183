/** Places in the feed of what is written to assets, and what is read between two of them. */

/** Everything up to these has been read. */
export type FeedPlace = { readonly seq: number; readonly touch: number };
/** An asset by the store's number of its workspace. */
export type Written = { readonly workspace: number; readonly id: string };
export type FeedPage = {
  readonly written: readonly Written[];
  readonly place: FeedPlace;
  readonly more: boolean;
  /** Something that was not read is not kept any more: all assets have to be looked at. */
  readonly gap: boolean;
};

/** Whether everything up to `head` has been read. */
export function hasReached(place: FeedPlace, head: FeedPlace): boolean {
  return place.seq >= head.seq && place.touch >= head.touch;
}
