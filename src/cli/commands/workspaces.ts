/** `assetwire workspaces`: create, list, show, update, erase. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { WorkspaceView } from '../../app/people.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { printFields, printJson, printPage, showBytes, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';
import { parseBytes } from '../../runtime/setting-values.ts';
import { refuseEmptyPatch, switchPatch } from '../patch.ts';
import type { SwitchOptions } from '../patch.ts';

type CreateOptions = ConnectionOptions & { readonly name?: string; readonly parent?: string };
type UpdateOptions = ConnectionOptions &
  SwitchOptions & { readonly bytesMax?: string; readonly filesMax?: string; readonly changesPerSecondMax?: string };
type ListOptions = ConnectionOptions & PageOptions & { readonly state?: string; readonly parent?: string };

export function define(command: Command, context: CliContext): void {
  const id = (): Argument => new Argument('<id>', 'the workspace');
  withConnection(command.command('create').description('make a workspace: a tenant of its own'))
    .addArgument(new Argument('<id>', 'lower-case letters, digits and hyphens'))
    .addOption(new Option('--name <name>', 'what people call it; the id where absent'))
    .addOption(new Option('--parent <id>', 'the workspace it is an environment of'))
    .action((workspace: string, options: CreateOptions) => create(workspace, options, context));
  withPage(withConnection(command.command('list').description('list workspaces')))
    .addOption(new Option('--state <state>', 'only those in this state').choices(['active', 'disabled', 'erasing']))
    .addOption(new Option('--parent <id>', 'only the environments of this workspace'))
    .action((options: ListOptions) => list(options, context));
  withConnection(
    command.command('show').description('show a workspace, what it holds and may, and how far its erasure is'),
  )
    .addArgument(id())
    .action(async (workspace: string, options: ConnectionOptions) =>
      show(await connect(options, context).get<WorkspaceView>(at(workspace)), options, context),
    );
  withConnection(command.command('update').description('rename, disable or enable a workspace, or set its quota'))
    .addArgument(id())
    .addOption(new Option('--name <name>', 'another name'))
    .addOption(new Option('--disable', 'let nobody in; deliveries that are owed go on').conflicts('enable'))
    .addOption(new Option('--enable', 'let its people in again'))
    .addOption(new Option('--bytes-max <size>', 'how much of files it may hold, such as 500GiB; none: no bound'))
    .addOption(new Option('--files-max <count>', 'how many files it may hold; none: no bound'))
    .addOption(new Option('--changes-per-second-max <count>', 'how many changes a second it may write; none: no bound'))
    .action((workspace: string, options: UpdateOptions) => update(workspace, options, context));
  withConnection(command.command('erase').description('erase a workspace with everything in it; cannot be undone'))
    .addArgument(id())
    .addOption(new Option('--confirm <id>', 'the id once more; a terminal asks for it where absent'))
    .action((workspace: string, options: ConnectionOptions & { confirm?: string }) =>
      erase(workspace, options, context),
    );
  withExamples(command, [
    'assetwire workspaces create acme --name "Acme Ltd"',
    'assetwire workspaces create acme-sandbox --parent acme',
    'assetwire workspaces list --parent acme',
    'assetwire webhooks list --workspace acme',
    'assetwire workspaces update acme --bytes-max 500GiB',
    'assetwire workspaces update acme --changes-per-second-max 200',
    'assetwire workspaces erase acme --confirm acme',
  ]);
}

function at(id: string): string {
  return `/v1/workspaces/${encodeURIComponent(id)}`;
}

async function create(
  id: string,
  { name = id, parent, ...options }: CreateOptions,
  context: CliContext,
): Promise<void> {
  const input = { id, name, ...(parent === undefined ? {} : { parent }) };
  show(await connect(options, context).send<WorkspaceView>('POST', '/v1/workspaces', input), options, context);
}

async function list({ limit, cursor, state, parent, ...options }: ListOptions, context: CliContext): Promise<void> {
  const query = { limit, cursor, state, parent };
  const page = await connect(options, context).get<PageAnswer<WorkspaceView>>('/v1/workspaces', query);
  const columns = [
    { title: 'WORKSPACE', text: ({ id }: WorkspaceView) => id },
    { title: 'NAME', text: ({ name }: WorkspaceView) => name },
    { title: 'ENVIRONMENT OF', text: ({ parent: of = '' }: WorkspaceView) => of },
    { title: 'STATE', text: ({ state: now }: WorkspaceView) => now },
    { title: 'CREATED', text: ({ createdAtMs }: WorkspaceView) => showTime(createdAtMs) },
  ];
  printPage(context.stdout, page, { json: options.json, columns });
}

function show(
  { id, name, parent, state, createdAtMs, erasure, usage, quota }: WorkspaceView,
  { json }: ConnectionOptions,
  { stdout }: CliContext,
): void {
  if (json === true) {
    return printJson(stdout, {
      id,
      name,
      state,
      createdAtMs,
      ...(parent === undefined ? {} : { parent }),
      ...(usage === undefined ? {} : { usage }),
      ...(quota === undefined ? {} : { quota }),
      ...(erasure === undefined ? {} : { erasure }),
    });
  }
  printFields(stdout, [
    ['workspace', id],
    ['name', name],
    ...(parent === undefined ? [] : ([['parent', parent]] as const)),
    ['state', erasure === undefined ? state : `${state}: ${erasure.phase}, ${erasure.rowsRemoved} rows removed`],
    ['created', showTime(createdAtMs)],
    ...(usage === undefined ? [] : ([['holds', holds(usage, quota)]] as const)),
    ...writes(quota),
  ]);
}

function holds({ files, bytes }: NonNullable<WorkspaceView['usage']>, quota: WorkspaceView['quota']): string {
  const { filesMax = null, bytesMax = null } = quota ?? {};
  const of = (most: string | null): string => (most === null ? '' : ` of ${most}`);
  return `${files}${of(filesMax === null ? null : String(filesMax))} files, ${showBytes(bytes)}${of(bytesMax === null ? null : showBytes(bytesMax))}`;
}

function writes(quota: WorkspaceView['quota']): readonly (readonly [string, string])[] {
  const { changesPerSecondMax = null } = quota ?? {};
  return changesPerSecondMax === null ? [] : [['writes', `at most ${changesPerSecondMax} changes a second`]];
}

async function update(id: string, options: UpdateOptions, context: CliContext): Promise<void> {
  const quota = {
    ...(options.bytesMax === undefined ? {} : { bytesMax: boundOf('--bytes-max', options.bytesMax) }),
    ...(options.filesMax === undefined ? {} : { filesMax: boundOf('--files-max', options.filesMax) }),
    ...(options.changesPerSecondMax === undefined ? {} : { changesPerSecondMax: rateOf(options.changesPerSecondMax) }),
  };
  const patch = { ...switchPatch(options), ...(Object.keys(quota).length === 0 ? {} : { quota }) };
  refuseEmptyPatch(patch);
  show(await connect(options, context).send<WorkspaceView>('PATCH', at(id), patch), options, context);
}

/** Null: `none`, no bound. */
function boundOf(option: string, text: string): number | null {
  if (text === 'none') return null;
  const parsed = parseBytes({ min: 0, max: 2 ** 50 }, text);
  if ('value' in parsed && typeof parsed.value === 'number') return parsed.value;
  throw new CommandError(
    `${option} must be a number, such as 500GiB, or none: found "${text.slice(0, 40)}"`,
    'Leave it out to let it be as it is',
    exitCodes.usage,
  );
}

/** Null: `none`, no bound. */
function rateOf(text: string): number | null {
  if (text === 'none') return null;
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new CommandError(
    `--changes-per-second-max must be a whole number of at least 1, such as 200, or none: found "${text.slice(0, 40)}"`,
    'Leave it out to let it be as it is',
    exitCodes.usage,
  );
}

/** What cannot be undone is typed twice. */
async function erase(
  id: string,
  { confirm, ...options }: ConnectionOptions & { readonly confirm?: string },
  context: CliContext,
): Promise<void> {
  const typed = confirm ?? (await context.ask?.(`Everything in ${id} will be gone. Type its id to go on: `));
  if (typed?.trim() !== id)
    throw new CommandError(
      'Erasure must be confirmed with the id: nothing was erased',
      `Add --confirm ${id}`,
      exitCodes.usage,
    );
  show(await connect(options, context).send<WorkspaceView>('DELETE', at(id), { confirm: id }), options, context);
}
