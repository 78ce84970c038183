/** `assetwire webhooks`: create, list, show, enable, disable, test, rotate, delete. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { WebhookInput, WebhookView } from '../../app/app.ts';
import type { Filter } from '../../core/filter.ts';
import type { JsonObject } from '../../core/json.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { coloursOf, printJson, printTable, showTime } from '../output.ts';
import { withConnection } from '../connection-options.ts';

type ListAnswer = { readonly data: readonly WebhookView[]; readonly nextCursor: string | null };
type CreateOptions = ConnectionOptions & {
  readonly name?: string;
  readonly dialect: string;
  readonly event?: readonly string[];
  readonly filter?: string;
  readonly settings?: string;
  readonly disabled?: boolean;
};
type Action<Options, Arguments extends readonly string[]> = (...given: [...Arguments, Options]) => Promise<void>;

export function define(command: Command, context: CliContext): void {
  defineCreate(command, context);
  const id = (): Argument => new Argument('<id>', 'the webhook, such as wh_01…');
  const sub = (name: string, summary: string): Command => withConnection(command.command(name).description(summary));
  sub('list', 'list webhooks')
    .addOption(new Option('--limit <count>').default('50'))
    .action((options: ConnectionOptions & { limit: string }) => list(options, context));
  sub('show', 'show a webhook')
    .addArgument(id())
    .action(simple('GET', '', context));
  sub('enable', 'switch a webhook on')
    .addArgument(id())
    .addOption(new Option('--held <what>', 'what becomes of deliveries that waited').choices(['send', 'cancel']))
    .addOption(
      new Option('--missed <what>', 'what becomes of changes missed while it was off').choices(['replay', 'skip']),
    )
    .action(enable(context));
  sub('disable', 'switch a webhook off; what is pending waits')
    .addArgument(id())
    .action(simple('POST', '/disable', context));
  sub('test', 'send a sample through the same path and wait for nothing')
    .addArgument(id())
    .addOption(new Option('--event <name>', 'the event to sample'))
    .action(test(context));
  sub('rotate', 'make a new signing secret; the old one keeps signing for a day')
    .addArgument(id())
    .addOption(new Option('--revoke-old-now', 'stop signing with the old one at once'))
    .action(rotate(context));
  sub('delete', 'delete a webhook; pending deliveries are cancelled').addArgument(id()).action(remove(context));
}

function defineCreate(command: Command, context: CliContext): void {
  withConnection(command.command('create').description('create a webhook; its signing secret is shown once'))
    .addArgument(new Argument('<target>', 'the URL to deliver to'))
    .addOption(new Option('--dialect <id>', 'how it speaks').default('standard'))
    .addOption(new Option('--event <name...>', 'events of the dialect; all where absent'))
    .addOption(new Option('--name <name>'))
    .addOption(new Option('--filter <json>', 'filter as JSON, or @file'))
    .addOption(new Option('--settings <json>', 'the dialect’s own settings as JSON, or @file'))
    .addOption(new Option('--disabled', 'create it switched off'))
    .action((target: string, options: CreateOptions) => create(target, options, context));
}

async function create(target: string, options: CreateOptions, context: CliContext): Promise<void> {
  const input: WebhookInput = {
    name: options.name ?? nameFor(target),
    dialect: options.dialect,
    target: { transport: 'http', url: target },
    events: options.event ?? ['*'],
    ...(options.filter === undefined ? {} : { filter: readJson<Filter>('--filter', options.filter) }),
    ...(options.settings === undefined ? {} : { settings: readJson<JsonObject>('--settings', options.settings) }),
    ...(options.disabled === true ? { enabled: false } : {}),
  };
  const made = await connect(options, context).send<WebhookView & { readonly secret?: string }>(
    'POST',
    '/v1/webhooks',
    input,
  );
  if (options.json === true) return printJson(context.stdout, made);
  const colours = coloursOf(context.stdout);
  context.stdout.write(`${colours.green('✓')} ${made.id}  ${made.name}\n`);
  if (made.secret !== undefined) {
    context.stdout.write(`  signing secret  ${colours.yellow(made.secret)}  ${colours.dim('(shown this once)')}\n`);
  }
}

/** A name from the host: the URL itself may carry what is not for lists. */
function nameFor(target: string): string {
  return URL.canParse(target) ? new URL(target).host : 'webhook';
}

