/** `assetwire assets`: list, show, download and edit here; the rest in src/cli/assets. */
import type { Command } from 'commander';
import { type Argument, Option } from 'commander';
import type { AssetPatch, AssetView } from '../../app/app.ts';
import { assetKinds, unavailabilities } from '../../core/asset.ts';
import type { AssetState } from '../../core/asset.ts';
import type { Change } from '../../core/change.ts';
import { assetArgument, at, placeOf, printAsset } from '../assets/asset-place.ts';
import { dateExamples, defineDates } from '../assets/dates.ts';
import { defineFilms, filmExamples } from '../assets/films.ts';
import { defineLife, lifeExamples } from '../assets/life.ts';
import { defineXmp, xmpExamples } from '../assets/xmp.ts';
import { defineTrash, trashExamples } from '../assets/trash.ts';
import { RefusedError } from '../client.ts';
import type { Client } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { countUpTo, withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { fieldOptions, fieldsOf, type FieldValues } from '../field-values.ts';
import { momentOption } from '../moments.ts';
import { printPage, showBytes, showTime } from '../output.ts';
import type { Column, PageAnswer } from '../output.ts';
import { refuseEmptyPatch } from '../patch.ts';
import { saveDownload } from '../save-download.ts';

type ListOptions = ConnectionOptions &
  PageOptions & {
    readonly externalId?: string;
    readonly folder?: string;
    readonly kind?: string;
    readonly tag?: string;
    readonly label?: string;
    readonly collection?: string;
    readonly nameContains?: string;
    readonly archived?: boolean;
    readonly checkedOut?: boolean;
    readonly availability?: string;
    readonly since?: number;
  };

type DownloadOptions = ConnectionOptions & {
  readonly output: string;
  readonly assetVersion?: number;
  readonly rendition?: string;
  readonly force?: boolean;
};

const lists = ['tags', 'labels', 'collections'] as const;
type ListName = (typeof lists)[number];
const singular: { readonly [Name in ListName]: string } = { tags: 'tag', labels: 'label', collections: 'collection' };

type EditOptions = ConnectionOptions &
  FieldValues & {
    readonly name?: string;
    readonly path?: string;
    readonly library?: string;
    readonly archive?: boolean;
    readonly unarchive?: boolean;
    readonly [list: string]: unknown;
  };

export function define(command: Command, context: CliContext): void {
  withPage(withConnection(command.command('list').description('list assets, newest first')))
    .addOption(new Option('--folder <folder>', 'only those in this folder or below it'))
    .addOption(new Option('--kind <kind>', 'only those of this kind').choices([...assetKinds]))
    .addOption(new Option('--tag <tag>', 'only those with this tag'))
    .addOption(new Option('--label <label>', 'only those with this label'))
    .addOption(new Option('--collection <name>', 'only those in this collection'))
    .addOption(new Option('--name-contains <text>', 'only those whose name has this in it'))
    .addOption(new Option('--archived', 'only those in the archive'))
    .addOption(new Option('--checked-out', 'only those that somebody has checked out'))
    .addOption(
      new Option('--availability <state>', 'only those that may be given out, not yet, or not any more').choices([
        'available',
        ...unavailabilities,
      ]),
    )
    .addOption(new Option('--external-id <id>', 'only the asset with this external id'))
    .addOption(
      momentOption('--since <time>', 'only those written since: 2026-11-20T08:00Z, or an age: 6h, 2d', context),
    )
    .action((options: ListOptions) => list(options, context));
  withConnection(command.command('show').description('show an asset'))
    .addArgument(assetArgument())
    .action((asset: string, options: ConnectionOptions) => show(asset, options, context));
  withPage(withConnection(command.command('history').description('list what happened to an asset, newest first')))
    .addArgument(assetArgument())
    .action((asset: string, options: ConnectionOptions & PageOptions) => history(asset, options, context));
  withConnection(
    command.command('download').description('fetch the content of an asset, a version or a rendition of it'),
  )
    .addArgument(assetArgument())
    .addOption(new Option('--output <file>', 'where to write it; - for standard output').makeOptionMandatory())
    .addOption(
      new Option('--asset-version <number>', 'this version instead of the active one').argParser(countUpTo(10_000)),
    )
    .addOption(
      new Option('--rendition <name>', 'this rendition instead: small, medium, large …').conflicts('assetVersion'),
    )
    .addOption(new Option('--force', 'replace a file that is there'))
    .action((asset: string, options: DownloadOptions) => download(asset, options, context));
  defineXmp(command, context);
  defineEdit(command, assetArgument(), context);
  defineLife(command, context);
  defineDates(command, context);
  defineFilms(command, context);
  defineTrash(command, context);
  withExamples(command, [
    'assetwire assets list --folder /press --tag spring --limit 10',
    'assetwire assets download ast_01kan4c4q0edkxrmnr6dgk2vfp --output flower.jpg',
    'assetwire assets download external:sku-4711 --rendition medium --output preview.jpg',
    'assetwire assets show external:sku-4711 --json',
    'assetwire assets history external:sku-4711 --limit 20',
    'assetwire assets edit ast_01kan4c4q0edkxrmnr6dgk2vfp --path /press/2026 --add-tag spring',
    ...xmpExamples,
    ...lifeExamples,
    ...dateExamples,
    ...filmExamples,
    ...trashExamples,
  ]);
}

function defineEdit(command: Command, reference: Argument, context: CliContext): void {
  const edit = withConnection(command.command('edit').description('change an asset; what is not named stays'))
    .addArgument(reference)
    .addOption(new Option('--name <name>', 'rename it'))
    .addOption(new Option('--path <folder>', 'move it to this folder'))
    .addOption(new Option('--library <key>', 'bring it to this library, by its key; default: the built-in one'));
  for (const name of lists) {
    const one = singular[name];
    edit
      .addOption(new Option(`--${name} <${one}...>`, `its ${name}, instead of those it has`))
      .addOption(new Option(`--add-${one} <${one}...>`, `${name} to add`))
      .addOption(new Option(`--remove-${one} <${one}...>`, `${name} to take away`));
  }
  for (const option of fieldOptions('; field= removes')) edit.addOption(option);
  edit
    .addOption(new Option('--archive', 'archive it').conflicts('unarchive'))
    .addOption(new Option('--unarchive', 'bring it back from the archive'))
    .action((asset: string, options: EditOptions) => edited(asset, options, context));
}

/** How lists show assets. */
export const assetColumns: readonly Column<AssetView>[] = [
  { title: 'ASSET', text: ({ id }) => id },
  { title: 'UPDATED', text: ({ updatedAtMs }) => showTime(updatedAtMs) },
  { title: 'KIND', text: ({ state }) => state.kind },
  { title: 'SIZE', align: 'right', text: ({ state }) => (state.file === undefined ? '' : showBytes(state.file.bytes)) },
  { title: 'PLACE', text: ({ state }) => placeOf(state) },
];

async function list(options: ListOptions, context: CliContext): Promise<void> {
  const { limit, cursor, externalId, folder, kind, tag, label, collection, nameContains, archived, since } = options;
  const { checkedOut, availability } = options;
  const filter = { externalId, folder, kind, tag, label, collection, nameContains, updatedFromMs: since };
  const whether = (given: boolean | undefined): string | undefined => (given === true ? 'true' : undefined);
  const life = { archived: whether(archived), checkedOut: whether(checkedOut), availability };
  const query = { limit, cursor, ...filter, ...life };
  const page = await connect(options, context).get<PageAnswer<AssetView>>('/v1/assets', query);
  printPage(context.stdout, page, { json: options.json, columns: assetColumns });
}

/** Also of one that was deleted. */
async function history(
  asset: string,
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<Change>>(`${at(asset)}/changes`, { limit, cursor });
  const columns: readonly Column<Change>[] = [
    { title: 'AT', text: ({ occurredAtMs }) => showTime(occurredAtMs) },
    { title: 'CHANGE', text: ({ id }) => id },
    { title: 'KIND', text: ({ kind }) => kind },
    { title: 'BY', text: ({ actor }) => actor.name ?? actor.id },
    { title: 'CHANGED', text: ({ changed }) => changed.join(', ') },
  ];
  printPage(context.stdout, page, { json: options.json, columns });
}

async function download(
  asset: string,
  { assetVersion, rendition, ...options }: DownloadOptions,
  context: CliContext,
): Promise<void> {
  const version = assetVersion === undefined ? '/content' : `/versions/${assetVersion}/content`;
  const path = rendition === undefined ? version : `/renditions/${encodeURIComponent(rendition)}`;
  await saveDownload(connect(options, context), { path: `${at(asset)}${path}`, ...options }, context);
}

async function show(asset: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  printAsset(await connect(options, context).get<AssetView>(at(asset)), options, context);
}

const triesMax = 5;

async function edited(asset: string, options: EditOptions, context: CliContext): Promise<void> {
  const client = connect(options, context);
  printAsset(await patch(client, asset, options), options, context);
}

/** Words are added to those that are there, so the asset is read first; where somebody else was faster, it is read again. */
async function patch(client: Client, asset: string, options: EditOptions): Promise<AssetView> {
  const wanted = patchOf(options);
  const adds = lists.some(
    (name) => wordsOf(options, 'add', name) !== null || wordsOf(options, 'remove', name) !== null,
  );
  if (!adds) {
    refuseEmptyPatch(wanted, 'Edit');
    return client.send<AssetView>('PATCH', at(asset), wanted);
  }
  for (let tries = 1; ; tries += 1) {
    const { state, version } = await client.get<AssetView>(at(asset));
    const words = Object.fromEntries(lists.flatMap((name) => merged(state, options, name)));
    try {
      return await client.send<AssetView>('PATCH', at(asset), { ...wanted, ...words, expectedVersion: version });
    } catch (error) {
      if (tries === triesMax || !(error instanceof RefusedError) || error.status !== 409) throw error;
    }
  }
}

function patchOf(options: EditOptions): AssetPatch {
  const { name, path, library } = options;
  return {
    ...(name === undefined ? {} : { name }),
    ...(path === undefined ? {} : { path }),
    ...(library === undefined ? {} : { library }),
    ...fieldsOf(options),
    ...(options.archive === true ? { archived: true } : {}),
    ...(options.unarchive === true ? { archived: false } : {}),
    ...Object.fromEntries(lists.flatMap((list) => (Array.isArray(options[list]) ? [[list, options[list]]] : []))),
  };
}

function wordsOf(options: EditOptions, what: 'add' | 'remove', name: ListName): readonly string[] | null {
  const one = singular[name];
  const words = options[`${what}${one.slice(0, 1).toUpperCase()}${one.slice(1)}`];
  return Array.isArray(words) ? words.map(String) : null;
}

function merged(state: AssetState, options: EditOptions, name: ListName): (readonly [string, readonly string[]])[] {
  const [add, remove] = [wordsOf(options, 'add', name), wordsOf(options, 'remove', name)];
  if (add === null && remove === null) return [];
  const given = options[name];
  const before: readonly string[] = Array.isArray(given) ? given.map(String) : state[name];
  const gone = new Set(remove ?? []);
  return [[name, [...new Set([...before, ...(add ?? [])])].filter((word) => !gone.has(word))]];
}
