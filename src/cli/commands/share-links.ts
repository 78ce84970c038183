/** `assetwire share-links`: files for people who have no account. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { ShareLinkInput, ShareLinkPatch, ShareLinkView } from '../../app/share-cases.ts';
import { type ShareAllowance, shareAllowances } from '../../core/share-link.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { type PageOptions, withConnection, withExamples, withPage } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { parseDate } from '../moments.ts';
import { readTextFile } from '../read-text-file.ts';
import { type Column, type PageAnswer, printJson, printPage, showTime } from '../output.ts';

type Settings = ConnectionOptions & {
  readonly name?: string;
  readonly expires?: number | 'never';
  readonly expire?: number | 'never';
  readonly password?: string;
  readonly passwordFile?: string;
  readonly allow?: ShareAllowance;
  readonly renditions?: readonly string[];
};

/** `--no-password` makes it false. */
type UpdateOptions = Omit<Settings, 'password'> & { readonly password?: string | false };

type CreateOptions = Settings & {
  readonly folder?: string;
  readonly collection?: string;
  readonly fixed?: boolean;
};

const listedStates: readonly ShareLinkView['state'][] = ['active', 'revoked', 'expired'];
type ListOptions = ConnectionOptions &
  PageOptions & {
    readonly asset?: string;
    readonly folder?: string;
    readonly collection?: string;
    readonly state?: string;
  };

export function define(command: Command, context: CliContext): void {
  const id = (): Argument => new Argument('<id>', 'the share link, such as shl_01…');
  const create = withConnection(
    command.command('create').description('share assets, a folder or a collection; prints the URL'),
  )
    .addArgument(new Argument('[assets...]', 'assets, by id or as external:ID'))
    .addOption(new Option('--folder <folder>', 'what lies in this folder or below it when the link is opened'))
    .addOption(new Option('--collection <name>', 'what is in this collection when the link is opened'))
    .addOption(new Option('--fixed', 'the version that is active now, also when a newer one comes'));
  create.addOption(passwordOption());
  withSettings(create, context).action((assets: readonly string[], options: CreateOptions) =>
    createLink(assets, options, context),
  );
  withPage(withConnection(command.command('list').description('list share links, newest first')))
    .addOption(new Option('--asset <id>', 'only links that name this asset'))
    .addOption(new Option('--folder <folder>', 'only links of this folder'))
    .addOption(new Option('--collection <name>', 'only links of this collection'))
    .addOption(new Option('--state <state>', 'those that are active, or have ended').choices([...listedStates]))
    .action((options: ListOptions) => list(options, context));
  withConnection(command.command('show').description('show a share link: its URL, its settings, how often it was used'))
    .addArgument(id())
    .action(async (one: string, options: ConnectionOptions) =>
      print(await connect(options, context).get<ShareLinkView>(at(one)), options, context),
    );
  const update = withConnection(command.command('update').description('prolong a share link, or change what it allows'))
    .addArgument(id())
    .addOption(passwordOption())
    .addOption(new Option('--no-password', 'open to whoever has the URL'));
  withSettings(update, context).action((one: string, options: UpdateOptions) => updateLink(one, options, context));
  withConnection(command.command('revoke').description('revoke a share link: it answers 410 from now on'))
    .addArgument(id())
    .action(async (one: string, options: ConnectionOptions) => {
      await connect(options, context).send('DELETE', at(one));
      if (options.json === true) printJson(context.stdout, { id: one, revoked: true });
      else context.stdout.write(`${one} is revoked\n`);
    });
  withExamples(command, [
    'assetwire share-links create ast_01… --name "For the agency" --expires 30d',
    'assetwire share-links create --folder /press --allow preview',
    'assetwire share-links update shl_01… --expires 2027-01-31',
    'assetwire share-links revoke shl_01…',
  ]);
}

function passwordOption(): Option {
  return new Option('--password <password>', 'ask visitors for it; others on this machine may see it here');
}

function withSettings(command: Command, context: CliContext): Command {
  return command
    .addOption(new Option('--password-file <file>', 'read the password from there; - for standard input'))
    .addOption(new Option('--name <name>', 'what visitors see as its title'))
    .addOption(
      new Option('--expires <time>', 'good until then: 2027-01-31, a span from now such as 30d, or never').argParser(
        (text: string) => parseDate(text, context.clock.nowMs()),
      ),
    )
    .addOption(
      new Option('--expire <time>', 'the same as --expires')
        .argParser((text: string) => parseDate(text, context.clock.nowMs()))
        .hideHelp(),
    )
    .addOption(new Option('--allow <what>', 'download, or preview: never the original').choices([...shareAllowances]))
    .addOption(new Option('--renditions <names...>', 'only these files: original, large, medium, small …'));
}

