/**
 * The command line, made from the table of commands. Only the module of the command that was typed is loaded, so `--help`
 * answers at once and `serve` does not pay for what it does not use.
 */
import { Command, CommanderError } from 'commander';
import type { Option } from 'commander';
import { commandGroups, type CommandRow } from './command-table.ts';
import type { CliContext } from './context.ts';
import { formatReport, reportOf } from './error-report.ts';
import type { ErrorReport } from './error-report.ts';
import { exitCodeMeanings, exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { InterruptedError } from './interrupt.ts';
import { printJson } from './output.ts';

/** Runs one command line (without `node` and the program) and answers with its exit code. */
export async function runCommandLine(args: readonly string[], context: CliContext): Promise<ExitCode> {
  const inJson = args.includes('--json');
  // Of a wrong command line programs are told in JSON too; what commander would have said is its message.
  const sayWrong = inJson ? () => undefined : (text: string) => context.stderr.write(pointed(text, args));
  const program = await createProgram(context, { sayWrong, isWanted: ({ name }) => name === wantedOf(args) });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.done;
      if (inJson) report(usageReport(pointed(error.message, args)), context, inJson);
      return exitCodes.usage;
    }
    const told = reportOf(error);
    const silent = error instanceof InterruptedError && error.mend === null && !inJson;
    if (!silent) report(told, context, inJson);
    return told.exitCode;
  }
}

/** The whole program, every command with its options: what completion and the reference are made from. */
export function createFullProgram(context: CliContext): Promise<Command> {
  return createProgram(context, { sayWrong: context.stderr.write, isWanted: () => true });
}

function report(told: ErrorReport, { stderr }: CliContext, inJson: boolean): void {
  if (!inJson) {
    stderr.write(formatReport(told));
    return;
  }
  const { code, message, mend, problems, exitCode } = told;
  printJson(stderr, { error: { code, message, mend, problems, exitCode } });
}

/** What people look for at the top, and where it is. */
const elsewhere: { readonly [word: string]: string } = {
  trash: 'assets trash',
  restore: 'assets restore',
  copy: 'assets copy',
  checkout: 'assets checkout',
  checkin: 'assets checkin',
  delete: 'assets delete',
  archive: 'assets archive',
  share: 'share-links create',
};

/** Commander proposes whatever is spelt alike, which may be worse than nothing. */
function pointed(text: string, args: readonly string[]): string {
  const place = elsewhere[wantedOf(args) ?? ''];
  if (place === undefined || !text.includes('unknown command')) return text;
  const hint = `(Did you mean assetwire ${place}?)`;
  const named = text.replace(/\(Did you mean [^)]*\)/, hint);
  return named.includes(hint) ? named : text.replace(/(unknown command '[^']*')/, `$1\n${hint}`);
}

function usageReport(message: string): ErrorReport {
  const told = message.replace(/^error: /, '');
  return {
    code: 'usage',
    message: told,
    mend: 'Add --help for more',
    problems: [],
    exitCode: exitCodes.usage,
    stack: null,
  };
}

function wantedOf(args: readonly string[]): string | undefined {
  const words = args.filter((word) => !word.startsWith('-'));
  return words[0] === 'help' ? words[1] : words[0];
}

type ProgramOptions = {
  /** Told what commander finds wrong with a command line. */
  readonly sayWrong: (text: string) => void;
  readonly isWanted: (row: CommandRow) => boolean;
};

async function createProgram(context: CliContext, { sayWrong, isWanted }: ProgramOptions): Promise<Command> {
  const program = new Command('assetwire');
  program
    .description('Assetwire, the webhook system for digital assets')
    .version(context.version)
    .showHelpAfterError('(add --help for more)')
    // Options belong to the command they stand behind: `replay list --json` is not `replay --json`.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: sayWrong,
      getOutHelpWidth: () => context.stdout.columns,
      getErrHelpWidth: () => context.stderr.columns,
    })
    .exitOverride();
  for (const { title, rows: inGroup } of commandGroups) {
    program.commandsGroup(title);
    for (const row of inGroup) {
      const command = program.command(row.name).description(row.summary);
      if (!isWanted(row)) continue;
      (await row.load()).define(command, context, () => createFullProgram(context));
      sharedOptionsLast(command);
    }
  }
  program.addHelpText('after', rootNotes);
  return program;
}

/** What a command has of its own comes before what every command has: which server, and how it answers. */
function sharedOptionsLast(command: Command): void {
  const own = command.options.filter(({ helpGroupHeading }) => helpGroupHeading === undefined);
  const shared = command.options.filter(({ helpGroupHeading }) => helpGroupHeading !== undefined);
  (command.options as Option[]).splice(0, Infinity, ...own, ...shared);
  for (const one of command.commands) sharedOptionsLast(one);
}

const codeLines = (Object.keys(exitCodes) as (keyof typeof exitCodes)[]).map(
  (name) => `  ${String(exitCodes[name]).padStart(3)}  ${exitCodeMeanings[name]}`,
);

const rootNotes = `
Which server:
  --url or ASSETWIRE_URL, with the key in ASSETWIRE_KEY or a file (--key-file, ASSETWIRE_KEY_FILE);
  else the server of the data directory (--data-dir, ASSETWIRE_DATA_DIR, ./data). --json on any command answers in JSON.

Exit codes:
${codeLines.join('\n')}`;
