/** What `collections` and `sections` have in common: assets put in and taken out, and listed. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { AssetView, MemberResult } from '../app/app.ts';
import { connect } from './connection.ts';
import type { ConnectionOptions } from './connection.ts';
import { withConnection, withPage } from './connection-options.ts';
import type { PageOptions } from './connection-options.ts';
import type { CliContext } from './context.ts';
import { CommandError } from './error-report.ts';
import { printJson, printPage } from './output.ts';
import type { PageAnswer } from './output.ts';

type Group = {
  readonly area: 'collections' | 'sections';
  readonly one: string;
  /** What ids of it begin with. */
  readonly prefix: string;
};

/** An id, or else a key. */
export function groupPath({ area, prefix }: Group, given: string): string {
  const isId = new RegExp(`^${prefix}_[0-9a-z]{26}$`).test(given);
  return `/v1/${area}/${encodeURIComponent(isId || given.startsWith('key:') ? given : `key:${given}`)}`;
}

export function groupArgument({ one, prefix }: Group): Argument {
  return new Argument(`<${one}>`, `its key or id (${prefix}_01…)`);
}

/** Adds `assets`, `add` and `remove`. */
export function defineMembers(command: Command, group: Group, context: CliContext): void {
  const assets = (): Argument => new Argument('<assets...>', 'ids, or external: and external ids');
  withPage(withConnection(command.command('assets').description(`list the assets of a ${group.one}`)))
    .addArgument(groupArgument(group))
    .addOption(new Option('--order <order>', 'by the age of the asset').choices(['newest', 'oldest']))
    .action((given: string, options: ConnectionOptions & PageOptions & { order?: string }) =>
      listMembers(`${groupPath(group, given)}/assets`, options, context),
    );
  withConnection(command.command('add').description(`put assets into a ${group.one}`))
    .addArgument(groupArgument(group))
    .addArgument(assets())
    .action((given: string, add: string[], options: ConnectionOptions) =>
      changeMembers({ path: groupPath(group, given), members: { add } }, options, context),
    );
  withConnection(command.command('remove').description(`take assets out of a ${group.one}; they stay where they lie`))
    .addArgument(groupArgument(group))
    .addArgument(assets())
    .action((given: string, remove: string[], options: ConnectionOptions) =>
      changeMembers({ path: groupPath(group, given), members: { remove } }, options, context),
    );
}

async function listMembers(
  path: string,
  { limit, cursor, order, ...options }: ConnectionOptions & PageOptions & { readonly order?: string },
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<AssetView>>(path, { limit, cursor, order });
  printPage<AssetView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'ASSET', text: ({ id }) => id },
      { title: 'KIND', text: ({ state }) => state.kind },
      { title: 'PLACE', text: ({ state: { path: folder, name } }) => `${folder === '/' ? '' : folder}/${name}` },
    ],
  });
}

type MemberCall = {
  readonly path: string;
  readonly members: { readonly add?: readonly string[]; readonly remove?: readonly string[] };
};

async function changeMembers(
  { path, members }: MemberCall,
  options: ConnectionOptions,
  context: CliContext,
): Promise<void> {
  type Answer = { readonly results: readonly MemberResult[] };
  const { results } = await connect(options, context).send<Answer>('POST', `${path}/assets`, members);
  const refused = results.filter((result) => result.status === 'rejected');
  if (options.json === true) printJson(context.stdout, { results });
  else {
    for (const result of results) {
      const mark =
        result.status === 'rejected' ? `✗ ${result.asset}  ${result.detail}` : `✓ ${result.asset}  ${result.status}`;
      context.stdout.write(`${mark}\n`);
    }
  }
  if (refused.length === 0) return;
  throw new CommandError(
    `Each asset must be there: ${refused.length} of ${results.length} were refused`,
    'See the lines above',
  );
}
