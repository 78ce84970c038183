/**
 * All connections of the transport. A connection is opened for the exchange that needs it and kept for the next one of
 * the same pool. Sockets are capped: at the cap the connection that idled longest is closed, and where none idles the
 * exchange waits its turn.
 */
import type { Clock } from '../../runtime/clock.ts';
import type { Connected, Egress, NotConnected } from '../../egress/egress.ts';
import type { TargetUrl } from '../../egress/target.ts';
import type { TlsIdentity } from '../transport.ts';
import { HttpConnection } from './connection.ts';
import type { Exchange } from './exchange.ts';
import { createIdleRing } from './idle-ring.ts';
import { createOriginPool, laneOf, type OriginPool } from './origin-pool.ts';

export type ConnectionPoolsSettings = {
  readonly egress: Egress;
  readonly clock: Clock;
  readonly socketsMax: number;
  readonly socketAgeMsMax: number;
};

export class ConnectionPools {
  readonly #settings: ConnectionPoolsSettings;
  readonly #pools = new Map<string, OriginPool>();
  readonly #live = new Set<HttpConnection>();
  readonly #idle = createIdleRing();
  /** Exchanges that wait because all sockets are busy, in their order. */
  readonly #waiting = new Set<Exchange>();
  /** Open or being opened. */
  #sockets = 0;
  #whenClosed: (() => void) | null = null;

  constructor(settings: ConnectionPoolsSettings) {
    this.#settings = settings;
  }

