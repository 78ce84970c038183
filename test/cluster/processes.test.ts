import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { removeTestServers } from '../../src/storage/testing/test-postgres.ts';
import { quickest } from '../support/until.ts';
import { type ClusterRig, createClusterRig, type Member, renamed, until } from './cluster-rig.ts';

/** A test of its own asks for ten thousand. */
const races = Number(process.env['ASSETWIRE_TEST_RACES'] ?? 150);

let rig: ClusterRig;
let one: Member;
let two: Member;
let worker: Member;

before(async () => {
  rig = await createClusterRig();
  one = await rig.start('api');
  [two, worker] = await Promise.all([rig.start('api'), rig.start('worker')]);
});
after(async () => {
  await rig.stop();
  await removeTestServers();
});

async function webhook(by: Member, path: string): Promise<{ readonly id: string }> {
  return by.ask('/v1/webhooks', {
    body: {
      name: path,
      dialect: 'standard',
      target: { transport: 'http', url: `${rig.receiver.url}/${path}` },
      events: ['*'],
    },
  });
}

type Reported = { readonly results: readonly { readonly status: string; readonly deliveries: number }[] };

describe('many processes on one PostgreSQL', () => {
  it('a change that one process accepts is delivered by another, within a second, and live pages elsewhere show it', async () => {
    await webhook(two, 'first');
    const lines: string[] = [];
    const abort = new AbortController();
    const stream = await fetch(`${two.url}/v1/deliveries/stream`, {
      headers: { authorization: 'Bearer the-admin-key-that-every-process-has' },
      signal: abort.signal,
    });
    void (async () => {
      for await (const chunk of stream.body ?? []) lines.push(Buffer.from(chunk).toString('utf8'));
    })().catch(() => undefined);
    let told = 0;
    const delivered = async (): Promise<number> => {
      const name = `told-${(told += 1)}`;
      await one.ask('/v1/changes', { body: { changes: [renamed(name, name)] } });
      return until(() => rig.receiver.received.some(({ body }) => body.includes(`"${name}"`)), 'the delivery');
    };
    const tookMs = await quickest(delivered, 1_000);
    assert.ok(tookMs <= 1_000, `${Math.round(tookMs)} ms`);
    // That somebody watches is told to the worker, which takes a moment.
    await until(async () => {
      if (!lines.join('').includes('"delivered"')) await delivered();
      return lines.join('').includes('"delivered"');
    }, 'the line of the live page');
    abort.abort();
  });

  it(`matching never misses a webhook that was made before the commit: ${races} races across processes`, async () => {
    for (let round = 0; round < races; round += 1) {
      // One report is under way while the webhook is made, so that both processes have just read what they match with.
      const [{ id }] = await Promise.all([
        webhook(two, `race-${round}`),
        one.ask('/v1/changes', { body: { changes: [renamed(`r${round}`, 'during')] } }),
      ]);
      const { results } = await one.ask<Reported>('/v1/changes', {
        body: { changes: [renamed(`r${round}`, `after`)] },
      });
      assert.equal(results[0]?.status, 'applied');
      assert.equal(results[0].deliveries, 2, `round ${round}: the webhook of the other process and the first one`);
      assert.equal((await two.call(`/v1/webhooks/${id}`, { method: 'DELETE' })).status, 204);
    }
  });

  it('AK-05 a key that is revoked in one process is refused by every other within a second', async () => {
    const revoked = async (): Promise<number> => {
      const { id, key } = await one.ask<{ id: string; key: string }>('/v1/keys', {
        body: { name: 'short-lived', scopes: ['webhooks:read'] },
      });
      assert.equal((await two.call('/v1/webhooks', { key })).status, 200);
      assert.equal((await one.call(`/v1/keys/${id}`, { method: 'DELETE' })).status, 204);
      assert.equal((await one.call('/v1/webhooks', { key })).status, 401);
      return until(async () => (await two.call('/v1/webhooks', { key })).status === 401, 'the refusal');
    };
    const tookMs = await quickest(revoked, 1_000);
    assert.ok(tookMs <= 1_000, `${Math.round(tookMs)} ms`);
  });

  it('what an inbox receives at one process is shown by another', async () => {
    const inbox = await one.ask<{ id: string }>('/v1/inboxes', { body: {} });
    await fetch(`${one.url}/inbox/${inbox.id}`, { method: 'POST', body: '{"hello":"there"}' });
    await until(async () => {
      const { data } = await two.ask<{ data: readonly unknown[] }>(`/v1/inboxes/${inbox.id}/requests`);
      return data.length === 1;
    }, 'the request at the other process');
  });

  it('a worker answers health and metrics and nothing else, and each role says how it is', async () => {
    assert.equal((await worker.call('/readyz')).status, 200);
    assert.equal((await worker.call('/v1/webhooks')).status, 404);
    assert.equal((await worker.call('/v1/changes', { body: { changes: [] } })).status, 404);
    assert.equal((await worker.call('/')).status, 404);
    assert.equal((await one.call('/readyz')).status, 200);
    const metrics = async (): Promise<string> => String((await worker.call('/metrics')).body);
    await until(async () => /^assetwire_shards_held 256$/m.test(await metrics()), 'it holds all shards');
    assert.match(String((await worker.call('/metrics')).body), /^assetwire_database_wal_kept_bytes 0$/m);
    assert.match(String((await worker.call('/metrics')).body), /^assetwire_database_transaction_ids_used [\d.e-]+$/m);
    assert.match(String((await one.call('/metrics')).body), /^assetwire_shards_held 0$/m);
  });

  it('a worker whose port is taken ends before anybody hands it anything', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-port-taken-'));
    try {
      await assert.rejects(rig.start('worker', { dataDir, port: Number(new URL(one.url).port) }), {
        code: 'EADDRINUSE',
      });
      // Whoever makes itself known has locked its directory before.
      assert.equal(existsSync(join(dataDir, 'node.lock')), false);
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });

  it('a second worker gets half of the shards, and hands them back when it stops', async () => {
    const shards = async (of: Member): Promise<number> =>
      Number(/^assetwire_shards_held (\d+)$/m.exec(String((await of.call('/metrics')).body))?.[1]);
    const second = await rig.start('worker');
    await until(async () => (await shards(second)) === 128 && (await shards(worker)) === 128, 'equal shares');
    const owed = async (): Promise<number> =>
      (await one.ask<{ data: readonly unknown[] }>('/v1/deliveries?states=pending&limit=1')).data.length;
    await until(async () => (await owed()) === 0, 'nothing of before is owed');
    const before = rig.receiver.received.length;
    for (let n = 0; n < 20; n += 1) await one.ask('/v1/changes', { body: { changes: [renamed(`s${n}`, 'shared')] } });
    await second.stop();
    await until(async () => (await shards(worker)) === 256, 'all shards back');
    await until(() => rig.receiver.received.length >= before + 20, 'every delivery');
    await until(async () => (await owed()) === 0, 'each is recorded');
    assert.equal(rig.receiver.received.length, before + 20);
    assert.equal(new Set(rig.receiver.received.map(({ deliveryId }) => deliveryId)).size, rig.receiver.received.length);
  });
});
