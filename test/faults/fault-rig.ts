/** What every fault run needs: a receiver and a publisher with a ledger each, webhooks between them, and patience. */
import { fork } from 'node:child_process';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { requestJson, requestOk } from '../support/json-client.ts';
import type { ServerProcess } from '../support/server-process.ts';
import type { Ended, Arrived, Logged, PublishResult } from './ledger.ts';
import type { ReceiverAnswer, ReceiverOrder } from './receiver.ts';

const publishers = 8;
const lanes = ['/a', '/b', '/c'];
const subjects = 150;

export type Receiver = {
  readonly port: number;
  tell(order: ReceiverOrder): void;
  ask<Kind extends ReceiverAnswer['kind']>(order: ReceiverOrder, kind: Kind): Promise<ReceiverAnswer & { kind: Kind }>;
  /** Resolves when the receiver has killed the server. */
  struck(): Promise<number>;
  stop(): void;
};

export async function startReceiver(seed: number): Promise<Receiver> {
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

/** Where to publish, asked each time, and how long each of the publishers waits before its next. */
export type PublishTo = { readonly url: () => string; readonly pauseMs: number };

/** Publishes while it is told to, without pause where it is given a URL, and keeps the client's ledger. */
export function createPublisher(to: string | PublishTo, key: string, chance: () => number) {
  const { url, pauseMs } = typeof to === 'string' ? { url: () => to, pauseMs: 0 } : to;
  const results = new Map<number, PublishResult>();
  const retries: number[] = [];
  let nextEvent = 0;
  let open = 0;
  let running = false;
  let onAnswer: (() => void) | null = null;

  const publish = async (event: number): Promise<void> => {
    const digits = String(event).padStart(8, '0');
    open += 1;
    const answer = await requestJson(`${url()}/v1/changes`, {
      key,
      timeoutMs: 60_000,
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
      if (pauseMs > 0) await wait(pauseMs);
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

export type Publisher = ReturnType<typeof createPublisher>;

export async function createWebhooks(server: ServerProcess, receiverPort: number): Promise<void> {
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

/** Waits until nothing is owed any more. */
export async function untilQuiet(server: ServerProcess, withinMs: number): Promise<boolean> {
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

/** The events of deliveries that ended dead, by what the product's log says of them. */
export async function readDead(server: ServerProcess): Promise<readonly Ended[]> {
  const dead: Ended[] = [];
  let cursor: string | null = null;
  do {
    const page: DeadPage = await requestOk<DeadPage>(
      `${server.url}/v1/deliveries?states=dead&limit=200${cursor === null ? '' : `&cursor=${cursor}`}`,
      { key: server.key },
    );
    for (const { changeId, reason = 'none given' } of page.data) {
      const change = await requestJson(`${server.url}/v1/changes/${changeId}`, { key: server.key });
      const found = /awfault(\d{8})/.exec(JSON.stringify((change.body as { after?: unknown }).after ?? null));
      if (found !== null) dead.push({ event: Number(found[1]), reason });
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return dead;
}

type DeadPage = {
  readonly data: readonly { readonly changeId: string; readonly reason?: string }[];
  readonly nextCursor: string | null;
};

/** What the product's log says of the messages that arrived more than once. */
export async function readLog(server: ServerProcess, arrived: readonly Arrived[]): Promise<readonly Logged[]> {
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
