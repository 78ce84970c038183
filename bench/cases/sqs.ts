/**
 * Notifications that are due for one Amazon SQS queue, drained by a server that has just started: rendered, signed twice (the
 * SNS envelope with RSA, each call with SigV4) and recorded. The peer checks every signature of a call and its policy.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestOk } from '../../test/support/json-client.ts';
import { endServer, freePort, type ServerProcess, startServer } from '../../test/support/server-process.ts';
import { type PeerQueue, type SqsPeer, startSqsPeer } from '../../src/transports/testing/sqs-peer.ts';
import { atLeast, type BenchCase, type Figure, round } from '../figure.ts';

const arn = 'arn:aws:sqs:eu-central-1:111122223333:bench';
const keys = { accessKeyId: 'AKIAASSETWIREBENCH01', secretAccessKey: 'bench-secret-access-key-0000000000000000' };
const batch = 1_000;

type Start = (paused: boolean) => Promise<ServerProcess>;

async function arrived(queue: PeerQueue, count: number, withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (queue.messages.length < count) {
    if (performance.now() > endMs) throw new Error(`${count} messages were wanted: ${queue.messages.length} came`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function subscribe(server: ServerProcess, queue: PeerQueue): Promise<void> {
  await requestOk(`${server.url}/v1/webhooks`, {
    key: server.key,
    body: {
      name: 'bench',
      dialect: 'bynder',
      target: { transport: 'sqs', queue: arn },
      events: ['asset_bank.media.create'],
      settings: { signatureVersion: '2' },
    },
  });
  await arrived(queue, 1, 20_000);
  const { SubscribeURL } = JSON.parse(queue.messages[0]?.body ?? '') as { readonly SubscribeURL: string };
  await fetch(SubscribeURL);
  queue.messages.length = 0;
}

async function report(server: ServerProcess, count: number): Promise<void> {
  for (let from = 0; from < count; from += batch) {
    const changes = Array.from({ length: Math.min(batch, count - from) }, (_, index) => ({
      kind: 'asset.ready',
      subject: { type: 'asset', externalId: `bench-${from + index}` },
      after: { name: `photograph ${from + index}.jpg`, info: { title: `Photograph ${from + index}` } },
    }));
    await requestOk(`${server.url}/v1/changes`, { key: server.key, body: { changes } });
  }
}

async function drain(start: Start, peer: SqsPeer, count: number): Promise<Figure> {
  const queue = peer.addQueue(arn, {
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: arn }],
  });
  const first = await start(false);
  await subscribe(first, queue);
  await endServer(first);
  const second = await start(true);
  await report(second, count);
  await endServer(second);
  const callsBefore = peer.calls.length;
  const last = await start(false);
  try {
    const waiting = queue.messages.length;
    const startedMs = performance.now();
    await arrived(queue, count, 120_000);
    const perSecond = (1_000 * (count - waiting)) / (performance.now() - startedMs);
    const calls = peer.calls.length - callsBefore;
    return atLeast(`${count} due SQS notifications drain per second`, 1_000, perSecond, {
      unit: '/s',
      details: { calls, messagesPerCall: round(count / calls), connections: peer.connections, beforeReady: waiting },
    });
  } finally {
    await endServer(last);
  }
}

export const sqs: BenchCase = {
  name: 'sqs',
  title: 'A queue that is owed ten thousand notifications',
  run: async (context): Promise<readonly Figure[]> => {
    const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-bench-sqs-'));
    const peer = await startSqsPeer();
    peer.addAccount({ ...keys, arn: 'arn:aws:iam::999988887777:user/bench', account: '999988887777' });
    const start: Start = async (paused) => {
      const server = startServer({
        dataDir,
        port: await freePort(),
        settings: {
          ASSETWIRE_LOG_LEVEL: 'warn',
          ASSETWIRE_SQS_ENDPOINT: peer.url,
          ASSETWIRE_START_PAUSED: paused ? 'yes' : 'no',
          AWS_ACCESS_KEY_ID: keys.accessKeyId,
          AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        },
      });
      await server.ready;
      return server;
    };
    try {
      return [await drain(start, peer, context.quick ? 1_000 : 10_000)];
    } finally {
      await peer.close();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};
