/** The real road and the real transport behind a proxy that works, and behind proxies that do not. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { TLSSocket } from 'node:tls';
import type { Outcome } from '../../core/outcome.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { DnsQuery } from '../../egress/dns-query.ts';
import type { EgressSettings } from '../../egress/egress.ts';
import { probeProxy } from '../../egress/probe-target.ts';
import { createTestAuthority } from '../testing/certificates.ts';
import { type FakeProxy, type ProxyBehaviour, startFakeProxy } from '../testing/egress-proxy.ts';
import { type Behaviour, type HostileReceiver, startHostileReceiver } from '../testing/hostile-receiver.ts';
import { startLoopbackTransport } from '../testing/loopback.ts';
import { messageTo } from '../testing/transport-conformance.ts';
import type { Transport } from '../transport.ts';
import { createAuthorizedTransport } from './authorized-transport.ts';
import { createFileFetcher } from './fetch-file.ts';

const stops: (() => Promise<void>)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

async function startProxy(behaviour: ProxyBehaviour = {}): Promise<FakeProxy> {
  const proxy = await startFakeProxy(behaviour);
  stops.push(() => proxy.close());
  return proxy;
}

async function startReceiver(behaviour: Behaviour = {}): Promise<HostileReceiver> {
  const receiver = await startHostileReceiver(behaviour);
  stops.push(() => receiver.close());
  return receiver;
}

async function roadBy(proxy: EgressSettings['proxy'], settings: Partial<EgressSettings> = {}) {
  const made = await startLoopbackTransport({ ...(proxy !== undefined && { proxy }), ...settings });
  stops.push(() => made.transport.stop());
  return made;
}

/** Sends once behind a proxy that behaves so. */
async function sendBehind(behaviour: ProxyBehaviour, proxy: Partial<NonNullable<EgressSettings['proxy']>> = {}) {
  const receiver = await startReceiver();
  const fake = await startProxy(behaviour);
  const { transport } = await roadBy({ ...fake.place, ...proxy }, { connectTimeoutMs: 200 });
  const outcome = await transport.send(messageTo(`${receiver.origin}/hook`));
  return { outcome, receiver, fake };
}

const saying =
  (answer: string): NonNullable<ProxyBehaviour['onConnect']> =>
  (socket) =>
    void socket.write(answer);

function namesAt(address: string): DnsQuery {
  return {
    addresses: async (_name, family) => ({
      kind: 'records',
      addresses: family === 4 ? [address] : [],
      ttlSeconds: 60,
    }),
    alias: async () => null,
  };
}

const authority = await createTestAuthority();
const trusting = { id: 'trusting', caPem: authority.certPem };