  /** The pool for these three; made when there is none. The egress proxy is no part of the key: it is one for all, or none. */
  pool(target: TargetUrl, workspaceId: string, tls: TlsIdentity | undefined): OriginPool {
    const key = `${workspaceId} ${target.origin} ${this.#settings.egress.tlsKey(tls)}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const made = createOriginPool(key, target, tls);
    this.#pools.set(key, made);
    return made;
  }

  /** Runs the exchange on a kept or new connection, now or when its lane and the cap allow it. */
  admit(exchange: Exchange): void {
    const { pool, message } = exchange;
    const lane = laneOf(pool, message.webhookId);
    pool.exchanges++;
    if (lane.busy > 0 && lane.busy >= message.connectionsMax) {
      lane.waiting.add(exchange);
      return;
    }
    lane.busy++;
    this.place(exchange);
  }

  /** Must be called once for every admitted exchange, when it has ended. */
  ended(exchange: Exchange): void {
    const { pool, message, connection } = exchange;
    const lane = laneOf(pool, message.webhookId);
    pool.exchanges--;
    this.#waiting.delete(exchange);
    if (connection !== null) this.#keep(connection);
    if (!lane.waiting.delete(exchange)) {
      const [next] = lane.waiting.size === 0 ? [] : lane.waiting;
      if (next === undefined) lane.busy--;
      else {
        lane.waiting.delete(next);
        this.#placeLater(next);
      }
    }
    this.#dropIfEmpty(pool);
  }

  /** For an exchange that was admitted: finds it a connection, or lets it wait for a socket. */
  place(exchange: Exchange): void {
    const kept = this.#takeIdle(exchange.pool);
    if (kept !== null) start(exchange, kept);
    else if (this.#sockets < this.#settings.socketsMax || this.#closeOldestIdle()) this.#open(exchange);
    else this.#waiting.add(exchange);
  }

  /** Closes idle connections of these pools and lets busy ones end with their exchange. */
  retire(concerns: (pool: OriginPool) => boolean): void {
    for (const connection of this.#live) {
      if (!concerns(connection.pool)) continue;
      if (connection.exchange !== null) connection.retired = true;
      else connection.destroy();
    }
  }

  /** The policy changed: closes what idles, interrupts what has become forbidden, lets the rest end. */
  judgeAgain(): void {
    const { egress } = this.#settings;
    for (const { exchange, pool, address } of this.#live) {
      if (exchange !== null && egress.judge(pool.target, address) !== null) exchange.interrupt();
    }
    this.retire(() => true);
  }

  stats(): { readonly connectionsOpen: number; readonly pools: number } {
    return { connectionsOpen: this.#sockets, pools: this.#pools.size };
  }

  /** Resolves when the last socket has closed. Nothing may be admitted any more. */
  close(): Promise<void> {
    for (const connection of this.#live) connection.destroy();
    return new Promise((resolve) => {
      this.#whenClosed = resolve;
      this.#reportClosed();
    });
  }

  // --- Opening -------------------------------------------------------------------------------------------------------

  #open(exchange: Exchange): void {
    const { pool, message } = exchange;
    this.#sockets++;
    pool.connections++;
    const connecting = this.#settings.egress.connect({
      target: pool.target,
      method: message.method,
      scope: message.workspaceId,
      ...(pool.tls !== undefined && { tls: pool.tls }),
    });
    exchange.connecting = connecting;
    void connecting.result.then((made) => this.#opened(exchange, made));
  }

  #opened(exchange: Exchange, made: Connected | NotConnected): void {
    const { pool } = exchange;
    exchange.connecting = null;
    exchange.dnsMs = made.dnsMs;
    exchange.connectMs = made.connectMs;
    exchange.tlsMs = made.tlsMs;
    exchange.address = made.address;
    if (made.kind === 'failed') {
      this.#uncount(pool);
      exchange.fail(made.failure);
      return;
    }
    const connection = new HttpConnection(pool, made, this.#settings.clock.monotonicMs());
    this.#live.add(connection);
    if (made.socket.closed) this.#closed(connection);
    else made.socket.once('close', () => this.#closed(connection));
    // The policy may have changed, or the deadline struck, while it was being opened.
    const reason = this.#settings.egress.judge(pool.target, made.address);
    if (exchange.done || reason !== null) connection.destroy();
    if (reason !== null) exchange.fail({ kind: 'blocked-address', reason });
    else if (!exchange.done) start(exchange, connection);
  }

  #takeIdle(pool: OriginPool): HttpConnection | null {
    if (pool.idle.length === 0) return null;
    const oldestMs = this.#oldestMs();
    for (let kept = pool.idle.pop(); kept !== undefined; kept = pool.idle.pop()) {
      this.#idle.remove(kept);
      if (kept.isUsable(oldestMs)) return kept;
      this.#discard(kept);
    }
    return null;
  }

  /** Not at once: undici may be in the middle of the answer whose end made room. */
  #placeLater(exchange: Exchange): void {
    queueMicrotask(() => {
      if (!exchange.done) this.place(exchange);
    });
  }

  #wakeNext(): void {
    if (this.#waiting.size === 0) return;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#placeLater(next);
  }

  // --- Keeping and closing -------------------------------------------------------------------------------------------

  #keep(connection: HttpConnection): void {
    connection.exchange = null;
    connection.reused = true;
    // An answer that came before the request had left: the rest of it would be in the way of the next one.
    if (!connection.flushed || !connection.isUsable(this.#oldestMs())) {
      this.#discard(connection);
      return;
    }
    connection.pool.idle.push(connection);
    this.#idle.add(connection);
    // Whoever waits at the cap takes it over, or has it closed for the sake of another target.
    this.#wakeNext();
  }

  #closeOldestIdle(): boolean {
    const oldest = this.#idle.oldest();
    if (oldest === null) return false;
    this.#idle.remove(oldest);
    removeFrom(oldest.pool.idle, oldest);
    this.#discard(oldest);
    return true;
  }

  #discard(connection: HttpConnection): void {
    this.#uncountConnection(connection);
    connection.destroy();
  }

  #closed(connection: HttpConnection): void {
    this.#live.delete(connection);
    connection.retired = true;
    if (this.#idle.remove(connection)) removeFrom(connection.pool.idle, connection);
    this.#uncountConnection(connection);
    this.#reportClosed();
  }

  #reportClosed(): void {
    if (this.#live.size === 0 && this.#sockets === 0) this.#whenClosed?.();
  }

  #uncountConnection(connection: HttpConnection): void {
    if (!connection.counted) return;
    connection.counted = false;
    this.#uncount(connection.pool);
  }

  #uncount(pool: OriginPool): void {
    this.#sockets--;
    pool.connections--;
    this.#dropIfEmpty(pool);
    this.#wakeNext();
    this.#reportClosed();
  }

  #dropIfEmpty(pool: OriginPool): void {
    if (pool.connections === 0 && pool.exchanges === 0 && !pool.gone) {
      pool.gone = true;
      this.#pools.delete(pool.key);
    }
  }

  #oldestMs(): number {
    return this.#settings.clock.monotonicMs() - this.#settings.socketAgeMsMax;
  }
}

function start(exchange: Exchange, connection: HttpConnection): void {
  exchange.connection = connection;
  exchange.address = connection.address;
  connection.run(exchange);
}

function removeFrom(list: HttpConnection[], connection: HttpConnection): void {
  const at = list.indexOf(connection);
  if (at !== -1) list.splice(at, 1);
}
