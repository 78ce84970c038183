/**
 * Metrics in the Prometheus text form. On the way of a change only plain numbers are raised; labels, text and gauges are
 * made when somebody scrapes. Labels are bounded: dialect, outcome, state. Never a workspace, a webhook or a URL, because
 * their number is not ours to bound and their names are not ours to publish.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What is measured when somebody scrapes; every field is optional so that each part may give its own. */
export type Reading = {
  readonly pending?: number;
  /** Age of the oldest pending delivery, in milliseconds. */
  readonly oldestPendingMs?: number;
  readonly storageWaiting?: number;
  readonly storageState?: string;
  readonly lanes?: number;
  readonly lanesActive?: number;
  readonly inFlight?: number;
  readonly waitingInMemory?: number;
  readonly connectionsOpen?: number;
  readonly logLinesDropped?: number;
};

export interface Metrics {
  /** Changes committed. */
  accepted(changes: number): void;
  /** Requests refused because the store could not keep up or could not write. */
  refused(code: string): void;
  /** One attempt ended. */
  attempted(dialect: string, outcome: string, durationMs: number): void;
  /** One delivery ended. */
  ended(dialect: string, state: string): void;
  acceptedToFirstByte(durationMs: number): void;
  apiRequest(statusClass: string, durationMs: number): void;
  uploaded(bytes: number): void;
  /** Asked at every scrape; a reader that fails leaves its gauges out. */
  onScrape(read: () => Reading | Promise<Reading>): void;
  /** The text form (`text/plain; version=0.0.4`). */
  text(): Promise<string>;
  readonly contentType: string;
  stop(): void;
}

const latencySeconds = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];
/** More distinct values of a label than this become `other`: a bug or an attack must not grow the registry. */
const labelValuesMax = 64;

/** The registry of one server. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'assetwire_', eventLoopMonitoringPrecision: 20 });
  const counts = createCounts(registry);
  const scrape = createScrape(registry);
  return {
    accepted: (changes) => counts.accepted.add([], changes),
    refused: (code) => counts.refused.add([code], 1),
    attempted(dialect, outcome, durationMs) {
      counts.attempts.add([dialect, outcome], 1);
      counts.attemptSeconds.observe(durationMs / 1_000);
    },
    ended: (dialect, state) => counts.ended.add([dialect, state], 1),
    acceptedToFirstByte: (durationMs) => counts.firstByteSeconds.observe(durationMs / 1_000),
    apiRequest(statusClass, durationMs) {
      counts.requests.add([statusClass], 1);
      counts.requestSeconds.observe(durationMs / 1_000);
    },
    uploaded: (bytes) => counts.uploadedBytes.add([], bytes),
    onScrape: (read) => scrape.readers.push(read),
    async text() {
      await scrape.collect();
      return registry.metrics();
    },
    contentType: registry.contentType,
    stop() {
      scrape.stop();
      registry.clear();
    },
  };
}

function createCounts(registry: Registry) {
  const counter = (name: string, help: string, labels: readonly string[]): LazyCounter =>
    createLazyCounter(registry, { name: `assetwire_${name}`, help, labelNames: labels });
  const histogram = (name: string, help: string): Histogram =>
    new Histogram({ name: `assetwire_${name}`, help, buckets: latencySeconds, registers: [registry] });
  return {
    accepted: counter('changes_accepted_total', 'Changes committed to stable storage', []),
    refused: counter('requests_refused_total', 'Requests refused because the store could not take them', ['code']),
    attempts: counter('attempts_total', 'Attempts ended, by dialect and outcome', ['dialect', 'outcome']),
    ended: counter('deliveries_ended_total', 'Deliveries ended, by dialect and state', ['dialect', 'state']),
    requests: counter('api_requests_total', 'API requests answered, by class of status', ['status']),
    uploadedBytes: counter('uploaded_bytes_total', 'Bytes of files stored', []),
    attemptSeconds: histogram('attempt_seconds', 'Duration of attempts'),
    firstByteSeconds: histogram('accepted_to_first_byte_seconds', 'From commit to the first byte of the first attempt'),
    requestSeconds: histogram('api_request_seconds', 'Duration of API requests'),
  };
}

type LazyCounter = { add(labels: readonly string[], count: number): void };

type CounterText = { readonly name: string; readonly help: string; readonly labelNames: readonly string[] };

/** Counts in a map of plain numbers and becomes a Prometheus counter when scraped. */
function createLazyCounter(registry: Registry, { name, help, labelNames }: CounterText): LazyCounter {
  const counts = new Map<string, { readonly labels: readonly string[]; count: number }>();
  if (labelNames.length === 0) counts.set('', { labels: [], count: 0 });
  const other = labelNames.map(() => 'other');
  new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, count } of counts.values()) {
        this.inc(Object.fromEntries(labelNames.map((label, index) => [label, labels[index] ?? 'other'])), count);
      }
    },
  });
  return {
    add(labels, count) {
      const key = labels.length === 0 ? '' : labels.length === 1 ? (labels[0] ?? '') : labels.join('\0');
      let row = counts.get(key);
      if (row === undefined) {
        const kept = counts.size < labelValuesMax ? labels : other;
        const keptKey = kept === other ? other.join('\0') : key;
        row = counts.get(keptKey) ?? { labels: kept, count: 0 };
        counts.set(keptKey, row);
      }
      row.count += count;
    },
  };
}

