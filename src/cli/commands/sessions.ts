/** `assetwire sessions`: list, end, end-all. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { SessionView } from '../../app/people.ts';
import { confirmed } from '../ask.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { printJson, printPage, showTime } from '../output.ts';
import type { Column, PageAnswer } from '../output.ts';

type ListOptions = ConnectionOptions & PageOptions & { readonly holder?: string };
type EndAllOptions = ConnectionOptions & { readonly yes?: boolean };

export function define(command: Command, context: CliContext): void {
  const holder = 'user:ID, or key:ID where it was opened with a key';
  withPage(withConnection(command.command('list').description('list open sessions, newest first')))
    .addOption(new Option('--holder <holder>', `only those of this one: ${holder}`))
    .action((options: ListOptions) => list(options, context));
  withConnection(command.command('end').description('end a session: its browser has to sign in again'))
    .addArgument(new Argument('<session>', 'its id'))
    .action((id: string, options: ConnectionOptions) => end(id, options, context));
  withConnection(command.command('end-all').description('end every session of somebody; asks first on a terminal'))
    .addArgument(new Argument('<holder>', holder))
    .addOption(new Option('--yes', 'do not ask'))
    .action((of: string, options: EndAllOptions) => endAll(of, options, context));
  withExamples(command, [
    'assetwire sessions list',
    'assetwire sessions list --holder user:usr_01kan4c4q0edkxrmnr6dgk2vfp',
    'assetwire sessions end-all user:usr_01kan4c4q0edkxrmnr6dgk2vfp --yes',
  ]);
}

const columns: readonly Column<SessionView>[] = [
  { title: 'SESSION', text: ({ id }) => id },
  { title: 'HOLDER', text: ({ holder }) => holder },
  { title: 'NAME', text: ({ name }) => name },
  { title: 'SINCE', text: ({ createdAtMs }) => showTime(createdAtMs) },
  { title: 'LAST SEEN', text: ({ lastSeenAtMs }) => showTime(lastSeenAtMs) },
  { title: 'ENDS', text: ({ expiresAtMs }) => showTime(expiresAtMs) },
  { title: 'FROM', text: ({ address }) => address ?? '' },
  { title: 'BROWSER', text: ({ userAgent }) => userAgent ?? '' },
];

async function list({ limit, cursor, holder, ...options }: ListOptions, context: CliContext): Promise<void> {
  const query = { limit, cursor, holder };
  const page = await connect(options, context).get<PageAnswer<SessionView>>('/v1/sessions', query);
  printPage(context.stdout, page, { json: options.json, columns });
}

async function end(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  await connect(options, context).send('DELETE', `/v1/sessions/${encodeURIComponent(id)}`);
  if (options.json === true) printJson(context.stdout, { ended: id });
  else context.stdout.write(`✓ ${id} has ended\n`);
}

async function endAll(holder: string, { yes, ...options }: EndAllOptions, context: CliContext): Promise<void> {
  if (!(await confirmed(`End every session of ${holder}?`, { yes, unasked: true }, context)))
    throw new CommandError('Ending must be confirmed: nothing was ended', 'Answer y, or add --yes');
  const path = `/v1/sessions?holder=${encodeURIComponent(holder)}`;
  const { ended } = await connect(options, context).send<{ readonly ended: number }>('DELETE', path);
  if (options.json === true) printJson(context.stdout, { ended });
  else context.stdout.write(`✓ ${ended} ${ended === 1 ? 'session has' : 'sessions have'} ended\n`);
}
