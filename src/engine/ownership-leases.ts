/**
 * Who delivers which lane, where many processes share a store: leases on shards, kept by a heartbeat. What a member wants
 * is decided in core (`planShares`); here it is asked for, handed over and trusted.
 *
 * - What we hold we trust until `leaseMs` after the moment before the last good heartbeat was *sent*, by the monotonic
 *   clock. When heartbeats fail, attempts stop by themselves before that time; should the store come back in time, nothing
 *   has happened.
 * - What others should have is handed over: nothing new is started in it, what is in flight ends and is recorded, then the
 *   lease is released and the others are told to look.
 * - What somebody took from us (we stood still for too long) is gone with its epoch: results that come late are fenced.
 */
import {
  type ClusterView,
  type Lease,
  type LeaseTimings,
  leaseTimings,
  type MemberRole,
  planShares,
  type SeenLease,
  type SharePlan,
  type Witness,
  witness,
} from '../core/cluster.ts';
import { shardCount, shardOf } from '../core/shard.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { ClusterStore } from '../storage/contract/cluster-store.ts';
import type { Ownership, OwnershipEvents } from './engine.ts';
import type { EngineLog } from './engine-deps.ts';

export type LeaseOwnership = Ownership & {
  /** Somebody joined, left or released: a heartbeat now instead of later. */
  look(): void;
  stats(): LeaseStats;
};

/** For metrics and health. */
export type LeaseStats = {
  readonly shards: number;
  /** What would be our fair share. */
  readonly share: number;
  readonly handingOver: number;
  readonly members: number;
  /** Since the last good heartbeat was sent; null before the first. */
  readonly leaseAgeMs: number | null;
  /** Whether what we hold may still be used. */
  readonly valid: boolean;
  /** Shards taken over from members that had died. */
  readonly takeovers: number;
};

export type LeaseOwnershipParts = {
  readonly store: Pick<ClusterStore, 'beat' | 'leave'>;
  readonly clock: Clock;
  readonly log: EngineLog;
  readonly member: {
    readonly id: string;
    readonly node: string;
    readonly role: MemberRole;
    readonly version: string;
    readonly blobs: string;
  };
  /** Others should send their heartbeat now: there is something to take or to give. */
  readonly nudge: () => void;
  /** What the database's clock showed between these two moments of the monotonic one. */
  readonly learnTime?: (databaseMs: number, askedAtMs: number, answeredAtMs: number) => void;
  readonly timings?: LeaseTimings;
};

type Claim = { readonly epoch: number; readonly untilMonotonicMs: number };

const retryMs = 1_000;
/** Words of others make us look no more often than this. */
const lookEveryMs = 1_000;
/** Shards that come to rest within this are released together. */
const gatherMs = 50;
/** A plan whose leases others took first is made anew, so often before the next heartbeat. */
const roundsMax = 4;

