/**
 * The rig of a measurement: load generator, the measured process and receiver, each a process of its own, on loopback.
 * `run` sends a number of events through and tells what came of it.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endServer, freePort, startServer } from '../test/support/server-process.ts';
import { openStore } from './store.ts';
import type { ServerProcess } from '../test/support/server-process.ts';
import { requestOk } from '../test/support/json-client.ts';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import { eventTemplate, laneFolder, laneWorkspace } from './event-template.ts';
import type { LoadOrder, LoadResult, ReceiverOrder, ReceiverResult } from './messages.ts';
import { foreignCores, treeCpuUs, treeRssMiB, watchForeign } from './process-usage.ts';
import { quantile } from './statistics.ts';

export type Peers = { readonly load: Child; readonly receiver: Child; stop(): Promise<void> };

export async function startPeers(): Promise<Peers> {
  const [load, receiver] = await Promise.all([startChild('load'), startChild('receiver')]);
  return {
    load,
    receiver,
    stop: async () => {
      await Promise.all([load.stop(), receiver.stop()]);
    },
  };
}

/** What is measured: something that takes events on a port and posts them to the receiver. */
export type Measured = {
  readonly pid: number;
  readonly port: number;
  /** Other processes of it that take events, too. */
  readonly morePorts?: readonly number[];
  readonly key: string;
};

export type RunOptions = {
  readonly events: number;
  readonly lanes: number;
  readonly lanesPerWorkspace?: 1 | 10;
  readonly connections?: number;
  /** Absent: closed loop, as fast as it goes. */
  readonly eventsPerSecond?: number;
  /** The first so many lanes get no answers; their events are not waited for. */
  readonly hangingLanes?: number;
  readonly withinMs?: number;
};

export type RunResult = {
  readonly accepted: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Distinct events that reached the receiver, of those in lanes that answer. */
  readonly delivered: number;
  readonly expected: number;
  readonly requests: number;
  /** Delivered events by the time from the first request to the last delivery. */
  readonly eventsPerSecond: number;
  readonly acceptsPerSecond: number;
  readonly cpuUsPerEvent: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  /** From the acknowledgement at the client to the first byte at the receiver; 0 where that came first. */
  readonly acceptedToFirstByteP50Ms: number;
  readonly acceptedToFirstByteP99Ms: number;
  /** From the moment the request fell due to the first byte at the receiver. */
  readonly dueToFirstByteP99Ms: number;
  readonly rssMiB: number;
  readonly foreignCores: number;
};

// Event numbers go on from run to run, so that a late delivery of an earlier run is not taken for one of this run.
let nextEvent = 0;

function answeredBy(event: number, lanes: number, hangingLanes: number): boolean {
  return event % lanes >= hangingLanes;
}

/** Sends events through and waits until they have arrived. */
export async function run(peers: Peers, measured: Measured, options: RunOptions): Promise<RunResult> {
  const { events, lanes, hangingLanes = 0, lanesPerWorkspace = 1 } = options;
  const firstEvent = Math.ceil(nextEvent / lanes) * lanes;
  nextEvent = firstEvent + events;
  let expected = 0;
  for (let event = firstEvent; event < firstEvent + events; event += 1)
    if (answeredBy(event, lanes, hangingLanes)) expected += 1;

  const reset: ReceiverOrder = { kind: 'reset', firstEvent, events, hangingLanes };
  peers.receiver.tell(reset);
  const order: LoadOrder = {
    kind: 'load',
    port: measured.port,
    ...(measured.morePorts === undefined ? {} : { morePorts: measured.morePorts }),
    template: eventTemplate({ port: measured.port, key: measured.key, lanesPerWorkspace }),
    connections: options.connections ?? 64,
    events,
    firstEvent,
    lanes,
    ...(options.eventsPerSecond === undefined ? {} : { eventsPerSecond: options.eventsPerSecond }),
  };
  const foreign = watchForeign();
  const cpuBeforeUs = treeCpuUs(measured.pid);
  const loaded = await peers.load.ask<LoadResult>(order);
  const waiting: ReceiverOrder = { kind: 'await', events: expected, withinMs: options.withinMs ?? 60_000 };
  const received = await peers.receiver.ask<ReceiverResult>(waiting);
  // What follows the last delivery (its record) belongs to it.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const cpuUs = treeCpuUs(measured.pid) - cpuBeforeUs;
  const foreignUsed = foreignCores(foreign);

  const acks: number[] = [];
  const afterAck: number[] = [];
  const afterDue: number[] = [];
  for (let index = 0; index < events; index += 1) {
    const ackMs = loaded.ackAtMs[index] ?? 0;
    const dueMs = loaded.dueAtMs[index] ?? 0;
    const byteMs = received.firstByteAtMs[index] ?? 0;
    if (ackMs > 0) acks.push(ackMs - dueMs);
    if (ackMs > 0 && byteMs > 0 && answeredBy(firstEvent + index, lanes, hangingLanes)) {
      afterAck.push(Math.max(0, byteMs - ackMs));
      afterDue.push(byteMs - dueMs);
    }
  }
  return {
    accepted: loaded.accepted,
    refused: loaded.refused,
    delivered: received.distinct,
    expected,
    requests: received.requests,
    eventsPerSecond: (received.distinct / (received.lastAtMs - loaded.startedAtMs)) * 1000,
    acceptsPerSecond: (loaded.accepted / (loaded.endedAtMs - loaded.startedAtMs)) * 1000,
    cpuUsPerEvent: cpuUs / Math.max(1, received.distinct),
    ackP50Ms: quantile(acks, 0.5),
    ackP99Ms: quantile(acks, 0.99),
    acceptedToFirstByteP50Ms: quantile(afterAck, 0.5),
    acceptedToFirstByteP99Ms: quantile(afterAck, 0.99),
    dueToFirstByteP99Ms: quantile(afterDue, 0.99),
    rssMiB: treeRssMiB(measured.pid),
    foreignCores: foreignUsed,
  };
}

