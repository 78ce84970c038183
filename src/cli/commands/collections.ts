/** `assetwire collections`: list, show, create, update, delete, assets, add, remove. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { CollectionView, TaskView } from '../../app/app.ts';
import { confirmed } from '../ask.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { defineMembers, groupArgument, groupPath } from '../group-members.ts';
import { printFields, printJson, printPage, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';
import { refuseEmptyPatch } from '../patch.ts';
import { noWait, tellOutcome } from '../task-outcome.ts';
import type { WaitOptions } from '../task-outcome.ts';

const group = { area: 'collections', one: 'collection', prefix: 'col' } as const;

type CreateOptions = ConnectionOptions & { readonly key?: string; readonly description?: string };
type UpdateOptions = ConnectionOptions & { readonly name?: string; readonly description?: string };
type RemoveOptions = ConnectionOptions & WaitOptions & { readonly yes?: boolean };

export function define(command: Command, context: CliContext): void {
  const sub = (name: string, summary: string): Command => withConnection(command.command(name).description(summary));
  withPage(sub('list', 'list collections, newest first'))
    .addOption(new Option('--name-contains <text>', 'only those whose name has this in it'))
    .action((options: ConnectionOptions & PageOptions & { nameContains?: string }) => list(options, context));
  sub('show', 'show a collection and how many assets are in it')
    .addArgument(groupArgument(group))
    .action(async (given: string, options: ConnectionOptions) =>
      show(await connect(options, context).get<CollectionView>(groupPath(group, given)), options, context),
    );
  sub('create', 'make a collection; assets that carry its key already are in it at once')
    .addArgument(new Argument('<name>', 'what people read'))
    .addOption(new Option('--key <key>', 'what assets in it carry; the name where absent; never changes'))
    .addOption(new Option('--description <text>', 'what it is for'))
    .action((name: string, options: CreateOptions) => create(name, options, context));
  sub('update', 'rename or describe a collection; its key and assets stay')
    .addArgument(groupArgument(group))
    .addOption(new Option('--name <name>', 'another name'))
    .addOption(new Option('--description <text>', 'another description'))
    .action((given: string, options: UpdateOptions) => update(given, options, context));
  sub('delete', 'delete a collection and take it off its assets; they stay')
    .addArgument(groupArgument(group))
    .addOption(new Option('--yes', 'do not ask'))
    .addOption(noWait())
    .action((given: string, options: RemoveOptions) => remove(given, options, context));
  defineMembers(command, group, context);
  withExamples(command, [
    'assetwire collections create "Spring 2027" --key spring',
    'assetwire collections add spring external:sku-4711 external:sku-4712',
    'assetwire collections assets spring --limit 10',
    'assetwire collections update spring --name "Spring and summer 2027"',
    'assetwire collections delete spring --yes',
  ]);
}

async function list(
  { limit, cursor, nameContains, ...options }: ConnectionOptions & PageOptions & { readonly nameContains?: string },
  context: CliContext,
): Promise<void> {
  const query = { limit, cursor, nameContains };
  const page = await connect(options, context).get<PageAnswer<CollectionView>>('/v1/collections', query);
  printPage<CollectionView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'COLLECTION', text: ({ id }) => id },
      { title: 'KEY', text: ({ key }) => key },
      { title: 'UPDATED', text: ({ updatedAtMs }) => showTime(updatedAtMs) },
      { title: 'NAME', text: ({ name }) => name },
    ],
  });
}

function show(collection: CollectionView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, collection);
  printFields(stdout, [
    ['collection', collection.id],
    ['key', collection.key],
    ['name', collection.name],
    ...(collection.description === undefined ? [] : [['description', collection.description] as const]),
    ...(collection.assets === undefined ? [] : [['assets', String(collection.assets)] as const]),
    ['created', showTime(collection.createdAtMs)],
  ]);
}

async function create(
  name: string,
  { key, description, ...options }: CreateOptions,
  context: CliContext,
): Promise<void> {
  const input = { name, ...(key === undefined ? {} : { key }), ...(description === undefined ? {} : { description }) };
  const made = await connect(options, context).send<CollectionView>('POST', '/v1/collections', input);
  if (options.json === true) return printJson(context.stdout, made);
  context.stdout.write(`✓ ${made.id}  ${made.key}\n`);
}

async function update(
  given: string,
  { name, description, ...options }: UpdateOptions,
  context: CliContext,
): Promise<void> {
  const patch = {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description: description === '' ? null : description }),
  };
  refuseEmptyPatch(patch);
  show(await connect(options, context).send<CollectionView>('PATCH', groupPath(group, given), patch), options, context);
}

async function remove(given: string, { yes, wait, ...options }: RemoveOptions, context: CliContext): Promise<void> {
  if (!(await confirmed(`Delete ${given} and take it off its assets?`, { yes, unasked: true }, context)))
    throw new CommandError('Removal must be confirmed: nothing was removed', 'Answer y, or add --yes');
  const client = connect(options, context);
  const answer = (await client.send<{ readonly task?: TaskView } | undefined>('DELETE', groupPath(group, given))) ?? {};
  if (options.json === true && answer.task === undefined) return printJson(context.stdout, { deleted: given });
  const outcome = { client, answer, done: `${given} is deleted` };
  await tellOutcome(outcome, { wait, ...(options.json === undefined ? {} : { json: options.json }) }, context);
}
