/**
 * Questions to name servers. `node:dns` asks them with c-ares on sockets of its own, so a name that hangs holds no
 * thread and delays nobody (four hanging names block `dns.lookup` for the whole process). It asks exactly the name it is
 * given: no search domains, no `ndots`, no hosts file.
 */
import { Resolver } from 'node:dns';
import type { DnsFailure } from '../core/outcome.ts';
import type { Clock } from '../runtime/clock.ts';

export type DnsAnswer =
  | { readonly kind: 'records'; readonly addresses: readonly string[]; readonly ttlSeconds: number }
  | { readonly kind: 'failed'; readonly code: DnsFailure | 'timeout' };

/** What the resolver needs to ask; tests answer from a table. Neither rejects: a question that cannot be asked has failed. */
export interface DnsQuery {
  addresses(name: string, family: 4 | 6): Promise<DnsAnswer>;
  /** The name this one is an alias of, null where it is none. */
  alias(name: string): Promise<string | null>;
}

export type DnsQuerySettings = {
  readonly clock: Clock;
  /** `address` or `address:port`; absent: those of the system, read again every minute. */
  readonly servers?: readonly string[];
};

/**
 * One try takes this long, then the next server is asked; the resolver's own deadline stands above all of them. Node looks
 * for overdue tries as often as this, but never less than once a second: with more than a second a lost packet cost two
 * or three (HARDENING FN-02).
 */
const tryTimeoutMs = 900;
const tries = 5;
/**
 * c-ares waits five times as long as answers took of late, up to 5 s. Answers that lay here while the loop was busy would
 * make it wait that long for every lost packet. Node before 24.5 does not know the option and leaves it out.
 */
const tryTimeoutMsMax = 1_800;
/** Laptops change networks and containers change resolv.conf; c-ares reads it only once. */
const serversKeptMs = 60_000;

export function createDnsQuery({ clock, servers }: DnsQuerySettings): DnsQuery {
  let made: { readonly resolver: Resolver; readonly atMs: number } | null = null;
  const current = (): Resolver => {
    const nowMs = clock.monotonicMs();
    if (made !== null && (servers !== undefined || nowMs - made.atMs < serversKeptMs)) return made.resolver;
    const resolver = new Resolver({ timeout: tryTimeoutMs, maxTimeout: tryTimeoutMsMax, tries });
    if (servers !== undefined) resolver.setServers(servers);
    made = { resolver, atMs: nowMs };
    return resolver;
  };
  return {
    addresses: (name, family) =>
      new Promise((resolve) => {
        const answer = (error: Error | null, records: { address: string; ttl: number }[]): void => {
          if (error !== null) resolve({ kind: 'failed', code: dnsFailure(error) });
          else resolve(recordsAnswer(records));
        };
        try {
          if (family === 4) current().resolve4(name, { ttl: true }, answer);
          else current().resolve6(name, { ttl: true }, answer);
        } catch (error) {
          resolve({ kind: 'failed', code: dnsFailure(error as Error) });
        }
      }),
    alias: (name) =>
      new Promise((resolve) => {
        try {
          current().resolveCname(name, (error, names) => resolve(error === null ? (names[0] ?? null) : null));
        } catch {
          resolve(null);
        }
      }),
  };
}

function recordsAnswer(records: readonly { readonly address: string; readonly ttl: number }[]): DnsAnswer {
  if (records.length === 0) return { kind: 'failed', code: 'no-address' };
  let ttlSeconds = Infinity;
  for (const { ttl } of records) ttlSeconds = Math.min(ttlSeconds, ttl);
  return { kind: 'records', addresses: records.map(({ address }) => address), ttlSeconds };
}

function dnsFailure(error: Error): DnsFailure | 'timeout' {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOTFOUND':
    case 'EBADNAME':
      return 'not-found';
    case 'ENODATA':
      return 'no-address';
    case 'EREFUSED':
      return 'refused';
    case 'EBADRESP':
    case 'EFORMERR':
      return 'malformed';
    case 'ECONNREFUSED':
      return 'unreachable';
    case 'ETIMEOUT':
      return 'timeout';
    default:
      return 'server-failed';
  }
}
