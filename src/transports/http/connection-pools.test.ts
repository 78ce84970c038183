import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { Outcome } from '../../core/outcome.ts';
import {
  type Behaviour,
  type HostileReceiver,
  okAnswer,
  type RawRequest,
  startHostileReceiver,
} from '../testing/hostile-receiver.ts';
import { loopbackTargets, startLoopbackTransport } from '../testing/loopback.ts';
import { createRunningClock } from '../testing/running-clock.ts';
import { messageTo } from '../testing/transport-conformance.ts';
import type { Socket } from 'node:net';
import type { OutgoingMessage, Transport } from '../transport.ts';

type Held = { readonly request: RawRequest; readonly socket: Socket };

/** A receiver that answers when it is told to. */
async function startHoldingReceiver(): Promise<HostileReceiver & { readonly held: Held[]; answerAll(): void }> {
  const held: Held[] = [];
  const receiver = await startHostileReceiver({ onRequest: (request, socket) => void held.push({ request, socket }) });
  return {
    ...receiver,
    held,
    answerAll: () => {
      for (const { socket } of held.splice(0)) socket.write(okAnswer);
    },
  };
}

describe('connections are shared, bounded and closed', () => {
  const stops: (() => Promise<void>)[] = [];
  after(async () => {
    for (const stop of stops.reverse()) await stop();
  });
  const start = async (settings: Parameters<typeof startLoopbackTransport>[0] = {}) => {
    const made = await startLoopbackTransport(settings);
    stops.push(() => made.transport.stop());
    return made;
  };
  const holding = async () => {
    const receiver = await startHoldingReceiver();
    stops.push(() => receiver.close());
    return receiver;
  };
  const receive = async (behaviour: Behaviour = {}): Promise<HostileReceiver> => {
    const receiver = await startHostileReceiver(behaviour);
    stops.push(() => receiver.close());
    return receiver;
  };
  const send = (
    transport: Transport,
    receiver: { readonly origin: string },
    fields: Partial<OutgoingMessage> = {},
  ): Promise<Outcome> => transport.send(messageTo(`${receiver.origin}/`, fields));
  const lane = (name: string): OutgoingMessage['webhookId'] => `wh_${name}`;

  it('messages one after another use one connection', async () => {
    const { transport } = await start();
    const receiver = await receive();
    for (let round = 0; round < 20; round++) assert.equal((await send(transport, receiver)).kind, 'response');
    assert.equal(receiver.connections(), 1);
    assert.deepEqual(transport.stats(), { connectionsOpen: 1, pools: 1, requestsInFlight: 0 });
  });

  it('a lane has at most its own number of connections, and what waits goes out in its order', async () => {
    const { transport } = await start();
    const receiver = await holding();
    const outcomes = Array.from({ length: 6 }, (_, index) =>
      send(transport, receiver, { connectionsMax: 2, body: Buffer.from(String(index)) }),
    );
    await receiver.received(2);
    assert.equal(receiver.connections(), 2);
    for (const count of [4, 6]) {
      receiver.answerAll();
      await receiver.received(count);
    }
    receiver.answerAll();
    assert.ok((await Promise.all(outcomes)).every(({ kind }) => kind === 'response'));
    assert.equal(receiver.connections(), 2);
    assert.deepEqual(receiver.requests.map(({ body }) => body.toString()).sort(), ['0', '1', '2', '3', '4', '5']);
    assert.deepEqual(new Set(receiver.requests.slice(0, 2).map(({ body }) => body.toString())), new Set(['0', '1']));
  });

  it('RX-23 a lane whose receiver hangs takes nothing from another lane on the same host', async () => {
    const clock = createRunningClock();
    const { transport } = await start({ clock });
    const receiver = await receive({
      onRequest: (request, socket) => request.path === '/hang' || socket.write(okAnswer),
    });
    const hanging = Array.from({ length: 10 }, () =>
      transport.send(
        messageTo(`${receiver.origin}/hang`, { webhookId: lane('a'), connectionsMax: 4, timeoutMs: 600_000 }),
      ),
    );
    let ended = 0;
    for (const outcome of hanging) void outcome.then(() => (ended += 1));
    await receiver.received(4);
    for (let round = 0; round < 20; round++) {
      const outcome = await transport.send(
        messageTo(`${receiver.origin}/`, { webhookId: lane('b'), connectionsMax: 4 }),
      );
      assert.equal(outcome.kind, 'response');
    }
    assert.equal(ended, 0);
    clock.pass(600_000);
    assert.ok((await Promise.all(hanging)).every(({ kind }) => kind === 'timeout'));
    assert.equal(transport.stats().requestsInFlight, 0);
  });

  it('a message that waits for its lane ends by its own deadline, and its place is free again', async () => {
    const { transport } = await start();
    const receiver = await holding();
    const first = send(transport, receiver, { connectionsMax: 1 });
    await receiver.received(1);
    const waiting = await send(transport, receiver, { connectionsMax: 1, timeoutMs: 100 });
    assert.ok(waiting.kind === 'timeout' && waiting.phase === 'connect');
    receiver.answerAll();
    assert.equal((await first).kind, 'response');
    const next = send(transport, receiver, { connectionsMax: 1 });
    await receiver.received(2);
    receiver.answerAll();
    assert.equal((await next).kind, 'response');
  });

  it('a message ends whatever its limits are', async () => {
    const { transport } = await start();
    const silent = await holding();
    for (const timeoutMs of [0, -1, Number.NaN]) {
      assert.equal((await send(transport, silent, { timeoutMs })).kind, 'timeout', String(timeoutMs));
    }
    const receiver = await receive();
    assert.equal((await send(transport, receiver, { connectionsMax: 0, timeoutMs: Infinity })).kind, 'response');
  });

  it('stop does not wait for a name server that hangs', async () => {
    const { transport } = await start({
      query: { addresses: () => new Promise(() => undefined), alias: async () => null },
    });
    const sending = transport.send(messageTo('http://hang.example:8080/', { timeoutMs: 60_000 }));
    const startedMs = performance.now();
    await transport.stop();
    assert.equal((await sending).kind, 'interrupted');
    assert.ok(performance.now() - startedMs < 20_000);
    assert.deepEqual(transport.stats(), { connectionsOpen: 0, pools: 0, requestsInFlight: 0 });
  });

  it('RX-17 sockets are capped: the longest idle one makes room, and without one the message waits', async () => {
    const { transport } = await start({ socketsMax: 3 });
    const [one, two, three] = [await receive(), await receive(), await receive()];
    for (const receiver of [one, two, three]) await send(transport, receiver);
    const busy = await holding();
    const held = send(transport, busy);
    await busy.received(1);
    await one.quiet();
    assert.deepEqual([one.open(), two.open(), three.open(), busy.open()], [0, 1, 1, 1]);
    const more = [
      send(transport, busy, { connectionsMax: 9 }),
      send(transport, busy, { connectionsMax: 9 }),
      send(transport, busy, { connectionsMax: 9 }),
    ];
    await busy.received(3);
    assert.equal(busy.connections(), 3);
    assert.equal(transport.stats().connectionsOpen, 3);
    busy.answerAll();
    await busy.received(4);
    // By a connection that became free, not by a new one in the place of one that idled out.
    assert.equal(busy.connections(), 3);
    busy.answerAll();
    assert.ok((await Promise.all([held, ...more])).every(({ kind }) => kind === 'response'));
    assert.ok(transport.stats().connectionsOpen <= 3);
  });

  it('SD-12 a connection takes nothing new once it is a minute old', async () => {
    const clock = createRunningClock();
    const { transport } = await start({ clock });
    const receiver = await receive();
    await send(transport, receiver);
    clock.pass(50_000);
    await send(transport, receiver);
    assert.equal(receiver.connections(), 1);
    clock.pass(11_000);
    await send(transport, receiver);
    assert.equal(receiver.connections(), 2);
    await send(transport, receiver);
    assert.equal(receiver.connections(), 2);
  });

  it('SD-12 when the policy tightens, idle and busy connections to what it forbids are closed', async () => {
    const { transport, egress } = await start();
    const idle = await receive();
    const busy = await holding();
    await send(transport, idle);
    const sending = send(transport, busy);
    await busy.received(1);
    egress.setPolicy({ allowedTargets: [] });
    assert.equal((await sending).kind, 'interrupted');
    await Promise.all([idle.quiet(), busy.quiet()]);
    assert.equal((await send(transport, idle)).kind, 'blocked-address');
    assert.equal(transport.stats().connectionsOpen, 0);
  });

  it('SD-12 when the policy changes and still allows a target, what is in flight ends well on a connection not used again', async () => {
    const { transport, egress } = await start();
    const busy = await holding();
    const sending = send(transport, busy);
    await busy.received(1);
    egress.setPolicy({ allowedTargets: [...loopbackTargets, '10.0.0.0/8'] });
    busy.answerAll();
    assert.equal((await sending).kind, 'response');
    await busy.quiet();
    const next = send(transport, busy);
    await busy.received(2);
    busy.answerAll();
    await next;
    assert.equal(busy.connections(), 2);
  });

  it('a kept connection that the receiver closed meanwhile costs no attempt', async () => {
    const { transport } = await start();
    const sockets: Socket[] = [];
    const receiver = await receive({ onConnection: (socket) => void sockets.push(socket) });
    for (let round = 1; round <= 20; round++) {
      const outcome = await send(transport, receiver);
      assert.equal(outcome.kind, 'response', `round ${round}: ${JSON.stringify(outcome)}`);
      // From here the next message is handed to the old connection before the reset has been read, and written after.
      await new Promise((resolve) => setImmediate(resolve));
      sockets.at(-1)?.resetAndDestroy();
    }
    assert.equal(receiver.requests.length, 20);
    assert.equal(receiver.connections(), 20);
  });

  it('a pool that nobody uses is forgotten', async () => {
    const { transport } = await start();
    const receiver = await receive();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) => send(transport, receiver, { workspaceId: `w${index}` })),
    );
    assert.ok(outcomes.every(({ kind }) => kind === 'response'));
    assert.equal(transport.stats().pools, 50);
    transport.forget(`${receiver.origin}/`);
    await receiver.quiet();
    assert.deepEqual(transport.stats(), { connectionsOpen: 0, pools: 0, requestsInFlight: 0 });
  });

  it('one signal interrupts all that hang on it and nothing else', async () => {
    const { transport } = await start();
    const receiver = await holding();
    const controller = new AbortController();
    const mine = Array.from({ length: 5 }, () =>
      send(transport, receiver, { signal: controller.signal, connectionsMax: 3 }),
    );
    const other = send(transport, receiver, { webhookId: lane('other') });
    await receiver.received(4);
    controller.abort();
    assert.ok((await Promise.all(mine)).every(({ kind }) => kind === 'interrupted'));
    receiver.answerAll();
    assert.equal((await other).kind, 'response');
  });
});
