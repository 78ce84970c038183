/** `assetwire exports`: lists written into files by the server, and fetched. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import { exportFormats, exportKinds, exportStates } from '../../app/export-state.ts';
import type { ExportFormat, ExportInput, ExportKind, ExportState } from '../../app/export-state.ts';
import { deliveryStates } from '../../core/delivery.ts';
import type { DeliveryState } from '../../core/delivery.ts';
import { type OutcomeKind, outcomeKinds } from '../../core/outcome.ts';
import type { Client } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { InterruptedError, interruptible, interruptionOf } from '../interrupt.ts';
import { momentOption } from '../moments.ts';
import { createProgress, printJson, printPage, showBytes, showTime } from '../output.ts';
import type { Column, PageAnswer } from '../output.ts';
import { saveDownload } from '../save-download.ts';

/** As `GET /v1/exports/{id}` answers. */
type ExportView = {
  readonly id: string;
  readonly state: ExportState;
  readonly input: ExportInput;
  readonly rows: number;
  readonly bytes: number;
  readonly expectedRows: number | null;
  readonly complete: boolean;
  readonly reason?: string;
  readonly createdAtMs: number;
};

type CreateOptions = ConnectionOptions & {
  readonly format: ExportFormat;
  readonly output?: string;
  readonly force?: boolean;
  readonly since?: number;
  readonly until?: number;
  readonly webhook?: string;
  readonly outcome?: readonly OutcomeKind[];
  readonly state?: readonly DeliveryState[];
  readonly event?: string;
  readonly subject?: string;
  readonly folder?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly tag?: string;
};

const pollMs = 250;

export function define(command: Command, context: CliContext): void {
  const id = (): Argument => new Argument('<id>', 'the export, such as exp_01…');
  withConnection(command.command('create').description('write a list into a file at the server, and fetch it'))
    .addArgument(new Argument('<what>', 'what is exported').choices([...exportKinds]))
    .addOption(new Option('--format <format>', 'how it is written').choices([...exportFormats]).default('ndjson'))
    .addOption(new Option('--output <file>', 'wait, and write it here; - for standard output'))
    .addOption(new Option('--force', 'replace a file that is there'))
    .addOption(momentOption('--since <time>', 'made from then on: 2026-11-20T08:00Z, or an age: 6h, 2d', context))
    .addOption(momentOption('--until <time>', 'made before then', context))
    .addOption(new Option('--webhook <id>', 'of deliveries and attempts: of this webhook'))
    .addOption(new Option('--state <state...>', 'of deliveries: in these states').choices([...deliveryStates]))
    .addOption(
      new Option('--outcome <kind...>', 'of deliveries: whose last attempt came to this').choices([...outcomeKinds]),
    )
    .addOption(new Option('--event <name>', 'of deliveries and attempts: of this event'))
    .addOption(new Option('--subject <type:id>', 'of deliveries, attempts and changes: about this subject'))
    .addOption(new Option('--folder <folder>', 'of assets: in this folder or below it'))
    .addOption(new Option('--tag <tag>', 'of assets: with this tag'))
    .addOption(new Option('--actor <type:id>', 'of the audit: what this user or key did'))
    .addOption(new Option('--action <action>', 'of the audit: this action'))
    .addOption(new Option('--target <type:id>', 'of the audit: what was done to this'))
    .action((what: ExportKind, options: CreateOptions) => create(what, options, context));
  withPage(withConnection(command.command('list').description('list exports, newest first')))
    .addOption(new Option('--state <state>', 'only those in this state').choices([...exportStates]))
    .action((options: ConnectionOptions & PageOptions & { state?: string }) => list(options, context));
  withConnection(command.command('show').description('show how far an export has come'))
    .addArgument(id())
    .action(async (one: string, options: ConnectionOptions) =>
      print(await connect(options, context).get<ExportView>(at(one)), options, context),
    );
  withConnection(command.command('download').description('fetch the file of an export that is done'))
    .addArgument(id())
    .addOption(new Option('--output <file>', 'where to write it; - for standard output').makeOptionMandatory())
    .addOption(new Option('--force', 'replace a file that is there'))
    .action((one: string, options: ConnectionOptions & { output: string; force?: boolean }) =>
      saveDownload(connect(options, context), { ...options, path: at(one, '/content') }, context),
    );
  withConnection(command.command('delete').description('stop an export, or remove its file before its time'))
    .addArgument(id())
    .action(async (one: string, options: ConnectionOptions) =>
      print(await connect(options, context).send<ExportView>('DELETE', at(one)), options, context),
    );
  withExamples(command, [
    'assetwire exports create deliveries --state dead --since 7d --format csv --output dead.csv',
    'assetwire exports create assets --folder /press --output press.ndjson',
  ]);
}

