/**
 * The one road out, for everybody: deliveries, tests, confirmations, token requests, imports. A target is admitted by
 * its spelling, port, name and literal address; then its name is resolved, every address judged, and the connection
 * pinned to a judged one. Nothing else in the process opens a socket to a place a tenant can name.
 */
import { networkInterfaces } from 'node:os';
import type { Socket } from 'node:net';
import { AssetwireError } from '../core/errors.ts';
import type { BlockReason } from '../core/outcome.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { type AddressGuard, createAddressGuard } from './address-guard.ts';
import { errorCode } from './connect-failure.ts';
import { type Attached, createConnector, type Refused } from './connector.ts';
import { createDnsQuery, type DnsQuery } from './dns-query.ts';
import { readHostsFile } from './hosts-file.ts';
import { isLocalhost, isLocalName, isUsualPort } from './place-rules.ts';
import { createResolver, type NameResolver, type Resolution } from './resolver.ts';
import { parseTarget, type TargetUrl } from './target.ts';
import { noTargetRules, parseTargetRules, rulesNameHost, type TargetRules } from './target-rules.ts';
import { createTlsContexts, type TlsMaterial } from './tls-identity.ts';
import { createTlsSessions } from './tls-sessions.ts';

export type EgressSettings = {
  readonly clock: Clock;
  readonly random: Random;
  readonly policy?: EgressPolicy;
  /** Name servers as `address` or `address:port`. Absent: the system's. */
  readonly nameServers?: readonly string[];
  /** Answers instead of name servers, for tests. */
  readonly query?: DnsQuery;
  /** Default `/etc/hosts`; only names the operator allowed are looked for in it. */
  readonly hostsFile?: string;
  readonly dnsTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly tlsTimeoutMs?: number;
  /** Addresses of this host; default: those of its interfaces. */
  readonly interfaceAddresses?: () => readonly string[];
};

/** What the operator decides. Entries as `target-rules.ts` reads them. */
export type EgressPolicy = {
  readonly allowedTargets: readonly string[];
  readonly deniedTargets?: readonly string[];
};

/** The server's own inbox listener: the one place of this host that may be called, by POST, below `/inbox/`. */
export type InboxException = {
  /** The address it listens on, as it stands in inbox URLs; with every address of the host: 127.0.0.1. */
  readonly address: string;
  readonly port: number;
  readonly tlsPort?: number;
  /** The inbox's own certificate, trusted for exactly this origin. */
  readonly caPem?: string;
};

export type ConnectRequest = {
  readonly target: TargetUrl;
  readonly method: string;
  /** Who may share TLS sessions: workspace and purpose. */
  readonly scope: string;
  readonly tls?: TlsMaterial;
};

export type ConnectPhase = 'dns' | 'connect' | 'tls';
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
  checkTarget(url: string, rules: { readonly plainHttp: boolean }): TargetUrl;
  /** The same judgement on the way out; null lets it pass. Asks no name server, never throws. */
  admit(target: TargetUrl, method: string): BlockReason | null;
  connect(request: ConnectRequest): Connecting;
  /** Judges an address again, for connections that are open when the policy changes. */
  judge(target: TargetUrl, address: string): BlockReason | null;
  /** Equal for equal TLS material only. */
  tlsKey(material: TlsMaterial | undefined): string;
  /** Throws `AssetwireError` for entries that cannot be read, changing nothing. */
  setPolicy(policy: EgressPolicy): void;
  /** `null` closes the exception. */
  setInbox(inbox: InboxException | null): void;
  /** Ports this server listens on. They are shut on every address of this host, whatever the operator allowed. */
  setOwnPorts(ports: readonly number[]): void;
  /** Called after any of the three changed: who keeps connections closes them. Returns what ends it. */
  onChange(listener: () => void): () => void;
}

type Rules = { readonly allowed: TargetRules; readonly denied: TargetRules };

