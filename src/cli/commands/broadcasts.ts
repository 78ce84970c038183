/** `assetwire broadcasts`: list, show, create, stream, update, end, clip, download, delete. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { BroadcastView } from '../../app/broadcast-cases.ts';
import { broadcastTypes } from '../../core/broadcast.ts';
import { confirmed } from '../ask.ts';
import { parseMoment } from '../assets/films.ts';
import {
  broadcastArgument,
  parseNumber,
  placeOf,
  printBroadcast,
  type SaidOptions,
  saidIn,
  withSaid,
} from '../broadcasts/broadcast-options.ts';
import { bytesToStream } from '../broadcasts/paced.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { interruptible } from '../interrupt.ts';
import { createProgress, printPage, showBytes, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';
import { refuseEmptyPatch } from '../patch.ts';
import { saveDownload } from '../save-download.ts';

type ListOptions = ConnectionOptions &
  PageOptions & { readonly type?: string; readonly author?: string; readonly titleContains?: string };
type CreateOptions = ConnectionOptions &
  SaidOptions & {
    readonly type?: string;
    readonly externalId?: string;
    readonly recording?: string;
    readonly resourceUrl?: string;
  };
type StreamOptions = ConnectionOptions & SaidOptions & { readonly broadcast?: string; readonly over?: number };
type ClipOptions = ConnectionOptions & {
  readonly from: number;
  readonly to: number;
  readonly title?: string;
  readonly wait?: boolean;
};

export function define(command: Command, context: CliContext): void {
  const sub = (name: string, summary: string): Command => withConnection(command.command(name).description(summary));
  withPage(sub('list', 'list broadcasts, newest first'))
    .addOption(new Option('--type <type>', 'only those that are').choices([...broadcastTypes]))
    .addOption(new Option('--author <name>', 'only those of this author'))
    .addOption(new Option('--title-contains <text>', 'only those whose title has this in it'))
    .action((options: ListOptions) => list(options, context));
  sub('show', 'show a broadcast')
    .addArgument(broadcastArgument())
    .action(async (broadcast: string, options: ConnectionOptions) =>
      printBroadcast(await connect(options, context).get<BroadcastView>(placeOf(broadcast)), options.json, context),
    );
  withSaid(sub('create', 'register a broadcast: planned, or live or over elsewhere'))
    .addOption(new Option('--type <type>', 'what it is now').choices(['planned', 'live', 'archived']))
    .addOption(new Option('--external-id <id>', 'the id by which another system knows it'))
    .addOption(new Option('--recording <asset>', 'the asset with its file'))
    .addOption(new Option('--resource-url <url>', 'where it is to be seen, where its file lies elsewhere'))
    .action((options: CreateOptions) => create(options, context));
  withSaid(sub('stream', 'go live with a film: live while its bytes are sent, archived when they end'))
    .addArgument(new Argument('<film>', 'a file, or - for standard input'))
    .addOption(new Option('--broadcast <broadcast>', 'one that is planned; else a new one'))
    .addOption(new Option('--over <seconds>', 'spread the bytes of a file over this time').argParser(parseNumber))
    .action((film: string, options: StreamOptions) => stream(film, options, context));
  withSaid(sub('update', 'change what is said of a broadcast'))
    .addArgument(broadcastArgument())
    .action((broadcast: string, options: ConnectionOptions & SaidOptions) => update(broadcast, options, context));
  sub('end', 'end a broadcast that is live elsewhere')
    .addArgument(broadcastArgument())
    .action(async (broadcast: string, options: ConnectionOptions) =>
      printBroadcast(
        await connect(options, context).send<BroadcastView>('PATCH', placeOf(broadcast), { type: 'archived' }),
        options.json,
        context,
      ),
    );
  defineClip(sub('clip', 'cut a stretch out of a broadcast, as a broadcast of its own'), context);
  sub('download', "save the file of a broadcast's recording")
    .addArgument(broadcastArgument())
    .addOption(new Option('--output <file>', 'where to; - for standard output').makeOptionMandatory())
    .addOption(new Option('--force', 'over a file that is there'))
    .action(
      (broadcast: string, { output, force, ...options }: ConnectionOptions & { output: string; force?: boolean }) =>
        saveDownload(
          connect(options, context),
          { path: `${placeOf(broadcast)}/content`, output, force, json: options.json },
          context,
        ),
    );
  sub('delete', 'remove a broadcast, and its recording with it')
    .addArgument(broadcastArgument())
    .addOption(new Option('--keep-recording', 'leave the asset with its file as it is'))
    .addOption(new Option('--yes', 'do not ask'))
    .action((broadcast: string, options: ConnectionOptions & { keepRecording?: boolean; yes?: boolean }) =>
      remove(broadcast, options, context),
    );
  withExamples(command, [
    'assetwire broadcasts stream show.mp4 --title "The launch" --over 20',
    'ffmpeg -i rtsp://camera.example/1 -c copy -f mpegts - | assetwire broadcasts stream - --title "The launch"',
    'assetwire broadcasts list --type live',
    'assetwire broadcasts clip brc_01m93k7q5v8x2c4r6t8w0y1z3b --from 0:10 --to 0:20 --title Teaser',
    'assetwire broadcasts update external:show-17 --title "The launch, complete" --tag press',
  ]);
}

function defineClip(command: Command, context: CliContext): void {
  const moment = (flags: string, text: string): Option => new Option(flags, text).argParser(parseMoment);
  command
    .addArgument(broadcastArgument())
    .addOption(moment('--from <moment>', 'where it begins: seconds (12.5), or 1:02:03.5').makeOptionMandatory())
    .addOption(moment('--to <moment>', 'where it ends').makeOptionMandatory())
    .addOption(new Option('--title <title>', 'what people read; else as the broadcast'))
    .addOption(new Option('--no-wait', 'do not wait until it is cut'))
    .action((broadcast: string, options: ClipOptions) => clip(broadcast, options, context));
}

async function list(
  { limit, cursor, type, author, titleContains, json, ...options }: ListOptions,
  context: CliContext,
): Promise<void> {
  const query = { limit, cursor, type, author, titleContains };
  const page = await connect(options, context).get<PageAnswer<BroadcastView>>('/v1/broadcasts', query);
  printPage<BroadcastView>(context.stdout, page, {
    json,
    columns: [
      { title: 'BROADCAST', text: ({ id }) => id },
      { title: 'TYPE', text: ({ state }) => state.type },
      { title: 'LENGTH', align: 'right', text: ({ state }) => seconds(state.durationMs) },
      { title: 'UPDATED', text: ({ updatedAtMs }) => showTime(updatedAtMs) },
      { title: 'TITLE', text: ({ state }) => state.title },
    ],
  });
}

function seconds(durationMs: number | undefined): string {
  return durationMs === undefined ? '–' : `${(durationMs / 1_000).toFixed(1)} s`;
}

async function create(options: CreateOptions, context: CliContext): Promise<void> {
  const { type, externalId, recording, resourceUrl } = options;
  const client = connect(options, context);
  const made = await client.send<BroadcastView>('POST', '/v1/broadcasts', {
    ...(await saidIn(options, client)),
    ...(type === undefined ? {} : { type }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(recording === undefined ? {} : { recording }),
    ...(resourceUrl === undefined ? {} : { resourceUrl }),
  });
  printBroadcast(made, options.json, context);
}

/** Ctrl-C ends the bytes, and with them the broadcast: what was sent is kept. */
async function stream(film: string, options: StreamOptions, context: CliContext): Promise<void> {
  const client = connect(options, context);
  const content = await bytesToStream(film, { seconds: options.over ?? 0, clock: context.clock });
  const said = await saidIn(options, client);
  const broadcast =
    options.broadcast ??
    (await client.send<BroadcastView>('POST', '/v1/broadcasts', { title: titleOf(film), ...said })).id;
  const name = film === '-' ? '' : `?name=${encodeURIComponent(basename(film))}`;
  const progress = createProgress(context);
  await interruptible(context, async ({ signal }) => {
    const ended = await client
      .stream<BroadcastView>(`${placeOf(broadcast)}/stream${name}`, content, {
        signal,
        // How much is to come nobody knows: the bar shows that something is going on.
        onSent: (bytes) => progress.update(bytes % barBytes, barBytes, `live: ${showBytes(bytes)} sent`),
      })
      .finally(() => progress.end());
    printBroadcast(ended, options.json, context);
  });
}

