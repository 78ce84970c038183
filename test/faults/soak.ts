/**
 * The soak: the real server under steady load for as long as one likes, while all that may go wrong does so at a low rate:
 * it is killed, stopped in its tracks, ended in order and started again; clients break off in the middle of requests; receivers
 * refuse, hang, reset and answer 5xx. In the second half it is not killed any more, and what it takes is measured: sockets,
 * memory, disk per event. In the end it is left in peace and the ledgers are compared. Everything random comes from one seed.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, connect, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { requestJson, requestOk } from '../support/json-client.ts';
import { seededFractions } from '../support/seeded.ts';
import { endServer, freePort, startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { createPublisher, createWebhooks, readDead, readLog, startReceiver, untilQuiet } from './fault-rig.ts';
import { complaints, judgeLedgers, type Published, type Sets } from './ledger.ts';

export type SoakOptions = {
  /** How long there is load; the calm at the end comes on top. */
  readonly seconds: number;
  readonly seed: number;
  readonly log: (text: string) => void;
};

export type SoakSample = {
  readonly atMs: number;
  readonly descriptors: number;
  readonly rssBytes: number;
  readonly diskBytes: number;
  readonly accepted: number;
};

export type SoakResult = {
  readonly sets: Sets;
  readonly strikes: Readonly<Record<Strike, number>>;
  /** Of the second half, two a second. */
  readonly samples: readonly SoakSample[];
  readonly accepted: number;
  readonly refused: number;
  readonly arrivals: number;
  readonly seconds: number;
  readonly quiet: boolean;
  readonly output: string;
};

type Strike = 'kill' | 'stop' | 'pause' | 'clients';

/** About half of what the server takes on two cores that it shares with everybody here. */
const publishPauseMs = 15;
/** In a run of minutes; in a short one as often as everything gets its turn. */
const strikeEveryMsMax = 2_500;
const badWorkspace = 'unlucky';

