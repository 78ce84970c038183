/**
 * A thousand photographs are uploaded, four at a time, while other webhooks are delivered to. Asked is how soon each upload
 * is accepted, what the server and its processes take in memory, and what the others notice. Two controls tell how much of
 * that is the machine's doing: the same bytes written and synced beside by a program that does nothing else, and the same
 * uploads taken in by one that delivers nothing.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestOk } from '../../test/support/json-client.ts';
import { type Child, startChild } from '../child.ts';
import { atMost, type BenchCase, type BenchContext, type Figure, round } from '../figure.ts';
import type { DiskOrder, UploaderOrder, UploaderResult } from '../messages.ts';
import { makePhotographs } from '../photographs.ts';
import { processesRssMiB, treeCpuUs, treePssMiB } from '../process-usage.ts';
import { createLanes, type Product, run, type RunOptions, startPeers, startProduct } from '../rig.ts';
import { median, quantile } from '../statistics.ts';

const inFlight = 4;
const lanes = 20;
const eventsPerSecond = 200;
const workspace = 'studio';
/** 500 MB. */
const boundMiB = 477;

/** `sharedOnceMiB`: the most at any moment, pages that several processes share counted once; the others count them in each. */
type Sampled = {
  readonly mostMiB: number;
  readonly serverMiB: number;
  readonly childrenMiB: number;
  readonly sharedOnceMiB: number;
};

/** Looks at the memory of the server and of what it started, twice a second, until stopped. */
function sampleMemory(pid: number): { stop(): Sampled } {
  let most: Sampled = { mostMiB: 0, serverMiB: 0, childrenMiB: 0, sharedOnceMiB: 0 };
  const look = (): void => {
    const { own, children } = processesRssMiB(pid);
    const sharedOnceMiB = Math.max(most.sharedOnceMiB, treePssMiB(pid));
    const isMore = own + children > most.mostMiB;
    most = isMore
      ? { mostMiB: own + children, serverMiB: own, childrenMiB: children, sharedOnceMiB }
      : { ...most, sharedOnceMiB };
  };
  const timer = setInterval(look, 500);
  return {
    stop() {
      clearInterval(timer);
      look();
      return most;
    },
  };
}

/** What deliveries notice of other programs, with as many photographs a second. */
async function measureControls(
  { uploader, steady, order, perSecond }: Controlled,
  p99Ms: (steady: RunOptions) => Promise<number>,
): Promise<{ readonly diskMs: readonly number[]; readonly sinkMs: readonly number[]; readonly sinkAcceptMs: number }> {
  const [writer, sink] = await Promise.all([startChild('disk-writer'), startChild('upload-sink')]);
  const [diskMs, sinkMs]: [number[], number[]] = [[], []];
  let sinkAcceptMs = 0;
  try {
    const directory = join(tmpdir(), `assetwire-bench-disk-${process.pid}`);
    const bytes = order.paths.map((path) => statSync(path).size);
    const written: DiskOrder = { kind: 'write', directory, bytes, perSecond, inFlight };
    writer.tell(written);
    for (let nth = 0; nth < 2; nth += 1) diskMs.push(await p99Ms(steady));
    await writer.ask({ kind: 'stop' });
    let taking = true;
    const uploads = uploader
      .ask<UploaderResult>({ ...order, port: sink.port, perSecond } satisfies UploaderOrder)
      .finally(() => {
        taking = false;
      });
    while (taking) sinkMs.push(await p99Ms(steady));
    await uploads;
    // As fast as it takes them, with nothing else going on.
    const alone = await uploader.ask<UploaderResult>({ ...order, port: sink.port });
    sinkAcceptMs = quantile([...alone.acceptMs], 0.99);
    await sink.ask({ kind: 'stop' });
  } finally {
    await Promise.all([writer.stop(), sink.stop()]);
  }
  return { diskMs, sinkMs, sinkAcceptMs };
}

type Controlled = {
  readonly uploader: Child;
  readonly steady: RunOptions;
  readonly order: UploaderOrder;
  readonly perSecond: number;
};

/** Renditions made so far, as the metrics count them. */
async function derived({ server: { url, key } }: Product): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } })).text();
  return Number(/assetwire_media_jobs_total\{job="derive",outcome="done"\} (\d+)/.exec(text)?.[1] ?? 0);
}

