/** `assetwire dialects`: how receivers can be spoken to. */
import type { Command } from 'commander';
import { Argument } from 'commander';
import type { JsonObject } from '../../core/json.ts';
import type { WebhookView } from '../../app/app.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples } from '../connection-options.ts';
import { settingColumns, settingRows } from './dialect-settings.ts';
import type { CliContext } from '../context.ts';
import { showSetup } from '../webhooks/show-setup.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { printFields, printJson, printPage, printTable } from '../output.ts';

/** As `GET /v1/dialects` answers; only what is shown. */
type DialectView = {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly transports: readonly string[];
  readonly events: readonly { readonly name: string; readonly summary: string }[];
  readonly signing: { readonly summary: string };
  readonly configuration: { readonly schema: JsonObject };
  readonly capabilities: { readonly credentials: readonly string[]; readonly singleEvent: boolean };
  readonly properties?: readonly { readonly name: string }[];
  readonly limits: {
    readonly webhooksMax: number;
    readonly customHeadersMax: number;
    readonly webhooksMaxProperty?: string;
  };
  readonly sources: readonly { readonly url: string; readonly readOn: string }[];
  readonly eventsOff?: readonly string[];
  readonly handshake?: { readonly messages?: readonly { readonly name: string; readonly summary: string }[] };
};

export function define(command: Command, context: CliContext): void {
  withConnection(command.command('list').description('list dialects')).action((options: ConnectionOptions) =>
    list(options, context),
  );
  withConnection(command.command('show').description('show a dialect: its events, settings and how it signs'))
    .addArgument(new Argument('<id>', 'the dialect, such as standard'))
    .action((id: string, options: ConnectionOptions) => show(id, options, context));
  withConnection(
    command
      .command('properties')
      .description("show or set what a vendor's server is set up with, for all its webhooks"),
  )
    .addArgument(new Argument('<id>', 'the dialect, such as woodwing'))
    .option(
      '--set <name=value>',
      'set a property; "name=" takes it back to its default. May come more than once',
      collected,
    )
    .action((id: string, options: PropertyOptions) => properties(id, options, context));
  withConnection(
    command.command('setup').description('what a receiver’s side has to set up first, such as the policy of a queue'),
  )
    .addArgument(new Argument('<id>', 'the dialect, such as bynder'))
    .addArgument(new Argument('<target>', 'the ARN of a queue, an e-mail address or a URL'))
    .option('--own-keys', 'the webhook will bring AWS keys of its own')
    .action((id: string, target: string, options: SetupOptions) => setup(id, target, { options, context }));
  withExamples(command, [
    'assetwire dialects list',
    'assetwire dialects setup bynder arn:aws:sqs:eu-central-1:123456789012:my-queue',
    'assetwire dialects show standard',
    'assetwire dialects properties woodwing --set webHooksRetryMaximumAttempts=3',
    'assetwire dialects properties bynder --set workflowEnabled=false',
  ]);
}

type SetupOptions = ConnectionOptions & { readonly ownKeys?: boolean };
type Setup = { readonly steps: NonNullable<WebhookView['setup']> };

async function setup(
  id: string,
  target: string,
  { options, context }: { readonly options: SetupOptions; readonly context: CliContext },
): Promise<void> {
  const query = new URLSearchParams({ target, ...(options.ownKeys === true ? { ownKeys: 'true' } : {}) });
  const answer = await connect(options, context).get<Setup>(`/v1/dialects/${encodeURIComponent(id)}/setup?${query}`);
  if (options.json === true) return printJson(context.stdout, answer);
  if (answer.steps.length === 0) context.stdout.write('Nothing has to be set up\n');
  showSetup(answer.steps, context);
}

type PropertyOptions = ConnectionOptions & { readonly set?: readonly string[] };

type PropertyView = {
  readonly name: string;
  readonly description: string;
  readonly value: number | boolean;
  readonly default: number | boolean;
  readonly source: string;
};

function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

