/** What the crash suite's child opens: a store on the database of this URL. */
import { systemClock } from '../../runtime/clock.ts';
import { createPostgresStorage } from '../postgres/postgres-storage.ts';
import type { Storage } from '../storage.ts';
import { patient } from './patient.ts';

export async function openForCrash(url: string): Promise<Storage> {
  const storage = createPostgresStorage({ url, clock: systemClock, options: { connectionsMax: 4, ...patient } });
  await storage.start();
  return storage;
}
