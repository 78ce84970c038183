/**
 * Metrics in the Prometheus text form. On the way of a change only plain numbers are raised; labels, text and gauges are
 * made when somebody scrapes. Labels are bounded: dialect, outcome, state; never a webhook or a URL. Workspaces are told
 * apart only for those who may see them all, by name up to a bound and together as `other` beyond it.
 */
import { createProcessMetrics } from './process-metrics.ts';
import { createCounter, createHistogram, prometheusContentType, prometheusText } from './prometheus-text.ts';
import type { Family, FamilyText } from './prometheus-text.ts';

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
  /** How far the clock is behind what most receivers say; negative where it is ahead. */
  readonly clockBehindMs?: number;
  /** Shards held here, and what is known of the lease on them; only where there are leases. */
  readonly shardsHeld?: number;
  readonly shardsHandedOver?: number;
  readonly leaseAgeMs?: number;
  readonly leaseValid?: number;
  readonly clusterMembers?: number;
  readonly shardTakeovers?: number;
  /** What the database server may run out of; only where there is one. */
  readonly databaseTransactionIdsShare?: number;
  readonly databaseWalKeptBytes?: number;
  readonly databaseWalUsualBytes?: number;
  readonly mediaJobs?: readonly MediaJobReading[];
  readonly mediaProcessesStarted?: number;
  readonly mediaWaiting?: number;
  /** Since when files can be neither stored nor read; 0 where they can. */
  readonly filesFailingMs?: number;
  /** 1 where pictures and clips of films are made. */
  readonly mediaFilms?: number;
  /** What is owed by workspace, in any order. */
  readonly byWorkspace?: readonly WorkspaceReading[];
};

export type MediaJobReading = { readonly job: string; readonly outcome: string; readonly count: number };

export type WorkspaceReading = {
  readonly workspaceId: string;
  readonly pending: number;
  readonly oldestPendingMs: number;
};

export interface Metrics {
  /** Changes committed. */
  accepted(workspaceId: string, changes: number): void;
  /** Requests refused because the store could not keep up or could not write. */
  refused(code: string): void;
  /** A request refused because its workspace writes faster than it may. */
  overQuota(workspaceId: string): void;
  /** One attempt ended. */
  attempted(dialect: string, outcome: string, durationMs: number): void;
  /** An attempt ended and another one is due later. */
  retrying(dialect: string): void;
  /** One delivery ended. */
  ended(ended: { readonly dialect: string; readonly state: string; readonly workspaceId: string }): void;
  acceptedToFirstByte(durationMs: number): void;
  apiRequest(statusClass: string, durationMs: number): void;
  uploaded(bytes: number): void;
  /** Asked at every scrape; a reader that fails leaves its gauges out. */
  onScrape(read: () => Reading | Promise<Reading>): void;
  /** The text form (`text/plain; version=0.0.4`); `byWorkspace` for those who may see every workspace. */
  text(options?: { readonly byWorkspace?: boolean }): Promise<string>;
  readonly contentType: string;
  stop(): void;
}

const latencySeconds = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];

/** The metrics of one server. */
export function createMetrics(): Metrics {
  const counts = createCounts();
  const workspaces = createWorkspaceCounts();
  const own = createProcessMetrics();
  const readers: (() => Reading | Promise<Reading>)[] = [];
  return {
    accepted(workspaceId, changes) {
      counts.accepted.add(none, changes);
      workspaces.accepted.add([workspaceId], changes);
    },
    refused: (code) => counts.refused.add([code], 1),
    overQuota(workspaceId) {
      counts.overQuota.add(none, 1);
      workspaces.overQuota.add([workspaceId], 1);
    },
    attempted(dialect, outcome, durationMs) {
      counts.attempts.add([dialect, outcome], 1);
      counts.attemptSeconds.observe(durationMs / 1_000);
      if (refusedOutcomes.has(outcome)) counts.blocked.add([dialect, outcome], 1);
    },
    retrying: (dialect) => counts.retrying.add([dialect], 1),
    ended({ dialect, state, workspaceId }) {
      counts.ended.add([dialect, state], 1);
      workspaces.ended.add([workspaceId, state], 1);
    },
    acceptedToFirstByte: (durationMs) => counts.firstByteSeconds.observe(durationMs / 1_000),
    apiRequest(statusClass, durationMs) {
      counts.requests.add([statusClass], 1);
      counts.requestSeconds.observe(durationMs / 1_000);
    },
    uploaded: (bytes) => counts.uploadedBytes.add(none, bytes),
    onScrape: (read) => void readers.push(read),
    async text({ byWorkspace = false } = {}) {
      const readings = await Promise.allSettled(readers.map(async (read) => read()));
      const read = readings.flatMap((reading) => (reading.status === 'fulfilled' ? [reading.value] : []));
      const reading = read.reduce<Reading>((whole, part) => ({ ...whole, ...part }), {});
      const counted = Object.values(counts).map((family) => family.read());
      const perWorkspace = byWorkspace
        ? [...Object.values(workspaces).map((family) => family.read()), ...workspaceGauges(reading.byWorkspace ?? [])]
        : [];
      return prometheusText([...counted, ...gaugesOf(reading), ...perWorkspace, ...own.read()]);
    },
    contentType: prometheusContentType,
    stop: () => own.stop(),
  };
}

