/**
 * Server-sent events with back-pressure: a reader that does not keep up is told how much it missed, never buffered for
 * without end. Bounded in number over all and per key; each stream sends a heartbeat and asks, at the same time, whether
 * its key is still good (HARDENING AK-17, IN-24).
 */
import { AssetwireError } from '../core/errors.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { EventStream, Streams } from './route.ts';
import { apiHeaders } from './security-headers.ts';

const streamsMax = 512;
const streamsPerKeyMax = 32;
const heartbeatMs = 15_000;
/** What may wait in a socket's buffer before events are held back. */
const bufferedBytesMax = 256 * 1024;

export type EventStreams = Streams & {
  /** Ends every stream and refuses new ones. */
  stop(): void;
  readonly count: () => number;
};

export function createEventStreams({ clock }: { readonly clock: Clock }): EventStreams {
  const open = new Set<EventStream>();
  const perKey = new Map<string, number>();
  let stopped = false;

  const take = (keyId: string): void => {
    const ofKey = perKey.get(keyId) ?? 0;
    if (stopped)
      throw new AssetwireError('shutting_down', {
        detail: 'Open a stream: the server is about to stop',
        retryAfterSeconds: 5,
      });
    if (open.size >= streamsMax || ofKey >= streamsPerKeyMax) {
      throw new AssetwireError('too_many_requests', {
        detail: `Keep at most ${streamsPerKeyMax} streams open per key and ${streamsMax} in all: that many are open`,
        retryAfterSeconds: 10,
      });
    }
    perKey.set(keyId, ofKey + 1);
  };
  const release = (keyId: string): void => {
    const ofKey = (perKey.get(keyId) ?? 1) - 1;
    if (ofKey === 0) perKey.delete(keyId);
    else perKey.set(keyId, ofKey);
  };

  return {
    count: () => open.size,
    stop() {
      stopped = true;
      for (const stream of [...open]) stream.end();
    },
    open({ caller, response, recheck }) {
      take(caller.keyId);
      const listeners: (() => void)[] = [];
      let ended = false;
      let heartbeat: Timer | undefined;
      const end = (): void => {
        if (ended) return;
        ended = true;
        heartbeat?.cancel();
        open.delete(stream);
        release(caller.keyId);
        if (!response.destroyed) response.end();
        for (const listener of listeners) listener();
      };
      const beat = (): void => {
        recheck().then(
          (good) => {
            if (ended) return;
            if (!good) return end();
            // A reader that has taken nothing of what waits for it since the last beat but one is gone.
            if (response.writableLength < bufferedBytesMax) response.write(':\n\n');
            heartbeat = clock.timer(heartbeatMs, beat);
          },
          () => end(),
        );
      };
      const stream: EventStream = {
        send({ event, id, data }) {
          if (ended || response.writableLength > bufferedBytesMax) return false;
          response.write(
            `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`,
          );
          return true;
        },
        drained: () =>
          new Promise((resolve) => {
            if (ended || !response.writableNeedDrain) return resolve();
            response.once('drain', resolve);
            listeners.push(resolve);
          }),
        end,
        onEnd(listener) {
          if (ended) listener();
          else listeners.push(listener);
        },
        get ended() {
          return ended;
        },
      };
      open.add(stream);
      response.on('close', end);
      response.on('error', end);
      response.writeHead(200, [
        ...apiHeaders,
        'content-type',
        'text/event-stream; charset=utf-8',
        'x-accel-buffering',
        'no',
      ]);
      // A first line so that readers and proxies know at once that the stream stands; `retry` is what browsers wait.
      response.write('retry: 2000\n\n');
      heartbeat = clock.timer(heartbeatMs, beat);
      return stream;
    },
  };
}
