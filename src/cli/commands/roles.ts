/** `assetwire roles`: list, show, create, update, delete. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import { type Scope, scopes } from '../../app/app.ts';
import type { RoleView } from '../../app/people.ts';
import { confirmed } from '../ask.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { printFields, printJson, printPage } from '../output.ts';
import type { PageAnswer } from '../output.ts';
import { refuseEmptyPatch } from '../patch.ts';

type CreateOptions = ConnectionOptions & { readonly name?: string; readonly scope: readonly Scope[] };
type UpdateOptions = ConnectionOptions & { readonly name?: string; readonly scope?: readonly Scope[] };

export function define(command: Command, context: CliContext): void {
  const sub = (name: string, summary: string): Command => withConnection(command.command(name).description(summary));
  const role = (): Argument => new Argument('<role>', 'its id, such as editor');
  const scope = (text: string): Option => new Option('--scope <scope...>', text).choices([...scopes]);
  withPage(sub('list', 'list roles and what they may do; the built-in ones first')).action(
    (options: ConnectionOptions & PageOptions) => list(options, context),
  );
  sub('show', 'show a role')
    .addArgument(role())
    .action(async (id: string, options: ConnectionOptions) =>
      show(await connect(options, context).get<RoleView>(at(id)), options, context),
    );
  sub('create', 'make a role of the workspace')
    .addArgument(new Argument('<role>', 'its id: small letters, digits and hyphens'))
    .addOption(new Option('--name <name>', 'what people read; the id where absent'))
    .addOption(scope('what it may do').makeOptionMandatory())
    .action(async (id: string, { name = id, scope: given, ...options }: CreateOptions) => {
      const input = { id, name, scopes: given };
      show(await connect(options, context).send<RoleView>('POST', '/v1/roles', input), options, context);
    });
  sub('update', 'rename a role of the workspace, or let it do something else')
    .addArgument(role())
    .addOption(new Option('--name <name>', 'another name'))
    .addOption(scope('what it may do, instead of what it may'))
    .action(async (id: string, { name, scope: given, ...options }: UpdateOptions) => {
      const patch = { ...(name === undefined ? {} : { name }), ...(given === undefined ? {} : { scopes: given }) };
      refuseEmptyPatch(patch);
      show(await connect(options, context).send<RoleView>('PATCH', at(id), patch), options, context);
    });
  sub('delete', 'delete a role that nobody has; asks first on a terminal')
    .addArgument(role())
    .addOption(new Option('--yes', 'do not ask'))
    .action((id: string, options: ConnectionOptions & { yes?: boolean }) => remove(id, options, context));
  withExamples(command, [
    'assetwire roles create press --name "Press office" --scope assets:read webhooks:read',
    'assetwire roles update press --scope assets:read assets:write',
    'assetwire roles list --json',
  ]);
}

function at(id: string): string {
  return `/v1/roles/${encodeURIComponent(id)}`;
}

async function list(
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<RoleView>>('/v1/roles', { limit, cursor });
  printPage<RoleView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'ROLE', text: ({ id }) => id },
      { title: 'NAME', text: ({ name }) => name },
      { title: 'MADE BY', text: ({ builtIn }) => (builtIn ? 'Assetwire' : 'the workspace') },
      { title: 'SCOPES', text: (role) => role.scopes.join(' ') },
    ],
  });
}

function show(role: RoleView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, role);
  printFields(stdout, [
    ['role', role.id],
    ['name', role.name],
    ['built in', role.builtIn ? 'yes' : 'no'],
    ['scopes', role.scopes.join(' ') || 'none'],
  ]);
}

async function remove(
  id: string,
  { yes, ...options }: ConnectionOptions & { readonly yes?: boolean },
  context: CliContext,
): Promise<void> {
  if (!(await confirmed(`Delete role ${id}?`, { yes, unasked: true }, context)))
    throw new CommandError('Removal must be confirmed: nothing was removed', 'Answer y, or add --yes');
  await connect(options, context).send('DELETE', at(id));
  if (options.json === true) printJson(context.stdout, { deleted: id });
  else context.stdout.write(`✓ ${id} is deleted\n`);
}
