/**
 * When a file may be fetched. A fetch takes as long as the other side likes, so few are under way in a process, and of one
 * workspace fewer: whose addresses do not answer holds up its own files and nobody else's.
 */
import { limits } from '../core/limits.ts';
import { createDerivingSlots, type DerivingSlots, type Slot } from './deriving-slots.ts';

export type FetchSlots = { take(workspaceId: string): Slot };

const firstGuessMs = 1_000;

export function createFetchSlots(nowMs: () => number): FetchSlots {
  const { fetchesAtOnceMax, fetchesOfWorkspaceMax } = limits;
  const all = createDerivingSlots(nowMs, { atOnceMax: fetchesAtOnceMax, firstGuessMs });
  /** Of workspaces that have some under way. */
  const own = new Map<string, { readonly slots: DerivingSlots; running: number }>();
  return {
    take(workspaceId) {
      const of = own.get(workspaceId) ?? {
        slots: createDerivingSlots(nowMs, { atOnceMax: fetchesOfWorkspaceMax, firstGuessMs }),
        running: 0,
      };
      if (of.running >= fetchesOfWorkspaceMax) return of.slots.take();
      const slot = all.take();
      if (slot.kind === 'later') return slot;
      const mine = of.slots.take();
      of.running += 1;
      own.set(workspaceId, of);
      return {
        kind: 'now',
        free() {
          slot.free();
          if (mine.kind === 'now') mine.free();
          of.running -= 1;
          if (of.running === 0) own.delete(workspaceId);
        },
      };
    },
  };
}
