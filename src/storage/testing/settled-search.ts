/** Searches on a machine that is busy: what has to be seen is waited for, as a reader who is told that something is missing would. */
import type { AssetPage } from '../contract/list-queries.ts';

const waitedMsMax = 60_000;

/**
 * A page with everything in it that was written before: not one of an index that is still made (`not_ready`) or behind. A page
 * that ended before it was full, as those of a walk do, is one: it goes on behind its cursor.
 */
export async function settled(limit: number, read: () => Promise<AssetPage>): Promise<AssetPage> {
  const endMs = performance.now() + waitedMsMax;
  for (;;) {
    try {
      const page = await read();
      const isBehind = !page.complete && (page.nextCursor === null || page.items.length >= limit);
      if (!isBehind) return page;
      if (performance.now() > endMs) throw new Error(`An index must come to the end within ${waitedMsMax} ms`);
    } catch (error) {
      const notReady = error instanceof Error && 'code' in error && error.code === 'not_ready';
      if (!notReady || performance.now() > endMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
