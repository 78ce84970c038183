/**
 * This process among others on its store: its name, its leases, what it hears and tells. Where the store has one process
 * only (SQLite) it owns everything and there is nobody to talk to.
 */
import { join } from 'node:path';
import type { Member, MemberRole } from '../core/cluster.ts';
import type { Hint } from '../core/hint.ts';
import type { Ownership, OwnershipEvents } from '../engine/engine.ts';
import type { EngineLog } from '../engine/engine-deps.ts';
import { createHintBus, type HintBus } from '../engine/hint-bus.ts';
import { createSoleOwnership } from '../engine/ownership.ts';
import { createLeaseOwnership, type LeaseOwnership, type LeaseStats } from '../engine/ownership-leases.ts';
import type { Clock } from '../runtime/clock.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import type { Random } from '../runtime/random.ts';
import type { SharedClock } from '../runtime/shared-clock.ts';
import type { Turn } from '../runtime/turn.ts';
import { type FileLock, lockFile } from '../storage/sqlite/lock.ts';
import type { ClusterStore } from '../storage/contract/cluster-store.ts';
import type { Storage } from '../storage/storage.ts';
import { nodeOf } from './node.ts';

export type Cluster = {
  readonly ownership: Ownership;
  /** Null where there are no others. */
  readonly bus: Pick<HintBus, 'tell' | 'hear'> | null;
  /** Null where there are no leases. */
  leases(): LeaseStats | null;
  /** Once the store is open: locks the directory, makes itself known, looks who else is there. Throws where it may not join. */
  join(): Promise<void>;
  /** What a process without an engine does instead of starting one: it is a member that holds nothing. */
  watch(): Promise<void>;
  stop(): Promise<void>;
};

export type ClusterInput = {
  readonly storage: Storage;
  readonly dataDir: string;
  readonly role: MemberRole;
  readonly version: string;
  /** Where files are, as other members would name the same place. Null: in this node's own directory. */
  readonly files: string | null;
  readonly clock: Clock;
  readonly shared: SharedClock | null;
  readonly random: Random;
  readonly endOfTurn: Turn;
  readonly log: EngineLog;
};

export function createCluster(input: ClusterInput): Cluster {
  const { cluster } = input.storage;
  if (cluster !== null) return createMembership(input, cluster);
  return {
    ownership: createSoleOwnership(input.storage),
    bus: null,
    leases: () => null,
    join: () => Promise.resolve(),
    watch: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

function createMembership(input: ClusterInput, store: ClusterStore): Cluster {
  const { clock, shared, random, log, endOfTurn, role, version, dataDir } = input;
  const id = `member_${Buffer.from(random.bytes(16)).toString('hex')}`;
  const bus = createHintBus({ cluster: store, clock, endOfTurn, log });
  let lock: FileLock | null = null;
  let leases: LeaseOwnership | null = null;
  let joined = false;

  const self = (): Pick<Member, 'id' | 'node' | 'role' | 'version' | 'blobs'> => {
    const node = nodeOf(dataDir, random);
    return { id, node, role, version, blobs: input.files ?? `the directory of ${node}` };
  };
  const started = (): LeaseOwnership => {
    if (leases === null) throw new TypeError('Leases must be asked for after joining');
    return leases;
  };
  // Made when the process joins, because only then is it known what its node is called.
  const ownership: Ownership = {
    start: (events) => started().start(events),
    owns: (webhookId) => leases?.owns(webhookId) ?? null,
    shards: () => leases?.shards() ?? [],
    retire: () => leases?.retire(),
    stop: () => leases?.stop() ?? Promise.resolve(),
  };

  return {
    ownership,
    bus,
    leases: () => leases?.stats() ?? null,
    async join() {
      lock = lockNode(dataDir);
      const member = self();
      const askedAtMs = clock.monotonicMs();
      const leaseMs = 30_000;
      const view = await store.beat({ ...member, leaving: false, leaseMs, acquire: [], release: [] });
      joined = true;
      shared?.learn(view.nowMs, askedAtMs, clock.monotonicMs());
      const other = view.members.find(
        ({ id: its, expired, blobs }) => its !== id && !expired && blobs !== member.blobs,
      );
      if (other !== undefined) throw filesApart(member.blobs, other);
      leases = createLeaseOwnership({
        store,
        clock,
        log,
        member,
        nudge: () => bus.tell({ kind: 'leases' }),
        ...(shared === null ? {} : { learnTime: shared.learn }),
      });
      bus.start();
      bus.hear((hint: Hint) => hint.kind === 'leases' && leases?.look());
    },
    watch: () => started().start(onlooker),
    async stop() {
      // With an engine the leases have been given back by now; a second time does no harm.
      if (joined) await (leases?.stop() ?? store.leave(id));
      bus.stop();
      lock?.release();
    },
  };
}

/** Holds nothing, so nothing can come or go. */
const onlooker: OwnershipEvents = {
  gained: () => undefined,
  lost: () => undefined,
  surrender: (shards, atRest) => {
    for (const shard of shards) atRest(shard);
  },
};

/**
 * One process per directory: what another process of this directory held is free at once, because the lock says that it
 * has ended.
 */
function lockNode(dataDir: string): FileLock {
  try {
    return lockFile(join(dataDir, 'node'));
  } catch (error) {
    throw new OperatorError('data_directory', `Data directory must belong to one process: ${dataDir} is in use`, {
      mend: 'Give every process of a cluster a directory of its own with ASSETWIRE_DATA_DIR',
      cause: error,
    });
  }
}

function filesApart(ours: string, { node, role, blobs }: Member): OperatorError {
  return new OperatorError(
    'files_apart',
    `Processes on one database must see the same files: here they are in ${ours}, those of ${node} (${role}) in ${blobs}`,
    {
      mend: 'Keep files in S3 (ASSETWIRE_BLOBS_URL), or mount one directory everywhere and name it with ASSETWIRE_SHARED_FILES_DIR',
    },
  );
}
