/** `assetwire sections`: list, show, create, update, delete, assets, add, remove. */
import type { Command } from 'commander';
import { Argument, InvalidArgumentError, Option } from 'commander';
import type { SectionView, TaskView } from '../../app/app.ts';
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

const group = { area: 'sections', one: 'section', prefix: 'sct' } as const;

type CreateOptions = ConnectionOptions & {
  readonly key?: string;
  readonly collection?: string;
  readonly position?: number;
};
type UpdateOptions = ConnectionOptions & { readonly name?: string; readonly position?: number };
type RemoveOptions = ConnectionOptions & WaitOptions & { readonly yes?: boolean };

export function define(command: Command, context: CliContext): void {
  const sub = (name: string, summary: string): Command => withConnection(command.command(name).description(summary));
  withPage(sub('list', 'list sections in their order'))
    .addOption(new Option('--collection <key>', 'only those that divide this collection'))
    .action((options: ConnectionOptions & PageOptions & { collection?: string }) => list(options, context));
  sub('show', 'show a section and how many assets are in it')
    .addArgument(groupArgument(group))
    .action(async (given: string, options: ConnectionOptions) =>
      show(await connect(options, context).get<SectionView>(groupPath(group, given)), options, context),
    );
  sub('create', 'make a section: an ordered group; an asset is in one at most')
    .addArgument(new Argument('<name>', 'what people read'))
    .addOption(new Option('--key <key>', 'what assets in it carry; the name where absent; never changes'))
    .addOption(new Option('--collection <key>', 'the collection that it divides; the workspace where absent'))
    .addOption(
      new Option('--position <number>', 'its place in the order; behind all others where absent').argParser(position),
    )
    .action((name: string, options: CreateOptions) => create(name, options, context));
  sub('update', 'rename a section or put it elsewhere in the order')
    .addArgument(groupArgument(group))
    .addOption(new Option('--name <name>', 'another name'))
    .addOption(new Option('--position <number>', 'another place in the order').argParser(position))
    .action((given: string, options: UpdateOptions) => update(given, options, context));
  sub('delete', 'delete a section and take it off its assets; they stay')
    .addArgument(groupArgument(group))
    .addOption(new Option('--yes', 'do not ask'))
    .addOption(noWait())
    .action((given: string, options: RemoveOptions) => remove(given, options, context));
  defineMembers(command, group, context);
  withExamples(command, [
    'assetwire sections create Photographs --key photographs --position 1000',
    'assetwire sections add photographs external:sku-4711',
    'assetwire sections update photographs --position 3000',
    'assetwire sections list --json',
  ]);
}

/** Reads a whole number, which may be negative. */
function position(text: string): number {
  const at = Number(text);
  if (Number.isInteger(at) && text.trim() !== '') return at;
  throw new InvalidArgumentError('Wanted a whole number.');
}

async function list(
  { limit, cursor, collection, ...options }: ConnectionOptions & PageOptions & { readonly collection?: string },
  context: CliContext,
): Promise<void> {
  const query = { limit, cursor, collection };
  const page = await connect(options, context).get<PageAnswer<SectionView>>('/v1/sections', query);
  printPage<SectionView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'SECTION', text: ({ id }) => id },
      { title: 'KEY', text: ({ key }) => key },
      { title: 'POSITION', align: 'right', text: ({ position: at }) => String(at) },
      { title: 'NAME', text: ({ name }) => name },
    ],
  });
}

function show(section: SectionView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, section);
  printFields(stdout, [
    ['section', section.id],
    ['key', section.key],
    ['name', section.name],
    ['position', String(section.position)],
    ...(section.collection === undefined ? [] : [['collection', section.collection] as const]),
    ...(section.assets === undefined ? [] : [['assets', String(section.assets)] as const]),
    ['created', showTime(section.createdAtMs)],
  ]);
}

async function create(
  name: string,
  { key, collection, position: at, ...options }: CreateOptions,
  context: CliContext,
): Promise<void> {
  const input = {
    name,
    ...(key === undefined ? {} : { key }),
    ...(collection === undefined ? {} : { collection }),
    ...(at === undefined ? {} : { position: at }),
  };
  const made = await connect(options, context).send<SectionView>('POST', '/v1/sections', input);
  if (options.json === true) return printJson(context.stdout, made);
  context.stdout.write(`✓ ${made.id}  ${made.key}\n`);
}

async function update(
  given: string,
  { name, position: at, ...options }: UpdateOptions,
  context: CliContext,
): Promise<void> {
  const patch = {
    ...(name === undefined ? {} : { name }),
    ...(at === undefined ? {} : { position: at }),
  };
  refuseEmptyPatch(patch);
  show(await connect(options, context).send<SectionView>('PATCH', groupPath(group, given), patch), options, context);
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
