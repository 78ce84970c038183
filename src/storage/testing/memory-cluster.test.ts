import { describe } from 'node:test';
import { createSqliteStorage } from '../sqlite/sqlite-storage.ts';
import { clusterConformance } from './conformance-cluster.ts';
import { createMemoryCluster } from './memory-cluster.ts';
import { createHeldClock } from './world.ts';

describe('many processes on one store: in memory', () => {
  clusterConformance({
    async open() {
      const clock = createHeldClock();
      const store = createSqliteStorage({ file: ':memory:', clock });
      await store.start();
      const shared = createMemoryCluster({ store, nowMs: () => clock.nowMs() });
      return { one: shared.process(), two: shared.process(), stop: () => store.stop() };
    },
    breakConnection: null,
  });
});
