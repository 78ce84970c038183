/** What is told of a change and of each attempt to those who trace. */
import type { Change } from '../core/change.ts';
import { idBytes } from '../core/id-encoding.ts';
import type { EngineEvent } from '../engine/engine.ts';
import type { Clock } from '../runtime/clock.ts';
import type { SpanRecord, Traces } from '../runtime/traces.ts';

/** Tells of changes that were just stored. */
export function changeTracer(traces: Traces, clock: Clock): (changes: readonly Change[]) => void {
  return (changes) => {
    const storedAtMs = clock.nowMs();
    for (const change of changes) traces.record(changeSpan(change, storedAtMs));
  };
}

/** The span of a change: from its acceptance until it was on disk. The root of its trace. */
function changeSpan(change: Change, storedAtMs: number): SpanRecord {
  const id = hexOf(change.id);
  return {
    name: `accept ${change.kind}`,
    traceId: id,
    spanId: spanIdOf(id, 0),
    startedAtMs: change.acceptedAtMs,
    endedAtMs: Math.max(change.acceptedAtMs, storedAtMs),
    attributes: {
      'assetwire.workspace': change.workspaceId,
      'assetwire.change': change.id,
      'assetwire.kind': change.kind,
      'assetwire.subject': `${change.subject.type}:${change.subject.id}`,
    },
  };
}

/** The span of one attempt, in the trace of its change. A webhook's URL is not told: it may carry a secret. */
export function attemptSpan({ delivery, dialect, startedAtMs }: EngineEvent): SpanRecord {
  const change = hexOf(delivery.changeId);
  const { lastStatus, lastOutcome = 'unknown', lastDurationMs = 0, state } = delivery;
  const ended = state === 'delivered';
  return {
    name: `deliver ${delivery.event}`,
    traceId: change,
    spanId: spanIdOf(hexOf(delivery.id), delivery.attempts),
    parentSpanId: spanIdOf(change, 0),
    startedAtMs,
    endedAtMs: startedAtMs + lastDurationMs,
    attributes: {
      'assetwire.workspace': delivery.workspaceId,
      'assetwire.webhook': delivery.webhookId,
      'assetwire.dialect': dialect,
      'assetwire.delivery': delivery.id,
      'assetwire.event': delivery.event,
      'assetwire.origin': delivery.origin,
      'assetwire.attempt': delivery.attempts,
      'assetwire.outcome': lastOutcome,
      'assetwire.state': state,
      ...(lastStatus === undefined ? {} : { 'http.response.status_code': lastStatus }),
    },
    ...(ended ? {} : { failure: lastStatus === undefined ? lastOutcome : `status ${lastStatus}` }),
  };
}

function hexOf(id: string): string {
  return Buffer.from(idBytes(id)).toString('hex');
}

/** Sixteen digits: the random half of the id, and the attempt's number in it, so that telling twice tells one. */
function spanIdOf(hex: string, attempt: number): string {
  const low = BigInt(`0x${hex.slice(16)}`) ^ (BigInt(attempt) << 48n);
  return (low === 0n ? 1n : low).toString(16).padStart(16, '0');
}