export type Product = Measured & {
  readonly server: ServerProcess;
  readonly dataDir: string;
  /** From process start to the first 200 of `/readyz`. */
  readonly readyMs: number;
  stop(): Promise<void>;
};

/** Starts the real server in a data directory of its own, or in the given one, which is then kept. */
export async function startProduct(keptDirectory?: string): Promise<Product> {
  const dataDir = keptDirectory ?? mkdtempSync(join(tmpdir(), 'assetwire-bench-'));
  mkdirSync(dataDir, { recursive: true });
  const port = await freePort();
  const store = await openStore(dataDir, keptDirectory !== undefined);
  const settings = { ASSETWIRE_LOG_LEVEL: 'warn', ...store.settings, ...ofTheAllocator(process.env) };
  const server = startServer({ dataDir, port, readyWithinMs: 60_000, settings });
  const readyMs = await server.ready;
  return {
    server,
    dataDir,
    readyMs,
    pid: server.pid,
    port,
    key: server.key,
    stop: async () => {
      await endServer(server);
      await store.close();
      if (keptDirectory === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** What the allocator of the C library is told (`MALLOC_ARENA_MAX`) is told to the server, too: its memory depends on it. */
function ofTheAllocator(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const named = Object.entries(environment).filter(([name]) => name.startsWith('MALLOC_'));
  return Object.fromEntries(named.map(([name, value]) => [name, value ?? '']));
}

export type LanesOptions = {
  readonly lanes: number;
  readonly lanesPerWorkspace?: 1 | 10;
  readonly receiverPort: number;
  /** Origins the lanes are spread over (addresses of 127.0.0.0/8). Default: one each, at most 100. */
  readonly origins?: number;
  readonly policy?: Readonly<Record<string, unknown>>;
};

async function inParallel(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Makes the workspaces and one webhook per lane; every event of a lane matches that webhook and no other. */
export async function createLanes(product: Pick<Product, 'server'>, options: LanesOptions): Promise<readonly string[]> {
  const { lanes, lanesPerWorkspace = 1, receiverPort } = options;
  const origins = options.origins ?? Math.min(lanes, 100);
  const { url, key } = product.server;
  await inParallel(Math.ceil(lanes / lanesPerWorkspace), 16, async (index) => {
    const id = laneWorkspace(index * lanesPerWorkspace, lanesPerWorkspace);
    await requestOk(`${url}/v1/workspaces`, { key, body: { id, name: id } });
  });
  const ids: string[] = [];
  await inParallel(lanes, 16, async (lane) => {
    const created = await requestOk<{ id: string }>(`${url}/v1/webhooks`, {
      key,
      headers: { 'assetwire-workspace': laneWorkspace(lane, lanesPerWorkspace) },
      body: {
        name: `lane ${lane}`,
        dialect: 'standard',
        target: {
          transport: 'http',
          url: `http://127.0.1.${(lane % origins) + 1}:${receiverPort}/lane/${String(lane).padStart(5, '0')}`,
        },
        events: ['*'],
        ...(lanesPerWorkspace === 1 ? {} : { filter: { folder: [laneFolder(lane, lanesPerWorkspace)] } }),
        ...(options.policy === undefined ? {} : { policy: options.policy }),
      },
    });
    ids[lane] = created.id;
  });
  return ids;
}
