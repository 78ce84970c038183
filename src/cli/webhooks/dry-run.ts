/** `assetwire webhooks dry-run`: which past changes a webhook would have been told of, which not and why. */
import type { Command } from 'commander';
import { Option } from 'commander';
import type { DryRunResult, DryRunView } from '../../app/dry-run.ts';
import { escapeControls } from '../../runtime/log-human.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { countUpTo, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { momentOption } from '../moments.ts';
import { coloursOf, printJson, showTime } from '../output.ts';
import type { Colours } from '../output.ts';
import { describedParts } from './webhook-options.ts';

type DryRunOptions = ConnectionOptions &
  PageOptions & {
    readonly since?: number;
    readonly until?: number;
    readonly subject?: string;
    readonly keep?: 'all' | 'matched' | 'unmatched';
    readonly render?: number;
    readonly event?: readonly string[];
    readonly filter?: string;
    readonly projection?: string;
    readonly settings?: string;
  };

export function defineDryRun(command: Command, context: CliContext): void {
  withPage(command, 20)
    .addOption(momentOption('--since <time>', 'changes from then on: 2026-11-20T08:00Z, or an age: 6h, 2d', context))
    .addOption(momentOption('--until <time>', 'changes before then', context))
    .addOption(new Option('--subject <type:id>', 'only changes of this subject'))
    .addOption(new Option('--keep <which>', 'which changes to show').choices(['all', 'matched', 'unmatched']))
    .addOption(new Option('--render <count>', 'show the exact message of this many').argParser(countUpTo(20)))
    .addOption(new Option('--event <name...>', 'as if it had these events'))
    .addOption(new Option('--filter <json>', 'as if it had this filter, as JSON or @file'))
    .addOption(new Option('--projection <json>', 'as if it had this projection, as JSON or @file'))
    .addOption(new Option('--settings <json>', 'as if it had these settings, as JSON or @file'))
    .action((id: string, options: DryRunOptions) => dryRun(id, options, context));
}

async function dryRun(id: string, options: DryRunOptions, context: CliContext): Promise<void> {
  const { since, until, subject, keep, render = 0, limit, cursor, event, filter, projection, settings } = options;
  const asked = {
    ...(event === undefined ? {} : { event }),
    ...(filter === undefined ? {} : { filter }),
    ...(projection === undefined ? {} : { projection }),
    ...(settings === undefined ? {} : { settings }),
  };
  const changes = await describedParts(asked);
  const view = await connect(options, context).send<DryRunView>(
    'POST',
    `/v1/webhooks/${encodeURIComponent(id)}/dry-run`,
    {
      limit,
      render,
      ...(cursor === undefined ? {} : { cursor }),
      ...(since === undefined ? {} : { fromMs: since }),
      ...(until === undefined ? {} : { toMs: until }),
      ...(subject === undefined ? {} : { subject }),
      ...(keep === undefined ? {} : { keep }),
      ...(Object.keys(changes).length === 0 ? {} : { changes }),
    },
  );
  const { stdout } = context;
  if (options.json === true) return printJson(stdout, view);
  const colours = coloursOf(stdout);
  for (const result of view.results) stdout.write(resultText(result, colours));
  const off = view.state === 'enabled' ? '' : `; the webhook is ${view.state}, so it is told nothing now`;
  stdout.write(`${view.matched} of ${view.examined} changes match${off}\n`);
  if (view.nextCursor !== null) stdout.write(`… and more; add --cursor ${view.nextCursor}\n`);
}

function resultText(
  { kind, subject, acceptedAtMs, matches, events, reason, messages }: DryRunResult,
  colours: Colours,
): string {
  const about = escapeControls(`${kind}  ${subject}`);
  const mark = matches ? colours.green('✓') : colours.dim('–');
  const why = matches ? `→ ${events.join(', ')}` : (reason?.detail ?? '');
  const head = `${mark} ${showTime(acceptedAtMs)}  ${about}  ${escapeControls(why)}\n`;
  const shown = (messages ?? []).map((message) => {
    if ('refused' in message) return `    ${message.event}: ${escapeControls(message.refused)}\n`;
    const body = Buffer.from(message.bodyBase64, 'base64').toString('utf8');
    const headers = message.headers.map(([name, value]) => `    ${escapeControls(`${name}: ${value}`)}\n`).join('');
    return `    ${message.method} ${escapeControls(message.url)}\n${headers}\n    ${escapeControls(body)}\n`;
  });
  return head + shown.join('');
}
