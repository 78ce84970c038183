/** `assetwire inbox`: receiving endpoints of the server's own, to see what arrives and whether it verifies. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { InboxRequest, InboxView } from '../../app/app.ts';
import type { ServerEvent } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { followUntilInterrupted } from '../interrupt.ts';
import { coloursOf, printJson, printJsonLine, printTable, showBytes, showTime } from '../output.ts';
import type { Column } from '../output.ts';
import { withConnection } from '../connection-options.ts';

export function define(command: Command, context: CliContext): void {
  const id = (): Argument => new Argument('<id>', 'the inbox, such as inb_01…');
  withConnection(command.command('create').description('make an inbox')).action((options: ConnectionOptions) =>
    create(options, context),
  );
  withConnection(command.command('show').description('show an inbox and what has arrived'))
    .addArgument(id())
    .addOption(new Option('--limit <count>').default('20'))
    .action((inbox: string, options: ConnectionOptions & { limit: string }) => show(inbox, options, context));
  withConnection(command.command('tail').description('show what arrives, as it arrives'))
    .addArgument(id())
    .action((inbox: string, options: ConnectionOptions) => tail(inbox, options, context));
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
  options: ConnectionOptions & { readonly limit: string },
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
  const onEvent = ({ data }: ServerEvent): void => {
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
  return `${colours.dim(showTime(request.atMs))}  ${request.method} ${eventOf(request)}  ${mark}\n${colours.dim(bodyOf(request))}\n`;
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
