/** `assetwire changes`: list, show, report what happened elsewhere, or follow what happens. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { ReportResult } from '../../app/app.ts';
import { changeKinds } from '../../core/change.ts';
import type { Change } from '../../core/change.ts';
import { escapeControls } from '../../runtime/log-human.ts';
import type { ServerEvent } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { followUntilInterrupted } from '../interrupt.ts';
import { momentOption } from '../moments.ts';
import { coloursOf, printFields, printJson, printJsonLine, printPage, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';
import { readTextFile } from '../read-text-file.ts';

type ListOptions = ConnectionOptions &
  PageOptions & {
    readonly kind?: readonly string[];
    readonly subject?: string;
    readonly since?: number;
    readonly until?: number;
  };

export function define(command: Command, context: CliContext): void {
  withPage(withConnection(command.command('list').description('list changes, newest first')))
    .addOption(new Option('--kind <kind...>', 'only these kinds, such as asset.created'))
    .addOption(new Option('--subject <type:id>', 'only those of this subject'))
    .addOption(momentOption('--since <time>', 'from then on: 2026-11-20T08:00Z, or an age: 6h, 2d', context))
    .addOption(momentOption('--until <time>', 'before then', context))
    .action((options: ListOptions) => list(options, context));
  withConnection(command.command('show').description('show a change with before and after'))
    .addArgument(new Argument('<id>', 'the change, such as chg_01…'))
    .action((id: string, options: ConnectionOptions) => show(id, options, context));
  withConnection(command.command('report').description('report a change, or a batch of up to 1,000'))
    .addArgument(new Argument('<file>', 'JSON file in the form of POST /v1/changes; - for standard input'))
    .action((file: string, options: ConnectionOptions) => report(file, options, context));
  withConnection(command.command('tail').description('show changes as they are committed; none is skipped'))
    .addOption(new Option('--cursor <cursor>', 'go on from here instead of from now'))
    .action((options: ConnectionOptions & { cursor?: string }) => tail(options, context));
  withExamples(command, [
    'assetwire changes list --kind asset.created asset.archived --since 1d',
    'assetwire changes show chg_01kan4c4q0edkxrmnr6dgk2vfx',
    'assetwire changes report changes.json',
    'assetwire changes tail --json',
  ]);
}

async function list(options: ListOptions, context: CliContext): Promise<void> {
  const unknown = options.kind?.find((kind) => !(changeKinds as readonly string[]).includes(kind));
  if (unknown !== undefined)
    throw new CommandError(
      `Kind must be one that exists: ${JSON.stringify(unknown)} does not`,
      `One of ${changeKinds.join(', ')}`,
      exitCodes.usage,
    );
  const page = await connect(options, context).get<PageAnswer<Change>>('/v1/changes', {
    kinds: options.kind?.join(','),
    subject: options.subject,
    fromMs: options.since,
    toMs: options.until,
    limit: options.limit,
    cursor: options.cursor,
  });
  const columns = [
    { title: 'CHANGE', text: ({ id }: Change) => id },
    { title: 'AT', text: ({ occurredAtMs }: Change) => showTime(occurredAtMs) },
    { title: 'KIND', text: ({ kind }: Change) => kind },
    { title: 'SUBJECT', text: subjectText },
    { title: 'BY', text: ({ actor }: Change) => actor.name ?? actor.id },
  ];
  printPage(context.stdout, page, { json: options.json, columns });
}

function subjectText({ subject }: Change): string {
  return `${subject.type}:${subject.externalId ?? subject.id}`;
}

async function show(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const change = await connect(options, context).get<Change>(`/v1/changes/${encodeURIComponent(id)}`);
  if (options.json === true) return printJson(context.stdout, change);
  printFields(context.stdout, [
    ['change', change.id],
    ['kind', change.kind],
    ['subject', `${change.subject.type}:${change.subject.id}`],
    ['at', showTime(change.occurredAtMs)],
    ['by', change.actor.name ?? change.actor.id],
    ['changed', change.changed.join(', ') || 'nothing'],
  ]);
  context.stdout.write(`\nbefore ${JSON.stringify(change.before, null, 2)}\n`);
  context.stdout.write(`after ${JSON.stringify(change.after, null, 2)}\n`);
}

async function report(file: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const body = parseJson(await readTextFile(file), file);
  const { results } = await connect(options, context).send<{ readonly results: readonly ReportResult[] }>(
    'POST',
    '/v1/changes',
    body,
  );
  if (options.json === true) printJson(context.stdout, { results });
  else for (const result of results) context.stdout.write(resultLine(result, context));
  const rejected = results.filter(({ status }) => status === 'rejected').length;
  if (rejected > 0)
    throw new CommandError(
      `Every change must be taken: ${rejected} of ${results.length} were rejected`,
      'See the lines above',
    );
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const found = error instanceof Error ? error.message : 'something else';
    throw new CommandError(`Report must be JSON: ${file}: ${found}`, null, exitCodes.usage);
  }
}

function resultLine(result: ReportResult, { stdout }: CliContext): string {
  const colours = coloursOf(stdout);
  if (result.status === 'rejected')
    return `${colours.red('✗')} ${escapeControls(`${result.code}: ${result.detail}`)}\n`;
  const subject = `${result.subject.type}:${result.subject.id}`;
  if (result.status !== 'applied') return `${colours.yellow('–')} ${subject}  ${result.status}\n`;
  const kinds = result.changes.map(({ kind }) => kind).join(', ');
  const done = `${colours.green('✓')} ${subject}  ${kinds}  ${result.deliveries} deliveries\n`;
  if (result.dropped === undefined) return done;
  const gone = escapeControls(result.dropped.join(', '));
  return `${done}  ${colours.yellow('!')} what was left out is gone: ${gone}\n`;
}

async function tail(options: ConnectionOptions & { readonly cursor?: string }, context: CliContext): Promise<void> {
  const client = connect(options, context);
  const onEvent = ({ data }: ServerEvent): void => {
    const change = JSON.parse(data) as Change;
    if (options.json === true) return printJsonLine(context.stdout, change);
    const line = `${showTime(change.occurredAtMs)}  ${change.kind}  ${escapeControls(subjectText(change))}`;
    context.stdout.write(`${line}\n`);
  };
  const query = { cursor: options.cursor };
  await followUntilInterrupted({ client, path: '/v1/changes/stream', query }, onEvent, context);
}
