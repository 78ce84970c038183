/**
 * A store that fails when it is told to: for tests of what stands on the contract. A fault strikes a call *before* it takes
 * effect (nothing is stored) or *after* (everything is stored and the caller hears an error: the answer was lost).
 */
import { AssetwireError, type ErrorCode } from '../../core/errors.ts';
import type { Storage } from '../storage.ts';

export const faultyMethods = ['commit', 'record', 'resources', 'lanes', 'pending', 'duties', 'storedBody'] as const;
export type FaultyMethod = (typeof faultyMethods)[number];

export type Fault = {
  readonly when: 'before' | 'after';
  readonly code: Extract<ErrorCode, 'storage_busy' | 'storage_unavailable' | 'storage_full'>;
};

/** Asked at every call with its method and how many calls of this method came before it. */
export type FaultPlan = (method: FaultyMethod, nth: number) => Fault | null;

export type StruckFault = Fault & { readonly method: FaultyMethod; readonly nth: number };
export type FaultyStorage = Storage & {
  /** Every fault that struck, in order. */
  readonly struck: readonly StruckFault[];
  /** From now on nothing fails any more. */
  heal(): void;
};

export function createFaultyStorage(storage: Storage, plan: FaultPlan): FaultyStorage {
  const struck: StruckFault[] = [];
  const calls = new Map<FaultyMethod, number>();
  let healed = false;

  const strike = (method: FaultyMethod): StruckFault | null => {
    const nth = calls.get(method) ?? 0;
    calls.set(method, nth + 1);
    const fault = healed ? null : plan(method, nth);
    if (fault === null) return null;
    const hit = { ...fault, method, nth };
    struck.push(hit);
    return hit;
  };
  const around = async <Result>(method: FaultyMethod, call: () => Promise<Result>): Promise<Result> => {
    const fault = strike(method);
    if (fault?.when === 'before') throw errorOf(fault);
    const result = await call();
    if (fault !== null) throw errorOf(fault);
    return result;
  };
  return {
    start: () => storage.start(),
    stop: () => storage.stop(),
    commit: (items) => around('commit', () => storage.commit(items)),
    record: (items) => around('record', () => storage.record(items)),
    resources: (keys) => around('resources', () => storage.resources(keys)),
    findByAlias: (...query) => storage.findByAlias(...query),
    findByAliases: (query) => storage.findByAliases(query),
    revision: (key, version) => storage.revision(key, version),
    webhooksRevision: (workspaceId) => storage.webhooksRevision(workspaceId),
    blobUsage: (workspaceId) => storage.blobUsage(workspaceId),
    idempotency: (workspaceId, key) => storage.idempotency(workspaceId, key),
    lanes: (query) => around('lanes', () => storage.lanes(query)),
    pending: (query) => around('pending', () => storage.pending(query)),
    storedBody: (deliveryId) => around('storedBody', () => storage.storedBody(deliveryId)),
    duties: (query) => around('duties', () => storage.duties(query)),
    cluster: storage.cluster,
    read: storage.read,
    maintain: (nowMs) => storage.maintain(nowMs),
    eraseHistory: (workspaceId, past, cursor) => storage.eraseHistory(workspaceId, past, cursor),
    eraseWorkspace: (workspaceId, cursor) => storage.eraseWorkspace(workspaceId, cursor),
    health: () => storage.health(),
    struck,
    heal() {
      healed = true;
    },
  };
}

/** Fails named calls only: `[{ method: 'record', nth: 2, when: 'after', code: 'storage_unavailable' }]`. */
export function listedPlan(faults: readonly StruckFault[]): FaultPlan {
  return (method, nth) => faults.find((fault) => fault.method === method && fault.nth === nth) ?? null;
}

/**
 * Fails about `rate` (0 to 1) of the calls of the given methods. The same seed fails the same calls: whether a call fails
 * depends on seed, method and number alone, not on the order of calls of different methods.
 */
export function seededPlan(
  seed: number,
  { rate, methods = ['commit', 'record'] }: { readonly rate: number; readonly methods?: readonly FaultyMethod[] },
): FaultPlan {
  const codes = ['storage_busy', 'storage_unavailable', 'storage_full'] as const;
  return (method, nth) => {
    if (!methods.includes(method)) return null;
    const salt = faultyMethods.indexOf(method) + 1;
    if (fraction(seed, salt, nth) >= rate) return null;
    const when = fraction(seed, salt + 100, nth) < 0.5 ? 'before' : 'after';
    const code = codes[Math.floor(fraction(seed, salt + 200, nth) * codes.length)] ?? 'storage_busy';
    return { when, code };
  };
}

/** A number in [0, 1) from three integers (murmur3's finaliser over a mix of them). */
function fraction(seed: number, salt: number, nth: number): number {
  let hash = (seed ^ Math.imul(salt, 0x9e3779b1) ^ Math.imul(nth + 1, 0x85ebca6b)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function errorOf({ when, code, method, nth }: StruckFault): AssetwireError {
  return new AssetwireError(code, {
    detail: `The store must answer: call ${nth} of ${method} failed ${when} it took effect`,
    retryAfterSeconds: 1,
  });
}