describe('behind an egress proxy', () => {
  it('FR-13 a message goes by CONNECT to the judged address; what is told to one is not told to the other', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy();
    const login = { user: 'assetwire', password: 'pa:ss wörd' };
    const { transport } = await roadBy({ ...proxy.place, login });
    const outcome = await transport.send(messageTo(`${receiver.origin}/hook?a=b`));
    assert.ok(outcome.kind === 'response', JSON.stringify(outcome));
    assert.equal(outcome.address, '127.0.0.1');
    assert.ok(outcome.timing.connectMs !== undefined);
    const at = `127.0.0.1:${receiver.port}`;
    const basic = Buffer.from('assetwire:pa:ss wörd').toString('base64');
    const told = `CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\nProxy-Authorization: Basic ${basic}`;
    assert.deepEqual(proxy.heads, [told]);
    const [request] = receiver.requests;
    assert.equal(request?.path, '/hook?a=b');
    assert.equal(/proxy/i.test(request.head), false, request.head);
    assert.equal(request.body.toString(), '{"hello":"world"}');
  });

  it('FR-13 the tunnel is kept for the next message, as a connection is', async () => {
    const receiver = await startReceiver();
    const proxy = await startProxy();
    const { transport } = await roadBy(proxy.place);
    for (let count = 0; count < 3; count++) {
      assert.equal((await transport.send(messageTo(`${receiver.origin}/`))).kind, 'response');
    }
    assert.deepEqual([proxy.connections(), receiver.connections(), receiver.requests.length], [1, 1, 3]);
  });

  it('FR-13 TLS goes through the tunnel to the receiver, whose own name and authority count, also of a name in Unicode', async () => {
    const { certPem, keyPem } = await authority.issue({ hosts: ['xn--bcher-kva.example'] });
    const receiver = await startReceiver({ tls: { cert: certPem, key: keyPem } });
    const proxy = await startProxy();
    const { transport } = await roadBy(proxy.place, { query: namesAt('127.0.0.1') });
    const send = (host: string, tls = trusting): Promise<Outcome> =>
      transport.send(messageTo(`https://${host}:${receiver.port}/`, { tls }));
    const outcome = await send('bücher.example');
    assert.ok(outcome.kind === 'response' && outcome.timing.tlsMs !== undefined, JSON.stringify(outcome));
    assert.equal(proxy.heads[0]?.split('\r\n')[0], `CONNECT 127.0.0.1:${receiver.port} HTTP/1.1`);
    assert.equal(proxy.relayed().includes('hello'), false, 'the proxy sees nothing of it');
    const other = await send('other.example');
    assert.equal(other.kind === 'tls-failed' && other.code, 'wrong-host', JSON.stringify(other));
    const unknown = await send('bücher.example', {
      id: 'other',
      caPem: (await createTestAuthority('Other')).certPem,
    });
    assert.equal(unknown.kind === 'tls-failed' && unknown.code, 'unknown-authority', JSON.stringify(unknown));
    assert.equal(receiver.requests.length, 1);
  });

  it('FR-13 a client certificate is shown to the receiver, not to the proxy', async () => {
    const { certPem, keyPem } = await authority.issue();
    const own = await authority.issue({ commonName: 'assetwire' });
    const shown: unknown[] = [];
    const proxy = await startProxy({
      onConnection: (socket) => void shown.push(socket instanceof TLSSocket && socket.getPeerCertificate()),
      tls: { cert: certPem, key: keyPem, ca: authority.certPem, requestCert: true, rejectUnauthorized: false },
    });
    const receiver = await startReceiver({
      tls: { cert: certPem, key: keyPem, ca: authority.certPem, requestCert: true, rejectUnauthorized: true },
    });
    const { transport } = await roadBy({ ...proxy.place, caPem: authority.certPem });
    const tls = { id: 'mutual', caPem: authority.certPem, certificatePem: own.certPem, keyPem: own.keyPem };
    assert.equal((await transport.send(messageTo(`${receiver.origin}/`, { tls }))).kind, 'response');
    const without = await transport.send(messageTo(`${receiver.origin}/`, { tls: trusting }));
    assert.notEqual(without.kind, 'response');
    assert.deepEqual(shown, [{}, {}]);
    assert.equal(receiver.requests.length, 1);
  });

  it('FR-13 a proxy that is itself reached by TLS carries http and https', async () => {
    const { certPem, keyPem } = await authority.issue();
    const proxy = await startProxy({ tls: { cert: certPem, key: keyPem } });
    const plain = await startReceiver();
    const secure = await startReceiver({ tls: { cert: certPem, key: keyPem } });
    const { transport } = await roadBy({ ...proxy.place, caPem: authority.certPem });
    for (const { origin } of [plain, secure, plain, secure]) {
      const outcome = await transport.send(messageTo(`${origin}/`, { tls: trusting }));
      assert.equal(outcome.kind, 'response', JSON.stringify(outcome));
    }
    assert.equal(proxy.connections(), 2);
    await transport.stop();
    await Promise.all([plain.quiet(), secure.quiet()]);
  });

  it('FR-13 a proxy that is named is found as this machine finds names', async () => {
    const proxy = await startProxy();
    const { transport } = await roadBy({ ...proxy.place, host: 'localhost' });
    for (const { origin } of [await startReceiver(), await startReceiver()]) {
      const outcome = await transport.send(messageTo(`${origin}/`));
      assert.equal(outcome.kind, 'response', JSON.stringify(outcome));
    }
    assert.equal(proxy.connections(), 2);
  });

  it('FR-13 an IPv6 address stands in brackets', async () => {
    const receiver = await startReceiver({ host: '::1' });
    const proxy = await startProxy();
    const { transport } = await roadBy(proxy.place);
    assert.equal((await transport.send(messageTo(`${receiver.origin}/`))).kind, 'response');
    assert.equal(proxy.heads[0]?.split('\r\n')[0], `CONNECT [::1]:${receiver.port} HTTP/1.1`);
  });

  it('FR-13 what the guard forbids, the proxy does not hear of; its own address is no target either', async () => {
    const proxy = await startProxy();
    const policy = { allowedTargets: [] };
    const { transport } = await roadBy(proxy.place, { policy, query: namesAt('10.1.2.3') });
    const targets = ['http://10.0.0.1/', 'https://receiver.example/', `http://127.0.0.1:${proxy.place.port}/`];
    for (const target of targets) assert.equal((await transport.send(messageTo(target))).kind, 'blocked-address');
    assert.equal(proxy.connections(), 0);
  });

  it('FR-13 the inbox of this server and services of the operator are reached without it', async () => {
    const [own, service] = [await startReceiver(), await startReceiver()];
    const proxy = await startProxy({ onConnection: (socket) => socket.destroy() });
    const { transport, egress } = await roadBy(proxy.place, { directOrigins: [service.origin] });
    egress.setInbox({ address: '127.0.0.1', port: own.port });
    assert.equal((await transport.send(messageTo(`${own.origin}/inbox/inb_1`))).kind, 'response');
    assert.equal((await transport.send(messageTo(`${service.origin}/queue`))).kind, 'response');
    assert.equal(proxy.connections(), 0);
  });

  it('FR-13 access tokens and files by address come by it, and say so where it fails', async () => {
    const body = '{"access_token":"a-token-of-some-length","token_type":"Bearer","expires_in":60}';
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const receiver = await startReceiver({ onRequest: (_request, socket) => void socket.write(answer) });
    const proxy = await startProxy();
    const ask = async (place: FakeProxy['place']) => {
      const { transport: http, egress } = await roadBy(place);
      const transport: Transport = createAuthorizedTransport({
        transport: http,
        clock: systemClock,
        userAgent: 'test',
      });
      const authorization = {
        grant: 'password' as const,
        tokenUrl: `${receiver.origin}/token`,
        username: 'ada',
        password: 'the-password-of-ada',
        clientAuthentication: 'header' as const,
        fingerprint: 'one',
      };
      const fetchFile = createFileFetcher({ egress, clock: systemClock, userAgent: 'test' });
      const { signal } = new AbortController();
      return {
        sent: await transport.send(messageTo(`${receiver.origin}/hook`, { authorization })),
        fetched: await fetchFile({ url: `${receiver.origin}/f`, workspaceId: 'w', bytesMax: 1_000, signal }),
      };
    };
    const well = await ask(proxy.place);
    assert.equal(well.sent.kind, 'response', JSON.stringify(well.sent));
    assert.ok(well.fetched.kind === 'file');
    well.fetched.content.destroy();
    assert.deepEqual(
      receiver.requests.map(({ path }) => path),
      ['/token', '/hook', '/f'],
    );
    assert.ok(proxy.connections() >= 2 && proxy.connections() === receiver.connections());
    const ill = await ask((await startProxy({ onConnection: (socket) => socket.destroy() })).place);
    assert.equal(ill.sent.kind === 'proxy-failed' && ill.sent.code, 'unreachable', JSON.stringify(ill.sent));
    assert.equal(ill.fetched.kind === 'failed' && ill.fetched.again && ill.fetched.code, 'egress_proxy_failed');
    assert.equal(receiver.requests.length, 3);
  });
});

