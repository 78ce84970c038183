/** What an import has come to, counted answer by answer. */
import { counted } from '../../core/counted.ts';
import type { ImportCounts, LineError } from './journal.ts';
import type { Pushed } from './push-records.ts';

export type Tally = {
  records: number;
  counts: { -readonly [Count in keyof ImportCounts]: number };
  kinds: Record<string, number>;
};

/** Counts one answer; what is wrong with its line, where something is. */
export function countOne(tally: Tally, { record, result }: Pushed): readonly LineError[] {
  tally.records += 1;
  const { line } = record;
  if (result === null) {
    tally.counts.unreadable += 1;
    return [{ line, code: 'unreadable', detail: record.fault ?? 'It cannot be read' }];
  }
  tally.counts[result.status] += 1;
  if ('changes' in result) {
    for (const { kind } of result.changes) tally.kinds[kind] = (tally.kinds[kind] ?? 0) + 1;
  }
  if (result.status !== 'rejected') return [];
  const { externalId, code, detail, problems } = result;
  return [
    {
      line,
      ...(externalId === undefined ? {} : { externalId }),
      code,
      detail,
      ...(problems === undefined ? {} : { problems }),
    },
  ];
}

/** For the line of progress. */
export function troubleOf({ counts }: Tally): string {
  const wrong = counts.rejected + counts.unreadable;
  return wrong === 0 ? '' : `, ${counted(wrong, 'line')} not taken`;
}
