/**
 * Judges one address, as it is about to be connected to. The order is: unreadable → one of our own listeners → denied
 * by the operator → metadata service → allowed by the operator → forbidden range → one of our own interfaces → free.
 * Deny wins over allow; a metadata address wins over an allowed range unless it is written out as itself.
 */
import type { BlockReason } from '../core/outcome.ts';
import { type Address, addressKey, type AddressRange, parseAddress, rangeContains } from './address.ts';
import { forbiddenIpv4, forbiddenIpv6, metadataAddresses, openIpv6, readRanges } from './forbidden-ranges.ts';
import { rulesHoldAddress, rulesHoldPair, rulesNameAddress, type TargetRules } from './target-rules.ts';

export type AddressGuard = {
  /** Null where the address may be connected to on this port. */
  judge(address: string, port: number): BlockReason | null;
  /** Whether the operator opened this address (or this exact pair), which also lifts rules about schemes. */
  isAllowed(address: string, port: number): boolean;
  /** Whether the operator wrote out this address with this port, which lifts the port rules. */
  isAllowedPair(address: string, port: number): boolean;
};

export type AddressGuardSettings = {
  readonly allowed: TargetRules;
  readonly denied: TargetRules;
  /** Addresses of this host's interfaces; asked again every minute, since interfaces come and go. */
  readonly interfaceAddresses: () => readonly string[];
  /** Ports this server listens on: shut on every address of the host, whatever the operator allowed. */
  readonly ownPorts: () => ReadonlySet<number>;
  readonly monotonicMs: () => number;
};

type Judgement = {
  readonly address: Address | null;
  readonly reason: BlockReason | null;
  readonly allowed: boolean;
  readonly own: boolean;
  /** Pairs can only open what is not denied. */
  readonly pairsCount: boolean;
};

const judgementsKeptMax = 10_000;
const interfacesKeptMs = 60_000;
const unreadable: Judgement = {
  address: null,
  reason: 'forbidden-address',
  allowed: false,
  own: false,
  pairsCount: false,
};

/** A fresh guard per policy: it remembers its judgements, so it is thrown away when the rules change. */
export function createAddressGuard(settings: AddressGuardSettings): AddressGuard {
  const judgements = new Map<string, Judgement>();
  let own: ReadonlySet<string> = new Set();
  let ownReadAtMs = -Infinity;

  const judgementOf = (text: string): Judgement => {
    const nowMs = settings.monotonicMs();
    if (nowMs - ownReadAtMs > interfacesKeptMs) {
      ownReadAtMs = nowMs;
      own = readOwn(settings.interfaceAddresses());
      judgements.clear();
    }
    const known = judgements.get(text);
    if (known !== undefined) return known;
    if (judgements.size >= judgementsKeptMax) judgements.clear();
    const address = parseAddress(text);
    const made = address === null ? unreadable : judgeByRules(address, settings, own);
    judgements.set(text, made);
    return made;
  };

  return {
    judge(text, port) {
      const { address, reason, own: isOwn, pairsCount } = judgementOf(text);
      if (isOwn && settings.ownPorts().has(port)) return 'self-connection';
      if (reason === null || address === null) return reason;
      return pairsCount && rulesHoldPair(settings.allowed, address, port) ? null : reason;
    },
    isAllowed(text, port) {
      const { address, allowed, pairsCount } = judgementOf(text);
      return allowed || (address !== null && pairsCount && rulesHoldPair(settings.allowed, address, port));
    },
    isAllowedPair(text, port) {
      const { address, pairsCount } = judgementOf(text);
      return address !== null && pairsCount && rulesHoldPair(settings.allowed, address, port);
    },
  };
}

function judgeByRules(
  address: Address,
  { allowed, denied }: AddressGuardSettings,
  own: ReadonlySet<string>,
): Judgement {
  const isOwn = isLoopbackOrAny(address) || own.has(addressKey(address));
  const shut = { address, reason: 'forbidden-address', allowed: false, own: isOwn } as const;
  if (rulesHoldAddress(denied, address)) return { ...shut, pairsCount: false };
  if (isMetadata(address) && !rulesNameAddress(allowed, address)) return { ...shut, pairsCount: true };
  if (rulesHoldAddress(allowed, address)) return { address, reason: null, allowed: true, own: isOwn, pairsCount: true };
  if (isForbidden(address)) return { ...shut, pairsCount: true };
  if (isOwn) return { address, reason: 'self-connection', allowed: false, own: true, pairsCount: true };
  return { address, reason: null, allowed: false, own: false, pairsCount: true };
}

function readOwn(addresses: readonly string[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const text of addresses) {
    const address = parseAddress(text.split('%', 1)[0] ?? '');
    if (address !== null) keys.add(addressKey(address));
  }
  return keys;
}

// --- The table, made fast ------------------------------------------------------------------------------------------

const ranges4 = readRanges(forbiddenIpv4);
const ranges6 = readRanges(forbiddenIpv6);
const open6 = readRanges([openIpv6]);
const metadata = new Set(metadataAddresses.map((text) => keyOf(text)));

/** The forbidden IPv4 ranges that touch each first octet: most octets have none, so most addresses cost one look. */
const rangesByOctet: readonly (readonly AddressRange[])[] = Array.from({ length: 256 }, (_, octet) =>
  ranges4.filter((range) => range.family === 4 && range.first >>> 24 <= octet && range.last >>> 24 >= octet),
);

/** Whether the table forbids the address; what operators allow or deny is not looked at. */
export function isForbidden(address: Address): boolean {
  if (address.family === 4) {
    for (const range of rangesByOctet[address.value >>> 24] ?? ranges4) if (rangeContains(range, address)) return true;
    return false;
  }
  return (
    !open6.some((range) => rangeContains(range, address)) || ranges6.some((range) => rangeContains(range, address))
  );
}

export function isMetadata(address: Address): boolean {
  return metadata.has(addressKey(address));
}

/** 127.0.0.0/8, 0.0.0.0/8, `::1` and `::` all end at this host. */
function isLoopbackOrAny(address: Address): boolean {
  if (address.family === 4) return address.value >>> 24 === 127 || address.value >>> 24 === 0;
  for (let part = 0; part < 7; part++) if (address.parts[part] !== 0) return false;
  return (address.parts[7] ?? 0) <= 1;
}

function keyOf(text: string): string {
  const address = parseAddress(text);
  if (address === null) throw new Error(`Not an address: ${text}`);
  return addressKey(address);
}
