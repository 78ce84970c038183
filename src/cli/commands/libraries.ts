/** `assetwire libraries`: list, show, create, update, delete. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { LibraryView } from '../../app/app.ts';
import { confirmed } from '../ask.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { printFields, printJson, printPage, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';
import { refuseEmptyPatch } from '../patch.ts';

type Described = { readonly name?: string; readonly description?: string; readonly organization?: string };
type CreateOptions = ConnectionOptions & Described;
type RemoveOptions = ConnectionOptions & { readonly yes?: boolean };

export function define(command: Command, context: CliContext): void {
  const sub = (name: string, summary: string): Command => withConnection(command.command(name).description(summary));
  const key = (): Argument => new Argument('<key>', 'what assets in it carry');
  const organization = (): Option =>
    new Option('--organization <key>', 'what receivers are told as its organization; the workspace’s id where absent');
  withPage(sub('list', 'list libraries: the built-in one, then the others, newest first')).action(
    (options: ConnectionOptions & PageOptions) => list(options, context),
  );
  sub('show', 'show a library')
    .addArgument(key())
    .action(async (given: string, options: ConnectionOptions) =>
      show(await connect(options, context).get<LibraryView>(path(given)), options, context),
    );
  sub('create', 'make a library: assets are in one at a time; grants and webhooks may be about it')
    .addArgument(key())
    .addOption(new Option('--name <name>', 'what people read; the key where absent'))
    .addOption(new Option('--description <text>', 'what it is for'))
    .addOption(organization())
    .action((given: string, options: CreateOptions) => create(given, options, context));
  sub('update', 'rename or describe a library, or say which organization it belongs to; its key stays')
    .addArgument(key())
    .addOption(new Option('--name <name>', 'another name'))
    .addOption(new Option('--description <text>', 'another description'))
    .addOption(organization())
    .action((given: string, options: CreateOptions) => update(given, options, context));
  sub('delete', 'delete a library; its assets stay, webhooks about it are switched off')
    .addArgument(key())
    .addOption(new Option('--yes', 'do not ask'))
    .action((given: string, options: RemoveOptions) => remove(given, options, context));
  withExamples(command, [
    'assetwire libraries create brand --name "Brand"',
    'assetwire upload logo.svg --library brand',
    'assetwire grants create key_01kan4c4q0edkxrmnr6dgk2vfp --library brand',
    'assetwire libraries update brand --organization example-corp',
  ]);
}

function path(key: string): string {
  return `/v1/libraries/${encodeURIComponent(key)}`;
}

async function list(
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<LibraryView>>('/v1/libraries', { limit, cursor });
  printPage<LibraryView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'LIBRARY', text: ({ key }) => key },
      { title: 'ORGANIZATION', text: ({ organization }) => organization },
      { title: 'NAME', text: ({ name }) => name },
    ],
  });
}

function show(library: LibraryView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, library);
  const { key, name, description, organization, builtIn, createdAtMs } = library;
  printFields(stdout, [
    ['library', key],
    ['name', name],
    ...(description === undefined ? [] : [['description', description] as const]),
    ['organization', organization],
    ...(builtIn ? [['built in', 'yes: assets that name no library are in it'] as const] : []),
    ...(createdAtMs === null ? [] : [['created', showTime(createdAtMs)] as const]),
  ]);
}

function described({ name, description, organization }: Described): Described {
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(organization === undefined ? {} : { organization }),
  };
}

async function create(key: string, options: CreateOptions, context: CliContext): Promise<void> {
  const input = { key, ...described(options) };
  const made = await connect(options, context).send<LibraryView>('POST', '/v1/libraries', input);
  if (options.json === true) return printJson(context.stdout, made);
  context.stdout.write(`✓ ${made.key}  ${made.name}\n`);
}

async function update(given: string, options: CreateOptions, context: CliContext): Promise<void> {
  const patch = described(options);
  refuseEmptyPatch(patch);
  show(await connect(options, context).send<LibraryView>('PATCH', path(given), patch), options, context);
}

async function remove(given: string, { yes, ...options }: RemoveOptions, context: CliContext): Promise<void> {
  const question = `Delete the library ${given}? Its assets stay; webhooks about it are switched off`;
  if (!(await confirmed(question, { yes, unasked: true }, context)))
    throw new CommandError('Removal must be confirmed: nothing was removed', 'Answer y, or add --yes');
  await connect(options, context).send('DELETE', path(given));
  if (options.json === true) return printJson(context.stdout, { deleted: given });
  context.stdout.write(`✓ ${given} is deleted\n`);
}
