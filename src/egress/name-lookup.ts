/** One look-up of one name: both families, aliases that servers leave to us, a deadline over everything. */
import type { DnsFailure } from '../core/outcome.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { DnsAnswer, DnsQuery } from './dns-query.ts';

export type Resolution =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed'; readonly code: DnsFailure }
  | { readonly kind: 'timeout' };

export type LookupSettings = {
  readonly clock: Clock;
  readonly query: DnsQuery;
  /** Kept in front when an answer must be cut, so that cutting never hides a forbidden address. */
  readonly isForbidden: (address: string) => boolean;
  /** Over everything one name needs. Default 5 s. */
  readonly deadlineMs?: number;
};

export type Answered = { readonly resolution: Resolution; readonly keepMs: number };

const deadlineMsDefault = 5_000;
/** Once one family has answered, the other is given this long. A zone whose AAAA never answers is common enough. */
const otherFamilyMs = 250;
const timeToLiveMsMax = 60_000;
const failureKeptMs = 3_000;
const addressesMax = 32;
const aliasesMax = 8;

/** Answers with what was found and how long it may be kept; never rejects. */
export function createLookup(settings: LookupSettings): (name: string) => Promise<Answered> {
  const { clock, deadlineMs = deadlineMsDefault } = settings;
  return (name) =>
    new Promise((resolve) => {
      const deadline = clock.timer(deadlineMs, () =>
        resolve({ resolution: { kind: 'timeout' }, keepMs: failureKeptMs }),
      );
      void followAliases(name, settings).then((answer) => {
        deadline.cancel();
        resolve(answer);
      });
    });
}

async function followAliases(name: string, settings: LookupSettings): Promise<Answered> {
  const seen = new Set<string>();
  for (let at: string | null = name; at !== null; at = await settings.query.alias(at)) {
    if (seen.has(at) || seen.size > aliasesMax) return failure('loop');
    seen.add(at);
    const answer = await bothFamilies(at, settings);
    // An alias without its addresses comes from servers that do not look further themselves.
    if (answer.resolution.kind !== 'failed' || answer.resolution.code !== 'no-address') return answer;
  }
  return failure('no-address');
}

function bothFamilies(name: string, { clock, query, isForbidden }: LookupSettings): Promise<Answered> {
  return new Promise((resolve) => {
    const answers: DnsAnswer[] = [];
    let grace: Timer | null = null;
    const finish = (): void => {
      grace?.cancel();
      resolve(merge(answers, isForbidden));
    };
    const take = (answer: DnsAnswer): void => {
      answers.push(answer);
      // "No such name" speaks for every family.
      const final = answer.kind === 'failed' && answer.code === 'not-found';
      if (final || answers.length === 2) finish();
      else if (answer.kind === 'records') grace = clock.timer(otherFamilyMs, finish);
    };
    void query.addresses(name, 4).then(take);
    void query.addresses(name, 6).then(take);
  });
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
