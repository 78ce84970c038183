/** Receivers that misbehave in every way at once, and lines that reset and crawl, between the real transport and them. */
import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { seededFractions } from '../../../test/support/seeded.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type Behaviour, type HostileReceiver, startHostileReceiver } from '../testing/hostile-receiver.ts';
import { createSelfSigned } from '../testing/certificates.ts';
import { startLoopbackTransport } from '../testing/loopback.ts';
import { createRunningClock, runningClock } from '../testing/running-clock.ts';
import { messageTo } from '../testing/transport-conformance.ts';

const seed = Number(process.env['ASSETWIRE_TEST_SEED'] ?? Date.now() % 1_000_000);
/** By a clock that is moved on by hand once all has ended that may end earlier. */
const timeoutMs = 600_000;

describe('everything at once', () => {
  const stops: (() => Promise<unknown>)[] = [];
  after(async () => {
    for (const stop of stops.reverse()) await stop();
  });
  const receive = async (behaviour: Behaviour): Promise<HostileReceiver> => {
    const receiver = await startHostileReceiver(behaviour);
    stops.push(() => receiver.close());
    return receiver;
  };
  const start = async (clock: Clock = runningClock) => {
    const { transport } = await startLoopbackTransport({ clock });
    stops.push(() => transport.stop());
    return transport;
  };

  it('FR-01 among receivers that hang, reset, drip, pour, redirect and show a bad certificate each outcome is right, each place is free in time, and a good one notices nothing', async () => {
    const clock = createRunningClock();
    const transport = await start(clock);
    const { certPem, keyPem } = await createSelfSigned({ notAfter: new Date(Date.now() - 1_000) });
    const drip = (socket: Socket): void => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
      const timer = setInterval(() => socket.write('z'), 50);
      socket.on('close', () => clearInterval(timer));
    };
    const pour = (socket: Socket): void => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
      const more = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
      };
      socket.on('drain', more);
      more();
    };
    const again = 'HTTP/1.1 302 F\r\nLocation: /\r\nContent-Length: 0\r\n\r\n';
    const modes: Readonly<Record<string, readonly [Behaviour, string]>> = {
      good: [{}, 'response 200'],
      hang: [{ onRequest: () => undefined }, 'timeout headers'],
      reset: [{ onRequest: (_request, socket) => void socket.resetAndDestroy() }, 'broken reset'],
      drip: [{ onRequest: (_request, socket) => drip(socket) }, 'response 200'],
      pour: [{ onRequest: (_request, socket) => pour(socket) }, 'response 200'],
      redirect: [{ onRequest: (_request, socket) => void socket.write(again) }, 'response 302'],
      certificate: [{ tls: { cert: certPem, key: keyPem } }, 'tls-failed'],
    };
    const receivers = new Map<string, HostileReceiver>();
    for (const [mode, [behaviour]] of Object.entries(modes)) receivers.set(mode, await receive(behaviour));
    const ended = new Map<string, number>();
    const sending = new Map<string, Promise<void>[]>();
    const send = (mode: string, expected: string): void => {
      const { origin } = receivers.get(mode) ?? assert.fail();
      const message = messageTo(`${origin}/`, { webhookId: `wh_${mode}`, timeoutMs, connectionsMax: 50 });
      const sent = transport.send(message).then((outcome) => {
        assert.ok(wordOf(outcome).startsWith(expected), `${mode}: ${wordOf(outcome)}`);
        ended.set(mode, (ended.get(mode) ?? 0) + 1);
      });
      sending.set(mode, [...(sending.get(mode) ?? []), sent]);
    };
    for (let round = 0; round < 30; round += 1) {
      for (const [mode, [, expected]] of Object.entries(modes)) send(mode, expected);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const slow = ['hang', 'drip'];
    for (const [mode, outcomes] of sending) if (!slow.includes(mode)) await Promise.all(outcomes);
    for (const mode of slow) await receivers.get(mode)?.received(30);
    // The heads of the last answers are read by then.
    for (let n = 0; n < 5; n += 1) {
      send('good', 'response 200');
      await sending.get('good')?.at(-1);
    }
    assert.deepEqual(
      slow.map((mode) => ended.get(mode)),
      [undefined, undefined],
      'the good ones waited for none of these',
    );
    clock.pass(timeoutMs);
    for (const mode of slow) await Promise.all(sending.get(mode) ?? []);
    assert.equal(transport.stats().requestsInFlight, 0);
    assert.equal(receivers.get('redirect')?.requests.length, 30, 'no redirect was followed');
  });

  it(`FR-07 through a line that crawls and resets every connection sooner or later, everything arrives at last, and no socket is left (seed ${seed})`, async () => {
    const transport = await start();
    const receiver = await receive({});
    const line = await startBadLine(receiver.port, seededFractions(seed));
    stops.push(() => line.close());
    const left = new Set(Array.from({ length: 150 }, (_, at) => String(at)));
    const words = new Set<string>();
    for (let round = 0; left.size > 0 && round < 60; round += 1) {
      await Promise.all(
        [...left].map(async (text) => {
          const message = messageTo(`http://127.0.0.1:${line.port}/`, {
            body: Buffer.from(text.padEnd(500, '.')),
            connectionsMax: 10,
            timeoutMs: 60_000,
          });
          const outcome = await transport.send(message);
          words.add(wordOf(outcome));
          if (outcome.kind === 'response') left.delete(text);
        }),
      );
    }
    assert.equal(left.size, 0);
    assert.ok(words.size > 1 && line.resets() > 10, `${line.resets()} resets, ${[...words].join()}`);
    for (const word of words) assert.match(word, /^(?:response 200|broken|connect-failed)/);
    const arrived = new Set(receiver.requests.map(({ body }) => body.toString().replaceAll('.', '')));
    assert.equal(arrived.size, 150);
    assert.equal(transport.stats().requestsInFlight, 0);
    await transport.stop();
    assert.equal(transport.stats().connectionsOpen, 0);
    await receiver.quiet();
  });
});

function wordOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'response':
      return `response ${outcome.response.status}`;
    case 'timeout':
      return `timeout ${outcome.phase}`;
    case 'broken':
    case 'connect-failed':
    case 'tls-failed':
      return `${outcome.kind} ${outcome.code}`;
    default:
      return outcome.kind;
  }
}

/** Passes bytes on in crumbs, and resets every connection somewhere on the way. */
async function startBadLine(port: number, chance: () => number) {
  const sockets = new Set<Socket>();
  let resets = 0;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    // After so many bytes, both ways together: before, within or after a message, or some messages later.
    let bytesLeft = Math.floor(chance() * (chance() < 0.4 ? 900 : 6_000));
    const pass = (from: Socket, to: Socket): void => {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroySoon();
      });
      from.on('data', (chunk: Buffer) => {
        bytesLeft -= chunk.length;
        if (bytesLeft <= 0) {
          resets += 1;
          client.resetAndDestroy();
          upstream.destroy();
          return;
        }
        // 64 kbit a second for what is in flight together would take minutes: as slow as a test can bear.
        from.pause();
        setTimeout(() => {
          if (to.writable) to.write(chunk);
          from.resume();
        }, chunk.length / 50);
      });
    };
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    resets: () => resets,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