export function createEgress(settings: EgressSettings): Egress {
  const { clock, random } = settings;
  const sessions = createTlsSessions();
  const contexts = createTlsContexts();
  const connector = createConnector({ ...settings, sessions });
  const listeners = new Set<() => void>();
  let hosts: ReadonlyMap<string, readonly string[]> = new Map();
  let rules: Rules = { allowed: noTargetRules, denied: noTargetRules };
  let ownPorts: ReadonlySet<number> = new Set();
  let inbox: InboxException | null = null;
  let guard: AddressGuard = makeGuard();
  const resolver: NameResolver = createResolver({
    clock,
    query: settings.query ?? createDnsQuery({ clock, ...(settings.nameServers && { servers: settings.nameServers }) }),
    isForbidden: (address) => guard.judge(address, 443) !== null,
    ...(settings.dnsTimeoutMs !== undefined && { deadlineMs: settings.dnsTimeoutMs }),
  });

  function makeGuard(): AddressGuard {
    return createAddressGuard({
      ...rules,
      interfaceAddresses: settings.interfaceAddresses ?? systemAddresses,
      ownPorts: () => ownPorts,
      monotonicMs: () => clock.monotonicMs(),
    });
  }

  const changed = (): void => {
    guard = makeGuard();
    resolver.clear();
    sessions.clear();
    for (const listener of listeners) listener();
  };

  const setPolicy = ({ allowedTargets, deniedTargets = [] }: EgressPolicy): void => {
    rules = { allowed: parseTargetRules(allowedTargets), denied: parseTargetRules(deniedTargets) };
    hosts =
      rules.allowed.names.size + rules.allowed.suffixes.length > 0
        ? readHostsFile(settings.hostsFile ?? '/etc/hosts')
        : new Map();
    changed();
  };

  const isInbox = (target: TargetUrl): boolean =>
    inbox !== null &&
    target.hostname === inbox.address &&
    target.port === (target.scheme === 'https' ? inbox.tlsPort : inbox.port);

  const isInboxCall = (target: TargetUrl, method: string): boolean =>
    method === 'POST' && isInbox(target) && /^\/inbox\/[A-Za-z0-9_-]+$/.test(target.path);

  const isForbiddenName = (hostname: string): boolean => {
    if (rulesNameHost(rules.denied, hostname)) return true;
    if (rulesNameHost(rules.allowed, hostname)) return false;
    if (isLocalhost(hostname)) return loopback(443).length === 0;
    return isLocalName(hostname);
  };

  /** `localhost` is never asked of a name server: it is the loopback addresses that the operator opened. */
  const loopback = (port: number): readonly string[] =>
    ['127.0.0.1', '::1'].filter((address) => guard.isAllowed(address, port));

  const admit = (target: TargetUrl, method: string): BlockReason | null => {
    if (isInboxCall(target, method)) return null;
    if (!target.literal && isForbiddenName(target.hostname)) return 'forbidden-name';
    const exempt = target.literal && guard.isAllowedPair(target.hostname, target.port);
    if (!isUsualPort(target.port) && !exempt) return 'forbidden-port';
    return target.literal ? guard.judge(target.hostname, target.port) : null;
  };

  const checkTarget: Egress['checkTarget'] = (url, { plainHttp }) => {
    const target = parseTarget(url);
    const reason = admit(target, 'POST');
    if (reason !== null) throw blockedTarget(reason, target);
    if (target.scheme === 'http' && !plainHttp && !isInbox(target) && !isOpened(target)) throw plainTarget();
    return target;
  };

  const isOpened = (target: TargetUrl): boolean => {
    if (target.literal) return guard.isAllowed(target.hostname, target.port);
    return rulesNameHost(rules.allowed, target.hostname) || isLocalhost(target.hostname);
  };

  const resolve = (target: TargetUrl): Promise<Resolution> => {
    const { hostname } = target;
    if (target.literal) return Promise.resolve({ kind: 'addresses', addresses: [hostname] });
    if (isLocalhost(hostname)) return Promise.resolve({ kind: 'addresses', addresses: loopback(target.port) });
    const listed = rulesNameHost(rules.allowed, hostname) ? hosts.get(hostname) : undefined;
    return listed === undefined
      ? resolver.resolve(hostname)
      : Promise.resolve({ kind: 'addresses', addresses: listed });
  };

  const judge = (target: TargetUrl, address: string): BlockReason | null =>
    isInbox(target) ? null : guard.judge(address, target.port);

  const connect = (request: ConnectRequest): Connecting => {
    const state: { phase: ConnectPhase; socket: Socket | null; cancelled: boolean } = {
      phase: 'dns',
      socket: null,
      cancelled: false,
    };
    const run = async (): Promise<Connected | NotConnected> => {
      const { target, method } = request;
      const blocked = admit(target, method);
      if (blocked !== null) return failed({ kind: 'blocked-address', reason: blocked });
      const startedMs = clock.monotonicMs();
      const resolution = await resolve(target);
      const dns = target.literal ? {} : { dnsMs: clock.monotonicMs() - startedMs };
      if (resolution.kind === 'timeout') return { ...failed({ kind: 'timeout', phase: 'dns' }), ...dns };
      if (resolution.kind === 'failed') return { ...failed({ kind: 'dns-failed', code: resolution.code }), ...dns };
      // One forbidden address condemns the whole name: there is no honest reason for a mixed answer.
      for (const address of resolution.addresses) {
        const reason = judge(target, address);
        if (reason !== null) return { ...failed({ kind: 'blocked-address', reason }), address, ...dns };
      }
      if (state.cancelled) return { ...failed({ kind: 'timeout', phase: 'dns' }), ...dns };
      const attached = await attach(request, inOrder(resolution.addresses, random), state);
      return { ...attached, ...dns };
    };
    return {
      result: run(),
      phase: () => state.phase,
      cancel: () => {
        state.cancelled = true;
        state.socket?.destroy();
      },
    };
  };

  const attach = (
    { target, scope, tls }: ConnectRequest,
    addresses: readonly string[],
    state: { phase: ConnectPhase; socket: Socket | null; readonly cancelled: boolean },
  ): Promise<Attached | Refused> => {
    let material = tls;
    if (target.scheme === 'https' && isInbox(target) && inbox?.caPem !== undefined)
      material = { id: 'inbox', caPem: inbox.caPem };
    try {
      return connector.attach({
        target,
        addresses,
        ...(target.scheme === 'https' && { context: contexts.contextOf(material) }),
        sessionKey: `${scope} ${contexts.keyOf(material)} ${target.origin}`,
        enter: (phase, socket) => {
          state.phase = phase;
          state.socket = socket;
        },
        isCancelled: () => state.cancelled,
      });
    } catch (error) {
      const detail = `The TLS identity of the webhook cannot be used (${errorCode(error)})`;
      return Promise.resolve(failed({ kind: 'refused-by-config', code: 'tls_identity', detail }));
    }
  };

  setPolicy(settings.policy ?? { allowedTargets: [] });
  return {
    checkTarget,
    admit,
    connect,
    judge,
    tlsKey: (material) => contexts.keyOf(material),
    setPolicy,
    setInbox: (exception) => {
      inbox = exception;
      changed();
    },
    setOwnPorts: (ports) => {
      ownPorts = new Set(ports);
      changed();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function failed(failure: Refused['failure']): Refused {
  return { kind: 'failed', failure };
}

/** IPv4 first, since hosts without an IPv6 route are common; among equals each connection starts at another one. */
function inOrder(addresses: readonly string[], random: Random): readonly string[] {
  if (addresses.length === 1) return addresses;
  const turned = (list: readonly string[]): readonly string[] => {
    const start = Math.floor(random.fraction() * list.length);
    return [...list.slice(start), ...list.slice(0, start)];
  };
  const isV6 = (address: string): boolean => address.includes(':');
  return [...turned(addresses.filter((address) => !isV6(address))), ...turned(addresses.filter(isV6))];
}

function systemAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map(({ address }) => address));
}

function blockedTarget(reason: BlockReason, { hostname, port }: TargetUrl): AssetwireError {
  const mend = 'The operator can open it with ASSETWIRE_ALLOWED_TARGETS';
  switch (reason) {
    case 'forbidden-name':
      return new AssetwireError('target_forbidden_name', {
        detail: `The target must have a public name: found ${hostname}`,
        mend,
      });
    case 'forbidden-port':
      return new AssetwireError('target_forbidden_port', {
        detail: `The target must use port 80, 443 or a port from 1024 on that no database or queue is known by: found ${port}`,
        mend: 'The operator can open it with an address:port entry in ASSETWIRE_ALLOWED_TARGETS',
      });
    case 'self-connection':
      return new AssetwireError('target_forbidden_address', {
        detail: `The target must not be this server itself: found ${hostname}`,
        mend: 'Use an inbox of this server, or another host',
      });
    case 'forbidden-address':
    case 'forbidden-scheme':
      return new AssetwireError('target_forbidden_address', {
        detail: `The target must lie at a public address: found ${hostname}`,
        mend,
      });
  }
}

function plainTarget(): AssetwireError {
  return new AssetwireError('target_scheme', {
    detail:
      'The target must begin with https:// : this dialect sends plain http only towards ranges the operator allowed',
    mend: 'Use https, or have the operator allow the target with ASSETWIRE_ALLOWED_TARGETS',
  });
}
