/** `assetwire notices`: warnings, and what was switched off. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { NoticeSeverity, NoticeView } from '../../app/people.ts';
import { escapeControls } from '../../runtime/log-human.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { followUntilInterrupted } from '../interrupt.ts';
import { coloursOf, printJson, printJsonLine, printPage, showTime } from '../output.ts';
import type { Colours, Column, PageAnswer } from '../output.ts';

type ListOptions = ConnectionOptions & PageOptions & { readonly severity?: NoticeSeverity; readonly open?: boolean };

export function define(command: Command, context: CliContext): void {
  withPage(withConnection(command.command('list').description('list notices, newest first')))
    .addOption(new Option('--severity <severity>', 'only these').choices(['info', 'warning', 'error']))
    .addOption(new Option('--open', 'only those that nobody has seen to'))
    .action((options: ListOptions) => list(options, context));
  withConnection(command.command('acknowledge').description('say that somebody has seen to it'))
    .addArgument(new Argument('<id>', 'the notice'))
    .action((id: string, options: ConnectionOptions) => acknowledge(id, options, context));
  withConnection(command.command('tail').description('show notices as they are made')).action(
    (options: ConnectionOptions) => tail(options, context),
  );
  withExamples(command, ['assetwire notices list --open', 'assetwire notices tail --json']);
}

function paint(text: string, severity: NoticeSeverity, colours: Colours): string {
  if (severity === 'info') return text;
  return severity === 'warning' ? colours.yellow(text) : colours.red(text);
}

const columns: readonly Column<NoticeView>[] = [
  { title: 'NOTICE', text: ({ id }) => id },
  { title: 'AT', text: ({ atMs }) => showTime(atMs) },
  {
    title: 'SEVERITY',
    text: ({ severity }) => severity,
    paint: (text, { severity }, colours) => paint(text, severity, colours),
  },
  { title: 'SEEN TO', text: ({ acknowledged }) => (acknowledged ? 'yes' : 'no') },
  { title: 'SUBJECT', text: ({ subject }) => subject },
  { title: 'TEXT', text: ({ text }) => text },
];

async function list({ limit, cursor, severity, open, ...options }: ListOptions, context: CliContext): Promise<void> {
  const query = { limit, cursor, severity, acknowledged: open === true ? 'false' : undefined };
  const page = await connect(options, context).get<PageAnswer<NoticeView>>('/v1/notices', query);
  printPage(context.stdout, page, { json: options.json, columns });
}

async function acknowledge(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const path = `/v1/notices/${encodeURIComponent(id)}/acknowledge`;
  const notice = await connect(options, context).send<NoticeView>('POST', path);
  if (options.json === true) printJson(context.stdout, notice);
  else context.stdout.write(`✓ ${notice.id} is seen to\n`);
}

async function tail(options: ConnectionOptions, context: CliContext): Promise<void> {
  const { stdout } = context;
  const client = connect(options, context);
  const colours = coloursOf(stdout);
  await followUntilInterrupted(
    { client, path: '/v1/notices/stream' },
    ({ event, data }) => {
      if (event !== 'notice') return;
      const notice = JSON.parse(data) as NoticeView;
      if (options.json === true) return printJsonLine(stdout, notice);
      const { atMs, severity, subject, text } = notice;
      const said = `${paint(severity, severity, colours)}  ${escapeControls(`${subject}  ${text}`)}`;
      stdout.write(`${colours.dim(showTime(atMs))}  ${said}\n`);
    },
    context,
  );
}
