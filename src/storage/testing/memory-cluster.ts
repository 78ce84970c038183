/**
 * Many processes on one store, without a database: leases, heartbeats and messages in memory around any one store. What
 * PostgreSQL does in a transaction is done here in one turn; the same suite is run over both (`conformance-cluster.ts`).
 */
import type { ClusterView, Member } from '../../core/cluster.ts';
import { shardCount, shardOf } from '../../core/shard.ts';
import type { ClusterEars, ClusterStore, MemberBeat } from '../contract/cluster-store.ts';
import type { Duty } from '../contract/duties.ts';
import type { LaneHead } from '../contract/lanes.ts';
import type { RecordItem, RecordResult } from '../contract/record-item.ts';
import type { Storage } from '../storage.ts';

export type MemoryCluster = {
  /** The store as one process sees it. */
  process(): Storage;
  view(): ClusterView;
  /** Every process's connection for messages breaks and is made anew. */
  breakConnections(): void;
};

export type MemoryClusterParts = {
  readonly store: Storage;
  /** The database's own clock: Unix milliseconds. */
  readonly nowMs: () => number;
  /** Carries a message; default: at the end of the turn. */
  readonly carry?: (deliver: () => void) => void;
};

type MutableMember = { -readonly [Key in keyof Omit<Member, 'expired'>]: Member[Key] } & { expiresAtMs: number };
type MutableLease = { readonly shard: number; epoch: number; holder: string | null };

const goneAfterMs = 600_000;
const pageRows = 1_000;

export function createMemoryCluster({ store, nowMs, carry = queueMicrotask }: MemoryClusterParts): MemoryCluster {
  const members = new Map<string, MutableMember>();
  const leases = Array.from({ length: shardCount }, (_, shard): MutableLease => ({ shard, epoch: 0, holder: null }));
  const listeners = new Map<ClusterEars, object>();

  const view = (): ClusterView => ({
    nowMs: nowMs(),
    members: [...members.values()].map(({ expiresAtMs, ...member }) => ({
      ...member,
      expired: expiresAtMs <= nowMs(),
    })),
    leases: leases.map((lease) => ({ ...lease })),
  });

  const reclaim = ({ id, node }: MemberBeat): void => {
    for (const former of [...members.values()]) {
      if (former.node !== node || former.id === id) continue;
      members.delete(former.id);
      for (const lease of leases) {
        if (lease.holder !== former.id) continue;
        lease.holder = id;
        lease.epoch += 1;
      }
    }
  };

  const beat = async (given: MemberBeat): Promise<ClusterView> => {
    const atMs = nowMs();
    const { leaseMs, acquire, release, ...member } = given;
    const known = members.get(given.id);
    members.set(given.id, {
      ...member,
      beat: (known?.beat ?? 0) + 1,
      startedAtMs: known?.startedAtMs ?? atMs,
      seenAtMs: atMs,
      expiresAtMs: atMs + leaseMs,
    });
    reclaim(given);
    for (const shard of release) {
      const lease = leases[shard];
      if (lease?.holder === given.id) lease.holder = null;
    }
    for (const seen of acquire) {
      const lease = leases[seen.shard];
      if (lease === undefined || lease.epoch !== seen.epoch || lease.holder !== seen.holder) continue;
      const holder = lease.holder === null ? undefined : members.get(lease.holder);
      if (holder !== undefined && holder.beat !== seen.holderBeat) continue;
      lease.holder = given.id;
      lease.epoch += 1;
    }
    for (const { id, expiresAtMs } of [...members.values()]) {
      if (expiresAtMs + goneAfterMs < atMs && !leases.some(({ holder }) => holder === id)) members.delete(id);
    }
    return view();
  };

  const cluster = (self: object): ClusterStore => ({
    beat,
    async leave(memberId) {
      members.delete(memberId);
      for (const lease of leases) if (lease.holder === memberId) lease.holder = null;
    },
    view: async () => view(),
    strain: async () => ({ transactionIdsShare: 0, walKeptBy: null, walKeptBytes: 0, walUsualBytes: 1 }),
    async tell(message) {
      for (const [ears, owner] of listeners) {
        if (owner !== self) carry(() => listeners.has(ears) && ears.message(message));
      }
    },
    listen(ears) {
      listeners.set(ears, self);
      return () => void listeners.delete(ears);
    },
  });

  const record = async (items: readonly RecordItem[]): Promise<readonly RecordResult[]> => {
    const fenced = items.map(({ webhookId, epoch }) => epoch < (leases[shardOf(webhookId)]?.epoch ?? 0));
    const results = await store.record(items.filter((_, index) => fenced[index] !== true));
    let next = 0;
    return fenced.map((isFenced) => {
      if (isFenced) return 'fenced';
      next += 1;
      return results[next - 1] ?? 'fenced';
    });
  };

  return {
    view,
    process() {
      const self = {};
      return {
        ...store,
        cluster: cluster(self),
        record,
        lanes: (query) => lanesOf(store, query),
        duties: (query) => dutiesOf(store, query),
      };
    },
    breakConnections() {
      for (const ears of listeners.keys()) ears.gap();
    },
  };
}

/** Filters what the store says of all shards; for stores of a test's size. */
async function lanesOf(store: Storage, query: Parameters<Storage['lanes']>[0]): Promise<readonly LaneHead[]> {
  const { shards, limit } = query;
  if (shards === undefined) return store.lanes(query);
  const wanted = new Set(shards);
  const found: LaneHead[] = [];
  let { after } = query;
  for (;;) {
    const page = await store.lanes({ after, limit: pageRows });
    found.push(...page.filter(({ webhookId }) => wanted.has(shardOf(webhookId))));
    const last = page.at(-1);
    if (found.length >= limit || page.length < pageRows || last === undefined) return found.slice(0, limit);
    after = last.webhookId;
  }
}

async function dutiesOf(store: Storage, query: Parameters<Storage['duties']>[0]): ReturnType<Storage['duties']> {
  const { shards, limit, nowMs } = query;
  if (shards === undefined) return store.duties(query);
  const wanted = new Set(shards);
  const page = await store.duties({ nowMs, limit: pageRows });
  const mine = page.duties.filter(({ id }: Duty) => wanted.has(shardOf(id)));
  const nextDueAtMs = mine.length > limit ? (mine[limit]?.dueAtMs ?? null) : page.nextDueAtMs;
  return { duties: mine.slice(0, limit), nextDueAtMs };
}
