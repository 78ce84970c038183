/** `assetwire webhooks`: create, list, show, update, enable, disable, test, rotate, stats, delete. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { App, WebhookPatch, WebhookView } from '../../app/app.ts';
import type { StatsView } from '../../app/stats.ts';
import { confirmed } from '../ask.ts';
import type { Client } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { momentOption } from '../moments.ts';
import { coloursOf, printJson, printPage, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';
import { refuseEmptyPatch } from '../patch.ts';
import { readTextFile } from '../read-text-file.ts';
import { watchDelivery } from '../watch-delivery.ts';
import { defineDryRun } from '../webhooks/dry-run.ts';
import { showSetup } from '../webhooks/show-setup.ts';
import { showStats } from '../webhooks/show-stats.ts';
import { showWebhook, webhookColumns } from '../webhooks/show-webhook.ts';
import {
  describedParts,
  type Manifest,
  nameFor,
  protocolNamed,
  targetOf,
  withDescription,
} from '../webhooks/webhook-options.ts';
import type { DescribingOptions } from '../webhooks/webhook-options.ts';

type CreateOptions = ConnectionOptions &
  DescribingOptions & {
    readonly dialect: string;
    readonly protocol?: string;
    readonly secretFile?: string;
    readonly disabled?: boolean;
  };
type UpdateOptions = ConnectionOptions & DescribingOptions & { readonly target?: string; readonly tls?: boolean };
type ListOptions = ConnectionOptions & PageOptions & { readonly state?: string; readonly dialect?: string };
type Action<Options> = (id: string, options: ConnectionOptions & Options) => Promise<void>;

export function define(command: Command, context: CliContext): void {
  defineDescribing(command, context);
  const sub = (name: string, summary: string): Command => withConnection(command.command(name).description(summary));
  const one = (name: string, summary: string): Command =>
    sub(name, summary).addArgument(new Argument('<id>', 'the webhook, such as wh_01…'));
  withPage(sub('list', 'list webhooks, newest first'))
    .addOption(new Option('--state <state>', 'only those in this state').choices(['pending', 'enabled', 'disabled']))
    .addOption(new Option('--dialect <id>', 'only those of this dialect'))
    .action((options: ListOptions) => list(options, context));
  one('show', 'show a webhook; secrets are masked').action(simple('GET', '', context));
  one('enable', 'switch a webhook on')
    .addOption(new Option('--held <what>', 'what becomes of deliveries that waited').choices(['send', 'cancel']))
    .addOption(new Option('--missed <what>', 'what becomes of changes missed meanwhile').choices(['replay', 'skip']))
    .action(enable(context));
  one('disable', 'switch a webhook off; what is pending waits').action(simple('POST', '/disable', context));
  one('test', 'send a sample through the same path, and wait for what becomes of it')
    .addOption(new Option('--event <name>', 'the event to sample'))
    .addOption(new Option('--asset <id>', 'a real asset to speak of, instead of a made-up one'))
    .addOption(new Option('--no-wait', 'do not wait'))
    .action(test(context));
  one('rotate', 'make a new signing secret; the old one signs on for as long as the dialect has it, or stops at once')
    .addOption(new Option('--revoke-old-now', 'stop signing with the old one at once'))
    .addOption(new Option('--yes', 'do not ask where the dialect lets the old one stop at once'))
    .action(rotate(context));
  one('stats', 'deliveries, attempts and durations by time')
    .addOption(
      momentOption('--since <time>', 'from then on: 2026-11-20T08:00Z, or an age: 6h, 2d (default: 24h)', context),
    )
    .addOption(momentOption('--until <time>', 'up to then; now where absent', context))
    .addOption(new Option('--bucket <width>', 'how wide a line is').choices(Object.keys(bucketsMs)).default('hour'))
    .action(stats(context));
  defineDryRun(one('dry-run', 'try it against past changes: what it would have been told, and why not'), context);
  one('delete', 'delete a webhook; pending deliveries are cancelled; asks first on a terminal')
    .addOption(new Option('--yes', 'do not ask'))
    .action(remove(context));
  withExamples(command, [
    'assetwire webhooks create https://shop.example/hooks --event asset.created asset.archived',
    'assetwire webhooks test wh_01kan4c4q0edkxrmnr6dgk2vfp',
    'assetwire webhooks stats wh_01kan4c4q0edkxrmnr6dgk2vfp --since 6h',
    'assetwire webhooks dry-run wh_01kan4c4q0edkxrmnr6dgk2vfp --since 7d --render 1',
    'assetwire webhooks list --state disabled --json',
  ]);
}

function defineDescribing(command: Command, context: CliContext): void {
  const create = withConnection(command.command('create'))
    .description('create a webhook; its signing secret is shown once')
    .addArgument(
      new Argument(
        '<target>',
        'the URL to deliver to; where the dialect does so an e-mail address or the ARN of a queue',
      ),
    )
    .addOption(new Option('--dialect <id>', 'how it speaks').default('standard'))
    .addOption(
      new Option('--protocol <name>', 'the vendor’s name for the way, such as email-json; by the target where absent'),
    )
    .addOption(new Option('--name <name>', 'what lists call it; the host of the target where absent'));
  withDescription(create, 'all where absent')
    .addOption(new Option('--secret-file <file>', 'file with a signing secret of your own; one is made where absent'))
    .addOption(new Option('--disabled', 'create it switched off'))
    .action((target: string, options: CreateOptions) => created(target, options, context));
  withExamples(create, [
    'assetwire webhooks create https://shop.example/hooks',
    `assetwire webhooks create https://shop.example/hooks --filter '{"folder":["/press"]}' --name Shop`,
    `assetwire webhooks create https://shop.example/hooks --dialect woodwing --settings '{"metadataToReturn":["filename","status"]}'`,
    'assetwire webhooks create https://shop.example/hooks --credentials @bearer.json',
    'assetwire webhooks create dam-robot@shop.example --dialect bynder --protocol email-json',
  ]);
  const update = withConnection(command.command('update'))
    .description('change a webhook; what is not named stays')
    .addArgument(new Argument('<id>', 'the webhook, such as wh_01…'))
    .addOption(new Option('--target <url>', 'another URL to deliver to'))
    .addOption(new Option('--name <name>', 'another name'));
  withDescription(update, 'instead of those it has')
    .addOption(new Option('--no-tls', 'take its certificate and authority away'))
    .action((id: string, options: UpdateOptions) => updated(id, options, context));
  withExamples(update, [
    'assetwire webhooks update wh_01kan4c4q0edkxrmnr6dgk2vfp --target https://shop.example/hooks-2',
    'assetwire webhooks update wh_01kan4c4q0edkxrmnr6dgk2vfp --filter null',
    'assetwire webhooks update wh_01kan4c4q0edkxrmnr6dgk2vfp --tls-certificate client.pem --tls-key client.key',
  ]);
}

async function created(given: string, options: CreateOptions, context: CliContext): Promise<void> {
  const target = targetOf(given, options.method);
  const client = connect(options, context);
  const protocol =
    options.protocol === undefined
      ? null
      : protocolNamed(
          await client.get<Manifest>(`/v1/dialects/${encodeURIComponent(options.dialect)}`, {}),
          options.protocol,
        );
  if (protocol !== null && protocol.transport !== target.transport) {
    throw new CommandError(
      `Target must be a ${protocol.endpoint.title} for protocol ${protocol.name}: found ${JSON.stringify(given.slice(0, 200))}`,
      `Such as ${protocol.endpoint.example}`,
      exitCodes.usage,
    );
  }
  const { name = nameFor(target), events = ['*'], settings, ...rest } = await describedParts(options);
  const input = {
    name,
    dialect: options.dialect,
    target,
    events,
    ...(settings === undefined && protocol?.settings === undefined
      ? {}
      : { settings: { ...protocol?.settings, ...settings } }),
    ...rest,
    ...(options.secretFile === undefined ? {} : { secret: (await readTextFile(options.secretFile)).trim() }),
    ...(options.disabled === true ? { enabled: false } : {}),
  };
  const made = await client.send<WebhookView & { readonly secret?: string }>('POST', '/v1/webhooks', input);
  if (options.json === true) return printJson(context.stdout, made);
  const colours = coloursOf(context.stdout);
  context.stdout.write(`${colours.green('✓')} ${made.id}  ${made.name}\n`);
  if (made.secret !== undefined) {
    context.stdout.write(`  signing secret  ${colours.yellow(made.secret)}  ${colours.dim('(shown this once)')}\n`);
  }
  const { confirmation } = made;
  context.stdout.write(
    confirmation?.state === 'pending'
      ? `  waits for its endpoint to confirm, until ${showTime(confirmation.expiresAtMs ?? 0)}\n`
      : colours.dim(`  try it: assetwire webhooks test ${made.id}\n`),
  );
  if (made.setup !== undefined) showSetup(made.setup, context);
}

async function updated(id: string, options: UpdateOptions, context: CliContext): Promise<void> {
  const target = options.target === undefined ? undefined : targetOf(options.target, options.method);
  if (target === undefined && options.method !== undefined)
    throw new CommandError('Method must come with a target: there is none', 'Add --target', exitCodes.usage);
  const patch: WebhookPatch = {
    ...(await describedParts(options)),
    ...(target === undefined ? {} : { target }),
    ...(options.tls === false ? { tls: null } : {}),
  };
  refuseEmptyPatch(patch);
  showWebhook(await connect(options, context).send('PATCH', at(id), patch), options.json, context);
}

function at(id: string, path = ''): string {
  return `/v1/webhooks/${encodeURIComponent(id)}${path}`;
}

async function list({ limit, cursor, state, dialect, ...options }: ListOptions, context: CliContext): Promise<void> {
  const query = { limit, cursor, state, dialect };
  const page = await connect(options, context).get<PageAnswer<WebhookView>>('/v1/webhooks', query);
  printPage(context.stdout, page, { json: options.json, columns: webhookColumns });
}

function simple(method: 'GET' | 'POST', path: string, context: CliContext): Action<object> {
  return async (id, options) => {
    const client = connect(options, context);
    const webhook =
      method === 'GET' ? client.get<WebhookView>(at(id)) : client.send<WebhookView>(method, at(id, path), {});
    showWebhook(await webhook, options.json, context);
  };
}

function enable(context: CliContext): Action<{ held?: string; missed?: string }> {
  return async (id, { held, missed, ...options }) => {
    const body = { ...(held === undefined ? {} : { held }), ...(missed === undefined ? {} : { missed }) };
    showWebhook(await connect(options, context).send('POST', at(id, '/enable'), body), options.json, context);
  };
}

function test(context: CliContext): Action<{ event?: string; asset?: string; wait: boolean }> {
  return async (id, { event, asset, wait, ...options }) => {
    const body = { ...(event === undefined ? {} : { event }), ...(asset === undefined ? {} : { assetId: asset }) };
    const client = connect(options, context);
    const sent = await client.send<{ readonly deliveryId: string }>('POST', at(id, '/test'), body);
    if (wait) return watchDelivery(client, { deliveryId: sent.deliveryId, json: options.json }, context);
    if (options.json === true) return printJson(context.stdout, sent);
    context.stdout.write(`✓ sent as ${sent.deliveryId}; see it with: assetwire deliveries show ${sent.deliveryId}\n`);
  };
}

type Rotated = Awaited<ReturnType<App['webhooks']['rotateSecret']>>;

function rotate(context: CliContext): Action<{ revokeOldNow?: boolean; yes?: boolean }> {
  return async (id, options) => {
    const body = options.revokeOldNow === true ? { revokeOldNow: true } : {};
    const client = connect(options, context);
    // Who asks for the old one to stop at once has been told that it does.
    if (options.revokeOldNow !== true && options.yes !== true) await confirmSuddenEnd(client, id, context);
    const rotated = await client.send<Rotated>('POST', at(id, '/rotate-secret'), body);
    if (options.json === true) return printJson(context.stdout, rotated);
    const { yellow, dim } = coloursOf(context.stdout);
    context.stdout.write(`✓ new signing secret  ${yellow(rotated.secret)}  ${dim('(shown this once)')}\n`);
    const { oldSignsUntilMs } = rotated;
    const old = oldSignsUntilMs === null ? 'stopped signing at once' : `signs too until ${showTime(oldSignsUntilMs)}`;
    context.stdout.write(`  the old one ${old}\n`);
  };
}

/** A receiver that can hold one secret refuses everything between the rotation and its own change: that is asked about. */
async function confirmSuddenEnd(client: Client, id: string, context: CliContext): Promise<void> {
  const { dialect } = await client.get<WebhookView>(at(id));
  const { configuration } = await client.get<ReturnType<App['dialects']['get']>>(
    `/v1/dialects/${encodeURIComponent(dialect)}`,
  );
  const signing = configuration.generated.find(({ format }) => format !== 'none');
  if (signing === undefined || signing.overlapMs > 0) return;
  const question = `Dialect "${dialect}" has one secret at a time: the old one of ${id} stops signing at once. Go on?`;
  if (await confirmed(question, { yes: false, unasked: false }, context)) return;
  throw new CommandError(
    `Rotation must be confirmed: dialect "${dialect}" has no overlap, and the old secret would stop signing at once`,
    'Be ready to give the receiver the new one, then answer y, or add --yes',
  );
}

const bucketsMs: { readonly [name: string]: number } = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const dayMs = 86_400_000;

function stats(context: CliContext): Action<{ since?: number; until?: number; bucket: string }> {
  return async (id, { since, until, bucket, ...options }) => {
    const toMs = until ?? context.clock.nowMs();
    const query = { fromMs: since ?? toMs - dayMs, toMs, bucketMs: bucketsMs[bucket] };
    showStats(await connect(options, context).get<StatsView>(at(id, '/stats'), query), options.json, context);
  };
}

function remove(context: CliContext): Action<{ yes?: boolean }> {
  return async (id, options) => {
    const question = `Delete ${id} and cancel what it is still owed?`;
    if (!(await confirmed(question, { yes: options.yes, unasked: true }, context)))
      throw new CommandError('Deletion must be confirmed: nothing was deleted', 'Answer y, or add --yes');
    await connect(options, context).send('DELETE', at(id));
    if (options.json === true) printJson(context.stdout, { deleted: id });
    else context.stdout.write(`✓ ${id} is deleted\n`);
  };
}