const none: readonly string[] = [];

function createCounts() {
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    createCounter({ name: `assetwire_${name}`, help, labelNames });
  const histogram = (name: string, help: string) =>
    createHistogram({ name: `assetwire_${name}`, help }, latencySeconds);
  return {
    accepted: counter('changes_accepted_total', 'Changes committed to stable storage', []),
    refused: counter('requests_refused_total', 'Requests refused because the store could not take them', ['code']),
    overQuota: counter(
      'requests_over_quota_total',
      'Requests refused because they came faster than a quota of changes a second lets in',
      [],
    ),
    attempts: counter('attempts_total', 'Attempts ended, by dialect and outcome', ['dialect', 'outcome']),
    blocked: counter(
      'attempts_blocked_total',
      'Attempts that our own guard or configuration refused; nothing was sent',
      ['dialect', 'outcome'],
    ),
    retrying: counter('retries_scheduled_total', 'Attempts after which another one was due, by dialect', ['dialect']),
    ended: counter('deliveries_ended_total', 'Deliveries ended, by dialect and state', ['dialect', 'state']),
    requests: counter('api_requests_total', 'API requests answered, by class of status', ['status']),
    uploadedBytes: counter('uploaded_bytes_total', 'Bytes of files stored', []),
    attemptSeconds: histogram('attempt_seconds', 'Duration of attempts'),
    firstByteSeconds: histogram('accepted_to_first_byte_seconds', 'From commit to the first byte of the first attempt'),
    requestSeconds: histogram('api_request_seconds', 'Duration of API requests'),
  };
}

/** Outcomes of attempts that never left. */
const refusedOutcomes: ReadonlySet<string> = new Set(['blocked-address', 'refused-by-config']);

/** Workspaces told apart by name; those beyond are counted as `other`. */
const namedWorkspacesMax = 100;

function createWorkspaceCounts() {
  const counter = (family: FamilyText) => createCounter({ ...family, name: `assetwire_workspace_${family.name}` });
  return {
    accepted: counter({
      name: 'changes_accepted_total',
      help: `Changes committed, by workspace (the first ${namedWorkspacesMax}; then other)`,
      labelNames: ['workspace'],
      rowsMax: namedWorkspacesMax,
    }),
    overQuota: counter({
      name: 'requests_over_quota_total',
      help: 'Requests refused because the workspace wrote faster than its quota of changes a second, by workspace',
      labelNames: ['workspace'],
      rowsMax: namedWorkspacesMax,
    }),
    ended: counter({
      name: 'deliveries_ended_total',
      help: 'Deliveries ended, by workspace and state',
      labelNames: ['workspace', 'state'],
      rowsMax: namedWorkspacesMax * 4,
    }),
  };
}

