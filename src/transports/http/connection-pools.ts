/**
 * All connections of the transport. A connection is opened for the exchange that needs it and kept for the next one of
 * the same pool. Sockets are capped: at the cap the connection that idled longest is closed, and where none idles the
 * exchange waits its turn.
 */
import type { Clock } from '../../runtime/clock.ts';
import type { Egress } from '../../egress/egress.ts';
import type { TargetUrl } from '../../egress/target.ts';
import type { TlsIdentity } from '../transport.ts';
import { HttpConnection } from './connection.ts';
import type { Exchange } from './exchange.ts';
import { createIdleRing } from './idle-ring.ts';
import { createOriginPool, laneOf, type OriginPool } from './origin-pool.ts';

export type ConnectionPools = {
  /** The pool for these three; made when there is none. */
  pool(target: TargetUrl, workspaceId: string, tls: TlsIdentity | undefined): OriginPool;
  /** Runs the exchange on a kept or new connection, now or when its lane and the cap allow it. */
  admit(exchange: Exchange): void;
  /** For an exchange that was admitted and whose connection turned out to be gone before anything was sent. */
  replace(exchange: Exchange): void;
  /** Must be called once for every admitted exchange. */
  ended(exchange: Exchange): void;
  /** Closes idle connections of these pools and lets busy ones end with their exchange. */
  retire(concerns: (pool: OriginPool) => boolean): void;
  /** The policy changed: closes what idles, interrupts what has become forbidden, lets the rest end. */
  judgeAgain(): void;
  stats(): { readonly connectionsOpen: number; readonly pools: number };
  /** Resolves when the last socket has closed. Nothing may be admitted any more. */
  close(): Promise<void>;
};

export type ConnectionPoolsSettings = {
  readonly egress: Egress;
  readonly clock: Clock;
  readonly socketsMax: number;
  readonly socketAgeMsMax: number;
};