async function properties(id: string, options: PropertyOptions, context: CliContext): Promise<void> {
  const { stdout } = context;
  const path = `/v1/dialects/${encodeURIComponent(id)}/properties`;
  const client = connect(options, context);
  const patch = options.set === undefined ? null : Object.fromEntries(options.set.map(readProperty));
  const answer =
    patch === null
      ? await client.get<{ readonly properties: readonly PropertyView[] }>(path)
      : await client.send<{ readonly properties: readonly PropertyView[] }>('PATCH', path, { values: patch });
  if (options.json === true) return printJson(stdout, answer);
  printTable(
    stdout,
    [
      { title: 'PROPERTY', text: ({ name }) => name },
      { title: 'VALUE', align: 'right', text: ({ value }) => String(value) },
      { title: 'DEFAULT', align: 'right', text: (property) => String(property.default) },
      { title: 'FROM', text: ({ source }) => source },
      { title: 'WHAT', text: ({ description }) => description },
    ],
    answer.properties,
  );
}

/** `name=3`, `name=false`, or `name=` for the default. */
function readProperty(text: string): readonly [name: string, value: number | boolean | null] {
  const [, name = '', value = ''] = /^([^=]+)=(-?\d{1,9}|true|false|)$/.exec(text) ?? [];
  if (name === '')
    throw new CommandError(
      `Set name=number or name=true: got "${text.slice(0, 80)}"`,
      'The command without --set lists the names, with what each is; NAME= gives the default back',
      exitCodes.usage,
    );
  if (value === 'true' || value === 'false') return [name, value === 'true'];
  return [name, value === '' ? null : Number(value)];
}

async function list(options: ConnectionOptions, context: CliContext): Promise<void> {
  const answer = await connect(options, context).get<{ readonly data: readonly DialectView[] }>('/v1/dialects');
  const columns = [
    { title: 'DIALECT', text: ({ id }: DialectView) => id },
    { title: 'TITLE', text: ({ title }: DialectView) => title },
    { title: 'EVENTS', align: 'right' as const, text: ({ events }: DialectView) => String(events.length) },
    { title: 'TRANSPORTS', text: ({ transports }: DialectView) => transports.join(', ') },
  ];
  if (options.json === true) return printJson(context.stdout, answer);
  printPage(context.stdout, { data: answer.data, nextCursor: null }, { json: false, columns });
}

async function show(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const { stdout } = context;
  const dialect = await connect(options, context).get<DialectView>(`/v1/dialects/${encodeURIComponent(id)}`);
  if (options.json === true) return printJson(stdout, dialect);
  const settings = settingRows(dialect.configuration.schema);
  const names = (dialect.properties ?? []).map(({ name }) => name);
  const { webhooksMax, customHeadersMax, webhooksMaxProperty } = dialect.limits;
  const raised = webhooksMaxProperty === undefined ? '' : ` (more by the property ${webhooksMaxProperty})`;
  printFields(stdout, [
    ['dialect', dialect.id],
    ['title', dialect.title],
    ['summary', dialect.summary],
    ['transports', dialect.transports.join(', ')],
    ['signature', dialect.signing.summary],
    ['credentials', dialect.capabilities.credentials.join(', ')],
    ...(dialect.capabilities.singleEvent ? [['events', 'one for each webhook'] as const] : []),
    ['limits', `${webhooksMax} webhooks in a workspace${raised}, ${customHeadersMax} headers of your own`],
    ...(names.length === 0
      ? []
      : [['properties', `${names.join(', ')} (assetwire dialects properties ${id})`] as const]),
    ...(settings.length === 0 ? [['settings', 'none'] as const] : []),
    ...dialect.sources.map(({ url, readOn }) => ['source', `${url} (read ${readOn})`] as const),
  ]);
  stdout.write('\n');
  printTable(
    stdout,
    [
      { title: 'EVENT', text: ({ name }) => name },
      {
        title: 'WHAT',
        text: ({ name, summary }) => (dialect.eventsOff?.includes(name) === true ? `(off) ${summary}` : summary),
      },
    ],
    dialect.events,
  );
  const asking = dialect.handshake?.messages ?? [];
  if (asking.length > 0) {
    stdout.write('\n');
    printTable(
      stdout,
      [
        { title: 'SENT WITHOUT BEING SUBSCRIBED TO', text: ({ name }) => name },
        { title: 'WHAT', text: ({ summary }) => summary },
      ],
      asking,
    );
  }
  if (settings.length === 0) return;
  stdout.write('\n');
  printTable(stdout, settingColumns, settings);
}
