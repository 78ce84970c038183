import { useSyncExternalStore } from 'react';

let value = false;
const listeners = new Set<() => void>();

/** Said once an answer tells that nobody is signed in any more; every page gives way to the sign-in. */
export function setSignedOut(out: boolean): void {
  value = out;
  for (const listener of listeners) listener();
}

export const isSignedOut = (): boolean => value;

export function useSignedOut(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => value,
  );
}
