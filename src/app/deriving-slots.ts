/**
 * When renditions may be made. The engine runs a few duties at once, oldest first; a thousand pictures that arrive together
 * would keep those places for minutes, and an upload that comes then would wait to be inspected. So few derivations are
 * under way in a process, and each of the others is sent back with a time of its own, about when its turn will come.
 */
export type Slot =
  | { readonly kind: 'now'; free(): void }
  /** Unix milliseconds at which to ask again. */
  | { readonly kind: 'later'; readonly atMs: number };

export type DerivingSlots = { take(): Slot };

export type SlotOptions = {
  /** Default 2: one is made while the next one's file is looked up and the one before is stored. */
  readonly atOnceMax?: number;
  /** How long one takes, before any was seen. */
  readonly firstGuessMs?: number;
};

export function createDerivingSlots(
  nowMs: () => number,
  { atOnceMax = 2, firstGuessMs = 300 }: SlotOptions = {},
): DerivingSlots {
  let running = 0;
  let averageMs = firstGuessMs;
  /** When the last one that was sent back will be at its turn. */
  let takenUntilMs = 0;
  return {
    take() {
      const startedAtMs = nowMs();
      if (running >= atOnceMax) {
        takenUntilMs = Math.max(takenUntilMs, startedAtMs) + averageMs;
        return { kind: 'later', atMs: Math.ceil(takenUntilMs) };
      }
      running += 1;
      let freed = false;
      return {
        kind: 'now',
        free() {
          if (freed) return;
          freed = true;
          running -= 1;
          const tookMs = Math.min(30_000, Math.max(1, nowMs() - startedAtMs));
          averageMs = averageMs * 0.8 + (tookMs / atOnceMax) * 0.2;
        },
      };
    },
  };
}
