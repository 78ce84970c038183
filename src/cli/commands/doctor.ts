/** `assetwire doctor`: checks this machine and this configuration without changing either. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { diagnose } from '../doctor/diagnose.ts';
import type { Finding } from '../doctor/diagnose.ts';
import { CommandError } from '../error-report.ts';
import { coloursOf, printJson } from '../output.ts';
import type { Colours } from '../output.ts';
import { escapeControls } from '../../runtime/log-human.ts';

type DoctorOptions = { readonly json?: boolean; readonly dataDir?: string; readonly target?: readonly string[] };

export function define(command: Command, context: CliContext): void {
  command
    .addOption(new Option('--data-dir <directory>', 'the data directory; else ASSETWIRE_DATA_DIR, else ./data'))
    .addOption(
      new Option(
        '--target <url...>',
        'also ask what becomes of a webhook to this URL: judged, resolved and connected to, nothing sent',
      ),
    )
    .addOption(new Option('--json', 'answer in JSON'))
    .action((options: DoctorOptions) => doctor(options, context));
  withExamples(command, ['assetwire doctor', 'assetwire doctor --target https://shop.example/hooks --json']);
  command.addHelpText(
    'after',
    '\n✓ well  ! worth a look  ✗ must be mended (exit code 1)  · to know. It changes nothing; probes are files of a moment.',
  );
}

async function doctor(options: DoctorOptions, context: CliContext): Promise<void> {
  const findings = await diagnose(options, context);
  if (options.json === true) printJson(context.stdout, { data: findings });
  else print(findings, context);
  const failed = findings.filter(({ result }) => result === 'failed').length;
  if (failed > 0)
    throw new CommandError(`Checks must pass: ${failed} of ${findings.length} did not`, 'See the lines above');
}

const marks = { ok: '✓', warning: '!', failed: '✗', info: '·' } as const;

function print(findings: readonly Finding[], { stdout }: CliContext): void {
  const colours = coloursOf(stdout);
  const width = Math.max(...findings.map(({ name }) => name.length));
  for (const { name, result, detail, mend } of findings) {
    stdout.write(`${paint(marks[result], result, colours)} ${name.padEnd(width)}  ${escapeControls(detail)}\n`);
    if (mend !== undefined) stdout.write(`  ${' '.repeat(width)}  ${colours.dim(escapeControls(mend))}\n`);
  }
}

function paint(mark: string, result: Finding['result'], colours: Colours): string {
  if (result === 'ok') return colours.green(mark);
  if (result === 'warning') return colours.yellow(mark);
  return result === 'failed' ? colours.red(mark) : colours.dim(mark);
}