describe('an egress proxy that fails', () => {
  const page = '<html><body>Sign in to this network</body></html>';
  const faults: readonly (readonly [what: string, code: string, behaviour: ProxyBehaviour])[] = [
    ['resets', 'unreachable', { onConnection: (socket) => socket.destroy() }],
    ['breaks off its answer', 'unreachable', { onConnect: (socket) => void socket.end('HTTP/1.1 200 OK\r\nVia:') }],
    ['hangs', 'timeout', { onConnect: () => undefined }],
    ['wants credentials', 'credentials', { onConnect: saying('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n') }],
    ['refuses', 'refused', { onConnect: saying('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n') }],
    ['answers 502', 'unavailable', { onConnect: saying('HTTP/1.1 502 Bad Gateway\r\n\r\n') }],
    ['answers 503', 'unavailable', { onConnect: saying('HTTP/1.0 503\r\n\r\n') }],
    ['answers 504', 'unavailable', { onConnect: saying('HTTP/1.1 504 Gateway Timeout\r\n\r\n') }],
    [
      'answers 200 with HTML',
      'no-tunnel',
      { onConnect: saying(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n`) },
    ],
    ['answers 200 with a bare page', 'no-tunnel', { onConnect: saying(`HTTP/1.0 200 OK\r\n\r\n${page}`) }],
    ['redirects', 'no-tunnel', { onConnect: saying('HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n\r\n') }],
    ['is a web server', 'no-tunnel', { onConnect: saying('HTTP/1.1 405 Method Not Allowed\r\n\r\n') }],
    ['speaks no HTTP', 'no-tunnel', { onConnect: saying('SSH-2.0-OpenSSH_9.9\r\n\r\n') }],
    ['never ends its head', 'no-tunnel', { onConnect: saying(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`) }],
  ];
  for (const [what, code, behaviour] of faults) {
    it(`FR-13 that ${what} is a fault of our own road, and the receiver hears nothing`, async () => {
      const { outcome, receiver } = await sendBehind(behaviour);
      assert.equal(outcome.kind === 'proxy-failed' && outcome.code, code, JSON.stringify(outcome));
      assert.ok(outcome.kind === 'proxy-failed' && outcome.detail.startsWith('The egress proxy'));
      assert.equal(receiver.connections(), 0);
    });
  }

  it('FR-13 that is down, or cannot prove who it is, is told as such', async () => {
    const gone = await startFakeProxy();
    await gone.close();
    const { transport } = await roadBy(gone.place);
    const down = await transport.send(messageTo('http://127.0.0.1:18999/'));
    assert.match(down.kind === 'proxy-failed' ? down.detail : down.kind, /ECONNREFUSED.*ASSETWIRE_EGRESS_PROXY_URL/);
    const { certPem, keyPem } = await authority.issue();
    const stranger = await sendBehind({ tls: { cert: certPem, key: keyPem } });
    assert.equal(stranger.outcome.kind === 'proxy-failed' && stranger.outcome.code, 'tls-failed');
    assert.deepEqual(stranger.fake.heads, [], 'its credentials were not told');
    const plain = await sendBehind(
      { onConnection: (socket) => void socket.end('HTTP/1.1 400 No\r\n\r\n') },
      { secure: true },
    );
    assert.equal(
      plain.outcome.kind === 'proxy-failed' && plain.outcome.code,
      'tls-failed',
      JSON.stringify(plain.outcome),
    );
    assert.equal((await probeProxy(gone.place, systemClock)).result, 'failed');
    assert.equal((await probeProxy((await startProxy()).place, systemClock)).result, 'reached');
  });

  it('FR-13 the deadline of an attempt that strikes at the proxy is the proxy’s', async () => {
    const proxy = await startProxy({ onConnect: () => undefined });
    const { transport } = await roadBy(proxy.place);
    const outcome = await transport.send(messageTo('http://127.0.0.1:18999/', { timeoutMs: 100 }));
    assert.equal(outcome.kind === 'proxy-failed' && outcome.code, 'timeout', JSON.stringify(outcome));
    assert.ok(outcome.timing.totalMs >= 99 && outcome.timing.totalMs < 3_000);
  });

  it('FR-13 what Smokescreen says is shown, bounded and without the password', async () => {
    const said = `Egress proxying is denied to host: rule, with hunter2-hunter2 and \u001b[31m${'x'.repeat(1_000)}`;
    const answer = `HTTP/1.1 407 Request rejected by proxy\r\nX-Smokescreen-Error: ${said}\r\n\r\n`;
    const login = { user: 'u', password: 'hunter2-hunter2' };
    const { outcome } = await sendBehind({ onConnect: saying(answer) }, { login });
    assert.ok(outcome.kind === 'proxy-failed' && outcome.code === 'refused', JSON.stringify(outcome));
    assert.match(outcome.detail, /It said: Egress proxying is denied to host: rule, with ••• and /);
    assert.equal(/hunter2|\p{Cc}/u.test(outcome.detail), false);
    assert.ok(outcome.detail.length < 600);
  });

  it('FR-13 only its plain word that the receiver took no connection is held against the receiver', async () => {
    const of = async (status: number, text: string): Promise<string> => {
      const answer = `HTTP/1.1 ${status} No\r\nX-Smokescreen-Error: ${text}\r\n\r\n`;
      const { outcome } = await sendBehind({ onConnect: saying(answer) });
      const code = 'code' in outcome ? outcome.code : 'phase' in outcome ? outcome.phase : '';
      return `${outcome.kind} ${code}`;
    };
    const refused = 'Failed to connect to remote host: dial tcp 192.0.2.1:443: connect: connection refused';
    assert.equal(await of(502, refused), 'connect-failed ECONNREFUSED');
    assert.equal(await of(504, 'Timed out connecting to remote host: i/o timeout'), 'timeout connect');
    const own = 'Failed to connect to remote host: dial tcp 192.0.2.1:443: connect: network is unreachable';
    assert.equal(await of(502, own), 'proxy-failed unavailable');
    assert.equal(await of(500, 'An unexpected error occurred: connection refused'), 'proxy-failed unavailable');
  });
});
