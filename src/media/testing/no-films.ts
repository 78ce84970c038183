import type { Media } from '../media.ts';

/** The part of a `Media` made for a test that has no films and reads no packets. */
export const noFilms: Pick<Media, 'xmpReadable' | 'xmp' | 'clippable' | 'clip' | 'borrow' | 'films' | 'counts'> = {
  xmpReadable: () => false,
  xmp: async () => ({ kind: 'none' }),
  clippable: () => false,
  clip: async () => ({ kind: 'failed', code: 'unsupported', note: 'none are cut here' }),
  borrow: async () => {
    throw new TypeError('Files must lie on this machine in this test');
  },
  films: async () => ({ state: 'off', note: 'there are no films here' }),
  counts: () => ({ ended: [], processesStarted: 0, waiting: 0, crashedInARow: 0 }),
};
