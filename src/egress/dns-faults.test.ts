/** Name servers that go away, lose, lag and change their minds, between the real transport and a real receiver. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, describe, it } from 'node:test';
import { seededFractions } from '../../test/support/seeded.ts';
import type { Outcome } from '../core/outcome.ts';
import { startHostileReceiver } from '../transports/testing/hostile-receiver.ts';
import { startLoopbackTransport } from '../transports/testing/loopback.ts';
import { createRunningClock, runningClock } from '../transports/testing/running-clock.ts';
import {
  type NameAnswer,
  type NameQuestion,
  startScriptedNameServer,
} from '../transports/testing/scripted-name-server.ts';
import { messageTo } from '../transports/testing/transport-conformance.ts';
import { createResolver } from './resolver.ts';

const dead = ['127.0.0.5', '127.0.0.6', '127.0.0.7', '127.0.0.8'];
const seed = Number(process.env['ASSETWIRE_TEST_SEED'] ?? Date.now() % 1_000_000);
const loopback = (ttl = 0): NameAnswer => ({ records: [{ a: '127.0.0.1', ttl }] });
const onlyA =
  (answer: (question: NameQuestion) => NameAnswer) =>
  (question: NameQuestion): NameAnswer =>
    question.type === 'A' ? answer(question) : { records: [] };

/** A port whose queue of connections is full and whose owner is stopped: every further packet to it is dropped. */
async function startBlackHole(host: string): Promise<{ readonly port: number; close(): Promise<void> }> {
  const script = `require('node:net').createServer().listen({port:0,host:'${host}',backlog:1},function(){process.send(this.address().port)})`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [port] = (await once(child, 'message')) as [number];
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => connect({ port, host }).on('error', () => undefined));
  await once(fillers[0] ?? child, 'connect');
  return {
    port,
    async close() {
      for (const filler of fillers) filler.destroy();
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

describe('name servers that fail', async () => {
  const receiver = await startHostileReceiver();
  const stops: (() => Promise<void>)[] = [() => receiver.close()];
  after(async () => {
    for (const stop of stops.reverse()) await stop();
  });
  const road = async (
    settings: Parameters<typeof startLoopbackTransport>[0],
  ): Promise<(name: string) => Promise<Outcome>> => {
    const { transport } = await startLoopbackTransport(settings);
    stops.push(() => transport.stop());
    return (name) => transport.send(messageTo(`http://${name}:${receiver.port}/`, { timeoutMs: 600_000 }));
  };
  const wordOf = (outcome: Outcome): string =>
    outcome.kind === 'dns-failed'
      ? outcome.code
      : outcome.kind === 'timeout'
        ? `timeout ${outcome.phase}`
        : outcome.kind;

  it('FN-01 while the name server is gone every name is an outcome within its deadline, and when it is back so are they', async () => {
    const clock = createRunningClock();
    const names = await startScriptedNameServer(onlyA(() => loopback()));
    const send = await road({ clock, nameServers: [names.server], dnsTimeoutMs: 1_000 });
    assert.equal(wordOf(await send('a.example')), 'response');
    await names.close();
    clock.pass(61_000);
    const startedMs = performance.now();
    const gone = await Promise.all(Array.from({ length: 50 }, (_, index) => send(`n${index}.example`)));
    assert.ok(performance.now() - startedMs < 30_000);
    const words = new Set(gone.map(wordOf));
    assert.ok(
      [...words].every((word) => word === 'unreachable' || word === 'timeout dns'),
      [...words].join(),
    );
    // A literal address asks nobody: it is served throughout.
    assert.equal(wordOf(await send('127.0.0.1')), 'response');
    const back = await startScriptedNameServer(
      onlyA(() => loopback()),
      Number(names.server.split(':')[1]),
    );
    stops.push(() => back.close());
    clock.pass(3_001);
    const again = await Promise.all(['a.example', 'n0.example', 'n49.example'].map(send));
    assert.deepEqual(again.map(wordOf), ['response', 'response', 'response']);
  });

  it(`FN-02 a third of the packets lost, half the names failing and truncated answers touch nobody else (seed ${seed})`, async () => {
    const random = seededFractions(seed);
    const names = await startScriptedNameServer(
      onlyA(({ name, before }) => {
        if (name.startsWith('hang')) return 'hang';
        if (name.startsWith('bad')) return { rcode: 'SERVFAIL' };
        if (name.startsWith('cut')) return 'truncated';
        // Lost at the first try only: what is tried here is that a second one is made, not luck.
        return before === 0 && random() < 0.3 ? 'hang' : loopback();
      }),
    );
    stops.push(() => names.close());
    const send = await road({ nameServers: [names.server], dnsTimeoutMs: 4_000 });
    const startedMs = performance.now();
    let ended = false;
    const all = Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        Promise.all(
          [`good${index}`, `bad${index}`, `hang${index}`, `cut${index}`].map((name) => send(`${name}.example`)),
        ),
      ),
    );
    // The address of the receiver itself needs no name: it does not wait for those that do.
    void all.then(() => (ended = true));
    assert.equal(wordOf(await send('127.0.0.1')), 'response');
    assert.equal(ended, false);
    for (const [good, bad, hang, cut] of await all) {
      assert.ok(good !== undefined && bad !== undefined && hang !== undefined && cut !== undefined);
      assert.equal(wordOf(good), 'response');
      assert.equal(wordOf(bad), 'server-failed');
      assert.equal(wordOf(hang), 'timeout dns');
      assert.match(wordOf(cut), /^(?:unreachable|server-failed|timeout dns)$/);
    }
    assert.ok(performance.now() - startedMs < 60_000);
  });

  it('FR-11 with one family without a way the other is reached, whatever stands first and however many are dead', async () => {
    const six = await startHostileReceiver({ host: '::1' });
    stops.push(() => six.close());
    const { transport } = await startLoopbackTransport({
      query: {
        // Nobody listens at the four: refused, as by a network without a route.
        addresses: async (name, family) =>
          family === 4
            ? { kind: 'records', addresses: name === 'four.example' ? ['127.0.0.1'] : dead, ttlSeconds: 60 }
            : { kind: 'records', addresses: ['::1'], ttlSeconds: 60 },
        alias: async () => null,
      },
    });
    stops.push(() => transport.stop());
    const addressOf = async (name: string, port: number): Promise<string | undefined> => {
      const outcome = await transport.send(messageTo(`http://${name}:${port}/`));
      assert.equal(outcome.kind, 'response', JSON.stringify(outcome));
      return 'address' in outcome ? outcome.address : undefined;
    };
    assert.equal(await addressOf('six.example', six.port), '::1');
    assert.equal(await addressOf('four.example', receiver.port), '127.0.0.1');
  });

  it('FR-11 an address that swallows packets costs a second, and only addresses that were judged are tried', async () => {
    const hole = await startBlackHole('127.0.0.9');
    stops.push(() => hole.close());
    const six = await startHostileReceiver({ host: '::1', port: hole.port });
    stops.push(() => six.close());
    let answer = ['127.0.0.9'];
    const settings: Parameters<typeof startLoopbackTransport>[0] = {
      query: {
        addresses: async (_name, family) => ({
          kind: 'records',
          addresses: family === 4 ? answer : ['::1'],
          ttlSeconds: 0,
        }),
        alias: async () => null,
      },
    };
    const { transport } = await startLoopbackTransport(settings);
    stops.push(() => transport.stop());
    const startedMs = performance.now();
    const outcome = await transport.send(messageTo(`http://both.example:${hole.port}/`, { timeoutMs: 60_000 }));
    const tookMs = performance.now() - startedMs;
    assert.ok(outcome.kind === 'response' && outcome.address === '::1', JSON.stringify(outcome));
    assert.ok(tookMs > 900 && tookMs < 20_000, `${tookMs} ms`);
    answer = ['10.0.0.1'];
    assert.equal((await transport.send(messageTo(`http://mixed.example:${hole.port}/`))).kind, 'blocked-address');
  });

  it('FN-03 a name that moves is followed within a minute, whatever its time to live says, and no connection to the old place is used longer', async () => {
    const clock = createRunningClock();
    let address = '127.0.0.1';
    const names = await startScriptedNameServer(onlyA(() => ({ records: [{ a: address, ttl: 86_400 }] })));
    stops.push(() => names.close());
    const other = await startHostileReceiver({ host: '127.0.0.2' });
    stops.push(() => other.close());
    // The two listen on ports of their own, so the road is asked where it goes and not how it fares there.
    const send = await road({ clock, nameServers: [names.server] });
    const placeOf = async (): Promise<string | undefined> => {
      const outcome = await send('moving.example');
      return 'address' in outcome ? outcome.address : undefined;
    };
    assert.equal(await placeOf(), '127.0.0.1');
    address = '127.0.0.2';
    clock.pass(50_000);
    assert.equal(await placeOf(), '127.0.0.1');
    clock.pass(11_000);
    assert.equal(await placeOf(), '127.0.0.2');
  });

  it('FN-04 ever new names keep as many answers as the cache holds, and questions under way are bounded too', async () => {
    const asked = { now: 0, most: 0, total: 0 };
    const answers: (() => void)[] = [];
    let hold = true;
    const resolver = createResolver({
      clock: runningClock,
      isForbidden: () => false,
      query: {
        async addresses(_name, family) {
          if (family === 6) return { kind: 'failed', code: 'no-address' };
          asked.now += 1;
          asked.total += 1;
          asked.most = Math.max(asked.most, asked.now);
          if (hold) await new Promise<void>((resolve) => answers.push(resolve));
          asked.now -= 1;
          return { kind: 'records', addresses: ['127.0.0.1'], ttlSeconds: 3_600 };
        },
        alias: async () => null,
      },
    });
    const first = Array.from({ length: 10_000 }, (_, index) => resolver.resolve(`h${index}.example`));
    const refused = (await Promise.all(first.slice(4_096))).filter(({ kind }) => kind === 'failed').length;
    assert.deepEqual([asked.most, refused], [4_096, 10_000 - 4_096]);
    hold = false;
    for (const answer of answers) answer();
    await Promise.all(first);
    const before = process.memoryUsage().heapUsed;
    for (let block = 0; block < 3; block += 1) {
      await Promise.all(
        Array.from({ length: 4_000 }, (_, index) => resolver.resolve(`n${block * 4_000 + index}.example`)),
      );
    }
    assert.equal(asked.total, 4_096 + 12_000);
    const grownBytes = process.memoryUsage().heapUsed - before;
    assert.ok(grownBytes < 64 * 1024 * 1024, `${grownBytes} bytes`);
    // The latest ten thousand are known, the one before them is not any more.
    await resolver.resolve('n11999.example');
    await resolver.resolve('n2000.example');
    assert.equal(asked.total, 4_096 + 12_000);
    await resolver.resolve('n1999.example');
    assert.equal(asked.total, 4_096 + 12_001);
  });
});
