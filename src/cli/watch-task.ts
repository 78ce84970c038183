/** Follows a task to its end, with progress on a terminal. */
import type { TaskView } from '../app/app.ts';
import type { Client } from './client.ts';
import type { CliContext } from './context.ts';
import { createProgress } from './output.ts';
import { askSteadily } from './steady-ask.ts';

const pollMs = 250;

export async function watchTask(client: Client, started: TaskView, context: CliContext): Promise<TaskView> {
  const progress = createProgress(context);
  let task = started;
  try {
    for (;;) {
      progress.update(task.done, task.total, `${task.done} of ${task.total} assets`);
      if (task.state === 'done') return task;
      await new Promise<void>((resolve) => context.clock.timer(pollMs, resolve));
      const { id } = task;
      task = await askSteadily(() => client.get<TaskView>(`/v1/tasks/${encodeURIComponent(id)}`), context);
    }
  } finally {
    progress.end();
  }
}
