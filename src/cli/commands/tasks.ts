/** `assetwire tasks`: list, show, wait. */
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { TaskView } from '../../app/app.ts';
import { connect } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { withConnection, withExamples, withPage } from '../connection-options.ts';
import type { PageOptions } from '../connection-options.ts';
import type { CliContext } from '../context.ts';
import { printFields, printJson, printPage, showTime } from '../output.ts';
import type { PageAnswer } from '../output.ts';
import { watchTask } from '../watch-task.ts';

type ListOptions = ConnectionOptions & PageOptions & { readonly state?: string };

export function define(command: Command, context: CliContext): void {
  const id = (): Argument => new Argument('<id>', 'the task, such as tsk_01…');
  withPage(withConnection(command.command('list').description('list tasks, newest first')))
    .addOption(new Option('--state <state>', 'only those in this state').choices(['running', 'done']))
    .action((options: ListOptions) => list(options, context));
  withConnection(command.command('show').description('show how far a task is'))
    .addArgument(id())
    .action(async (task: string, options: ConnectionOptions) =>
      show(await connect(options, context).get<TaskView>(at(task)), options, context),
    );
  withConnection(command.command('wait').description('wait until a task is done'))
    .addArgument(id())
    .action(async (task: string, options: ConnectionOptions) => {
      const client = connect(options, context);
      show(await watchTask(client, await client.get<TaskView>(at(task)), context), options, context);
    });
  withExamples(command, [
    'assetwire tasks list --state running',
    'assetwire tasks wait tsk_01kan4c4q0edkxrmnr6dgk2vfp',
  ]);
}

function at(id: string): string {
  return `/v1/tasks/${encodeURIComponent(id)}`;
}

async function list({ limit, cursor, state, ...options }: ListOptions, context: CliContext): Promise<void> {
  const page = await connect(options, context).get<PageAnswer<TaskView>>('/v1/tasks', { limit, cursor, state });
  printPage<TaskView>(context.stdout, page, {
    json: options.json,
    columns: [
      { title: 'TASK', text: (task) => task.id },
      { title: 'KIND', text: ({ kind }) => kind },
      { title: 'STATE', text: (task) => task.state },
      { title: 'ASSETS', align: 'right', text: ({ done, total }) => `${done}/${total}` },
      { title: 'STARTED', text: ({ createdAtMs }) => showTime(createdAtMs) },
      {
        title: 'ABOUT',
        text: ({ subject, from, to }) => [from, to].filter((one) => one !== undefined).join(' → ') || subject,
      },
    ],
  });
}

function show(task: TaskView, { json }: ConnectionOptions, { stdout }: CliContext): void {
  if (json === true) return printJson(stdout, task);
  printFields(stdout, [
    ['task', task.id],
    ['kind', task.kind],
    ['about', task.subject],
    ['state', task.state],
    ['assets', `${task.done} of ${task.total}`],
    ...(task.from === undefined ? [] : [['from', task.from] as const]),
    ...(task.to === undefined ? [] : [['to', task.to] as const]),
    ['started', showTime(task.createdAtMs)],
    ['ended', task.endedAtMs === undefined ? 'not yet' : showTime(task.endedAtMs)],
  ]);
}
