/**
 * Sends files side by side, a bounded number at a time. What may pass (a busy server, a connection that broke) is tried again
 * under the same idempotency key, so that no file becomes two assets; what cannot pass for any file (no server, no right, no
 * room) ends the run instead of failing it file by file.
 */
import { createReadStream } from 'node:fs';
import type { AssetInput, AssetView } from '../../app/app.ts';
import type { Clock } from '../../runtime/clock.ts';
import { RefusedError, UnreachableError } from '../client.ts';
import type { Client } from '../client.ts';
import { LocalFileError } from '../client-form.ts';
import { reportOf } from '../error-report.ts';
import type { LocalFile } from './find-files.ts';
import type { Planned } from './plan-upload.ts';

export type Sent =
  | { readonly file: string; readonly status: 'uploaded'; readonly asset: AssetView }
  | {
      readonly file: string;
      readonly status: 'failed';
      readonly error: { readonly code: string; readonly message: string };
    }
  /** The run was ended before: not tried, or `cutOff` on the way, and then the server may have taken it all the same. */
  | { readonly file: string; readonly status: 'left'; readonly cutOff?: true };

export type SendOptions = {
  readonly client: Client;
  readonly clock: Clock;
  readonly atOnce: number;
  readonly asset: Omit<AssetInput, 'name' | 'path'>;
  /** Ends the run: nothing new begins, what is under way has `graceMs` to end. */
  readonly signal: AbortSignal;
  /** Draws what makes one upload's tries one. */
  readonly draw: () => string;
  readonly onBytes: (file: LocalFile, sent: number) => void;
  readonly onDone: (file: LocalFile, result: Sent) => void;
};

const triesMax = 4;
const firstPauseMs = 1_000;
const pauseMsMax = 30_000;
/** Enough for a photo; whoever does not want to wait interrupts again. */
export const graceMs = 5_000;

/** Results in the order of the files. */
export async function sendFiles(files: readonly Planned[], options: SendOptions): Promise<readonly Sent[]> {
  const results: Sent[] = files.map(({ path }) => ({ file: path, status: 'left' }));
  const stopped = new AbortController();
  const cut = cutAfterGrace(options);
  const queue = files.entries();
  const work = async (): Promise<void> => {
    for (const [index, file] of queue) {
      if (options.signal.aborted || stopped.signal.aborted) return;
      const { result, fatal } = await sendOne(file, options, cut.signal);
      results[index] = result;
      if (result.status !== 'left') options.onDone(file, result);
      if (fatal) stopped.abort();
    }
  };
  try {
    await Promise.all(Array.from({ length: options.atOnce }, work));
  } finally {
    cut.release();
  }
  return results;
}

/** A signal that comes `graceMs` after the run was ended. */
function cutAfterGrace({ signal, clock }: SendOptions): { readonly signal: AbortSignal; readonly release: () => void } {
  const cut = new AbortController();
  let timer: ReturnType<Clock['timer']> | null = null;
  const begin = (): void => {
    timer = clock.timer(graceMs, () => cut.abort());
  };
  signal.addEventListener('abort', begin, { once: true });
  return {
    signal: cut.signal,
    release() {
      signal.removeEventListener('abort', begin);
      timer?.cancel();
    },
  };
}

async function sendOne(
  file: Planned,
  options: SendOptions,
  cut: AbortSignal,
): Promise<{ readonly result: Sent; readonly fatal: boolean }> {
  const idempotencyKey = options.draw();
  for (let tries = 1; ; tries += 1) {
    try {
      const asset = await sendOnce(file, idempotencyKey, { ...options, signal: cut });
      return { result: { file: file.path, status: 'uploaded', asset }, fatal: false };
    } catch (error) {
      if (options.signal.aborted) return { result: { file: file.path, status: 'left', cutOff: true }, fatal: false };
      const pauseMs = pauseBefore(error, tries);
      if (pauseMs === null) {
        const told =
          error instanceof LocalFileError ? { code: 'file_unreadable', message: error.message } : reportOf(error);
        const { code, message } = told;
        return { result: { file: file.path, status: 'failed', error: { code, message } }, fatal: isFatal(error) };
      }
      await pause(pauseMs, options);
      if (options.signal.aborted) return { result: { file: file.path, status: 'left', cutOff: true }, fatal: false };
    }
  }
}

function sendOnce(
  { path, name, folder, bytes, replaces }: Planned,
  idempotencyKey: string,
  { client, asset, signal, onBytes }: SendOptions,
): Promise<AssetView> {
  const content = createReadStream(path, { highWaterMark: 256 * 1024 });
  const local = { path, name, folder, bytes };
  const options = { onSent: (sent: number): void => onBytes(local, sent), signal, idempotencyKey };
  const file = { name, bytes, content };
  if (replaces === undefined) return client.upload<AssetView>(file, { name, path: folder, ...asset }, options);
  return client.upload<AssetView>(file, { name }, { ...options, path: `/v1/assets/${replaces}/versions` });
}

/** How long to wait before the next try; null where there is no sense in one. */
function pauseBefore(error: unknown, tries: number): number | null {
  // Who is told to come later is not failing: a quota of changes lets everything in, in its time.
  if (error instanceof RefusedError && error.status === 429)
    return Math.min(pauseMsMax, Math.max(firstPauseMs, error.retryAfterMs ?? 0));
  if (tries >= triesMax) return null;
  const ownMs = firstPauseMs * 2 ** (tries - 1);
  if (error instanceof UnreachableError) return ownMs;
  if (!(error instanceof RefusedError) || error.status !== 503) return null;
  return Math.min(pauseMsMax, Math.max(ownMs, error.retryAfterMs ?? 0));
}

/** What the next file would meet too. */
function isFatal(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  return error instanceof RefusedError && [401, 403, 503, 507].includes(error.status);
}

function pause(delayMs: number, { clock, signal }: SendOptions): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.timer(delayMs, done);
    function done(): void {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
