/**
 * The HTTP transport: one POST, PUT or PATCH per message over the guarded road, on kept connections, with one deadline
 * over everything. Redirects are not followed, cookies not kept, bodies not decompressed, at most 64 KiB of an answer
 * read. What can go wrong is an outcome; `send` rejects never.
 */
import type { BlockReason, Outcome } from '../../core/outcome.ts';
import type { Egress } from '../../egress/egress.ts';
import { createHeaderGate } from '../../egress/headers.ts';
import { readTarget, type TargetUrl } from '../../egress/target.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { OutgoingMessage, Transport } from '../transport.ts';
import { createAbortRegistry } from './abort-registry.ts';
import { createConnectionPools } from './connection-pools.ts';
import { createDeadlineWheel } from './deadline-wheel.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import type { OriginPool } from './origin-pool.ts';

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
const routesKeptMax = 20_000;
const methods: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** What is known about one target, so that its second message costs one look-up. Thrown away when the policy changes. */
type Route =
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  | { readonly kind: 'blocked'; readonly reason: BlockReason }
  | { readonly kind: 'open'; readonly target: TargetUrl; pool: OriginPool | null; workspaceId: string };

export function createHttpTransport(settings: HttpTransportSettings): Transport {
  const { egress, clock, socketsMax = socketsMaxDefault, socketAgeMsMax = socketAgeMsMaxDefault } = settings;
  const pools = createConnectionPools({ egress, clock, socketsMax, socketAgeMsMax });
  const wheel = createDeadlineWheel(clock);
  const aborts = createAbortRegistry();
  const unsendable = createHeaderGate();
  const routes = new Map<string, Route>();
  let state: 'new' | 'running' | 'stopped' = 'new';
  let inFlight = 0;
  let stopWatching: () => void = () => undefined;

  const host: ExchangeHost = {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    replace: (exchange) => pools.replace(exchange),
    ended: (exchange) => {
      inFlight--;
      wheel.remove(exchange);
      if (exchange.message.signal !== undefined) aborts.remove(exchange.message.signal, exchange);
      pools.ended(exchange);
    },
  };

  const routeOf = ({ target, method }: OutgoingMessage): Route => {
    const key = method === 'POST' ? target : `${method} ${target}`;
    const known = routes.get(key);
    if (known !== undefined) return known;
    const [oldest] = routes.size >= routesKeptMax ? routes.keys() : [];
    if (oldest !== undefined) routes.delete(oldest);
    const made = judgeRoute(egress, target, method);
    routes.set(key, made);
    return made;
  };

  /** The pool of the last message to this target is nearly always the pool of this one. */
  const poolFor = (route: Extract<Route, { kind: 'open' }>, { workspaceId, tls }: OutgoingMessage): OriginPool => {
    const { pool } = route;
    if (pool !== null && !pool.gone && route.workspaceId === workspaceId && pool.tls === tls) return pool;
    route.pool = pools.pool(route.target, workspaceId, tls);
    route.workspaceId = workspaceId;
    return route.pool;
  };

  const begin = (message: OutgoingMessage, resolve: (outcome: Outcome) => void): void => {
    if (state !== 'running' || message.signal?.aborted === true) return resolve(unsent({ kind: 'interrupted' }, clock));
    const route = routeOf(message);
    if (route.kind === 'blocked') return resolve(unsent({ kind: 'blocked-address', reason: route.reason }, clock));
    if (route.kind === 'refused') {
      return resolve(unsent({ kind: 'refused-by-config', code: route.code, detail: route.detail }, clock));
    }
    const problem = unsendable(message.headers);
    if (problem !== null) return resolve(unsent({ kind: 'refused-by-config', ...problem }, clock));
    const exchange = new Exchange(host, { message, pool: poolFor(route, message), path: route.target.path }, resolve);
    inFlight++;
    wheel.add(exchange, message.timeoutMs);
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
      routes.delete(target);
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

function judgeRoute(egress: Egress, url: string, method: string): Route {
  if (!methods.has(method)) {
    return { kind: 'refused', code: 'method_not_allowed', detail: 'Only POST, PUT and PATCH are sent' };
  }
  const reading = readTarget(url);
  if (!reading.ok) return { kind: 'refused', code: reading.problem.code, detail: reading.problem.detail };
  const reason = egress.admit(reading.target, method);
  return reason === null
    ? { kind: 'open', target: reading.target, pool: null, workspaceId: '' }
    : { kind: 'blocked', reason };
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
