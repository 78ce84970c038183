import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import { type OpenedStore, type StoreFactory, type StoreOptions, storageConformance } from '../testing/conformance.ts';
import { quickDirectory } from '../testing/quick-directory.ts';
import { createSqliteStorage } from './sqlite-storage.ts';

const inMemory: StoreFactory = {
  name: 'SQLite in memory',
  async open(clock, options = {}) {
    // Runs of three rows, so that every list reads what is listed and what is not.
    const storage = createSqliteStorage({ file: ':memory:', clock, options: { listRunRows: 3, ...options } });
    await storage.start();
    return { storage, reopen: null, close: () => storage.stop() };
  },
};

const onDisk: StoreFactory = {
  name: 'SQLite on disk',
  async open(clock: Clock, options: StoreOptions = {}): Promise<OpenedStore> {
    const directory = await mkdtemp(join(quickDirectory(), 'assetwire-store-'));
    const make = () => createSqliteStorage({ file: join(directory, 'assetwire.db'), clock, options });
    let storage = make();
    await storage.start();
    return {
      storage,
      async reopen() {
        await storage.stop();
        storage = make();
        await storage.start();
        return storage;
      },
      async close() {
        await storage.stop();
        await rm(directory, { recursive: true });
      },
    };
  },
};

storageConformance(inMemory);
storageConformance(onDisk);
