/** A whole server behind an egress proxy that first refuses, then works: what its people read, and what is held against the receiver. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeProxy } from '../../src/transports/testing/egress-proxy.ts';
import { startHostileReceiver } from '../../src/transports/testing/hostile-receiver.ts';
import { eventually, expectStatus, rows, startRealServer, text } from './real-server.ts';

test('FR-13 while the egress proxy fails a delivery says so and waits, its webhook stays as it is, and then it arrives', async () => {
  let works = false;
  const proxy = await startFakeProxy({
    onConnect: (socket, open) => {
      if (works) open();
      else socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
    },
  });
  const receiver = await startHostileReceiver();
  const egressProxyUrl = `http://assetwire:hunter2-hunter2@127.0.0.1:${proxy.place.port}`;
  const server = await startRealServer({ allowedTargets: ['127.0.0.0/8'], settings: { egressProxyUrl } });
  try {
    const body = {
      name: 'behind a proxy',
      dialect: 'standard',
      target: { transport: 'http', url: `${receiver.origin}/hook` },
      events: ['*'],
      policy: { schedule: { delaysMs: Array.from({ length: 100 }, () => 200), jitter: 0, ageMaxMs: 600_000 } },
    };
    const id = text(expectStatus(await server.call('/v1/webhooks', { body }), 201).json['id']);
    const change = { kind: 'asset.tags_changed', subject: { type: 'asset', externalId: 'x' } } as const;
    assert.ok(
      (await server.call('/v1/changes', { body: { ...change, after: { name: 'a', tags: ['b'] } } })).status < 300,
    );
    const found = async () => (await server.call(`/v1/deliveries?webhookId=${id}&outcomes=proxy-failed`)).json;
    const [row] = rows(await eventually(found, (json) => rows(json).length > 0, 'an attempt that the proxy refused'));
    const show = async () => (await server.call(`/v1/deliveries/${text(row?.['id'])}`)).json;
    const shown = await show();
    assert.equal(shown['state'], 'pending');
    assert.match(
      JSON.stringify(shown),
      /wants other credentials \(407\): see user and password in ASSETWIRE_EGRESS_PROXY_URL/,
    );
    assert.equal((await server.call(`/v1/webhooks/${id}`)).json['state'], 'enabled');
    assert.equal(receiver.connections(), 0);
    works = true;
    await eventually(show, ({ state }) => state === 'delivered', 'the delivery, once the proxy works');
    assert.equal(receiver.requests.length, 1);
    const metrics = (await server.call('/metrics')).text;
    assert.match(metrics, /assetwire_attempts_total\{dialect="standard",outcome="proxy-failed"\} [1-9]/);
    const logged = server.log.filter((line) => line.includes('The egress proxy fails'));
    assert.equal(logged.length, 1);
    assert.match(logged[0] ?? '', /ASSETWIRE_EGRESS_PROXY_URL/);
    const settings = (await server.call('/v1/settings')).text;
    assert.equal(/hunter2/.test([JSON.stringify(shown), settings, metrics, ...server.log].join('\n')), false);
  } finally {
    await server[Symbol.asyncDispose]();
    await receiver.close();
    await proxy.close();
  }
});
