/** Stores over one fresh PostgreSQL database, for tests of what only PostgreSQL can go wrong with. */
import { createIdSource } from '../../core/id-source.ts';
import type { IdSource } from '../../core/ids.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createPostgresStorage, type PostgresStorageOptions } from '../postgres/postgres-storage.ts';
import type { CommitResult } from '../contract/commit-item.ts';
import type { Storage } from '../storage.ts';
import { patient } from './patient.ts';
import { sampleCommit } from './samples.ts';
import { createTestDatabase } from './test-postgres.ts';
import { createHeldClock, seededBytes } from './world.ts';

/** Migrated once in a process; each test gets a copy. */
export const prepared = {
  name: 'migrated',
  async prepare(url: string): Promise<void> {
    for (const clock of [createHeldClock(), systemClock]) {
      const storage = createPostgresStorage({ url, clock, options: patient });
      await storage.start();
      await storage.stop();
    }
  },
};

export type PostgresWorld = {
  readonly url: string;
  readonly ids: IdSource;
  /** Another process on the same database; `url` by another road. */
  open(options?: PostgresStorageOptions, url?: string): Promise<Storage>;
  /** Commits an asset with its change and delivery. */
  commit(storage: Storage, webhookId?: `wh_${string}`): Promise<CommitResult>;
};

let seed = 1;

export async function withPostgres(test: (world: PostgresWorld) => Promise<void>): Promise<void> {
  const database = await createTestDatabase(prepared);
  const opened: Storage[] = [];
  seed += 1;
  const ids = createIdSource({ nowMs: () => Date.now(), randomBytes: seededBytes(seed) });
  try {
    await test({
      url: database.url,
      ids,
      async open(options = {}, url = database.url) {
        const storage = createPostgresStorage({
          url,
          clock: systemClock,
          options: { connectionsMax: 4, ...patient, ...options },
        });
        opened.push(storage);
        await storage.start();
        return storage;
      },
      async commit(storage, webhookId = 'wh_pg') {
        const [result] = await storage.commit([sampleCommit({ ids, webhookId, atMs: Date.now() })]);
        if (result === undefined) throw new Error('An item must have a result: found none');
        return result;
      },
    });
  } finally {
    for (const storage of opened) await storage.stop();
    await database.drop();
  }
}
