/** `assetwire metadata-fields`: definitions of custom metadata, how strictly they count, and what embedded fields become. */
import type { Command } from 'commander';
import { Argument, InvalidArgumentError, Option } from 'commander';
import type { MetadataFieldView, MetadataJobView } from '../../app/app.ts';
import { metadataFieldTypes, type MetadataOption, type MetadataRules } from '../../core/metadata-field.ts';
import type { MetadataMapping } from '../../core/metadata-mapping.ts';
import { defineMetadataJobs } from '../assets/metadata-jobs.ts';
import type { Client } from '../client.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { type PageOptions, withConnection, withExamples, withPage } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Column, createProgress, type PageAnswer, printFields, printJson, printPage } from '../output.ts';
import { refuseEmptyPatch } from '../patch.ts';
import { readTextFile } from '../read-text-file.ts';

type FieldOptions = ConnectionOptions & {
  readonly label?: string;
  readonly labels?: readonly string[];
  readonly description?: string;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly default?: unknown;
  readonly option?: readonly string[];
  readonly validation?: object;
  readonly replace?: readonly string[];
  readonly position?: number;
};

const path = '/v1/metadata-fields';

export function define(command: Command, context: CliContext): void {
  const name = (): Argument => new Argument('<name>', 'the field: its key under metadata');
  withPage(withConnection(command.command('list').description('list fields in their order')))
    .addOption(new Option('--type <type>', 'only these').choices(metadataFieldTypes))
    .action((options: ConnectionOptions & PageOptions & { type?: string }) => list(options, context));
  withConnection(command.command('show').description('show a field'))
    .addArgument(name())
    .action((field: string, options: ConnectionOptions) => show(field, options, context));
  withField(withConnection(command.command('create').description('define a field')))
    .addArgument(name())
    .addOption(new Option('--type <type>', 'of its values').choices(metadataFieldTypes).makeOptionMandatory())
    .action((field: string, options: FieldOptions & { type: string }) => create(field, options, context));
  withField(withConnection(command.command('update').description('change a field; name and type stay')))
    .addArgument(name())
    .addOption(new Option('--optional', 'not required any more'))
    .addOption(
      new Option('--replace <old=new...>', 'values of removed options that become others in assets; old= removes'),
    )
    .action((field: string, options: FieldOptions) => update(field, options, context));
  withConnection(command.command('delete').description('delete a definition'))
    .addArgument(name())
    .addOption(new Option('--remove-values', 'take its values out of the assets too'))
    .action((field: string, options: ConnectionOptions & { removeValues?: boolean }) =>
      remove(field, options, context),
    );
  withConnection(command.command('rules').description('show or change how strictly definitions are held to'))
    .addOption(new Option('--unknown-fields <rule>', 'fields that no definition names').choices(['accept', 'refuse']))
    .addOption(new Option('--from-elsewhere <rule>', 'pushed and reported misfits').choices(['note', 'refuse']))
    .action((options: ConnectionOptions & Partial<MetadataRules>) => rules(options, context));
  defineMappings(command, context);
  withExamples(command, [
    "assetwire metadata-fields create season --type select --option 'spring=Spring' autumn --labels de=Jahreszeit",
    'assetwire metadata-fields update season --option spring autumn --replace summer=spring',
    'assetwire metadata-fields set-mappings mappings.json',
    'assetwire metadata-fields apply-mappings --dry-run',
  ]);
}

function defineMappings(command: Command, context: CliContext): void {
  withConnection(
    command.command('mappings').description('show which embedded fields (EXIF, IPTC, XMP) become metadata'),
  ).action((options: ConnectionOptions) => showMappings(options, context));
  withConnection(command.command('set-mappings').description('say which embedded fields become metadata; replaces all'))
    .addArgument(new Argument('<file>', 'a JSON list of {"from", "to", "when", "transform"}; - is standard input'))
    .action((file: string, options: ConnectionOptions) => setMappings(file, options, context));
  withConnection(
    command.command('apply-mappings').description('apply them to the assets that are there, with progress'),
  )
    .addOption(new Option('--dry-run', 'only count'))
    .action((options: ConnectionOptions & { dryRun?: boolean }) => apply(options, context));
  defineMetadataJobs(command, context);
}

