/** What the road out makes of one target, as far as the handshake: nothing is sent over it. For `doctor`. */
import { AssetwireError } from '../core/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EgressProxyPlace } from '../runtime/egress-proxy-url.ts';
import type { Egress } from './egress.ts';
import { createProxyRoad, openTunnel } from './proxy-tunnel.ts';
import { createTlsContexts } from './tls-identity.ts';

export type TargetProbe = {
  /** `refused`: by our own rules, before anything was asked. `failed`: on the way. */
  readonly result: 'reached' | 'refused' | 'failed';
  readonly detail: string;
  readonly mend?: string;
};

/** Judges, resolves, connects and for https verifies, as a delivery would; then lets go. */
export async function probeTarget(
  url: string,
  { egress, clock }: { readonly egress: Egress; readonly clock: Clock },
): Promise<TargetProbe> {
  let target;
  try {
    target = egress.checkTarget(url, { plainHttp: true });
  } catch (error) {
    if (!(error instanceof AssetwireError)) throw error;
    const { message: detail, mend } = error;
    return { result: 'refused', detail, ...(mend === undefined ? {} : { mend }) };
  }
  const startedAtMs = clock.monotonicMs();
  const found = await egress.connect({ target, method: 'POST', scope: 'doctor' }).result;
  if (found.kind === 'failed') {
    const { failure, address } = found;
    if (failure.kind === 'proxy-failed') return { result: 'failed', detail: failure.detail };
    const code =
      'code' in failure ? ` (${String(failure.code)})` : 'reason' in failure ? ` (${String(failure.reason)})` : '';
    return { result: 'failed', detail: `${failure.kind}${code}${address === undefined ? '' : ` at ${address}`}` };
  }
  found.socket.destroy();
  return { result: 'reached', detail: `${found.address} in ${Math.round(clock.monotonicMs() - startedAtMs)} ms` };
}

const proxyTimeoutMs = 5_000;

/** Whether the egress proxy is there and, by https, who it says it is. It is asked for nothing. */
export async function probeProxy(place: EgressProxyPlace, clock: Clock): Promise<TargetProbe> {
  const contexts = createTlsContexts();
  const road = createProxyRoad(place, { clock, context: () => contexts.contextOf(undefined) });
  const startedAtMs = clock.monotonicMs();
  const found = await openTunnel(road, { to: null, timeoutMs: proxyTimeoutMs, enter: () => undefined });
  if (found.kind === 'failed') {
    const { failure } = found;
    return { result: 'failed', detail: 'detail' in failure ? String(failure.detail) : failure.kind };
  }
  found.socket.destroy();
  const host = place.host.includes(':') ? `[${place.host}]` : place.host;
  return { result: 'reached', detail: `${host}:${place.port} in ${Math.round(clock.monotonicMs() - startedAtMs)} ms` };
}