async function measure(context: BenchContext): Promise<readonly Figure[]> {
  const count = context.quick ? 120 : 1_000;
  const directory = mkdtempSync(join(tmpdir(), 'assetwire-bench-photographs-'));
  const peers = await startPeers();
  const uploader = await startChild('uploader');
  const product = await startProduct();
  try {
    const paths = await makePhotographs(directory);
    context.log(`photographs of ${paths.map((path) => `${round(statSync(path).size / 1e6)} MB`).join(', ')}`);
    await createLanes(product, { lanes, receiverPort: peers.receiver.port });
    await requestOk(`${product.server.url}/v1/workspaces`, {
      key: product.key,
      body: { id: workspace, name: workspace },
    });
    const seconds = context.quick ? 3 : 20;
    const steady = { events: eventsPerSecond * seconds, lanes, eventsPerSecond };
    await run(peers, product, { events: 2_000, lanes });
    const { port, key } = product;
    const order: UploaderOrder = { kind: 'upload', port, key, workspace, paths, count, inFlight };
    // Threads and processes start with the first ones, and what is loaded on first use is: told apart.
    const first = await uploader.ask<UploaderResult>({ ...order, count: 2 * inFlight });
    const quiet: number[] = [];
    const p99Ms = async (options: RunOptions): Promise<number> =>
      (await run(peers, product, options)).acceptedToFirstByteP99Ms;
    for (let nth = 0; nth < 3; nth += 1) quiet.push(await p99Ms(steady));
    const memory = sampleMemory(product.pid);
    const busy: number[] = [];
    const cpuBeforeUs = treeCpuUs(product.pid);
    let uploading = true;
    const uploads = uploader.ask<UploaderResult>(order).finally(() => {
      uploading = false;
    });
    while (uploading) busy.push(await p99Ms(steady));
    const { tookMs, bytes, ...uploaded } = await uploads;
    const acceptMs = [...uploaded.acceptMs];
    const wanted = count + first.acceptMs.length;
    const behind = wanted - (await derived(product));
    for (let left = behind, at = performance.now(); left > 0 && performance.now() - at < 600_000; ) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      left = wanted - (await derived(product));
    }
    const most = memory.stop();
    await new Promise((resolve) => setTimeout(resolve, context.quick ? 1_000 : 35_000));
    const after = processesRssMiB(product.pid);
    const cpuMsPerUpload = (treeCpuUs(product.pid) - cpuBeforeUs) / 1_000 / count;
    const perSecond = (count / tookMs) * 1_000;
    const { diskMs, sinkMs, sinkAcceptMs } = await measureControls({ uploader, steady, order, perSecond }, p99Ms);
    context.log(
      `p99 of others beside plain writes ${diskMs.map(round).join(', ')} ms, beside a plain taker of uploads ${sinkMs.map(round).join(', ')} ms`,
    );
    context.log(
      `${count} uploads, ${round(bytes / 1e6)} MB in ${round(tookMs / 1_000)} s; accept p50 ${round(quantile(acceptMs, 0.5))} ms; ` +
        `p99 of others ${quiet.map(round).join(', ')} ms without, ${busy.map(round).join(', ')} ms with`,
    );
    return [
      atMost('photographs of 2–5 MB, 4 at a time: accept p99', 150, quantile(acceptMs, 0.99), {
        unit: ' ms',
        details: {
          p50Ms: round(quantile(acceptMs, 0.5)),
          mostMs: round(Math.max(...acceptMs)),
          firstMs: [...first.acceptMs].map(round),
          count,
          behind,
        },
      }),
      atMost('uploads: memory of server and media processes, shared pages once', boundMiB, most.sharedOnceMiB, {
        unit: ' MiB',
      }),
      atMost('uploads: the same, shared pages counted in each process', boundMiB, most.mostMiB, {
        unit: ' MiB',
        details: {
          serverMiB: round(most.serverMiB),
          childrenMiB: round(most.childrenMiB),
          afterwards: { serverMiB: round(after.own), childrenMiB: round(after.children) },
        },
      }),
      atMost('uploads running: p99 of other deliveries ÷ without', 1.2, median(busy) / median(quiet), {
        unit: '×',
        details: { quietMs: quiet.map(round), busyMs: busy.map(round) },
      }),
      {
        name: 'control: p99 of deliveries ÷ without, beside the same bytes written and synced by another program',
        target: '–',
        measured: `${round(median(diskMs) / median(quiet))}×`,
        met: null,
      },
      {
        name: 'control: the same, beside a plain program that takes the same uploads',
        target: '–',
        measured: `${round(median(sinkMs) / median(quiet))}×`,
        met: null,
      },
      {
        name: 'control: accept p99 of a plain program that takes the same uploads, 4 at a time, and does nothing else',
        target: '–',
        measured: `${round(sinkAcceptMs)} ms`,
        met: null,
      },
      {
        name: 'uploads accepted',
        target: '–',
        measured: `${round((count / tookMs) * 1_000)}/s, ${round(bytes / 1e6 / (tookMs / 1_000))} MB/s, ${round(cpuMsPerUpload)} ms of CPU each with renditions`,
        met: null,
      },
    ];
  } finally {
    await Promise.all([peers.stop(), uploader.stop(), product.stop()]);
    rmSync(directory, { recursive: true, force: true });
  }
}

export const uploads: BenchCase = {
  name: 'uploads',
  title: 'Photographs uploaded while others are delivered to',
  run: measure,
};
