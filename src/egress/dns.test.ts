import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { startHostileReceiver } from '../transports/testing/hostile-receiver.ts';
import { createLoopbackEgress, startLoopbackTransport } from '../transports/testing/loopback.ts';
import {
  type NameAnswer,
  type NameQuestion,
  startScriptedNameServer,
} from '../transports/testing/scripted-name-server.ts';
import { createRunningClock, runningClock } from '../transports/testing/running-clock.ts';
import { messageTo } from '../transports/testing/transport-conformance.ts';
import type { ConnectFailure } from './connect-failure.ts';
import { createDnsQuery, type DnsQuery } from './dns-query.ts';
import type { Connected, Egress, EgressSettings, NotConnected } from './egress.ts';
import { parseTarget } from './target.ts';

const empty: NameAnswer = { records: [] };
/** Answers A questions like this and has no other record. */
const onlyA =
  (answer: NameAnswer | ((question: NameQuestion) => NameAnswer)) =>
  (question: NameQuestion): NameAnswer =>
    question.type === 'A' ? (typeof answer === 'function' ? answer(question) : answer) : empty;

describe('names on the road out', async () => {
  const receiver = await startHostileReceiver();
  const stops: (() => Promise<void>)[] = [() => receiver.close()];
  after(async () => {
    for (const stop of stops.reverse()) await stop();
  });
  const ask = async (script: (question: NameQuestion) => NameAnswer, settings: Partial<EgressSettings> = {}) => {
    const names = await startScriptedNameServer(script);
    stops.push(() => names.close());
    return {
      names,
      egress: createLoopbackEgress({
        nameServers: [names.server],
        policy: { allowedTargets: ['127.0.0.0/8'] },
        ...settings,
      }),
    };
  };
  const connect = async (egress: Egress, name = 'receiver.example'): Promise<Connected | NotConnected> => {
    const target = parseTarget(`http://${name}:${receiver.port}/`);
    const made = await egress.connect({ target, method: 'POST', scope: 'default' }).result;
    if (made.kind === 'attached') made.socket.destroy();
    return made;
  };
  const failureOf = async (egress: Egress, name?: string): Promise<ConnectFailure | 'attached'> => {
    const made = await connect(egress, name);
    return made.kind === 'failed' ? made.failure : made.kind;
  };
  const blocked = { kind: 'blocked-address', reason: 'forbidden-address' } as const;

  it('a question that cannot even be asked has failed: whoever waits for it hears so', async () => {
    const query = createDnsQuery({ clock: systemClock, servers: ['no address'] });
    assert.deepEqual(await query.addresses('receiver.example', 4), { kind: 'failed', code: 'server-failed' });
    assert.equal(await query.alias('receiver.example'), null);
  });

  it('a name is resolved, judged and connected to, under its own address', async () => {
    const { egress, names } = await ask(onlyA({ records: [{ a: '127.0.0.1', ttl: 60 }] }));
    const made = await connect(egress);
    assert.ok(made.kind === 'attached', JSON.stringify(made));
    assert.equal(made.address, '127.0.0.1');
    assert.ok(made.dnsMs !== undefined && made.connectMs !== undefined);
    assert.deepEqual([...new Set(names.questions.map(({ name, type }) => `${type} ${name}`))].sort(), [
      'A receiver.example',
      'AAAA receiver.example',
    ]);
  });

  it('SD-01 a name that points at a forbidden address is blocked before any connection', async () => {
    const before = receiver.connections();
    for (const [a, policy] of [
      ['127.0.0.1', { allowedTargets: [] }],
      ['10.0.0.1', undefined],
      ['169.254.169.254', undefined],
    ] as const) {
      const { egress } = await ask(onlyA({ records: [{ a }] }), policy === undefined ? {} : { policy });
      assert.deepEqual(await failureOf(egress), blocked, a);
    }
    assert.equal(receiver.connections(), before);
  });

  it('SD-02 of a name that rebinds only the judged address is ever connected to', async () => {
    // Every second answer is forbidden; every connection asks once, since nothing may be cached for 0 seconds.
    let round = 0;
    const asked = new Set<number>();
    const { egress } = await ask(
      onlyA(() => {
        asked.add(round);
        return { records: [{ a: round % 2 === 0 ? '127.0.0.1' : '169.254.169.254', ttl: 0 }] };
      }),
    );
    for (; round < 300; round++) {
      const made = await connect(egress);
      if (round % 2 === 0) assert.ok(made.kind === 'attached' && made.address === '127.0.0.1');
      else assert.deepEqual(made.kind === 'failed' && made.failure, blocked);
    }
    assert.equal(asked.size, 300);
  });

  it('SD-02 10,000 rebinding answers from an injected resolver reach the forbidden address never', async () => {
    let asked = 0;
    const egress = createLoopbackEgress({
      query: {
        addresses: async (_name, family) =>
          family === 6
            ? { kind: 'failed', code: 'no-address' }
            : { kind: 'records', addresses: [asked++ % 2 === 0 ? '127.0.0.1' : '10.0.0.1'], ttlSeconds: 0 },
        alias: async () => null,
      },
    });
    const seen = new Set<string>();
    // Nobody listens there any more: refused at once, so that 10,000 tries cost no sockets.
    const gone = await startHostileReceiver();
    await gone.close();
    const target = parseTarget(`http://rebinding.example:${gone.port}/`);
    for (let round = 0; round < 10_000; round++) {
      const connecting = egress.connect({ target, method: 'POST', scope: 'default' });
      const made = await connecting.result;
      if (made.kind === 'attached') made.socket.destroy();
      seen.add(made.kind === 'failed' ? `${made.failure.kind} ${made.address}` : `attached ${made.address}`);
    }
    assert.deepEqual([...seen].sort(), ['blocked-address 10.0.0.1', 'connect-failed 127.0.0.1']);
  });

  it('SD-03 one forbidden address among public ones condemns the name', async () => {
    for (const records of [
      [{ a: '127.0.0.1' }, { a: '10.0.0.1' }],
      [{ a: '10.0.0.1' }, { a: '127.0.0.1' }],
    ]) {
      const { egress } = await ask(onlyA({ records }));
      assert.deepEqual(await failureOf(egress), blocked);
    }
  });

  it('SD-04 a forbidden address in the other family condemns the name', async () => {
    const { egress } = await ask(({ type }) =>
      type === 'A' ? { records: [{ a: '127.0.0.1' }] } : { records: [{ aaaa: '::1' }] },
    );
    assert.deepEqual(await failureOf(egress), blocked);
    const reverse = await ask(
      ({ type }) => (type === 'A' ? { records: [{ a: '10.0.0.1' }] } : { records: [{ aaaa: '::1' }] }),
      {
        policy: { allowedTargets: ['::1/128'] },
      },
    );
    assert.deepEqual(await failureOf(reverse.egress), blocked);
  });

  it('SD-05 an alias is judged by the address at its end', async () => {
    const chain = (end: string): NameAnswer => ({
      records: [
        ...Array.from({ length: 20 }, (_, hop) => ({
          name: hop === 0 ? 'receiver.example' : `hop${hop}.example`,
          cname: `hop${hop + 1}.example`,
        })),
        { name: 'hop20.example', a: end },
      ],
    });
    assert.equal(await failureOf((await ask(onlyA(chain('127.0.0.1')))).egress), 'attached');
    assert.deepEqual(await failureOf((await ask(onlyA(chain('10.0.0.1')))).egress), blocked);
  });

  it('SD-05 an alias that its server does not follow is followed, a loop of them is an outcome', async () => {
    const followed = await ask(({ name, type }) =>
      name === 'end.example'
        ? type === 'A'
          ? { records: [{ a: '127.0.0.1' }] }
          : empty
        : { records: [{ cname: 'end.example' }] },
    );
    assert.equal(await failureOf(followed.egress), 'attached');
    const loop = await ask(({ name }) => ({
      records: [{ cname: name === 'receiver.example' ? 'other.example' : 'receiver.example' }],
    }));
    assert.deepEqual(await failureOf(loop.egress), { kind: 'dns-failed', code: 'loop' });
    let hop = 0;
    const endless = await ask(({ type }) => ({ records: [{ cname: `hop${type === 'CNAME' ? ++hop : hop}.example` }] }));
    assert.deepEqual(await failureOf(endless.egress), { kind: 'dns-failed', code: 'loop' });
  });

  it('SD-06 IPv4 inside IPv6 answers is unwrapped and judged', async () => {
    for (const aaaa of ['::ffff:10.0.0.1', '64:ff9b::a00:1', '::7f00:1', '2002:7f00:1::1']) {
      const { egress } = await ask(({ type }) => (type === 'AAAA' ? { records: [{ aaaa }] } : empty));
      assert.deepEqual(await failureOf(egress), blocked, aaaa);
    }
  });

  it('SD-07 of 500 addresses a forbidden one is still found, wherever it stands', async () => {
    const many = Array.from({ length: 500 }, () => ({ a: '127.0.0.1' }));
    assert.equal(await failureOf((await ask(onlyA({ records: many }))).egress), 'attached');
    assert.deepEqual(
      await failureOf((await ask(onlyA({ records: [...many.slice(1), { a: '10.0.0.1' }] }))).egress),
      blocked,
    );
  });

  it('SD-08 SD-09 no such name, server failure, refusal and no record are outcomes of their own', async () => {
    const rows: readonly (readonly [NameAnswer, string])[] = [
      [{ rcode: 'NXDOMAIN' }, 'not-found'],
      [{ rcode: 'SERVFAIL' }, 'server-failed'],
      [{ rcode: 'REFUSED' }, 'refused'],
      [empty, 'no-address'],
    ];
    for (const [answer, code] of rows) {
      const { egress } = await ask(() => answer);
      assert.deepEqual(await failureOf(egress), { kind: 'dns-failed', code });
    }
  });

  it('SD-10 a name server that hangs ends by the deadline, and delays no other name and no file', async () => {
    const clock = createRunningClock();
    const { egress } = await ask(({ name }) => (name.startsWith('hang') ? 'hang' : { records: [{ a: '127.0.0.1' }] }), {
      clock,
      dnsTimeoutMs: 600_000,
    });
    let ended = 0;
    const hanging = Array.from({ length: 100 }, (_, index) => failureOf(egress, `hang${index}.example`));
    for (const failure of hanging) void failure.then(() => (ended += 1));
    const { readFile } = await import('node:fs/promises');
    for (let round = 0; round < 20; round++) {
      assert.equal(await failureOf(egress, `good${round}.example`), 'attached');
      await readFile(new URL(import.meta.url));
    }
    assert.equal(ended, 0, 'healthy names and the thread pool had their answers while these hung');
    clock.pass(600_000);
    assert.ok(
      (await Promise.all(hanging)).every(
        (failure) => typeof failure === 'object' && failure.kind === 'timeout' && failure.phase === 'dns',
      ),
    );
  });

  it('SD-11 SD-12 each connection judges anew: a name that moves to a forbidden address is blocked when its time has run out', async () => {
    const { egress } = await ask(
      onlyA(({ before }) => ({ records: [{ a: before === 0 ? '127.0.0.1' : '10.0.0.1', ttl: 1 }] })),
    );
    assert.equal(await failureOf(egress), 'attached');
    egress.setPolicy({ allowedTargets: ['127.0.0.0/8'] });
    assert.deepEqual(await failureOf(egress), blocked);
  });

  it('SD-13 a name of one label is refused before any question', async () => {
    const { egress, names } = await ask(onlyA({ records: [{ a: '127.0.0.1' }] }));
    assert.deepEqual(await failureOf(egress, 'db'), { kind: 'blocked-address', reason: 'forbidden-name' });
    assert.equal(names.questions.length, 0);
  });

  it('SD-13 an allowed name of one label is asked as it stands, without search domains', async () => {
    const { egress, names } = await ask(onlyA({ records: [{ a: '127.0.0.1' }] }), {
      policy: { allowedTargets: ['db', '127.0.0.0/8'] },
    });
    assert.equal(await failureOf(egress, 'db'), 'attached');
    assert.deepEqual([...new Set(names.questions.map(({ name }) => name))], ['db']);
  });

  it('SD-14 noise, answers to other questions and malformed packets are outcomes, never a crash', async () => {
    for (const answer of ['noise', 'wrong-id', 'malformed'] as const) {
      const { egress } = await ask(() => answer, { dnsTimeoutMs: 400 });
      const failure = await failureOf(egress);
      assert.ok(
        typeof failure === 'object' && ['timeout', 'dns-failed'].includes(failure.kind),
        `${answer}: ${JSON.stringify(failure)}`,
      );
    }
  });

  it('no name server at all is an outcome', async () => {
    const names = await startScriptedNameServer(() => empty);
    await names.close();
    const egress = createLoopbackEgress({ nameServers: [names.server], dnsTimeoutMs: 1_000 });
    const failure = await failureOf(egress);
    assert.ok(
      typeof failure === 'object' &&
        (failure.kind === 'timeout' || (failure.kind === 'dns-failed' && failure.code === 'unreachable')),
      JSON.stringify(failure),
    );
  });

  it('an AAAA question that never comes back holds the name up only shortly', async () => {
    const egress = createLoopbackEgress({
      query: {
        addresses: (_name, family) =>
          family === 4
            ? Promise.resolve({ kind: 'records', addresses: ['127.0.0.1'], ttlSeconds: 60 })
            : new Promise(() => undefined),
        alias: async () => null,
      },
      dnsTimeoutMs: 600_000,
    });
    const startedMs = performance.now();
    assert.equal(await failureOf(egress), 'attached');
    assert.ok(performance.now() - startedMs < 20_000);
  });

  it('many messages to one name ask once', async () => {
    const { names } = await ask(onlyA({ records: [{ a: '127.0.0.1', ttl: 30 }] }));
    const query = createDnsQuery({ clock: runningClock, servers: [names.server] });
    let asked = 0;
    const addresses: DnsQuery['addresses'] = (name, family) => {
      asked += 1;
      return query.addresses(name, family);
    };
    const { transport } = await startLoopbackTransport({ query: { ...query, addresses } });
    const url = `http://receiver.example:${receiver.port}/`;
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, () => transport.send(messageTo(url, { connectionsMax: 30 }))),
    );
    assert.ok(outcomes.every((outcome) => outcome.kind === 'response' && outcome.address === '127.0.0.1'));
    // Packets may be more: what is not answered in time is sent again.
    assert.equal(asked, 2, 'once for each family');
    assert.ok(receiver.requests.at(-1)?.head.includes(`host: receiver.example:${receiver.port}`));
    await transport.stop();
  });

  it('localhost is never asked for: it is the loopback addresses the operator opened', async () => {
    const { egress, names } = await ask(() => ({ records: [{ a: '10.0.0.1' }] }));
    assert.equal(await failureOf(egress, 'localhost'), 'attached');
    assert.equal(await failureOf(egress, 'a.localhost'), 'attached');
    const shut = await ask(() => ({ records: [{ a: '127.0.0.1' }] }), { policy: { allowedTargets: ['10.0.0.0/8'] } });
    assert.deepEqual(await failureOf(shut.egress, 'localhost'), { kind: 'blocked-address', reason: 'forbidden-name' });
    assert.equal(names.questions.length + shut.names.questions.length, 0);
  });
});
