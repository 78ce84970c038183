/**
 * The kill loop: the real server under load is killed with SIGKILL again and again, at random moments, at the moment a
 * webhook has arrived, when its answer has just left, when a publish has just been answered, and while it starts; in the
 * end it is left in peace, and the ledgers of both sides are compared. Everything random comes from one seed.
 *
 * Kills go to the process id of the server this file started and to nothing else.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { requestJson, requestOk } from '../support/json-client.ts';
import { seededFractions } from '../support/seeded.ts';
import { endServer, freePort, startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { judgeLedgers } from './ledger.ts';
import type { Arrived, Logged, Published, PublishResult, Sets } from './ledger.ts';
import type { ReceiverAnswer, ReceiverOrder } from './receiver.ts';

export type KillLoopOptions = {
  readonly kills: number;
  readonly seed: number;
  readonly log: (text: string) => void;
  /** How long the calm at the end may take. */
  readonly calmWithinMs?: number;
};

export type KillMoment = 'random' | 'request' | 'answer' | 'publish' | 'start';

export type KillLoopResult = {
  readonly sets: Sets;
  readonly kills: Readonly<Record<KillMoment, number>>;
  /** Kills that struck while a publish or an attempt was open. */
  readonly hits: number;
  /** Attempts open at the receiver when the server died, added up. */
  readonly attemptsOpenAtKills: number;
  readonly published: Readonly<Record<PublishResult, number>>;
  readonly arrivals: number;
  /** Starts after a kill, from spawn to ready. */
  readonly restartMs: readonly number[];
  /** Whether everything owed had been delivered when the calm ended. */
  readonly quiet: boolean;
};

const publishers = 8;
const lanes = ['/a', '/b', '/c'];
const subjects = 150;
const loadMsMax = 700;
const strikeWithinMs = 10_000;

type Receiver = {
  readonly port: number;
  tell(order: ReceiverOrder): void;
  ask<Kind extends ReceiverAnswer['kind']>(order: ReceiverOrder, kind: Kind): Promise<ReceiverAnswer & { kind: Kind }>;
  /** Resolves when the receiver has killed the server. */
  struck(): Promise<number>;
  stop(): void;
};

async function startReceiver(seed: number): Promise<Receiver> {
  const file = join(dirname(fileURLToPath(import.meta.url)), 'receiver.ts');
  const child = fork(file, [String(seed)], { serialization: 'advanced' });
  const next = <Kind extends ReceiverAnswer['kind']>(kind: Kind): Promise<ReceiverAnswer & { kind: Kind }> =>
    new Promise((resolve, reject) => {
      const onMessage = (answer: ReceiverAnswer): void => {
        if (answer.kind !== kind) return;
        child.off('message', onMessage);
        child.off('exit', onExit);
        resolve(answer as ReceiverAnswer & { kind: Kind });
      };
      const onExit = (): void => reject(new Error('The receiver ended'));
      child.on('message', onMessage);
      child.once('exit', onExit);
    });
  const { port } = await next('listening');
  return {
    port,
    tell: (order) => {
      child.send(order);
    },
    ask: (order, kind) => {
      const answer = next(kind);
      child.send(order);
      return answer;
    },
    struck: async () => (await next('struck')).openRequests,
    stop: () => {
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
    },
  };
}

