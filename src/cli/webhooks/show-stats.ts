/** Statistics as people read them: a line per time that had something, and the sum. */
import type { StatsCounts, StatsPoint, StatsView } from '../../app/stats.ts';
import type { CliContext } from '../context.ts';
import { printJson, printTable, showTime } from '../output.ts';
import type { Column } from '../output.ts';

type Line = StatsCounts & { readonly when: string };

const count = (title: string, text: (line: Line) => number | null): Column<Line> => ({
  title,
  align: 'right',
  text: (line) => String(text(line) ?? ''),
});

const columns: readonly Column<Line>[] = [
  { title: 'FROM', text: ({ when }) => when },
  count('ACCEPTED', ({ accepted }) => accepted),
  count('ATTEMPTS', ({ attempts }) => attempts),
  count('DELIVERED', ({ delivered }) => delivered),
  count('RETRYING', ({ retrying }) => retrying),
  count('REJECTED', ({ rejected }) => rejected),
  count('DEAD', ({ dead }) => dead),
  count('P50 MS', ({ durationMs }) => durationMs.p50),
  count('P99 MS', ({ durationMs }) => durationMs.p99),
];

/** Percentiles are the upper bounds of buckets. */
export function showStats(stats: StatsView, json: boolean | undefined, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, stats);
  const lines = stats.points.map((point: StatsPoint) => ({ ...point, when: showTime(point.atMs) }));
  printTable(stdout, columns, [...lines, { ...stats.totals, when: 'in all' }]);
  const waiting = stats.backlog.reduce((sum, { pending }) => sum + pending, 0);
  stdout.write(`\n${waiting} waiting now\n`);
}
