/**
 * What one PostgreSQL bears: two processes that take requests, one, two and four that deliver, and the database, whose CPU is
 * counted too. All of them share this machine with the load and the receiver, so the rates of one machine are not those of
 * several; the CPU per event is, and from it follows what a core of the database bears. Always on a PostgreSQL of its own,
 * whose files lie where TMPDIR is. Takes about five minutes.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestServer } from '../../src/storage/testing/test-postgres.ts';
import { endServer, freePort, type ServerProcess, startServer } from '../../test/support/server-process.ts';
import { requestJson } from '../../test/support/json-client.ts';
import { atMost, round } from '../figure.ts';
import type { BenchCase, BenchContext, Figure } from '../figure.ts';
import { treeCpuUs } from '../process-usage.ts';
import { createLanes, type Measured, type Peers, run, type RunResult, startPeers } from '../rig.ts';
import { median } from '../statistics.ts';

const lanes = 100;
const apis = 2;
/** As an operator would have it for six processes; the tests' server is a small one. */
const databaseSettings = [
  'max_connections = 200',
  'shared_buffers = 256MB',
  'max_wal_size = 4GB',
  'autovacuum_naptime = 15s',
];
/** A round takes about so long, whatever the machine bears. */
const roundSeconds = 10;
const steadySeconds = 8;
const warmUpEvents = 3_000;
const workerCounts = [1, 2, 4] as const;

type Process = { readonly server: ServerProcess; readonly port: number; readonly dataDir: string };

type Cluster = {
  readonly api: readonly Process[];
  readonly databasePid: number;
  start(command: readonly string[]): Promise<Process>;
  stop(): Promise<void>;
};

