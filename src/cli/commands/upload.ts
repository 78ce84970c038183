/** `assetwire upload`: files and whole directories, a few at a time, with progress; what the server has is skipped. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import { counted } from '../../core/counted.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import { escapeControls } from '../../runtime/log-human.ts';
import type { Client } from '../client.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { countUpTo, withConnection, withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { fieldOptions, fieldsOf, type FieldValues } from '../field-values.ts';
import { InterruptedError, interruptible, interruptionOf } from '../interrupt.ts';
import { coloursOf, printJson, showBytes } from '../output.ts';
import type { Colours } from '../output.ts';
import { findFiles } from '../upload/find-files.ts';
import type { Found, LocalFile } from '../upload/find-files.ts';
import { foresee } from '../upload/foresee.ts';
import { planUpload } from '../upload/plan-upload.ts';
import type { Planned, SkipRule } from '../upload/plan-upload.ts';
import { sendFiles } from '../upload/send-files.ts';
import type { Sent } from '../upload/send-files.ts';
import { areUrls, uploadUrls } from '../upload/upload-urls.ts';
import { createUploadProgress } from '../upload/upload-progress.ts';

type UploadOptions = ConnectionOptions &
  FieldValues & {
    readonly externalId?: string;
    readonly path?: string;
    readonly tag?: readonly string[];
    readonly label?: readonly string[];
    readonly collection?: readonly string[];
    readonly library?: string;
    readonly include?: readonly string[];
    readonly exclude?: readonly string[];
    readonly hidden?: boolean;
    readonly skip: SkipRule;
    readonly versions?: boolean;
    readonly atOnce: number;
    readonly dryRun?: boolean;
  };

/** What came of one file. */
type Outcome =
  | Sent
  | { readonly file: string; readonly status: 'skipped'; readonly assetId: string | null; readonly reason: string }
  | {
      readonly file: string;
      readonly status: 'planned';
      readonly path: string;
      readonly bytes: number;
      readonly versionOf?: string;
    };

export function define(command: Command, context: CliContext): void {
  withConnection(command)
    .addArgument(
      new Argument('<paths...>', 'files or directories, which become folders; or addresses that the server fetches'),
    )
    .addOption(new Option('--path <folder>', 'folder in Assetwire to put them in, such as /press/2026'))
    .addOption(new Option('--tag <tag...>', 'tags for each'))
    .addOption(new Option('--label <label...>', 'labels for each'))
    .addOption(new Option('--collection <name...>', 'collections for each'))
    .addOption(new Option('--library <key>', 'library for each; the built-in one where absent'));
  for (const option of fieldOptions(', for each')) command.addOption(option);
  command
    .addOption(new Option('--external-id <id>', 'what another system calls it; of one file or address'))
    .addOption(new Option('--include <pattern...>', 'only files that fit one: *.jpg, or 2026/**/*.tif with a slash'))
    .addOption(new Option('--exclude <pattern...>', 'no files that fit one'))
    .addOption(new Option('--hidden', 'also what begins with a dot'))
    .addOption(
      new Option('--skip <rule>', 'what to skip: content that is there anywhere, or only at the same place and name')
        .choices(['content', 'place', 'nothing'])
        .default('content'),
    )
    .addOption(
      new Option('--versions', 'what has the name and folder of an asset but other content becomes its next version'),
    )
    .addOption(new Option('--at-once <count>', 'uploads at the same time').default(4).argParser(countUpTo(32)))
    .addOption(new Option('--dry-run', 'only say what would be sent and what skipped'))
    .action(async (paths: string[], options: UploadOptions) => upload(paths, options, context));
  withExamples(command, [
    'assetwire upload photos/ --path /press/2026 --tag spring',
    "assetwire upload archive/ --include '*.jpg' '*.tif' --exclude 'drafts/**' --dry-run",
    'assetwire upload logo.svg --path /brand --versions',
    'assetwire upload pier.jpg --external-id sku-4711 --metadata season=spring rating=4',
    'assetwire upload logo.svg --skip nothing --json',
    'assetwire upload https://dam.example.com/files/4711.jpg --path /press',
  ]);
  command.addHelpText(
    'after',
    '\nSymbolic links below a directory are left out, and counted; one that is named itself is followed. An upload that was interrupted goes on where it stopped when the same command is typed again. Ctrl-C begins nothing new and waits up to 5 s for what is under way; a second one ends at once. Exit code 1: a file failed.',
  );
}

