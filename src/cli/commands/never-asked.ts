/** `assetwire never-asked`: addresses that nobody on this server may ask for consent. */
import { Argument, type Command } from 'commander';
import type { NeverAskedView } from '../../app/never-asked.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { type PageOptions, withConnection, withExamples, withPage } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { coloursOf, type PageAnswer, printFields, printJson, printPage, showTime } from '../output.ts';

export function define(command: Command, context: CliContext): void {
  const address = (): Argument => new Argument('<address>', 'an e-mail address, or its hash as the list shows it');
  withPage(
    withConnection(command.command('list').description('list them, by their hashes: addresses are not kept')),
  ).action((options: ConnectionOptions & PageOptions) => list(options, context));
  withConnection(command.command('show').description('show whether an address is never to be asked'))
    .addArgument(address())
    .action((asked: string, options: ConnectionOptions) => show(asked, options, context));
  withConnection(command.command('add').description('forbid everybody here to ask an address'))
    .addArgument(new Argument('<address>', 'an e-mail address'))
    .action((added: string, options: ConnectionOptions) => add(added, options, context));
  withConnection(command.command('lift').description('let an address be asked again, when its owner wants it'))
    .addArgument(address())
    .action((lifted: string, options: ConnectionOptions) => lift(lifted, options, context));
  withExamples(command, [
    'assetwire never-asked list',
    'assetwire never-asked show ada@example.com',
    'assetwire never-asked add ada@example.com',
    'assetwire never-asked lift ada@example.com',
  ]);
}

async function list(
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<NeverAskedView>>('/v1/never-asked', { limit, cursor });
  printPage<NeverAskedView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'HASH', text: ({ hash }) => hash },
      { title: 'SINCE', text: ({ sinceMs }) => showTime(sinceMs) },
      { title: 'BY', text: ({ by }) => by },
    ],
  });
}

async function show(address: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const path = `/v1/never-asked/${encodeURIComponent(address)}`;
  print(await connect(options, context).get<NeverAskedView>(path, {}), options, context);
}

async function add(address: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  print(await connect(options, context).send<NeverAskedView>('POST', '/v1/never-asked', { address }), options, context);
}

async function lift(address: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const { stdout } = context;
  await connect(options, context).send('DELETE', `/v1/never-asked/${encodeURIComponent(address)}`);
  if (options.json === true) return printJson(stdout, { address, asked: 'allowed' });
  stdout.write(`${coloursOf(stdout).green('✓')} ${address} may be asked again\n`);
}

function print(found: NeverAskedView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, found);
  printFields(stdout, [
    ['hash', found.hash],
    ['since', showTime(found.sinceMs)],
    ['by', found.by],
  ]);
}
