/** `assetwire syncs`: full syncs with other systems. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import {
  syncStates,
  type SyncView,
  type VanishedAsset,
  type VanishedMode,
  vanishedModes,
} from '../../app/sync-cases.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { type PageOptions, withConnection, withExamples, withPage } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { finishSync } from '../import/sync-run.ts';
import { type Column, type PageAnswer, printFields, printJson, printPage, showTime } from '../output.ts';

type ListOptions = ConnectionOptions & PageOptions & { readonly source?: string; readonly state?: string };
type CompleteOptions = ConnectionOptions & {
  readonly vanished: VanishedMode;
  readonly dryRun?: boolean;
  readonly confirm?: boolean;
};

export function define(command: Command, context: CliContext): void {
  const id = (): Argument => new Argument('<id>', 'the sync');
  withPage(withConnection(command.command('list').description('list syncs, newest first')))
    .addOption(new Option('--source <source>', 'only those of this source'))
    .addOption(new Option('--state <state>', 'only these').choices(syncStates))
    .action((options: ListOptions) => list(options, context));
  withConnection(command.command('show').description('show a sync and how far it has come'))
    .addArgument(id())
    .action((sync: string, options: ConnectionOptions) => show(sync, options, context));
  withPage(withConnection(command.command('vanished').description('list what the source does not have any more')))
    .addArgument(id())
    .action((sync: string, options: ConnectionOptions & PageOptions) => vanished(sync, options, context));
  withConnection(command.command('complete').description('find what vanished, and delete, archive or report it'))
    .addArgument(id())
    .addOption(
      new Option('--vanished <what>', 'what becomes of assets that vanished').choices(vanishedModes).default('report'),
    )
    .addOption(new Option('--dry-run', 'only find what vanished'))
    .addOption(new Option('--confirm', 'go on although more than a fifth vanished, or states could not be read'))
    .action((sync: string, options: CompleteOptions) => complete(sync, options, context));
  withConnection(command.command('cancel').description('cancel a sync; states that were pushed stay'))
    .addArgument(id())
    .action((sync: string, options: ConnectionOptions) => cancel(sync, options, context));
  withExamples(command, [
    'assetwire syncs list --state waiting',
    'assetwire syncs complete syn_01ky47q8p5m3t9d2v6xw0a1bcd --vanished archive --confirm',
  ]);
}

const columns: readonly Column<SyncView>[] = [
  { title: 'SYNC', text: ({ id }) => id },
  { title: 'SOURCE', text: ({ source }) => source },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'BEGUN', text: ({ createdAtMs }) => showTime(createdAtMs) },
  { title: 'PUSHED', align: 'right', text: ({ pushed }) => String(pushedOf(pushed)) },
  { title: 'VANISHED', align: 'right', text: ({ vanished: count }) => String(count) },
];

function pushedOf({ created, updated, unchanged, stale, rejected }: SyncView['pushed']): number {
  return created + updated + unchanged + stale + rejected;
}

async function list({ limit, cursor, source, state, ...options }: ListOptions, context: CliContext): Promise<void> {
  const query = { limit, cursor, source, state };
  const page = await connect(options, context).get<PageAnswer<SyncView>>('/v1/syncs', query);
  printPage(context.stdout, page, { json: options.json, columns });
}

async function show(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  print(await connect(options, context).get<SyncView>(`/v1/syncs/${encodeURIComponent(id)}`), options, context);
}

async function vanished(
  id: string,
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const path = `/v1/syncs/${encodeURIComponent(id)}/vanished`;
  const page = await connect(options, context).get<PageAnswer<VanishedAsset>>(path, { limit, cursor });
  printPage(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'ASSET', text: ({ id: asset }) => asset },
      { title: 'EXTERNAL ID', text: ({ externalId }) => externalId ?? '' },
      { title: 'NAME', text: ({ name }) => name },
    ],
  });
}

async function complete(id: string, options: CompleteOptions, context: CliContext): Promise<void> {
  const client = connect(options, context);
  const sync = await client.get<SyncView>(`/v1/syncs/${encodeURIComponent(id)}`);
  print(await finishSync(client, { sync, options, unreadable: 0 }, context), options, context);
}

async function cancel(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const client = connect(options, context);
  print(await client.send<SyncView>('DELETE', `/v1/syncs/${encodeURIComponent(id)}`), options, context);
}

function print(sync: SyncView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, sync);
  const { created, updated, unchanged, stale, rejected } = sync.pushed;
  const rows: [string, string][] = [
    ['sync', sync.id],
    ['source', sync.source],
    ['state', sync.state],
    ['begun', showTime(sync.createdAtMs)],
    ['pushed', `${created} created, ${updated} updated, ${unchanged} unchanged, ${stale} stale, ${rejected} rejected`],
    ['compared', `${sync.compared}, of which ${sync.vanished} vanished`],
    ['done', `${sync.applied} ${sync.mode === 'archive' ? 'archived' : 'deleted'}, ${sync.kept} left as they are`],
  ];
  if (sync.waitingFor !== undefined) rows.push(['waits', sync.waitingFor]);
  printFields(stdout, rows);
}
