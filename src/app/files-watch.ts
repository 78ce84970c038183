/**
 * Tells people that files can be neither stored nor read: a place of files that is elsewhere (S3, a shared disk) may be away
 * for long while changes and deliveries go on. The process stays ready, since only some requests need files; what can be seen
 * is a check of `/readyz`, a number, lines of the log, and after a minute a notice, with another one when it is over.
 */
import type { FilesHealth, WatchedBlobs } from '../blobs/blobs.ts';
import { AssetwireError } from '../core/errors.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type Notice, raiseNotice } from './notices.ts';

export const filesWatchLimits = {
  probeEveryMs: 15_000,
  /** A store that does not answer for some seconds is no news. */
  toldAfterMs: 60_000,
} as const;

const hourMs = 3_600_000;

export type FilesWatchDeps = Pick<AppDeps, 'ids' | 'logger'> & {
  readonly clock: Pick<Clock, 'nowMs' | 'timer'>;
  readonly committer: Committer;
  /** Absent: nothing is known of it, and nothing is told. */
  readonly files?: Pick<WatchedBlobs, 'health' | 'probe'> | undefined;
  /** What has to be done once when files can be reached, whether that is at the start or later. */
  readonly reached: () => Promise<void>;
};

type Failing = Exclude<FilesHealth, { state: 'ok' }>;

export type FilesWatch = { start(): Promise<void>; stop(): void };

export function createFilesWatch(deps: FilesWatchDeps): FilesWatch {
  const { files, clock, logger } = deps;
  let trouble: Failing | null = null;
  let told = false;
  let owed = true;
  let timer: Timer | null = null;
  let stopped = false;

  const reach = async (): Promise<void> => {
    if (!owed) return;
    try {
      await deps.reached();
      owed = false;
    } catch (error) {
      // It went away in this moment: `look` comes back.
      if (files === undefined || !isAway(error)) throw error;
    }
  };

  const look = async (): Promise<void> => {
    const health = files?.health() ?? { state: 'ok' };
    if (health.state === 'ok') {
      await reach();
      if (trouble === null) return;
      const was = trouble;
      trouble = null;
      logger.info('files.well', { code: was.code, sinceMs: was.sinceMs, forMs: clock.nowMs() - was.sinceMs });
      if (told) await tell(deps, over(was, clock.nowMs()));
      told = false;
      return;
    }
    const { code, detail, sinceMs } = health;
    if (trouble === null) logger.error('files.trouble', { code, detail, sinceMs });
    trouble = health;
    if (told || clock.nowMs() - sinceMs < filesWatchLimits.toldAfterMs) return;
    await tell(deps, begun(health));
    told = true;
  };

  const arm = (): void => {
    timer = clock.timer(filesWatchLimits.probeEveryMs, () => {
      (files?.probe() ?? Promise.resolve())
        .then(look)
        .catch((error: unknown) => logger.warn('files.watch_failed', { error }))
        .finally(() => {
          if (!stopped) arm();
        });
    });
  };
  return {
    async start() {
      await look();
      if (files !== undefined) arm();
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

function isAway(error: unknown): boolean {
  return error instanceof AssetwireError && (error.code === 'storage_unavailable' || error.code === 'storage_full');
}

/** Many processes on one store see the same trouble: one notice an hour is enough for all of them. */
async function tell(deps: FilesWatchDeps, notice: Notice): Promise<void> {
  const hour = Math.floor(deps.clock.nowMs() / hourMs);
  await raiseNotice(deps, 'default', { notice, once: `${notice.kind} ${hour}` });
}

function begun({ code, sinceMs }: Failing): Notice {
  const what =
    code === 'storage_full' ? 'The place of files is full' : 'The place of files does not give or take files';
  return {
    kind: 'files.trouble',
    severity: 'error',
    subject: 'storage:files',
    text: `${what} since ${iso(sinceMs)}: uploads and downloads are refused (${code}), changes and deliveries go on; assetwire doctor says what is wrong`,
    details: { code, fromMs: sinceMs },
  };
}

function over({ code, sinceMs }: Failing, nowMs: number): Notice {
  return {
    kind: 'files.well',
    severity: 'info',
    subject: 'storage:files',
    text: `Files can be stored and read again; they could not from ${iso(sinceMs)} to ${iso(nowMs)}`,
    details: { code, fromMs: sinceMs, toMs: nowMs },
  };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
