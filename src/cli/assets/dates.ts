/** `assetwire assets archive | unarchive | dates | aliases | focus`. */
import type { Command } from 'commander';
import { Argument, InvalidArgumentError, Option } from 'commander';
import type { AssetPatch, AssetView } from '../../app/app.ts';
import type { Client } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { parseDate } from '../moments.ts';
import { printFields, printJson, showTime } from '../output.ts';
import { assetArgument, at, datesOf, printAsset } from './asset-place.ts';

export function defineDates(command: Command, context: CliContext): void {
  const date = (flags: string, text: string): Option =>
    new Option(flags, text).argParser((given: string) => parseDate(given, context.clock.nowMs()));
  const several = (): Argument => new Argument('<assets...>', 'ids, or external: and external ids');
  withConnection(command.command('archive').description('archive assets, now or at a date'))
    .addArgument(several())
    .addOption(date('--at <time>', 'then, by itself: 2027-01-31T08:00Z, or in 30d'))
    .action((assets: string[], options: ConnectionOptions & { at?: When }) =>
      patchAll(assets, { patch: archivePatch(options.at), options }, context),
    );
  withConnection(command.command('unarchive').description('bring assets back from the archive'))
    .addArgument(several())
    .action((assets: string[], options: ConnectionOptions) =>
      patchAll(assets, { patch: { archived: false }, options }, context),
    );
  withConnection(command.command('dates').description('show or set when an asset is published, expires, is archived'))
    .addArgument(assetArgument())
    .addOption(date('--publish <time>', 'not to be given out before: 2027-01-31T08:00Z, 30d from now, never'))
    .addOption(date('--expire <time>', 'not to be given out from then on; never: as long as it is there'))
    .addOption(date('--archive <time>', 'archived then; never: not by itself'))
    // As share links have it: whoever types that here means the same.
    .addOption(date('--expires <time>', 'the same as --expire').hideHelp())
    .action((asset: string, options: DateOptions) => dates(asset, options, context));
  withConnection(command.command('aliases').description('show or set the ids that an asset has from former DAMs'))
    .addArgument(assetArgument())
    .addArgument(new Argument('[aliases...]', 'dialect=id, such as bynder=6A5C…; dialect= takes it away'))
    .action((asset: string, given: string[], options: ConnectionOptions) =>
      aliases(asset, { given, options }, context),
    );
  withConnection(command.command('focus').description('show or set the point that must stay in sight'))
    .addArgument(assetArgument())
    .addArgument(
      new Argument('[point]', 'x,y: fractions of width and height from the upper left').argParser(parsePoint),
    )
    .addOption(new Option('--clear', 'take it away'))
    .action((asset: string, point: Point | undefined, options: FocusOptions) =>
      focus(asset, { point, options }, context),
    );
}

export const dateExamples: readonly string[] = [
  'assetwire assets archive external:sku-4711 --at 30d',
  'assetwire assets dates external:sku-4711 --publish 2027-01-31T08:00Z --expire 2028-01-31',
  'assetwire assets dates external:sku-4711 --expire never',
  'assetwire assets aliases external:sku-4711 bynder=6A5C8D9E-0F1A-4B2C-3D4E5F60718293A4',
  'assetwire assets focus external:sku-4711 0.5,0.3',
];

function archivePatch(when: When | undefined): AssetPatch {
  return when === undefined ? { archived: true } : { archiveAtMs: timeOf(when) };
}

/** What an option with a date was given; the parser of options has no null. */
type When = number | 'never';

function timeOf(when: When): number | null {
  return when === 'never' ? null : when;
}

type Patching = { readonly patch: AssetPatch; readonly options: ConnectionOptions };

function send(client: Client, asset: string, patch: AssetPatch): Promise<AssetView> {
  return client.send<AssetView>('PATCH', at(asset), patch);
}

