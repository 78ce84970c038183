/** What the command line says of a broadcast, as the API takes it. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { Argument, InvalidArgumentError, Option } from 'commander';
import type { AssetView } from '../../app/app.ts';
import type { BroadcastView } from '../../app/broadcast-cases.ts';
import type { Client } from '../client.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { printFields, printJson, showTime } from '../output.ts';

export type SaidOptions = {
  readonly title?: string;
  readonly author?: string;
  readonly tag?: readonly string[];
  readonly customData?: string;
  readonly ingestChannel?: string;
  readonly lat?: number;
  readonly lon?: number;
  readonly accuracy?: number;
  readonly positionType?: string;
  readonly preview?: string;
};

export function broadcastArgument(): Argument {
  return new Argument('<broadcast>', 'its id, or external:ID');
}

export function placeOf(broadcast: string): string {
  return `/v1/broadcasts/${encodeURIComponent(broadcast)}`;
}

/** Options that say something of a broadcast. */
export function withSaid(command: Command): Command {
  return command
    .addOption(new Option('--title <title>', 'what people read'))
    .addOption(new Option('--author <name>', 'who broadcasts'))
    .addOption(new Option('--tag <tag...>', 'its tags, instead of those it has'))
    .addOption(new Option('--custom-data <text>', 'text of your own'))
    .addOption(new Option('--ingest-channel <uuid>', 'through which channel it came in'))
    .addOption(new Option('--lat <degrees>', 'where it was broadcast from; with --lon').argParser(parseNumber))
    .addOption(new Option('--lon <degrees>', 'with --lat').argParser(parseNumber))
    .addOption(new Option('--accuracy <metres>', 'of that position').argParser(parseNumber))
    .addOption(new Option('--position-type <type>', 'how it was found, such as GPS'))
    .addOption(new Option('--preview <picture>', 'a file that is uploaded, the id of an image, or a URL'));
}

export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Wanted a number.');
  return value;
}

/** The fields of the API that these options say; a picture is uploaded on the way. */
export async function saidIn(options: SaidOptions, client: Client): Promise<object> {
  const { title, author, tag, customData, ingestChannel, lat, lon, accuracy, positionType, preview } = options;
  if ((lat === undefined) !== (lon === undefined) || (lat === undefined && (accuracy ?? positionType) !== undefined))
    throw new CommandError('A position must have --lat and --lon: one is missing', null, exitCodes.usage);
  return {
    ...(title === undefined ? {} : { title }),
    ...(author === undefined ? {} : { author }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(customData === undefined ? {} : { customData }),
    ...(ingestChannel === undefined ? {} : { ingestChannel }),
    ...(lat === undefined
      ? {}
      : {
          position: {
            latitude: lat,
            longitude: lon,
            ...(accuracy === undefined ? {} : { accuracyMetres: accuracy }),
            ...(positionType === undefined ? {} : { type: positionType }),
          },
        }),
    ...(preview === undefined ? {} : { preview: await pictureOf(preview, client) }),
  };
}

async function pictureOf(picture: string, client: Client): Promise<object> {
  if (/^https?:\/\//.test(picture)) return { url: picture };
  if (/^ast_[0-9a-z]{26}$/.test(picture)) return { assetId: picture };
  const found = await stat(picture).catch(() => null);
  if (found === null || !found.isFile())
    throw new CommandError(
      `Preview must be a file, the id of an image or a URL: ${JSON.stringify(picture)} is none`,
      null,
      exitCodes.usage,
    );
  const name = basename(picture);
  const file = { name, bytes: found.size, content: createReadStream(picture) };
  const { id } = await client.upload<AssetView>(file, { name, path: '/broadcasts/previews' });
  return { assetId: id };
}

export function printBroadcast(view: BroadcastView, json: boolean | undefined, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, view);
  const { state } = view;
  const row = (name: string, value: string | undefined): readonly (readonly [string, string])[] =>
    value === undefined || value === '' ? [] : [[name, value]];
  printFields(stdout, [
    ['broadcast', view.id],
    ...row('external id', view.externalId),
    ['type', state.end === undefined || state.end === 'complete' ? state.type : `${state.type} (${words[state.end]})`],
    ...row('title', state.title),
    ...row('author', state.author),
    ...row('tags', state.tags.join(', ')),
    ...row('went live', state.startedAtMs === undefined ? undefined : showTime(state.startedAtMs)),
    ...row('length', state.durationMs === undefined ? undefined : `${(state.durationMs / 1_000).toFixed(1)} s`),
    ...row('size', state.widthPx === undefined ? undefined : `${state.widthPx} × ${state.heightPx ?? 0}`),
    ...row('recording', state.recording),
    ...row('note', state.note),
  ]);
}

const words = {
  complete: 'complete',
  broken_off: 'its bytes broke off',
  lost: 'the server that took its bytes ended',
  cut: 'cut at the largest size that is taken',
  told: 'somebody said so',
} as const;
