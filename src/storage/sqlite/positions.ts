/**
 * Positions: the order of commit of deliveries, one number each, never given twice. Reserved in the file in blocks, so
 * that a batch needs no write of its own for them; a restart skips the rest of a block.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Positions } from './apply-deliveries.ts';
import { arrayStatement, numberOf } from './rows.ts';

const blockSize = 100_000;

export function createPositions(db: DatabaseSync): Positions & { forget(): void } {
  const read = arrayStatement(db, "SELECT value FROM meta WHERE key = 'positions'");
  const reserve = db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('positions', ?)");
  const stored = (): number => numberOf((read.get() ?? [1])[0]);
  let next = stored();
  let reserved = next;
  return {
    next() {
      if (next >= reserved) {
        reserved = next + blockSize;
        reserve.run(reserved);
      }
      next += 1;
      return next - 1;
    },
    peek: () => next,
    /** The reservation may have been rolled back. `next` stays: numbers are skipped, never reused. */
    forget: () => {
      reserved = Math.min(reserved, stored());
    },
  };
}
