/** `assetwire signing-keys`: list, show, rotate, withdraw. */
import { Argument, type Command, Option } from 'commander';
import type { SigningKeyView } from '../../app/signing-keys.ts';
import { connect } from '../connection.ts';
import { withConnection, withExamples } from '../connection-options.ts';
import type { ConnectionOptions } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { coloursOf, type PageAnswer, printJson, printPage, showTime } from '../output.ts';

export function define(command: Command, context: CliContext): void {
  withConnection(
    command.command('list').description('list signing keys: the one that signs, then those before it'),
  ).action((options: ConnectionOptions) => list(options, context));
  withConnection(command.command('show').description('show a signing key with its certificate'))
    .addArgument(new Argument('<id>', 'the key’s id, such as sgk_01…'))
    .action((id: string, options: ConnectionOptions) => show(id, options, context));
  withConnection(command.command('rotate'))
    .description('make another key, which signs from now on; the one before is kept for 60 days')
    .addArgument(new Argument('<name>', 'which key, such as sns'))
    .addOption(new Option('--withdraw-former', 'the keys before it are gone at once: somebody else has one'))
    .action((name: string, options: ConnectionOptions & { withdrawFormer?: boolean }) =>
      rotate(name, options, context),
    );
  withConnection(command.command('withdraw').description('withdraw a former key: its certificate is gone at once'))
    .addArgument(new Argument('<id>', 'the key’s id, such as sgk_01…'))
    .action((id: string, options: ConnectionOptions) => withdraw(id, options, context));
  withExamples(command, [
    'assetwire signing-keys list',
    'assetwire signing-keys rotate sns',
    'assetwire signing-keys rotate sns --withdraw-former',
  ]);
}

async function list(options: ConnectionOptions, context: CliContext): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<SigningKeyView>>('/v1/signing-keys', { limit: 200 });
  printPage<SigningKeyView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'KEY', text: ({ id }) => id },
      { title: 'NAME', text: ({ name }) => name },
      { title: 'DIALECT', text: ({ dialect }) => dialect },
      { title: 'STATE', text: ({ state }) => state },
      { title: 'SINCE', text: ({ createdAtMs }) => showTime(createdAtMs) },
      {
        title: 'UNTIL',
        text: ({ keptUntilMs, expiresAtMs }) => showTime(keptUntilMs ?? expiresAtMs),
      },
    ],
  });
}

async function show(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const key = await connect(options, context).get<SigningKeyView>(`/v1/signing-keys/${encodeURIComponent(id)}`, {});
  if (options.json === true) printJson(context.stdout, key);
  else print(key, context);
}

async function rotate(
  name: string,
  { withdrawFormer, ...options }: ConnectionOptions & { readonly withdrawFormer?: boolean },
  context: CliContext,
): Promise<void> {
  const body = { name, ...(withdrawFormer === true ? { withdrawFormer } : {}) };
  const made = await connect(options, context).send<SigningKeyView>('POST', '/v1/signing-keys', body);
  if (options.json === true) printJson(context.stdout, made);
  else print(made, context);
}

function print(key: SigningKeyView, { stdout }: CliContext): void {
  const colours = coloursOf(stdout);
  stdout.write(
    `${colours.green('✓')} ${key.id}  ${key.state}, ${key.algorithm}, for ${key.dialect}\n` +
      `  ${key.certificateUrl}\n  ${colours.dim(`SHA-256 ${key.fingerprint}`)}\n${key.certificate.trimEnd()}\n`,
  );
}

async function withdraw(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  await connect(options, context).send('DELETE', `/v1/signing-keys/${encodeURIComponent(id)}`);
  if (options.json === true) printJson(context.stdout, { withdrawn: id });
  else context.stdout.write(`✓ ${id} is withdrawn\n`);
}
