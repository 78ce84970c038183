/** What a command says of work that may go on by itself. */
import { Option } from 'commander';
import type { TaskView } from '../app/app.ts';
import type { Client } from './client.ts';
import type { CliContext } from './context.ts';
import { printJson } from './output.ts';
import { watchTask } from './watch-task.ts';

export type WaitOptions = { readonly wait: boolean; readonly json?: boolean };

export function noWait(): Option {
  return new Option('--no-wait', 'do not wait for a task; see: assetwire tasks show');
}

type Outcome = {
  readonly client: Client;
  /** What the server answered; with a task where it goes on. */
  readonly answer: { readonly task?: TaskView };
  /** What is said once it is done. */
  readonly done: string;
};

/** Says what was done, after waiting for the task where there is one and it is wished. */
export async function tellOutcome(
  { client, answer, done }: Outcome,
  { wait, json }: WaitOptions,
  context: CliContext,
): Promise<void> {
  const { task } = answer;
  const ended = task === undefined || !wait ? task : await watchTask(client, task, context);
  if (json === true) return printJson(context.stdout, ended === undefined ? answer : { ...answer, task: ended });
  if (ended === undefined) context.stdout.write(`✓ ${done}\n`);
  else if (ended.state === 'done') context.stdout.write(`✓ ${done}; ${ended.done} assets\n`);
  else context.stdout.write(`✓ ${done}; ${ended.total} assets follow: assetwire tasks show ${ended.id}\n`);
}
