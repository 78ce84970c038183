/** What is measured when somebody scrapes, and what an attempt adds to the counters. */
import type { FilesHealth, WatchedBlobs } from '../blobs/blobs.ts';
import type { Engine, EngineEvent } from '../engine/engine.ts';
import type { Media } from '../media/media.ts';
import type { Clock } from '../runtime/clock.ts';
import type { LogSink } from '../runtime/log-sink.ts';
import type { Metrics, Reading, WorkspaceReading } from '../runtime/metrics.ts';
import type { BacklogRow } from '../storage/contract/stats.ts';
import type { Storage } from '../storage/storage.ts';
import type { Transport } from '../transports/transport.ts';

export type GaugeSources = {
  readonly storage: Storage;
  readonly engine: Engine;
  readonly transport: Pick<Transport, 'stats'>;
  readonly clock: Clock;
  readonly sink: LogSink | null;
  readonly media: Pick<Media, 'counts' | 'films'>;
  readonly files: Pick<WatchedBlobs, 'health'>;
  /** Null where there are no leases. */
  readonly leases: () => LeaseReading | null;
};

export type LeaseReading = {
  readonly shards: number;
  readonly handingOver: number;
  readonly members: number;
  readonly leaseAgeMs: number | null;
  readonly valid: boolean;
  readonly takeovers: number;
};

export function readGauges(metrics: Metrics, sources: GaugeSources): void {
  const { storage, engine, transport, clock, sink, media, files } = sources;
  metrics.onScrape(async () => {
    const { waiting, state } = storage.health();
    const { lanes, lanesActive, inFlight, waitingInMemory } = engine.stats();
    const backlog = await storage.read.backlog(null);
    const nowMs = clock.nowMs();
    const oldestAtMs = backlog.reduce((oldest, row) => Math.min(oldest, row.oldestAtMs), nowMs);
    return {
      pending: backlog.reduce((sum, row) => sum + row.pending, 0),
      oldestPendingMs: nowMs - oldestAtMs,
      byWorkspace: workspacesOf(backlog, nowMs),
      storageWaiting: waiting,
      storageState: state,
      filesFailingMs: failingMs(files.health(), nowMs),
      lanes,
      lanesActive,
      inFlight,
      waitingInMemory,
      connectionsOpen: transport.stats().connectionsOpen,
      ...(sink === null ? {} : { logLinesDropped: sink.dropped() }),
    };
  });
  metrics.onScrape(() => leaseReading(sources.leases()));
  metrics.onScrape(async () => {
    if (storage.cluster === null) return {};
    const { transactionIdsShare, walKeptBytes, walUsualBytes } = await storage.cluster.strain();
    return {
      databaseTransactionIdsShare: transactionIdsShare,
      databaseWalKeptBytes: walKeptBytes,
      databaseWalUsualBytes: walUsualBytes,
    };
  });
  metrics.onScrape(async () => {
    const { ended, processesStarted, waiting } = media.counts();
    return {
      mediaJobs: ended,
      mediaProcessesStarted: processesStarted,
      mediaWaiting: waiting,
      mediaFilms: (await media.films()).state === 'found' ? 1 : 0,
    };
  });
}

/** 0 where all is well. */
function failingMs(health: FilesHealth, nowMs: number): number {
  // At least a second, whatever the clock does: 0 says that nothing is wrong.
  return health.state === 'ok' ? 0 : Math.max(1_000, nowMs - health.sinceMs);
}

function leaseReading(lease: LeaseReading | null): Reading {
  if (lease === null) return {};
  return {
    shardsHeld: lease.shards,
    shardsHandedOver: lease.handingOver,
    ...(lease.leaseAgeMs === null ? {} : { leaseAgeMs: lease.leaseAgeMs }),
    leaseValid: lease.valid ? 1 : 0,
    clusterMembers: lease.members,
    shardTakeovers: lease.takeovers,
  };
}

function workspacesOf(backlog: readonly BacklogRow[], nowMs: number): readonly WorkspaceReading[] {
  const workspaces = new Map<string, { workspaceId: string; pending: number; oldestPendingMs: number }>();
  for (const { workspaceId, pending, oldestAtMs } of backlog) {
    const row = workspaces.get(workspaceId) ?? { workspaceId, pending: 0, oldestPendingMs: 0 };
    row.pending += pending;
    row.oldestPendingMs = Math.max(row.oldestPendingMs, nowMs - oldestAtMs);
    workspaces.set(workspaceId, row);
  }
  return [...workspaces.values()];
}

export function countAttempt(metrics: Metrics, { delivery, dialect, acceptedToFirstByteMs }: EngineEvent): void {
  metrics.attempted(dialect, delivery.lastOutcome ?? 'unknown', delivery.lastDurationMs ?? 0);
  const { state, workspaceId } = delivery;
  if (state === 'pending' || state === 'held') metrics.retrying(dialect);
  else metrics.ended({ dialect, state, workspaceId });
  if (acceptedToFirstByteMs !== undefined) metrics.acceptedToFirstByte(acceptedToFirstByteMs);
}
