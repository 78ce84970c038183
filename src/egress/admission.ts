/**
 * What may be called, as the operator's rules, our own listeners and the tables say it. Everything here is answered
 * without asking a name server; the egress judges again what a name resolved to.
 */
import { networkInterfaces } from 'node:os';
import type { BlockReason } from '../core/outcome.ts';
import { type AddressGuard, createAddressGuard } from './address-guard.ts';
import { readHostsFile } from './hosts-file.ts';
import { isLocalhost, isLocalName, isUsualPort } from './place-rules.ts';
import type { TargetUrl } from './target.ts';
import { noTargetRules, parseTargetRules, rulesNameHost, type TargetRules } from './target-rules.ts';

/** What the operator decides. Entries as `target-rules.ts` reads them. */
export type EgressPolicy = {
  readonly allowedTargets: readonly string[];
  readonly deniedTargets?: readonly string[];
};

/** The server's own inbox listener: the one place of this host that may be called, by POST and by the OPTIONS of a handshake, below `/inbox/`. */
export type InboxException = {
  /** The address it is reached at, as it stands in inbox URLs; 127.0.0.1 where it listens on every address. */
  readonly address: string;
  readonly port: number;
  readonly tlsPort?: number;
  /** The inbox's own certificate, trusted for exactly this origin. */
  readonly caPem?: string;
};

export type AdmissionSettings = {
  readonly monotonicMs: () => number;
  /** Addresses of this host; default: those of its interfaces. */
  readonly interfaceAddresses?: () => readonly string[];
  /** Default `/etc/hosts`; read with the policy, and only where the policy allows names. */
  readonly hostsFile?: string;
};

export type Admission = {
  /** Judges spelling-independent rules: inbox, name, port, literal address. */
  readonly admit: (target: TargetUrl, method: string) => BlockReason | null;
  /** Judges one address that the target resolved to, or is connected to. */
  readonly judge: (target: TargetUrl, address: string) => BlockReason | null;
  readonly isForbidden: (address: string) => boolean;
  /** Whether the operator opened what this target names, which lets plain http pass. */
  isOpened(target: TargetUrl): boolean;
  isInbox(target: TargetUrl): boolean;
  inbox(): InboxException | null;
  /** Addresses known without a name server: of literals, of `localhost`, of allowed names in the hosts file. */
  knownAddresses(target: TargetUrl): readonly string[] | null;
  setPolicy(policy: EgressPolicy): void;
  setInbox(inbox: InboxException | null): void;
  setOwnPorts(ports: readonly number[]): void;
};

export function createAdmission(settings: AdmissionSettings): Admission {
  let allowed: TargetRules = noTargetRules;
  let denied: TargetRules = noTargetRules;
  let hosts: ReadonlyMap<string, readonly string[]> = new Map();
  let ownPorts: ReadonlySet<number> = new Set();
  let inbox: InboxException | null = null;
  let guard: AddressGuard = makeGuard();

  function makeGuard(): AddressGuard {
    return createAddressGuard({
      allowed,
      denied,
      interfaceAddresses: settings.interfaceAddresses ?? systemAddresses,
      ownPorts: () => ownPorts,
      monotonicMs: settings.monotonicMs,
    });
  }

  const isInbox = ({ scheme, hostname, port }: TargetUrl): boolean =>
    inbox !== null && hostname === inbox.address && port === (scheme === 'https' ? inbox.tlsPort : inbox.port);

  const isForbiddenName = (hostname: string): boolean => {
    if (rulesNameHost(denied, hostname)) return true;
    if (rulesNameHost(allowed, hostname)) return false;
    if (isLocalhost(hostname)) return loopback().length === 0;
    return isLocalName(hostname);
  };

  /** `localhost` is never asked of a name server: it is the loopback addresses that the operator opened. */
  const loopback = (port = 0): readonly string[] =>
    ['127.0.0.1', '::1'].filter((address) => guard.isAllowed(address, port));

  return {
    isInbox,
    inbox: () => inbox,
    admit(target, method) {
      const { hostname, port, literal, path } = target;
      if ((method === 'POST' || method === 'OPTIONS') && isInbox(target) && inboxPath.test(path)) return null;
      if (!literal && isForbiddenName(hostname)) return 'forbidden-name';
      if (!isUsualPort(port) && !(literal && guard.isAllowedPair(hostname, port))) return 'forbidden-port';
      return literal ? guard.judge(hostname, port) : null;
    },
    judge: (target, address) => (isInbox(target) ? null : guard.judge(address, target.port)),
    isForbidden: (address) => guard.judge(address, 443) !== null,
    isOpened({ hostname, port, literal }) {
      if (literal) return guard.isAllowed(hostname, port);
      return rulesNameHost(allowed, hostname) || isLocalhost(hostname);
    },
    knownAddresses({ hostname, port, literal }) {
      if (literal) return [hostname];
      if (isLocalhost(hostname)) return loopback(port);
      return rulesNameHost(allowed, hostname) ? (hosts.get(hostname) ?? null) : null;
    },
    setPolicy({ allowedTargets, deniedTargets = [] }) {
      const next = { allowed: parseTargetRules(allowedTargets), denied: parseTargetRules(deniedTargets) };
      ({ allowed, denied } = next);
      const namesAllowed = allowed.names.size + allowed.suffixes.length > 0;
      hosts = namesAllowed ? readHostsFile(settings.hostsFile ?? '/etc/hosts') : new Map();
      guard = makeGuard();
    },
    setInbox(exception) {
      inbox = exception;
    },
    setOwnPorts(ports) {
      ownPorts = new Set(ports);
    },
  };
}

/** One segment without escapes below `/inbox/`, so that nothing a server decodes can lead elsewhere. */
const inboxPath = /^\/inbox\/[A-Za-z0-9_-]+$/;

function systemAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map(({ address }) => address));
}