async function patchAll(assets: readonly string[], { patch, options }: Patching, context: CliContext): Promise<void> {
  const client = connect(options, context);
  const done: AssetView[] = [];
  for (const asset of assets) {
    const view = await send(client, asset, patch);
    done.push(view);
    const { archived, archiveAtMs } = view.state;
    const later = archiveAtMs === undefined ? '' : `, and will be on ${showTime(archiveAtMs)}`;
    const now = archived ? 'is archived' : `is not archived${later}`;
    if (options.json !== true) context.stdout.write(`✓ ${asset} ${now}\n`);
  }
  if (options.json === true) printJson(context.stdout, { assets: done });
}

type DateOptions = ConnectionOptions & {
  readonly publish?: When;
  readonly expire?: When;
  readonly expires?: When;
  readonly archive?: When;
};

async function dates(asset: string, options: DateOptions, context: CliContext): Promise<void> {
  const { publish, expires, expire = expires, archive } = options;
  const patch: AssetPatch = {
    ...(publish === undefined ? {} : { publishAtMs: timeOf(publish) }),
    ...(expire === undefined ? {} : { expiresAtMs: timeOf(expire) }),
    ...(archive === undefined ? {} : { archiveAtMs: timeOf(archive) }),
  };
  const view = await setOrShow(asset, { patch, options }, context);
  if (options.json === true) return printAsset(view, options, context);
  const rows = datesOf(view.state);
  printFields(context.stdout, rows.length === 0 ? [['dates', 'none']] : rows);
}

async function setOrShow(asset: string, { patch, options }: Patching, context: CliContext): Promise<AssetView> {
  const client = connect(options, context);
  return Object.keys(patch).length === 0 ? client.get<AssetView>(at(asset)) : send(client, asset, patch);
}

type Given = { readonly given: readonly string[]; readonly options: ConnectionOptions };

async function aliases(asset: string, { given, options }: Given, context: CliContext): Promise<void> {
  const wanted = Object.fromEntries(given.map(parseAlias));
  const patch: AssetPatch = given.length === 0 ? {} : { aliases: wanted };
  const view = await setOrShow(asset, { patch, options }, context);
  if (options.json === true) return printAsset(view, options, context);
  const rows = Object.entries(view.state.aliases);
  printFields(context.stdout, rows.length === 0 ? [['aliases', 'none']] : rows);
}

function parseAlias(text: string): readonly [dialect: string, id: string | null] {
  const sign = text.indexOf('=');
  if (sign < 1) throw new CommandError(`Wanted dialect=id: found ${text}`, 'For example bynder=6A5C…', exitCodes.usage);
  const id = text.slice(sign + 1);
  return [text.slice(0, sign), id === '' ? null : id];
}

type FocusOptions = ConnectionOptions & { readonly clear?: boolean };
type Focus = { readonly point: Point | undefined; readonly options: FocusOptions };
type Point = { readonly x: number; readonly y: number };

async function focus(asset: string, { point, options }: Focus, context: CliContext): Promise<void> {
  if (point !== undefined && options.clear === true)
    throw new CommandError('Wanted a point or --clear: found both', 'Neither shows it', exitCodes.usage);
  const patch: AssetPatch =
    options.clear === true ? { focusPoint: null } : point === undefined ? {} : { focusPoint: point };
  const view = await setOrShow(asset, { patch, options }, context);
  if (options.json === true) return printAsset(view, options, context);
  const { focusPoint } = view.state;
  printFields(context.stdout, [
    ['focus point', focusPoint === undefined ? 'none' : `${focusPoint.x}, ${focusPoint.y}`],
  ]);
}

function parsePoint(text: string): Point {
  const [x, y, ...more] = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const fits = (value: number | undefined): value is number => value !== undefined && value >= 0 && value <= 1;
  if (fits(x) && fits(y) && more.length === 0) return { x, y };
  throw new InvalidArgumentError('Wanted two numbers from 0 to 1, such as 0.5,0.3.');
}