const gaugeTexts = {
  pending: ['deliveries_pending', 'Deliveries owed'],
  oldestPendingMs: ['oldest_pending_seconds', 'Age of the oldest delivery owed'],
  storageWaiting: ['storage_waiting', 'Items waiting for their transaction'],
  lanes: ['lanes', 'Lanes known to the engine'],
  lanesActive: ['lanes_active', 'Lanes with something due'],
  inFlight: ['attempts_in_flight', 'Attempts in flight'],
  waitingInMemory: ['deliveries_in_memory', 'Deliveries handed to the engine and not yet attempted'],
  connectionsOpen: ['connections_open', 'Outgoing connections open'],
  logLinesDropped: ['log_lines_dropped', 'Log lines given up because nobody read them'],
} as const satisfies Partial<Record<keyof Reading, readonly [string, string]>>;

const storageStates = ['ok', 'busy', 'full', 'failed', 'stopped'];

function createScrape(registry: Registry) {
  const readers: (() => Reading | Promise<Reading>)[] = [];
  const gauge = (name: string, help: string): Gauge =>
    new Gauge({ name: `assetwire_${name}`, help, registers: [registry] });
  const gauges = new Map(Object.entries(gaugeTexts).map(([field, [name, help]]) => [field, gauge(name, help)]));
  const storageState = new Gauge({
    name: 'assetwire_storage_state',
    help: 'The state of the store: 1 for the one it is in',
    labelNames: ['state'],
    registers: [registry],
  });
  const lag = monitorEventLoopDelay({ resolution: 20 });
  lag.enable();
  const lagMax = gauge('event_loop_lag_max_seconds', 'Longest delay of the event loop since the last scrape');
  const apply = (reading: Reading): void => {
    for (const [field, value] of Object.entries(reading)) {
      const seconds = field === 'oldestPendingMs' && typeof value === 'number' ? value / 1_000 : value;
      if (typeof seconds === 'number') gauges.get(field)?.set(seconds);
    }
    if (reading.storageState === undefined) return;
    for (const state of storageStates) storageState.set({ state }, state === reading.storageState ? 1 : 0);
  };
  return {
    readers,
    async collect() {
      lagMax.set(Math.max(0, lag.max / 1e9 - 0.02));
      lag.reset();
      const readings = await Promise.allSettled(readers.map(async (read) => read()));
      for (const reading of readings) if (reading.status === 'fulfilled') apply(reading.value);
    },
    stop: () => lag.disable(),
  };
}
