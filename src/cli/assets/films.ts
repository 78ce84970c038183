/** `assetwire assets clip | inspect`. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import type { AssetView } from '../../app/app.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { assetArgument, at, printAsset } from './asset-place.ts';

type Waiting = ConnectionOptions & { readonly wait?: boolean };
type ClipOptions = Waiting & {
  readonly from: number;
  readonly to: number;
  readonly name?: string;
  readonly path?: string;
};

export function defineFilms(command: Command, context: CliContext): void {
  const moment = (flags: string, text: string): Option => new Option(flags, text).argParser(parseMoment);
  const patient = (): Option => new Option('--no-wait', 'do not wait until it is done');
  withConnection(command.command('clip').description('cut a stretch out of a film or of sound, as an asset of its own'))
    .addArgument(assetArgument())
    .addOption(moment('--from <moment>', 'where it begins: seconds (12.5), or 1:02:03.5').makeOptionMandatory())
    .addOption(moment('--to <moment>', 'where it ends').makeOptionMandatory())
    .addOption(new Option('--name <name>', 'what it is called; else as the film, with both moments'))
    .addOption(new Option('--path <folder>', 'where it lies; else where the film does'))
    .addOption(patient())
    .action((asset: string, options: ClipOptions) => clip(asset, options, context));
  withConnection(
    command.command('inspect').description('look into the file of an asset again, and make its renditions anew'),
  )
    .addArgument(assetArgument())
    .action((asset: string, options: ConnectionOptions) => inspect(asset, options, context));
}

export const filmExamples: readonly string[] = [
  'assetwire assets clip external:film-7 --from 1:12.5 --to 1:20 --name teaser.mp4',
  'assetwire assets inspect external:sku-4711',
];

/** Seconds, or minutes and hours before them, as milliseconds. */
export function parseMoment(text: string): number {
  const parts = /^(?:(?:(\d{1,4}):)?(\d{1,4}):)?(\d{1,6})(\.\d{1,3})?$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('Wanted seconds such as 12.5, or a moment such as 1:02:03.5.');
  const [, hours = '0', minutes = '0', seconds = '0', rest = ''] = parts;
  return Math.round((Number(hours) * 3_600 + Number(minutes) * 60 + Number(`${seconds}${rest}`)) * 1_000);
}

const lookAgainMs = 500;

async function clip(
  asset: string,
  { from, to, name, path, ...options }: ClipOptions,
  context: CliContext,
): Promise<void> {
  const client = connect(options, context);
  let made = await client.send<AssetView>('POST', `${at(asset)}/clips`, { fromMs: from, toMs: to, name, path });
  while (options.wait !== false && made.state.inspection.state === 'pending') {
    await new Promise<void>((resolve) => context.clock.timer(lookAgainMs, resolve));
    made = await client.get<AssetView>(at(made.id));
  }
  printAsset(made, options, context);
  const { state, note } = made.state.inspection;
  if (state === 'failed')
    throw new CommandError(
      `The clip must be cut: ${note ?? 'it could not be'}`,
      'The asset that was made for it is still there; delete it where it is not needed',
    );
}

async function inspect(asset: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  printAsset(await connect(options, context).send<AssetView>('POST', `${at(asset)}/inspect`), options, context);
}