async function startCluster(): Promise<Cluster> {
  const directory = mkdtempSync(join(tmpdir(), 'assetwire-bench-workers-'));
  const database = await createTestServer(databaseSettings);
  const started: Process[] = [];
  const start = async (command: readonly string[]): Promise<Process> => {
    const dataDir = mkdtempSync(join(directory, 'p-'));
    const port = await freePort();
    const server = startServer({
      ...{ dataDir, port, command, readyWithinMs: 60_000 },
      settings: {
        ASSETWIRE_LOG_LEVEL: 'warn',
        ASSETWIRE_DATABASE_URL: database.url(),
        ASSETWIRE_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString('base64'),
        ASSETWIRE_SHARED_FILES_DIR: join(directory, 'files'),
      },
    });
    const process = { server, port, dataDir };
    started.push(process);
    await server.ready;
    return process;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(({ server }) => endServer(server)));
    await database.remove();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const api: Process[] = [];
    for (let n = 0; n < apis; n += 1) api.push(await start(['serve', '--no-engine']));
    const databasePid = Number(readFileSync(join(database.dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return { api, databasePid, start, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** How many shards a process holds. */
async function shardsOf({ server }: Process): Promise<number> {
  const answer = await requestJson(`${server.url}/metrics`, { key: server.key });
  return Number(/^assetwire_shards_held (\d+)$/m.exec(String(answer.body))?.[1]);
}

/** The CPU of all processes of one kind while something ran, in microseconds. */
type Cpu = { readonly api: number; readonly workers: number; readonly database: number };

function cpuOf({ api, databasePid }: Cluster, workers: readonly Process[]): Cpu {
  const sum = (processes: readonly Process[]): number =>
    processes.reduce((total, { server }) => total + treeCpuUs(server.pid), 0);
  return { api: sum(api), workers: sum(workers), database: treeCpuUs(databasePid) };
}

type Round = { readonly result: RunResult; readonly cpu: Cpu };

export const workers: BenchCase = {
  name: 'workers',
  title: 'Two API processes, one, two and four workers, one PostgreSQL',
  run: async (context): Promise<readonly Figure[]> => {
    const peers = await startPeers();
    const cluster = await startCluster();
    const running: Process[] = [];
    try {
      const [first] = cluster.api;
      if (first === undefined) throw new TypeError('There must be a process that takes requests');
      const key = first.server.key;
      const measured: Measured = {
        pid: first.server.pid,
        port: first.port,
        morePorts: cluster.api.slice(1).map(({ port }) => port),
        key,
      };
      await createLanes({ ...measured, server: first.server }, { lanes, receiverPort: peers.receiver.port });
      const figures: Figure[] = [];
      for (const count of workerCounts) {
        while (running.length < count) running.push(await cluster.start(['worker']));
        await untilShared(running);
        figures.push(...(await measure({ context, peers, cluster, measured }, running)));
      }
      return figures;
    } finally {
      await Promise.all([peers.stop(), cluster.stop()]);
    }
  },
};

/** Until every worker holds its share, within two shards. */
async function untilShared(running: readonly Process[]): Promise<void> {
  const endMs = performance.now() + 90_000;
  for (;;) {
    const held = await Promise.all(running.map(shardsOf));
    if (held.every((shards) => Math.abs(shards - 256 / running.length) <= 2)) return;
    if (performance.now() > endMs)
      throw new Error(`Workers must share the shards evenly: they hold ${held.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

type Measuring = {
  readonly context: BenchContext;
  readonly peers: Peers;
  readonly cluster: Cluster;
  readonly measured: Measured;
};

async function measure(
  { context, peers, cluster, measured }: Measuring,
  running: readonly Process[],
): Promise<readonly Figure[]> {
  const once = async (events: number, eventsPerSecond?: number): Promise<Round> => {
    const before = cpuOf(cluster, running);
    const rate = eventsPerSecond === undefined ? {} : { eventsPerSecond };
    const result = await run(peers, measured, { events: Math.floor(events), lanes, ...rate });
    const after = cpuOf(cluster, running);
    return {
      result,
      cpu: {
        api: after.api - before.api,
        workers: after.workers - before.workers,
        database: after.database - before.database,
      },
    };
  };
  const rounds = context.quick ? 1 : 3;
  const warm = (await once(context.quick ? 1_000 : warmUpEvents)).result.eventsPerSecond;
  const full: Round[] = [];
  for (let n = 0; n < rounds; n += 1) full.push(await once(context.quick ? 2_000 : warm * roundSeconds));
  const eventsPerSecond = median(full.map(({ result }) => result.eventsPerSecond)) * 0.3;
  const steady: Round[] = [];
  for (let n = 0; n < rounds; n += 1)
    steady.push(await once(eventsPerSecond * (context.quick ? 2 : steadySeconds), eventsPerSecond));
  const perEvent = (pick: (cpu: Cpu) => number): number =>
    median(full.map(({ cpu, result }) => pick(cpu) / Math.max(1, result.delivered)));
  const of = `${running.length} ${running.length === 1 ? 'worker' : 'workers'}, ${apis} API processes`;
  const databaseUs = perEvent(({ database }) => database);
  const lost = full.some(({ result }) => result.delivered !== result.expected);
  context.log(`${of}: ${round(median(full.map(({ result }) => result.eventsPerSecond)))} events/s`);
  return [
    {
      name: `${of}: events per second, all on ${cpus().length} cores`,
      target: '–',
      measured: `${round(median(full.map(({ result }) => result.eventsPerSecond)))}${lost ? ', NOT ALL ARRIVED' : ''}`,
      met: lost ? false : null,
    },
    {
      name: `${of}: CPU per event`,
      target: '–',
      measured: `API ${round(perEvent(({ api }) => api))} µs, workers ${round(perEvent((cpu) => cpu.workers))} µs, database ${round(databaseUs)} µs`,
      met: null,
    },
    {
      name: `${of}: events per second and core of the database`,
      target: '–',
      measured: `${round(1_000_000 / databaseUs)}`,
      met: null,
    },
    atMost(
      `${of}: p99 accepted → first byte at 30 % load, across processes`,
      20,
      median(steady.map(({ result }) => result.acceptedToFirstByteP99Ms)),
      {
        unit: ' ms',
        details: {
          p50Ms: median(steady.map(({ result }) => result.acceptedToFirstByteP50Ms)),
          eventsPerSecond: round(eventsPerSecond),
          foreignCores: steady.map(({ result }) => round(result.foreignCores)),
        },
      },
    ),
  ];
}
