/**
 * `assetwire listen`: brings webhooks to a program on this machine. The server keeps an inbox for us; what arrives there is
 * brought on, byte for byte, with its signature. Inbox and webhook that were made for it are gone when it ends.
 */
import type { Command } from 'commander';
import { Argument, InvalidArgumentError, Option } from 'commander';
import type { InboxRequest, InboxView, WebhookView } from '../../app/app.ts';
import { systemCode } from '../../runtime/operator-error.ts';
import { forward } from '../client-forward.ts';
import { RefusedError } from '../client.ts';
import type { Client } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples } from '../connection-options.ts';
import type { CliContext, Output } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { interruptible } from '../interrupt.ts';
import { coloursOf, printJsonLine, showTime } from '../output.ts';

type ListenOptions = ConnectionOptions & {
  readonly inbox?: string;
  readonly dialect: string;
  readonly event?: readonly string[];
};

/** One request brought on: the status the program answered with, or why it did not. */
type Forwarded = {
  readonly id: string;
  readonly atMs: number;
  readonly verification: InboxRequest['verification']['result'];
  readonly status: number | null;
  readonly problem?: string;
};

export function define(command: Command, context: CliContext): void {
  withConnection(command)
    .addArgument(
      new Argument('<to>', 'where the program listens, such as http://localhost:3000/hooks').argParser(parseTo),
    )
    .addOption(new Option('--inbox <id>', 'bring on what arrives at this inbox, instead of making one with a webhook'))
    .addOption(new Option('--dialect <id>', 'dialect of the webhook that is made').default('standard'))
    .addOption(new Option('--event <name...>', 'events of that webhook; all where absent'))
    .action((to: URL, options: ListenOptions) => listen(to, options, context));
  withExamples(command, [
    'assetwire listen http://localhost:3000/hooks',
    'assetwire listen http://localhost:3000/hooks --event asset.created --json',
  ]);
  command.addHelpText(
    'after',
    '\nThe program is sent what the inbox received, with its signature. What it answers is shown and goes no further: the inbox has\n' +
      'answered by then. Ctrl-C ends it and takes away the inbox and the webhook it made.',
  );
}

function parseTo(text: string): URL {
  const to = URL.canParse(text) ? new URL(text) : null;
  if (to === null || !/^https?:$/.test(to.protocol)) throw new InvalidArgumentError('Wanted an http or https URL.');
  return to;
}

async function listen(to: URL, options: ListenOptions, context: CliContext): Promise<void> {
  const client = connect(options, context);
  await interruptible(context, async (abort) => {
    context.stdout.onClosed?.(() => abort.abort());
    const inboxId = await openInbox(client, options);
    let webhookId: string | null = null;
    try {
      // Made once the stream is open, so that nothing it sends is missed.
      const opened = async (): Promise<void> => {
        if (options.inbox === undefined) webhookId = await makeWebhook(client, { ...options, inboxId }, context);
      };
      await bringOn(client, { to, inboxId, signal: abort.signal, options, opened }, context);
    } finally {
      if (webhookId !== null) await client.send('DELETE', `/v1/webhooks/${String(webhookId)}`);
      if (options.inbox === undefined) await client.send('DELETE', `/v1/inboxes/${inboxId}`);
    }
  });
}

async function openInbox(client: Client, { inbox }: ListenOptions): Promise<string> {
  if (inbox === undefined) return (await client.send<InboxView>('POST', '/v1/inboxes', {})).id;
  return (await client.get<InboxView>(`/v1/inboxes/${encodeURIComponent(inbox)}`)).id;
}

async function makeWebhook(
  client: Client,
  { inboxId, dialect, event }: ListenOptions & { readonly inboxId: string },
  { stderr }: CliContext,
): Promise<string> {
  const { url, tlsUrl } = await client.get<InboxView>(`/v1/inboxes/${inboxId}`);
  const input = { name: 'assetwire listen', dialect, events: event ?? ['*'] };
  const make = (at: string) =>
    client.send<WebhookView & { readonly secret?: string }>('POST', '/v1/webhooks', {
      ...input,
      target: { transport: 'http', url: at },
    });
  const made = await make(url).catch((error: unknown) => {
    // Some dialects speak to https only.
    if (error instanceof RefusedError && error.code === 'target_scheme') return make(tlsUrl);
    throw error;
  });
  if (made.secret !== undefined) stderr.write(`signing secret  ${coloursOf(stderr).yellow(made.secret)}\n`);
  return made.id;
}

type Bringing = {
  readonly to: URL;
  readonly inboxId: string;
  readonly signal: AbortSignal;
  readonly options: ListenOptions;
  /** Done once, when nothing that arrives can be missed any more. */
  readonly opened: () => Promise<void>;
};

/** Follows the inbox until the signal. */
async function bringOn(
  client: Client,
  { to, inboxId, signal, options, opened }: Bringing,
  { stdout, stderr }: CliContext,
): Promise<void> {
  const ended = new AbortController();
  // One after another: in the order in which they arrived.
  let turn = Promise.resolve();
  const next = (work: () => Promise<void>): void => {
    turn = turn.then(work);
    turn.catch(() => ended.abort());
  };
  await client.follow(`/v1/inboxes/${encodeURIComponent(inboxId)}/stream`, {
    signal: AbortSignal.any([signal, ended.signal]),
    onOpen: () =>
      next(async () => {
        await opened();
        stderr.write(coloursOf(stderr).dim(`what arrives at ${inboxId} is brought to ${to.href}; Ctrl-C ends\n`));
      }),
    onEvent({ event, data }) {
      if (event !== 'request') return;
      const request = JSON.parse(data) as InboxRequest;
      next(async () => {
        const told = await forwardOne(to, request);
        if (options.json === true) printJsonLine(stdout, told);
        else stdout.write(lineOf(told, stdout));
      });
    },
  });
  await turn;
  if (!signal.aborted) throw new CommandError('The stream must go on: the server ended it', 'Start it again');
}

async function forwardOne(to: URL, request: InboxRequest): Promise<Forwarded> {
  const { id, atMs, method, headers, bodyBase64, bodyCut } = request;
  const told = { id, atMs, verification: request.verification.result };
  if (bodyCut) return { ...told, status: null, problem: 'its body is longer than an inbox keeps' };
  try {
    const status = await forward(to, { method, headers, body: Buffer.from(bodyBase64, 'base64') });
    return { ...told, status };
  } catch (error) {
    const problem = systemCode(error) ?? (error instanceof Error ? error.message : 'it did not answer');
    return { ...told, status: null, problem };
  }
}

function lineOf({ id, atMs, verification, status, problem }: Forwarded, stdout: Output): string {
  const colours = coloursOf(stdout);
  const good = status !== null && status >= 200 && status < 300;
  const answer = status === null ? `no answer: ${problem ?? ''}` : `answered ${status}`;
  return `${colours.dim(showTime(atMs))}  ${id}  ${verification}  ${good ? colours.green(answer) : colours.red(answer)}\n`;
}
