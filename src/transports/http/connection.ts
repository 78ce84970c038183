import type { Socket } from 'node:net';
import Client from 'undici/lib/dispatcher/client.js';
import { limits } from '../../core/limits.ts';
import type { Connected } from '../../egress/egress.ts';
import type { Exchange } from './exchange.ts';
import type { OriginPool } from './origin-pool.ts';

/** Servers close idle connections after 5 s and more (Node's default is 5); a request that crosses that close is lost. */
const idleMsDefault = 4_000;
const idleMsMax = 30_000;
/** Of a head, in whole reads of up to 64 KiB: status line and headers are counted by the parser only once they end. */
const headBytesMax = 96 * 1024;
/** Of a whole answer, chunk sizes and extensions included. */
const answerBytesMax = 512 * 1024;

/**
 * One socket with one undici client on it, used for one exchange at a time. It never connects by itself: when its
 * socket is gone it is gone, and whoever waited on it is told that nothing was sent.
 */
export class HttpConnection {
  readonly pool: OriginPool;
  readonly socket: Socket;
  readonly address: string;
  readonly openedMs: number;
  exchange: Exchange | null = null;
  /** Whether an exchange has ended on it before. */
  reused = false;
  /** Takes no further exchange. */
  retired = false;
  /** Whether it still counts against the cap of sockets. */
  counted = true;
  /** The ring of idle connections, oldest first; null while busy. */
  newer: HttpConnection | null = null;
  older: HttpConnection | null = null;
  readonly #client: Client;

  constructor(pool: OriginPool, { socket, address }: Connected, openedMs: number) {
    this.pool = pool;
    this.socket = socket;
    this.address = address;
    this.openedMs = openedMs;
    let handedOver = false;
    this.#client = new Client(pool.target.origin, {
      allowH2: false,
      pipelining: 1,
      maxHeaderSize: limits.responseHeaderBytesMax,
      // Deadlines are ours: undici's are coarse, and restart with every byte.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleMsDefault,
      keepAliveMaxTimeout: idleMsMax,
      connect: (_options, callback) => {
        if (handedOver) return queueMicrotask(() => callback(connectionGone(), null));
        handedOver = true;
        // Not within this call: undici resumes a client only after `connect` has returned.
        queueMicrotask(() => callback(null, socket));
      },
    });
    // First of the listeners, so that what undici is about to read has been counted.
    socket.prependListener('readable', () => this.#count());
  }

  /** False where the socket is known to be gone, too old or set aside. */
  isUsable(oldestMs: number): boolean {
    return !this.retired && !this.socket.destroyed && this.socket.writable && this.openedMs >= oldestMs;
  }

  run(exchange: Exchange): void {
    this.exchange = exchange;
    this.#client.dispatch(exchange.request, exchange);
  }

  /** Whether what was written has left for the kernel. */
  get flushed(): boolean {
    return this.socket.writableLength === 0;
  }

  destroy(): void {
    this.retired = true;
    // Later, since undici must finish with the answer it may be parsing.
    queueMicrotask(() => this.#client.destroy(() => undefined));
    this.socket.destroy();
  }

  #count(): void {
    const { exchange } = this;
    if (exchange === null) return;
    exchange.answerBytes += this.socket.readableLength;
    if (exchange.answerBytes > answerBytesMax || (exchange.status === 0 && exchange.answerBytes > headBytesMax)) {
      exchange.tooMuch();
    }
  }
}

function connectionGone(): Error {
  return Object.assign(new Error('The connection is gone'), { code: 'ECONNRESET' });
}
