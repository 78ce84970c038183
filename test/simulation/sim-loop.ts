/**
 * The event loop that simulated processes run on. How busy it is is weather, and in every fourth seed there is a workspace
 * with so many webhooks that a change of it owes more at once than its share: it steps back for the others while the loop
 * is busy (src/engine/fair-share.ts), and must come back. Drawn apart from all other chance.
 */
import type { WorkspaceId } from '../../src/core/ids.ts';
import type { LoopLoad } from '../../src/runtime/loop-load.ts';
import { createChance } from './chance.ts';

export type SimLoop = {
  readonly load: LoopLoad;
  /** The workspace that is flooded at times; null: none in this seed. */
  readonly crowded: { readonly workspaceId: WorkspaceId; readonly webhooks: number } | null;
  /** A stretch of the storm begins: the loop may become busy, or have time again. Answers which workspaces publish at once. */
  pass(workspaces: readonly WorkspaceId[]): readonly WorkspaceId[];
  /** The storm is over, and the loop may be as busy as it likes: one more flood, which must drain all the same. */
  rush(workspaces: readonly WorkspaceId[]): readonly WorkspaceId[];
  /** Times at which a workspace beyond its share asked, and found the loop busy. */
  readonly pressed: () => number;
};

const busyFrom = 0.75;
/** More than fair-share.ts gives at once to a workspace of which little is known. */
const webhooksOfCrowd = 40;

export function createSimLoop(seed: number): SimLoop {
  const chance = createChance(seed ^ 0x2c1b3c6d);
  const crowded = seed % 4 === 1 ? { workspaceId: 'ws_crowd', webhooks: webhooksOfCrowd } : null;
  let load = 0;
  let pressed = 0;
  const flood = (workspaces: readonly WorkspaceId[]): readonly WorkspaceId[] =>
    crowded === null ? [] : [...workspaces, crowded.workspaceId, ...workspaces, crowded.workspaceId];
  return {
    crowded,
    load() {
      if (load > busyFrom) pressed += 1;
      return load;
    },
    pass(workspaces) {
      if (chance.happens(0.3)) load = chance.pick([0, 0.7, 0.9, 1]);
      return chance.happens(0.04) ? flood(workspaces) : [];
    },
    rush(workspaces) {
      load = chance.pick([0, 0.9, 1]);
      return flood(workspaces);
    },
    pressed: () => pressed,
  };
}
