/**
 * The one road out, for everybody: deliveries, tests, confirmations, token requests, imports. A target is admitted by
 * its spelling, port, name and literal address; then its name is resolved, every address judged, and the connection
 * pinned to a judged one. Nothing else in the process opens a socket to a place a tenant can name.
 */
import type { Socket } from 'node:net';
import type { BlockReason } from '../core/outcome.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EgressProxyPlace } from '../runtime/egress-proxy-url.ts';
import type { Random } from '../runtime/random.ts';
import { type Admission, createAdmission, type EgressPolicy, type InboxException } from './admission.ts';
import { errorCode } from './connect-failure.ts';
import { type Attached, type Connector, createConnector, type Refused } from './connector.ts';
import { createDnsQuery, type DnsQuery } from './dns-query.ts';
import type { Resolution } from './name-lookup.ts';
import { createProxyRoad, type ProxyRoad } from './proxy-tunnel.ts';
import { createResolver } from './resolver.ts';
import { parseTarget, type TargetUrl } from './target.ts';
import { blockedTarget } from './target-refusal.ts';
import { createTlsContexts, type TlsContexts, type TlsMaterial } from './tls-identity.ts';
import { createTlsSessions } from './tls-sessions.ts';

export type EgressSettings = {
  readonly clock: Clock;
  readonly random: Random;
  /** Default: nothing allowed beyond what is public. */
  readonly policy?: EgressPolicy;
  /** Name servers as `address` or `address:port`. Absent: the system's. */
  readonly nameServers?: readonly string[];
  /** Answers instead of name servers, for tests. */
  readonly query?: DnsQuery;
  /** Default `/etc/hosts`; only names the operator allowed are looked for in it. */
  readonly hostsFile?: string;
  /** Each 5 s by default; the deadline of an attempt stands above them. */
  readonly dnsTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly tlsTimeoutMs?: number;
  /** Addresses of this host; default: those of its interfaces. */
  readonly interfaceAddresses?: () => readonly string[];
  /** Everything leaves through it but what goes to the inbox of this server. `caPem`: trusted for it alone, in tests. */
  readonly proxy?: EgressProxyPlace & { readonly caPem?: string };
  /** Origins of services of the operator's, which are not a tenant's to aim at: they are not sent through the proxy. */
  readonly directOrigins?: readonly string[];
};

export type ConnectRequest = {
  readonly target: TargetUrl;
  readonly method: string;
  /** Who may share TLS sessions: the workspace. */
  readonly scope: string;
  readonly tls?: TlsMaterial;
};

/** `proxy`: until the egress proxy has opened its tunnel. */
export type ConnectPhase = 'dns' | 'proxy' | 'connect' | 'tls';
export type Connected = Attached & { readonly dnsMs?: number };
export type NotConnected = Refused & { readonly dnsMs?: number };

export type Connecting = {
  readonly result: Promise<Connected | NotConnected>;
  phase(): ConnectPhase;
  /** Gives up at once; `result` still settles. Harmless when it has. */
  cancel(): void;
};

export interface Egress {
  /**
   * For creating, updating and testing: the canonical target, or an `AssetwireError` (`target_…`, `credentials_in_url`).
   * Asks no name server. Without `plainHttp`, `http:` is accepted only towards what the operator allowed.
   */
  readonly checkTarget: (url: string, rules: { readonly plainHttp: boolean }) => TargetUrl;
  /** The same judgement on the way out; null lets it pass. Asks no name server, never throws. */
  readonly admit: (target: TargetUrl, method: string) => BlockReason | null;
  /** Resolves, judges, connects and, for https, verifies. Failures are values. */
  readonly connect: (request: ConnectRequest) => Connecting;
  /** Judges an address again, for connections that are open when the policy changes. */
  readonly judge: (target: TargetUrl, address: string) => BlockReason | null;
  /** Equal for equal TLS material only. */
  readonly tlsKey: (material: TlsMaterial | undefined) => string;
  /** Throws `AssetwireError` for entries that cannot be read, changing nothing. */
  setPolicy(policy: EgressPolicy): void;
  /** `null` closes the exception. */
  setInbox(inbox: InboxException | null): void;
  /** Ports this server listens on. They are shut on every address of this host, whatever the operator allowed. */
  setOwnPorts(ports: readonly number[]): void;
  /** Called after any of the three changed: who keeps connections closes them. Returns what ends it. */
  onChange(listener: () => void): () => void;
}

