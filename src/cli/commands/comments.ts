/** `assetwire comments`: list, add, edit, resolve, delete; and approval. */
import type { Command } from 'commander';
import { Argument, InvalidArgumentError, Option } from 'commander';
import { type ApprovalView, approvalStatuses, type CommentRegion, type CommentView } from '../../app/comment-cases.ts';
import { assetArgument, at } from '../assets/asset-place.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { countUpTo, withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { printFields, printJson, printPage, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';

type Pointing = { readonly region?: CommentRegion; readonly page?: number; readonly at?: number };
type AddOptions = ConnectionOptions & Pointing & { readonly replyTo?: string };
type ApprovalOptions = ConnectionOptions & { readonly note?: string; readonly clear?: boolean };

export function define(command: Command, context: CliContext): void {
  const sub = (name: string, summary: string): Command =>
    withConnection(command.command(name).description(summary)).addArgument(assetArgument());
  const id = (): Argument => new Argument('<id>', 'the comment, such as cmt_01…');
  withPage(sub('list', 'what people have said about an asset, oldest first')).action(
    (asset: string, options: ConnectionOptions & PageOptions) => list(asset, options, context),
  );
  sub('add', 'say something about an asset, or about a part of it')
    .addArgument(new Argument('<text>', 'what to say'))
    .addOption(
      new Option('--region <x,y,width,height>', 'a part of the picture, as fractions from the upper left').argParser(
        regionOf,
      ),
    )
    .addOption(new Option('--page <number>', 'a page, counted from 1').argParser(countUpTo(1_000_000)))
    .addOption(new Option('--at <seconds>', 'a moment of a film').argParser(secondsOf))
    .addOption(new Option('--reply-to <id>', 'the comment that it answers'))
    .action((asset: string, text: string, options: AddOptions) => add(asset, { text, options }, context));
  sub('edit', 'change the text of a comment')
    .addArgument(id())
    .addArgument(new Argument('<text>', 'what it is to say'))
    .action((...[asset, comment, text, options]: [string, string, string, ConnectionOptions]) =>
      patch({ asset, comment, patch: { text } }, options, context),
    );
  sub('resolve', 'say that a comment is done with')
    .addArgument(id())
    .addOption(new Option('--reopen', 'say that it is not'))
    .action((asset: string, comment: string, options: ConnectionOptions & { reopen?: boolean }) =>
      patch({ asset, comment, patch: { resolved: options.reopen !== true } }, options, context),
    );
  sub('delete', 'delete a comment; answers to it stay')
    .addArgument(id())
    .action(async (asset: string, comment: string, options: ConnectionOptions) => {
      await connect(options, context).send('DELETE', `${at(asset)}/comments/${encodeURIComponent(comment)}`);
      if (options.json === true) printJson(context.stdout, { deleted: comment });
      else context.stdout.write(`✓ ${comment} is deleted\n`);
    });
  sub('approval', 'show whether an asset is approved, or decide it')
    .addArgument(new Argument('[status]', 'what is decided').choices([...approvalStatuses]))
    .addOption(new Option('--note <text>', 'why'))
    .addOption(new Option('--clear', 'take the decision back').conflicts('note'))
    .action((asset: string, status: string | undefined, options: ApprovalOptions) =>
      approval(asset, { status, options }, context),
    );
  withExamples(command, [
    'assetwire comments add external:sku-4711 "The logo needs more room" --region 0.2,0.1,0.25,0.3',
    'assetwire comments list external:sku-4711',
    'assetwire comments resolve external:sku-4711 cmt_01kan4c4q0edkxrmnr6dgk2vfp',
    'assetwire comments approval external:sku-4711 approved --note "Checked by legal"',
  ]);
}

function regionOf(text: string): CommentRegion {
  const [x, y, width, height, more] = text.split(',').map(Number);
  const sides = [x, y, width, height];
  if (more !== undefined || !sides.every((side) => side !== undefined && side >= 0 && side <= 1))
    throw new InvalidArgumentError('Wanted four fractions from 0 to 1, such as 0.2,0.1,0.25,0.3.');
  return { x: x ?? 0, y: y ?? 0, width: width ?? 0, height: height ?? 0 };
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds < 0)
    throw new InvalidArgumentError('Wanted seconds from the beginning, such as 12.5.');
  return Math.round(seconds * 1_000);
}

async function list(
  asset: string,
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<CommentView>>(`${at(asset)}/comments`, { limit, cursor });
  printPage<CommentView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'COMMENT', text: ({ id }) => id ?? '–' },
      { title: 'SAID', text: ({ createdAtMs }) => (createdAtMs === undefined ? '' : showTime(createdAtMs)) },
      { title: 'BY', text: ({ by, byName }) => byName ?? by ?? '' },
      { title: 'ON', text: placeText },
      { title: 'TEXT', text: ({ text, resolved }) => (resolved ? `✓ ${text}` : text) },
    ],
  });
}

function placeText({ region, page, atMs }: CommentView): string {
  return [
    ...(region === undefined ? [] : [`${region.x},${region.y},${region.width},${region.height}`]),
    ...(page === undefined ? [] : [`page ${page}`]),
    ...(atMs === undefined ? [] : [`${atMs / 1_000} s`]),
  ].join(' ');
}

async function add(
  asset: string,
  { text, options }: { readonly text: string; readonly options: AddOptions },
  context: CliContext,
): Promise<void> {
  const { region, page, at: atMs, replyTo, ...connection } = options;
  const made = await connect(connection, context).send<CommentView>('POST', `${at(asset)}/comments`, {
    text,
    ...(region === undefined ? {} : { region }),
    ...(page === undefined ? {} : { page }),
    ...(atMs === undefined ? {} : { atMs }),
    ...(replyTo === undefined ? {} : { replyTo }),
  });
  if (options.json === true) return printJson(context.stdout, made);
  context.stdout.write(`✓ ${made.id ?? ''}\n`);
}

async function patch(
  { asset, comment, patch: fields }: { readonly asset: string; readonly comment: string; readonly patch: object },
  options: ConnectionOptions,
  context: CliContext,
): Promise<void> {
  const path = `${at(asset)}/comments/${encodeURIComponent(comment)}`;
  const changed = await connect(options, context).send<CommentView>('PATCH', path, fields);
  if (options.json === true) return printJson(context.stdout, changed);
  context.stdout.write(`✓ ${comment}${changed.resolved ? ' is done with' : ''}\n`);
}

async function approval(
  asset: string,
  { status, options }: { readonly status: string | undefined; readonly options: ApprovalOptions },
  context: CliContext,
): Promise<void> {
  const client = connect(options, context);
  const path = `${at(asset)}/approval`;
  const { note, clear, json } = options;
  if (clear === true) await client.send('DELETE', path);
  const found =
    status === undefined || clear === true
      ? await client.get<ApprovalView>(path)
      : await client.send<ApprovalView>('PUT', path, { status, ...(note === undefined ? {} : { note }) });
  if (json === true) return printJson(context.stdout, found);
  printFields(context.stdout, [
    ['approval', found.status ?? 'not decided'],
    ...(found.by === undefined ? [] : [['by', found.byName ?? found.by] as const]),
    ...(found.atMs === undefined ? [] : [['at', showTime(found.atMs)] as const]),
    ...(found.note === undefined ? [] : [['note', found.note] as const]),
  ]);
}
