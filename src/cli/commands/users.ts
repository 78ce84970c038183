/** `assetwire users`: invite, list, show, update, link, delete. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { PasswordLink, RoleView, UserPatch, UserView } from '../../app/people.ts';
import { confirmed } from '../ask.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { coloursOf, printFields, printJson, printPage, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';
import { refuseEmptyPatch, switchPatch } from '../patch.ts';
import type { SwitchOptions } from '../patch.ts';

type InviteOptions = ConnectionOptions & {
  readonly name?: string;
  readonly role: readonly string[];
  readonly admin?: boolean;
};
type ListOptions = ConnectionOptions & PageOptions & { readonly state?: string; readonly role?: string };
type UpdateOptions = ConnectionOptions & SwitchOptions & { readonly role?: readonly string[] };

export function define(command: Command, context: CliContext): void {
  const id = (): Argument => new Argument('<id>', 'the user, such as usr_01…');
  withConnection(
    command.command('invite').description('make a user; answers with the link where they set their password'),
  )
    .addArgument(new Argument('<email>', 'their e-mail address'))
    .addOption(new Option('--name <name>', 'their name; the address where absent'))
    .addOption(new Option('--role <role...>', 'what they may do; see: assetwire users roles').makeOptionMandatory())
    .addOption(new Option('--admin', 'may do everything, in every workspace'))
    .action((email: string, options: InviteOptions) => invite(email, options, context));
  withPage(withConnection(command.command('list').description('list users, newest first')))
    .addOption(new Option('--state <state>', 'only those in this state').choices(['invited', 'active', 'disabled']))
    .addOption(new Option('--role <role>', 'only those with this role'))
    .action((options: ListOptions) => list(options, context));
  withPage(withConnection(command.command('roles').description('list roles and what they may do'))).action(
    (options: ConnectionOptions & PageOptions) => roles(options, context),
  );
  withConnection(command.command('show').description('show a user'))
    .addArgument(id())
    .action(async (user: string, options: ConnectionOptions) =>
      show(await connect(options, context).get<UserView>(at(user)), options, context),
    );
  withConnection(command.command('update').description('rename a user, give other roles, disable or enable'))
    .addArgument(id())
    .addOption(new Option('--name <name>', 'another name'))
    .addOption(new Option('--role <role...>', 'roles, instead of those they have'))
    .addOption(new Option('--disable', 'end every session and let them in no more').conflicts('enable'))
    .addOption(new Option('--enable', 'let them in again'))
    .action((user: string, options: UpdateOptions) => update(user, options, context));
  withConnection(command.command('link').description('make a new link for setting the password; an earlier one ends'))
    .addArgument(id())
    .action((user: string, options: ConnectionOptions) => link(user, options, context));
  withConnection(command.command('delete').description('remove a user; asks first on a terminal'))
    .addArgument(id())
    .addOption(new Option('--yes', 'do not ask'))
    .action((user: string, options: ConnectionOptions & { yes?: boolean }) => remove(user, options, context));
  withExamples(command, [
    'assetwire users invite ada@example.com --name Ada --role viewer',
    'assetwire users update usr_01kan4c4q0edkxrmnr6dgk2vfp --disable',
  ]);
}

function at(id: string, path = ''): string {
  return `/v1/users/${encodeURIComponent(id)}${path}`;
}

function printLink({ url, expiresAtMs }: PasswordLink, { stdout }: CliContext): void {
  const { yellow, dim } = coloursOf(stdout);
  stdout.write(
    `  set the password at  ${yellow(url)}\n  ${dim(`once, until ${showTime(expiresAtMs)}; shown this once`)}\n`,
  );
}

async function invite(email: string, options: InviteOptions, context: CliContext): Promise<void> {
  const { name = email, role: given, admin } = options;
  const input = { email, name, roles: given, ...(admin === true ? { admin } : {}) };
  const client = connect(options, context);
  const made = await client.send<UserView & { readonly link: PasswordLink }>('POST', '/v1/users', input);
  if (options.json === true) return printJson(context.stdout, made);
  context.stdout.write(`${coloursOf(context.stdout).green('✓')} ${made.id}  ${made.email}\n`);
  printLink(made.link, context);
}

async function list({ limit, cursor, state, role, ...options }: ListOptions, context: CliContext): Promise<void> {
  const query = { limit, cursor, state, role };
  const page = await connect(options, context).get<PageAnswer<UserView>>('/v1/users', query);
  const columns = [
    { title: 'USER', text: ({ id }: UserView) => id },
    { title: 'E-MAIL', text: ({ email }: UserView) => email },
    { title: 'NAME', text: ({ name }: UserView) => name },
    { title: 'STATE', text: ({ state: now }: UserView) => now },
    { title: 'ROLES', text: ({ roles: has, admin }: UserView) => [...(admin ? ['admin'] : []), ...has].join(' ') },
  ];
  printPage(context.stdout, page, { json: options.json, columns });
}

async function roles(
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<RoleView>>('/v1/roles', { limit, cursor });
  const columns = [
    { title: 'ROLE', text: ({ id }: RoleView) => id },
    { title: 'NAME', text: ({ name }: RoleView) => name },
    { title: 'SCOPES', text: ({ scopes }: RoleView) => scopes.join(' ') },
  ];
  printPage(context.stdout, page, { json: options.json, columns });
}

function show(user: UserView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, user);
  const when = (atMs: number | null): string => (atMs === null ? 'never' : showTime(atMs));
  printFields(stdout, [
    ['user', user.id],
    ['e-mail', user.email],
    ['name', user.name],
    ['state', user.state],
    ['roles', user.roles.join(', ') || 'none'],
    ['admin', user.admin ? 'yes' : 'no'],
    ['created', showTime(user.createdAtMs)],
    ['last seen', when(user.lastSignInAtMs)],
  ]);
}

async function update(id: string, options: UpdateOptions, context: CliContext): Promise<void> {
  const { role } = options;
  const patch: UserPatch = { ...switchPatch(options), ...(role === undefined ? {} : { roles: role }) };
  refuseEmptyPatch(patch);
  show(await connect(options, context).send<UserView>('PATCH', at(id), patch), options, context);
}

async function link(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const made = await connect(options, context).send<PasswordLink>('POST', at(id, '/password-link'));
  if (options.json === true) printJson(context.stdout, made);
  else printLink(made, context);
}

async function remove(
  id: string,
  options: ConnectionOptions & { readonly yes?: boolean },
  context: CliContext,
): Promise<void> {
  if (!(await confirmed(`Remove ${id} with sessions and grants?`, { yes: options.yes, unasked: true }, context)))
    throw new CommandError('Removal must be confirmed: nothing was removed', 'Answer y, or add --yes');
  await connect(options, context).send('DELETE', at(id));
  if (options.json === true) printJson(context.stdout, { deleted: id });
  else context.stdout.write(`✓ ${id} is removed\n`);
}
