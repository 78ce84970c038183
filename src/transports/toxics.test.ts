/** Every transport behind a network that misbehaves: an outcome in time for each attempt, and none lost once it behaves again. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Outcome } from '../core/outcome.ts';
import { runningClock } from './testing/running-clock.ts';
import { systemTurn } from '../runtime/turn.ts';
import { createEmailTransport } from './email/email-transport.ts';
import { readSmtpPlace } from './email/smtp-place.ts';
import { createSmtpPool } from './email/smtp-pool.ts';
import { createSqsTransport } from './sqs/sqs-transport.ts';
import { createSelfSigned } from './testing/certificates.ts';
import { startHostileReceiver } from './testing/hostile-receiver.ts';
import { startLoopbackTransport } from './testing/loopback.ts';
import { startSmtpPeer } from './testing/smtp-peer.ts';
import { startSqsPeer } from './testing/sqs-peer.ts';
import { startToxicProxy, type Toxic, type ToxicProxy } from './testing/toxic-proxy.ts';
import { messageTo } from './testing/transport-conformance.ts';
import type { Transport } from './transport.ts';

/** What does not come through is given up after this; what does come through has all the time that a busy machine needs. */
const timeoutMs = 600;
const patientMs = 60_000;
/** Nobody waits longer for an outcome; a fault of a toxic that is not given up lasts a minute or for ever. */
const outcomeMsMax = 20_000;
/** What the outcome may be: `taken` comes through all the same, `failed` does not, in time. */
const toxics: readonly (readonly [toxic: Toxic, wanted: 'taken' | 'failed'])[] = [
  [{ kind: 'latency', ms: 15 }, 'taken'],
  [{ kind: 'latency', ms: 60_000 }, 'failed'],
  [{ kind: 'down' }, 'failed'],
  [{ kind: 'bandwidth', bytes: 200 }, 'taken'],
  [{ kind: 'bandwidth', bytes: 1 }, 'failed'],
  [{ kind: 'slow_close', ms: 100 }, 'taken'],
  [{ kind: 'timeout', ms: 0 }, 'failed'],
  [{ kind: 'timeout', ms: 50 }, 'failed'],
  [{ kind: 'reset_peer' }, 'failed'],
  [{ kind: 'slicer' }, 'taken'],
  [{ kind: 'limit_data', bytes: 5 }, 'failed'],
  [{ kind: 'black_hole', bytes: 100 }, 'failed'],
];

type Subject = {
  readonly proxy: ToxicProxy;
  /** Bodies that arrived. */
  readonly arrived: () => number;
  send(body: string, timeoutMs: number): Promise<Outcome>;
  /** What is open ends, and the sender has seen that: what comes next has a connection of its own. */
  newConnections(): Promise<void>;
  stop(): Promise<void>;
};

const failures = new Set(['timeout', 'connect-failed', 'broken', 'dns-failed']);
const isTaken = (outcome: Outcome): boolean => outcome.kind === 'response' && outcome.response.status < 300;
/** Long enough that a byte at a time is felt, short enough that it goes through. */
const body = 'x'.repeat(150);

function describeToxics(name: string, start: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject;
    before(async () => {
      subject = await start();
      assert.ok(isTaken(await subject.send(body, patientMs)));
    });
    after(() => subject.stop());
    for (const [toxic, wanted] of toxics) {
      it(`FR-08 ${JSON.stringify(toxic)}: an outcome in time, and what is sent afterwards arrives`, async () => {
        subject.proxy.toxic = toxic;
        await subject.newConnections();
        const startedMs = performance.now();
        const outcome = await subject.send(body, wanted === 'taken' ? patientMs : timeoutMs);
        const tookMs = performance.now() - startedMs;
        if (wanted === 'taken') assert.ok(isTaken(outcome), JSON.stringify(outcome));
        else assert.ok(failures.has(outcome.kind), JSON.stringify(outcome));
        assert.ok(wanted === 'taken' || tookMs < outcomeMsMax, `${tookMs} ms`);
        subject.proxy.toxic = null;
        await subject.newConnections();
        const known = subject.arrived();
        await takenAgain(subject);
        assert.ok(subject.arrived() > known);
      });
    }
  });
}

