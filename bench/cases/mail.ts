/**
 * Notifications that go to one mailbox by a mail server on the loopback, in both forms: whether connections are used again, and
 * that the limit of a mailbox (ten mails a second) is lifted by the webhook's own policy.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestOk } from '../../test/support/json-client.ts';
import { endServer, freePort, type ServerProcess, startServer } from '../../test/support/server-process.ts';
import { type SmtpPeer, startSmtpPeer } from '../../src/transports/testing/smtp-peer.ts';
import { atMost, type BenchCase, type Figure, round } from '../figure.ts';

const address = 'bench@receiver.example';
const connections = 3;
const batch = 500;

async function arrived(peer: SmtpPeer, count: number, withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (peer.received.length < count) {
    if (performance.now() > endMs) throw new Error(`${count} mails were wanted: ${peer.received.length} came`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Confirms by the link in the signed document, as a program that reads mails does. */
async function subscribe(server: ServerProcess, peer: SmtpPeer): Promise<void> {
  await requestOk(`${server.url}/v1/webhooks`, {
    key: server.key,
    body: {
      name: 'bench',
      dialect: 'bynder',
      target: { transport: 'email', address },
      events: ['asset_bank.media.create'],
      settings: { emailFormat: 'json', signatureVersion: '2' },
      policy: { requestsPerSecondMax: 10_000, concurrencyMax: 16 },
    },
  });
  await arrived(peer, 1, 20_000);
  const text = (peer.received[0]?.raw ?? '').replaceAll('=\r\n', '').replaceAll('=\n', '').replaceAll('=3D', '=');
  const link = /"SubscribeURL" : "([^"]+)"/.exec(text)?.[1];
  if (link === undefined) throw new Error('The question must hold a link: found none');
  await fetch(link);
}

async function post(server: ServerProcess, peer: SmtpPeer, count: number): Promise<Figure> {
  await subscribe(server, peer);
  const before = { mails: peer.received.length, connections: peer.connections };
  const startedMs = performance.now();
  for (let from = 0; from < count; from += batch) {
    const changes = Array.from({ length: Math.min(batch, count - from) }, (_, index) => ({
      kind: 'asset.ready',
      subject: { type: 'asset', externalId: `bench-${from + index}` },
      after: { name: `photograph ${from + index}.jpg`, info: { title: `Photograph ${from + index}` } },
    }));
    await requestOk(`${server.url}/v1/changes`, { key: server.key, body: { changes } });
  }
  await arrived(peer, before.mails + count, 120_000);
  const perSecond = (1_000 * count) / (performance.now() - startedMs);
  const opened = peer.connections - before.connections;
  return atMost(`connections opened to send ${count} mails`, connections + Math.ceil(count / 100), opened, {
    details: { mailsPerConnection: round(count / Math.max(1, opened)), mailsPerSecond: round(perSecond) },
  });
}

export const mail: BenchCase = {
  name: 'mail',
  title: 'Mails to one mailbox, over connections that are used again',
  run: async (context): Promise<readonly Figure[]> => {
    const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-bench-mail-'));
    const peer = await startSmtpPeer();
    const server = startServer({
      dataDir,
      port: await freePort(),
      settings: {
        ASSETWIRE_LOG_LEVEL: 'warn',
        ASSETWIRE_SMTP_URL: peer.url,
        ASSETWIRE_MAIL_FROM: 'dam@assetwire.example',
        ASSETWIRE_SMTP_CONNECTIONS: String(connections),
      },
    });
    try {
      await server.ready;
      return [await post(server, peer, context.quick ? 300 : 2_000)];
    } finally {
      await endServer(server);
      await peer.close();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};
