/** The end of a full sync from the command line: complete it, wait for it, say why it waits. */
import type { SyncView, VanishedMode } from '../../app/sync-cases.ts';
import type { Client } from '../client.ts';
import type { CliContext } from '../context.ts';
import { CommandError } from '../error-report.ts';
import { createProgress } from '../output.ts';
import { askSteadily } from '../steady-ask.ts';

export type SyncEnd = {
  readonly vanished: VanishedMode;
  readonly dryRun?: boolean;
  readonly confirm?: boolean;
};

const pollMs = 300;

/** Completes and waits. Throws where the sync stopped for safety's sake. */
export async function finishSync(
  client: Client,
  { sync, options, unreadable }: { readonly sync: SyncView; readonly options: SyncEnd; readonly unreadable: number },
  context: CliContext,
): Promise<SyncView> {
  const { vanished, confirm = false } = options;
  const dryRun = options.dryRun === true;
  if (unreadable > 0 && vanished !== 'report' && !confirm && !dryRun)
    throw new CommandError(
      `A full sync must have read every line: ${unreadable} could not be read, and what they stand for would count as vanished`,
      `Mend them and import again, or go on with --confirm; the sync ${sync.id} waits`,
    );
  const body = { vanished, confirm, dryRun };
  // Said twice, it is completed once.
  await askSteadily(() => client.send('POST', `/v1/syncs/${sync.id}/complete`, body), context);
  const ended = await awaitSync(client, sync.id, context);
  if (ended.state === 'waiting' && !dryRun)
    throw new CommandError(
      ended.waitingFor ?? 'The sync waits',
      `See what vanished: assetwire syncs vanished ${ended.id}; go on: assetwire syncs complete ${ended.id} --vanished ${vanished} --confirm`,
    );
  return ended;
}

/** Until nothing is under way any more, with progress. */
export async function awaitSync(client: Client, id: string, context: CliContext): Promise<SyncView> {
  const progress = createProgress(context);
  try {
    for (;;) {
      const sync = await askSteadily(() => client.get<SyncView>(`/v1/syncs/${id}`), context);
      if (sync.state !== 'comparing' && sync.state !== 'applying') return sync;
      if (sync.state === 'comparing') progress.update(0, 1, `${sync.compared} compared, ${sync.vanished} vanished`);
      else progress.update(sync.applied + sync.kept, sync.vanished, `${sync.applied} of ${sync.vanished} done`);
      await new Promise<void>((resolve) => context.clock.timer(pollMs, resolve));
    }
  } finally {
    progress.end();
  }
}
