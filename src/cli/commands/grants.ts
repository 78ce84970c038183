/** `assetwire grants`: list, create, delete. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import { type GrantScope, grantScopes, type GrantView } from '../../app/people.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { printJson, printPage, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';

type CreateOptions = ConnectionOptions & {
  readonly folder?: string;
  readonly collection?: string;
  readonly library?: string;
  readonly asset?: string;
  readonly scope: readonly GrantScope[];
};

export function define(command: Command, context: CliContext): void {
  const whose = 'whose: a user (usr_01…) or a key (key_01…)';
  withPage(withConnection(command.command('list').description('list grants, newest first')))
    .addOption(new Option('--of <holder>', `only those of one holder: usr_01… or key_01…`))
    .action((options: ConnectionOptions & PageOptions & { of?: string }) => list(options, context));
  withConnection(
    command.command('create').description('let somebody read or write one folder, collection, library or asset'),
  )
    .addArgument(new Argument('<holder>', whose))
    .addOption(new Option('--folder <path>', 'this folder, with everything below'))
    .addOption(new Option('--collection <key>', 'this collection, by its key or id'))
    .addOption(new Option('--library <key>', 'this library, by its key'))
    .addOption(new Option('--asset <id>', 'this asset'))
    .addOption(new Option('--scope <scope...>', 'what they may do').choices([...grantScopes]).default(['assets:read']))
    .action((holder: string, options: CreateOptions) => create(holder, options, context));
  withConnection(command.command('delete').description('take a grant away; within a second it allows nothing'))
    .addArgument(new Argument('<id>', 'the grant, such as grt_01…'))
    .action(async (id: string, options: ConnectionOptions) => {
      await connect(options, context).send('DELETE', `/v1/grants/${encodeURIComponent(id)}`);
      if (options.json === true) printJson(context.stdout, { deleted: id });
      else context.stdout.write(`✓ ${id} is taken away\n`);
    });
  withExamples(command, [
    'assetwire grants create usr_01kan4c4q0edkxrmnr6dgk2vfp --folder /press',
    'assetwire grants create key_01kan4c4q0edkxrmnr6dgk2vfp --collection spring --scope assets:read assets:write',
    'assetwire grants list --of usr_01kan4c4q0edkxrmnr6dgk2vfp',
  ]);
}

/** `usr_…` as `user:usr_…`. */
function principalOf(holder: string): string {
  if (holder.startsWith('usr_')) return `user:${holder}`;
  return holder.startsWith('key_') ? `key:${holder}` : holder;
}

function resourceOf({ folder, collection, library, asset }: CreateOptions): object {
  const given = [
    ...(folder === undefined ? [] : [{ type: 'folder', path: folder }]),
    ...(collection === undefined ? [] : [{ type: 'collection', id: collection }]),
    ...(library === undefined ? [] : [{ type: 'library', id: library }]),
    ...(asset === undefined ? [] : [{ type: 'asset', id: asset }]),
  ];
  const [one] = given;
  if (one !== undefined && given.length === 1) return one;
  throw new CommandError(
    `A grant must be on one thing: ${given.length} are named`,
    'Name one of --folder, --collection, --library, --asset',
    exitCodes.usage,
  );
}

async function create(holder: string, options: CreateOptions, context: CliContext): Promise<void> {
  const input = { principal: principalOf(holder), resource: resourceOf(options), scopes: options.scope };
  const made = await connect(options, context).send<GrantView>('POST', '/v1/grants', input);
  if (options.json === true) return printJson(context.stdout, made);
  context.stdout.write(`✓ ${made.id}  ${made.scopes.join(' ')} on ${shown(made)}\n`);
}

async function list(
  { limit, cursor, of, ...options }: ConnectionOptions & PageOptions & { readonly of?: string },
  context: CliContext,
): Promise<void> {
  const query = { limit, cursor, principal: of === undefined ? undefined : principalOf(of) };
  const page = await connect(options, context).get<PageAnswer<GrantView>>('/v1/grants', query);
  printPage<GrantView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'GRANT', text: ({ id }) => id },
      { title: 'HOLDER', text: ({ principal }) => principal },
      { title: 'MAY', text: (grant) => grant.scopes.join(' ') },
      { title: 'GIVEN', text: ({ createdAtMs }) => showTime(createdAtMs) },
      { title: 'ON', text: shown },
    ],
  });
}

function shown({ resource }: GrantView): string {
  return `${resource.type} ${resource.type === 'folder' ? resource.path : resource.id}`;
}
