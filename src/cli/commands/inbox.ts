/** `assetwire inbox`: receiving endpoints of the server's own, to see what arrives and whether it verifies. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { InboxRequest, InboxView } from '../../app/app.ts';
import { escapeControls } from '../../runtime/log-human.ts';
import type { ServerEvent } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { followUntilInterrupted } from '../interrupt.ts';
import { coloursOf, printJson, printJsonLine, printPage, printTable, showBytes, showTime } from '../output.ts';
import type { Column, PageAnswer } from '../output.ts';
import { countUpTo, withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';

export function define(command: Command, context: CliContext): void {
  const id = (): Argument => new Argument('<id>', 'the inbox, such as inb_01…');
  withConnection(command.command('create').description('make an inbox')).action((options: ConnectionOptions) =>
    create(options, context),
  );
  withPage(withConnection(command.command('list').description('list inboxes'))).action(
    (options: ConnectionOptions & PageOptions) => list(options, context),
  );
  withConnection(command.command('show').description('show an inbox and what has arrived'))
    .addArgument(id())
    .addOption(new Option('--limit <count>', 'at most this many').default(20).argParser(countUpTo(500)))
    .action((inbox: string, options: ConnectionOptions & { limit: number }) => show(inbox, options, context));
  withConnection(command.command('tail').description('show what arrives, as it arrives'))
    .addArgument(id())
    .action((inbox: string, options: ConnectionOptions) => tail(inbox, options, context));
  withConnection(command.command('answer').description('say what an inbox answers, to see how retries go'))
    .addArgument(id())
    .addOption(new Option('--status <status>', 'HTTP status').argParser(countUpTo(599)))
    .addOption(new Option('--delay-ms <ms>', 'wait this long before').argParser(countUpTo(60_000)))
    .addOption(new Option('--body <text>', 'body of the answer'))
    .action((inbox: string, options: AnswerOptions) => answer(inbox, options, context));
  withConnection(command.command('delete').description('delete an inbox and what it holds'))
    .addArgument(id())
    .action((inbox: string, options: ConnectionOptions) => remove(inbox, options, context));
  withExamples(command, [
    'assetwire inbox create',
    'assetwire inbox tail inb_01kan4c4q0edkxrmnr6dgk2vfp',
    'assetwire inbox answer inb_01kan4c4q0edkxrmnr6dgk2vfp --status 503',
  ]);
}

type AnswerOptions = ConnectionOptions & {
  readonly status?: number;
  readonly delayMs?: number;
  readonly body?: string;
};

async function list(
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<InboxView>>('/v1/inboxes', { limit, cursor });
  const inboxColumns = [
    { title: 'INBOX', text: ({ id }: InboxView) => id },
    { title: 'RECEIVED', align: 'right' as const, text: ({ received }: InboxView) => String(received) },
    { title: 'EXPIRES', text: ({ expiresAtMs }: InboxView) => showTime(expiresAtMs) },
    { title: 'URL', text: ({ url }: InboxView) => url },
  ];
  printPage(context.stdout, page, { json: options.json, columns: inboxColumns });
}

async function answer(
  id: string,
  { status, delayMs, body, ...options }: AnswerOptions,
  context: CliContext,
): Promise<void> {
  const wanted = {
    ...(status === undefined ? {} : { status }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(body === undefined ? {} : { body }),
  };
  const inbox = await connect(options, context).send<InboxView>(
    'PATCH',
    `/v1/inboxes/${encodeURIComponent(id)}`,
    wanted,
  );
  if (options.json === true) return printJson(context.stdout, inbox);
  context.stdout.write(`✓ ${inbox.id} answers ${inbox.answer.status} after ${inbox.answer.delayMs} ms\n`);
}

async function remove(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  await connect(options, context).send('DELETE', `/v1/inboxes/${encodeURIComponent(id)}`);
  if (options.json === true) printJson(context.stdout, { deleted: id });
  else context.stdout.write(`✓ ${id} is deleted\n`);
}

async function create(options: ConnectionOptions, context: CliContext): Promise<void> {
  const inbox = await connect(options, context).send<InboxView>('POST', '/v1/inboxes', {});
  if (options.json === true) return printJson(context.stdout, inbox);
  const colours = coloursOf(context.stdout);
  context.stdout.write(`${colours.green('✓')} ${inbox.id}\n  http   ${inbox.url}\n  https  ${inbox.tlsUrl}\n`);
  context.stdout.write(colours.dim(`  create a webhook to it: assetwire webhooks create ${inbox.url}\n`));
}

const columns: readonly Column<InboxRequest>[] = [
  { title: 'AT', text: ({ atMs }) => showTime(atMs) },
  { title: 'EVENT', text: eventOf },
  { title: 'BYTES', align: 'right', text: ({ bodyBytes }) => showBytes(bodyBytes) },
  {
    title: 'SIGNATURE',
    text: ({ verification }) =>
      `${verification.result}${verification.detail === '' ? '' : ` (${verification.detail})`}`,
    paint: (text, { verification: { result } }, colours) => {
      if (result === 'verified') return colours.green(text);
      return result === 'failed' ? colours.red(text) : colours.yellow(text);
    },
  },
];

async function show(
  id: string,
  options: ConnectionOptions & { readonly limit: number },
  context: CliContext,
): Promise<void> {
  const client = connect(options, context);
  const path = `/v1/inboxes/${encodeURIComponent(id)}`;
  const inbox = await client.get<InboxView>(path);
  const { data } = await client.get<{ readonly data: readonly InboxRequest[] }>(`${path}/requests`, {
    limit: options.limit,
  });
  if (options.json === true) return printJson(context.stdout, { ...inbox, requests: data });
  context.stdout.write(`${inbox.id}  ${inbox.url}  received ${inbox.received}\n\n`);
  printTable(context.stdout, columns, data);
}

async function tail(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const client = connect(options, context);
  const onEvent = ({ event, data }: ServerEvent): void => {
    if (event === 'skipped') context.stderr.write(`… some were left out: ${data}\n`);
    if (event !== 'request') return;
    const request = JSON.parse(data) as InboxRequest;
    if (options.json === true) printJsonLine(context.stdout, request);
    else context.stdout.write(requestLine(request, context));
  };
  await followUntilInterrupted({ client, path: `/v1/inboxes/${encodeURIComponent(id)}/stream` }, onEvent, context);
}

function requestLine(request: InboxRequest, { stdout }: CliContext): string {
  const colours = coloursOf(stdout);
  const { result, detail } = request.verification;
  const mark = result === 'verified' ? colours.green('✓ verified') : colours.red(`✗ ${result}: ${detail}`);
  const head = `${request.method} ${escapeControls(eventOf(request))}`;
  return `${colours.dim(showTime(request.atMs))}  ${head}  ${mark}\n${colours.dim(escapeControls(bodyOf(request)))}\n`;
}

/** The event by the body's `type`, as the neutral dialect and several vendors name it. */
function eventOf(request: InboxRequest): string {
  try {
    const body: unknown = JSON.parse(bodyOf(request));
    if (typeof body === 'object' && body !== null && 'type' in body && typeof body.type === 'string') return body.type;
    return '(JSON)';
  } catch {
    return '(not JSON)';
  }
}

function bodyOf({ bodyBase64 }: InboxRequest): string {
  return Buffer.from(bodyBase64, 'base64').toString('utf8');
}
