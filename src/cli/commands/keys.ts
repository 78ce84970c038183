/** `assetwire keys`: create, list, rotate, sign in by link, revoke. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import { scopes } from '../../app/app.ts';
import type { KeyView, Scope } from '../../app/app.ts';
import type { SignInLink } from '../../app/key-sign-in-links.ts';
import type { RotatedKey } from '../../app/people.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { coloursOf, printJson, printPage, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';
import { countUpTo, withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';

type CreateOptions = ConnectionOptions & {
  readonly scope?: readonly Scope[];
  readonly admin?: boolean;
  readonly days?: number;
};

export function define(command: Command, context: CliContext): void {
  withConnection(command.command('create').description('create a key; it is shown once'))
    .addArgument(new Argument('<name>', 'what it is for'))
    .addOption(
      new Option(
        '--scope <scope...>',
        'what it may do; everything but keys, settings and secrets where absent',
      ).choices([...scopes]),
    )
    .addOption(new Option('--admin', 'may do everything, in every workspace'))
    .addOption(new Option('--days <count>', 'expires after this many days').argParser(countUpTo(3_650)))
    .action((name: string, options: CreateOptions) => create(name, options, context));
  withPage(withConnection(command.command('list').description('list keys, newest first'))).action(
    (options: ConnectionOptions & PageOptions) => list(options, context),
  );
  withConnection(command.command('rotate'))
    .description('make a new key with the same name and scopes; the old one ends after the overlap')
    .addArgument(new Argument('<id>', 'the key’s id, such as key_01…'))
    .addOption(
      new Option(
        '--overlap-hours <hours>',
        'how long the old one is still good; it ends at once where absent',
      ).argParser(countUpTo(720)),
    )
    .action((id: string, options: ConnectionOptions & { overlapHours?: number }) => rotate(id, options, context));
  withConnection(command.command('sign-in-link'))
    .description('make a one-time link that signs a browser in at the console as a key')
    .addArgument(new Argument('<id>', 'the key’s id, such as key_01…'))
    .action((id: string, options: ConnectionOptions) => signInLink(id, options, context));
  withConnection(command.command('revoke').description('revoke a key, at once and for good'))
    .addArgument(new Argument('<id>', 'the key’s id, such as key_01…'))
    .action((id: string, options: ConnectionOptions) => revoke(id, options, context));
  withExamples(command, [
    'assetwire keys create website --scope assets:read --days 90',
    'assetwire keys rotate key_01kan4c4q0edkxrmnr6dgk2vfp --overlap-hours 24',
    'assetwire keys sign-in-link key_01kan4c4q0edkxrmnr6dgk2vfp',
    'assetwire keys revoke key_01kan4c4q0edkxrmnr6dgk2vfp',
  ]);
}

const everydayScopes = scopes.filter((scope) => /^(assets|webhooks|deliveries):/.test(scope));

async function create(name: string, options: CreateOptions, context: CliContext): Promise<void> {
  const input = {
    name,
    scopes: options.scope ?? (options.admin === true ? scopes : everydayScopes),
    ...(options.admin === true ? { admin: true } : {}),
    ...(options.days === undefined ? {} : { expiresAtMs: context.clock.nowMs() + options.days * 86_400_000 }),
  };
  const made = await connect(options, context).send<KeyView & { readonly key: string }>('POST', '/v1/keys', input);
  if (options.json === true) return printJson(context.stdout, made);
  printKey(made, context);
}

function printKey(made: { readonly id: string; readonly key: string }, { stdout }: CliContext): void {
  const colours = coloursOf(stdout);
  stdout.write(
    `${colours.green('✓')} ${made.id}\n  ${colours.yellow(made.key)}  ${colours.dim('(shown this once)')}\n`,
  );
}

async function rotate(
  id: string,
  { overlapHours, ...options }: ConnectionOptions & { readonly overlapHours?: number },
  context: CliContext,
): Promise<void> {
  const body = overlapHours === undefined ? {} : { overlapSeconds: overlapHours * 3_600 };
  const client = connect(options, context);
  const made = await client.send<RotatedKey>('POST', `/v1/keys/${encodeURIComponent(id)}/rotate`, body);
  if (options.json === true) printJson(context.stdout, made);
  else printKey(made, context);
}

async function signInLink(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const link = await connect(options, context).send<SignInLink>(
    'POST',
    `/v1/keys/${encodeURIComponent(id)}/sign-in-link`,
  );
  if (options.json === true) return printJson(context.stdout, link);
  const { dim } = coloursOf(context.stdout);
  context.stdout.write(`${link.url}\n${dim(`  good once, until ${showTime(link.expiresAtMs)}`)}\n`);
}

async function list(
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<KeyView>>('/v1/keys', { limit, cursor });
  printPage<KeyView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'KEY', text: ({ id }) => id },
      { title: 'STARTS WITH', text: ({ prefix }) => prefix },
      { title: 'NAME', text: ({ name }) => name },
      { title: 'STATE', text: (key) => stateOf(key, context.clock.nowMs()) },
      { title: 'CREATED', text: ({ createdAtMs }) => showTime(createdAtMs) },
      { title: 'SCOPES', text: (key) => (key.admin ? 'admin' : key.scopes.join(' ')) },
    ],
  });
}

function stateOf({ revokedAtMs, expiresAtMs }: KeyView, nowMs: number): string {
  if (revokedAtMs !== null) return 'revoked';
  if (expiresAtMs === null) return 'valid';
  return expiresAtMs <= nowMs ? 'expired' : `until ${showTime(expiresAtMs)}`;
}

async function revoke(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  await connect(options, context).send('DELETE', `/v1/keys/${encodeURIComponent(id)}`);
  if (options.json === true) printJson(context.stdout, { revoked: id });
  else context.stdout.write(`✓ ${id} is revoked\n`);
}
