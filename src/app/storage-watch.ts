/**
 * Tells people that the store cannot be written. While it cannot, nothing can be stored about it either: whoever watches
 * is told at once, and the contacts of `default` by mail without a duty behind it. Once it can again, a notice says from
 * when to when.
 */
import type { Clock, Timer } from '../runtime/clock.ts';
import type { AppDeps } from './dependencies.ts';
import type { LiveHub } from './live.ts';
import { mailOf } from './notice-mail.ts';
import { raiseNotice } from './notices.ts';
import type { NoticeView } from './people.ts';
import { readWorkspaceSettings } from './workspace-settings.ts';
import type { Committer } from './committer.ts';

export const storageLookEveryMs = 5_000;

export type StorageWatchDeps = Pick<AppDeps, 'storage' | 'ids' | 'logger' | 'mailer' | 'settings'> & {
  readonly clock: Clock;
  readonly committer: Committer;
  readonly live: Pick<LiveHub, 'noticed'>;
};

type Trouble = { readonly state: 'full' | 'failed'; readonly sinceMs: number };

export function createStorageWatch(deps: StorageWatchDeps): { start(): void; stop(): void } {
  const { storage, clock, logger } = deps;
  let trouble: Trouble | null = null;
  let timer: Timer | null = null;
  let stopped = false;

  const look = async (): Promise<void> => {
    const { state } = storage.health();
    if (state === 'full' || state === 'failed') {
      if (trouble !== null) return;
      trouble = { state, sinceMs: clock.nowMs() };
      logger.error('storage.trouble', { state });
      await tellAtOnce(deps, trouble);
    } else if (state === 'ok' && trouble !== null) {
      const { state: was, sinceMs } = trouble;
      await raiseNotice(deps, 'default', {
        notice: {
          kind: 'storage.trouble',
          severity: 'error',
          subject: 'storage:store',
          text: `${textOf(was)} from ${iso(sinceMs)} to ${iso(clock.nowMs())}; it can again`,
          details: { state: was, fromMs: sinceMs, toMs: clock.nowMs() },
        },
      });
      trouble = null;
    }
  };

  const arm = (): void => {
    timer = clock.timer(storageLookEveryMs, () => {
      look()
        .catch((error: unknown) => logger.warn('storage.watch_failed', { error }))
        .finally(() => {
          if (!stopped) arm();
        });
    });
  };
  return {
    start: arm,
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

async function tellAtOnce(deps: StorageWatchDeps, { state, sinceMs }: Trouble): Promise<void> {
  const { storage, ids, live, mailer, settings, logger } = deps;
  const notice: NoticeView = {
    id: ids.next('notice'),
    atMs: sinceMs,
    kind: 'storage.trouble',
    severity: 'error',
    subject: 'storage:store',
    text: `${textOf(state)} since ${iso(sinceMs)}: nothing is accepted until it can`,
    details: { state, fromMs: sinceMs },
    acknowledged: false,
    acknowledgedAtMs: null,
    acknowledgedBy: null,
    mail: null,
  };
  live.noticed('default', notice);
  if (mailer === null) return;
  const { contacts, mailFrom } = await readWorkspaceSettings(storage, 'default');
  if (mailFrom === 'none') return;
  const publicUrl = settings.publicUrl();
  for (const to of contacts) {
    try {
      await mailer.send(mailOf({ notice, workspaceId: 'default', to, publicUrl }));
    } catch (error) {
      // There is nothing to keep it in for another try: the others are told all the same.
      logger.warn('storage.mail_failed', { error });
    }
  }
}

function textOf(state: Trouble['state']): string {
  return state === 'full' ? 'The disk is full: the store cannot be written' : 'The store cannot be written';
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
