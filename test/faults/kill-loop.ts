/**
 * The kill loop: the real server under load is killed with SIGKILL again and again, at random moments, at the moment a
 * webhook has arrived, when its answer has just left, when a publish has just been answered, and while it starts; in the
 * end it is left in peace, and the ledgers of both sides are compared. Everything random comes from one seed.
 *
 * Kills go to the process id of the server this file started and to nothing else.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { seededFractions } from '../support/seeded.ts';
import { endServer, freePort, startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { createPublisher, createWebhooks, readDead, readLog, startReceiver, untilQuiet } from './fault-rig.ts';
import type { Publisher, Receiver } from './fault-rig.ts';
import { judgeLedgers } from './ledger.ts';
import type { Ended, Published, PublishResult, Sets } from './ledger.ts';

const loadMsMax = 700;
const strikeWithinMs = 10_000;

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
  /** Deliveries that ended dead: the third crash in a row with the same one in the air is taken for its doing. */
  readonly visiblyDead: readonly Ended[];
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
    const answered = new Promise<void>((resolve) => {
      publisher.onNextAnswer(() => {
        left -= 1;
        if (left > 0) return;
        server.signal('SIGKILL');
        resolve();
      });
    });
    await Promise.race([answered, wait(strikeWithinMs, undefined, { ref: false })]);
    publisher.onNextAnswer(null);
    server.signal('SIGKILL');
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
    // The lane in strict order sends one at a time and falls behind while it is killed; it may take its time to catch up.
    const quiet = await untilQuiet(server, options.calmWithinMs ?? 60_000 + options.kills * 1_000);
    const visiblyDead = await readDead(server);
    const ledger = await receiver.ask({ kind: 'ledger' }, 'ledger');
    const published: Published[] = [...publisher.results].map(([event, result]) => ({ event, result }));
    const logged = await readLog(server, ledger.arrived);
    const count = (result: PublishResult): number => published.filter((entry) => entry.result === result).length;
    return {
      sets: judgeLedgers(published, ledger.arrived, logged, { failedAnswers: ledger.failedAnswers, visiblyDead }),
      visiblyDead,
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
