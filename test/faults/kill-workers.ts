/**
 * The kill loop over many processes: one that takes requests and three that deliver, on a real PostgreSQL. A worker drawn
 * at random is killed with SIGKILL every few seconds and started again, in its directory as a supervisor does, or in a new
 * one as where its machine is gone; now and then one stands still for a while instead, or the database itself is killed.
 * In the end the ledgers of both sides are compared.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createTestServer, removeTestServers } from '../../src/storage/testing/test-postgres.ts';
import { seededFractions } from '../support/seeded.ts';
import { endServer, freePort, type ServerProcess, startServer } from '../support/server-process.ts';
import { createPublisher, createWebhooks, readDead, readLog, startReceiver, untilQuiet } from './fault-rig.ts';
import type { Receiver } from './fault-rig.ts';
import type { KillLoopOptions } from './kill-loop.ts';
import { complaints, judgeLedgers, type Published, type Sets } from './ledger.ts';

const workersCount = 3;

export type KillWorkersOptions = KillLoopOptions & {
  /** Share of kills after which the directory is gone, too; each costs the time of a takeover. Default 0. */
  readonly machinesLost?: number;
  /** Whether the database is killed, too. Default false. */
  readonly database?: boolean;
};

export type KillWorkersResult = {
  readonly sets: Sets;
  readonly kills: number;
  readonly machinesLost: number;
  readonly databaseKills: number;
  /** Kills that struck while an attempt was open at the receiver. */
  readonly hits: number;
  readonly accepted: number;
  readonly refused: number;
  readonly arrivals: number;
  readonly visiblyDead: number;
  readonly quiet: boolean;
};

export async function runKillWorkers(options: KillWorkersOptions): Promise<KillWorkersResult> {
  const chance = seededFractions(options.seed);
  const directory = mkdtempSync(join(tmpdir(), 'assetwire-workers-'));
  const database = await createTestServer();
  const receiver = await startReceiver(options.seed);
  const settings = {
    ASSETWIRE_LOG_LEVEL: 'warn',
    ASSETWIRE_DATABASE_URL: database.url(),
    ASSETWIRE_ENCRYPTION_KEY: Buffer.alloc(32, 3).toString('base64'),
    ASSETWIRE_SHARED_FILES_DIR: join(directory, 'files'),
  };
  let made = 0;
  const start = async (command: readonly string[], dataDir?: string): Promise<Started> => {
    made += 1;
    const own = dataDir ?? join(directory, `p${made}`);
    mkdirSync(own, { recursive: true });
    return { dataDir: own, process: startServer({ dataDir: own, port: await freePort(), command, settings }) };
  };
  const all: Started[] = [];
  try {
    const api = await start(['serve', '--no-engine']);
    all.push(api);
    await api.process.ready;
    const workers = await Promise.all(Array.from({ length: workersCount }, () => start(['worker'])));
    all.push(...workers);
    await Promise.all(workers.map(({ process }) => process.ready));
    await createWebhooks(api.process, receiver.port);
    const publisher = createPublisher(api.process.url, api.process.key, chance);
    publisher.start();
    const count = { hits: 0, machinesLost: 0, databaseKills: 0 };
    for (let kill = 1; kill <= options.kills; kill += 1) {
      await wait(500 + chance() * 1_500);
      const at = Math.floor(chance() * workersCount);
      const victim = workers[at];
      if (victim === undefined) continue;
      if (await comesOpen(receiver)) count.hits += 1;
      if (options.database === true && chance() < 0.2) {
        count.databaseKills += 1;
        await database.kill();
        await database.start();
      }
      victim.process.signal('SIGKILL');
      await victim.process.exited;
      const lost = chance() < (options.machinesLost ?? 0);
      if (lost) count.machinesLost += 1;
      const next = await start(['worker'], lost ? undefined : victim.dataDir);
      workers[at] = next;
      all.push(next);
      if (kill % 10 === 0) options.log(`${kill} of ${options.kills} kills, ${publisher.results.size} events so far`);
    }
    await publisher.stop();
    receiver.tell({ kind: 'calm' });
    await Promise.all(workers.map(({ process }) => process.ready));
    await publisher.retryUnknown();
    const quiet = await untilQuiet(api.process, options.calmWithinMs ?? 90_000 + options.kills * 1_000);
    const visiblyDead = await readDead(api.process);
    const ledger = await receiver.ask({ kind: 'ledger' }, 'ledger');
    const published: Published[] = [...publisher.results].map(([event, result]) => ({ event, result }));
    const logged = await readLog(api.process, ledger.arrived);
    return {
      sets: judgeLedgers(published, ledger.arrived, logged, { failedAnswers: ledger.failedAnswers, visiblyDead }),
      kills: options.kills,
      ...count,
      accepted: published.filter(({ result }) => result === 'ok').length,
      refused: published.filter(({ result }) => result === 'refused').length,
      arrivals: ledger.arrived.length,
      visiblyDead: visiblyDead.length,
      quiet,
    };
  } catch (error) {
    const words = all.map(({ process }) => process.output().slice(-1_500)).join('\n--\n');
    throw new Error(`${String(error)}\nLast words:\n${words}`, { cause: error });
  } finally {
    await Promise.all(all.map(({ process }) => endServer(process)));
    receiver.stop();
    await database.remove();
    await removeTestServers();
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Whether an attempt is open at the receiver now, or in the next seconds: a machine may stand still just then. */
async function comesOpen(receiver: Receiver): Promise<boolean> {
  for (const untilMs = performance.now() + 5_000; performance.now() < untilMs; await wait(5))
    if ((await receiver.ask({ kind: 'open' }, 'open')).requests > 0) return true;
  return false;
}

type Started = { readonly dataDir: string; readonly process: ServerProcess };

/** The result in words: what came of it, and what is wrong with it. */
export function judgeWorkers(result: KillWorkersResult): {
  readonly lines: readonly string[];
  readonly wrong: readonly string[];
} {
  const { sets } = result;
  // Whose machine is gone has left no flight log: that it had sent something is then known to the receiver alone.
  const explained = result.machinesLost > 0 ? { ...sets, unexplained: [] } : sets;
  const wrong = [...complaints(explained)];
  if (!result.quiet) wrong.push('Deliveries were still owed when the calm ended');
  if (result.accepted === 0) wrong.push('No event was accepted: the run shows nothing');
  if (result.hits === 0) wrong.push('No kill struck while attempts were open: the run shows too little');
  const lines = [
    `kills        ${result.kills} of workers, ${result.machinesLost} with their directory; ${result.databaseKills} of the database`,
    `struck       ${result.hits} with attempts open at the receiver`,
    `published    ${result.accepted} accepted, ${result.refused} refused`,
    `arrived      ${result.arrivals} requests`,
    `lost         ${sets.lost.length}`,
    `phantom      ${sets.phantom.length}`,
    `duplicated   ${sets.extraArrivals}; not explained by an interrupted attempt: ${sets.unexplained.length}`,
    `doubled      ${sets.doubled.length}, partial ${sets.partial.length}, altered ${sets.altered.length}`,
    `dead         ${result.visiblyDead}`,
  ];
  return { lines, wrong };
}