function at(id: string, path = ''): string {
  return `/v1/exports/${encodeURIComponent(id)}${path}`;
}

async function create(of: ExportKind, options: CreateOptions, context: CliContext): Promise<void> {
  const {
    format,
    output,
    force,
    since,
    until,
    webhook,
    state,
    outcome,
    event,
    subject,
    folder,
    tag,
    actor,
    action,
    target,
    json,
  } = options;
  const input: ExportInput = {
    of,
    format,
    ...(since === undefined ? {} : { fromMs: since }),
    ...(until === undefined ? {} : { toMs: until }),
    ...(webhook === undefined ? {} : { webhookId: webhook }),
    ...(state === undefined ? {} : { states: state }),
    ...(outcome === undefined ? {} : { outcomes: outcome }),
    ...(event === undefined ? {} : { event }),
    ...(subject === undefined ? {} : { subject }),
    ...(folder === undefined ? {} : { folder }),
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(target === undefined ? {} : { target }),
    ...(tag === undefined ? {} : { tag }),
  };
  const client = connect(options, context);
  const started = await client.send<ExportView>('POST', '/v1/exports', input);
  if (output === undefined) return print(started, options, context);
  const ended = await interruptible(context, (abort) => follow(client, { started, signal: abort.signal }, context));
  if (ended.state !== 'done')
    throw new CommandError(
      `Export must be done: it is ${ended.state}${ended.reason === undefined ? '' : `: ${ended.reason}`}`,
      'Start it again',
    );
  await saveDownload(client, { path: at(ended.id, '/content'), output, force, json }, context);
  if (!ended.complete)
    throw new CommandError(
      `Export must be complete: ${ended.reason ?? 'a limit ended it'}`,
      'Narrow it with --since, --until or a filter',
    );
}

type Following = { readonly started: ExportView; readonly signal: AbortSignal };

async function follow(client: Client, { started, signal }: Following, context: CliContext): Promise<ExportView> {
  const progress = createProgress(context);
  let now = started;
  try {
    while (now.state === 'running') {
      const interruption = interruptionOf(signal);
      if (interruption !== null) {
        const mend = `The export goes on at the server. Fetch it with: assetwire exports download ${now.id} --output FILE`;
        throw new InterruptedError(interruption.signal, `Interrupted after ${now.rows} rows`, mend);
      }
      progress.update(now.rows, now.expectedRows ?? Number.MAX_SAFE_INTEGER, `${now.rows} rows`);
      await new Promise<void>((resolve) => context.clock.timer(pollMs, resolve));
      now = await client.get<ExportView>(at(now.id));
    }
  } finally {
    progress.end();
  }
  return now;
}

const columns: readonly Column<ExportView>[] = [
  { title: 'EXPORT', text: ({ id }) => id },
  { title: 'CREATED', text: ({ createdAtMs }) => showTime(createdAtMs) },
  { title: 'OF', text: ({ input }) => `${input.of} (${input.format})` },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'ROWS', align: 'right', text: ({ rows }) => String(rows) },
  { title: 'SIZE', align: 'right', text: ({ bytes }) => showBytes(bytes) },
];

async function list(
  { limit, cursor, state, ...options }: ConnectionOptions & PageOptions & { readonly state?: string },
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<ExportView>>('/v1/exports', { limit, cursor, state });
  printPage(context.stdout, page, { json: options.json, columns });
}

function print(found: ExportView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, found);
  const { id, state, rows, bytes, reason } = found;
  stdout.write(`${id}  ${state}  ${rows} rows, ${showBytes(bytes)}${reason === undefined ? '' : `  ${reason}`}\n`);
}
