import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { after, describe, it } from 'node:test';
import { createHttpTransport } from './http-transport.ts';
import { systemClock } from '../../runtime/clock.ts';
import { runningClock } from '../testing/running-clock.ts';
import { type Behaviour, type HostileReceiver, okAnswer, startHostileReceiver } from '../testing/hostile-receiver.ts';
import { createLoopbackEgress, startLoopbackTransport } from '../testing/loopback.ts';
import { describeTransport, messageTo, type PeerBehaviour } from '../testing/transport-conformance.ts';
import type { OutgoingMessage } from '../transport.ts';

const behaviours: Readonly<Record<Exclude<PeerBehaviour, 'refuses'>, Behaviour>> = {
  accepts: {},
  silent: { onRequest: () => undefined },
  endless: {
    onRequest: (_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n');
      const pour = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 'x')));
      };
      socket.on('drain', pour);
      pour();
    },
  },
  breaks: { onRequest: (_request, socket) => socket.destroy() },
};

describeTransport(
  'the HTTP transport',
  async () => {
    const receivers: HostileReceiver[] = [];
    return {
      transport: createHttpTransport({ egress: createLoopbackEgress(), clock: runningClock }),
      async target(behaviour) {
        if (behaviour === 'refuses') return `http://127.0.0.1:${await closedPort()}/`;
        const receiver = await startHostileReceiver(behaviours[behaviour]);
        receivers.push(receiver);
        return `${receiver.origin}/hook`;
      },
      received: () => receivers.reduce((sum, { requests }) => sum + requests.length, 0),
      receivedAtLeast: async (count) => receivers.at(-1)?.received(count),
      quiet: async () => void (await Promise.all(receivers.map((receiver) => receiver.quiet()))),
      close: async () => void (await Promise.all(receivers.map((receiver) => receiver.close()))),
    };
  },
  {
    refuses: ['connect-failed'],
    breaks: ['broken'],
    senselessTargets: [
      '',
      'nonsense',
      'ftp://127.0.0.1/',
      'http://10.0.0.1/',
      'http://user@127.0.0.1/',
      'http://127.0.0.1:22/',
      'http://h/',
    ],
  },
);

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('what the HTTP transport sends', async () => {
  const { transport, egress } = await startLoopbackTransport();
  const receiver = await startHostileReceiver();
  after(async () => {
    await transport.stop();
    await receiver.close();
  });
  const send = (fields: Partial<OutgoingMessage> = {}) =>
    transport.send(messageTo(`${receiver.origin}/hook?a=b`, fields));
  const lastRequest = () => {
    const request = receiver.requests.at(-1);
    assert.ok(request !== undefined);
    return request;
  };

  it('the request is exactly the message, with Host and Content-Length, in one write', async () => {
    const outcome = await send({
      body: Buffer.from('{"é":1}'),
      headers: [
        ['Content-Type', 'application/json'],
        ['webhook-id', 'm1'],
        ['X-Twice', '1'],
        ['x-twice', '2'],
      ],
    });
    assert.equal(outcome.kind, 'response');
    const request = lastRequest();
    assert.equal(
      request.head,
      [
        'POST /hook?a=b HTTP/1.1',
        `host: 127.0.0.1:${receiver.port}`,
        'connection: keep-alive',
        'Content-Type: application/json',
        'webhook-id: m1',
        'X-Twice: 1',
        'x-twice: 2',
        'content-length: 8',
      ].join('\r\n'),
    );
    assert.equal(request.body.toString(), '{"é":1}');
    assert.equal(request.reads, 1);
  });

  it('HX-09 the body’s bytes are the bytes sent, whatever they are', async () => {
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    const awkward = Buffer.from('{"a":"\u2028\u0000😀","n":-0,"big":1e400,"id":12345678901234567,"a":2}\ud800', 'utf8');
    for (const body of [
      everyByte,
      awkward,
      Buffer.alloc(0),
      Buffer.alloc(256 * 1024, 'z'),
      new Uint8Array(everyByte).subarray(3, 77),
    ]) {
      assert.equal((await send({ body })).kind, 'response');
      assert.deepEqual(lastRequest().body, Buffer.from(body));
      assert.deepEqual(
        lastRequest().headers.filter(([name]) => /length|encoding/i.test(name)),
        [['content-length', String(body.length)]],
      );
    }
  });

  it('HX-01 HX-02 HX-03 headers that cannot be sent are refused and nothing leaves', async () => {
    const before = receiver.requests.length;
    for (const header of [
      ['x-a', 'b\r\nx-injected: 1'],
      ['x-a', 'Ċ'],
      ['x\r\nb', 'c'],
      ['', 'c'],
      ['Content-Length', '5'],
      ['transfer-encoding', 'chunked'],
      ['Host', 'evil.example'],
      ['Connection', 'close'],
      ['expect', '100-continue'],
      ['Proxy-Authorization', 'x'],
      ['x-a', 'é'],
    ] as const) {
      const outcome = await send({ headers: [header] });
      assert.equal(outcome.kind, 'refused-by-config', JSON.stringify(header));
      if (outcome.kind === 'refused-by-config') assert.match(outcome.code, /^header_(name|value|reserved)$/);
    }
    assert.equal(receiver.requests.length, before);
  });

  it('HX-12 only POST, PUT, PATCH and the OPTIONS of a handshake leave', async () => {
    const before = receiver.requests.length;
    for (const method of ['GET', 'HEAD', 'DELETE', 'TRACE', 'CONNECT', 'post', 'POST / HTTP/1.1\r\nX: y\r\n\r\n']) {
      // Out of the type on purpose: configuration could have come by another road.
      const outcome = await send({ method: method as 'POST' });
      assert.equal(outcome.kind, 'refused-by-config', method);
    }
    assert.equal(receiver.requests.length, before);
    for (const method of ['POST', 'PUT', 'PATCH'] as const) {
      assert.equal((await send({ method })).kind, 'response');
      assert.equal(lastRequest().method, method);
    }
  });

  it('HX-17 nothing is added that tells about us', async () => {
    await send({ headers: [['user-agent', 'Assetwire/1']] });
    assert.deepEqual(
      lastRequest().headers.map(([name]) => name.toLowerCase()),
      ['host', 'connection', 'user-agent', 'content-length'],
    );
  });

  it('HX-16 RX-19 interleaved tenants share neither connection, header, body nor cookie', async () => {
    const jar = await startHostileReceiver({
      onRequest: (request, socket) => {
        const tenant = request.headers.find(([name]) => name === 'x-tenant')?.[1] ?? '';
        socket.write(
          `HTTP/1.1 200 OK\r\nSet-Cookie: who=${tenant}\r\nContent-Length: ${tenant.length}\r\n\r\n${tenant}`,
        );
      },
    });
    const tenants = ['a', 'b'].flatMap((tenant) => Array.from({ length: 20 }, () => tenant));
    const outcomes = await Promise.all(
      tenants.map((tenant) =>
        transport.send(
          messageTo(`${jar.origin}/`, {
            workspaceId: tenant,
            headers: [['x-tenant', tenant]],
            body: Buffer.from(tenant),
            connectionsMax: 2,
          }),
        ),
      ),
    );
    for (const [index, outcome] of outcomes.entries()) {
      assert.ok(outcome.kind === 'response');
      assert.equal(Buffer.from(outcome.response.body).toString(), tenants[index]);
    }
    const byConnection = new Map<number, Set<string>>();
    for (const request of jar.requests) {
      assert.doesNotMatch(request.head, /cookie/i);
      byConnection.set(
        request.connection,
        (byConnection.get(request.connection) ?? new Set()).add(request.body.toString()),
      );
    }
    for (const seen of byConnection.values()) assert.equal(seen.size, 1);
    assert.ok(byConnection.size <= 4);
    await jar.close();
  });

  it('TL-14 Host is that of the URL, with its port and brackets', async () => {
    const named = await startHostileReceiver();
    await transport.send(messageTo(`http://localhost:${named.port}/`));
    assert.equal(named.requests.at(-1)?.headers[0]?.[1], `localhost:${named.port}`);
    await named.close();
    const v6 = await startHostileReceiver({ host: '::1' }).catch(() => null);
    if (v6 === null) return;
    await transport.send(messageTo(`http://[::1]:${v6.port}/`));
    assert.equal(v6.requests.at(-1)?.headers[0]?.[1], `[::1]:${v6.port}`);
    await v6.close();
  });

  it('the timing names each phase where it happened', async () => {
    const fresh = await startHostileReceiver();
    const first = await transport.send(messageTo(`${fresh.origin}/`));
    const second = await transport.send(messageTo(`${fresh.origin}/`));
    assert.ok(first.kind === 'response' && second.kind === 'response');
    assert.deepEqual(Object.keys(first.timing), ['startedAtMs', 'connectMs', 'firstByteMs', 'totalMs']);
    assert.deepEqual(Object.keys(second.timing), ['startedAtMs', 'firstByteMs', 'totalMs']);
    assert.equal(second.address, '127.0.0.1');
    await fresh.close();
  });

  it('SD-15 a proxy in the environment is ignored', async () => {
    const proxy = await startHostileReceiver();
    process.env['HTTP_PROXY'] = proxy.origin;
    process.env['http_proxy'] = proxy.origin;
    process.env['NODE_USE_ENV_PROXY'] = '1';
    const fresh = await startHostileReceiver();
    assert.equal((await transport.send(messageTo(`${fresh.origin}/`))).kind, 'response');
    assert.equal(fresh.requests.length, 1);
    assert.equal(proxy.connections(), 0);
    for (const name of ['HTTP_PROXY', 'http_proxy', 'NODE_USE_ENV_PROXY']) delete process.env[name];
    await fresh.close();
    await proxy.close();
  });

  it('the inbox may be called by POST below /inbox/, and nothing else of this server', async () => {
    const own = await startHostileReceiver();
    const guarded = await startLoopbackTransport({ policy: { allowedTargets: [] } });
    const to = async (path: string, method: 'POST' | 'PUT' = 'POST'): Promise<string> =>
      (await guarded.transport.send(messageTo(`${own.origin}${path}`, { method }))).kind;
    assert.equal(await to('/inbox/inb_1'), 'blocked-address');
    guarded.egress.setOwnPorts([own.port]);
    guarded.egress.setInbox({ address: '127.0.0.1', port: own.port });
    assert.equal(await to('/inbox/inb_1'), 'response');
    for (const path of [
      '/',
      '/v1/webhooks',
      '/inbox',
      '/inbox/',
      '/inbox/../v1/keys',
      '/inbox/a/b',
      '/inbox/..%2fv1',
      '/inbox/a?b',
      '/Inbox/a',
    ]) {
      assert.equal(await to(path), 'blocked-address', path);
    }
    assert.equal(await to('/inbox/inb_1', 'PUT'), 'blocked-address');
    assert.equal(await to('/inbox/inb_1'), 'response');
    assert.equal(own.requests.length, 2);
    guarded.egress.setInbox(null);
    assert.equal(await to('/inbox/inb_1'), 'blocked-address');
    await guarded.transport.stop();
    await own.close();
  });

  it('SL-26 our own port stays shut where the operator opened loopback', async () => {
    const own = await startHostileReceiver({ onRequest: (_request, socket) => socket.write(okAnswer) });
    egress.setOwnPorts([own.port]);
    const outcome = await transport.send(messageTo(`${own.origin}/v1/keys`));
    assert.ok(outcome.kind === 'blocked-address' && outcome.reason === 'self-connection');
    assert.equal(own.connections(), 0);
    egress.setOwnPorts([]);
    await own.close();
  });
});

it('LG-07 a wall clock that jumps in mid-request, back or forth, leaves the duration as it was', async () => {
  for (const jumpMs of [-3_600_000, 3_600_000, -40 * 86_400_000]) {
    let offMs = 0;
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + offMs };
    const receiver = await startHostileReceiver({
      onRequest: (_request, socket) => {
        offMs = jumpMs;
        socket.write(okAnswer);
      },
    });
    const transport = createHttpTransport({ egress: createLoopbackEgress(), clock });
    await transport.start();
    try {
      const fromMs = systemClock.nowMs();
      const { kind, timing } = await transport.send(messageTo(`${receiver.origin}/hook`));
      assert.equal(kind, 'response');
      assert.ok(timing.totalMs >= 0 && timing.totalMs < 10_000, `${timing.totalMs} ms for a jump of ${jumpMs} ms`);
      assert.ok(timing.startedAtMs >= fromMs && timing.startedAtMs < fromMs + 10_000, 'it began before the jump');
    } finally {
      await transport.stop();
      await receiver.close();
    }
  }
});
