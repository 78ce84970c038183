/** `assetwire replay`: says first how many deliveries it would send again; sends them once confirmed, showing progress. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { ReplayInput, ReplayView } from '../../app/app.ts';
import { type OutcomeKind, outcomeKinds } from '../../core/outcome.ts';
import { confirmed } from '../ask.ts';
import type { Client } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { InterruptedError, interruptible, interruptionOf } from '../interrupt.ts';
import { momentOption } from '../moments.ts';
import { coloursOf, createProgress, printJson, printPage, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';

const endedStates = ['delivered', 'rejected', 'dead', 'cancelled'] as const;
type EndedState = (typeof endedStates)[number];

type ReplayOptions = ConnectionOptions & {
  readonly webhook?: string;
  readonly state?: readonly EndedState[];
  readonly outcome?: readonly OutcomeKind[];
  readonly event?: string;
  readonly subject?: string;
  readonly since?: number;
  readonly until?: number;
  readonly yes?: boolean;
};

const pollMs = 250;

export function define(command: Command, context: CliContext): void {
  withConnection(command.enablePositionalOptions())
    .addOption(new Option('--webhook <id>', 'only deliveries of this webhook'))
    .addOption(new Option('--state <state...>', 'only deliveries that ended so').choices(endedStates))
    .addOption(
      new Option('--outcome <kind...>', 'only deliveries whose last attempt came to this').choices([...outcomeKinds]),
    )
    .addOption(new Option('--event <name>', 'only deliveries of this event'))
    .addOption(new Option('--subject <type:id>', 'only deliveries about this subject'))
    .addOption(
      momentOption('--since <time>', 'from this time on: 2026-11-20T08:00Z, or an age: 30m, 6h, 2d (needed)', context),
    )
    .addOption(momentOption('--until <time>', 'up to this time; now where absent', context))
    .addOption(new Option('--yes', 'do it; without it a terminal is asked, and elsewhere only the count is shown'))
    .action((options: ReplayOptions) => replay(options, context));
  const id = (): Argument => new Argument('<id>', 'the replay, such as rpl_01…');
  withPage(withConnection(command.command('list').description('list replays, newest first'))).action(
    (options: ConnectionOptions & PageOptions) => list(options, context),
  );
  withConnection(command.command('show').description('show how far a replay has come'))
    .addArgument(id())
    .action((replayId: string, options: ConnectionOptions) => show(replayId, options, context));
  withConnection(command.command('cancel').description('stop a replay; what it has sent stays sent'))
    .addArgument(id())
    .action((replayId: string, options: ConnectionOptions) => cancel(replayId, options, context));
  withExamples(command, [
    'assetwire replay --since 6h --state dead',
    'assetwire replay --since 2026-11-20T08:00Z --until 2026-11-20T09:00Z --webhook wh_01kan4c4q0edkxrmnr6dgk2vfp --yes',
    'assetwire replay cancel rpl_01kan4c4q0edkxrmnr6dgk2vfp',
  ]);
}

function inputOf(options: ReplayOptions, { clock }: CliContext): ReplayInput {
  const { since, until, webhook, state, outcome, event, subject } = options;
  if (since === undefined)
    throw new CommandError(
      'Replay must know from when on: --since is missing',
      'Add --since 6h, or a time such as --since 2026-11-20T08:00Z',
      exitCodes.usage,
    );
  return {
    fromMs: since,
    toMs: until ?? clock.nowMs(),
    ...(webhook === undefined ? {} : { webhookId: webhook }),
    ...(state === undefined ? {} : { states: state }),
    ...(outcome === undefined ? {} : { outcomes: outcome }),
    ...(event === undefined ? {} : { event }),
    ...(subject === undefined ? {} : { subject }),
  };
}

async function replay(options: ReplayOptions, context: CliContext): Promise<void> {
  const input = inputOf(options, context);
  const client = connect(options, context);
  const estimate = await client.send<ReplayView>('POST', '/v1/replays', { ...input, dryRun: true });
  const counted = `${estimate.count} ${estimate.count === 1 ? 'delivery' : 'deliveries'}`;
  if (options.yes !== true && (context.ask === undefined || estimate.count === 0)) {
    if (options.json === true) return printJson(context.stdout, estimate);
    const more = estimate.count === 0 ? '' : ' Add --yes to send them.';
    context.stdout.write(`${counted} would be sent again.${more}\n${testsLeftOut(estimate)}`);
    return;
  }
  if (!(await confirmed(`Send ${counted} again?`, { yes: options.yes, unasked: false }, context)))
    throw new CommandError('Replay must be confirmed: nothing was sent', 'Answer y, or add --yes');
  const ended = await interruptible(context, async (abort) => {
    const started = await client.send<ReplayView>('POST', '/v1/replays', input);
    return follow(client, { started, signal: abort.signal }, context);
  });
  if (options.json === true) printJson(context.stdout, ended);
  else context.stdout.write(`${coloursOf(context.stdout).green('✓')} ${ended.done} of ${ended.count} sent again\n`);
  if (ended.state === 'cancelled')
    throw new CommandError('Replay must run to its end: it was cancelled', 'Start it again to send the rest');
}

/** Why what one sees in a list may be more than what a replay sends. */
function testsLeftOut({ tests = 0 }: ReplayView): string {
  if (tests === 0) return '';
  const these = tests === 1 ? '1 test fits too and is' : `${tests} tests fit too and are`;
  return `${these} left out: a receiver would take them for news. Send one again with: assetwire deliveries redeliver ID; or test anew with: assetwire webhooks test\n`;
}

type Following = { readonly started: ReplayView; readonly signal: AbortSignal };

async function follow(client: Client, { started, signal }: Following, context: CliContext): Promise<ReplayView> {
  const progress = createProgress(context);
  let now = started;
  try {
    while (now.state === 'running' && now.id !== null) {
      const interruption = interruptionOf(signal);
      if (interruption !== null) {
        const mend = `The replay goes on at the server. See it with: assetwire replay show ${now.id}; stop it with: assetwire replay cancel ${now.id}`;
        throw new InterruptedError(interruption.signal, `Interrupted after ${now.done} of ${now.count}`, mend);
      }
      progress.update(now.done, now.count, `${now.done} of ${now.count}`);
      await new Promise<void>((resolve) => context.clock.timer(pollMs, resolve));
      now = await client.get<ReplayView>(at(now.id));
    }
  } finally {
    progress.end();
  }
  return now;
}

function at(id: string): string {
  return `/v1/replays/${encodeURIComponent(id)}`;
}

async function list(
  { limit, cursor, ...options }: ConnectionOptions & PageOptions,
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<ReplayView>>('/v1/replays', { limit, cursor });
  const columns = [
    { title: 'REPLAY', text: ({ id }: ReplayView) => id ?? '' },
    { title: 'CREATED', text: ({ createdAtMs }: ReplayView) => showTime(createdAtMs) },
    { title: 'STATE', text: ({ state }: ReplayView) => state },
    { title: 'SENT', text: ({ done, count }: ReplayView) => `${done} of ${count}` },
  ];
  printPage(context.stdout, page, { json: options.json, columns });
}

async function show(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  print(await connect(options, context).get<ReplayView>(at(id)), options, context);
}

async function cancel(id: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  print(await connect(options, context).send<ReplayView>('DELETE', at(id)), options, context);
}

function print(found: ReplayView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, found);
  stdout.write(`${found.id ?? ''}  ${found.state}  ${found.done} of ${found.count} sent again\n`);
}