/** JSON given on the command line, or in a file as `@file`. The server validates what it means. */
function readJson<Value>(option: string, text: string): Value {
  try {
    return JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text) as Value;
  } catch (error) {
    const found = error instanceof Error ? error.message : 'something else';
    throw new CommandError(`Option ${option} must be JSON, or @file with JSON: ${found}`, null, exitCodes.usage);
  }
}

async function list(options: ConnectionOptions & { readonly limit: string }, context: CliContext): Promise<void> {
  const answer = await connect(options, context).get<ListAnswer>('/v1/webhooks', { limit: options.limit });
  if (options.json === true) return printJson(context.stdout, answer);
  printTable<WebhookView>(
    context.stdout,
    [
      { title: 'WEBHOOK', text: (webhook) => webhook.id },
      { title: 'NAME', text: (webhook) => webhook.name },
      { title: 'DIALECT', text: (webhook) => webhook.dialect },
      {
        title: 'STATE',
        text: (webhook) => webhook.state,
        paint: (text, { state }, colours) => (state === 'enabled' ? colours.green(text) : colours.yellow(text)),
      },
      { title: 'TARGET', text: ({ target }) => targetText(target) },
    ],
    answer.data,
  );
  if (answer.nextCursor !== null) context.stdout.write('… and more; raise --limit\n');
}

function targetText(target: WebhookView['target']): string {
  if (target.transport === 'http') return target.url;
  return target.transport === 'sqs' ? target.queue : target.address;
}

function simple(method: 'GET' | 'POST', path: string, context: CliContext): Action<ConnectionOptions, [string]> {
  return async (id, options) => {
    const client = connect(options, context);
    const at = `/v1/webhooks/${encodeURIComponent(id)}${path}`;
    show(method === 'GET' ? await client.get(at) : await client.send('POST', at, {}), options, context);
  };
}

function enable(context: CliContext): Action<ConnectionOptions & { held?: string; missed?: string }, [string]> {
  return async (id, options) => {
    const body = {
      ...(options.held === undefined ? {} : { held: options.held }),
      ...(options.missed === undefined ? {} : { missed: options.missed }),
    };
    show(
      await connect(options, context).send('POST', `/v1/webhooks/${encodeURIComponent(id)}/enable`, body),
      options,
      context,
    );
  };
}

function test(context: CliContext): Action<ConnectionOptions & { event?: string }, [string]> {
  return async (id, options) => {
    const body = options.event === undefined ? {} : { event: options.event };
    const path = `/v1/webhooks/${encodeURIComponent(id)}/test`;
    const sent = await connect(options, context).send<{ readonly deliveryId: string }>('POST', path, body);
    if (options.json === true) return printJson(context.stdout, sent);
    context.stdout.write(`✓ sent as ${sent.deliveryId}; see it with: assetwire deliveries show ${sent.deliveryId}\n`);
  };
}

function rotate(context: CliContext): Action<ConnectionOptions & { revokeOldNow?: boolean }, [string]> {
  return async (id, options) => {
    const path = `/v1/webhooks/${encodeURIComponent(id)}/rotate-secret`;
    const body = options.revokeOldNow === true ? { revokeOldNow: true } : {};
    const rotated = await connect(options, context).send<{ readonly secret: string }>('POST', path, body);
    if (options.json === true) return printJson(context.stdout, rotated);
    context.stdout.write(`✓ new signing secret  ${coloursOf(context.stdout).yellow(rotated.secret)}\n`);
  };
}

function remove(context: CliContext): Action<ConnectionOptions, [string]> {
  return async (id, options) => {
    await connect(options, context).send('DELETE', `/v1/webhooks/${encodeURIComponent(id)}`);
    if (options.json === true) printJson(context.stdout, { deleted: id });
    else context.stdout.write(`✓ ${id} is deleted\n`);
  };
}

function show(webhook: WebhookView, options: ConnectionOptions, { stdout }: CliContext): void {
  if (options.json === true) return printJson(stdout, webhook);
  const lines = [
    ['webhook', webhook.id],
    ['name', webhook.name],
    ['dialect', webhook.dialect],
    ['target', targetText(webhook.target)],
    ['events', webhook.events.join(', ')],
    ['state', webhook.stateReason === undefined ? webhook.state : `${webhook.state} (${webhook.stateReason})`],
    ['since', showTime(webhook.stateChangedAtMs)],
    ['missed', String(webhook.missed)],
    ['secrets', webhook.secrets.map(({ name, masked }) => `${name} ${masked}`).join(', ') || 'none'],
  ] as const;
  printTable(
    stdout,
    [
      { title: '', text: ([name]) => name },
      { title: '', text: ([, value]) => value },
    ],
    lines,
  );
}
