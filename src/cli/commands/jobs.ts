/** `assetwire jobs`: workflow jobs: list, show, create, update, delete. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { JobInput, JobPatch, JobView } from '../../app/app.ts';
import { type JobStatus, jobStatuses } from '../../core/workflow-job.ts';
import { confirmed } from '../ask.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { type PageOptions, withConnection, withExamples, withPage } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { parseDate } from '../moments.ts';
import { type PageAnswer, printFields, printJson, printPage, showTime } from '../output.ts';
import { refuseEmptyPatch } from '../patch.ts';

type Fields = {
  readonly description?: string;
  readonly status?: JobStatus;
  readonly deadline?: number | 'never';
  readonly preset?: string;
  readonly campaign?: string;
  readonly accountable?: string;
  readonly key?: string;
  readonly assets?: readonly string[];
};

type ListOptions = ConnectionOptions &
  PageOptions & {
    readonly status?: JobStatus;
    readonly asset?: string;
    readonly accountable?: string;
    readonly nameContains?: string;
  };

export function define(command: Command, context: CliContext): void {
  const sub = (name: string, summary: string): Command => withConnection(command.command(name).description(summary));
  withPage(sub('list', 'list jobs, newest first'))
    .addOption(new Option('--status <status>', 'only those of this status').choices([...jobStatuses]))
    .addOption(new Option('--asset <id>', 'only those that are about this asset: its id or external:ID'))
    .addOption(new Option('--accountable <who>', 'only those that this one answers for'))
    .addOption(new Option('--name-contains <text>', 'only those whose name has this in it'))
    .action((options: ListOptions) => list(options, context));
  sub('show', 'show a job')
    .addArgument(jobArgument())
    .action(async (id: string, options: ConnectionOptions) =>
      show(await connect(options, context).get<JobView>(at(id)), options, context),
    );
  withFields(sub('create', 'make a job; webhooks are told'), context)
    .addArgument(new Argument('<name>', 'what is to be done'))
    .action((name: string, options: ConnectionOptions & Fields) => create(name, options, context));
  withFields(sub('update', 'change a job: its status, deadline, assets …; "" takes a text away'), context)
    .addArgument(jobArgument())
    .addOption(new Option('--name <name>', 'another name'))
    .action((id: string, options: ConnectionOptions & Fields & { readonly name?: string }) =>
      update(id, options, context),
    );
  sub('delete', 'delete a job; its assets stay')
    .addArgument(jobArgument())
    .addOption(new Option('--yes', 'do not ask'))
    .action((id: string, options: ConnectionOptions & { readonly yes?: boolean }) => remove(id, options, context));
  withExamples(command, [
    'assetwire jobs create "Retouch the harbour" --deadline 14d --assets external:sku-4711 --accountable ada',
    'assetwire jobs list --status open',
    'assetwire jobs update job_01… --status in_review',
    'assetwire jobs update job_01… --deadline never --description ""',
    'assetwire jobs delete job_01… --yes',
  ]);
}

function jobArgument(): Argument {
  return new Argument('<id>', 'the job, job_…');
}

function withFields(command: Command, { clock }: CliContext): Command {
  return command
    .addOption(new Option('--description <text>', 'more about it, in words'))
    .addOption(new Option('--status <status>', 'how far it is').choices([...jobStatuses]))
    .addOption(
      new Option('--deadline <time>', '2027-01-31, a span from now such as 14d, or never').argParser((text: string) =>
        parseDate(text, clock.nowMs()),
      ),
    )
    .addOption(new Option('--preset <name>', 'the kind of job that it is'))
    .addOption(new Option('--campaign <name>', 'what it belongs to'))
    .addOption(new Option('--accountable <who>', 'who answers for it'))
    .addOption(new Option('--key <key>', 'a short name that people call it by'))
    .addOption(new Option('--assets <assets...>', 'the assets that it is about: ids or external:ID; the whole list'));
}

function at(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

async function list(
  { limit, cursor, status, asset, accountable, nameContains, ...options }: ListOptions,
  context: CliContext,
): Promise<void> {
  const query = { limit, cursor, status, asset, accountable, nameContains };
  const page = await connect(options, context).get<PageAnswer<JobView>>('/v1/jobs', query);
  printPage<JobView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'JOB', text: ({ id }) => id },
      { title: 'STATUS', text: (job) => job.status },
      { title: 'DEADLINE', text: ({ deadlineAtMs }) => (deadlineAtMs === undefined ? '-' : showTime(deadlineAtMs)) },
      { title: 'ASSETS', align: 'right', text: ({ assets }) => String(assets.length) },
      { title: 'NAME', text: ({ name }) => name },
    ],
  });
}

function show(job: JobView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, job);
  const { description, deadlineAtMs, preset, campaign, accountable, key } = job;
  const optional: readonly (readonly [string, string | undefined])[] = [
    ['description', description],
    ['deadline', deadlineAtMs === undefined ? undefined : showTime(deadlineAtMs)],
    ['preset', preset],
    ['campaign', campaign],
    ['accountable', accountable],
    ['key', key],
  ];
  printFields(stdout, [
    ['job', job.id],
    ['name', job.name],
    ['status', job.status],
    ...optional.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    ...job.assets.map((id) => ['asset', id] as const),
    ['created', showTime(job.createdAtMs)],
  ]);
}

async function create(
  name: string,
  { deadline, description, status, preset, campaign, accountable, key, assets, ...options }: ConnectionOptions & Fields,
  context: CliContext,
): Promise<void> {
  const given = { description, status, preset, campaign, accountable, key, assets };
  const input: JobInput = {
    name,
    ...present(given),
    ...(typeof deadline === 'number' ? { deadlineAtMs: deadline } : {}),
  };
  const made = await connect(options, context).send<JobView>('POST', '/v1/jobs', input);
  if (options.json === true) return printJson(context.stdout, made);
  context.stdout.write(`✓ ${made.id}  ${made.name}\n`);
}

async function update(
  id: string,
  given: ConnectionOptions & Fields & { readonly name?: string },
  context: CliContext,
): Promise<void> {
  const { name, deadline, description, status, preset, campaign, accountable, key, assets, ...options } = given;
  const texts = Object.entries({ description, preset, campaign, accountable, key }).flatMap(([field, value]) =>
    value === undefined ? [] : [[field, value === '' ? null : value] as const],
  );
  const patch: JobPatch = {
    ...present({ name, status, assets }),
    ...Object.fromEntries(texts),
    ...(deadline === undefined ? {} : { deadlineAtMs: deadline === 'never' ? null : deadline }),
  };
  refuseEmptyPatch(patch);
  show(await connect(options, context).send<JobView>('PATCH', at(id), patch), options, context);
}

async function remove(
  id: string,
  { yes, ...options }: ConnectionOptions & { readonly yes?: boolean },
  context: CliContext,
): Promise<void> {
  if (!(await confirmed(`Delete ${id}?`, { yes, unasked: true }, context)))
    throw new CommandError('Removal must be confirmed: nothing was removed', 'Answer y, or add --yes');
  await connect(options, context).send('DELETE', at(id));
  if (options.json === true) return printJson(context.stdout, { deleted: id });
  context.stdout.write(`✓ ${id} is deleted\n`);
}

type Present<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Without what was not given. */
function present<T extends object>(given: T): Present<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Present<T>;
}
