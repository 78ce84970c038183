/** `assetwire assets delete | trash | restore | empty-trash`. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { AssetView, TrashedAsset, TrashUsage } from '../../app/app.ts';
import { confirmed } from '../ask.ts';
import type { Client } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { momentOption } from '../moments.ts';
import { printJson, printPage, showBytes, showTime } from '../output.ts';
import type { Column, PageAnswer } from '../output.ts';
import { at, placeOf } from './asset-place.ts';

export function defineTrash(command: Command, context: CliContext): void {
  withConnection(command.command('delete').description('put assets into the trash; asks first on a terminal'))
    .addArgument(new Argument('<assets...>', 'ids, or external: and external ids'))
    .addOption(new Option('--permanently', 'for good: past the trash, or out of it'))
    .addOption(new Option('--yes', 'do not ask'))
    .action((assets: string[], options: DeleteOptions) => remove(assets, options, context));
  withPage(withConnection(command.command('trash').description('list what lies in the trash, last deleted first')))
    .addOption(new Option('--name-contains <text>', 'only those whose name has this in it'))
    .addOption(new Option('--external-id <id>', 'only those that had this external id'))
    .addOption(
      momentOption('--since <time>', 'only those deleted since: 2026-11-20T08:00Z, or an age: 6h, 2d', context),
    )
    .action((options: TrashOptions) => list(options, context));
  withConnection(command.command('restore').description('bring assets back out of the trash'))
    .addArgument(new Argument('<assets...>', 'ids, or external: and the external ids they had'))
    .addOption(new Option('--path <folder>', 'into this folder instead of the one they lay in'))
    .addOption(new Option('--without-external-id', 'where it belongs to another asset by now'))
    .action((assets: string[], options: RestoreOptions) => restore(assets, options, context));
  withConnection(command.command('empty-trash').description('delete everything in the trash for good; asks first'))
    .addOption(new Option('--yes', 'do not ask'))
    .action((options: ConnectionOptions & { yes?: boolean }) => empty(options, context));
}

export const trashExamples: readonly string[] = [
  'assetwire assets delete ast_01kan4c4q0edkxrmnr6dgk2vfp --yes',
  'assetwire assets trash --name-contains flower',
  'assetwire assets restore external:sku-4711 --path /rescued',
  'assetwire assets delete ast_01kan4c4q0edkxrmnr6dgk2vfp --permanently --yes',
];

type DeleteOptions = ConnectionOptions & { readonly yes?: boolean; readonly permanently?: boolean };

async function remove(assets: readonly string[], options: DeleteOptions, context: CliContext): Promise<void> {
  const forGood = options.permanently === true;
  const what = assets.length === 1 ? String(assets[0]) : `${assets.length} assets`;
  const question = forGood ? `Delete ${what} for good?` : `Delete ${what}?`;
  if (!(await confirmed(question, { yes: options.yes, unasked: true }, context)))
    throw new CommandError('Deletion must be confirmed: nothing was deleted', 'Answer y, or add --yes');
  const client = connect(options, context);
  for (const asset of assets) {
    await client.send('DELETE', `${at(asset)}${forGood ? '?permanently=true' : ''}`);
    if (options.json !== true) context.stdout.write(`✓ ${asset} is deleted${forGood ? ' for good' : ''}\n`);
  }
  if (options.json === true) printJson(context.stdout, { deleted: assets });
}

type TrashOptions = ConnectionOptions &
  PageOptions & { readonly nameContains?: string; readonly externalId?: string; readonly since?: number };

const columns: readonly Column<TrashedAsset>[] = [
  { title: 'ASSET', text: ({ id }) => id },
  { title: 'DELETED', text: ({ trashedAtMs }) => showTime(trashedAtMs) },
  { title: 'FOR GOOD', text: ({ deleteAtMs }) => showTime(deleteAtMs) },
  { title: 'BY', text: ({ trashedBy }) => trashedBy.name ?? trashedBy.id },
  { title: 'SIZE', align: 'right', text: ({ bytes }) => showBytes(bytes) },
  { title: 'PLACE', text: ({ state }) => placeOf(state) },
];

async function list(options: TrashOptions, context: CliContext): Promise<void> {
  const { limit, cursor, nameContains, externalId, since } = options;
  const client = connect(options, context);
  const query = { limit, cursor, nameContains, externalId, trashedFromMs: since };
  const page = await client.get<PageAnswer<TrashedAsset>>('/v1/trash', query);
  printPage(context.stdout, page, { json: options.json, columns });
  if (options.json === true || page.data.length === 0) return;
  const { assets, bytes, complete } = await client.get<TrashUsage>('/v1/trash/usage');
  context.stderr.write(`${complete ? '' : 'more than '}${assets} in the trash, ${showBytes(bytes)}\n`);
}

type RestoreOptions = ConnectionOptions & { readonly path?: string; readonly withoutExternalId?: boolean };

async function restore(assets: readonly string[], options: RestoreOptions, context: CliContext): Promise<void> {
  const client = connect(options, context);
  const { path, withoutExternalId } = options;
  const given = { path, externalId: withoutExternalId === true ? null : undefined };
  const restored: AssetView[] = [];
  for (const asset of assets) {
    const id = await trashedId(client, asset);
    const view = await client.send<AssetView>('POST', `/v1/trash/${encodeURIComponent(id)}/restore`, given);
    restored.push(view);
    if (options.json !== true) context.stdout.write(`✓ ${asset} is back at ${placeOf(view.state)}\n`);
  }
  if (options.json === true) printJson(context.stdout, { restored });
}

/** What was deleted has lost its external id; who had it last is found by it. */
async function trashedId(client: Client, asset: string): Promise<string> {
  const prefix = 'external:';
  if (!asset.startsWith(prefix)) return asset;
  const externalId = asset.slice(prefix.length);
  const { data } = await client.get<PageAnswer<TrashedAsset>>('/v1/trash', { externalId, limit: 1 });
  const [found] = data;
  if (found !== undefined) return found.id;
  throw new CommandError(
    `Find the asset in the trash: none there had the external id ${externalId}`,
    'assetwire assets trash lists what is there',
    exitCodes.notFound,
  );
}

async function empty(options: ConnectionOptions & { readonly yes?: boolean }, context: CliContext): Promise<void> {
  const client = connect(options, context);
  const { assets, bytes, complete } = await client.get<TrashUsage>('/v1/trash/usage');
  const what = `${complete ? '' : 'more than '}${assets} assets, ${showBytes(bytes)}`;
  if (!(await confirmed(`Delete ${what} for good?`, { yes: options.yes, unasked: false }, context)))
    throw new CommandError('Emptying must be confirmed: nothing was deleted', 'Answer y, or add --yes');
  await client.send('DELETE', '/v1/trash');
  if (options.json === true) printJson(context.stdout, { emptied: { assets, bytes, complete } });
  else context.stdout.write(`✓ ${what}: being deleted for good\n`);
}
