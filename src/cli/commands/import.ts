/** `assetwire import`: the states of very many assets out of a file, in batches, with progress; it goes on where it stopped. */
import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import { type SyncView, vanishedModes, type VanishedMode } from '../../app/sync-cases.ts';
import { counted } from '../../core/counted.ts';
import type { MetadataField } from '../../core/metadata-field.ts';
import type { Client } from '../client.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { countUpTo, withConnection, withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { csvMapping } from '../import/csv-mapping.ts';
import { type Journal, type JournalEntry, nothingYet, openJournal } from '../import/journal.ts';
import { type Pushed, pushRecords } from '../import/push-records.ts';
import { countOne, type Tally, troubleOf } from '../import/tally.ts';
import {
  csvRecords,
  type ImportFormat,
  jsonRecords,
  openFile,
  type ReadRecord,
  unreadable,
} from '../import/read-records.ts';
import { finishSync } from '../import/sync-run.ts';
import { InterruptedError, interruptible, interruptionOf } from '../interrupt.ts';
import { createProgress, printJson, type PageAnswer } from '../output.ts';

export type ImportOptions = ConnectionOptions & {
  readonly format?: ImportFormat;
  readonly delimiter: string;
  readonly listSeparator: string;
  readonly map?: readonly string[];
  readonly others: 'refuse' | 'ignore' | 'metadata';
  readonly atOnce: number;
  readonly errors?: string;
  readonly restart?: boolean;
  readonly dryRun?: boolean;
  readonly sync?: string;
  readonly vanished: VanishedMode;
  readonly confirm?: boolean;
};

export function define(command: Command, context: CliContext): void {
  withConnection(command)
    .addArgument(
      new Argument('<file>', 'full states: one JSON object per line, or CSV with a header; - is standard input'),
    )
    .addOption(new Option('--format <format>', 'what the file holds; else by its name').choices(['ndjson', 'csv']))
    .addOption(new Option('--map <column=field...>', "columns of a CSV by field: 'Asset ID=externalId'"))
    .addOption(
      new Option('--others <rule>', 'what becomes of columns that are no field')
        .choices(['refuse', 'ignore', 'metadata'])
        .default('refuse'),
    )
    .addOption(new Option('--delimiter <character>', 'between the columns of a CSV').default(','))
    .addOption(new Option('--list-separator <text>', 'between the items of a list in a cell').default('|'))
    .addOption(
      new Option('--at-once <count>', 'batches under way at the same time').default(3).argParser(countUpTo(16)),
    )
    .addOption(new Option('--errors <file>', 'where lines that could not be taken are told; else FILE.errors.ndjson'))
    .addOption(new Option('--restart', 'begin anew where an earlier run stopped on the way'))
    .addOption(new Option('--dry-run', 'only say what would change, by kind'))
    .addOption(new Option('--sync <source>', 'the file is all that this source has: find what vanished from it'))
    .addOption(
      new Option('--vanished <what>', 'with --sync: what becomes of assets that vanished')
        .choices(vanishedModes)
        .default('report'),
    )
    .addOption(
      new Option('--confirm', 'with --sync: go on although more than a fifth vanished, or lines were unreadable'),
    )
    .action(async (file: string, options: ImportOptions) => runImport(file, options, context));
  withExamples(command, [
    'assetwire import assets.ndjson',
    'assetwire import assets.ndjson --dry-run',
    "assetwire import export.csv --map 'Asset ID=externalId' --others metadata",
    'assetwire import all.ndjson --sync old-dam --vanished archive',
  ]);
  command.addHelpText(
    'after',
    '\nA state names its asset by externalId, and has the fields of PUT /v1/assets: name, path, tags, info, metadata, file … An import that was interrupted goes on where it stopped when the same command is typed again (FILE.import-progress.json says where). Exit code 1: a line could not be taken.',
  );
}

type Import = {
  readonly file: string;
  readonly options: ImportOptions;
  readonly client: Client;
  readonly journal: Journal;
  readonly tally: Tally;
  readonly sync: SyncView | null;
};