/** Runs the soak. Ends everything it started, whatever happens. */
export async function runSoak({ seconds, seed, log }: SoakOptions): Promise<SoakResult> {
  const chance = seededFractions(seed);
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-soak-'));
  const options = { dataDir, port: await freePort(), settings: { ASSETWIRE_LOG_LEVEL: 'warn' } };
  const receiver = await startReceiver(seed);
  const bad = await startBadReceivers();
  const world: World = { options, server: startServer(options), chance, output: '' };
  const strikes: Record<Strike, number> = { kill: 0, stop: 0, pause: 0, clients: 0 };
  try {
    await world.server.ready;
    await createWebhooks(world.server, receiver.port);
    await createUnlucky(world.server, bad.ports);
    const publisher = createPublisher(
      { url: () => world.server.url, pauseMs: publishPauseMs },
      world.server.key,
      chance,
    );
    const startedMs = performance.now();
    const gone = (): number => (performance.now() - startedMs) / 1_000;
    publisher.start();
    const samples: SoakSample[] = [];
    let struckMs = performance.now();
    const strikeEveryMs = Math.min(strikeEveryMsMax, (seconds * 1_000) / 14);
    const first: Strike[] = ['kill', 'stop', 'pause', 'clients'];
    // On a machine that is slow to start a server again, the first half takes as long as that takes.
    let calmAt = Infinity;
    while (gone() < calmAt + seconds / 2) {
      void publishUnlucky(world.server);
      await wait(500);
      if (first.length === 0 && gone() > seconds / 2) calmAt = Math.min(calmAt, gone());
      const calm = calmAt < Infinity;
      if (performance.now() - struckMs > strikeEveryMs) {
        struckMs = performance.now();
        const strike = (calm ? undefined : first.shift()) ?? draw(chance, calm);
        strikes[strike] += 1;
        await strikeBy[strike](world);
      }
      if (calm) samples.push(sample(world.server, dataDir, publisher.results.size, performance.now() - startedMs));
      if (samples.length > 0 && samples.length % 60 === 0) log(JSON.stringify(samples.at(-1)));
    }
    await publisher.stop();
    receiver.tell({ kind: 'calm' });
    await publisher.retryUnknown();
    const quiet = await untilQuiet(world.server, 120_000);
    const visiblyDead = await readDead(world.server);
    const ledger = await receiver.ask({ kind: 'ledger' }, 'ledger');
    const published: Published[] = [...publisher.results].map(([event, result]) => ({ event, result }));
    const logged = await readLog(world.server, ledger.arrived);
    return {
      sets: judgeLedgers(published, ledger.arrived, logged, { failedAnswers: ledger.failedAnswers, visiblyDead }),
      strikes,
      samples,
      accepted: published.filter(({ result }) => result === 'ok').length,
      refused: published.filter(({ result }) => result === 'refused').length,
      arrivals: ledger.arrived.length,
      seconds,
      quiet,
      output: world.output + world.server.output(),
    };
  } catch (error) {
    throw new Error(`${String(error)}\nThe server's last words:\n${world.server.output().slice(-4_000)}`, {
      cause: error,
    });
  } finally {
    await endServer(world.server);
    receiver.stop();
    await bad.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

type World = {
  readonly options: Parameters<typeof startServer>[0];
  server: ServerProcess;
  readonly chance: () => number;
  /** What processes that have ended said. */
  output: string;
};

function draw(chance: () => number, calm: boolean): Strike {
  const drawn = chance();
  if (calm) return drawn < 0.3 ? 'pause' : 'clients';
  if (drawn < 0.35) return 'kill';
  if (drawn < 0.5) return 'stop';
  return drawn < 0.75 ? 'pause' : 'clients';
}

const strikeBy: Readonly<Record<Strike, (world: World) => Promise<void>>> = {
  async kill(world) {
    world.server.signal('SIGKILL');
    await again(world);
  },
  async stop(world) {
    world.server.signal('SIGTERM');
    await again(world);
  },
  async pause({ server, chance }) {
    server.signal('SIGSTOP');
    await wait(chance() * 800);
    server.signal('SIGCONT');
  },
  /** Requests that break off: in the head, in the body, and before the answer is read. */
  async clients({ options, chance }) {
    const halves = [
      'GET /v1/ch',
      'POST /v1/changes HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{"kind":',
      'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n',
    ];
    const sockets = Array.from({ length: 30 }, (_, n) => {
      const socket = connect(options.port, '127.0.0.1').on('error', () => undefined);
      socket.write(halves[n % halves.length] ?? '');
      return socket;
    });
    await wait(chance() * 200);
    for (const socket of sockets) socket.resetAndDestroy();
  },
};

async function again(world: World): Promise<void> {
  await world.server.exited;
  world.output += world.server.output();
  world.server = startServer(world.options);
  await world.server.ready;
}

/** One port that hangs, one that resets, one that says 503; one where nobody is. */
async function startBadReceivers(): Promise<{ readonly ports: readonly number[]; stop(): Promise<void> }> {
  const open = new Set<{ destroy(): void }>();
  const servers = [
    createServer(() => undefined),
    createServer((socket) => void socket.resetAndDestroy()),
    createServer(
      (socket) => void socket.on('data', () => socket.write('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n')),
    ),
  ];
  for (const server of servers) {
    server.on('connection', (socket) => {
      open.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  const closed = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));
  return {
    ports: [...servers.map((server) => (server.address() as AddressInfo).port), await freePort()],
    async stop() {
      for (const socket of open) socket.destroy();
      await Promise.all(servers.map(closed));
    },
  };
}

const unlucky = { 'assetwire-workspace': badWorkspace };

/** A workspace beside the one that is judged, none of whose receivers takes anything. */
async function createUnlucky({ url, key }: ServerProcess, ports: readonly number[]): Promise<void> {
  await requestOk(`${url}/v1/workspaces`, { key, body: { id: badWorkspace, name: badWorkspace } });
  for (const port of ports) {
    await requestOk(`${url}/v1/webhooks`, {
      key,
      headers: unlucky,
      body: {
        name: `port ${port}`,
        dialect: 'standard',
        target: { transport: 'http', url: `http://127.0.0.1:${port}/` },
        events: ['*'],
        policy: { timeoutMs: 1_000, schedule: { delaysMs: [500, 1_000], jitter: 0.5, ageMaxMs: 60_000 }, disable: [] },
      },
    });
  }
}

async function publishUnlucky({ url, key }: ServerProcess): Promise<void> {
  const changes = Array.from({ length: 5 }, (_, n) => ({
    kind: 'folder.created',
    subject: { type: 'folder', externalId: `unlucky-${n}` },
    after: { name: 'unlucky' },
  }));
  // Not judged: it may be refused, and the server may be away.
  await requestJson(`${url}/v1/changes`, { key, headers: unlucky, body: { changes }, timeoutMs: 5_000 }).catch(
    () => null,
  );
}

function sample({ pid }: ServerProcess, dataDir: string, accepted: number, atMs: number): SoakSample {
  const data = join(dataDir, 'data');
  const diskBytes = readdirSync(data)
    .filter((name) => /\.db(-wal)?$/.test(name))
    .reduce((sum, name) => sum + statSync(join(data, name)).size, 0);
  const rssKib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  return { atMs, descriptors: readdirSync(`/proc/${pid}/fd`).length, rssBytes: rssKib * 1_024, diskBytes, accepted };
}

/** The result in words: what came of it, and what is wrong with it. */
export function judgeSoak(result: SoakResult): {
  readonly lines: readonly string[];
  readonly wrong: readonly string[];
} {
  const { sets, strikes, samples } = result;
  const wrong = [...complaints(sets)];
  if (!result.quiet) wrong.push('Deliveries were still owed when the calm ended');
  if (result.accepted === 0) wrong.push('No event was accepted: the run shows nothing');
  for (const [strike, count] of Object.entries(strikes))
    if (count === 0) wrong.push(`Never struck: ${strike}. The run shows too little`);
  if (/uncaught|unhandled/i.test(result.output)) wrong.push('The server tells of an error that nobody handled');
  const half = Math.floor(samples.length / 2);
  const [early, late] = [samples.slice(0, half), samples.slice(half)];
  const most = (of: readonly SoakSample[]): number => Math.max(0, ...of.map(({ descriptors }) => descriptors));
  // Clients that break off come thirty at a time, and some of those before may still be there.
  if (most(late) > most(early) + 80) wrong.push(`Descriptors grow: ${most(early)}, then ${most(late)}`);
  const rssPerHour = slopePerHour(samples.map(({ atMs, rssBytes }) => [atMs, rssBytes]));
  // The heap finds its size in minutes; what grows after that grows for ever.
  if (result.seconds >= 600 && rssPerHour > 16 * 1024 ** 2)
    wrong.push(`Memory grows by ${(rssPerHour / 1024 ** 2).toFixed(1)} MiB an hour`);
  const lines = [
    `load         ${result.seconds} s: ${result.accepted} accepted, ${result.refused} refused; ${result.arrivals} arrived`,
    `struck       ${Object.entries(strikes)
      .map(([strike, count]) => `${count} ${strike}`)
      .join(', ')}`,
    `lost         ${sets.lost.length}`,
    `phantom      ${sets.phantom.length}`,
    `duplicated   ${sets.extraArrivals}; not explained by an interrupted attempt: ${sets.unexplained.length}`,
    `doubled      ${sets.doubled.length}, partial ${sets.partial.length}, altered ${sets.altered.length}`,
    `descriptors  at most ${most(early)}, then ${most(late)}`,
    `memory       ${((samples.at(-1)?.rssBytes ?? 0) / 1024 ** 2).toFixed(0)} MiB at the end, ${(rssPerHour / 1024 ** 2).toFixed(1)} MiB an hour`,
    `disk         ${diskPerEvent(samples).toFixed(0)} bytes an event`,
  ];
  return { lines, wrong };
}

/** Of the line through the points that has the least squares. */
function slopePerHour(points: readonly (readonly [atMs: number, value: number])[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
  const [x, y] = [mean(points.map(([atMs]) => atMs)), mean(points.map(([, value]) => value))];
  const over = points.reduce((sum, [atMs, value]) => sum + (atMs - x) * (value - y), 0);
  const under = points.reduce((sum, [atMs]) => sum + (atMs - x) ** 2, 0);
  return under === 0 ? 0 : (over / under) * 3_600_000;
}

function diskPerEvent(samples: readonly SoakSample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.accepted === first.accepted) return 0;
  return (last.diskBytes - first.diskBytes) / (last.accepted - first.accepted);
}
