/**
 * Who delivers what among many processes on one store: lanes and duties lie in 256 shards, and each shard is held by one
 * member under an epoch that grows with every change of hands. Pure: from what a member sees to what it wants.
 *
 * A lease has no end of its own: it is good while its holder's heartbeat is. A holder trusts it for `leaseMs` from before
 * the heartbeat that renewed it was sent, by its own monotonic clock. Whoever wants to take it over trusts no wall clock
 * alone, neither its own nor the database's, which may jump by an hour: it must have seen the holder's heartbeat stand
 * still for `doubtMs` while the database calls it expired, or for `deadMs` whatever the database says. So a jump of any
 * clock moves no shard, and a member that was killed is replaced within a minute.
 */
import { shardCount } from './shard.ts';

/** `api`: takes requests and delivers nothing. */
export type MemberRole = 'serve' | 'api' | 'worker';

export type Member = {
  /** Drawn anew at every start of the process. */
  readonly id: string;
  /** The directory it holds a lock on: a second member of the same node means that the first one has ended. */
  readonly node: string;
  readonly role: MemberRole;
  readonly version: string;
  /** Where it keeps files: two members that name different places cannot see each other's. */
  readonly blobs: string;
  /** Is handing over what it holds, and takes nothing. */
  readonly leaving: boolean;
  /** Grows with every heartbeat. */
  readonly beat: number;
  /** By the database's clock. */
  readonly expired: boolean;
  /** Unix milliseconds, by the database's clock. */
  readonly startedAtMs: number;
  readonly seenAtMs: number;
};

export type Lease = {
  readonly shard: number;
  /** Grows with every change of hands; 0: never held. */
  readonly epoch: number;
  readonly holder: string | null;
};

/** What is stored of the cluster at one moment. */
export type ClusterView = {
  /** The database's clock, Unix milliseconds: the one that all members go by. */
  readonly nowMs: number;
  readonly members: readonly Member[];
  /** All 256, by shard. */
  readonly leases: readonly Lease[];
};

/** A lease as it was seen; taken only if it still is so. */
export type SeenLease = Lease & {
  /** The holder's heartbeat as it was seen; null where nobody holds it or the holder has no row. */
  readonly holderBeat: number | null;
};

export type LeaseTimings = {
  /** How long a heartbeat keeps what its member holds. */
  readonly leaseMs: number;
  readonly beatMs: number;
  /** Without a new heartbeat for so long, and expired by the database's clock: dead. */
  readonly doubtMs: number;
  /** Without a new heartbeat for so long: dead, whatever the database's clock says. More than `leaseMs` + `beatMs`. */
  readonly deadMs: number;
};

export const leaseTimings: LeaseTimings = { leaseMs: 30_000, beatMs: 10_000, doubtMs: 12_000, deadMs: 42_000 };

/** What one member has seen of the others' heartbeats, by member id. */
export type Witness = ReadonlyMap<string, { readonly beat: number; readonly sinceMs: number }>;

/**
 * The witness after another look; `nowMs` is the looker's monotonic clock before it asked. Silence counts only while one
 * listens: who could not look himself for a while (the store was away) has seen nobody die.
 */
export function witness(before: Witness, members: readonly Member[], nowMs: number): Witness {
  return new Map(
    members.map(({ id, beat }) => {
      const known = before.get(id);
      return [id, known?.beat === beat ? known : { beat, sinceMs: nowMs }];
    }),
  );
}

/** Whether a member is taken for dead by somebody who has seen so much of it. */
export function isDead(member: Member, seen: Witness, now: { readonly nowMs: number } & LeaseTimings): boolean {
  const known = seen.get(member.id);
  if (known?.beat !== member.beat) return false;
  const silentMs = now.nowMs - known.sinceMs;
  return silentMs >= now.deadMs || (member.expired && silentMs >= now.doubtMs);
}

export type SharePlan = {
  /** Free for this member to take. */
  readonly acquire: readonly SeenLease[];
  /** How many of those it holds others should have. */
  readonly surplus: number;
  /** Its fair share at present. */
  readonly share: number;
};

export type ShareInput = {
  readonly view: ClusterView;
  readonly memberId: string;
  readonly witness: Witness;
  /** Monotonic. */
  readonly nowMs: number;
  readonly timings: LeaseTimings;
};

/**
 * What a member should take or give, so that live members that deliver hold equal shares (one more for the first ones in
 * the order of their ids). Dead members' shards and those that nobody holds are free. Nothing is free that a live member
 * holds: it gives up its surplus itself, when what was in flight there has ended.
 */
export function planShares({ view, memberId, witness: seen, nowMs, timings }: ShareInput): SharePlan {
  const alive = view.members.filter((member) => member.id === memberId || !isDead(member, seen, { nowMs, ...timings }));
  const byId = new Map(alive.map((member) => [member.id, member]));
  const held = view.leases.filter(({ holder }) => holder === memberId).length;
  const sharing = alive.filter(({ role, leaving }) => role !== 'api' && !leaving).map(({ id }) => id);
  const place = sharing.toSorted().indexOf(memberId);
  if (place < 0) return { acquire: [], surplus: held, share: 0 };
  const share = Math.floor(shardCount / sharing.length) + (place < shardCount % sharing.length ? 1 : 0);
  const free = view.leases.filter(({ holder }) => holder === null || !byId.has(holder));
  // Members begin at different places, so that two of them seldom want the same.
  const from = Math.floor((place * free.length) / sharing.length);
  const wanted = [...free.slice(from), ...free.slice(0, from)].slice(0, Math.max(0, share - held));
  const beats = new Map(view.members.map(({ id, beat }) => [id, beat]));
  return {
    acquire: wanted.map((lease) => ({
      ...lease,
      holderBeat: lease.holder === null ? null : (beats.get(lease.holder) ?? null),
    })),
    surplus: Math.max(0, held - share),
    share,
  };
}
