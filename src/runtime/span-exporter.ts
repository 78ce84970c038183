/** Sends spans by OTLP over HTTP. Loaded only where an endpoint is configured: the libraries take time and memory. */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace';
import type { SpanRecord, TracesOptions } from './traces.ts';

export type SpanExporter = { send(span: SpanRecord): void; stop(): Promise<void> };

/** Spans of one batch, and those that may wait; beyond that the newest are given up. */
const batchMax = 512;
const waitingMax = 4_096;
/** Numbers of the OpenTelemetry API, as its `SpanKind`, `SpanStatusCode` and `TraceFlags` name them. */
const kinds = { client: 2, producer: 3 } as const;
const statuses = { ok: 1, error: 2 } as const;
const sampled = 1;

export function createSpanExporter({ url, version, delayMs = 2_000 }: TracesOptions): SpanExporter {
  const processor = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ url, timeoutMillis: 5_000 }),
    maxExportBatchSize: batchMax,
    maxQueueSize: waitingMax,
    scheduledDelayMillis: delayMs,
    exportTimeoutMillis: 10_000,
  });
  const resource = resourceFromAttributes({ 'service.name': 'assetwire', 'service.version': version });
  const instrumentationScope = { name: 'assetwire', version };
  return {
    send(span) {
      const context = (spanId: string) => ({ traceId: span.traceId, spanId, traceFlags: sampled });
      const readable: ReadableSpan = {
        name: span.name,
        kind: span.parentSpanId === undefined ? kinds.producer : kinds.client,
        spanContext: () => context(span.spanId),
        ...(span.parentSpanId === undefined ? {} : { parentSpanContext: context(span.parentSpanId) }),
        startTime: hrTime(span.startedAtMs),
        endTime: hrTime(span.endedAtMs),
        duration: hrTime(span.endedAtMs - span.startedAtMs),
        status: span.failure === undefined ? { code: statuses.ok } : { code: statuses.error, message: span.failure },
        attributes: { ...span.attributes },
        links: [],
        events: [],
        ended: true,
        resource,
        instrumentationScope,
        droppedAttributesCount: 0,
        droppedEventsCount: 0,
        droppedLinksCount: 0,
      };
      processor.onEnd(readable);
    },
    stop: () => processor.shutdown(),
  };
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): [number, number] {
  const whole = Math.floor(ms / 1_000);
  return [whole, Math.round((ms - whole * 1_000) * 1_000_000)];
}