export function createEgress(settings: EgressSettings): Egress {
  const { clock, policy = { allowedTargets: [] } } = settings;
  const admission = createAdmission({ ...settings, monotonicMs: () => clock.monotonicMs() });
  const sessions = createTlsSessions();
  const contexts = createTlsContexts();
  const resolver = createResolver({
    clock,
    query: settings.query ?? createDnsQuery({ clock, ...(settings.nameServers && { servers: settings.nameServers }) }),
    isForbidden: admission.isForbidden,
    ...(settings.dnsTimeoutMs !== undefined && { deadlineMs: settings.dnsTimeoutMs }),
  });
  const connect = createRoad({
    admission,
    contexts,
    connector: createConnector({ ...settings, sessions }),
    via: roadVia(settings, { admission, contexts }),
    resolve: (name) => resolver.resolve(name),
    ...settings,
  });
  const listeners = new Set<() => void>();
  const changed = (): void => {
    resolver.clear();
    sessions.clear();
    for (const listener of listeners) listener();
  };
  admission.setPolicy(policy);

  return {
    checkTarget(url, { plainHttp }) {
      const target = parseTarget(url);
      const reason = admission.admit(target, 'POST');
      if (reason !== null) throw blockedTarget(reason, target);
      const isPlain = target.scheme === 'http' && !plainHttp;
      if (isPlain && !admission.isInbox(target) && !admission.isOpened(target))
        throw blockedTarget('forbidden-scheme', target);
      return target;
    },
    admit: admission.admit,
    judge: admission.judge,
    connect,
    tlsKey: contexts.keyOf,
    setPolicy(next) {
      admission.setPolicy(next);
      changed();
    },
    setInbox(inbox) {
      admission.setInbox(inbox);
      changed();
    },
    setOwnPorts(ports) {
      admission.setOwnPorts(ports);
      changed();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The proxy that a target is reached by; undefined: directly. */
type Via = (target: TargetUrl) => ProxyRoad | undefined;

function roadVia(
  { proxy, clock, directOrigins = [] }: EgressSettings,
  { admission, contexts }: Pick<RoadParts, 'admission' | 'contexts'>,
): Via {
  if (proxy === undefined) return () => undefined;
  const { caPem } = proxy;
  const material = caPem === undefined ? undefined : { id: 'egress-proxy', caPem };
  const road = createProxyRoad(proxy, { clock, context: () => contexts.contextOf(material) });
  const direct = new Set(directOrigins);
  return (target) => (admission.isInbox(target) || direct.has(target.origin) ? undefined : road);
}

type RoadParts = {
  readonly via: Via;
  readonly clock: Clock;
  readonly random: Random;
  readonly admission: Admission;
  readonly contexts: TlsContexts;
  readonly connector: Connector;
  readonly resolve: (name: string) => Promise<Resolution>;
};

type RoadState = { phase: ConnectPhase; socket: Socket | null; cancelled: boolean };

function createRoad(parts: RoadParts): Egress['connect'] {
  const { clock, random, admission, resolve } = parts;

  const run = async (request: ConnectRequest, state: RoadState): Promise<Connected | NotConnected> => {
    const { target, method } = request;
    const blocked = admission.admit(target, method);
    if (blocked !== null) return failed({ kind: 'blocked-address', reason: blocked });
    const startedMs = clock.monotonicMs();
    const known = admission.knownAddresses(target);
    const resolution =
      known === null ? await resolve(target.hostname) : ({ kind: 'addresses', addresses: known } as const);
    const dns = known === null ? { dnsMs: clock.monotonicMs() - startedMs } : {};
    if (resolution.kind === 'timeout') return { ...failed({ kind: 'timeout', phase: 'dns' }), ...dns };
    if (resolution.kind === 'failed') return { ...failed({ kind: 'dns-failed', code: resolution.code }), ...dns };
    // One forbidden address condemns the whole name: there is no honest reason for a mixed answer.
    for (const address of resolution.addresses) {
      const reason = admission.judge(target, address);
      if (reason !== null) return { ...failed({ kind: 'blocked-address', reason }), address, ...dns };
    }
    if (state.cancelled) return { ...failed({ kind: 'timeout', phase: 'dns' }), ...dns };
    return { ...(await attach(parts, request, { addresses: inOrder(resolution.addresses, random), state })), ...dns };
  };

  return (request) => {
    const state: RoadState = { phase: 'dns', socket: null, cancelled: false };
    let giveUp: (made: NotConnected) => void = () => undefined;
    const result = new Promise<Connected | NotConnected>((resolve) => {
      giveUp = resolve;
      void run(request, state).then(resolve);
    });
    return {
      result,
      phase: () => state.phase,
      cancel: () => {
        state.cancelled = true;
        // A question cannot be called back; its answer just finds nobody waiting. A socket can, and says so itself.
        if (state.socket === null) giveUp(failed({ kind: 'timeout', phase: 'dns' }));
        else state.socket.destroy();
      },
    };
  };
}

async function attach(
  { admission, contexts, connector, via: viaOf }: RoadParts,
  { target, scope, tls }: ConnectRequest,
  { addresses, state }: { readonly addresses: readonly string[]; readonly state: RoadState },
): Promise<Attached | Refused> {
  const inboxCa = admission.isInbox(target) ? admission.inbox()?.caPem : undefined;
  const material = inboxCa === undefined ? tls : { id: 'inbox', caPem: inboxCa };
  const secure = target.scheme === 'https' ? usableContext(contexts, material) : null;
  if (secure !== null && 'kind' in secure) return secure;
  const via = viaOf(target);
  return connector.attach({
    target,
    addresses,
    ...secure,
    ...(via === undefined ? {} : { via }),
    sessionKey: `${scope} ${contexts.keyOf(material)} ${target.origin}`,
    enter: (phase, socket) => {
      state.phase = phase;
      state.socket = socket;
    },
    isCancelled: () => state.cancelled,
  });
}

function usableContext(contexts: TlsContexts, material: TlsMaterial | undefined) {
  try {
    return { context: contexts.contextOf(material) };
  } catch (error) {
    const detail = `The TLS identity of the webhook cannot be used (${errorCode(error)})`;
    return failed({ kind: 'refused-by-config', code: 'tls_identity', detail });
  }
}

function failed(failure: Refused['failure']): Refused {
  return { kind: 'failed', failure };
}

/**
 * IPv4 and IPv6 in turn, IPv4 first, since hosts without an IPv6 route are common; among equals each connection starts at
 * another one. In turn, because only a few are tried: of a name with four addresses of a family that has no route, the
 * other one would never be reached (HARDENING FR-11).
 */
function inOrder(addresses: readonly string[], random: Random): readonly string[] {
  if (addresses.length === 1) return addresses;
  const turned = (list: readonly string[]): readonly string[] => {
    const start = Math.floor(random.fraction() * list.length);
    return [...list.slice(start), ...list.slice(0, start)];
  };
  const isV6 = (address: string): boolean => address.includes(':');
  const [v4, v6] = [turned(addresses.filter((address) => !isV6(address))), turned(addresses.filter(isV6))];
  return Array.from({ length: Math.max(v4.length, v6.length) }, (_, at) => [v4[at], v6[at]])
    .flat()
    .filter((address) => address !== undefined);
}