function withField(command: Command): Command {
  return command
    .addOption(new Option('--label <text>', 'what people read'))
    .addOption(new Option('--labels <language=text...>', 'what people read in other languages'))
    .addOption(new Option('--description <text>', 'what it is for'))
    .addOption(new Option('--required', 'new assets must have a value'))
    .addOption(new Option('--default <value>', 'what uploads get that say nothing; JSON or text').argParser(jsonOrText))
    .addOption(new Option('--option <value=label...>', 'the choices of a select, in order'))
    .addOption(
      new Option('--position <n>', 'where it stands among the fields, from 0; the last where absent').argParser(place),
    )
    .addOption(
      new Option('--validation <json>', 'bounds, such as {"minimum": 1, "whole": true}').argParser(jsonObject),
    );
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function place(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Wanted a number from 0.');
}

function jsonObject(text: string): object {
  const value = jsonOrText(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new InvalidArgumentError('Wanted a JSON object.');
}

/** What options say of a field. */
function said({
  label,
  labels,
  description,
  required,
  optional,
  default: value,
  option,
  validation,
  replace,
  position,
}: FieldOptions) {
  return {
    ...(label === undefined ? {} : { label }),
    ...(labels === undefined ? {} : { labels: Object.fromEntries(labels.map((pair) => pairOf(pair, '--labels'))) }),
    ...(description === undefined ? {} : { description }),
    ...(required === true ? { required } : optional === true ? { required: false } : {}),
    ...(value === undefined ? {} : { default: value }),
    ...(option === undefined ? {} : { options: option.map(optionOf) }),
    ...(validation === undefined ? {} : { validation }),
    ...(position === undefined ? {} : { position }),
    ...(replace === undefined ? {} : { replace: Object.fromEntries(replace.map(replacementOf)) }),
  };
}

function optionOf(text: string): MetadataOption {
  const at = text.indexOf('=');
  return at < 0 ? { value: text } : { value: text.slice(0, at), label: text.slice(at + 1) };
}

function replacementOf(text: string): readonly [string, string | null] {
  const [from, to] = pairOf(text, '--replace');
  return [from, to === '' ? null : to];
}

function pairOf(text: string, option: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  const message = `${option} must be of the form a=b: got ${JSON.stringify(text)}`;
  throw new CommandError(message, 'Add --help for more', exitCodes.usage);
}

const columns: readonly Column<MetadataFieldView>[] = [
  { title: 'FIELD', text: ({ name }) => name },
  { title: 'TYPE', text: ({ type }) => type },
  { title: 'REQUIRED', text: ({ required }) => (required ? 'yes' : 'no') },
  { title: 'LABEL', text: ({ label }) => label },
  { title: 'OPTIONS', text: ({ options = [] }) => options.map(({ value }) => value).join(', ') },
];

async function list(
  { limit, cursor, type, ...options }: ConnectionOptions & PageOptions & { readonly type?: string },
  context: CliContext,
): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<MetadataFieldView>>(path, { limit, cursor, type });
  printPage(context.stdout, page, { json: options.json, columns });
}

async function show(name: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  print(await connect(options, context).get<MetadataFieldView>(at(name)), options, context);
}

async function create(
  name: string,
  { type, ...options }: FieldOptions & { readonly type: string },
  context: CliContext,
): Promise<void> {
  const body = { name, type, ...said(options) };
  print(await connect(options, context).send<MetadataFieldView>('POST', path, body), options, context);
}

async function update(name: string, options: FieldOptions, context: CliContext): Promise<void> {
  const patch = said(options);
  refuseEmptyPatch(patch);
  print(await connect(options, context).send<MetadataFieldView>('PATCH', at(name), patch), options, context);
}

async function remove(
  name: string,
  { removeValues, ...options }: ConnectionOptions & { readonly removeValues?: boolean },
  context: CliContext,
): Promise<void> {
  await connect(options, context).send('DELETE', `${at(name)}${removeValues === true ? '?values=remove' : ''}`);
  if (options.json === true) printJson(context.stdout, { deleted: name });
  else context.stdout.write(`✓ ${name} is not defined any more\n`);
}

async function rules(
  { unknownFields, fromElsewhere, ...options }: ConnectionOptions & Partial<MetadataRules>,
  context: CliContext,
): Promise<void> {
  const patch = {
    ...(unknownFields === undefined ? {} : { unknownFields }),
    ...(fromElsewhere === undefined ? {} : { fromElsewhere }),
  };
  const client = connect(options, context);
  const now =
    Object.keys(patch).length === 0
      ? await client.get<MetadataRules>('/v1/metadata-rules')
      : await client.send<MetadataRules>('PATCH', '/v1/metadata-rules', patch);
  if (options.json === true) printJson(context.stdout, now);
  else
    printFields(context.stdout, [
      ['unknown fields', now.unknownFields],
      ['from elsewhere', now.fromElsewhere],
    ]);
}

type Mappings = { readonly mappings: readonly MetadataMapping[] };

async function showMappings(options: ConnectionOptions, context: CliContext): Promise<void> {
  printMappings(await connect(options, context).get<Mappings>('/v1/metadata-mappings'), options, context);
}

async function setMappings(file: string, options: ConnectionOptions, context: CliContext): Promise<void> {
  const value = jsonOrText(await readTextFile(file));
  const body = Array.isArray(value) ? { mappings: value } : value;
  if (typeof body !== 'object' || body === null)
    throw new CommandError(
      'The file must hold a JSON list: it does not',
      'Such as [{"from": "fields.title", "to": "info.title"}]',
      exitCodes.usage,
    );
  const client = connect(options, context);
  printMappings(await client.send<Mappings>('PUT', '/v1/metadata-mappings', body), options, context);
}

function printMappings(answer: Mappings, { json }: ConnectionOptions, { stdout }: CliContext): void {
  const page = { data: answer.mappings, nextCursor: null };
  if (json === true) return printJson(stdout, answer);
  printPage(stdout, page, {
    json,
    columns: [
      { title: 'FROM', text: ({ from }) => from },
      { title: 'TO', text: ({ to }) => to },
      { title: 'WHEN', text: ({ when }) => when ?? 'empty' },
      { title: 'TRANSFORM', text: ({ transform }) => transform ?? '' },
    ],
  });
}

async function apply(
  { dryRun = false, ...options }: ConnectionOptions & { readonly dryRun?: boolean },
  context: CliContext,
): Promise<void> {
  const client = connect(options, context);
  const begun = await client.send<MetadataJobView>('POST', '/v1/metadata-mappings/apply', { dryRun });
  const job = await awaitJob(client, begun, context);
  if (options.json === true) return printJson(context.stdout, job);
  const would = dryRun ? 'would change' : 'changed';
  context.stdout.write(`${job.looked} assets looked at, ${job.changed} ${would}, ${job.failed} could not be\n`);
}

const pollMs = 300;

async function awaitJob(client: Client, begun: MetadataJobView, context: CliContext): Promise<MetadataJobView> {
  const progress = createProgress(context);
  let job = begun;
  while (job.state === 'running') {
    await new Promise<void>((resolve) => context.clock.timer(pollMs, resolve));
    job = await client.get<MetadataJobView>(`/v1/metadata-jobs/${job.id}`);
    progress.update(0, 1, `${job.looked} looked at, ${job.changed} changed`);
  }
  progress.end();
  return job;
}

function at(name: string): string {
  return `${path}/${encodeURIComponent(name)}`;
}

function print(field: MetadataFieldView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, field);
  const rows: [string, string][] = [
    ['field', field.name],
    ['type', field.type],
    ['label', field.label],
    ['required', field.required ? 'yes' : 'no'],
  ];
  for (const [language, label] of Object.entries(field.labels ?? {})) rows.push([`label (${language})`, label]);
  if (field.description !== undefined) rows.push(['description', field.description]);
  if (field.default !== undefined) rows.push(['default', JSON.stringify(field.default)]);
  if (field.options !== undefined) rows.push(['options', field.options.map(({ value }) => value).join(', ')]);
  if (field.validation !== undefined) rows.push(['validation', JSON.stringify(field.validation)]);
  if (field.jobId !== undefined) rows.push(['assets follow', field.jobId]);
  printFields(stdout, rows);
}
