/**
 * The command line as a table. Only the module of the command that was typed is loaded, so `--help` answers at once and
 * `serve` does not pay for what it does not use.
 */
import { Command, CommanderError } from 'commander';
import type { Option } from 'commander';
import type { CliContext } from './context.ts';
import { formatReport, reportOf } from './error-report.ts';
import type { ErrorReport } from './error-report.ts';
import { exitCodeMeanings, exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { InterruptedError } from './interrupt.ts';
import { printJson } from './output.ts';

/** A command's module: it adds options and actions to its command. `whole` is the program with every command loaded. */
export type CommandModule = {
  define(command: Command, context: CliContext, whole: () => Promise<Command>): void;
};

type CommandRow = { readonly name: string; readonly summary: string; load(): Promise<CommandModule> };

/** Every command, in the groups `--help` shows. */
const groups: readonly { readonly title: string; readonly rows: readonly CommandRow[] }[] = [
  {
    title: 'The server:',
    rows: [
      { name: 'serve', summary: 'run the server', load: () => import('./commands/serve.ts') },
      {
        name: 'worker',
        summary: 'deliver what others on the same PostgreSQL have taken in',
        load: () => import('./commands/worker.ts'),
      },
      {
        name: 'demo',
        summary: 'see files become verified webhooks, in a temporary directory',
        load: () => import('./commands/demo.ts'),
      },
      {
        name: 'doctor',
        summary: 'check this machine and this configuration',
        load: () => import('./commands/doctor.ts'),
      },
      {
        name: 'backup',
        summary: 'copy the data directory while the server runs',
        load: () => import('./commands/backup.ts'),
      },
      {
        name: 'migrate',
        summary: 'move a whole installation from SQLite to PostgreSQL',
        load: () => import('./commands/migrate.ts'),
      },
      {
        name: 'blobs',
        summary: 'move the files of a data directory to S3',
        load: () => import('./commands/blobs.ts'),
      },
    ],
  },
  {
    title: 'Assets and changes:',
    rows: [
      {
        name: 'upload',
        summary: 'upload files or whole directories; what is there is skipped',
        load: () => import('./commands/upload.ts'),
      },
      {
        name: 'import',
        summary: 'bring in the states of very many assets from a file',
        load: () => import('./commands/import.ts'),
      },
      {
        name: 'watch',
        summary: 'watch a folder: its files are assets',
        load: () => import('./commands/watch.ts'),
      },
      {
        name: 'syncs',
        summary: 'keep step with another system: what vanished there, and what becomes of it',
        load: () => import('./commands/syncs.ts'),
      },
      {
        name: 'assets',
        summary: 'list, show, edit, copy, check out, date, delete and restore assets',
        load: () => import('./commands/assets.ts'),
      },
      {
        name: 'search',
        summary: 'find assets by words, fields, tags, folders and dates',
        load: () => import('./commands/search.ts'),
      },
      {
        name: 'metadata-fields',
        summary: 'define metadata fields, and which embedded fields become metadata',
        load: () => import('./commands/metadata-fields.ts'),
      },
      {
        name: 'folders',
        summary: 'list, make, rename, move and remove folders',
        load: () => import('./commands/folders.ts'),
      },
      {
        name: 'collections',
        summary: 'make collections, put assets in and take them out',
        load: () => import('./commands/collections.ts'),
      },
      {
        name: 'broadcasts',
        summary: 'go live by streaming a film, register, clip and remove broadcasts',
        load: () => import('./commands/broadcasts.ts'),
      },
      {
        name: 'sections',
        summary: 'ordered groups that an asset is in one of at most',
        load: () => import('./commands/sections.ts'),
      },
      {
        name: 'jobs',
        summary: 'workflow jobs: what is to be done with which assets, by when',
        load: () => import('./commands/jobs.ts'),
      },
      {
        name: 'libraries',
        summary: 'make libraries: assets are in one at a time, grants and webhooks may be about it',
        load: () => import('./commands/libraries.ts'),
      },
      {
        name: 'comments',
        summary: 'comments, annotations and approval of assets',
        load: () => import('./commands/comments.ts'),
      },
      {
        name: 'tasks',
        summary: 'work on many assets that goes on by itself',
        load: () => import('./commands/tasks.ts'),
      },
      {
        name: 'changes',
        summary: 'list changes, follow them live, or report them',
        load: () => import('./commands/changes.ts'),
      },
      {
        name: 'trigger',
        summary: 'report a sample change of a kind, to see what becomes of it',
        load: () => import('./commands/trigger.ts'),
      },
    ],
  },
  {
    title: 'Webhooks and deliveries:',
    rows: [
      {
        name: 'webhooks',
        summary: 'create, list, test and switch webhooks',
        load: () => import('./commands/webhooks.ts'),
      },
      {
        name: 'deliveries',
        summary: 'list, show, follow and redeliver deliveries',
        load: () => import('./commands/deliveries.ts'),
      },
      {
        name: 'replay',
        summary: 'send past deliveries again, after an estimate',
        load: () => import('./commands/replay.ts'),
      },
      {
        name: 'dialects',
        summary: 'show how receivers can be spoken to: events, settings, limits',
        load: () => import('./commands/dialects.ts'),
      },
      {
        name: 'inbox',
        summary: 'make receiving endpoints and watch what arrives',
        load: () => import('./commands/inbox.ts'),
      },
      {
        name: 'listen',
        summary: 'bring webhooks to a program on this machine',
        load: () => import('./commands/listen.ts'),
      },
      {
        name: 'verify',
        summary: 'check the signature of a request that was received',
        load: () => import('./commands/verify.ts'),
      },
    ],
  },
  {
    title: 'Administration:',
    rows: [
      {
        name: 'erase',
        summary: 'erase an asset or a person, out of the past as well',
        load: () => import('./commands/erase.ts'),
      },
      {
        name: 'erasures',
        summary: 'how far erasures have come, and that they were done',
        load: () => import('./commands/erasures.ts'),
      },
      {
        name: 'share-links',
        summary: 'share files with people who have no account',
        load: () => import('./commands/share-links.ts'),
      },
      {
        name: 'exports',
        summary: 'write deliveries, changes, assets or the audit into a file',
        load: () => import('./commands/exports.ts'),
      },
      { name: 'keys', summary: 'create, list, rotate and revoke API keys', load: () => import('./commands/keys.ts') },
      {
        name: 'transports',
        summary: 'send a test by the mail server or to a queue (admin keys)',
        load: () => import('./commands/transports.ts'),
      },
      {
        name: 'never-asked',
        summary: 'addresses that nobody here may ask for consent (admin keys)',
        load: () => import('./commands/never-asked.ts'),
      },
      {
        name: 'signing-keys',
        summary: 'keys and certificates that messages are signed with',
        load: () => import('./commands/signing-keys.ts'),
      },
      {
        name: 'roles',
        summary: 'what users may do: list, make, change and delete roles',
        load: () => import('./commands/roles.ts'),
      },
      {
        name: 'grants',
        summary: 'let somebody read or write one folder, collection or asset',
        load: () => import('./commands/grants.ts'),
      },
      { name: 'users', summary: 'invite, list, change and remove users', load: () => import('./commands/users.ts') },
      {
        name: 'sessions',
        summary: 'where people are signed in; end one, or all of somebody',
        load: () => import('./commands/sessions.ts'),
      },
      {
        name: 'workspaces',
        summary: 'make, list, disable and erase workspaces (admin keys)',
        load: () => import('./commands/workspaces.ts'),
      },
      {
        name: 'settings',
        summary: 'what the workspace and the server run with',
        load: () => import('./commands/settings.ts'),
      },
      {
        name: 'notices',
        summary: 'warnings, and what was switched off',
        load: () => import('./commands/notices.ts'),
      },
      { name: 'audit', summary: 'who did what, when and from where', load: () => import('./commands/audit.ts') },
      {
        name: 'completion',
        summary: 'print the completion script of a shell',
        load: () => import('./commands/completion.ts'),
      },
    ],
  },
];

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
  for (const { title, rows: inGroup } of groups) {
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