async function upload(paths: readonly string[], options: UploadOptions, context: CliContext): Promise<void> {
  if (areUrls(paths)) {
    refuseSeveral(paths.length, options);
    const asset = { ...wordsOf(options), ...(options.path === undefined ? {} : { path: options.path }) };
    return uploadUrls(connect(options, context), { urls: paths, asset, json: options.json === true }, context);
  }
  const found = await findFiles(paths, {
    folder: options.path ?? '/',
    include: options.include ?? [],
    exclude: options.exclude ?? [],
    hidden: options.hidden === true,
  });
  const { files, linksLeftOut } = found;
  if (files.length === 0 && found.unreadable.length === 0)
    throw new CommandError(
      `Upload must find files: there are none${linksLeftOut === 0 ? '' : `, and ${counted(linksLeftOut, 'symbolic link')} left out`}`,
      'Name files or directories that hold some',
    );
  refuseSeveral(files.length, options);
  const client = connect(options, context);
  const startedAtMs = context.clock.monotonicMs();
  const outcomes = await interruptible(context, (abort) =>
    run(client, { files, options, signal: abort.signal }, context),
  );
  const tookMs = Math.round(context.clock.monotonicMs() - startedAtMs);
  conclude([...outcomes, ...unreadOf(found, options, context)], { ...found, options, tookMs }, context);
}

/** Directories that must not be read count as files that failed: what lies in them is not there afterwards. */
function unreadOf({ unreadable }: Found, { json }: UploadOptions, { stdout }: CliContext): readonly Outcome[] {
  const outcomes = unreadable.map(({ path, code }): Outcome => {
    const error = { code: 'file_unreadable', message: `The directory must be readable: it is not (${code})` };
    return { file: path, status: 'failed', error };
  });
  const colours = coloursOf(stdout);
  if (json !== true) for (const outcome of outcomes) stdout.write(`${outcomeLine(outcome, colours)}\n`);
  return outcomes;
}

type Run = { readonly files: readonly LocalFile[]; readonly options: UploadOptions; readonly signal: AbortSignal };

async function run(client: Client, { files, options, signal }: Run, context: CliContext): Promise<readonly Outcome[]> {
  const { progress, start } = createUploadProgress(context, options.json === true);
  const colours = coloursOf(context.stdout);
  try {
    const planned = await planUpload(client, files, {
      skip: options.skip,
      versions: options.versions === true,
      signal,
      onProgress: progress.note,
    });
    const wanted = planned.filter(({ skip }) => skip === undefined);
    progress.end();
    if (options.dryRun === true) return await tellPlan(planned, options, context);
    if (options.json !== true) printSkipped(planned, context);
    const sent = new Map<string, Sent>();
    start({ files: wanted.length, bytes: bytesOf(wanted) });
    const random = createSystemRandom();
    const results = await sendFiles(wanted, {
      client,
      clock: context.clock,
      atOnce: options.atOnce,
      asset: wordsOf(options),
      signal,
      draw: () => Buffer.from(random.bytes(16)).toString('hex'),
      onBytes: progress.sent,
      onDone: (file, result) => progress.done(file, outcomeLine(result, colours)),
    });
    for (const result of results) sent.set(result.file, result);
    const outcomes = planned.map((file) => outcomeOf(file, sent.get(file.path)));
    progress.end();
    const interruption = interruptionOf(signal);
    if (interruption !== null) throw toldInterruption(interruption, outcomes);
    return outcomes;
  } finally {
    progress.end();
  }
}

/** What would become of each file, and what is certain to be refused. */
async function tellPlan(
  planned: readonly Planned[],
  { json }: UploadOptions,
  { stdout }: CliContext,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const colours = coloursOf(stdout);
  for (const file of planned) {
    const outcome = await plannedOutcome(file);
    outcomes.push(outcome);
    if (json !== true) stdout.write(`${outcomeLine(outcome, colours)}\n`);
  }
  return outcomes;
}

async function plannedOutcome(planned: Planned): Promise<Outcome> {
  const { path: file, skip, folder, name, bytes, replaces } = planned;
  if (skip !== undefined) return { file, status: 'skipped', ...skip };
  const error = await foresee(planned);
  if (error !== null) return { file, status: 'failed', error };
  const path = `${folder === '/' ? '' : folder}/${name}`;
  return { file, status: 'planned', path, bytes, ...(replaces === undefined ? {} : { versionOf: replaces }) };
}

/** What is known before anything is sent. */
function printSkipped(planned: readonly Planned[], { stdout }: CliContext): void {
  const colours = coloursOf(stdout);
  for (const outcome of planned.map((file) => outcomeOf(file, undefined)))
    if (outcome.status !== 'left') stdout.write(`${outcomeLine(outcome, colours)}\n`);
}

