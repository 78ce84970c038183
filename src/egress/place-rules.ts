/**
 * Which names and which ports a target may have, before any lookup. What the operator wrote into the allowed targets
 * lifts these rules for exactly what was written.
 */

/** Suffixes that only mean something inside one network. */
const localSuffixes = ['.localhost', '.local', '.internal', '.home.arpa', '.localdomain'] as const;

/** Judged without the trailing dot. A name of one label is resolved by search domains, or is `localhost`. */
export function isLocalName(hostname: string): boolean {
  return !hostname.includes('.') || localSuffixes.some((suffix) => hostname.endsWith(suffix));
}

/** `localhost` and what lies below it: always this host, whatever a name server says (RFC 6761). */
export function isLocalhost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost');
}

const wellKnownWebPorts: ReadonlySet<number> = new Set([80, 443]);

/**
 * Ports from 1024 on where something listens that a POST can harm or make talk, or that no web server uses: databases,
 * caches, queues, orchestration, remote desktops, and those that browsers refuse.
 */
const dangerousPorts: ReadonlySet<number> = new Set([
  1080, 1433, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3128, 3306, 3389, 3659, 4045, 4190,
  4222, 5060, 5061, 5432, 5433, 5672, 5900, 5984, 6000, 6379, 6380, 6432, 6443, 6566, 6665, 6666, 6667, 6668, 6669,
  6697, 7000, 7001, 7199, 8125, 8300, 8301, 8302, 8500, 9042, 9092, 9160, 9200, 9300, 10250, 10255, 11211, 15672, 16379,
  26257, 26379, 27017, 27018, 27019, 28015,
]);

export function isUsualPort(port: number): boolean {
  if (port < 1_024) return wellKnownWebPorts.has(port);
  return port <= 65_535 && !dangerousPorts.has(port);
}
