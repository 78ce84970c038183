/** Run by sqlite/search/search-index.test.ts: writes assets at random and searches, until it is killed. A dot per round on standard output. */
import { createIdSource } from '../../core/id-source.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import { createDraw, drawAsset, drawSearch } from './search-samples.ts';
import { seededFraction } from './world.ts';
import { createSqliteStorage } from '../sqlite/sqlite-storage.ts';

const [file = '', seed = '1'] = process.argv.slice(2);
const random = createSystemRandom();
const ids = createIdSource({ nowMs: () => systemClock.nowMs(), randomBytes: (count) => random.bytes(count) });
const draw = createDraw(seededFraction(Number(seed)));
const storage = createSqliteStorage({ file, clock: systemClock });
await storage.start();
const known = (await storage.read.resources({ workspaceId: 'default', type: 'asset', limit: 1_000 })).items.map(
  ({ id }) => id,
);

for (;;) {
  const items = Array.from({ length: 1 + draw.below(6) }, () => {
    const at = draw.below(2 * known.length + 5);
    const id = known[at] ?? ids.next('asset');
    const gone = at < known.length && draw.below(4) === 0;
    if (gone) known.splice(at, 1);
    else if (at >= known.length) known.push(id);
    const state = gone ? null : drawAsset(draw);
    const resources = [{ type: 'asset', id, expectedVersion: 'any', state } as const];
    return { workspaceId: 'default', atMs: systemClock.nowMs(), resources };
  });
  await storage.commit(items);
  await storage.read.assets({ workspaceId: 'default', limit: 20, where: drawSearch(draw) });
  process.stdout.write('.');
}