/** The workspaces that owe most by name, the rest together. */
function workspaceGauges(readings: readonly WorkspaceReading[]): Family[] {
  const sorted = [...readings].sort((a, b) => b.pending - a.pending);
  const rest = sorted.slice(namedWorkspacesMax);
  const shown = sorted.slice(0, namedWorkspacesMax);
  if (rest.length > 0) {
    shown.push({
      workspaceId: 'other',
      pending: rest.reduce((sum, { pending }) => sum + pending, 0),
      oldestPendingMs: Math.max(...rest.map(({ oldestPendingMs }) => oldestPendingMs)),
    });
  }
  const gauge = (name: string, help: string, value: (reading: WorkspaceReading) => number): Family => ({
    name: `assetwire_workspace_${name}`,
    help,
    type: 'gauge',
    samples: shown.map((reading) => ({ labels: [['workspace', reading.workspaceId]], value: value(reading) })),
  });
  return [
    gauge('deliveries_pending', 'Deliveries owed, by workspace', ({ pending }) => pending),
    gauge(
      'oldest_pending_seconds',
      'Age of the oldest delivery owed, by workspace',
      ({ oldestPendingMs }) => oldestPendingMs / 1_000,
    ),
  ];
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
  clockBehindMs: ['clock_behind_seconds', 'How far the clock is behind what most receivers say; below 0: ahead'],
  shardsHeld: ['shards_held', 'Shards of lanes and duties that this process holds, of 256 (PostgreSQL)'],
  shardsHandedOver: [
    'shards_handing_over',
    'Shards that wait for what is in flight before others take them (PostgreSQL)',
  ],
  leaseAgeMs: ['lease_age_seconds', 'Since the last good heartbeat; a lease is good for 30 (PostgreSQL)'],
  leaseValid: ['lease_valid', '1 while the lease on the shards held here is good (PostgreSQL)'],
  clusterMembers: ['cluster_members', 'Processes on the same store that are known to this one (PostgreSQL)'],
  shardTakeovers: ['shard_takeovers', 'Shards taken over from processes that had died, since the start (PostgreSQL)'],
  databaseTransactionIdsShare: [
    'database_transaction_ids_used',
    'Share of the transaction ids of PostgreSQL in use; at 1 it takes no writes',
  ],
  databaseWalKeptBytes: [
    'database_wal_kept_bytes',
    'Write-ahead log that a replication slot of PostgreSQL holds back on its disk',
  ],
  databaseWalUsualBytes: [
    'database_wal_usual_bytes',
    'What that log comes to where nobody holds it back (max_wal_size)',
  ],
  mediaWaiting: ['media_jobs_waiting', 'Files that are being looked into, or wait for it'],
  filesFailingMs: [
    'files_failing_seconds',
    'For how long files cannot be stored or read where they are kept; 0 where they can',
  ],
  mediaFilms: ['media_films', '1 where an ffmpeg was found for pictures and clips of films'],
} as const satisfies Partial<Record<keyof Reading, readonly [string, string]>>;

const storageStates = ['ok', 'busy', 'unavailable', 'full', 'failed', 'stopped'];

function gaugesOf(reading: Reading): Family[] {
  const families = Object.entries(gaugeTexts).flatMap(([field, [name, help]]): Family[] => {
    const value: number | undefined = reading[field as keyof typeof gaugeTexts];
    if (value === undefined) return [];
    const shown = field.endsWith('Ms') ? value / 1_000 : value;
    return [{ name: `assetwire_${name}`, help, type: 'gauge', samples: [{ value: shown }] }];
  });
  families.push(...mediaCounters(reading));
  const { storageState } = reading;
  if (storageState === undefined) return families;
  const samples = storageStates.map((state) => ({
    labels: [['state', state]] as const,
    value: state === storageState ? 1 : 0,
  }));
  return [
    ...families,
    { name: 'assetwire_storage_state', help: 'The state of the store: 1 for the one it is in', type: 'gauge', samples },
  ];
}

/** Counted where the work is done, shown here. */
function mediaCounters({ mediaJobs = [], mediaProcessesStarted }: Reading): Family[] {
  if (mediaProcessesStarted === undefined) return [];
  return [
    {
      name: 'assetwire_media_jobs_total',
      help: 'Files looked into, pictured and cut, by job and outcome',
      type: 'counter',
      samples: mediaJobs.map(({ job, outcome, count }) => ({
        labels: [
          ['job', job],
          ['outcome', outcome],
        ] as const,
        value: count,
      })),
    },
    {
      name: 'assetwire_media_processes_started_total',
      help: 'Processes started to look into files',
      type: 'counter',
      samples: [{ value: mediaProcessesStarted }],
    },
  ];
}