/** A mail server that could not be reached is left alone for a moment; a delivery is tried again, and so is this. */
async function takenAgain({ send }: Subject): Promise<void> {
  const endMs = performance.now() + 30_000;
  for (;;) {
    const outcome = await send(body, patientMs);
    if (isTaken(outcome)) return;
    if (performance.now() > endMs) assert.fail(JSON.stringify(outcome));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function renewal(proxy: ToxicProxy, transport: Transport): () => Promise<void> {
  return async () => {
    proxy.endConnections();
    while (transport.stats().connectionsOpen > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  };
}

describeToxics('a receiver behind a network that misbehaves', async () => {
  let arrived = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      arrived += 1;
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = await startToxicProxy((server.address() as AddressInfo).port);
  const { transport } = await startLoopbackTransport();
  return {
    proxy,
    arrived: () => arrived,
    newConnections: renewal(proxy, transport),
    send: (text, timeout) => transport.send(sent(`http://127.0.0.1:${proxy.port}/`, text, timeout)),
    async stop() {
      await transport.stop();
      await proxy.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
});

describe('a road that loses every packet of more than 1,300 bytes', () => {
  const hole: Toxic = { kind: 'black_hole', bytes: 1_300 };
  const long = 'x'.repeat(20_000);

  it('FR-12 what is small goes through, what is large ends in time with the phase it stood still in, and arrives on another road', async () => {
    const receiver = await startHostileReceiver({
      onRequest: ({ path }, socket) => {
        const answer = path === '/long' ? long : 'ok';
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n${answer}`);
      },
    });
    const proxy = await startToxicProxy(receiver.port);
    proxy.toxic = hole;
    const { transport } = await startLoopbackTransport();
    const send = async (path: string, text: string, timeout = patientMs): Promise<Outcome> => {
      const startedMs = performance.now();
      const outcome = await transport.send(sent(`http://127.0.0.1:${proxy.port}${path}`, text, timeout));
      const tookMs = performance.now() - startedMs;
      assert.ok(timeout === patientMs || tookMs < outcomeMsMax, `${tookMs} ms`);
      return outcome;
    };
    assert.ok(isTaken(await send('/', 'small')), 'a small message, on a connection of its own');
    assert.deepEqual(
      phaseOf(await send('/', long, timeoutMs)),
      ['timeout', 'headers'],
      'nothing of a large one arrives',
    );
    assert.ok(isTaken(await send('/', 'small')), 'the connection that hangs is not used again');
    assert.deepEqual(
      phaseOf(await send('/long', 'small', timeoutMs)),
      ['timeout', 'headers'],
      'it arrived, and its answer does not',
    );
    assert.deepEqual(
      receiver.requests.map(({ path, body: got }) => `${path} ${got.length}`),
      ['/ 5', '/ 5', '/long 5'],
    );
    proxy.toxic = null;
    assert.ok(isTaken(await send('/', long)));
    assert.equal(transport.stats().requestsInFlight, 0);
    await transport.stop();
    await proxy.close();
    await receiver.close();
  });

  it('FR-12 TLS that cannot be agreed on, because a certificate or a greeting is too large, is called that', async () => {
    const { certPem, keyPem } = await createSelfSigned({});
    const receiver = await startHostileReceiver({ tls: { cert: `${certPem}\n`.repeat(3), key: keyPem } });
    const proxy = await startToxicProxy(receiver.port);
    proxy.toxic = hole;
    const { transport } = await startLoopbackTransport();
    const outcome = await transport.send(sent(`https://127.0.0.1:${proxy.port}/`, 'small', timeoutMs));
    assert.deepEqual(phaseOf(outcome), ['timeout', 'tls']);
    await transport.stop();
    assert.equal(transport.stats().connectionsOpen, 0);
    await proxy.close();
    await receiver.close();
  });
});

function phaseOf(outcome: Outcome): readonly [string, string] {
  return [outcome.kind, outcome.kind === 'timeout' ? outcome.phase : JSON.stringify(outcome)];
}

describeToxics('a mail server behind a network that misbehaves', async () => {
  const peer = await startSmtpPeer();
  const proxy = await startToxicProxy(peer.port);
  const pool = createSmtpPool({
    place: readSmtpPlace(`smtp://127.0.0.1:${proxy.port}`),
    tls: 'off',
    connectionsMax: 2,
    clock: runningClock,
  });
  const sender = { address: 'dam@assetwire.example', name: 'Assetwire', dkim: null };
  const transport = await started(createEmailTransport({ pool, sender, clock: runningClock }));
  return {
    proxy,
    arrived: () => peer.received.length,
    newConnections: renewal(proxy, transport),
    send: (text, timeout) =>
      transport.send({ ...sent('ada@receiver.example', text, timeout), headers: [['content-type', 'text/plain']] }),
    async stop() {
      await transport.stop();
      await proxy.close();
      await peer.close();
    },
  };
});

describeToxics('a queue behind a network that misbehaves', async () => {
  const arn = 'arn:aws:sqs:eu-central-1:111122223333:toxic';
  const awsKeys = { accessKeyId: 'AKIAASSETWIRETEST001', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  const peer = await startSqsPeer();
  peer.addAccount({ ...awsKeys, arn: 'arn:aws:iam::111122223333:user/own', account: '111122223333' });
  const queue = peer.addQueue(arn);
  const proxy = await startToxicProxy(Number(new URL(peer.url).port));
  const { transport: http } = await startLoopbackTransport();
  const endpoint = `http://127.0.0.1:${proxy.port}`;
  const transport = await started(
    createSqsTransport({ http, clock: runningClock, endOfTurn: systemTurn, endpoint, serverKeys: true }),
  );
  return {
    proxy,
    arrived: () => queue.messages.length,
    newConnections: renewal(proxy, http),
    send: (text, timeout) => transport.send({ ...sent(arn, text, timeout), awsKeys }),
    async stop() {
      await transport.stop();
      await http.stop();
      await proxy.close();
      await peer.close();
    },
  };
});

function sent(target: string, text: string, timeout: number) {
  return { ...messageTo(target), body: Buffer.from(text), timeoutMs: timeout };
}

async function started(transport: Transport): Promise<Transport> {
  await transport.start();
  return transport;
}
