/**
 * The ranges no target may lie in unless the operator allows it, and the metadata services that stay shut even then.
 * Source: the IANA special-purpose registries for IPv4 and IPv6 (read 2026-11-22) and what has been used against
 * other webhook senders. IPv6 is judged the other way round: only global unicast (2000::/3) is open, minus this list.
 */
import { type AddressRange, parseRange } from './address.ts';

export const forbiddenIpv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
] as const;

export const openIpv6 = '2000::/3';

/**
 * Inside 2000::/3: Teredo and the other protocol assignments (all of 2001::/23, although a few of its parts are
 * reachable: none of them holds web servers), documentation, 6to4. The ranges outside are listed for the reader and
 * the tests; the rule above shuts them already.
 */
export const forbiddenIpv6 = [
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
] as const;

/**
 * Addresses that hand out the host's own credentials. An operator who allows a range for the sake of a receiver rarely
 * means them, so they need an entry of their own (`169.254.169.254/32`).
 */
export const metadataAddresses = [
  '169.254.169.254', // AWS, Google, Azure, DigitalOcean, OpenStack and most others
  '169.254.169.253', // AWS resolver
  '169.254.169.123', // AWS time
  '169.254.170.2', // AWS container credentials
  '169.254.170.23', // AWS pod identity
  '169.254.42.42', // Scaleway
  '100.100.100.200', // Alibaba
  '192.0.0.192', // Oracle
  '168.63.129.16', // Azure's wire server, which is a public address
  'fd00:ec2::254', // AWS
  'fd00:ec2::253',
  'fd00:ec2::123',
  'fd00:ec2::23',
  'fd20:ce::254', // Google
  'fd00:42::42', // Scaleway
] as const;

/** Reads one of the lists above; a spelling mistake in them must stop the process, not open a range. */
export function readRanges(list: readonly string[]): readonly AddressRange[] {
  return list.map((text) => {
    const range = parseRange(text);
    if (range === null) throw new Error(`Not a range: ${text}`);
    return range;
  });
}
