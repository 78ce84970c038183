/** `assetwire fetches`: files that the server brings from an address: how far they are, once more, and not any more. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import { fetchStates, type FetchView } from '../../app/fetch-cases.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { type PageOptions, withConnection, withExamples, withPage } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { type Column, type PageAnswer, printFields, printJson, printPage, showBytes, showTime } from '../output.ts';

type ListOptions = ConnectionOptions & PageOptions & { readonly state?: string };

export function define(command: Command, context: CliContext): void {
  const id = (): Argument => new Argument('<id>', 'the fetch, such as fch_01…');
  withPage(withConnection(command.command('list').description('list fetches, newest first')))
    .addOption(new Option('--state <state>', 'only these').choices(fetchStates))
    .action((options: ListOptions) => list(options, context));
  withConnection(command.command('show').description('show a fetch: how far it is, or why it failed'))
    .addArgument(id())
    .action((fetch: string, options: ConnectionOptions) => show(fetch, options, context));
  withConnection(command.command('repeat').description('fetch the same address again; what changed there is a version'))
    .addArgument(id())
    .action((fetch: string, options: ConnectionOptions) => act(fetch, 'repeat', { options, context }));
  withConnection(command.command('cancel').description('do not fetch it, or not any further'))
    .addArgument(id())
    .action((fetch: string, options: ConnectionOptions) => act(fetch, 'cancel', { options, context }));
  withExamples(command, [
    'assetwire upload https://dam.example.com/files/4711.jpg --path /press',
    'assetwire fetches list --state failed',
    'assetwire fetches repeat fch_01ky47q8p5m3t9d2v6xw0a1bcd',
  ]);
}

const columns: readonly Column<FetchView>[] = [
  { title: 'FETCH', text: ({ id }) => id },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'BEGUN', text: ({ createdAtMs }) => showTime(createdAtMs) },
  { title: 'ASSET', text: ({ assetId = '' }) => assetId },
  { title: 'ADDRESS', text: ({ url }) => url },
];

async function list({ limit, cursor, state, ...options }: ListOptions, context: CliContext): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<FetchView>>('/v1/fetches', { limit, cursor, state });
  printPage(context.stdout, page, { json: options.json, columns });
}

async function show(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  print(await connect(options, context).get<FetchView>(at(id)), options, context);
}

type Asked = { readonly options: ConnectionOptions; readonly context: CliContext };

async function act(id: string, what: 'repeat' | 'cancel', { options, context }: Asked): Promise<void> {
  const client = connect(options, context);
  const fetch =
    what === 'repeat'
      ? await client.send<FetchView>('POST', `${at(id)}/repeat`)
      : await client.send<FetchView>('DELETE', at(id));
  print(fetch, options, context);
}

function at(id: string): string {
  return `/v1/fetches/${encodeURIComponent(id)}`;
}

function print(fetch: FetchView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, fetch);
  const { error, result, assetId, nextTryAtMs, bytesTotal } = fetch;
  const rows: [string, string][] = [
    ['fetch', fetch.id],
    ['address', fetch.url],
    ['state', fetch.state],
    ['fetched', `${showBytes(fetch.bytes)}${bytesTotal === null ? '' : ` of ${showBytes(bytesTotal)}`}`],
    ['tries', String(fetch.tries)],
  ];
  if (assetId !== undefined) rows.push(['asset', `${assetId}${result === undefined ? '' : `, ${result}`}`]);
  if (error !== undefined) rows.push(['why', `${error.code}: ${error.detail}`]);
  if (nextTryAtMs !== undefined) rows.push(['tried again', showTime(nextTryAtMs)]);
  printFields(stdout, rows);
}