export function createLeaseOwnership(parts: LeaseOwnershipParts): LeaseOwnership {
  const { store, clock, log, member } = parts;
  const timings = parts.timings ?? leaseTimings;
  /** By shard; 0: not ours. */
  const epochs = new Array<number>(shardCount).fill(0);
  let claims: readonly (Claim | null)[] = [];
  /** Not used any more, and not yet at rest. */
  const handingOver = new Set<number>();
  /** At rest; released with the next heartbeat. */
  const released = new Set<number>();
  let seen: Witness = new Map();
  let plan: SharePlan = { acquire: [], surplus: 0, share: 0 };
  let sentAtMs: number | null = null;
  let members = 0;
  let takeovers = 0;
  let leaving = false;
  let stopped = false;
  let events: OwnershipEvents | null = null;
  let timer: Timer | null = null;
  let timerAtMs = Number.POSITIVE_INFINITY;
  let beating: Promise<void> | null = null;
  let lastLookMs = Number.NEGATIVE_INFINITY;

  const isOurs = (shard: number): boolean => epochs[shard] !== 0 && !handingOver.has(shard) && !released.has(shard);

  const renewClaims = (): void => {
    const untilMonotonicMs = (sentAtMs ?? 0) + timings.leaseMs;
    claims = epochs.map((epoch, shard) => (isOurs(shard) ? { epoch, untilMonotonicMs } : null));
  };

  const at = (atMs: number): void => {
    if (stopped || timerAtMs <= atMs) return;
    timer?.cancel();
    timerAtMs = atMs;
    timer = clock.timer(Math.max(0, atMs - clock.monotonicMs()), () => {
      timer = null;
      timerAtMs = Number.POSITIVE_INFINITY;
      void beatOften();
    });
  };

  /** One heartbeat, and more where there is something to take at once. */
  const beat = async (): Promise<void> => {
    let acquire: readonly SeenLease[] = plan.acquire;
    for (let round = 0; round < roundsMax && !stopped; round += 1) {
      const askedAtMs = clock.monotonicMs();
      const release = [...released];
      const { id, node, role, version, blobs } = member;
      const { leaseMs } = timings;
      const view = await store.beat({ id, node, role, version, blobs, leaving, leaseMs, acquire, release });
      parts.learnTime?.(view.nowMs, askedAtMs, clock.monotonicMs());
      if (stopped) return;
      takeovers += acquire.filter(({ shard, holder }) => holder !== null && view.leases[shard]?.holder === id).length;
      apply(view, { askedAtMs, release });
      if (release.length > 0) parts.nudge();
      if (plan.surplus > 0) handOver(plan.surplus);
      if (plan.acquire.length === 0) return;
      ({ acquire } = plan);
    }
  };

  const beatOften = (): Promise<void> => {
    beating ??= beat()
      .then(
        () => at(clock.monotonicMs() + timings.beatMs),
        (error: unknown) => {
          log.warn({ err: error, shards: held() }, 'A heartbeat failed: trying again');
          at(clock.monotonicMs() + retryMs);
        },
      )
      .finally(() => {
        beating = null;
        if (released.size > 0) at(clock.monotonicMs() + gatherMs);
      });
    return beating;
  };

  const apply = (
    view: ClusterView,
    { askedAtMs, release }: { readonly askedAtMs: number; readonly release: readonly number[] },
  ): void => {
    const before = members;
    members = view.members.length;
    // Who could not look for a while has not seen the others die.
    const blind = sentAtMs === null || askedAtMs - sentAtMs > timings.doubtMs;
    seen = witness(blind ? new Map() : seen, view.members, askedAtMs);
    sentAtMs = askedAtMs;
    const gained: number[] = [];
    const lost: number[] = [];
    for (const shard of release) released.delete(shard);
    for (const { shard, epoch, holder } of view.leases)
      changeHands({ shard, epoch, holder }, { gained, lost, release });
    renewClaims();
    plan = planShares({ view, memberId: member.id, witness: seen, nowMs: askedAtMs, timings });
    if (lost.length > 0) {
      log.warn({ shards: lost }, 'Others have taken over shards that were held here: late results are fenced');
      events?.lost(lost);
    }
    if (gained.length > 0) {
      log.info({ shards: gained.length, held: held(), members }, 'Shards are held here from now on');
      events?.gained(gained);
    }
    if (before === 0 && members > 1) parts.nudge();
  };

  const changeHands = (
    { shard, epoch, holder }: Lease,
    { gained, lost, release }: { gained: number[]; lost: number[]; readonly release: readonly number[] },
  ): void => {
    const ours = epochs[shard] ?? 0;
    if (holder === member.id && ours === epoch) return;
    // Taken over by another and taken back by us in between counts as both.
    if (ours !== 0 && !release.includes(shard)) lost.push(shard);
    if (ours !== 0) {
      handingOver.delete(shard);
      released.delete(shard);
    }
    epochs[shard] = holder === member.id ? epoch : 0;
    if (holder === member.id) gained.push(shard);
  };

  /** As many as are too many, counting those that are on their way already. */
  const handOver = (surplus: number): void => {
    const given = epochs.map((_, shard) => shard).filter(isOurs);
    const shards = given.slice(Math.max(0, given.length - Math.max(0, surplus - handingOver.size - released.size)));
    if (shards.length === 0) return;
    for (const shard of shards) handingOver.add(shard);
    renewClaims();
    const under = new Map(shards.map((shard) => [shard, epochs[shard]]));
    events?.surrender(shards, (shard) => comeToRest(shard, under.get(shard)));
  };

  const comeToRest = (shard: number, epoch: number | undefined): void => {
    if (!handingOver.has(shard) || epochs[shard] !== epoch) return;
    handingOver.delete(shard);
    released.add(shard);
    if (beating === null) at(clock.monotonicMs() + gatherMs);
  };

  const held = (): number => epochs.reduce((count, epoch) => count + (epoch === 0 ? 0 : 1), 0);

  return {
    async start(given) {
      events = given;
      beating = beat().finally(() => {
        beating = null;
      });
      await beating;
      at(clock.monotonicMs() + timings.beatMs);
    },
    owns: (webhookId) => claims[shardOf(webhookId)] ?? null,
    shards: () => claims.flatMap((claim, shard) => (claim === null ? [] : [shard])),
    look() {
      const nowMs = clock.monotonicMs();
      // Asked for already.
      if (lastLookMs > nowMs) return;
      lastLookMs = Math.max(nowMs, lastLookMs + lookEveryMs);
      const fromMs = lastLookMs;
      if (beating === null) at(fromMs);
      else void beating.then(() => at(fromMs));
    },
    retire() {
      if (leaving) return;
      leaving = true;
      handOver(shardCount);
      at(clock.monotonicMs() + gatherMs);
    },
    stats() {
      const nowMs = clock.monotonicMs();
      return {
        shards: held(),
        share: plan.share,
        handingOver: handingOver.size + released.size,
        members,
        leaseAgeMs: sentAtMs === null ? null : nowMs - sentAtMs,
        valid: sentAtMs !== null && nowMs < sentAtMs + timings.leaseMs,
        takeovers,
      };
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      timer?.cancel();
      claims = [];
      await beating;
      try {
        await store.leave(member.id);
        parts.nudge();
      } catch (error) {
        log.warn({ err: error }, 'What was held here could not be given up: others take it when the lease has run out');
      }
    },
  };
}
