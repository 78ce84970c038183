/** The command line's reference, drawn from the program itself: what `--help` says of every command, and what exit codes mean. */
import { describeProgram } from '../../src/cli/completion/describe-program.ts';
import type { DescribedCommand } from '../../src/cli/completion/describe-program.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { exitCodeMeanings, exitCodes } from '../../src/cli/exit-codes.ts';
import { createFullProgram, runCommandLine } from '../../src/cli/program.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { table } from './sections.ts';
import type { DrawnSection } from './sections.ts';

function worldOf(root: string, write: (text: string) => void): CliContext {
  // As on a terminal of 100 columns.
  const output = { write, isTty: false, columns: 100, colour: false };
  const never = async (): Promise<never> => {
    throw new Error('Help needs no server');
  };
  return {
    version: '0.1.0',
    environment: {},
    clock: systemClock,
    stdout: output,
    stderr: output,
    server: { start: never, checkStore: never },
    programDirectory: root,
  };
}

/** Every command that does something or leads to others, the program itself first. */
export async function listCommands(root: string): Promise<readonly DescribedCommand[]> {
  return describeProgram(await createFullProgram(worldOf(root, () => undefined)));
}

async function helpOf(root: string, words: readonly string[]): Promise<string> {
  let text = '';
  await runCommandLine(
    [...words, '--help'],
    worldOf(root, (part) => void (text += part)),
  );
  return text.trim();
}

const sharedTitle = 'Which server, and how it answers:';

/** The options that most commands share are told once, not forty times. */
export function withoutShared(help: string): string {
  const [before = '', after] = help.split(`\n${sharedTitle}\n`);
  if (after === undefined) return help;
  const rest = after.indexOf('\n\n');
  return rest < 0 ? before.trimEnd() : `${before.trimEnd()}\n\n${after.slice(rest).trim()}`;
}

async function drawCommands(root: string): Promise<string> {
  const parts: string[] = [];
  for (const { words } of await listCommands(root)) {
    const help = await helpOf(root, words);
    if (words.length > 0) parts.push(`${'#'.repeat(2 + words.length)} ${words.join(' ')}`);
    parts.push(`\`\`\`text\n${withoutShared(help)}\n\`\`\``);
  }
  return parts.join('\n\n');
}

async function drawShared(root: string): Promise<string> {
  const help = await helpOf(root, ['webhooks', 'list']);
  const [, from = ''] = help.split(`\n${sharedTitle}\n`);
  const [options = ''] = from.split('\n\n');
  if (options.trim() === '') throw new Error('Help must show the options that commands share');
  return `\`\`\`text\n${options.trimEnd()}\n\`\`\``;
}

async function drawExitCodes(): Promise<string> {
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  return table(
    ['exit code', 'meaning'],
    names.map((name) => [String(exitCodes[name]), exitCodeMeanings[name]]),
  );
}

const page = 'docs/reference/cli.md';

export const commandLineSections: readonly DrawnSection[] = [
  { page, name: 'exit codes', draw: drawExitCodes },
  { page, name: 'shared options', draw: drawShared },
  { page, name: 'commands', draw: drawCommands },
];
