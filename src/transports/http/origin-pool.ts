import type { TargetUrl } from '../../egress/target.ts';
import type { TlsIdentity } from '../transport.ts';
import type { HttpConnection } from './connection.ts';
import type { Exchange } from './exchange.ts';

/**
 * The connections of one origin, workspace and TLS identity. Lanes share them, but each lane has its own bound: a lane
 * whose receiver hangs holds no more than its own connections.
 */
export type OriginPool = {
  readonly key: string;
  readonly target: TargetUrl;
  readonly tls: TlsIdentity | undefined;
  /** Last used on top. */
  readonly idle: HttpConnection[];
  readonly lanes: Map<string, PoolLane>;
  /** Connections open or being opened. */
  connections: number;
  /** Exchanges that have not ended. */
  exchanges: number;
  /** Taken out of the books: make a new one. */
  gone: boolean;
};

export type PoolLane = {
  busy: number;
  readonly waiting: Set<Exchange>;
};

export function createOriginPool(key: string, target: TargetUrl, tls: TlsIdentity | undefined): OriginPool {
  return { key, target, tls, idle: [], lanes: new Map(), connections: 0, exchanges: 0, gone: false };
}

export function laneOf(pool: OriginPool, webhookId: string): PoolLane {
  let lane = pool.lanes.get(webhookId);
  if (lane === undefined) {
    lane = { busy: 0, waiting: new Set() };
    pool.lanes.set(webhookId, lane);
  }
  return lane;
}
