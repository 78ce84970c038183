/**
 * Limits on how many there are of something, held also where many are made at once. Counting and making are two steps, so each
 * making takes with it a row of the workspace in the version that was read before the counting: whoever else made one in
 * between has moved that row on, and it is counted anew. In one process they take turns, so that this happens between
 * processes only.
 */
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import { decideAttemptsMax } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { contended } from './refusals.ts';
import type { Turns } from './turns.ts';

export type WithinLimitDeps = Pick<AppDeps, 'storage'> & { readonly turns: Turns };

/** To be read by `Committer.writeAlone` beside what is made, and written with it. */
export type Counted = {
  readonly key: ResourceKey;
  /** What the commit has to carry besides. Throws where the count is not true any more; `withinLimit` then counts anew. */
  moved(row: Resource | null | undefined): ResourceWrite;
};

export type Limited<Answer> = {
  /** Throws where there are as many as there may be. */
  readonly refuse: () => Promise<void>;
  readonly make: (counted: Counted) => Promise<Answer>;
};

/** `what` names the limit; it is counted by workspace. Throws what `refuse` throws, and `conflict` where others are always faster. */
export function withinLimit<Answer>(
  { storage, turns }: WithinLimitDeps,
  { workspaceId, what }: { readonly workspaceId: string; readonly what: string },
  { refuse, make }: Limited<Answer>,
): Promise<Answer> {
  const key: ResourceKey = { workspaceId, type: 'setting', id: `count:${what}` };
  return turns.take(`count ${workspaceId} ${what}`, async () => {
    for (let attempt = 1; attempt <= decideAttemptsMax; attempt += 1) {
      const [row] = await storage.resources([key]);
      const version = row?.version ?? 0;
      await refuse();
      try {
        return await make({ key, moved: (now) => movedOn(key, version, now) });
      } catch (error) {
        if (!(error instanceof CountedBefore)) throw error;
      }
    }
    throw contended();
  });
}

function movedOn({ type, id }: ResourceKey, version: number, row: Resource | null | undefined): ResourceWrite {
  if ((row?.version ?? 0) !== version) throw new CountedBefore();
  return { type, id, expectedVersion: version, state: {} };
}

/** Somebody has made one since the count. */
class CountedBefore extends Error {
  constructor() {
    super('Somebody made one since they were counted');
    this.name = 'CountedBefore';
  }
}