function refuseSeveral(count: number, { externalId }: UploadOptions): void {
  if (count === 1 || externalId === undefined) return;
  throw new CommandError(
    `An external id must be of one asset: there are ${count}`,
    'Upload it alone, or bring many in with assetwire import',
    exitCodes.usage,
  );
}

function wordsOf({ tag, label, collection, library, externalId, ...values }: UploadOptions) {
  return {
    ...fieldsOf(values),
    ...(externalId === undefined ? {} : { externalId }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(label === undefined ? {} : { labels: label }),
    ...(collection === undefined ? {} : { collections: collection }),
    ...(library === undefined ? {} : { library }),
  };
}

function bytesOf(files: readonly LocalFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function outcomeOf({ path: file, skip }: Planned, sent: Sent | undefined): Outcome {
  if (skip !== undefined) return { file, status: 'skipped', ...skip };
  return sent ?? { file, status: 'left' };
}

function toldInterruption({ signal }: InterruptedError, outcomes: readonly Outcome[]): InterruptedError {
  const done = outcomes.filter(({ status }) => status === 'uploaded').length;
  const left = outcomes.filter(({ status }) => status === 'left').length;
  const cutOff = outcomes.filter((one) => one.status === 'left' && one.cutOff === true).length;
  return new InterruptedError(
    signal,
    `Interrupted: ${counted(done, 'file')} uploaded, ${left} not${
      cutOff === 0 ? '' : `, of which ${cutOff} cut off on the way: the server may have taken them all the same`
    }`,
    'Type the same command again to go on; what is there is skipped',
  );
}

type Concluded = Found & { readonly options: UploadOptions; readonly tookMs: number };

/** The summary, and an error where not everything came about. */
function conclude(outcomes: readonly Outcome[], concluded: Concluded, context: CliContext): void {
  const { files, linksLeftOut, options, tookMs } = concluded;
  const count = (status: Outcome['status']): number => outcomes.filter((outcome) => outcome.status === status).length;
  const uploaded = new Set(outcomes.flatMap((one) => (one.status === 'uploaded' ? [one.file] : [])));
  const summary = {
    files: files.length + concluded.unreadable.length,
    uploaded: uploaded.size,
    skipped: count('skipped'),
    failed: count('failed'),
    left: count('left'),
    linksLeftOut,
    ...(options.dryRun === true ? { planned: count('planned') } : {}),
    uploadedBytes: bytesOf(files.filter(({ path }) => uploaded.has(path))),
    tookMs,
  };
  if (options.json === true) printJson(context.stdout, { data: outcomes, summary });
  else {
    const first =
      options.dryRun === true
        ? `${count('planned')} would be uploaded`
        : `${summary.uploaded} uploaded (${showBytes(summary.uploadedBytes)} in ${(tookMs / 1_000).toFixed(1)} s)`;
    const failed = options.dryRun === true ? 'would fail' : 'failed';
    const left = summary.left === 0 ? '' : `, ${summary.left} not tried`;
    const links = linksLeftOut === 0 ? '' : `, ${counted(linksLeftOut, 'symbolic link')} left out`;
    context.stdout.write(`${first}, ${summary.skipped} skipped, ${summary.failed} ${failed}${left}${links}\n`);
  }
  if (summary.failed + summary.left === 0) return;
  if (options.dryRun === true)
    throw new CommandError(
      `Upload must be able to take every file: ${summary.failed} of ${summary.files} would fail`,
      'See why above: rename them, make them readable, or leave them out by --exclude',
      exitCodes.failed,
    );
  throw new CommandError(
    `Upload must take every file: ${summary.failed} of ${summary.files} failed${summary.left === 0 ? '' : `, ${summary.left} were not tried`}`,
    'See why above; the same command then sends only what is missing',
    exitCodes.failed,
  );
}

function outcomeLine(outcome: Outcome, colours: Colours): string {
  const file = escapeControls(outcome.file);
  switch (outcome.status) {
    case 'uploaded':
      return `${colours.green('✓')} ${outcome.asset.id}  ${file}`;
    case 'skipped':
      return `${colours.dim('–')} ${file}  ${colours.dim(escapeControls(outcome.reason))}`;
    case 'planned':
      return `${colours.cyan('+')} ${file} → ${escapeControls(outcome.path)}  ${showBytes(outcome.bytes)}${
        outcome.versionOf === undefined ? '' : `  as a version of ${outcome.versionOf}`
      }`;
    case 'failed':
      return `${colours.red('✗')} ${file}  ${escapeControls(`${outcome.error.code}: ${outcome.error.message}`)}`;
    case 'left':
      return `  ${file}  not tried`;
    default:
      return outcome satisfies never;
  }
}
