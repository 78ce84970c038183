/**
 * Shards on their way to another worker. Nothing is started in them any more (they are not ours by `owns`); what waits in
 * memory goes back to the store, what is in flight ends and is recorded. Then the shard is at rest and may go.
 */
import { shardOf } from '../core/shard.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Lane } from './lane.ts';
import type { LaneKeeper } from './lane-keeper.ts';

export type HandOver = {
  /** `atRest` is called for each shard when nothing of it is in flight or waits to be recorded. */
  surrender(shards: readonly number[], atRest: (shard: number) => void): void;
  /** Something was recorded. */
  look(): void;
  stop(): void;
};

export type HandOverParts = {
  readonly clock: Clock;
  readonly keeper: Pick<LaneKeeper, 'all' | 'release'>;
  /** Attempts that a crash cut off are still being recorded. */
  readonly recovering: () => boolean;
};

/** Lanes are walked through at most this often while something is handed over. */
const lookEveryMs = 50;

export function createHandOver({ clock, keeper, recovering }: HandOverParts): HandOver {
  const waiting = new Map<number, () => void>();
  let timer: Timer | null = null;
  let stopped = false;

  const look = (): void => {
    if (waiting.size === 0 || timer !== null || stopped) return;
    timer = clock.timer(lookEveryMs, () => {
      timer = null;
      settle();
    });
  };

  const settle = (): void => {
    if (stopped) return;
    if (!recovering()) {
      const busy = new Set<number>();
      for (const lane of keeper.all()) if (isBusy(lane)) busy.add(shardOf(lane.webhookId));
      for (const [shard, done] of waiting) {
        if (busy.has(shard)) continue;
        waiting.delete(shard);
        done();
      }
    }
    look();
  };

  return {
    surrender(shards, atRest) {
      for (const shard of shards) waiting.set(shard, () => atRest(shard));
      for (const lane of keeper.all()) if (waiting.has(shardOf(lane.webhookId))) keeper.release(lane);
      look();
    },
    look,
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

function isBusy(lane: Lane): boolean {
  return lane.inFlight > 0 || lane.recording > 0;
}
