/**
 * Traces, where an OTLP endpoint is configured. A change is a trace: its id has the 128 bits that a trace id needs, so an
 * attempt belongs to the trace of its change without anything being stored for it, after a restart and weeks later too.
 * Spans are told after the fact, in batches; losing some loses lines on a screen.
 */
import type { SpanExporter } from './span-exporter.ts';

export type SpanRecord = {
  readonly name: string;
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly attributes: { readonly [name: string]: string | number | boolean };
  /** Why it failed; absent where it did not. */
  readonly failure?: string;
};

export interface Traces {
  record(span: SpanRecord): void;
  /** Sends what waits, for at most five seconds. */
  stop(): Promise<void>;
}

export type TracesOptions = {
  /** The endpoint's full URL, such as `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly version: string;
  /** Share of traces that are told, in percent; which ones follows from the trace id, so a trace is whole or absent. */
  readonly percent: number;
  /** How long spans gather. Default 2,000. */
  readonly delayMs?: number;
  /** Told when spans cannot be sent at all, and where the last ones could not. */
  readonly onTrouble: (detail: string) => void;
};

/** Traces as the settings want them; null without an endpoint, so that nobody pays for what is not asked for. */
export function openTraces(
  { otlpUrl, tracePercent }: { readonly otlpUrl: string | null; readonly tracePercent: number },
  version: string,
  onTrouble: (detail: string) => void,
): Traces | null {
  if (otlpUrl === null) return null;
  return createTraces({ url: `${otlpUrl}/v1/traces`, version, percent: tracePercent, onTrouble });
}

/** Spans that may wait while the exporter is loaded. */
const waitingMax = 1_000;

export function createTraces(options: TracesOptions): Traces {
  let exporter: SpanExporter | null = null;
  let waiting: SpanRecord[] = [];
  let broken = false;
  const loading = import('./span-exporter.ts').then(
    ({ createSpanExporter }) => {
      exporter = createSpanExporter(options);
      for (const span of waiting) exporter.send(span);
      waiting = [];
    },
    (error: unknown) => {
      broken = true;
      waiting = [];
      options.onTrouble(detailOf(error));
    },
  );
  const threshold = Math.floor((options.percent / 100) * 0x1_0000_0000);
  return {
    record(span) {
      // The last digits are random, the first are the time.
      if (broken || Number.parseInt(span.traceId.slice(-8), 16) >= threshold) return;
      if (exporter !== null) exporter.send(span);
      else if (waiting.length < waitingMax) waiting.push(span);
    },
    async stop() {
      await loading;
      try {
        await exporter?.stop();
      } catch (error) {
        options.onTrouble(detailOf(error));
      }
    },
  };
}

function detailOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return detailOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
