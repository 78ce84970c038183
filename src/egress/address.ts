/**
 * Addresses and ranges as numbers. IPv4-mapped IPv6 addresses (`::ffff:0:0/96`) are unwrapped here, once, so that no
 * rule has to remember them. Only plain spellings are read: no octal, no zone id, no shortened IPv4.
 */
import { isIPv6 } from 'node:net';

export type Address =
  | { readonly family: 4; readonly value: number }
  | { readonly family: 6; readonly parts: readonly number[] };

export type AddressRange =
  | { readonly family: 4; readonly first: number; readonly last: number; readonly bits: number }
  | { readonly family: 6; readonly parts: readonly number[]; readonly bits: number };

/** Null for everything that is not plainly an address: the guard refuses what this cannot read. */
export function parseAddress(text: string): Address | null {
  const value = parseIpv4(text);
  if (value !== -1) return { family: 4, value };
  if (text.includes('%') || !isIPv6(text)) return null;
  const parts = ipv6Parts(text);
  return mappedIpv4(parts) ?? { family: 6, parts };
}

/** A dotted quad as an unsigned number, −1 for anything else. A loop, because the guard asks for every new connection. */
export function parseIpv4(text: string): number {
  let value = 0;
  let octet = -1;
  let octets = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? 0x2e : text.charCodeAt(at);
    if (code === 0x2e) {
      if (octet < 0 || ++octets > 4) return -1;
      value = value * 256 + octet;
      octet = -1;
    } else if (code >= 0x30 && code <= 0x39) {
      // A leading zero means octal to some parsers and decimal to others, so it means nothing here.
      if (octet === 0) return -1;
      octet = octet < 0 ? code - 0x30 : octet * 10 + code - 0x30;
      if (octet > 255) return -1;
    } else {
      return -1;
    }
  }
  return octets === 4 ? value : -1;
}

/** `address/bits` or a bare address (all its bits). Null where it is neither. Bits after the prefix are ignored. */
export function parseRange(text: string): AddressRange | null {
  const slash = text.indexOf('/');
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === null) return null;
  const width = address.family === 4 ? 32 : 128;
  const written = slash === -1 ? String(width) : text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(written)) return null;
  const bits = Number(written);
  if (bits > width) return null;
  if (address.family === 6) return { family: 6, parts: address.parts, bits };
  const size = 2 ** (32 - bits);
  const first = Math.floor(address.value / size) * size;
  return { family: 4, first, last: first + size - 1, bits };
}

export function rangeContains(range: AddressRange, address: Address): boolean {
  if (address.family === 4) return range.family === 4 && address.value >= range.first && address.value <= range.last;
  if (range.family === 4) return false;
  for (let part = 0; part * 16 < range.bits; part++) {
    const drop = Math.max(0, 16 - (range.bits - part * 16));
    if ((range.parts[part] ?? 0) >> drop !== (address.parts[part] ?? 0) >> drop) return false;
  }
  return true;
}

/** Whether the range is one address: what an operator must write to reach a metadata service. */
export function isSingleAddress(range: AddressRange): boolean {
  return range.bits === (range.family === 4 ? 32 : 128);
}

/** One text per address, whatever its spelling, for keys and comparisons. */
export function addressKey(address: Address): string {
  if (address.family === 6) return address.parts.map((part) => part.toString(16)).join(':');
  const { value } = address;
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/**
 * The eight parts of what `isIPv6` accepted. Read here and not by ipaddr.js, which takes `::8.8.8.8` (IPv4-compatible,
 * never routed) for `::ffff:8.8.8.8` and would let it pass.
 */
function ipv6Parts(text: string): readonly number[] {
  const [head = '', tail] = text.split('::');
  const left = partsOf(head);
  const right = partsOf(tail ?? '');
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function partsOf(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    const value = part.includes('.') ? parseIpv4(part) : -1;
    return value === -1 ? [parseInt(part, 16)] : [value >>> 16, value & 0xffff];
  });
}

function mappedIpv4(parts: readonly number[]): Address | null {
  for (let part = 0; part < 5; part++) if (parts[part] !== 0) return null;
  if (parts[5] !== 0xffff) return null;
  return { family: 4, value: (parts[6] ?? 0) * 65_536 + (parts[7] ?? 0) };
}
