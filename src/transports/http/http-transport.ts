/**
 * The HTTP transport: one POST, PUT or PATCH per message over the guarded road, on kept connections, with one deadline
 * over everything. Redirects are not followed, cookies not kept, bodies not decompressed, at most 64 KiB of an answer
 * read. What can go wrong is an outcome; `send` rejects never.
 */
import type { BlockReason, Outcome } from '../../core/outcome.ts';
import type { Egress } from '../../egress/egress.ts';
import { createHeaderGate } from '../../egress/headers.ts';
import { readTarget } from '../../egress/target.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { OutgoingMessage, Transport } from '../transport.ts';
import { createAbortRegistry } from '../abort-registry.ts';
import { ConnectionPools } from './connection-pools.ts';
import { createDeadlineWheel } from './deadline-wheel.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import { createRoutes } from './routes.ts';

export type HttpTransportSettings = {
  readonly egress: Egress;
  readonly clock: Clock;
  /** Over all targets. Default 4,096. */
  readonly socketsMax?: number;
  /** A connection takes no new exchange after this, so that a name that moved is followed. Default 60 s. */
  readonly socketAgeMsMax?: number;
};

const socketsMaxDefault = 4_096;
const socketAgeMsMaxDefault = 60_000;
const timeoutMsMax = 10 * 60_000;

export function createHttpTransport(settings: HttpTransportSettings): Transport {
  const { egress, clock, socketsMax = socketsMaxDefault, socketAgeMsMax = socketAgeMsMaxDefault } = settings;
  const pools = new ConnectionPools({ egress, clock, socketsMax, socketAgeMsMax });
  const wheel = createDeadlineWheel(clock);
  const aborts = createAbortRegistry();
  const unsendable = createHeaderGate();
  const routes = createRoutes(egress, pools);
  let state: 'new' | 'running' | 'stopped' = 'new';
  let inFlight = 0;
  let stopWatching: () => void = () => undefined;

  const host: ExchangeHost = {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    replace: (exchange) => pools.place(exchange),
    ended: (exchange) => {
      inFlight--;
      wheel.remove(exchange);
      if (exchange.message.signal !== undefined) aborts.remove(exchange.message.signal, exchange);
      pools.ended(exchange);
    },
  };

  const begin = (message: OutgoingMessage, resolve: (outcome: Outcome) => void): void => {
    if (state !== 'running' || message.signal?.aborted === true) return resolve(unsent({ kind: 'interrupted' }, clock));
    const route = routes.of(message);
    if (route.kind === 'blocked') return resolve(unsent({ kind: 'blocked-address', reason: route.reason }, clock));
    if (route.kind === 'refused') {
      return resolve(unsent({ kind: 'refused-by-config', code: route.code, detail: route.detail }, clock));
    }
    const problem = unsendable(message.headers);
    if (problem !== null) return resolve(unsent({ kind: 'refused-by-config', ...problem }, clock));
    const exchange = new Exchange(
      host,
      { message, pool: routes.poolOf(route, message), path: route.target.path },
      resolve,
    );
    inFlight++;
    wheel.add(exchange, boundedTimeout(message.timeoutMs));
    if (message.signal !== undefined) aborts.add(message.signal, exchange);
    pools.admit(exchange);
  };

  return {
    kind: 'http',
    async start() {
      if (state !== 'new') return;
      state = 'running';
      stopWatching = egress.onChange(() => {
        routes.clear();
        pools.judgeAgain();
      });
    },
    send: (message) => new Promise((resolve) => begin(message, resolve)),
    forget(target) {
      const reading = readTarget(target);
      if (!reading.ok) return;
      pools.retire((pool) => pool.target.origin === reading.target.origin);
    },
    stats: () => ({ ...pools.stats(), requestsInFlight: inFlight }),
    async stop() {
      state = 'stopped';
      stopWatching();
      routes.clear();
      for (const waiting of wheel.waiting()) if (waiting instanceof Exchange) waiting.interrupt();
      await pools.close();
    },
  };
}

/** Whatever a policy says, an attempt ends: what is no number of milliseconds ends at once. */
function boundedTimeout(timeoutMs: number): number {
  return timeoutMs > 0 ? Math.min(timeoutMs, timeoutMsMax) : 0;
}

/** An outcome of a message that never came as far as an exchange. */
function unsent(
  outcome:
    | { readonly kind: 'interrupted' }
    | { readonly kind: 'blocked-address'; readonly reason: BlockReason }
    | { readonly kind: 'refused-by-config'; readonly code: string; readonly detail: string },
  clock: Clock,
): Outcome {
  return { ...outcome, timing: { startedAtMs: clock.nowMs(), totalMs: 0 } };
}