function at(id: string): string {
  return `/v1/share-links/${encodeURIComponent(id)}`;
}

async function settingsOf({
  name,
  expire,
  expires = expire,
  password: given,
  passwordFile,
  allow,
  renditions,
}: Settings) {
  // Without the end of its line, which nobody means.
  const password = passwordFile === undefined ? given : (await readTextFile(passwordFile)).replace(/\r?\n$/, '');
  return {
    ...(name === undefined ? {} : { name }),
    ...(expires === undefined ? {} : { expiresAtMs: expires === 'never' ? null : expires }),
    ...(password === undefined ? {} : { password }),
    ...(allow === undefined ? {} : { allow }),
    ...(renditions === undefined ? {} : { renditions }),
  };
}

async function createLink(assets: readonly string[], options: CreateOptions, context: CliContext): Promise<void> {
  const { folder, collection, fixed } = options;
  const input: ShareLinkInput = {
    ...(assets.length === 0 ? {} : { assets }),
    ...(folder === undefined ? {} : { folder }),
    ...(collection === undefined ? {} : { collection }),
    ...(fixed === true ? { version: 'fixed' } : {}),
    ...(await settingsOf(options)),
  };
  if (input.assets === undefined && folder === undefined && collection === undefined)
    throw new CommandError('Something must be shared: nothing was named', 'Name assets, or --folder or --collection');
  print(await connect(options, context).send<ShareLinkView>('POST', '/v1/share-links', input), options, context);
}

async function updateLink(id: string, options: UpdateOptions, context: CliContext): Promise<void> {
  const { password, ...settings } = options;
  const patch: ShareLinkPatch = {
    ...(await settingsOf(typeof password === 'string' ? { ...settings, password } : settings)),
    ...(password === false ? { password: null } : {}),
  };
  if (Object.keys(patch).length === 0)
    throw new CommandError(
      'Something must change: nothing was given',
      'Give --expires, --name, --password or another option',
    );
  print(await connect(options, context).send<ShareLinkView>('PATCH', at(id), patch), options, context);
}

const columns: readonly Column<ShareLinkView>[] = [
  { title: 'LINK', text: ({ id }) => id },
  { title: 'CREATED', text: ({ createdAtMs }) => showTime(createdAtMs) },
  { title: 'NAME', text: ({ name }) => name },
  { title: 'SHARES', text: (link) => targetOf(link) },
  { title: 'UNTIL', text: (link) => untilOf(link) },
  { title: 'PASSWORD', text: ({ hasPassword }) => (hasPassword ? 'yes' : 'no') },
  { title: 'VIEWS', align: 'right', text: ({ uses }) => String(uses.views) },
  { title: 'DOWNLOADS', align: 'right', text: ({ uses }) => String(uses.downloads) },
];

function untilOf({ state, endedAtMs, expiresAtMs }: ShareLinkView): string {
  if (state !== 'active' && endedAtMs !== undefined) return `${state} ${showTime(endedAtMs)}`;
  return expiresAtMs === null ? 'no end' : showTime(expiresAtMs);
}

function targetOf({ assets, folder, collection }: ShareLinkView): string {
  if (assets !== undefined) return assets.length === 1 ? '1 asset' : `${assets.length} assets`;
  return folder ?? collection ?? '';
}

async function list(
  { limit, cursor, asset, folder, collection, state, ...options }: ListOptions,
  context: CliContext,
): Promise<void> {
  const query = { limit, cursor, asset, folder, collection, state };
  const page = await connect(options, context).get<PageAnswer<ShareLinkView>>('/v1/share-links', query);
  printPage(context.stdout, page, { json: options.json, columns });
}

function print(link: ShareLinkView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, link);
  const { id, url, name, expiresAtMs, hasPassword, allow, renditions, uses } = link;
  const until = expiresAtMs === null ? 'until it is revoked' : `until ${showTime(expiresAtMs)}`;
  stdout.write(
    `${url}\n` +
      `  link      ${id}  ${name}\n` +
      `  shares    ${targetOf(link)}, ${allow === 'preview' ? 'to look at' : 'to download'}${renditions === undefined ? '' : `: ${renditions.join(', ')}`}\n` +
      `  good      ${until}${hasPassword ? ', with a password' : ''}\n` +
      `  used      ${uses.views} views, ${uses.downloads} downloads${uses.lastUsedAtMs === null ? '' : `, last ${showTime(uses.lastUsedAtMs)}`}\n`,
  );
}
