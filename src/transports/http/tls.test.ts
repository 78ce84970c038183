import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { AssetwireError } from '../../core/errors.ts';
import type { Outcome } from '../../core/outcome.ts';
import { createInboxCertificate } from '../../egress/self-signed.ts';
import { checkTlsIdentity, weakenedTls } from '../../egress/tls-identity.ts';
import { createSelfSigned, createTestAuthority, type LeafOptions } from '../testing/certificates.ts';
import { type Behaviour, type HostileReceiver, okAnswer, startHostileReceiver } from '../testing/hostile-receiver.ts';
import { startLoopbackTransport } from '../testing/loopback.ts';
import { messageTo } from '../testing/transport-conformance.ts';
import type { TlsIdentity } from '../transport.ts';

const hourMs = 3_600_000;

describe('TLS on the road out', async () => {
  const { transport, egress } = await startLoopbackTransport({ tlsTimeoutMs: 1_000 });
  const authority = await createTestAuthority();
  const trusting: TlsIdentity = { id: 'trusting', caPem: authority.certPem };
  const receivers: HostileReceiver[] = [];
  after(async () => {
    await transport.stop();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });
  const receive = async (behaviour: Behaviour): Promise<HostileReceiver> => {
    const receiver = await startHostileReceiver(behaviour);
    receivers.push(receiver);
    return receiver;
  };
  const receiveTls = async (options: LeafOptions = {}, behaviour: Behaviour = {}): Promise<HostileReceiver> => {
    const { certPem, keyPem } = await authority.issue(options);
    return receive({ ...behaviour, tls: { cert: certPem, key: keyPem, ...behaviour.tls } });
  };
  const tlsCodeOf = (outcome: Outcome): string =>
    outcome.kind === 'tls-failed' ? outcome.code : `${outcome.kind} ${JSON.stringify(outcome)}`;
  const send = (receiver: Pick<HostileReceiver, 'origin'>, tls: TlsIdentity | null = trusting): Promise<Outcome> =>
    transport.send(messageTo(`${receiver.origin}/`, { ...(tls !== null && { tls }), timeoutMs: 60_000 }));
  const refusedAs = async (code: string, receiver: HostileReceiver, tls?: TlsIdentity | null): Promise<void> => {
    assert.equal(tlsCodeOf(await send(receiver, tls)), code);
    assert.equal(receiver.requests.length, 0, 'the payload must not be sent');
  };

  it('a certificate of the webhook’s own authority is accepted, by address and by name', async () => {
    const receiver = await receiveTls();
    const outcome = await send(receiver);
    assert.ok(outcome.kind === 'response', JSON.stringify(outcome));
    assert.ok(outcome.timing.tlsMs !== undefined && outcome.timing.connectMs !== undefined);
    assert.equal((await send({ origin: `https://localhost:${receiver.port}` })).kind, 'response');
  });

  it('TL-01 an expired certificate', async () => {
    await refusedAs(
      'certificate-expired',
      await receiveTls({ notBefore: new Date(Date.now() - 2 * hourMs), notAfter: new Date(Date.now() - hourMs) }),
    );
  });

  it('TL-03 a certificate that is not valid yet', async () => {
    await refusedAs(
      'certificate-not-yet-valid',
      await receiveTls({ notBefore: new Date(Date.now() + hourMs), notAfter: new Date(Date.now() + 2 * hourMs) }),
    );
  });

  it('TL-02 self-signed, unknown authority, wrong host, wildcard of another level, no address, common name only', async () => {
    const { certPem, keyPem } = await createSelfSigned();
    await refusedAs('self-signed', await receive({ tls: { cert: certPem, key: keyPem } }));
    await refusedAs('unknown-authority', await receiveTls(), null);
    await refusedAs('unknown-authority', await receiveTls(), {
      id: 'other',
      caPem: (await createTestAuthority('Other')).certPem,
    });
    await refusedAs('wrong-host', await receiveTls({ hosts: ['receiver.example'] }));
    await refusedAs('wrong-host', await receiveTls({ hosts: ['localhost'] }));
    await refusedAs('wrong-host', await receiveTls({ hosts: [], commonName: '127.0.0.1' }));
    const wildcard = await receiveTls({ hosts: ['*.localhost'] });
    assert.equal(tlsCodeOf(await send({ origin: `https://a.b.localhost:${wildcard.port}` })), 'wrong-host');
    assert.equal(tlsCodeOf(await send({ origin: `https://localhost:${wildcard.port}` })), 'wrong-host');
    assert.equal(wildcard.requests.length, 0);
  });

  it('TL-04 a chain without its middle is unknown, not fetched and not taken on trust; with it, it is good', async () => {
    const middle = await authority.intermediate('Middle');
    const { certPem, keyPem } = await middle.issue();
    await refusedAs('unknown-authority', await receive({ tls: { cert: certPem, key: keyPem } }));
    const whole = await receive({ tls: { cert: `${certPem}\n${middle.certPem}`, key: keyPem } });
    assert.equal((await send(whole)).kind, 'response');
    // One authority too many between them, whose certificate stands for another one's.
    const stranger = await (await createTestAuthority('Other')).intermediate('Middle');
    await refusedAs(
      'unknown-authority',
      await receive({ tls: { cert: `${certPem}\n${stranger.certPem}`, key: keyPem } }),
    );
  });

  it('TL-05 versions before 1.2 are refused', async () => {
    const { certPem, keyPem } = await authority.issue();
    const old = await receive({
      tls: { cert: certPem, key: keyPem, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    });
    await refusedAs('protocol', old);
  });

  it('TL-06 a handshake that hangs, or drips, ends by its deadline in its phase', async () => {
    for (const onConnection of [() => undefined, dripHandshake]) {
      const receiver = await receive({ onConnection, deaf: true });
      const startedMs = performance.now();
      const outcome = await send({ origin: `https://127.0.0.1:${receiver.port}` });
      assert.ok(outcome.kind === 'timeout' && outcome.phase === 'tls', JSON.stringify(outcome));
      assert.ok(performance.now() - startedMs < 20_000, 'not at the deadline of the whole, which is a minute');
    }
  });

  it('TL-07 plain HTTP on the https port and TLS on the http port are told apart, never downgraded', async () => {
    const plain = await receive({
      onConnection: (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    });
    assert.equal(tlsCodeOf(await send({ origin: `https://127.0.0.1:${plain.port}` })), 'protocol');
    const secure = await receiveTls();
    const outcome = await send({ origin: `http://127.0.0.1:${secure.port}` });
    assert.ok(outcome.kind === 'broken', JSON.stringify(outcome));
    const ancient = await receive({ onRequest: (_request, socket) => void socket.end('<html>hello</html>') });
    const answered = await send(ancient);
    assert.ok(answered.kind === 'broken' && answered.code === 'not-http', JSON.stringify(answered));
  });

  it('TL-08 NODE_TLS_REJECT_UNAUTHORIZED=0 is reported and has no effect', async () => {
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await refusedAs('unknown-authority', await receiveTls(), null);
      assert.equal(weakenedTls(process.env).length, 1);
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
    assert.deepEqual(weakenedTls({}), []);
    assert.equal(weakenedTls({ NODE_OPTIONS: '--tls-min-v1.0' }).length, 1);
  });

  it('TL-10 a private authority counts for its own identity only, on the same origin and in the same workspace', async () => {
    const receiver = await receiveTls();
    assert.equal((await send(receiver, trusting)).kind, 'response');
    assert.equal(tlsCodeOf(await transport.send(messageTo(`${receiver.origin}/`))), 'unknown-authority');
    assert.equal(receiver.requests.length, 1);
  });

  it('TL-11 TL-13 a client certificate is never shown for another tenant or identity, by connection or by session', async () => {
    const clients = await createTestAuthority('Clients');
    const shown: string[] = [];
    const receiver = await receiveTls(
      {},
      {
        tls: { requestCert: true, rejectUnauthorized: false, ca: clients.certPem },
        onRequest: (request, socket) => {
          const peer = (socket as TLSSocket).getPeerCertificate();
          shown.push(`${request.body.toString()}:${String(peer.subject?.CN ?? 'none')}`);
          socket.write(request.path === '/close' ? okAnswer.replace('\r\n', '\r\nConnection: close\r\n') : okAnswer);
        },
      },
    );
    const identity = async (name: string): Promise<TlsIdentity> => {
      const { certPem, keyPem } = await clients.issue({ commonName: name });
      return { id: name, caPem: authority.certPem, certificatePem: certPem, keyPem };
    };
    const [a, b] = [await identity('a'), await identity('b')];
    const rows: readonly (readonly [workspaceId: string, tls: TlsIdentity])[] = [
      ['one', a],
      ['two', b],
      ['two', trusting],
      ['one', trusting],
      ['one', b],
      ['two', a],
    ];
    for (const path of ['/', '/close', '/']) {
      for (const [workspaceId, tls] of rows) {
        const outcome = await transport.send(
          messageTo(`${receiver.origin}${path}`, { workspaceId, tls, body: Buffer.from(`${workspaceId}-${tls.id}`) }),
        );
        assert.equal(outcome.kind, 'response');
      }
    }
    const expected = rows.map(([workspaceId, { id }]) => `${workspaceId}-${id}:${id === 'trusting' ? 'none' : id}`);
    assert.deepEqual(shown, [...expected, ...expected, ...expected]);
  });

  it('TL-11 material that changes under the same id gets connections of its own', async () => {
    const receiver = await receiveTls();
    assert.equal((await send(receiver, { id: 'same', caPem: authority.certPem })).kind, 'response');
    const outcome = await send(receiver, { id: 'same', caPem: (await createTestAuthority('Other')).certPem });
    assert.equal(tlsCodeOf(outcome), 'unknown-authority');
  });

  it('a receiver that demands a client certificate and gets none is told so', async () => {
    const clients = await createTestAuthority('Clients');
    const receiver = await receiveTls(
      {},
      { tls: { requestCert: true, rejectUnauthorized: true, ca: clients.certPem } },
    );
    const outcome = await send(receiver);
    assert.equal(tlsCodeOf(outcome), 'client-certificate');
    assert.equal(receiver.requests.length, 0);
  });

  it('TL-12 an identity that cannot be used is refused when saved, and an outcome when it got in anyway', async () => {
    const one = await authority.issue();
    const two = await authority.issue();
    const unusable: readonly TlsIdentity[] = [
      { id: '1', certificatePem: one.certPem },
      { id: '2', keyPem: one.keyPem },
      { id: '3', certificatePem: one.certPem, keyPem: two.keyPem },
      { id: '4', certificatePem: 'nonsense', keyPem: one.keyPem },
      { id: '5', certificatePem: one.certPem, keyPem: 'nonsense' },
      { id: '6', caPem: 'nonsense' },
    ];
    for (const identity of unusable) {
      assert.throws(
        () => checkTlsIdentity(identity),
        (error) =>
          error instanceof AssetwireError && error.code === 'invalid_secret' && !error.message.includes('BEGIN'),
        identity.id,
      );
    }
    checkTlsIdentity({ id: '7', certificatePem: one.certPem, keyPem: one.keyPem, caPem: authority.certPem });
    const receiver = await receiveTls();
    const outcome = await send(receiver, { id: '3', certificatePem: one.certPem, keyPem: two.keyPem });
    assert.ok(outcome.kind === 'refused-by-config' && outcome.code === 'tls_identity', JSON.stringify(outcome));
    assert.equal(receiver.connections(), 0);
  });

  it('TL-14 the name of the URL is sent as SNI, and for an address none', async () => {
    const names: (string | false | null)[] = [];
    const { certPem, keyPem } = await authority.issue();
    const receiver = await receive({
      tls: { cert: certPem, key: keyPem },
      onRequest: (_request, socket) => {
        names.push((socket as TLSSocket & { servername: string | false | null }).servername);
        socket.write(okAnswer);
      },
    });
    await send(receiver);
    await send({ origin: `https://localhost:${receiver.port}` });
    assert.deepEqual(names, [false, 'localhost']);
  });

  it('TL-13 a session is resumed for the same identity', async () => {
    const resumed: boolean[] = [];
    const receiver = await receiveTls(
      {},
      {
        onRequest: (_request, socket) => {
          resumed.push((socket as TLSSocket).isSessionReused());
          socket.end(okAnswer.replace('\r\n', '\r\nConnection: close\r\n'));
        },
      },
    );
    await send(receiver);
    await receiver.quiet();
    await send(receiver);
    await receiver.quiet();
    await transport.send(messageTo(`${receiver.origin}/`, { workspaceId: 'other', tls: trusting }));
    assert.deepEqual(resumed, [false, true, false]);
  });

  it('TL-16 http and https of one host share nothing', async () => {
    const receiver = await receiveTls();
    await send(receiver);
    const outcome = await send({ origin: `http://127.0.0.1:${receiver.port}` });
    assert.ok(outcome.kind === 'broken');
    assert.equal(receiver.requests.length, 1);
  });

  it('the inbox’s own certificate is trusted for the inbox’s TLS port and for nothing else', async () => {
    const { certPem, keyPem } = createInboxCertificate({ hosts: ['inbox.example'], nowMs: Date.now() });
    const inbox = await receive({ tls: { cert: certPem, key: keyPem } });
    const other = await receive({ tls: { cert: certPem, key: keyPem } });
    egress.setOwnPorts([inbox.port]);
    egress.setInbox({ address: '127.0.0.1', port: 1, tlsPort: inbox.port, caPem: certPem });
    const outcome = await transport.send(messageTo(`${inbox.origin}/inbox/inb_1`));
    assert.ok(outcome.kind === 'response', JSON.stringify(outcome));
    assert.equal(tlsCodeOf(await transport.send(messageTo(`${other.origin}/inbox/inb_1`))), 'self-signed');
    egress.setInbox(null);
    egress.setOwnPorts([]);
  });
});

/** The head of a handshake record of 16 KiB, and then one byte of it at a time. */
function dripHandshake(socket: Socket): void {
  const bytes = [0x16, 0x03, 0x03, 0x40, 0x00];
  const timer = setInterval(() => socket.write(Buffer.from([bytes.shift() ?? 0])), 20);
  socket.on('close', () => clearInterval(timer));
}
