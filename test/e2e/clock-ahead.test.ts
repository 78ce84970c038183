/** Time bombs: the whole server, as it is started, in years to come (HARDENING SC-15). */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { verify } from '../../packages/receiver/src/index.ts';
import { requestJson, requestOk } from '../support/json-client.ts';
import { endServer, freePort, startServer } from '../support/server-process.ts';
import { eventually } from '../support/until.ts';

const shift = new URL('../support/clock-ahead.js', import.meta.url).href;
const dayMs = 86_400_000;

type Received = { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer };

for (const [years, why] of [
  [1, 'a year'],
  [5, 'five years'],
  [12, 'twelve years, behind the end of 32 bits'],
] as const) {
  test(`SC-15 in ${why} a server takes files and changes, signs, delivers, tries again, gives keys that expire, and starts again on what is there`, async () => {
    const aheadMs = Math.round(years * 365.25 * dayMs);
    const nowMs = (): number => Date.now() + aheadMs;
    const received: Received[] = [];
    const receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks) });
        // The first attempt at each fails: what is due later is due in those years, too.
        const id = String(request.headers['webhook-id']);
        const tries = received.filter(({ headers }) => headers['webhook-id'] === id).length;
        response.writeHead(tries === 1 ? 500 : 204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-ahead-'));
    const options = {
      dataDir,
      port: await freePort(),
      settings: { NODE_OPTIONS: `--import=${shift}`, CLOCK_AHEAD_MS: String(aheadMs) },
    };
    let server = startServer(options);
    try {
      await server.ready;
      const { key, url } = server;
      const hook = {
        name: 'ahead',
        dialect: 'standard',
        target: { transport: 'http', url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` },
        events: ['asset.created', 'folder.created'],
        policy: { schedule: { delaysMs: [50, 50], jitter: 0, ageMaxMs: dayMs } },
      };
      const { secret } = await requestOk<{ secret: string }>(`${url}/v1/webhooks`, { key, body: hook });
      const form = new FormData();
      form.set('file', new Blob([readFileSync(new URL('../../media/wine.jpg', import.meta.url))]), 'wine.jpg');
      const headers = { authorization: `Bearer ${key}` };
      const uploaded = await fetch(`${url}/v1/assets`, { method: 'POST', headers, body: form });
      assert.equal(uploaded.status, 201, await uploaded.text());
      const change = { kind: 'folder.created', subject: { type: 'folder', externalId: 'f' }, after: { name: 'f' } };
      assert.equal((await requestJson(`${url}/v1/changes`, { key, body: change })).status, 202);
      type Page = { readonly data: readonly { readonly attempts: number }[] };
      const { data: ended } = await eventually(
        () => requestOk<Page>(`${url}/v1/deliveries?states=delivered`, { key }),
        ({ data }) => data.length === 2,
        'both are delivered at the second try',
      );
      assert.deepEqual(
        ended.map(({ attempts }) => attempts),
        [2, 2],
      );
      for (const { headers: sent, body } of received) {
        const { sentAt } = verify(body, sent, secret, { nowMs: nowMs() });
        assert.ok(Math.abs(sentAt.getTime() - nowMs()) < 60_000, sentAt.toISOString());
      }
      type Changes = {
        readonly data: readonly { readonly id: string }[];
      };
      const { data: changes } = await requestOk<Changes>(`${url}/v1/changes?limit=10`, { key });
      assert.ok(changes.length >= 2);
      const body = { name: 'for a day', scopes: ['assets:read'], expiresAtMs: nowMs() + dayMs };
      const made = await requestOk<{ key: string }>(`${url}/v1/keys`, { key, body });
      assert.equal((await requestJson(`${url}/v1/assets`, { key: made.key })).status, 200);
      const past = { ...body, expiresAtMs: nowMs() - dayMs };
      assert.equal(
        (await requestJson(`${url}/v1/keys`, { key, body: past })).status,
        422,
        'what is past is past there, too',
      );
      await endServer(server);
      server = startServer(options);
      await server.ready;
      const again = await requestOk<Changes>(`${url}/v1/changes?limit=10`, { key });
      assert.deepEqual(
        again.data.map(({ id }) => id),
        changes.map(({ id }) => id),
      );
      assert.equal((await requestJson(`${url}/v1/assets`, { key: made.key })).status, 200);
    } finally {
      assert.equal(await endServer(server), 0, server.output());
      receiver.closeAllConnections();
      receiver.close();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
    }
  });
}
