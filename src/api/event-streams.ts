/**
 * Server-sent events with back-pressure: a reader that does not keep up is told how much it missed, never buffered for
 * without end. Bounded in number over all and per key; each stream sends a heartbeat and asks, at the same time, whether
 * its key is still good (HARDENING AK-17, IN-24).
 */
import type { ServerResponse } from 'node:http';
import type { Live } from '../app/app.ts';
import { AssetwireError } from '../core/errors.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { EventStream, Streams } from './route.ts';
import { apiHeaders } from './security-headers.ts';

const streamsMax = 512;
const streamsPerKeyMax = 32;
const heartbeatMs = 15_000;
/** What may wait in a socket's buffer before events are held back. */
const bufferedBytesMax = 256 * 1024;
/** A reader whose buffer is full at so many beats in a row is gone. */
const fullBeatsMax = 4;
const streamHeaders = ['content-type', 'text/event-stream; charset=utf-8', 'x-accel-buffering', 'no'];

export type EventStreams = Streams & {
  /** Ends every stream and refuses new ones. */
  stop(): void;
  readonly count: () => number;
};

export type EventStreamsOptions = {
  readonly clock: Clock;
  /** Calls back when a workspace lets nobody in any more. */
  readonly onClosed?: Live['onClosed'];
};

export function createEventStreams({ clock, onClosed }: EventStreamsOptions): EventStreams {
  const open = new Set<EventStream>();
  const perKey = new Map<string, number>();
  let stopped = false;

  const take = (keyId: string): void => {
    const ofKey = perKey.get(keyId) ?? 0;
    if (stopped) throw stopping();
    if (open.size >= streamsMax || ofKey >= streamsPerKeyMax) throw tooMany();
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
      const stream = createStream(response);
      open.add(stream);
      stream.onEnd(() => {
        open.delete(stream);
        release(caller.keyId);
      });
      stream.onEnd(keepAlive({ stream, response, recheck, clock }));
      if (onClosed !== undefined) stream.onEnd(onClosed(caller.workspaceId, () => stream.end()));
      return stream;
    },
  };
}

/** Begins the answer; from here on the response is the stream's. */
function createStream(response: ServerResponse): EventStream {
  const listeners: (() => void)[] = [];
  /** Who waits until the reader has caught up. */
  let waiting: (() => void)[] = [];
  let ended = false;
  const wake = (): void => {
    const now = waiting;
    waiting = [];
    for (const resolve of now) resolve();
  };
  const end = (): void => {
    if (ended) return;
    ended = true;
    if (!response.destroyed) response.end();
    for (const listener of listeners) listener();
    wake();
  };
  response.on('drain', wake);
  response.on('close', end);
  response.on('error', end);
  response.writeHead(200, [...apiHeaders, ...streamHeaders]);
  // A first line so that readers and proxies know at once that the stream stands; `retry` is what browsers wait.
  response.write('retry: 2000\n\n');
  return {
    send({ event, id, data }) {
      if (ended || response.writableLength > bufferedBytesMax) return false;
      const head = `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}`;
      response.write(`${head}data: ${JSON.stringify(data)}\n\n`);
      return true;
    },
    drained: () =>
      new Promise((resolve) => {
        if (ended || !response.writableNeedDrain) return resolve();
        waiting.push(resolve);
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
}

type Kept = {
  readonly stream: EventStream;
  readonly response: ServerResponse;
  readonly recheck: () => Promise<boolean>;
  readonly clock: Clock;
};

/** Beats until it is told to stop; ends the stream when its key is no longer good or its reader has long stopped reading. */
function keepAlive({ stream, response, recheck, clock }: Kept): () => void {
  let full = 0;
  const beat = async (): Promise<void> => {
    if (!(await recheck())) return stream.end();
    if (stream.ended) return;
    if (response.writableLength < bufferedBytesMax) {
      full = 0;
      response.write(':\n\n');
    } else if (++full >= fullBeatsMax) return stream.end();
    arm();
  };
  let heartbeat: Timer;
  const arm = (): void => {
    heartbeat = clock.timer(heartbeatMs, () => {
      beat().catch(() => stream.end());
    });
  };
  arm();
  return () => heartbeat.cancel();
}

function stopping(): AssetwireError {
  return new AssetwireError('shutting_down', {
    detail: 'Open a stream: the server is about to stop',
    retryAfterSeconds: 5,
  });
}

function tooMany(): AssetwireError {
  return new AssetwireError('too_many_requests', {
    detail: `Keep at most ${streamsPerKeyMax} streams open per key and ${streamsMax} in all: that many are open`,
    retryAfterSeconds: 10,
  });
}
