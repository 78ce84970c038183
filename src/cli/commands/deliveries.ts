/** `assetwire deliveries`: list, show with every attempt, redeliver. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { DeliveryView } from '../../app/app.ts';
import { deliveryStates } from '../../core/delivery.ts';
import type { DeliverySummary } from '../../core/delivery.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { coloursOf, printJson, printTable, showTime } from '../output.ts';
import type { Colours, Column } from '../output.ts';
import { withConnection } from '../connection-options.ts';

type ListOptions = ConnectionOptions & {
  readonly webhook?: string;
  readonly state?: string;
  readonly event?: string;
  readonly limit: string;
  readonly cursor?: string;
};
type ListAnswer = { readonly data: readonly DeliverySummary[]; readonly nextCursor: string | null };

export function define(command: Command, context: CliContext): void {
  withConnection(command.command('list').description('list deliveries, newest first'))
    .addOption(new Option('--webhook <id>'))
    .addOption(new Option('--state <state>').choices([...deliveryStates]))
    .addOption(new Option('--event <name>'))
    .addOption(new Option('--limit <count>').default('50'))
    .addOption(new Option('--cursor <cursor>', 'the nextCursor of the page before'))
    .action((options: ListOptions) => list(options, context));
  withConnection(command.command('show').description('show a delivery with every attempt and its body'))
    .addArgument(new Argument('<id>', 'the delivery, such as dlv_01…'))
    .action((id: string, options: ConnectionOptions) => show(id, options, context));
  withConnection(
    command.command('redeliver').description('send again: a pending one at once, an ended one as a new delivery'),
  )
    .addArgument(new Argument('<id>', 'the delivery'))
    .action((id: string, options: ConnectionOptions) => redeliver(id, options, context));
}

async function list(options: ListOptions, context: CliContext): Promise<void> {
  const answer = await connect(options, context).get<ListAnswer>('/v1/deliveries', {
    webhookId: options.webhook,
    states: options.state,
    event: options.event,
    limit: options.limit,
    cursor: options.cursor,
  });
  if (options.json === true) return printJson(context.stdout, answer);
  printTable(context.stdout, columns, answer.data);
  if (answer.nextCursor !== null) context.stdout.write(`… and more; add --cursor ${answer.nextCursor}\n`);
}

const columns: readonly Column<DeliverySummary>[] = [
  { title: 'DELIVERY', text: ({ id }) => id },
  { title: 'CREATED', text: ({ createdAtMs }) => showTime(createdAtMs) },
  { title: 'EVENT', text: ({ event }) => event },
  { title: 'STATE', text: ({ state }) => state, paint: (text, { state }, colours) => paintState(text, state, colours) },
  { title: 'TRIES', align: 'right', text: ({ attempts }) => String(attempts) },
  { title: 'LAST', text: ({ lastStatus, lastOutcome }) => String(lastStatus ?? lastOutcome ?? '') },
  { title: 'SUBJECT', text: ({ subject }) => subject },
];

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
  stdout.write(
    `${delivery.id}  ${delivery.event}  ${state}${delivery.reason === undefined ? '' : ` (${delivery.reason})`}\n`,
  );
  stdout.write(`message ${delivery.messageId}  subject ${delivery.subject}  webhook ${delivery.webhookId}\n\n`);
  printTable(
    stdout,
    [
      { title: '#', align: 'right', text: ({ number }) => String(number) },
      { title: 'AT', text: ({ startedAtMs }) => showTime(startedAtMs) },
      { title: 'OUTCOME', text: ({ outcome, code }) => `${outcome} ${code}` },
      { title: 'MS', align: 'right', text: ({ timing }) => timing.totalMs.toFixed(1) },
      { title: 'VERDICT', text: ({ verdict, reason }) => (reason === undefined ? verdict : `${verdict}: ${reason}`) },
    ],
    delivery.attemptRecords,
  );
  if (delivery.body.source === 'unavailable') return stdout.write('\nThe body is no longer available\n');
  const body = Buffer.from(delivery.body.base64, 'base64').toString('utf8');
  const doubt = delivery.body.hashMatches === false ? colours.red('  (differs from what was sent)') : '';
  stdout.write(`\n${colours.dim('body')}${doubt}\n${prettyJson(body)}\n`);
}

function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return JSON.stringify(text);
  }
}

async function redeliver(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const path = `/v1/deliveries/${encodeURIComponent(id)}/redeliver`;
  const answer = await connect(options, context).send<{ readonly deliveryId: string }>('POST', path, {});
  if (options.json === true) return printJson(context.stdout, answer);
  context.stdout.write(`✓ sent again as ${answer.deliveryId}\n`);
}
