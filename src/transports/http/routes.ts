import type { BlockReason } from '../../core/outcome.ts';
import type { Egress } from '../../egress/egress.ts';
import { readTarget, type TargetUrl } from '../../egress/target.ts';
import type { OutgoingMessage } from '../transport.ts';
import type { ConnectionPools } from './connection-pools.ts';
import type { OriginPool } from './origin-pool.ts';

/** What is known about one target, so that its second message costs one look-up. Worth nothing once the policy changes. */
export type Route =
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  | { readonly kind: 'blocked'; readonly reason: BlockReason }
  | OpenRoute;

export type OpenRoute = {
  readonly kind: 'open';
  readonly target: TargetUrl;
  /** Of the last message, which is nearly always that of the next. */
  pool: OriginPool | null;
  workspaceId: string;
};

export type Routes = {
  of(message: OutgoingMessage): Route;
  poolOf(route: OpenRoute, message: OutgoingMessage): OriginPool;
  clear(): void;
};

const routesKeptMax = 20_000;
const methods: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'OPTIONS']);

export function createRoutes(egress: Egress, pools: ConnectionPools): Routes {
  const kept = new Map<string, Route>();
  return {
    of({ target, method }) {
      const key = method === 'POST' ? target : `${method} ${target}`;
      const known = kept.get(key);
      if (known !== undefined) return known;
      // The oldest makes room: a map gives its keys in the order they came.
      const [oldest] = kept.size >= routesKeptMax ? kept.keys() : [];
      if (oldest !== undefined) kept.delete(oldest);
      const made = judgeRoute(egress, target, method);
      kept.set(key, made);
      return made;
    },
    poolOf(route, { workspaceId, tls }) {
      const { pool } = route;
      if (pool !== null && !pool.gone && route.workspaceId === workspaceId && pool.tls === tls) return pool;
      route.pool = pools.pool(route.target, workspaceId, tls);
      route.workspaceId = workspaceId;
      return route.pool;
    },
    clear: () => kept.clear(),
  };
}

/** Judged here and again at each connection: the store and the queue are not trusted to hold only what was checked. */
function judgeRoute(egress: Egress, url: string, method: string): Route {
  if (!methods.has(method)) {
    return { kind: 'refused', code: 'method_not_allowed', detail: 'Only POST, PUT, PATCH and OPTIONS are sent' };
  }
  const reading = readTarget(url);
  if (!reading.ok) return { kind: 'refused', code: reading.problem.code, detail: reading.problem.detail };
  const reason = egress.admit(reading.target, method);
  if (reason !== null) return { kind: 'blocked', reason };
  return { kind: 'open', target: reading.target, pool: null, workspaceId: '' };
}
