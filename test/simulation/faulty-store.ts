/**
 * The store as an unreliable neighbour: calls take time, fail before they had an effect, or fail after it. It also sees
 * what the store takes, in the order it takes it, which is the truth that order and ends are checked against.
 */
import { AssetwireError } from '../../src/core/errors.ts';
import type { ClusterStore } from '../../src/storage/contract/cluster-store.ts';
import type { CommitItem, CommitResult } from '../../src/storage/contract/commit-item.ts';
import type { RecordItem, RecordResult } from '../../src/storage/contract/record-item.ts';
import type { Storage } from '../../src/storage/storage.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Chance } from './chance.ts';
import type { Ledger } from './ledger.ts';

export type StoreMood = {
  /** Probabilities per call. */
  failsBefore: number;
  failsAfter: number;
  slowMsMax: number;
  /** Every call fails at once. */
  down: boolean;
};

/** One process's view of the store; a dead one's calls never answer, though what was on its way may still arrive. */
export type StoreView = Storage & { sever(): void };

export type FaultyStoreParts = {
  readonly store: Storage;
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly ledger: Ledger;
  readonly mood: StoreMood;
  /** This process alone cannot reach the store. */
  readonly cutOff?: () => boolean;
  /** Whether something is in flight: faults count only then. */
  readonly busy: () => boolean;
  readonly onCommitted: (item: CommitItem) => void;
  readonly onRecorded: (item: RecordItem) => void;
};

export function viewOf(parts: FaultyStoreParts): StoreView {
  const { store, clock, chance, ledger, mood } = parts;
  let severed = false;
  const never = new Promise<never>(() => undefined);

  const pause = (ms: number): Promise<void> =>
    ms <= 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          clock.timer(ms, resolve);
        });

  const struck = (): Error => {
    ledger.struck.storeErrors += 1;
    if (parts.busy()) ledger.struck.inFlight += 1;
    const code = chance.pick(['storage_busy', 'storage_unavailable', 'storage_full'] as const);
    return new AssetwireError(code, { detail: 'The store was told to fail' });
  };

  /** A call as a process makes it. After a crash its effect may still come, its answer never. */
  const call = async <Answer>(effect: () => Promise<Answer>): Promise<Answer> => {
    if (severed) return never;
    const fails = parts.cutOff?.() === true || mood.down || chance.happens(mood.failsBefore);
    const failsAfter = chance.happens(mood.failsAfter);
    const slow = mood.slowMsMax > 0 && chance.happens(0.3) ? chance.between(1, mood.slowMsMax) : 0;
    const answersLate = mood.slowMsMax > 0 && chance.happens(0.2) ? chance.between(1, mood.slowMsMax) : 0;
    const arrivesLate = chance.happens(0.5);
    await pause(slow);
    if (severed && !arrivesLate) return never;
    if (fails) {
      if (severed) return never;
      throw struck();
    }
    const answer = await effect();
    // The answer takes its time too: what the call did is seen by others before the caller knows.
    if (answersLate > 0) await pause(answersLate);
    if (failsAfter && !severed) throw struck();
    return severed ? never : answer;
  };

  const commit = async (items: readonly CommitItem[]): Promise<readonly CommitResult[]> => {
    const results = await store.commit(items);
    for (const [index, item] of items.entries()) {
      if (results[index]?.status !== 'applied') continue;
      parts.onCommitted(item);
      for (const { id, webhookId } of item.deliveries ?? []) {
        const lane = ledger.order.get(webhookId);
        if (lane === undefined) ledger.order.set(webhookId, [id]);
        else lane.push(id);
      }
      for (const order of item.deliveryOrders ?? []) {
        // Whether it was still pending the store knows; a later record of it will say `gone`.
        if (order.kind === 'cancel' && !ledger.ended.has(order.deliveryId)) {
          ledger.ended.set(order.deliveryId, {
            atMs: clock.monotonicMs(),
            state: 'cancelled',
            reason: order.reason,
            crashesBefore: ledger.processesEnded(),
          });
        }
      }
    }
    return results;
  };

  const record = async (items: readonly RecordItem[]): Promise<readonly RecordResult[]> => {
    const results = await store.record(items);
    for (const [index, item] of items.entries()) {
      if (results[index] !== 'recorded') continue;
      parts.onRecorded(item);
      if (ledger.ended.has(item.deliveryId)) ledger.violate('INV-6', `${item.deliveryId} was recorded after its end`);
      const before = ledger.recorded.get(item.deliveryId);
      if (before === undefined) ledger.recorded.set(item.deliveryId, [item]);
      else before.push(item);
      if (item.next.state !== 'pending') {
        ledger.ended.set(item.deliveryId, {
          atMs: clock.monotonicMs(),
          state: item.next.state,
          reason: item.next.reason ?? '',
          crashesBefore: ledger.processesEnded(),
        });
      }
    }
    return results;
  };

  return {
    ...store,
    commit: (items) => call(() => commit(items)),
    record: (items) => call(() => record(items)),
    resources: (keys) => call(() => store.resources(keys)),
    revision: (key, version) => call(() => store.revision(key, version)),
    webhooksRevision: (workspaceId) => call(() => store.webhooksRevision(workspaceId)),
    lanes: (query) => call(() => store.lanes(query)),
    pending: (query) => call(() => store.pending(query)),
    storedBody: (id) => call(() => store.storedBody(id)),
    duties: (query) => call(() => store.duties(query)),
    health: () => store.health(),
    cluster:
      store.cluster === null
        ? null
        : {
            beat: (beat) => call(() => cluster(store).beat(beat)),
            leave: (id) => call(() => cluster(store).leave(id)),
            view: () => call(() => cluster(store).view()),
            strain: () => call(() => cluster(store).strain()),
            tell: (message) => call(() => cluster(store).tell(message)),
            listen: (ears) => cluster(store).listen(ears),
          },
    sever() {
      severed = true;
    },
  };
}

function cluster(store: Storage): ClusterStore {
  if (store.cluster === null) throw new TypeError('A store of many processes must have a cluster');
  return store.cluster;
}
