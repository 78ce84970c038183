/**
 * A store for files that is watched by those who use it: whoever puts or reads says, in passing, whether that went well. So
 * trouble is known as soon as somebody meets it, and `probe` finds out what nobody has met.
 */
import { Readable } from 'node:stream';
import { AssetwireError } from '../core/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import type { Random } from '../runtime/random.ts';
import type { Blobs, FilesHealth, WatchedBlobs } from './blobs.ts';

type Failure = Exclude<FilesHealth, { state: 'ok' }>;

const probePlace = 'default';
const nothing = '0'.repeat(64);
const probeBytes = 16;

/** `start` goes on where the store is away for the time being: `health` says so, and everything else of the server runs. */
export function watchBlobs(
  blobs: Blobs,
  { clock, random }: { readonly clock: Pick<Clock, 'nowMs'>; readonly random: Pick<Random, 'bytes'> },
): WatchedBlobs {
  // Told apart: a store that gives files and takes none has not recovered because somebody could read.
  const failures: { read: Failure | null; write: Failure | null } = { read: null, write: null };
  const left: string[] = [];

  const failed = (way: 'read' | 'write', error: unknown): void => {
    if (!(error instanceof AssetwireError)) return;
    const { code, message: detail } = error;
    if (code !== 'storage_unavailable' && code !== 'storage_full') return;
    const sinceMs = failures[way]?.sinceMs ?? clock.nowMs();
    failures[way] = { state: 'failing', code, detail, sinceMs };
  };
  const heeded = async <Result>(way: 'read' | 'write', run: () => Promise<Result>): Promise<Result> => {
    try {
      const result = await run();
      failures.read = null;
      if (way === 'write') failures.write = null;
      return result;
    } catch (error) {
      failed(way, error);
      throw error;
    }
  };
  const failing = (): boolean => failures.read !== null || failures.write !== null;
  const put: Blobs['put'] = (workspaceId, content, options) =>
    heeded('write', () => blobs.put(workspaceId, content, options));
  const stat: Blobs['stat'] = (workspaceId, blob) => heeded('read', () => blobs.stat(workspaceId, blob));

  /** Drawn by chance, so that it is nobody else's content. */
  const tryToPut = async (): Promise<void> => {
    const content = Readable.from([Buffer.from(random.bytes(probeBytes))]);
    const { blob } = await put(probePlace, content, { bytesMax: probeBytes });
    blobs.release(probePlace, blob);
    left.push(blob);
  };
  /** What is still held is tried again by the next probe. */
  const tidy = async (): Promise<void> => {
    for (const blob of left.splice(0)) if ((await blobs.remove(probePlace, blob)) === 'held') left.push(blob);
  };

  return {
    ...blobs,
    async start() {
      try {
        await blobs.start();
      } catch (error) {
        if (!(error instanceof OperatorError) || !error.mayPass) throw error;
        const detail = `${error.message}. ${error.mend}`;
        failed('write', new AssetwireError('storage_unavailable', { detail, cause: error }));
      }
    },
    put,
    stat,
    open: (workspaceId, blob, range) => heeded('read', () => blobs.open(workspaceId, blob, range)),
    health: () => both(failures.read, failures.write) ?? { state: 'ok' },
    async probe() {
      try {
        if (!failing() && blobs.localPath(probePlace, nothing) === null) await stat(probePlace, nothing).catch(noted);
        // A refusal to put says why; one to look for a file often has no words.
        if (failing()) await tryToPut();
        if (left.length > 0) await tidy();
      } catch (error) {
        noted(error);
      }
    },
  };
}

function both(read: Failure | null, write: Failure | null): Failure | null {
  if (read === null || write === null) return read ?? write;
  return { ...write, sinceMs: Math.min(read.sinceMs, write.sinceMs) };
}

/** Of the store's failures note was taken where they happened; for anything else there is nobody to tell. */
function noted(_error: unknown): void {
  // On purpose.
}
