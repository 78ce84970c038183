/** What the store holds and what it takes, for whoever runs it: to choose how long things are kept, and how large a disk. */

/** `free`: pages of the file that are filled again before it grows. */
export type SpaceKind = 'changes' | 'deliveries' | 'attempts' | 'assets' | 'search' | 'other' | 'free';

export type SpaceRow = {
  readonly kind: SpaceKind;
  /** Rows as the store counts them cheaply: right to a few in a hundred. Of `search` and `free` 0. */
  readonly rows: number;
  /** With indexes. */
  readonly bytes: number;
  /** When the oldest part was begun that is still kept; null where nothing goes by age, or nothing is there. */
  readonly sinceMs: number | null;
};

export type Space = {
  /** False: bytes are shared out among the kinds by samples of their rows; their sum is right all the same. */
  readonly measured: boolean;
  /** Each kind once, those with nothing left out. */
  readonly kinds: readonly SpaceRow[];
  /** Contents of files, over all workspaces; one that several assets have counts for each. */
  readonly files: { readonly count: number; readonly bytes: number };
};

/** In the order in which they are shown. */
export const spaceKinds: readonly SpaceKind[] = [
  'changes',
  'deliveries',
  'attempts',
  'assets',
  'search',
  'other',
  'free',
];
