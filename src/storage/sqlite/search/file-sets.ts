/** The sets of one workspace in the index's file, as a plan asks for them. */
import type { DatabaseSync } from 'node:sqlite';
import { limits } from '../../../core/limits.ts';
import { blockDocs, readBlock } from '../../number-blocks.ts';
import { type Bits, bitsOf, chunkDocs, emptyBits, readInto } from '../../posting-sets.ts';
import type { IndexSets } from '../../search-plan.ts';
import { arrayStatement, bytesOf, numberOf, numberOrNull } from '../rows.ts';
import { chunksMax, docOfKey, postingKey } from './search-file.ts';

const blocksPerChunk = chunkDocs / blockDocs;

/** Statements made once; the sets of a workspace by its number in the index. */
export function createFileSets(db: DatabaseSync): (space: number) => IndexSets {
  const termOf = arrayStatement(db, 'SELECT n FROM terms WHERE space = ? AND term = ?');
  const set = arrayStatement(db, 'SELECT docs FROM postings WHERE key = ?');
  const beginning = arrayStatement(
    db,
    `SELECT p.key, p.docs FROM terms t CROSS JOIN postings p
     WHERE t.space = ? AND t.term >= ? AND t.term < ? AND p.key >= t.n * ${chunksMax} AND p.key < (t.n + 1) * ${chunksMax} LIMIT ?`,
  );
  const blocks = arrayStatement(
    db,
    'SELECT block, numbers FROM numbers WHERE space = ? AND field = ? AND block >= ? AND block < ?',
  );
  const doc = arrayStatement(db, 'SELECT key FROM docs WHERE space = ? AND id = ?');
  return (space) => ({
    term(term) {
      const n = numberOrNull(termOf.get(space, term)?.[0]);
      if (n === null) return null;
      return {
        chunk(chunk) {
          const row = set.get(postingKey(n, chunk));
          return row === undefined ? null : bitsOf(bytesOf(row[0]));
        },
      };
    },
    begins: (text) => () => {
      const found = new Map<number, Bits>();
      const most = limits.searchPrefixEntriesMax;
      const rows = beginning.all(space, text, `${text}\u{10ffff}`, most + 1);
      if (rows.length > most) return null;
      for (const row of rows) {
        const chunk = numberOf(row[0]) % chunksMax;
        let bits = found.get(chunk);
        if (bits === undefined) {
          bits = emptyBits();
          found.set(chunk, bits);
        }
        readInto(bytesOf(row[1]), bits);
      }
      return found;
    },
    numbers: (field) =>
      function* (chunk) {
        const from = chunk * blocksPerChunk;
        for (const row of blocks.all(space, field, from, from + blocksPerChunk))
          yield [numberOf(row[0]) - from, readBlock(bytesOf(row[1]))];
      },
    doc(id) {
      const key = numberOrNull(doc.get(space, id)?.[0]);
      return key === null ? null : docOfKey(key);
    },
  });
}
