/**
 * Names to addresses, with a deadline, a bounded cache and one question at a time per name. Answers and failures are
 * values. The cache honours each answer's time to live up to a minute (so that a name that moves is followed soon) and
 * keeps failures a few seconds (so that a dead name costs one question, not one per attempt).
 */
import { LRUCache } from 'lru-cache';
import { type LookupSettings, type Resolution, createLookup } from './name-lookup.ts';

export interface NameResolver {
  resolve(name: string): Promise<Resolution>;
  /** Forgets what is known; questions under way still answer those who wait, and nobody else. */
  clear(): void;
}

const namesKeptMax = 10_000;
const questionsMax = 4_096;

type Kept = { readonly resolution: Resolution; readonly untilMs: number };

export function createResolver(settings: LookupSettings): NameResolver {
  const { clock } = settings;
  const lookUp = createLookup(settings);
  const kept = new LRUCache<string, Kept>({ max: namesKeptMax });
  const asking = new Map<string, Promise<Resolution>>();

  const ask = (name: string): Promise<Resolution> => {
    const question = lookUp(name).then(({ resolution, keepMs }) => {
      if (asking.get(name) === question) {
        asking.delete(name);
        if (keepMs > 0) kept.set(name, { resolution, untilMs: clock.monotonicMs() + keepMs });
      }
      return resolution;
    });
    asking.set(name, question);
    return question;
  };

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
