import type { Dispatcher } from 'undici';
import { limits } from '../../core/limits.ts';
import type { BlockReason, Outcome, ProxyFault, ReceivedResponse, Timing } from '../../core/outcome.ts';
import type { Connecting, ConnectPhase } from '../../egress/egress.ts';
import { proxySilence } from '../../egress/proxy-answer.ts';
import type { OutgoingMessage } from '../transport.ts';
import type { HttpConnection } from './connection.ts';
import type { Deadline } from './deadline-wheel.ts';
import { type ExchangeFailure, exchangeFailure } from './exchange-failure.ts';
import type { OriginPool } from './origin-pool.ts';

/** Interim answers (103 Early Hints and the like) before the one that counts. */
const interimAnswersMax = 1_024;

/** Everything an exchange needs from the transport it belongs to. */
export type ExchangeHost = {
  nowMs(): number;
  monotonicMs(): number;
  /** Nothing was sent: give it a connection of its own. */
  replace(exchange: Exchange): void;
  /** Called once, before the outcome is handed over. */
  ended(exchange: Exchange): void;
};

type Failure =
  | ExchangeFailure
  | ProxyFault
  | { readonly kind: 'blocked-address'; readonly reason: BlockReason }
  | { readonly kind: 'interrupted' };

/**
 * One attempt, from the moment it was asked for to its outcome.
 *
 * States: waiting (no connection yet: for its lane's turn or a free socket, or `connecting` is set) → handed over
 * (`connection` is set, undici has the request) → started (the request was written) → answered (`status` is set) →
 * done. It ends exactly once, through `#end`; what comes later is ignored. Once a status is known the attempt is a
 * response, whatever happens to the rest.
 *
 * It is undici's handler itself, so that an attempt costs one object.
 */
export class Exchange implements Dispatcher.DispatchHandler, Deadline {
  next: Deadline | null = null;
  previous: Deadline | null = null;
  dueMs = 0;
  readonly message: OutgoingMessage;
  readonly pool: OriginPool;
  readonly request: Dispatcher.DispatchOptions;
  connecting: Connecting | null = null;
  connection: HttpConnection | null = null;
  started = false;
  done = false;
  /** Of the final answer; 0 until it came. */
  status = 0;
  /** Raw bytes of the answer that were read off the socket so far, framing included. */
  answerBytes = 0;
  dnsMs: number | undefined = undefined;
  connectMs: number | undefined = undefined;
  tlsMs: number | undefined = undefined;
  address: string | undefined = undefined;
  readonly #host: ExchangeHost;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #startedAtMs: number;
  readonly #startedMs: number;
  #sentMs = 0;
  #heardMs = 0;
  #interim = 0;
  #headers: Record<string, string | string[] | undefined> = {};
  #firstChunk: Buffer | null = null;
  #chunks: Buffer[] | null = null;
  #bodyBytes = 0;

  constructor(
    host: ExchangeHost,
    { message, pool, path }: { message: OutgoingMessage; pool: OriginPool; path: string },
    resolve: (outcome: Outcome) => void,
  ) {
    this.#host = host;
    this.#resolve = resolve;
    this.#startedAtMs = host.nowMs();
    this.#startedMs = host.monotonicMs();
    this.message = message;
    this.pool = pool;
    const headers: string[] = [];
    for (const header of message.headers) headers.push(header[0], header[1]);
    this.request = { path, method: message.method, headers, body: message.body };
  }

  // --- What undici tells ---------------------------------------------------------------------------------------------

  onRequestStart(): void {
    this.started = true;
    this.#sentMs = this.#host.monotonicMs();
  }

