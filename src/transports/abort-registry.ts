import { createPassingSet, type PassingSet } from '../core/passing-map.ts';

/** What is interrupted when a signal is aborted. */
export interface Interruptible {
  interrupt(): void;
}

/**
 * Signals and what hangs on them. Thousands of attempts share one signal (the engine's shutdown), and a listener for
 * each would cost microseconds per attempt and a walk through all of them per removal; so each signal gets one.
 */
export type AbortRegistry = {
  add(signal: AbortSignal, interruptible: Interruptible): void;
  remove(signal: AbortSignal, interruptible: Interruptible): void;
};

export function createAbortRegistry(): AbortRegistry {
  const bySignal = new WeakMap<AbortSignal, PassingSet<Interruptible>>();
  return {
    add(signal, interruptible) {
      let hanging = bySignal.get(signal);
      if (hanging === undefined) {
        const made = createPassingSet<Interruptible>();
        hanging = made;
        bySignal.set(signal, made);
        signal.addEventListener('abort', () => interruptAll(made), { once: true });
      }
      hanging.add(interruptible);
    },
    remove: (signal, interruptible) => void bySignal.get(signal)?.delete(interruptible),
  };
}

function interruptAll(hanging: PassingSet<Interruptible>): void {
  for (const interruptible of [...hanging.values()]) interruptible.interrupt();
}
