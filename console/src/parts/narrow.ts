import { useSyncExternalStore } from 'react';

/** As in the styles: where tables leave out what is `wide`. */
const query = matchMedia('(width <= 640px)');

function subscribe(listener: () => void): () => void {
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
}

export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => query.matches);
}
