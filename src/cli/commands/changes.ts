/** `assetwire changes`: report what happened elsewhere, or follow what happens. */
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { ReportResult } from '../../app/app.ts';
import type { Change } from '../../core/change.ts';
import type { ServerEvent } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { escapeControls } from '../../runtime/log-human.ts';
import { followUntilInterrupted } from '../interrupt.ts';
import { coloursOf, printJson, printJsonLine, showTime } from '../output.ts';
import { withConnection } from '../connection-options.ts';

export function define(command: Command, context: CliContext): void {
  withConnection(command.command('report').description('report a change, or a batch of up to 1,000'))
    .addArgument(new Argument('<file>', 'JSON file in the form of POST /v1/changes; - for standard input'))
    .action((file: string, options: ConnectionOptions) => report(file, options, context));
  withConnection(command.command('tail').description('show changes as they are committed; none is skipped'))
    .addOption(new Option('--cursor <cursor>', 'go on from here instead of from now'))
    .action((options: ConnectionOptions & { cursor?: string }) => tail(options, context));
}

/** The file as text; what cannot be read is the caller's to mend, not a bug of ours. */
async function readChanges(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const found =
      code === 'EISDIR' ? 'is a directory' : code === 'ENOENT' ? 'is not' : `cannot be read (${code ?? 'unknown'})`;
    throw new CommandError(`File must be there: ${JSON.stringify(file)} ${found}`, 'Check the path', exitCodes.usage);
  }
}

async function report(file: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const body = parseJson(file === '-' ? await readText(process.stdin) : await readChanges(file), file);
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
  if (result.status === 'rejected') return `${colours.red('✗')} ${result.code}: ${result.detail}\n`;
  const subject = `${result.subject.type}:${result.subject.id}`;
  if (result.status !== 'applied') return `${colours.yellow('–')} ${subject}  ${result.status}\n`;
  const kinds = result.changes.map(({ kind }) => kind).join(', ');
  return `${colours.green('✓')} ${subject}  ${kinds}  ${result.deliveries} deliveries\n`;
}

async function tail(options: ConnectionOptions & { readonly cursor?: string }, context: CliContext): Promise<void> {
  const client = connect(options, context);
  const onEvent = ({ data }: ServerEvent): void => {
    const change = JSON.parse(data) as Change;
    if (options.json === true) printJsonLine(context.stdout, change);
    else context.stdout.write(changeLine(change));
  };
  const query = { cursor: options.cursor };
  await followUntilInterrupted({ client, path: '/v1/changes/stream', query }, onEvent, context);
}

function changeLine({ occurredAtMs, kind, subject }: Change): string {
  return `${showTime(occurredAtMs)}  ${kind}  ${escapeControls(`${subject.type}:${subject.externalId ?? subject.id}`)}\n`;
}
