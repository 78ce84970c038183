/**
 * A bounded number of connections, made when they are needed, lent one at a time. Whoever waits longer than it may gets
 * `storage_busy`; where no connection can be made everybody who waits hears so at once, and for a moment nobody tries again.
 */
import { AssetwireError } from '../../core/errors.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { type Connecting, type Connection, connect } from './connection.ts';
import { StorageFault } from '../storage-fault.ts';

export type Pool = {
  /** Lends a connection to `work`; afterwards it is given back, or closed where it can no longer be used. */
  use<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result>;
  /** Closes what is idle now, and the rest when it is given back; nothing is lent any more. */
  close(): void;
};

export type PoolParts = {
  readonly connecting: Connecting;
  readonly connectionsMax: number;
  /** How long a caller waits for a connection, and how many may wait. */
  readonly waitMsMax: number;
  readonly waitingMax: number;
};

type Waiter = { readonly lend: (connection: Connection) => void; readonly refuse: (error: Error) => void };

function removeFrom<Item>(list: Item[], item: Item): boolean {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

/** After a failed attempt to connect nobody tries again for so long. */
const pauseMs = 100;

export function createPool({ connecting, connectionsMax, waitMsMax, waitingMax }: PoolParts): Pool {
  const { pacing } = connecting;
  const idle: Connection[] = [];
  const waiters: Waiter[] = [];
  let made = 0;
  let underWay = 0;
  let closed = false;
  let failure: { readonly error: Error; readonly untilMs: number } | null = null;

  const giveBack = (connection: Connection): void => {
    if (closed || !connection.usable()) {
      connection.close();
      made -= 1;
      if (waiters.length > 0) grow();
      return;
    }
    const next = waiters.shift();
    if (next === undefined) idle.push(connection);
    else next.lend(connection);
  };
  const grow = (): void => {
    made += 1;
    underWay += 1;
    connect(connecting).then(
      (connection) => {
        underWay -= 1;
        failure = null;
        connection.onEnd(() => {
          if (removeFrom(idle, connection)) made -= 1;
        });
        giveBack(connection);
      },
      (cause: unknown) => {
        const error = cause instanceof Error ? cause : new Error(String(cause), { cause });
        made -= 1;
        underWay -= 1;
        failure = { error, untilMs: pacing.monotonicMs() + pauseMs };
        for (const { refuse } of waiters.splice(0)) refuse(error);
      },
    );
  };
  /** Where no connection has come about it is not for want of room. */
  const tired = (): Error =>
    underWay === made
      ? new StorageFault('unavailable', `no connection within ${waitMsMax} ms`)
      : crowded(waiters.length + 1);
  const lend = (): Promise<Connection> => {
    if (closed)
      return Promise.reject(new AssetwireError('shutting_down', { detail: 'The store must be open: it is stopped' }));
    const free = idle.pop();
    if (free !== undefined) return Promise.resolve(free);
    if (failure !== null && failure.untilMs > pacing.monotonicMs()) return Promise.reject(failure.error);
    if (waiters.length >= waitingMax) return Promise.reject(crowded(waiters.length));
    const lent = waiting(waiters, { pacing, waitMsMax, tired });
    if (made < connectionsMax) grow();
    return lent;
  };
  return {
    async use(work) {
      const connection = await lend();
      try {
        return await work(connection);
      } finally {
        giveBack(connection);
      }
    },
    close() {
      closed = true;
      // The end of each takes it out of the list.
      for (const connection of [...idle]) connection.close();
    },
  };
}

function waiting(
  waiters: Waiter[],
  { pacing, waitMsMax, tired }: { readonly pacing: Clock; readonly waitMsMax: number; readonly tired: () => Error },
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let timer: Timer | null = null;
    const waiter: Waiter = {
      lend(connection) {
        timer?.cancel();
        resolve(connection);
      },
      refuse(error: Error) {
        timer?.cancel();
        reject(error);
      },
    };
    waiters.push(waiter);
    timer = pacing.timer(waitMsMax, () => {
      const at = waiters.indexOf(waiter);
      if (at < 0) return;
      waiters.splice(at, 1);
      reject(tired());
    });
  });
}

function crowded(waiting: number): AssetwireError {
  return new AssetwireError('storage_busy', {
    detail: `A connection to the database must be free: ${waiting} are waiting for one`,
    mend: 'Try again in a moment; raise the number of connections where it happens often',
    retryAfterSeconds: 1,
  });
}