  onResponseStarted(): void {
    if (this.#heardMs === 0) this.#heardMs = this.#host.monotonicMs();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.done) return;
    if (status >= 200) {
      this.status = status;
      this.#headers = headers;
    } else if (status === 101) {
      this.fail({ kind: 'broken', code: 'upgraded', detail: 'Answered 101 Switching Protocols' });
    } else if (++this.#interim > interimAnswersMax) {
      this.fail({ kind: 'broken', code: 'other', detail: 'Too many interim answers' });
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.done) return;
    const room = limits.responseReadBytesMax - this.#bodyBytes;
    this.#keep(chunk.length > room ? chunk.subarray(0, room) : chunk);
    if (chunk.length > room) this.#cutShort();
  }

  onResponseEnd(): void {
    if (!this.done) this.#end(this.#responded(true), true);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.done) return;
    const { connection } = this;
    if (!this.started && connection?.reused === true) {
      // The kept connection had been closed by the other side. Not a byte was sent on it, so this is no second try.
      connection.exchange = null;
      connection.destroy();
      this.connection = null;
      this.#host.replace(this);
    } else if (this.status > 0) {
      this.#cutShort();
    } else {
      this.fail(exchangeFailure(error, this.answerBytes > 0));
    }
  }

  // --- What ends it early --------------------------------------------------------------------------------------------

  /** The deadline struck. */
  expire(): void {
    if (this.done) return;
    if (this.status > 0) return this.#cutShort();
    const phase = this.#phase();
    this.fail(phase === 'proxy' ? proxySilence : { kind: 'timeout', phase });
  }

  /** The process is told to stop, or the connection became forbidden under it. */
  interrupt(): void {
    if (this.done) return;
    if (this.status > 0) this.#cutShort();
    else this.fail({ kind: 'interrupted' });
  }

  /** More bytes than any honest answer has: too long a head, or too much framing around too little body. */
  tooMuch(): void {
    if (this.done) return;
    if (this.status > 0) this.#cutShort();
    else this.fail({ kind: 'broken', code: 'headers-too-large', detail: 'No end of the head in sight' });
  }

  fail(failure: Failure): void {
    if (this.done) return;
    const timing = this.#timing();
    const { address } = this;
    if (failure.kind === 'blocked-address' || failure.kind === 'refused-by-config' || failure.kind === 'interrupted') {
      this.#end({ ...failure, timing }, false);
    } else {
      this.#end(address === undefined ? { ...failure, timing } : { ...failure, timing, address }, false);
    }
  }

  // --- Within --------------------------------------------------------------------------------------------------------

  /** The status stands; the rest of the body is not waited for. */
  #cutShort(): void {
    this.#end(this.#responded(false), false);
  }

  #end(outcome: Outcome, keepConnection: boolean): void {
    this.done = true;
    this.connecting?.cancel();
    if (!keepConnection) this.connection?.destroy();
    this.#host.ended(this);
    this.#resolve(outcome);
  }

  #keep(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#bodyBytes += chunk.length;
    if (this.#firstChunk === null) this.#firstChunk = chunk;
    else if (this.#chunks === null) this.#chunks = [this.#firstChunk, chunk];
    else this.#chunks.push(chunk);
  }

  #responded(bodyComplete: boolean): Outcome {
    const body = this.#chunks === null ? (this.#firstChunk ?? noBytes) : Buffer.concat(this.#chunks, this.#bodyBytes);
    const response: ReceivedResponse = {
      status: this.status,
      headers: receivedHeaders(this.#headers),
      body,
      bodyBytes: this.#bodyBytes,
      bodyComplete,
    };
    const timing = this.#timing();
    return this.address === undefined
      ? { kind: 'response', response, timing }
      : { kind: 'response', response, timing, address: this.address };
  }

  #phase(): ConnectPhase | 'send' | 'headers' {
    if (this.connecting !== null) return this.connecting.phase();
    if (this.connection === null) return 'connect';
    return this.started && this.connection.flushed ? 'headers' : 'send';
  }

  #timing(): Timing {
    const totalMs = tenths(this.#host.monotonicMs() - this.#startedMs);
    // Written out for the common case: a kept connection and an answer.
    if (this.connectMs === undefined && this.dnsMs === undefined && this.#heardMs > 0) {
      return { startedAtMs: this.#startedAtMs, firstByteMs: tenths(this.#heardMs - this.#sentMs), totalMs };
    }
    return {
      startedAtMs: this.#startedAtMs,
      ...(this.dnsMs !== undefined && { dnsMs: tenths(this.dnsMs) }),
      ...(this.connectMs !== undefined && { connectMs: tenths(this.connectMs) }),
      ...(this.tlsMs !== undefined && { tlsMs: tenths(this.tlsMs) }),
      ...(this.#heardMs > 0 && { firstByteMs: tenths(this.#heardMs - this.#sentMs) }),
      totalMs,
    };
  }
}

const noBytes = new Uint8Array(0);

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** Lower-case names, at most as many and as long as the outcome promises; what is over is left out from its end. */
function receivedHeaders(
  received: Record<string, string | string[] | undefined>,
): readonly (readonly [string, string])[] {
  const headers: [string, string][] = [];
  let bytes = 0;
  for (const name of Object.keys(received)) {
    const value = received[name];
    if (value === undefined) continue;
    for (const one of typeof value === 'string' ? [value] : value) {
      bytes += name.length + one.length;
      if (headers.length === limits.responseHeadersMax || bytes > limits.responseHeaderBytesMax) return headers;
      headers.push([name, one]);
    }
  }
  return headers;
}
