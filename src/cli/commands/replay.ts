/** `assetwire replay`: says first how many deliveries it would send again; sends them with `--yes`, showing progress. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import type { ReplayInput, ReplayView } from '../../app/app.ts';
import type { Client } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { coloursOf, createProgress, printJson } from '../output.ts';
import { withConnection } from '../connection-options.ts';

const endedStates = ['delivered', 'rejected', 'dead', 'cancelled'] as const;
type EndedState = (typeof endedStates)[number];

type ReplayOptions = ConnectionOptions & {
  readonly webhook?: string;
  readonly state?: readonly EndedState[];
  readonly event?: string;
  readonly subject?: string;
  readonly since: number;
  readonly until?: number;
  readonly yes?: boolean;
};

const pollMs = 250;

export function define(command: Command, context: CliContext): void {
  const moment = (text: string): number => parseMoment(text, context.clock.nowMs());
  withConnection(command)
    .addOption(new Option('--webhook <id>', 'only deliveries of this webhook'))
    .addOption(new Option('--state <state...>', 'only deliveries that ended so').choices(endedStates))
    .addOption(new Option('--event <name>', 'only deliveries of this event'))
    .addOption(new Option('--subject <type:id>', 'only deliveries about this subject'))
    .addOption(
      new Option('--since <time>', 'from this time on: 2026-11-20T08:00Z, or an age: 30m, 6h, 2d')
        .makeOptionMandatory()
        .argParser(moment),
    )
    .addOption(new Option('--until <time>', 'up to this time; now where absent').argParser(moment))
    .addOption(new Option('--yes', 'do it; without it only the count is shown'))
    .action((options: ReplayOptions) => replay(options, context));
}

const unitsMs: { readonly [unit: string]: number } = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An age (`6h`) or an ISO time as unix milliseconds. */
export function parseMoment(text: string, nowMs: number): number {
  const age = /^(\d{1,6})([smhd])$/.exec(text);
  if (age !== null) return nowMs - Number(age[1]) * (unitsMs[age[2] ?? ''] ?? 0);
  const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new InvalidArgumentError('Wanted a time such as 2026-11-20T08:00Z, or an age such as 6h.');
  return atMs;
}

async function replay(options: ReplayOptions, context: CliContext): Promise<void> {
  const client = connect(options, context);
  const input: ReplayInput = {
    fromMs: options.since,
    toMs: options.until ?? context.clock.nowMs(),
    ...(options.webhook === undefined ? {} : { webhookId: options.webhook }),
    ...(options.state === undefined ? {} : { states: options.state }),
    ...(options.event === undefined ? {} : { event: options.event }),
    ...(options.subject === undefined ? {} : { subject: options.subject }),
  };
  const estimate = await client.send<ReplayView>('POST', '/v1/replays', { ...input, dryRun: true });
  if (options.yes !== true) {
    if (options.json === true) return printJson(context.stdout, estimate);
    const more = estimate.count === 0 ? '' : ' Add --yes to send them.';
    context.stdout.write(`${estimate.count} deliveries would be sent again.${more}\n`);
    return;
  }
  const ended = await follow(client, await client.send<ReplayView>('POST', '/v1/replays', input), context);
  if (options.json === true) printJson(context.stdout, ended);
  else context.stdout.write(`${coloursOf(context.stdout).green('✓')} ${ended.done} of ${ended.count} sent again\n`);
  if (ended.state === 'cancelled')
    throw new CommandError('Replay must run to its end: it was cancelled', 'Start it again to send the rest');
}

async function follow(client: Client, started: ReplayView, context: CliContext): Promise<ReplayView> {
  const progress = createProgress(context);
  let replay = started;
  while (replay.state === 'running' && replay.id !== null) {
    progress.update(replay.done, replay.count, `${replay.done} of ${replay.count}`);
    await new Promise<void>((resolve) => context.clock.timer(pollMs, resolve));
    replay = await client.get<ReplayView>(`/v1/replays/${encodeURIComponent(replay.id)}`);
  }
  progress.end();
  return replay;
}
