/**
 * Names to addresses, with a deadline, a bounded cache and one question at a time per name. Answers and failures are
 * values. The cache honours each answer's time to live up to a minute (so that a name that moves is followed soon) and
 * keeps failures a few seconds (so that a dead name costs one question, not one per attempt).
 */
import { LRUCache } from 'lru-cache';
import type { DnsFailure } from '../core/outcome.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { DnsAnswer, DnsQuery } from './dns-query.ts';

export type Resolution =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed'; readonly code: DnsFailure }
  | { readonly kind: 'timeout' };

export interface NameResolver {
  resolve(name: string): Promise<Resolution>;
  /** Forgets what is known; questions under way still answer those who wait, and nobody else. */
  clear(): void;
}

export type ResolverSettings = {
  readonly clock: Clock;
  readonly query: DnsQuery;
  /** Kept in front when an answer must be cut, so that cutting never hides a forbidden address. */
  readonly isForbidden: (address: string) => boolean;
  /** Over everything one name needs. Default 5 s. */
  readonly deadlineMs?: number;
};

const deadlineMsDefault = 5_000;
/** Once one family has answered, the other is given this long. A zone whose AAAA never answers is common enough. */
const otherFamilyMs = 250;
const timeToLiveMsMax = 60_000;
const failureKeptMs = 3_000;
const namesKeptMax = 10_000;
const questionsMax = 4_096;
const addressesMax = 32;
const aliasesMax = 8;

type Kept = { readonly resolution: Resolution; readonly untilMs: number };
type Answered = { readonly resolution: Resolution; readonly keepMs: number };

export function createResolver({
  clock,
  query,
  isForbidden,
  deadlineMs = deadlineMsDefault,
}: ResolverSettings): NameResolver {
  const kept = new LRUCache<string, Kept>({ max: namesKeptMax });
  const asking = new Map<string, Promise<Resolution>>();

  const ask = (name: string): Promise<Resolution> => {
    const question = answerWithin(name).then(({ resolution, keepMs }) => {
      if (asking.get(name) === question) {
        asking.delete(name);
        if (keepMs > 0) kept.set(name, { resolution, untilMs: clock.monotonicMs() + keepMs });
      }
      return resolution;
    });
    asking.set(name, question);
    return question;
  };

  const answerWithin = (name: string): Promise<Answered> =>
    new Promise((resolve) => {
      const deadline = clock.timer(deadlineMs, () =>
        resolve({ resolution: { kind: 'timeout' }, keepMs: failureKeptMs }),
      );
      void followAliases(name).then((answer) => {
        deadline.cancel();
        resolve(answer);
      });
    });

  const followAliases = async (name: string): Promise<Answered> => {
    const seen = new Set<string>();
    for (let at: string | null = name; at !== null; at = await query.alias(at)) {
      if (seen.has(at) || seen.size > aliasesMax) return failure('loop');
      seen.add(at);
      const answer = await bothFamilies(at);
      // An alias without its addresses comes from servers that do not look further themselves.
      if (answer.resolution.kind !== 'failed' || answer.resolution.code !== 'no-address') return answer;
    }
    return failure('no-address');
  };

  const bothFamilies = (name: string): Promise<Answered> =>
    new Promise((resolve) => {
      const answers: DnsAnswer[] = [];
      let grace: Timer | null = null;
      const finish = (): void => {
        grace?.cancel();
        resolve(merge(answers, isForbidden));
      };
      const take = (answer: DnsAnswer): void => {
        answers.push(answer);
        const final = answer.kind === 'failed' && answer.code === 'not-found';
        if (final || answers.length === 2) finish();
        else if (answer.kind === 'records') grace = clock.timer(otherFamilyMs, finish);
      };
      void query.addresses(name, 4).then(take);
      void query.addresses(name, 6).then(take);
    });

  return {
    resolve(name) {
      const known = kept.get(name);
      if (known !== undefined) {
        if (clock.monotonicMs() < known.untilMs) return Promise.resolve(known.resolution);
        kept.delete(name);
      }
      const underWay = asking.get(name);
      if (underWay !== undefined) return underWay;
      if (asking.size >= questionsMax) return Promise.resolve({ kind: 'failed', code: 'server-failed' });
      return ask(name);
    },
    clear() {
      kept.clear();
      asking.clear();
    },
  };
}

/** One family with addresses is enough; otherwise the first failure that says more than "no such record". */
function merge(answers: readonly DnsAnswer[], isForbidden: (address: string) => boolean): Answered {
  const addresses: string[] = [];
  let keepMs = timeToLiveMsMax;
  let code: DnsFailure | 'timeout' = 'no-address';
  for (const answer of answers) {
    if (answer.kind === 'records') {
      addresses.push(...answer.addresses);
      keepMs = Math.min(keepMs, answer.ttlSeconds * 1_000);
    } else if (code === 'no-address') {
      code = answer.code;
    }
  }
  if (addresses.length > 0)
    return { resolution: { kind: 'addresses', addresses: cut(addresses, isForbidden) }, keepMs };
  return code === 'timeout' ? { resolution: { kind: 'timeout' }, keepMs: failureKeptMs } : failure(code);
}

function cut(addresses: readonly string[], isForbidden: (address: string) => boolean): readonly string[] {
  if (addresses.length <= addressesMax) return addresses;
  const forbidden = addresses.find(isForbidden);
  return forbidden === undefined
    ? addresses.slice(0, addressesMax)
    : [forbidden, ...addresses.slice(0, addressesMax - 1)];
}

function failure(code: DnsFailure): Answered {
  return { resolution: { kind: 'failed', code }, keepMs: failureKeptMs };
}