/** Publishes without pause while it is told to, and keeps the client's ledger. */
function createPublisher(url: string, key: string, chance: () => number) {
  const results = new Map<number, PublishResult>();
  const retries: number[] = [];
  let nextEvent = 0;
  let open = 0;
  let running = false;
  let onAnswer: (() => void) | null = null;

  const publish = async (event: number): Promise<void> => {
    const digits = String(event).padStart(8, '0');
    open += 1;
    const answer = await requestJson(`${url}/v1/changes`, {
      key,
      timeoutMs: 20_000,
      headers: { 'idempotency-key': `fault-${digits}` },
      body: {
        kind: 'asset.metadata_changed',
        subject: { type: 'asset', externalId: `fault-${event % subjects}` },
        changed: ['metadata.note'],
        after: { name: `fault-${event % subjects}.jpg`, path: '/faults', metadata: { note: `awfault${digits}` } },
      },
    }).catch(() => null);
    open -= 1;
    if (answer === null) {
      results.set(event, 'unknown');
      // Every second one is tried again with its key, as a good client would; the others stay unknown for the judgement.
      if (chance() < 0.5) retries.push(event);
      return;
    }
    const ok = answer.status >= 200 && answer.status < 300;
    // A refused second try says nothing of the first one, which nobody answered.
    if (!ok && results.get(event) === 'unknown') retries.push(event);
    else results.set(event, ok ? 'ok' : 'refused');
    onAnswer?.();
    // A refusal says "later": do not hammer.
    if (answer.status >= 500) await wait(20);
  };

  const work = async (): Promise<void> => {
    while (running) {
      const event = retries.pop() ?? nextEvent++;
      await publish(event);
    }
  };

  let workers: Promise<void>[] = [];
  return {
    results,
    openCount: () => open,
    start: () => {
      running = true;
      workers = Array.from({ length: publishers }, work);
    },
    /** Stops and waits for what is open. */
    stop: async () => {
      running = false;
      await Promise.all(workers);
    },
    retryUnknown: async () => {
      for (let event = retries.pop(); event !== undefined; event = retries.pop()) await publish(event);
    },
    onNextAnswer: (fire: (() => void) | null) => {
      onAnswer = fire;
    },
  };
}

type Publisher = ReturnType<typeof createPublisher>;

async function createWebhooks(server: ServerProcess, receiverPort: number): Promise<void> {
  for (const lane of lanes) {
    await requestOk(`${server.url}/v1/webhooks`, {
      key: server.key,
      body: {
        name: `faults ${lane}`,
        dialect: 'standard',
        target: { transport: 'http', url: `http://127.0.0.1:${receiverPort}${lane}` },
        events: ['*'],
        policy: {
          timeoutMs: 5_000,
          schedule: { delaysMs: Array.from({ length: 60 }, () => 250), jitter: 0.5, ageMaxMs: 3_600_000 },
          // One lane keeps strict order, so that its queue is exercised too.
          ...(lane === '/c' ? { order: 'webhook' } : {}),
        },
      },
    });
  }
}

function drawMoment(chance: () => number): KillMoment {
  const drawn = chance();
  if (drawn < 0.5) return 'random';
  if (drawn < 0.65) return 'request';
  if (drawn < 0.8) return 'answer';
  if (drawn < 0.92) return 'publish';
  return 'start';
}

type Strike = { readonly hit: boolean; readonly attemptsOpen: number };

/** Lets the load run and kills the server at the drawn moment. Resolves when it is dead. */
async function strike(
  moment: KillMoment,
  {
    server,
    publisher,
    receiver,
    chance,
  }: { server: ServerProcess; publisher: Publisher; receiver: Receiver; chance: () => number },
): Promise<Strike> {
  if (moment === 'start') {
    await wait(chance() * 400);
    server.signal('SIGKILL');
    await server.exited;
    return { hit: false, attemptsOpen: 0 };
  }
  await server.ready;
  publisher.start();
  let attemptsOpen = 0;
  if (moment === 'request' || moment === 'answer') {
    const struck = receiver.struck();
    receiver.tell({ kind: 'arm', pid: server.pid, when: moment, afterRequests: 1 + Math.floor(chance() * 200) });
    // Where nothing arrives there is nothing to strike at; killed all the same, and the ledgers will tell.
    attemptsOpen = await Promise.race([struck, wait(strikeWithinMs, 0, { ref: false })]);
    server.signal('SIGKILL');
  } else if (moment === 'publish') {
    let left = 1 + Math.floor(chance() * 100);
    await new Promise<void>((resolve) => {
      publisher.onNextAnswer(() => {
        left -= 1;
        if (left > 0) return;
        server.signal('SIGKILL');
        publisher.onNextAnswer(null);
        resolve();
      });
    });
    attemptsOpen = (await receiver.ask({ kind: 'open' }, 'open')).requests;
  } else {
    await wait(chance() * loadMsMax);
    attemptsOpen = (await receiver.ask({ kind: 'open' }, 'open')).requests;
    server.signal('SIGKILL');
  }
  const publishesOpen = publisher.openCount();
  await server.exited;
  await publisher.stop();
  return { hit: attemptsOpen + publishesOpen > 0, attemptsOpen };
}

