/** `assetwire deliveries`: list, show with every attempt, sign anew, follow, redeliver. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { DeliveryView, SignedRequest } from '../../app/app.ts';
import { deliveryStates } from '../../core/delivery.ts';
import type { DeliverySummary } from '../../core/delivery.ts';
import { outcomeKinds, type TokenUse } from '../../core/outcome.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { followUntilInterrupted } from '../interrupt.ts';
import { momentOption } from '../moments.ts';
import { coloursOf, printJson, printJsonLine, printPage, printTable, showTime } from '../output.ts';
import type { Colours, Column, PageAnswer } from '../output.ts';
import { watchDelivery } from '../watch-delivery.ts';
import { escapeControls } from '../../runtime/log-human.ts';

type Filter = {
  readonly webhook?: string;
  readonly state?: readonly string[];
  readonly event?: string;
  readonly subject?: string;
};
type ListOptions = ConnectionOptions &
  PageOptions &
  Filter & {
    readonly status?: string;
    readonly outcome?: readonly string[];
    readonly since?: number;
    readonly until?: number;
  };

function withFilter(command: Command): Command {
  return command
    .addOption(new Option('--webhook <id>', 'only those of this webhook'))
    .addOption(new Option('--state <state...>', 'only those in these states').choices([...deliveryStates]))
    .addOption(new Option('--event <name>', 'only those of this event'))
    .addOption(new Option('--subject <type:id>', 'only those about this subject'));
}

export function define(command: Command, context: CliContext): void {
  const id = (): Argument => new Argument('<id>', 'the delivery, such as dlv_01…');
  withFilter(withPage(withConnection(command.command('list').description('list deliveries, newest first'))))
    .addOption(new Option('--status <status>', 'only those last answered with this HTTP status'))
    .addOption(
      new Option('--outcome <kind...>', 'only those whose last attempt came to this').choices([...outcomeKinds]),
    )
    .addOption(momentOption('--since <time>', 'made from then on: 2026-11-20T08:00Z, or an age: 6h, 2d', context))
    .addOption(momentOption('--until <time>', 'made before then', context))
    .action((options: ListOptions) => list(options, context));
  withConnection(command.command('show').description('show a delivery with every attempt and its body'))
    .addArgument(id())
    .action((delivery: string, options: ConnectionOptions) => show(delivery, options, context));
  withConnection(command.command('redeliver'))
    .description('send again, and wait for what becomes of it: a pending one at once, an ended one as a new delivery')
    .addArgument(id())
    .addOption(new Option('--no-wait', 'do not wait'))
    .action((delivery: string, options: ConnectionOptions & { wait: boolean }) =>
      redeliver(delivery, options, context),
    );
  withConnection(command.command('curl').description('the request of a delivery as a command of curl, signed afresh'))
    .addArgument(id())
    .addOption(new Option('--body-file <file>', 'write a body that fits into no command here, for the command to read'))
    .action((delivery: string, options: ConnectionOptions & { bodyFile?: string }) => curl(delivery, options, context));
  withFilter(withConnection(command.command('tail').description('show deliveries as they are recorded'))).action(
    (options: ConnectionOptions & Filter) => tail(options, context),
  );
  withExamples(command, [
    'assetwire deliveries list --state dead --since 1d',
    'assetwire deliveries list --outcome timeout connect-failed --since 6h',
    'assetwire deliveries show dlv_01kan4c4q0edkxrmnr6dgk2vfp',
    'assetwire deliveries redeliver dlv_01kan4c4q0edkxrmnr6dgk2vfp',
    'assetwire deliveries curl dlv_01kan4c4q0edkxrmnr6dgk2vfp',
    'assetwire deliveries tail --webhook wh_01kan4c4q0edkxrmnr6dgk2vfp --json',
  ]);
}

async function list(options: ListOptions, context: CliContext): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<DeliverySummary>>('/v1/deliveries', {
    webhookId: options.webhook,
    states: options.state?.join(','),
    event: options.event,
    subject: options.subject,
    status: options.status,
    outcomes: options.outcome?.join(','),
    fromMs: options.since,
    toMs: options.until,
    limit: options.limit,
    cursor: options.cursor,
  });
  printPage(context.stdout, page, { json: options.json, columns });
}

const columns: readonly Column<DeliverySummary>[] = [
  { title: 'DELIVERY', text: ({ id }) => id },
  { title: 'CREATED', text: ({ createdAtMs }) => showTime(createdAtMs) },
  { title: 'EVENT', text: ({ event }) => event },
  { title: 'STATE', text: ({ state }) => state, paint: (text, { state }, colours) => paintState(text, state, colours) },
  { title: 'TRIES', align: 'right', text: ({ attempts }) => String(attempts) },
  { title: 'LAST', text: lastOf },
  { title: 'SUBJECT', text: ({ subject }) => subject },
];

function lastOf({ lastStatus, lastOutcome }: DeliverySummary): string {
  return String(lastStatus ?? lastOutcome ?? '');
}

export function paintState(text: string, state: DeliverySummary['state'], colours: Colours): string {
  if (state === 'delivered') return colours.green(text);
  return state === 'pending' || state === 'held' ? colours.yellow(text) : colours.red(text);
}

async function show(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const { stdout } = context;
  const delivery = await connect(options, context).get<DeliveryView>(`/v1/deliveries/${encodeURIComponent(id)}`);
  if (options.json === true) return printJson(stdout, delivery);
  const colours = coloursOf(stdout);
  const state = paintState(delivery.state, delivery.state, colours);
  const reason = delivery.reason === undefined ? '' : ` (${escapeControls(delivery.reason)})`;
  stdout.write(`${delivery.id}  ${escapeControls(delivery.event)}  ${state}${reason}\n`);
  const about = `message ${delivery.messageId}  subject ${delivery.subject}  webhook ${delivery.webhookId}`;
  stdout.write(`${escapeControls(about)}\n\n`);
  printTable(
    stdout,
    [
      { title: '#', align: 'right', text: ({ number }) => String(number) },
      { title: 'AT', text: ({ startedAtMs }) => showTime(startedAtMs) },
      { title: 'OUTCOME', text: ({ outcome, code }) => `${outcome} ${code}` },
      { title: 'MS', align: 'right', text: ({ timing }) => timing.totalMs.toFixed(1) },
      { title: 'VERDICT', text: ({ verdict, reason: why }) => (why === undefined ? verdict : `${verdict}: ${why}`) },
    ],
    delivery.attemptRecords,
  );
  // What a code alone does not tell: what a token endpoint, a queue or a mail server said.
  for (const { number, detail, token } of delivery.attemptRecords) {
    if (detail !== undefined) stdout.write(`   ${number}: ${escapeControls(detail)}\n`);
    if (token !== undefined) stdout.write(`   ${number}: ${tokenWords(token)}\n`);
  }
  if (delivery.body.source === 'unavailable') return stdout.write('\nThe body is no longer available\n');
  const body = Buffer.from(delivery.body.base64, 'base64').toString('utf8');
  const doubt = delivery.body.hashMatches === false ? colours.red('  (differs from what was sent)') : '';
  stdout.write(`\n${colours.dim('body')}${doubt}\n${prettyJson(body)}\n`);
}

/** Where the access token of OAuth 2 credentials came from, and what became of it. */
function tokenWords({ source, waitedMs, renewalFailed }: TokenUse): string {
  if (renewalFailed !== undefined)
    return `the receiver refused the token it had, and no other was to be had: ${renewalFailed}`;
  if (source === 'kept') return 'token kept from before';
  const how =
    source === 'fetched' ? 'token fetched' : 'the receiver refused the token it had: sent again with a new one';
  return `${how}, waited for ${waitedMs.toFixed(1)} ms`;
}

