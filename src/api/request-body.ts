/**
 * Reads request bodies whole, within a size and a time. The time is kept by one sweep over the bodies being read instead
 * of a timer per request: nearly every body has arrived before the handler asks for it.
 */
import type { IncomingMessage } from 'node:http';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { createPassingSet } from '../core/passing-map.ts';
import type { Clock, Timer } from '../runtime/clock.ts';

/** A body must be there in full this long after it was asked for (HARDENING IN-06: a trickle of one byte per second). */
const bodyTimeMsMax = 30_000;
const sweepMs = 1_000;
const noBytes = Buffer.alloc(0);

export interface BodyReader {
  /** The whole body. Throws `body_too_large`, `request_timeout`, `malformed_request`. */
  read(request: IncomingMessage, bytesMax: number): Promise<Buffer>;
  /**
   * Watches something that reads for itself; `late` is called where `touch` is not for half a minute, where what it was
   * told of in half a minute is less than `uploadBytesPerSecondMin`, and where it all takes longer than `uploadMsMax`.
   */
  watch(late: (reason: LateReason) => void): Watch;
  stop(): void;
}

/** `silent`: nothing came; `slow`: too little came; `long`: it took too long in all. */
export type LateReason = 'silent' | 'slow' | 'long';

/** `bytes`: how many came. */
export type Watch = { touch(bytes: number): void; done(): void };

export function createBodyReader({ clock }: { readonly clock: Clock }): BodyReader {
  const sweeper = createSweeper(clock);
  return {
    watch: sweeper.watch,
    stop: sweeper.stop,
    read: (request, bytesMax) => {
      const declared = request.headers['content-length'];
      if (declared !== undefined && Number(declared) > bytesMax) return Promise.reject(tooLarge(bytesMax));
      // The usual case: the body came with the headers and lies in the stream's buffer. No listeners, no waiting.
      if (request.complete && request.readableFlowing === null) {
        const bytes: unknown = request.read();
        const body = Buffer.isBuffer(bytes) ? bytes : noBytes;
        return body.length > bytesMax ? Promise.reject(tooLarge(bytesMax)) : Promise.resolve(body);
      }
      return collect(request, bytesMax, sweeper.watch);
    },
  };
}

function collect(request: IncomingMessage, bytesMax: number, watch: BodyReader['watch']): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    // `complete` is set when the parser has seen the end; only a body still under way needs watching.
    const watched = request.complete
      ? undefined
      : watch(() => {
          finish();
          reject(late());
        });
    const finish = (): void => {
      watched?.done();
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= bytesMax) {
        chunks.push(chunk);
        return;
      }
      finish();
      request.pause();
      reject(tooLarge(bytesMax));
    };
    const onEnd = (): void => {
      finish();
      const [first = noBytes] = chunks;
      resolve(chunks.length <= 1 ? first : Buffer.concat(chunks, bytes));
    };
    const onBroken = (): void => {
      finish();
      reject(
        new AssetwireError('malformed_request', {
          detail: 'Read the body to its end: the connection broke off',
          mend: 'Send the request again, with a Content-Length that is the length of the body',
        }),
      );
    };
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}

type Watched = {
  readonly beganMs: number;
  /** When something came last. */
  touchedMs: number;
  /** Since when `bytes` is counted. */
  windowMs: number;
  bytes: number;
  /** Whether it tells what comes: a rate is asked of those alone. */
  counts: boolean;
  readonly late: (reason: LateReason) => void;
};

/** Why an entry is late by now, null where it is not; begins a new window where one has passed. */
function latenessOf(entry: Watched, nowMs: number): LateReason | null {
  if (nowMs - entry.touchedMs >= bodyTimeMsMax) return 'silent';
  if (nowMs - entry.beganMs >= limits.uploadMsMax) return 'long';
  const windowMs = nowMs - entry.windowMs;
  if (!entry.counts || windowMs < bodyTimeMsMax) return null;
  if (entry.bytes * 1_000 < windowMs * limits.uploadBytesPerSecondMin) return 'slow';
  entry.windowMs = nowMs;
  entry.bytes = 0;
  return null;
}

function createSweeper(clock: Clock): Pick<BodyReader, 'watch' | 'stop'> {
  const watched = createPassingSet<Watched>();
  let timer: Timer | undefined;
  const sweep = (): void => {
    timer = undefined;
    const nowMs = clock.monotonicMs();
    for (const entry of watched.values()) {
      const reason = latenessOf(entry, nowMs);
      if (reason === null) continue;
      watched.delete(entry);
      entry.late(reason);
    }
    if (watched.size > 0) timer = clock.timer(sweepMs, sweep);
  };
  return {
    watch(onLate) {
      const nowMs = clock.monotonicMs();
      const entry: Watched = {
        beganMs: nowMs,
        touchedMs: nowMs,
        windowMs: nowMs,
        bytes: 0,
        counts: false,
        late: onLate,
      };
      watched.add(entry);
      timer ??= clock.timer(sweepMs, sweep);
      return {
        touch: (bytes) => {
          entry.touchedMs = clock.monotonicMs();
          entry.bytes += bytes;
          entry.counts = true;
        },
        done: () => {
          watched.delete(entry);
        },
      };
    },
    stop() {
      timer?.cancel();
      timer = undefined;
    },
  };
}

function tooLarge(bytesMax: number): AssetwireError {
  return new AssetwireError('body_too_large', {
    detail: `Send at most ${bytesMax} bytes: the body has more`,
    mend: 'Split it, or upload files by POST /v1/assets',
  });
}

function late(): AssetwireError {
  return new AssetwireError('request_timeout', {
    detail: `Send the whole body within ${bodyTimeMsMax / 1_000} s: it was still under way`,
    mend: 'Send the body without long pauses',
  });
}
