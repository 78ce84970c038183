/** `assetwire keys`: create, list, revoke. */
import type { Command } from 'commander';
import { Argument, InvalidArgumentError, Option } from 'commander';
import { scopes } from '../../app/app.ts';
import type { KeyView, Scope } from '../../app/app.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { coloursOf, printJson, printTable, showTime } from '../output.ts';
import { withConnection } from '../connection-options.ts';

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
    .addOption(new Option('--days <count>', 'expires after this many days').argParser(parseDays))
    .action((name: string, options: CreateOptions) => create(name, options, context));
  withConnection(command.command('list').description('list keys')).action((options: ConnectionOptions) =>
    list(options, context),
  );
  withConnection(command.command('revoke').description('revoke a key, at once and for good'))
    .addArgument(new Argument('<id>', 'the key’s id, such as key_01…'))
    .action((id: string, options: ConnectionOptions) => revoke(id, options, context));
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 3_650)
    throw new InvalidArgumentError('Wanted a number of days from 1 to 3650.');
  return days;
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
  const colours = coloursOf(context.stdout);
  context.stdout.write(
    `${colours.green('✓')} ${made.id}\n  ${colours.yellow(made.key)}  ${colours.dim('(shown this once)')}\n`,
  );
}

async function list(options: ConnectionOptions, context: CliContext): Promise<void> {
  const answer = await connect(options, context).get<{ readonly data: readonly KeyView[] }>('/v1/keys');
  if (options.json === true) return printJson(context.stdout, answer);
  printTable<KeyView>(
    context.stdout,
    [
      { title: 'KEY', text: ({ id }) => id },
      { title: 'STARTS WITH', text: ({ prefix }) => prefix },
      { title: 'NAME', text: ({ name }) => name },
      { title: 'STATE', text: (key) => stateOf(key, context.clock.nowMs()) },
      { title: 'CREATED', text: ({ createdAtMs }) => showTime(createdAtMs) },
      { title: 'SCOPES', text: (key) => (key.admin ? 'admin' : key.scopes.join(' ')) },
    ],
    answer.data,
  );
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
