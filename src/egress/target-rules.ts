/**
 * What the operator wrote into `ASSETWIRE_ALLOWED_TARGETS` (and the deny list), read into ranges and names. One entry is
 * - a range or an address: `10.77.0.0/24`, `192.168.1.7`, `fd12::/32`;
 * - an address with a port, which also lifts the port rules for exactly that pair: `127.0.0.1:5432`, `[::1]:5432`;
 * - a name or a suffix, which lifts the name rules only: `receiver.lan`, `*.corp.internal`. What the name resolves to
 *   is judged all the same, so a name never opens an address range.
 */
import { AssetwireError } from '../core/errors.ts';
import { type Address, type AddressRange, isSingleAddress, parseRange, rangeContains } from './address.ts';

export type TargetRules = {
  readonly ranges: readonly AddressRange[];
  readonly pairs: readonly { readonly range: AddressRange; readonly port: number }[];
  readonly names: ReadonlySet<string>;
  /** With their leading dot. */
  readonly suffixes: readonly string[];
};

export const noTargetRules: TargetRules = { ranges: [], pairs: [], names: new Set(), suffixes: [] };

/** Throws `AssetwireError` (`invalid_settings`) for an entry that is none of these: a typing error must not open or close anything. */
export function parseTargetRules(entries: readonly string[]): TargetRules {
  const ranges: AddressRange[] = [];
  const pairs: { range: AddressRange; port: number }[] = [];
  const names = new Set<string>();
  const suffixes: string[] = [];
  for (const written of entries) {
    const entry = written.trim().toLowerCase();
    if (entry === '') continue;
    const range = parseRange(entry);
    const pair = range === null ? parsePair(entry) : null;
    if (range !== null) ranges.push(range);
    else if (pair !== null) pairs.push(pair);
    else if (/^\*(\.[a-z0-9_-]+)+$/.test(entry)) suffixes.push(entry.slice(1));
    else if (isName(entry)) names.add(entry.replace(/\.$/, ''));
    else throw unreadable(written);
  }
  return { ranges, pairs, names, suffixes };
}

export function rulesNameHost(rules: TargetRules, hostname: string): boolean {
  return rules.names.has(hostname) || rules.suffixes.some((suffix) => hostname.endsWith(suffix));
}

export function rulesHoldAddress(rules: TargetRules, address: Address): boolean {
  return rules.ranges.some((range) => rangeContains(range, address));
}

export function rulesHoldPair(rules: TargetRules, address: Address, port: number): boolean {
  return rules.pairs.some((pair) => pair.port === port && rangeContains(pair.range, address));
}

/** Whether the address is written out as itself, not merely inside a range. */
export function rulesNameAddress(rules: TargetRules, address: Address): boolean {
  return rules.ranges.some((range) => isSingleAddress(range) && rangeContains(range, address));
}

function parsePair(entry: string): { range: AddressRange; port: number } | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):([1-9][0-9]{0,4})$/.exec(entry);
  const range = parseRange(match?.[1] ?? match?.[2] ?? '');
  const port = Number(match?.[3] ?? 0);
  return range === null || port > 65_535 ? null : { range, port };
}

/** A last label of digits would be a mistyped address (`10.0.0`), not a name. */
function isName(entry: string): boolean {
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/.test(entry) && !/(^|\.)[0-9]+\.?$/.test(entry);
}

function unreadable(entry: string): AssetwireError {
  return new AssetwireError('invalid_settings', {
    detail: `An allowed or denied target must be a range, an address, address:port, a name or *.suffix: found "${entry}"`,
    mend: 'Separate several entries with commas, such as 10.77.0.0/24,127.0.0.1:9000,receiver.lan',
  });
}
