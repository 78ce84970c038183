/** `assetwire search`: find assets by words and fields. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { AssetListPage, AssetListQuery, AssetView } from '../../app/app.ts';
import { assetKinds } from '../../core/asset.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { momentOption } from '../moments.ts';
import { printJson, printJsonLine, printPage } from '../output.ts';
import type { PageAnswer } from '../output.ts';
import { assetColumns } from './assets.ts';

type SearchOptions = ConnectionOptions &
  PageOptions & {
    readonly folder?: string;
    readonly kind?: string;
    readonly tag?: string;
    readonly label?: string;
    readonly collection?: string;
    readonly archived?: boolean;
    readonly since?: number;
    readonly order?: NonNullable<AssetListQuery['order']>;
    readonly count?: boolean;
    readonly all?: boolean;
    readonly ids?: boolean;
  };

type Answer = PageAnswer<AssetView> & Pick<AssetListPage, 'complete' | 'total'>;

const orders = ['newest', 'oldest', 'updated', 'name'] as const;
const allPerPage = 1_000;

export function define(command: Command, context: CliContext): void {
  withPage(withConnection(command))
    .addArgument(
      new Argument('[query...]', 'words, "phrases", beginnings*, field:value, ranges, AND, OR, NOT and parentheses'),
    )
    .addOption(new Option('--folder <folder>', 'only those in this folder or below it'))
    .addOption(new Option('--kind <kind>', 'only those of this kind').choices([...assetKinds]))
    .addOption(new Option('--tag <tag>', 'only those with this tag'))
    .addOption(new Option('--label <label>', 'only those with this label'))
    .addOption(new Option('--collection <name>', 'only those in this collection'))
    .addOption(new Option('--archived', 'only those in the archive'))
    .addOption(new Option('--no-archived', 'none of those in the archive'))
    .addOption(
      momentOption('--since <time>', 'only those written since: 2026-11-20T08:00Z, or an age: 6h, 2d', context),
    )
    .addOption(new Option('--order <order>', 'by creation, by the last write, or by name').choices([...orders]))
    .addOption(new Option('--count', 'say how many there are'))
    .addOption(new Option('--all', 'every page; with --json one asset per line'))
    .addOption(new Option('--ids', 'ids only, one per line'))
    .action((query: readonly string[], options: SearchOptions) => search(query, options, context));
  withExamples(command, [
    `assetwire search 'spring (flower OR blossom) metadata.status:approved'`,
    `assetwire search 'created:>=2026-01-01 width:>=3000' --folder /press --count`,
    `assetwire search 'name:IMG_20*' --order name --all --ids`,
  ]);
}

async function search(words: readonly string[], options: SearchOptions, context: CliContext): Promise<void> {
  const { folder, kind, tag, label, collection, archived, order, since, count } = options;
  const query = {
    ...{ q: words.length === 0 ? undefined : words.join(' '), folder, kind, tag, label, collection, order },
    archived: archived === undefined ? undefined : String(archived),
    updatedFromMs: since,
  };
  const client = connect(options, context);
  const read = (cursor: string | undefined, limit: number, counted: boolean): Promise<Answer> =>
    client.get<Answer>('/v1/assets', { ...query, cursor, limit, count: counted ? 'true' : undefined });
  if (options.all !== true) {
    const page = await read(options.cursor, options.limit, count === true);
    if (options.ids !== true || options.json === true) return show({ ...page, first: true }, options, context);
    for (const { id } of page.data) context.stdout.write(`${id}\n`);
    return;
  }
  let cursor = options.cursor;
  let first = true;
  do {
    const page: Answer = await read(cursor, allPerPage, first && count === true);
    if (options.json !== true && options.ids !== true) show({ ...page, nextCursor: null, first }, options, context);
    else for (const asset of page.data) line(asset, options, context);
    cursor = page.nextCursor ?? undefined;
    first = false;
  } while (cursor !== undefined);
}

function line(asset: AssetView, { ids, json }: SearchOptions, { stdout }: CliContext): void {
  if (json === true) printJsonLine(stdout, ids === true ? asset.id : asset);
  else stdout.write(`${asset.id}\n`);
}

function show(
  { first, ...page }: Answer & { readonly first: boolean },
  { json }: SearchOptions,
  { stdout, stderr }: CliContext,
): void {
  if (json === true) return printJson(stdout, page);
  if (first && page.total !== undefined) stdout.write(`${totalOf(page.total)}\n`);
  if (page.data.length > 0 || (first && page.nextCursor === null)) {
    printPage(stdout, page, { json, columns: assetColumns });
  } else if (page.nextCursor !== null) stdout.write(`… none so far; add --cursor ${page.nextCursor}\n`);
  if (page.complete) return;
  stderr.write(
    page.nextCursor === null
      ? 'What was written in the last moments may be missing: ask again\n'
      : 'What was written in the last moments may be missing, or the index is being made: ask again, or go on with --cursor\n',
  );
}

function totalOf({ value, is }: NonNullable<Answer['total']>): string {
  const shown = value.toLocaleString('en');
  return {
    exact: `${shown} found`,
    soFar: `${shown} found so far`,
    atLeast: `${shown} or more found`,
    atMost: `at most ${shown} found`,
  }[is];
}