/** Waits until nothing is owed any more. */
async function untilQuiet(server: ServerProcess, withinMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs;
  while (performance.now() < deadlineMs) {
    const { data } = await requestOk<{ data: readonly unknown[] }>(
      `${server.url}/v1/deliveries?states=pending&limit=1`,
      {
        key: server.key,
      },
    );
    if (data.length === 0) return true;
    await wait(100);
  }
  return false;
}

/** What the product's log says of the messages that arrived more than once. */
async function readLog(server: ServerProcess, arrived: readonly Arrived[]): Promise<readonly Logged[]> {
  const counts = new Map<string, number>();
  for (const { messageId } of arrived) counts.set(messageId, (counts.get(messageId) ?? 0) + 1);
  const logged: Logged[] = [];
  for (const [messageId, count] of counts) {
    if (count < 2) continue;
    const answer = await requestJson(`${server.url}/v1/deliveries/${messageId}`, { key: server.key });
    if (answer.status !== 200) continue;
    const { attemptRecords } = answer.body as { attemptRecords: readonly { readonly outcome: string }[] };
    const interrupted = attemptRecords.filter(({ outcome }) => outcome === 'interrupted').length;
    logged.push({ messageId, attempts: attemptRecords.length, interrupted });
  }
  return logged;
}

/** Runs the loop. Ends everything it started, whatever happens. */
export async function runKillLoop(options: KillLoopOptions): Promise<KillLoopResult> {
  const chance = seededFractions(options.seed);
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-faults-'));
  const port = await freePort();
  const receiver = await startReceiver(options.seed);
  const settings = { ASSETWIRE_LOG_LEVEL: 'warn' };
  let server = startServer({ dataDir, port, settings });
  try {
    await server.ready;
    await createWebhooks(server, receiver.port);
    const publisher = createPublisher(server.url, server.key, chance);
    const kills: Record<KillMoment, number> = { random: 0, request: 0, answer: 0, publish: 0, start: 0 };
    const restartMs: number[] = [];
    let hits = 0;
    let attemptsOpenAtKills = 0;
    for (let kill = 1; kill <= options.kills; kill += 1) {
      const moment = drawMoment(chance);
      const { hit, attemptsOpen } = await strike(moment, { server, publisher, receiver, chance });
      receiver.tell({ kind: 'disarm' });
      kills[moment] += 1;
      attemptsOpenAtKills += attemptsOpen;
      if (hit) hits += 1;
      server = startServer({ dataDir, port, settings });
      if (kill % 10 === 0) options.log(`${kill} of ${options.kills} kills, ${publisher.results.size} events so far`);
      if (kill === options.kills || chance() < 0.9) restartMs.push(await server.ready);
    }
    receiver.tell({ kind: 'calm' });
    await server.ready;
    await publisher.retryUnknown();
    const quiet = await untilQuiet(server, options.calmWithinMs ?? 60_000);
    const ledger = await receiver.ask({ kind: 'ledger' }, 'ledger');
    const published: Published[] = [...publisher.results].map(([event, result]) => ({ event, result }));
    const logged = await readLog(server, ledger.arrived);
    const count = (result: PublishResult): number => published.filter((entry) => entry.result === result).length;
    return {
      sets: judgeLedgers(published, ledger.arrived, logged, ledger.failedAnswers),
      kills,
      hits,
      attemptsOpenAtKills,
      published: { ok: count('ok'), refused: count('refused'), unknown: count('unknown') },
      arrivals: ledger.arrived.length,
      restartMs,
      quiet,
    };
  } catch (error) {
    throw new Error(`${String(error)}\nThe server's last words:\n${server.output().slice(-4_000)}`, { cause: error });
  } finally {
    await endServer(server);
    receiver.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}