const saveEveryMs = 1_000;

async function runImport(file: string, options: ImportOptions, context: CliContext): Promise<void> {
  const format = options.format ?? formatOf(file);
  const client = connect(options, context);
  const total = sizeOf(file);
  const dryRun = options.dryRun === true;
  const journal = openJournal({
    file,
    errorsFile: options.errors ?? (file === '-' ? 'import.errors.ndjson' : `${file}.errors.ndjson`),
    purpose: JSON.stringify([client.url, options.workspace, format, options.map, options.others, options.sync]),
    restart: options.restart === true,
    forgetful: dryRun || file === '-',
  });
  const startedAtMs = context.clock.monotonicMs();
  const { found, sync } = await begin(client, journal, { options, dryRun });
  if (found.records > 0) context.stderr.write(`going on behind ${counted(found.records, 'record')}\n`);
  const tally: Tally = { records: found.records, counts: { ...found.counts }, kinds: { ...found.kinds } };
  const job: Import = { file, options, client, journal, tally, sync };
  await interruptible(context, async ({ signal }) => {
    await send(job, { format, total, signal, dryRun, skip: found.records }, context);
    const interruption = interruptionOf(signal);
    if (interruption !== null) throw toldInterruption(interruption, tally);
  });
  const ended =
    sync === null ? null : await finishSync(client, { sync, options, unreadable: tally.counts.unreadable }, context);
  // A dry run leaves no sync behind that others would take for a real one.
  if (sync !== null && dryRun) await client.send('DELETE', `/v1/syncs/${sync.id}`);
  journal.remove();
  const tookMs = Math.round(context.clock.monotonicMs() - startedAtMs);
  conclude(job, { ended, tookMs, sent: tally.records - found.records }, context);
}

/** Where to go on, and the sync it belongs to: one that has ended meanwhile is begun anew. */
async function begin(
  client: Client,
  journal: Journal,
  { options, dryRun }: { readonly options: ImportOptions; readonly dryRun: boolean },
): Promise<{ readonly found: JournalEntry; readonly sync: SyncView | null }> {
  const found = journal.found ?? nothingYet;
  if (options.sync === undefined) return { found, sync: null };
  const sync = await client.send<SyncView>('POST', '/v1/syncs', { source: options.sync, resume: !dryRun });
  return { found: found.sync === sync.id ? found : nothingYet, sync };
}

type Sending = {
  readonly format: ImportFormat;
  readonly total: number | null;
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
  /** Records that an earlier run has brought in. */
  readonly skip: number;
};

async function send(
  { file, options, client, journal, tally, sync }: Import,
  { format, total, signal, dryRun, skip }: Sending,
  context: CliContext,
): Promise<void> {
  const { clock } = context;
  const progress = createProgress(context);
  const startedAtMs = clock.monotonicMs();
  let savedAtMs = startedAtMs;
  const save = (): void => {
    savedAtMs = clock.monotonicMs();
    journal.save({ ...tally, sync: sync?.id ?? null });
  };
  const onAnswered = (pushed: readonly Pushed[]): void => {
    journal.errors(pushed.flatMap((one) => countOne(tally, one)));
    if (clock.monotonicMs() - savedAtMs > saveEveryMs) save();
    const bytes = pushed.at(-1)?.record.bytes ?? 0;
    const perSecond = ((tally.records - skip) / Math.max(1, clock.monotonicMs() - startedAtMs)) * 1_000;
    const what = `${tally.records} states, ${Math.round(perSecond)}/s${troubleOf(tally)}`;
    progress.update(total === null ? 0 : bytes, total ?? 1, what);
  };
  try {
    const records = skipping(await recordsOf(file, { format, options, client }), skip);
    await pushRecords(records, {
      client,
      clock,
      atOnce: options.atOnce,
      dryRun,
      sync: sync?.id ?? null,
      signal,
      onAnswered,
    });
  } catch (error) {
    if (error instanceof Error && 'syscall' in error && file !== '-') throw unreadable(file, error);
    throw error;
  } finally {
    progress.end();
    save();
  }
}

