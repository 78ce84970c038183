/**
 * Fills the store of a stopped server with rows, through the storage itself: a million of them by requests would take
 * longer than the measurement.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { createIdSource } from '../src/core/id-source.ts';
import type { NewDelivery } from '../src/core/delivery.ts';
import type { WebhookId } from '../src/core/ids.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { createSystemRandom } from '../src/runtime/random.ts';
import { createSqliteStorage } from '../src/storage/sqlite/sqlite-storage.ts';
import { sampleCommit, sampleRecord } from '../src/storage/testing/samples.ts';

export type SeedOptions = {
  /** The directory the server was started in; it must have been stopped. */
  readonly directory: string;
  /** Whose deliveries they are, in turn. */
  readonly owners: readonly { readonly workspaceId: string; readonly webhookId: string }[];
  readonly rows: number;
  /** `delivered`: asset, change, delivery and attempt. `pending`: change and delivery, due now. */
  readonly state: 'delivered' | 'pending';
  readonly log: (text: string) => void;
};

const batch = 1_000;

/** The one database below a data directory. */
export function databaseFile(directory: string): string {
  const [file, ...more] = globSync('data/**/*.{db,sqlite,sqlite3}', { cwd: directory }).filter(
    (name) => !/lock|search/.test(name),
  );
  if (file === undefined || more.length > 0)
    throw new Error(`Wanted one database below ${directory}: ${[file, ...more].join(', ')}`);
  return join(directory, file);
}

export async function seedRows(options: SeedOptions): Promise<void> {
  const { owners, rows, state } = options;
  const random = createSystemRandom();
  const ids = createIdSource({ nowMs: () => systemClock.nowMs(), randomBytes: (count) => random.bytes(count) });
  const storage = createSqliteStorage({
    file: databaseFile(options.directory),
    clock: systemClock,
    options: { writer: 'inline' },
  });
  await storage.start();
  const startedMs = performance.now();
  try {
    const { epoch } = storage.health();
    for (let done = 0; done < rows; done += batch) {
      const atMs = systemClock.nowMs();
      const items = Array.from({ length: Math.min(batch, rows - done) }, (_, index) => {
        const owner = owners[(done + index) % owners.length];
        if (owner === undefined) throw new Error('Seeding needs an owner');
        return sampleCommit({
          ids,
          atMs,
          workspaceId: owner.workspaceId,
          webhookId: owner.webhookId as WebhookId,
          payloadBytes: 300,
          bare: state === 'pending',
        });
      });
      const results = await storage.commit(items);
      const refused = results.find(({ status }) => status !== 'applied');
      if (refused !== undefined) throw new Error(`Seeding was refused: ${JSON.stringify(refused)}`);
      if (state === 'delivered') {
        const deliveries = items.flatMap((item): readonly NewDelivery[] => item.deliveries ?? []);
        await storage.record(deliveries.map((delivery) => sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs })));
      }
      if ((done / batch) % 100 === 99)
        options.log(`${done + batch} rows, ${Math.round((performance.now() - startedMs) / 1000)} s`);
    }
  } finally {
    await storage.stop();
  }
}
