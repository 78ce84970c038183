/** `assetwire settings`: what the workspace and, for admins, the server run with. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import type { ProcessSetting, WorkspaceSettings } from '../../app/people.ts';
import { connect, type ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { printFields, printJson, printTable, showBytes, showTime } from '../output.ts';
import type { SpaceRow } from '../../core/space.ts';
import type { SpaceView } from '../../app/space.ts';
import { refuseEmptyPatch } from '../patch.ts';

type Settings = {
  readonly version: string;
  readonly startedAtMs: number;
  readonly publicUrl: string;
  readonly workspace: WorkspaceSettings;
  readonly process: readonly ProcessSetting[];
};

type SetOptions = ConnectionOptions & { readonly set?: readonly (readonly [string, unknown])[] };

export function define(command: Command, context: CliContext): void {
  withConnection(command.command('show').description('show the settings; secrets are never shown')).action(
    (options: ConnectionOptions) => show(options, context),
  );
  withConnection(command.command('update').description("change the workspace's own settings"))
    .addOption(
      new Option('--set <name=value...>', 'a setting as show names it; values are JSON or text').argParser(readPair),
    )
    .action((options: SetOptions) => update(options, context));
  withConnection(
    command.command('space').description('what the database holds and how much space it takes (admin keys)'),
  ).action((options: ConnectionOptions) => space(options, context));
  withExamples(command, [
    'assetwire settings show',
    'assetwire settings space',
    `assetwire settings update --set noticeDays=30 --set 'contacts=["ops@example.com"]'`,
  ]);
}

function readPair(
  text: string,
  before: readonly (readonly [string, unknown])[] = [],
): readonly (readonly [string, unknown])[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Wanted name=value.');
  return [...before, [text.slice(0, at), valueOf(text.slice(at + 1))]];
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function show(options: ConnectionOptions, context: CliContext): Promise<void> {
  const { stdout } = context;
  const settings = await connect(options, context).get<Settings>('/v1/settings');
  if (options.json === true) return printJson(stdout, settings);
  printFields(stdout, [
    ['version', settings.version],
    ['started', showTime(settings.startedAtMs)],
    ['public URL', settings.publicUrl],
  ]);
  stdout.write('\n');
  printWorkspace(settings.workspace, context);
  if (settings.process.length === 0) return;
  stdout.write('\n');
  printTable(
    stdout,
    [
      { title: 'SETTING', text: ({ variable }: ProcessSetting) => variable },
      { title: 'VALUE', text: ({ value }) => value },
      { title: 'FROM', text: ({ source }) => source },
    ],
    settings.process,
  );
}

async function update({ set = [], ...options }: SetOptions, context: CliContext): Promise<void> {
  const patch = Object.fromEntries(set);
  refuseEmptyPatch(patch);
  const workspace = await connect(options, context).send<WorkspaceSettings>('PATCH', '/v1/settings', patch);
  if (options.json === true) printJson(context.stdout, workspace);
  else printWorkspace(workspace, context);
}

function printWorkspace(workspace: WorkspaceSettings, { stdout }: CliContext): void {
  const rows = Object.entries(workspace).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  printFields(stdout, rows);
}

async function space(options: ConnectionOptions, context: CliContext): Promise<void> {
  const { stdout } = context;
  const found = await connect(options, context).get<SpaceView>('/v1/space');
  if (options.json === true) return printJson(stdout, found);
  printTable(
    stdout,
    [
      { title: 'KIND', text: ({ kind }: SpaceRow) => kind },
      { title: 'ROWS', text: ({ kind, rows }) => (kind === 'free' || kind === 'search' ? '' : String(rows)) },
      { title: 'SPACE', text: ({ bytes }) => showBytes(bytes) },
      { title: 'SINCE', text: ({ sinceMs }) => (sinceMs === null ? '' : showTime(sinceMs)) },
    ],
    found.kinds,
  );
  const all = found.kinds.reduce((sum, { bytes }) => sum + bytes, 0);
  stdout.write('\n');
  printFields(stdout, [
    ['database', showBytes(all)],
    ['files', `${found.files.count}, ${showBytes(found.files.bytes)}`],
    ...(found.keptForDays === null ? [] : [['kept', `${found.keptForDays} days once ended`] as const]),
  ]);
}