export function createConnectionPools({
  egress,
  clock,
  socketsMax,
  socketAgeMsMax,
}: ConnectionPoolsSettings): ConnectionPools {
  const pools = new Map<string, OriginPool>();
  const live = new Set<HttpConnection>();
  const idle = createIdleRing();
  const waiting = new Set<Exchange>();
  let sockets = 0;
  let whenClosed: (() => void) | null = null;

  // --- Getting a connection ------------------------------------------------------------------------------------------

  const place = (exchange: Exchange): void => {
    const kept = takeIdle(exchange.pool);
    if (kept !== null) return start(exchange, kept);
    if (sockets >= socketsMax && !closeOldestIdle()) return void waiting.add(exchange);
    open(exchange);
  };

  const takeIdle = (pool: OriginPool): HttpConnection | null => {
    const oldestMs = clock.monotonicMs() - socketAgeMsMax;
    for (let kept = pool.idle.pop(); kept !== undefined; kept = pool.idle.pop()) {
      idle.remove(kept);
      if (kept.isUsable(oldestMs)) return kept;
      discard(kept);
    }
    return null;
  };

  const open = (exchange: Exchange): void => {
    const { pool, message } = exchange;
    sockets++;
    pool.connections++;
    const connecting = egress.connect({
      target: pool.target,
      method: message.method,
      scope: message.workspaceId,
      ...(pool.tls !== undefined && { tls: pool.tls }),
    });
    exchange.connecting = connecting;
    void connecting.result.then((made) => {
      exchange.connecting = null;
      exchange.dnsMs = made.dnsMs;
      exchange.connectMs = made.connectMs;
      exchange.tlsMs = made.tlsMs;
      exchange.address = made.address;
      if (made.kind === 'failed') {
        uncount(pool);
        return exchange.fail(made.failure);
      }
      const connection = new HttpConnection(pool, made, clock.monotonicMs());
      live.add(connection);
      if (made.socket.closed) closed(connection);
      else made.socket.once('close', () => closed(connection));
      const reason = egress.judge(pool.target, made.address);
      if (exchange.done || reason !== null) connection.destroy();
      if (reason !== null) return exchange.fail({ kind: 'blocked-address', reason });
      if (!exchange.done) start(exchange, connection);
    });
  };

  const start = (exchange: Exchange, connection: HttpConnection): void => {
    exchange.connection = connection;
    exchange.address = connection.address;
    connection.run(exchange);
  };

  // --- Letting go of it ----------------------------------------------------------------------------------------------

  const keep = (connection: HttpConnection): void => {
    connection.exchange = null;
    connection.reused = true;
    // An answer that came before the request had left: the rest of it would be in the way of the next one.
    if (!connection.flushed || !connection.isUsable(clock.monotonicMs() - socketAgeMsMax)) return discard(connection);
    connection.pool.idle.push(connection);
    idle.add(connection);
    // Whoever waits at the cap takes it over, or has it closed for the sake of another target.
    wakeNext();
  };

  const discard = (connection: HttpConnection): void => {
    uncountConnection(connection);
    connection.destroy();
  };

  const closed = (connection: HttpConnection): void => {
    live.delete(connection);
    connection.retired = true;
    if (idle.remove(connection)) {
      const at = connection.pool.idle.indexOf(connection);
      if (at !== -1) connection.pool.idle.splice(at, 1);
    }
    uncountConnection(connection);
    if (live.size === 0 && sockets === 0) whenClosed?.();
  };

  const closeOldestIdle = (): boolean => {
    const oldest = idle.oldest();
    if (oldest === null) return false;
    idle.remove(oldest);
    oldest.pool.idle.splice(oldest.pool.idle.indexOf(oldest), 1);
    discard(oldest);
    return true;
  };

  const uncountConnection = (connection: HttpConnection): void => {
    if (!connection.counted) return;
    connection.counted = false;
    uncount(connection.pool);
  };

  const uncount = (pool: OriginPool): void => {
    sockets--;
    pool.connections--;
    dropIfEmpty(pool);
    wakeNext();
  };

  const wakeNext = (): void => {
    if (waiting.size === 0) return;
    const [next] = waiting;
    if (next === undefined) return;
    waiting.delete(next);
    later(next);
  };

  const dropIfEmpty = (pool: OriginPool): void => {
    if (pool.connections > 0 || pool.exchanges > 0 || pool.gone) return;
    pool.gone = true;
    pools.delete(pool.key);
  };

  /** Not at once: undici may be in the middle of the answer whose end made room. */
  const later = (exchange: Exchange): void =>
    queueMicrotask(() => {
      if (!exchange.done) place(exchange);
    });

  const retire = (concerns: (pool: OriginPool) => boolean): void => {
    for (const connection of live) {
      if (!concerns(connection.pool)) continue;
      if (connection.exchange !== null) connection.retired = true;
      else connection.destroy();
    }
  };

  return {
    pool(target, workspaceId, tls) {
      const key = `${workspaceId} ${target.origin} ${egress.tlsKey(tls)}`;
      const known = pools.get(key);
      if (known !== undefined) return known;
      const made = createOriginPool(key, target, tls);
      pools.set(key, made);
      return made;
    },
    admit(exchange) {
      const { pool, message } = exchange;
      const lane = laneOf(pool, message.webhookId);
      pool.exchanges++;
      if (lane.busy >= message.connectionsMax) return void lane.waiting.add(exchange);
      lane.busy++;
      place(exchange);
    },
    replace: place,
    ended(exchange) {
      const { pool, message, connection } = exchange;
      const lane = laneOf(pool, message.webhookId);
      pool.exchanges--;
      waiting.delete(exchange);
      if (connection !== null) keep(connection);
      if (lane.waiting.delete(exchange)) return dropIfEmpty(pool);
      const [next] = lane.waiting;
      if (next === undefined) lane.busy--;
      else {
        lane.waiting.delete(next);
        later(next);
      }
      dropIfEmpty(pool);
    },
    retire,
    judgeAgain() {
      for (const connection of live) {
        if (connection.exchange !== null && egress.judge(connection.pool.target, connection.address) !== null) {
          connection.exchange.interrupt();
        }
      }
      retire(() => true);
    },
    stats: () => ({ connectionsOpen: sockets, pools: pools.size }),
    close() {
      for (const connection of live) connection.destroy();
      if (live.size === 0 && sockets === 0) return Promise.resolve();
      return new Promise((resolve) => {
        whenClosed = resolve;
      });
    },
  };
}