async function recordsOf(
  file: string,
  {
    format,
    options,
    client,
  }: { readonly format: ImportFormat; readonly options: ImportOptions; readonly client: Client },
): Promise<AsyncGenerator<ReadRecord>> {
  const source = openFile(file);
  if (format === 'ndjson') return jsonRecords(source);
  const fields = await definedFields(client);
  const { map = [], others, listSeparator, delimiter } = options;
  return csvRecords(source, {
    delimiter,
    mapping: (header) => csvMapping(header, { map, others, listSeparator, fields }),
  });
}

async function definedFields(client: Client): Promise<ReadonlyMap<string, MetadataField>> {
  const { data } = await client.get<PageAnswer<MetadataField>>('/v1/metadata-fields', { limit: 1_000 });
  return new Map(data.map((field) => [field.name, field]));
}

async function* skipping(records: AsyncGenerator<ReadRecord>, count: number): AsyncGenerator<ReadRecord> {
  let left = count;
  for await (const record of records) {
    if (left > 0) left -= 1;
    else yield record;
  }
}

type Ending = { readonly ended: SyncView | null; readonly tookMs: number; readonly sent: number };

/** The summary, and an error where not every line was taken. */
function conclude({ options, journal, tally }: Import, { ended, tookMs, sent }: Ending, { stdout }: CliContext): void {
  const { counts, kinds, records } = tally;
  const wrong = counts.rejected + counts.unreadable;
  const dryRun = options.dryRun === true;
  const perSecond = Math.round((sent / Math.max(1, tookMs)) * 1_000);
  if (options.json === true) {
    const errorsFile = wrong === 0 ? null : journal.errorsFile;
    const synced = ended === null ? {} : { sync: ended };
    printJson(stdout, {
      dryRun,
      records,
      ...counts,
      changes: kinds,
      statesPerSecond: perSecond,
      tookMs,
      errorsFile,
      ...synced,
    });
  } else {
    const would = dryRun ? 'would be ' : '';
    stdout.write(
      `${counted(records, 'state')}: ${counts.created} ${would}created, ${counts.updated} ${would}updated, ${counts.unchanged} unchanged, ${counts.stale} stale, ${wrong} not taken (${(tookMs / 1_000).toFixed(1)} s, ${perSecond}/s)\n`,
    );
    for (const [kind, count] of Object.entries(kinds).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      stdout.write(`  ${String(count).padStart(8)}  ${kind}\n`);
    if (ended !== null) stdout.write(`${syncLine(ended, dryRun)}\n`);
  }
  if (wrong === 0) return;
  throw new CommandError(
    `Import must take every line: ${wrong} of ${records} could not be taken`,
    `See why, line by line: ${journal.errorsFile}`,
    exitCodes.failed,
  );
}

function syncLine({ vanished, applied, kept, mode, compared, source }: SyncView, dryRun: boolean): string {
  const found = `${vanished} of ${compared} assets of ${source} vanished`;
  if (dryRun || mode === 'report' || vanished === 0) return `${found}`;
  return `${found}: ${applied} ${mode === 'archive' ? 'archived' : 'deleted'}, ${kept} left because they changed meanwhile`;
}

function toldInterruption({ signal }: InterruptedError, { records }: Tally): InterruptedError {
  return new InterruptedError(
    signal,
    `Interrupted: ${counted(records, 'state')} taken`,
    'Type the same command again to go on there',
  );
}

function formatOf(file: string): ImportFormat {
  if (/\.(csv|tsv)$/i.test(file)) return 'csv';
  if (file === '-' || /\.(ndjson|jsonl|json)$/i.test(file)) return 'ndjson';
  throw new CommandError(
    `The name of the file must tell what it holds: ${JSON.stringify(file)} does not`,
    'Add --format ndjson or --format csv',
    exitCodes.usage,
  );
}

function sizeOf(file: string): number | null {
  if (file === '-') return null;
  try {
    return statSync(file).size;
  } catch (error) {
    throw unreadable(file, error);
  }
}