const barBytes = 16 * 1024 * 1024;

function titleOf(film: string): string {
  return film === '-' ? '' : basename(film).replace(/\.[^.]*$/, '');
}

async function update(broadcast: string, options: ConnectionOptions & SaidOptions, context: CliContext): Promise<void> {
  const client = connect(options, context);
  const patch = await saidIn(options, client);
  refuseEmptyPatch(patch);
  printBroadcast(await client.send<BroadcastView>('PATCH', placeOf(broadcast), patch), options.json, context);
}

const lookAgainMs = 300;

async function clip(broadcast: string, { from, to, title, wait, ...options }: ClipOptions, context: CliContext) {
  const client = connect(options, context);
  const order = { fromMs: from, toMs: to, ...(title === undefined ? {} : { title }) };
  let made = await client.send<BroadcastView>('POST', `${placeOf(broadcast)}/clips`, order);
  while (wait !== false && made.state.type === 'extracting') {
    await new Promise<void>((resolve) => context.clock.timer(lookAgainMs, resolve));
    made = await client.get<BroadcastView>(placeOf(made.id));
  }
  printBroadcast(made, options.json, context);
  if (made.state.type === 'failed')
    throw new CommandError(`The clip must be cut: ${made.state.note ?? 'it could not be'}`, null);
}

async function remove(
  broadcast: string,
  { keepRecording, yes, ...options }: ConnectionOptions & { readonly keepRecording?: boolean; readonly yes?: boolean },
  context: CliContext,
): Promise<void> {
  const what = keepRecording === true ? 'its recording stays' : 'with its recording';
  if (!(await confirmed(`Remove ${broadcast}, ${what}?`, { yes, unasked: true }, context)))
    throw new CommandError('Removal must be confirmed: nothing was removed', 'Answer y, or add --yes');
  const client = connect(options, context);
  await client.send('DELETE', `${placeOf(broadcast)}${keepRecording === true ? '?keepRecording=true' : ''}`);
  if (options.json === true) context.stdout.write(`${JSON.stringify({ deleted: broadcast })}\n`);
  else context.stdout.write(`✓ ${broadcast} is removed\n`);
}
