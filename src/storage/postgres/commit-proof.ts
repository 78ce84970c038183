/**
 * What tells whether a commit held whose connection was lost under it. Its transaction's id does not: a server that crashed
 * gives out again the ids of transactions of which nothing had come to disk, and then says "committed" of somebody else's. So
 * what the batch itself wrote is looked for: a change, a delivery, a result. A batch with none of these writes a word of its
 * own, drawn by lot.
 */
import type { BatchRows } from './batch-writes.ts';
import { storable } from './parameters.ts';
import type { Statement } from './pipeline.ts';

export type CommitProof = {
  /** Answers a row where the batch is there. */
  readonly question: Statement;
  /** What has to be written with the batch for it. */
  readonly write: readonly Statement[];
};

export function commitProof(
  { changes, deliveries, ended, redated }: Pick<BatchRows, 'changes' | 'deliveries' | 'ended' | 'redated'>,
  { epoch, word }: { readonly epoch: number; readonly word: () => string },
): CommitProof {
  const [change] = changes;
  if (change !== undefined)
    return asked('SELECT 1 FROM aw.changes WHERE workspace = $1 AND id = $2', [change.workspaceId, change.change.id]);
  const [delivery] = deliveries;
  if (delivery !== undefined) {
    const sql = `SELECT 1 FROM aw.queue WHERE workspace = $1 AND id = $2
      UNION ALL SELECT 1 FROM aw.log WHERE workspace = $1 AND id = $2`;
    return asked(sql, [delivery.workspaceId, delivery.delivery.id]);
  }
  const [end] = ended;
  if (end !== undefined)
    return asked('SELECT 1 FROM aw.log WHERE workspace = $1 AND id = $2', [end.workspaceId, end.id]);
  const [again] = redated;
  if (again !== undefined) {
    const sql = `SELECT 1 FROM aw.queue WHERE workspace = $1 AND id = $2 AND attempts >= $3::int4
      UNION ALL SELECT 1 FROM aw.log WHERE workspace = $1 AND id = $2 AND attempts >= $3::int4`;
    return asked(sql, [again.workspaceId, again.id], String(again.attempts));
  }
  const key = `proof:${epoch}`;
  const drawn = word();
  return {
    question: { sql: 'SELECT 1 FROM aw.meta WHERE key = $1 AND value = $2', values: [key, drawn] },
    write: [
      {
        sql: 'INSERT INTO aw.meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
        values: [key, drawn],
      },
    ],
  };
}

function asked(sql: string, keys: readonly string[], ...values: readonly string[]): CommitProof {
  return { question: { sql, values: [...keys.map(storable), ...values] }, write: [] };
}
