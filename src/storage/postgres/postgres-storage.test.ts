import { after } from 'node:test';
import type { Clock } from '../../runtime/clock.ts';
import { type OpenedStore, type StoreFactory, type StoreOptions, storageConformance } from '../testing/conformance.ts';
import { clusterConformance } from '../testing/conformance-cluster.ts';
import { ask, createTestDatabase, removeTestServers } from '../testing/test-postgres.ts';
import { systemClock } from '../../runtime/clock.ts';
import { patient } from '../testing/patient.ts';
import { prepared } from '../testing/postgres-world.ts';
import { createPostgresStorage } from './postgres-storage.ts';

const postgres: StoreFactory = {
  name: 'PostgreSQL',
  async open(clock: Clock, { keepMs, limits }: StoreOptions = {}): Promise<OpenedStore> {
    const database = await createTestDatabase(prepared);
    const options = {
      connectionsMax: 4,
      ...patient,
      ...(keepMs === undefined ? {} : { keepMs }),
      ...(limits === undefined ? {} : { limits }),
    };
    const make = () => createPostgresStorage({ url: database.url, clock, options });
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
        await database.drop();
      },
    };
  },
};

after(removeTestServers);
storageConformance(postgres);
clusterConformance({
  async open() {
    const database = await createTestDatabase(prepared);
    const make = () =>
      createPostgresStorage({ url: database.url, clock: systemClock, options: { connectionsMax: 3, ...patient } });
    const [one, two] = [make(), make()];
    await one.start();
    await two.start();
    urls.set(two, database.url);
    return {
      one,
      two,
      async stop() {
        await one.stop();
        await two.stop();
        await database.drop();
      },
    };
  },
  async breakConnection({ two }) {
    await ask(
      urls.get(two) ?? '',
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()",
    );
  },
});

const urls = new WeakMap<object, string>();
