import type { FuzzReport } from './fuzz-run.ts';

/** The operations that never answered well. */
export function neverGood({ operations }: FuzzReport): readonly string[] {
  return [...operations].filter(([, { good }]) => good === 0).map(([id]) => id);
}

/** What a run found, for a terminal. */
export function shownReport(report: FuzzReport, durationMs: number): string {
  const statuses = [...report.statuses]
    .sort(([left], [right]) => left - right)
    .map(([status, count]) => `${status}: ${count}`);
  const never = neverGood(report).map((id) => `${id} (${[...(report.operations.get(id)?.statuses ?? [])].join()})`);
  return [
    `${report.calls} calls to ${report.operations.size} operations in ${(durationMs / 1_000).toFixed(1)} s: ${statuses.join(', ')}`,
    `answered well at least once: all but ${never.length === 0 ? 'none' : never.join(', ')}`,
    `${report.wrong.length} kinds of wrong answers`,
    ...report.wrong.map((one) => `- ${one}`),
  ].join('\n');
}
