/**
 * Slows down guessing of keys (HARDENING AK-06). One bucket per peer address as the socket knows it: nothing a caller
 * writes into a request chooses its bucket. An empty bucket answers 429 before the key is looked at, except for keys that
 * have been good from there within the last day: behind one address (a proxy that nobody declared, a NAT) whoever guesses
 * must not lock out clients that were there before.
 */
import { hash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Clock } from '../runtime/clock.ts';

const failuresInARow = 30;
const failuresPerSecond = 0.5;
const addressesMax = 10_000;

/** Keys that were good, by the address they came from. */
const goodMax = 10_000;
const goodForMs = 86_400_000;
/** One that goes on being good is written down again no more often than this. */
const goodAgainMs = 60_000;

/** A throttled address that goes on is told of again after this long. */
const toldEveryMs = 3_600_000;

type Bucket = { left: number; atMs: number; toldAtMs: number | null };

export interface FailedAuthentications {
  /** Seconds to wait, or 0 where the key may be looked at. */
  waitSeconds(address: () => string, token: string): number;
  /** True where this one emptied the bucket, once an hour: then it is worth a line in the log. */
  failed(address: () => string): boolean;
  succeeded(address: () => string, token: string): void;
}

export function createFailedAuthentications({ clock }: { readonly clock: Clock }): FailedAuthentications {
  const buckets = new Map<string, Bucket>();
  /** When each was last good; the longest ago comes first. */
  const good = new Map<string, number>();

  const wasGood = (name: string, token: string): boolean => {
    const atMs = good.get(goodName(name, token));
    return atMs !== undefined && clock.monotonicMs() - atMs < goodForMs;
  };

  const refill = (bucket: Bucket): void => {
    const nowMs = clock.monotonicMs();
    bucket.left = Math.min(failuresInARow, bucket.left + ((nowMs - bucket.atMs) / 1_000) * failuresPerSecond);
    bucket.atMs = nowMs;
  };

  return {
    waitSeconds(address, token) {
      if (buckets.size === 0) return 0;
      const name = bucketName(address());
      const bucket = buckets.get(name);
      if (bucket === undefined) return 0;
      refill(bucket);
      if (bucket.left >= 1 || wasGood(name, token)) return 0;
      return Math.ceil((1 - bucket.left) / failuresPerSecond);
    },
    failed(address) {
      const name = bucketName(address());
      let bucket = buckets.get(name);
      if (bucket === undefined) {
        if (buckets.size >= addressesMax) forgetOne(buckets, refill);
        bucket = { left: failuresInARow, atMs: clock.monotonicMs(), toldAtMs: null };
      } else {
        refill(bucket);
        buckets.delete(name);
      }
      bucket.left = Math.max(0, bucket.left - 1);
      // Set again so that the map's order is that of the latest failure.
      buckets.set(name, bucket);
      if (bucket.left >= 1 || (bucket.toldAtMs !== null && bucket.atMs - bucket.toldAtMs < toldEveryMs)) return false;
      bucket.toldAtMs = bucket.atMs;
      return true;
    },
    succeeded(address, token) {
      const name = bucketName(address());
      const nowMs = clock.monotonicMs();
      const key = goodName(name, token);
      const beforeMs = good.get(key);
      if (beforeMs === undefined || nowMs - beforeMs >= goodAgainMs) {
        good.delete(key);
        good.set(key, nowMs);
        const oldest = good.keys().next();
        if (good.size > goodMax && oldest.done !== true) good.delete(oldest.value);
      }
      const bucket = buckets.get(name);
      if (bucket === undefined) return;
      refill(bucket);
      if (bucket.left >= failuresInARow) buckets.delete(name);
    },
  };
}

/** Whoever has one IPv6 address has 2^64 of them: a bucket stands for the whole /64. */
export function bucketName(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const behind = tail === undefined || tail === '' ? [] : tail.split(':');
  if (tail !== undefined) while (groups.length + behind.length < 8) groups.push('0');
  return [...groups, ...behind]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** Makes room: a bucket that has filled up again, else the one whose latest failure is the longest ago. */
function forgetOne(buckets: Map<string, Bucket>, refill: (bucket: Bucket) => void): void {
  const oldest = buckets.keys().next();
  for (const [name, bucket] of buckets) {
    refill(bucket);
    if (bucket.left < failuresInARow) break;
    buckets.delete(name);
    return;
  }
  if (oldest.done !== true) buckets.delete(oldest.value);
}

/** The key itself is not kept. */
function goodName(name: string, token: string): string {
  return `${name} ${hash('sha256', token, 'base64')}`;
}
