import { join } from 'node:path';
import { createFileAtomically, readFileIfPresent } from '../runtime/data-directory.ts';
import type { Random } from '../runtime/random.ts';

/** The name of a data directory among those of other processes on the same store, drawn once. */
export function nodeOf(dataDir: string, random: Pick<Random, 'bytes'>): string {
  const path = join(dataDir, 'node-id');
  createFileAtomically(path, `node_${Buffer.from(random.bytes(8)).toString('hex')}`);
  return (readFileIfPresent(path) ?? '').trim();
}
