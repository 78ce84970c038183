/** What is measured when somebody scrapes, and what an attempt adds to the counters. */
import type { Engine, EngineEvent } from '../engine/engine.ts';
import type { Clock } from '../runtime/clock.ts';
import type { LogSink } from '../runtime/log-sink.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Storage } from '../storage/storage.ts';
import type { Transport } from '../transports/transport.ts';

export type GaugeSources = {
  readonly storage: Storage;
  readonly engine: Engine;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly sink: LogSink | null;
};

export function readGauges(metrics: Metrics, { storage, engine, transport, clock, sink }: GaugeSources): void {
  metrics.onScrape(async () => {
    const { waiting, state } = storage.health();
    const { lanes, lanesActive, inFlight, waitingInMemory } = engine.stats();
    const backlog = await storage.read.backlog(null);
    const oldestAtMs = backlog.reduce((oldest, row) => Math.min(oldest, row.oldestAtMs), clock.nowMs());
    return {
      pending: backlog.reduce((sum, row) => sum + row.pending, 0),
      oldestPendingMs: clock.nowMs() - oldestAtMs,
      storageWaiting: waiting,
      storageState: state,
      lanes,
      lanesActive,
      inFlight,
      waitingInMemory,
      connectionsOpen: transport.stats().connectionsOpen,
      ...(sink === null ? {} : { logLinesDropped: sink.dropped() }),
    };
  });
}

export function countAttempt(metrics: Metrics, { delivery, dialect, acceptedToFirstByteMs }: EngineEvent): void {
  metrics.attempted(dialect, delivery.lastOutcome ?? 'unknown', delivery.lastDurationMs ?? 0);
  if (delivery.state !== 'pending' && delivery.state !== 'held') metrics.ended(dialect, delivery.state);
  if (acceptedToFirstByteMs !== undefined) metrics.acceptedToFirstByte(acceptedToFirstByteMs);
}