function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return JSON.stringify(text);
  }
}

async function redeliver(
  id: string,
  { wait, ...options }: ConnectionOptions & { readonly wait: boolean },
  context: CliContext,
): Promise<void> {
  const client = connect(options, context);
  const path = `/v1/deliveries/${encodeURIComponent(id)}/redeliver`;
  const answer = await client.send<{ readonly deliveryId: string }>('POST', path, {});
  // A pending one has attempts of its own already: which of them is the new one cannot be told by waiting.
  if (wait && answer.deliveryId !== id)
    return watchDelivery(client, { deliveryId: answer.deliveryId, json: options.json }, context);
  if (options.json === true) return printJson(context.stdout, answer);
  context.stdout.write(`✓ sent again as ${answer.deliveryId}\n`);
}

async function curl(
  id: string,
  { bodyFile, ...options }: ConnectionOptions & { readonly bodyFile?: string },
  context: CliContext,
): Promise<void> {
  const { stdout, stderr } = context;
  const path = `/v1/deliveries/${encodeURIComponent(id)}/sign`;
  const signed = await connect(options, context).send<SignedRequest>('POST', path, {});
  if (options.json === true) return printJson(stdout, signed);
  if (signed.command === null) {
    throw new CommandError(
      'Repeat a delivery that goes by HTTP or to a queue: this one is a mail',
      `Send it again: assetwire deliveries redeliver ${signed.deliveryId}`,
    );
  }
  const inFile = signed.command.endsWith(fileOfBody);
  if (inFile && bodyFile !== undefined) {
    await writeFile(bodyFile, Buffer.from(signed.bodyBase64, 'base64'), { flag: 'wx' });
    stdout.write(`${signed.command.slice(0, -fileOfBody.length)}@'${bodyFile.replaceAll("'", "'\\''")}'\n`);
  } else stdout.write(`${signed.command}\n`);
  if (inFile && bodyFile === undefined) stderr.write('Its body fits into no command: add --body-file body\n');
  stderr.write(`Signed at ${showTime(signed.signedAtMs)}; most receivers take that for some minutes\n`);
  if (signed.masked.length > 0) stderr.write(`Put in what is masked: ${escapeControls(signed.masked.join(', '))}\n`);
}

/** How a command ends that reads its body from a file. */
const fileOfBody = '@body';

async function tail(
  { webhook, state, event, subject, ...options }: ConnectionOptions & Filter,
  context: CliContext,
): Promise<void> {
  const client = connect(options, context);
  const { stdout, stderr } = context;
  const wanted = (delivery: DeliverySummary): boolean =>
    (webhook === undefined || delivery.webhookId === webhook) &&
    (state === undefined || state.includes(delivery.state)) &&
    (event === undefined || delivery.event === event) &&
    (subject === undefined || delivery.subject === subject);
  const colours = coloursOf(stdout);
  await followUntilInterrupted(
    { client, path: '/v1/deliveries/stream' },
    ({ event: kind, data }) => {
      // Too much for this reader: the list has everything.
      if (kind === 'skipped') stderr.write(`… some were left out: ${data}\n`);
      if (kind !== 'delivery') return;
      const delivery = JSON.parse(data) as DeliverySummary;
      if (!wanted(delivery)) return;
      if (options.json === true) return printJsonLine(stdout, delivery);
      const { id, endedAtMs, createdAtMs, event: name, state: now, attempts } = delivery;
      const tries = attempts === 1 ? '1 try' : `${attempts} tries`;
      const line = `  ${id}  ${escapeControls(name)}  ${paintState(now, now, colours)}  ${lastOf(delivery)}  ${tries}`;
      stdout.write(`${colours.dim(showTime(endedAtMs ?? createdAtMs))}${line}\n`);
    },
    context,
  );
}
