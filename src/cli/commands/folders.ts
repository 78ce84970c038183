/** `assetwire folders`: list, show, create, rename, move, describe, delete. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { FolderView, TaskView } from '../../app/app.ts';
import { confirmed } from '../ask.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { printFields, printJson, printPage, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';
import { noWait, tellOutcome } from '../task-outcome.ts';
import type { WaitOptions } from '../task-outcome.ts';

type Changed = FolderView & { readonly task?: TaskView };
type Waiting = ConnectionOptions & WaitOptions;
type ListOptions = ConnectionOptions & PageOptions & { readonly below?: boolean };
type RemoveOptions = Waiting & { readonly contents?: string; readonly to?: string; readonly yes?: boolean };

export function define(command: Command, context: CliContext): void {
  const sub = (name: string, summary: string): Command => withConnection(command.command(name).description(summary));
  const folder = (): Argument => new Argument('<folder>', 'its path (/campaigns/spring) or id (fld_01…)');
  withPage(sub('list', 'list the folders in a folder, by name'))
    .addArgument(new Argument('[folder]', 'its path or id; the root where absent'))
    .addOption(new Option('--below', 'all folders below it, not only those directly in it'))
    .action((given: string | undefined, options: ListOptions) => list(given, options, context));
  sub('show', 'show a folder and how much lies in it')
    .addArgument(folder())
    .action((given: string, options: ConnectionOptions) => show(given, options, context));
  sub('create', 'make a folder, with those on the way to it')
    .addArgument(new Argument('<path>', 'where, such as /campaigns/spring'))
    .addOption(new Option('--description <text>', 'what it is for'))
    .action((path: string, options: ConnectionOptions & { description?: string }) => create(path, options, context));
  sub('rename', 'rename a folder; all that lies in it goes along')
    .addArgument(folder())
    .addArgument(new Argument('<name>', 'its new name'))
    .addOption(noWait())
    .action((given: string, name: string, options: Waiting) => change({ given, patch: { name } }, options, context));
  sub('move', 'move a folder into another one, with all that lies in it')
    .addArgument(folder())
    .addArgument(new Argument('<to>', 'the folder it then lies in: path or id, / for the root'))
    .addOption(noWait())
    .action((given: string, parent: string, options: Waiting) =>
      change({ given, patch: { parent } }, options, context),
    );
  sub('describe', 'say what a folder is for')
    .addArgument(folder())
    .addArgument(new Argument('<text>', 'the description; "" takes it away'))
    .action((given: string, text: string, options: ConnectionOptions) =>
      change({ given, patch: { description: text === '' ? null : text } }, { ...options, wait: true }, context),
    );
  sub('delete', 'remove a folder; what lies in it is deleted or moved where you say so')
    .addArgument(folder())
    .addOption(new Option('--contents <what>', 'what becomes of what lies in it').choices(['delete', 'move']))
    .addOption(new Option('--to <folder>', 'with --contents move: the folder that they move to'))
    .addOption(new Option('--yes', 'do not ask'))
    .addOption(noWait())
    .action((given: string, options: RemoveOptions) => remove(given, options, context));
  withExamples(command, [
    'assetwire folders list /campaigns --below',
    'assetwire folders create /campaigns/spring --description "Pictures of the spring campaign"',
    'assetwire folders rename /campaigns/spring summer',
    'assetwire folders move /campaigns/summer /archive/2026',
    'assetwire folders delete /archive/2026 --contents move --to /archive',
  ]);
}

/** A path as the API takes it in the place of an id. */
function referenceOf(given: string): string {
  if (given === '/') return 'root';
  return given.startsWith('/') ? `path:${given}` : given;
}

function at(given: string): string {
  return `/v1/folders/${encodeURIComponent(referenceOf(given))}`;
}

async function list(
  given: string | undefined,
  { limit, cursor, below, ...options }: ListOptions,
  context: CliContext,
): Promise<void> {
  const query = {
    limit,
    cursor,
    below: below === true ? 'true' : undefined,
    in: given === undefined ? undefined : referenceOf(given),
  };
  const page = await connect(options, context).get<PageAnswer<FolderView>>('/v1/folders', query);
  printPage<FolderView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'FOLDER', text: ({ id }) => id },
      { title: 'UPDATED', text: ({ updatedAtMs }) => showTime(updatedAtMs) },
      { title: 'PATH', text: ({ path }) => path },
    ],
  });
}

async function show(given: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const folder = await connect(options, context).get<FolderView>(at(given));
  if (options.json === true) return printJson(context.stdout, folder);
  printFields(context.stdout, [
    ['folder', folder.id],
    ['path', folder.path],
    ...(folder.externalId === undefined ? [] : [['external id', folder.externalId] as const]),
    ...(folder.description === undefined ? [] : [['description', folder.description] as const]),
    ['assets', String(folder.counts?.assets ?? 0)],
    ['folders', String(folder.counts?.folders ?? 0)],
    ['version', String(folder.version)],
    ['created', folder.id === 'root' ? '' : showTime(folder.createdAtMs)],
  ]);
}

async function create(
  path: string,
  { description, ...options }: ConnectionOptions & { readonly description?: string },
  context: CliContext,
): Promise<void> {
  const input = { path, ...(description === undefined ? {} : { description }) };
  const made = await connect(options, context).send<FolderView>('POST', '/v1/folders', input);
  if (options.json === true) return printJson(context.stdout, made);
  context.stdout.write(`✓ ${made.id}  ${made.path}\n`);
}

type Change = {
  readonly given: string;
  readonly patch: { readonly name?: string; readonly parent?: string; readonly description?: string | null };
};

async function change({ given, patch }: Change, { wait, ...options }: Waiting, context: CliContext): Promise<void> {
  const client = connect(options, context);
  const answer = await client.send<Changed>('PATCH', at(given), patch);
  const done = `${answer.id}  ${answer.path}`;
  await tellOutcome(
    { client, answer, done },
    { wait, ...(options.json === undefined ? {} : { json: options.json }) },
    context,
  );
}

async function remove(
  given: string,
  { contents, to, yes, wait, ...options }: RemoveOptions,
  context: CliContext,
): Promise<void> {
  const what = contents === 'delete' ? ' and everything in it' : '';
  if (!(await confirmed(`Remove ${given}${what}?`, { yes, unasked: true }, context)))
    throw new CommandError('Removal must be confirmed: nothing was removed', 'Answer y, or add --yes');
  const client = connect(options, context);
  const query = new URLSearchParams({
    ...(contents === undefined ? {} : { contents }),
    ...(to === undefined ? {} : { to: to.startsWith('/') ? to : referenceOf(to) }),
  });
  const path = query.size === 0 ? at(given) : `${at(given)}?${query}`;
  const answer = (await client.send<{ readonly task?: TaskView } | undefined>('DELETE', path)) ?? {};
  const outcome = { client, answer, done: `${given} is removed` };
  if (options.json === true && answer.task === undefined) return printJson(context.stdout, { deleted: given });
  await tellOutcome(outcome, { wait, ...(options.json === undefined ? {} : { json: options.json }) }, context);
}
