/** `assetwire assets copy | versions | add-version | delete-version | promote | checkout | checkin | undo-checkout`. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { AssetView } from '../../app/app.ts';
import type { AssetVersion } from '../../core/asset.ts';
import { systemCode } from '../../runtime/operator-error.ts';
import { confirmed } from '../ask.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { countUpTo, withConnection, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { printPage, showBytes, showTime } from '../output.ts';
import type { Column, PageAnswer } from '../output.ts';
import { assetArgument, at, printAsset } from './asset-place.ts';

const versionNumberMax = 999_999_999;

export function defineLife(command: Command, context: CliContext): void {
  withConnection(command.command('copy').description('copy an asset; its bytes take no room a second time'))
    .addArgument(assetArgument())
    .addOption(new Option('--path <folder>', 'the folder of the copy; that of the original where absent'))
    .addOption(new Option('--name <name>', 'the name of the copy'))
    .addOption(new Option('--external-id <id>', 'an external id for the copy'))
    .addOption(
      new Option('--asset-version <number>', 'copy this version instead of the active one').argParser(
        countUpTo(versionNumberMax),
      ),
    )
    .addOption(new Option('--without-metadata', 'leave info, metadata, tags, labels and collections behind'))
    .action((asset: string, options: CopyOptions) => copy(asset, options, context));
  withPage(withConnection(command.command('versions').description('list the versions of an asset, oldest first')))
    .addArgument(assetArgument())
    .action((asset: string, options: ConnectionOptions & PageOptions) => versions(asset, options, context));
  withConnection(command.command('add-version').description('give an asset a further version, active at once'))
    .addArgument(assetArgument())
    .addArgument(new Argument('<file>', 'becomes the version'))
    .addOption(new Option('--name <name>', 'name of the file; its own where absent'))
    .action((asset: string, file: string, options: ConnectionOptions & { name?: string }) =>
      handIn(asset, { step: 'versions', file, options }, context),
    );
  withConnection(command.command('delete-version').description('delete a version that is not the active one, for good'))
    .addArgument(assetArgument())
    .addArgument(new Argument('<version>', 'number of the version').argParser(countUpTo(versionNumberMax)))
    .addOption(new Option('--yes', 'do not ask'))
    .action((asset: string, number: number, options: ConnectionOptions & { yes?: boolean }) =>
      deleteVersion(asset, { number, options }, context),
    );
  withConnection(command.command('promote').description('take an older version up again, as a further one'))
    .addArgument(assetArgument())
    .addArgument(new Argument('<version>', 'number of the older version').argParser(countUpTo(versionNumberMax)))
    .addOption(new Option('--activate', 'make the older version itself active, without a further one'))
    .action((asset: string, number: number, options: ConnectionOptions & { activate?: boolean }) =>
      act(
        asset,
        { step: `versions/${number}/${options.activate === true ? 'activate' : 'promote'}`, options },
        context,
      ),
    );
  withConnection(command.command('checkout').description('check an asset out: nobody else may touch its file'))
    .addArgument(assetArgument())
    .action((asset: string, options: ConnectionOptions) => act(asset, { step: 'checkout', options }, context));
  withConnection(command.command('checkin').description('check an asset in, with a further version or without'))
    .addArgument(assetArgument())
    .addOption(new Option('--file <file>', 'becomes a further version, active'))
    .addOption(new Option('--name <name>', 'name of the file; its own where absent'))
    .action((asset: string, options: CheckInOptions) => checkIn(asset, options, context));
  withConnection(command.command('undo-checkout').description('undo a check-out; nothing was handed in'))
    .addArgument(assetArgument())
    .action((asset: string, options: ConnectionOptions) => act(asset, { step: 'undo-checkout', options }, context));
}

export const lifeExamples: readonly string[] = [
  'assetwire assets copy ast_01kan4c4q0edkxrmnr6dgk2vfp --path /press/2027 --name flower-2027.jpg',
  'assetwire assets checkout external:sku-4711',
  'assetwire assets checkin external:sku-4711 --file flower-final.jpg',
  'assetwire assets add-version external:sku-4711 flower-final.jpg',
  'assetwire assets promote external:sku-4711 1',
];

type CopyOptions = ConnectionOptions & {
  readonly path?: string;
  readonly name?: string;
  readonly externalId?: string;
  readonly assetVersion?: number;
  readonly withoutMetadata?: boolean;
};

async function copy(asset: string, options: CopyOptions, context: CliContext): Promise<void> {
  const { path, name, externalId, assetVersion: fromVersion, withoutMetadata } = options;
  const given = { path, name, externalId, fromVersion, metadata: withoutMetadata === true ? false : undefined };
  const made = await connect(options, context).send<AssetView>('POST', `${at(asset)}/copy`, given);
  printAsset(made, options, context);
}

type Act = { readonly step: string; readonly options: ConnectionOptions };

async function act(asset: string, { step, options }: Act, context: CliContext): Promise<void> {
  printAsset(await connect(options, context).send<AssetView>('POST', `${at(asset)}/${step}`), options, context);
}

type CheckInOptions = ConnectionOptions & { readonly file?: string; readonly name?: string };

async function checkIn(asset: string, options: CheckInOptions, context: CliContext): Promise<void> {
  const { file } = options;
  if (file === undefined) return act(asset, { step: 'checkin', options }, context);
  await handIn(asset, { step: 'checkin', file, options }, context);
}

type HandIn = { readonly step: string; readonly file: string; readonly options: ConnectionOptions & { name?: string } };

async function handIn(asset: string, { step, file, options }: HandIn, context: CliContext): Promise<void> {
  const { name } = options;
  const bytes = await bytesOf(file);
  const content = createReadStream(file);
  const version = { name: name ?? basename(file), bytes, content };
  const given = name === undefined ? {} : { name };
  const path = `${at(asset)}/${step}`;
  printAsset(await connect(options, context).upload<AssetView>(version, given, { path }), options, context);
}

type DeleteVersion = { readonly number: number; readonly options: ConnectionOptions & { yes?: boolean } };

async function deleteVersion(asset: string, { number, options }: DeleteVersion, context: CliContext): Promise<void> {
  const question = `Delete version ${number} of ${asset} for good?`;
  if (!(await confirmed(question, { yes: options.yes, unasked: false }, context)))
    throw new CommandError('Deletion must be confirmed: nothing was deleted', 'Answer y, or add --yes');
  const path = `${at(asset)}/versions/${number}`;
  printAsset(await connect(options, context).send<AssetView>('DELETE', path), options, context);
}

async function bytesOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (found.isFile()) return found.size;
  } catch (error) {
    throw new CommandError(
      `The file must be readable: ${systemCode(error) ?? 'it is not'}`,
      'Name a file that you may read',
    );
  }
  throw new CommandError(`The version must be a file: ${file} is none`, 'Name a file that you may read');
}

const columns: readonly Column<AssetVersion>[] = [
  { title: 'VERSION', align: 'right', text: ({ number }) => String(number) },
  { title: '', text: ({ active }) => (active ? 'active' : '') },
  { title: 'CREATED', text: ({ createdAtMs }) => showTime(createdAtMs) },
  { title: 'SIZE', align: 'right', text: ({ file }) => showBytes(file.bytes) },
  { title: 'FILE', text: ({ file }) => file.name },
  { title: 'PROMOTED FROM', text: ({ promotedFrom }) => (promotedFrom === undefined ? '' : String(promotedFrom)) },
];

async function versions(
  asset: string,
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const client = connect(options, context);
  const page = await client.get<PageAnswer<AssetVersion>>(`${at(asset)}/versions`, { limit, cursor });
  printPage(context.stdout, page, { json: options.json, columns });
}
