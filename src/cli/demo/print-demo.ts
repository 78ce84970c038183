/** The demo's table and its last line. */
import type { Output } from '../context.ts';
import { coloursOf, printTable } from '../output.ts';
import type { DemoConsent, DemoResult, DemoRow } from './run-demo.ts';

export function printDemo(
  { files, dialects, consents, rows, allVerified, verdict }: DemoResult,
  tookMs: number,
  output: Output,
): void {
  const colours = coloursOf(output);
  printTable<DemoRow>(
    output,
    [
      { title: 'ASSET', text: ({ asset }) => asset, paint: (text, _, { bold }) => bold(text) },
      { title: 'SIZE', text: ({ sizePx }) => sizePx, paint: (text, _, { dim }) => dim(text) },
      { title: 'DIALECT', text: ({ dialect }) => dialect },
      { title: 'OVER', text: ({ over }) => over },
      { title: 'EVENT', text: ({ event }) => event },
      { title: 'STATUS', text: ({ status }) => (status === null ? '–' : String(status)), paint: paintStatus },
      { title: 'TRIES', align: 'right', text: ({ attempts }) => String(attempts) },
      {
        title: 'ACCEPTED→DELIVERED',
        align: 'right',
        text: ({ acceptedToDeliveredMs: ms }) => (ms === null ? '–' : `${ms} ms`),
      },
      {
        title: 'PROVED BY',
        text: ({ verified, proof }) => (verified ? `✓ ${proof}` : `✗ no ${proof}`),
        paint: (text, { verified }, { green, red }) => (verified ? green(text) : red(text)),
      },
    ],
    rows,
  );
  output.write('\n');
  printTable<DemoConsent>(
    output,
    [
      { title: 'ASKED FIRST', text: ({ dialect }) => dialect, paint: (text, _, { bold }) => bold(text) },
      { title: 'OVER', text: ({ over }) => over },
      { title: 'CONFIRMED BY', text: ({ by }) => `✓ ${by}`, paint: (text, _, { green }) => green(text) },
      { title: 'ASKED→CONFIRMED', align: 'right', text: ({ tookMs: ms }) => `${ms} ms` },
    ],
    consents,
  );
  const mark = allVerified ? colours.green('✓') : colours.red('✗');
  const outcome = allVerified ? 'every one arrived and verified' : verdict;
  const seconds = (tookMs / 1_000).toFixed(1);
  output.write(
    `\n${mark} ${files} files in, ${rows.length} webhooks out in ${dialects} dialects, ${outcome}, ${seconds} s in all\n`,
  );
  if (allVerified) output.write(colours.dim('  Now your own: assetwire serve\n'));
}

function paintStatus(text: string, { status }: DemoRow, { green, red }: ReturnType<typeof coloursOf>): string {
  return status !== null && status >= 200 && status < 300 ? green(text) : red(text);
}
