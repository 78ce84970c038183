/**
 * The command line as a table. Only the module of the command that was typed is loaded, so `--help` answers at once and
 * `serve` does not pay for what it does not use.
 */
import { Command, CommanderError } from 'commander';
import type { CliContext } from './context.ts';
import { formatReport, reportOf } from './error-report.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { printJson } from './output.ts';

/** A command's module: it adds options and actions to its command. */
export type CommandModule = { define(command: Command, context: CliContext): void };

type CommandRow = { readonly name: string; readonly summary: string; load(): Promise<CommandModule> };

const rows: readonly CommandRow[] = [
  { name: 'serve', summary: 'run the server', load: () => import('./commands/serve.ts') },
  {
    name: 'demo',
    summary: 'see files become verified webhooks, in a temporary directory',
    load: () => import('./commands/demo.ts'),
  },
  { name: 'upload', summary: 'upload files or whole directories', load: () => import('./commands/upload.ts') },
  { name: 'changes', summary: 'report changes, or follow them live', load: () => import('./commands/changes.ts') },
  { name: 'webhooks', summary: 'create, list, test and switch webhooks', load: () => import('./commands/webhooks.ts') },
  {
    name: 'deliveries',
    summary: 'list, show and redeliver deliveries',
    load: () => import('./commands/deliveries.ts'),
  },
  {
    name: 'replay',
    summary: 'send past deliveries again, after an estimate',
    load: () => import('./commands/replay.ts'),
  },
  {
    name: 'inbox',
    summary: 'make receiving endpoints and watch what arrives',
    load: () => import('./commands/inbox.ts'),
  },
  { name: 'keys', summary: 'create, list and revoke API keys', load: () => import('./commands/keys.ts') },
  { name: 'doctor', summary: 'check this machine and this configuration', load: () => import('./commands/doctor.ts') },
];

/** Runs one command line (without `node` and the program) and answers with its exit code. */
export async function runCommandLine(args: readonly string[], context: CliContext): Promise<ExitCode> {
  const program = await createProgram(args, context);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const report = reportOf(error);
    if (args.includes('--json')) {
      const { code, message, mend, problems, exitCode } = report;
      printJson(context.stderr, { error: { code, message, mend, problems, exitCode } });
    } else context.stderr.write(formatReport(report));
    return report.exitCode;
  }
}

async function createProgram(args: readonly string[], context: CliContext): Promise<Command> {
  const program = new Command('assetwire');
  program
    .description('Assetwire, the webhook system for digital assets')
    .version(context.version)
    .showHelpAfterError('(add --help for more)')
    .configureOutput({ writeOut: (text) => context.stdout.write(text), writeErr: (text) => context.stderr.write(text) })
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
    .exitOverride();
  const words = args.filter((word) => !word.startsWith('-'));
  const wanted = words[0] === 'help' ? words[1] : words[0];
  for (const row of rows) {
    const command = program.command(row.name).description(row.summary);
    if (row.name === wanted) (await row.load()).define(command, context);
  }
  return program;
}
