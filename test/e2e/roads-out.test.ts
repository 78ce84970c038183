/**
 * What leaves the server and what comes back, with real sockets: every road of a webhook is judged when it is taken, the log
 * says of every request what the receiver says of it, and answers made to harm do not stop the log.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { inProcess } from '../../src/cli/testing/in-process.ts';
import { adminKey, eventually, expectStatus, type RealServer, rows, startRealServer, text } from './real-server.ts';

type Arrival = { readonly id: string; readonly attempt: string; readonly path: string; readonly sha256: string };
type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
type Receiver = AsyncDisposable & {
  readonly port: number;
  readonly arrivals: Arrival[];
  connections: number;
};

async function startReceiver(
  answer: Answer = (_request, response) => void response.writeHead(204).end(),
  host = '127.0.0.1',
) {
  const receiver: Omit<Receiver, 'port'> = {
    arrivals: [],
    connections: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      receiver.arrivals.push({
        id: String(request.headers['assetwire-delivery-id']),
        attempt: String(request.headers['assetwire-attempt']),
        path: request.url ?? '',
        sha256: createHash('sha256').update(body).digest('hex'),
      });
      answer(request, response, body.toString());
    });
  });
  server.on('connection', () => {
    receiver.connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return Object.assign(receiver, { port: (server.address() as AddressInfo).port });
}

let server: RealServer;
before(async () => {
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'] });
});
after(() => server[Symbol.asyncDispose]());

const quickly = {
  breaker: null,
  schedule: { delaysMs: Array.from({ length: 20 }, () => 20), jitter: 0, ageMaxMs: 60_000 },
};

async function webhook(url: string, more: object = {}): Promise<string> {
  const body = { name: url, dialect: 'standard', target: { transport: 'http', url }, events: ['*'], ...more };
  return text(expectStatus(await server.call('/v1/webhooks', { body }), 201).json['id']);
}

async function change(externalId: string, more: object = {}, ok = true): Promise<number> {
  const item = {
    kind: 'asset.tags_changed',
    subject: { type: 'asset', externalId },
    after: { name: 'a.jpg', tags: [String(Math.random())] },
    ...more,
  };
  const { status } = await server.call('/v1/changes', { body: item });
  if (ok) assert.ok(status < 300, String(status));
  return status;
}

type Detail = {
  readonly id: string;
  readonly state: string;
  readonly reason?: string;
  readonly attemptRecords: readonly (Record<string, unknown> & { readonly response?: Record<string, unknown> })[];
};

async function deliveriesOf(webhookId: string): Promise<readonly Detail[]> {
  const { json } = expectStatus(await server.call(`/v1/deliveries?webhookId=${webhookId}&limit=200`), 200);
  return Promise.all(
    rows(json).map(async ({ id }) => (await server.call(`/v1/deliveries/${text(id)}`)).json as unknown as Detail),
  );
}

const settled = (webhookId: string, count: number): Promise<readonly Detail[]> =>
  eventually(
    () => deliveriesOf(webhookId),
    (all) => all.length >= count && all.every(({ state }) => state !== 'pending'),
    `${count} deliveries that ended`,
  );

test('SR-07 SR-08 what a webhook is told of, asked, tried or alarmed by goes nowhere that is shut, and an open port there looks like a closed one', async () => {
  await using canary = await startReceiver();
  await using gone = await startReceiver();
  const shutPort = gone.port;
  await gone[Symbol.asyncDispose]();
  const dam = await startRealServer({ allowedTargets: ['127.0.0.0/8'] });
  const settings = { dataDir: dam.dataDir };
  const made: Record<string, string> = {};
  for (const [name, port, more] of [
    ['open', canary.port, { events: ['asset.tags_changed'] }],
    ['closed', shutPort, { events: ['asset.tags_changed'] }],
    ['alerts', canary.port, { events: ['webhook.disabled', 'webhook.enabled'] }],
    ['asked', canary.port, { dialect: 'cloudevents', events: ['*'], enabled: false }],
  ] as const) {
    const body = {
      name,
      dialect: 'standard',
      target: { transport: 'http', url: `http://127.0.0.1:${port}/` },
      policy: quickly,
      ...more,
    };
    made[name] = text(expectStatus(await dam.call('/v1/webhooks', { body }), 201).json['id']);
  }
  await dam.started.stop();
  const before = canary.connections;
  // The same installation, with nothing allowed any more: what was let in at its making is judged when it is taken.
  await using tight = await startRealServer({ allowedTargets: [], settings });
  const ask = async (path: string, body?: object) =>
    expectStatus(await tight.call(path, body === undefined ? {} : { body }), body === undefined ? 200 : 202).json;
  const tested: unknown[] = [];
  for (const name of ['open', 'closed']) {
    const answer = await tight.call(`/v1/webhooks/${made[name]}/test?wait=30`, { method: 'POST', body: {} });
    assert.ok(answer.status < 300, answer.text);
    tested.push(answer.json);
  }
  await ask('/v1/changes', {
    kind: 'asset.tags_changed',
    subject: { type: 'asset', externalId: 'x' },
    after: { name: 'x', tags: ['a'] },
  });
  // An alarm of the installation itself, and a question to an endpoint that is to be asked first.
  expectStatus(await tight.call(`/v1/webhooks/${made['closed']}/disable`, { method: 'POST', body: {} }), 200);
  expectStatus(await tight.call(`/v1/webhooks/${made['asked']}/enable`, { method: 'POST', body: {} }), 200);
  const list = async (): Promise<readonly Record<string, unknown>[]> =>
    rows(await ask('/v1/deliveries?limit=100')).map((row) => row);
  const ended = await eventually(
    list,
    (all) =>
      ['open', 'closed', 'alerts', 'asked'].every((name) =>
        all.some(({ webhookId, state }) => webhookId === made[name] && state === 'rejected'),
      ) && all.every(({ state }) => state !== 'pending'),
    'a rejected delivery on every road',
  );
  assert.deepEqual([...new Set(ended.map(({ origin }) => origin))].sort(), [
    'change',
    'handshake',
    'operational',
    'test',
  ]);
  for (const { reason, state } of ended.filter((row) => row['state'] !== 'held')) {
    assert.deepEqual([state, reason], ['rejected', 'blocked-address']);
  }
  assert.equal(canary.connections, before, 'something opened a connection');
  // Beside ids and times the two answers are one: nobody learns by the test button what listens inside.
  const plain = tested.map((one) =>
    JSON.stringify(one)
      .replaceAll(/"[a-z]+_[0-9a-z]{26}"/g, '"id"')
      .replaceAll(/127\.0\.0\.1:\d+/g, 'place')
      .replaceAll(/"v1,[^"]*"/g, '"signature"')
      .replaceAll(/"[0-9a-f]{64}"/g, '"hash"')
      .replaceAll(/:\d+(?:\.\d+)?/g, ':0')
      .replaceAll(/"\d{10}"/g, '"0"')
      .replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"time"'),
  );
  assert.equal(plain[0], plain[1]);
  assert.doesNotMatch(plain[0] ?? '', /ECONN|refused by|reset/i);
});

test('LG-06 every request that a receiver saw is one record of the log, with what it saw, and nothing else is', async () => {
  let count = 0;
  await using receiver = await startReceiver((request, response) => {
    count += 1;
    if (count % 7 === 0) return void request.socket.destroy();
    response.writeHead(count % 3 === 0 ? 503 : 200).end(`answer ${count}`);
  });
  const id = await webhook(`http://127.0.0.1:${receiver.port}/log`, {
    policy: quickly,
    events: ['asset.tags_changed'],
  });
  for (let n = 0; n < 40; n += 1) await change(`log-${n}`);
  const all = await settled(id, 40);
  const recorded = all.flatMap(({ id: delivery, attemptRecords }) =>
    attemptRecords.map(
      (attempt) => `${delivery} ${String(attempt['number'])} ${String(requestOf(attempt)['bodySha256'])}`,
    ),
  );
  const seen = receiver.arrivals.map((arrival) => `${arrival.id} ${arrival.attempt} ${arrival.sha256}`);
  assert.ok(seen.length > 45, `${seen.length} requests`);
  assert.deepEqual(recorded.toSorted(), seen.toSorted());
  for (const attempt of all.flatMap(({ attemptRecords }) => attemptRecords)) {
    const { totalMs } = attempt['timing'] as { totalMs: number };
    assert.ok(totalMs >= 0 && totalMs < 15_000);
    assert.equal(attempt['address'], '127.0.0.1');
    assert.equal(attempt['webhookRevision'], 1);
    assert.ok(Number(requestOf(attempt)['bodyBytes']) > 100);
    if (attempt['outcome'] === 'response') assert.equal(String(attempt.response?.['status']), attempt['code']);
    else assert.deepEqual([attempt['outcome'], attempt['code']], ['broken', 'reset']);
  }
  assert.ok(all.some(({ attemptRecords }) => attemptRecords.some(({ outcome }) => outcome === 'broken')));
  await server.call(`/v1/webhooks/${id}`, { method: 'DELETE' });
});

function requestOf(attempt: Record<string, unknown>): Record<string, unknown> {
  return attempt['request'] as Record<string, unknown>;
}

test('RX-04 an answer that is large, broken and full of what no text may hold is recorded once, and the delivery goes on', async () => {
  const nasty = Buffer.concat([
    Buffer.from([0, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x1b, 0x5b]),
    Buffer.from('\u202e"\\"\u2028'.repeat(50_000)),
  ]);
  await using receiver = await startReceiver((request, response) => {
    const first = request.headers['assetwire-attempt'] === '1';
    const headers = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`x-h${at}`, 'v'.repeat(200)]));
    response.writeHead(first ? 500 : 200, { 'content-type': 'text/plain; charset=utf-16', ...headers });
    response.end(nasty);
  });
  const id = await webhook(`http://127.0.0.1:${receiver.port}/large`, {
    policy: quickly,
    events: ['asset.tags_changed'],
  });
  for (let n = 0; n < 5; n += 1) await change(`large-${n}`);
  for (const { state, attemptRecords } of await settled(id, 5)) {
    assert.equal(state, 'delivered');
    const [failed, delivered] = attemptRecords;
    assert.equal(attemptRecords.length, 2);
    assert.deepEqual([failed?.['code'], delivered?.['code']], ['500', '200']);
    const kept = Buffer.from(text(failed?.response?.['bodyBase64']), 'base64');
    assert.ok(kept.length === 16_384 && kept.equals(nasty.subarray(0, kept.length)));
  }
  assert.equal(receiver.arrivals.length, 10, 'each attempt was made once');
  await server.call(`/v1/webhooks/${id}`, { method: 'DELETE' });
});

test('RX-22 a receiver that reports every change anew is told how deep it is, and at the eighth turn it is refused', async () => {
  const statuses: number[] = [];
  await using receiver = await startReceiver((request, response) => {
    response.writeHead(204).end();
    const depth = Number(request.headers['assetwire-causation-depth'] ?? 0);
    void change('loop', { causationDepth: depth + 1 }, false).then((status) => statuses.push(status));
  });
  const id = await webhook(`http://127.0.0.1:${receiver.port}/loop`, { events: ['asset.tags_changed'] });
  await change('loop');
  await eventually(
    () => Promise.resolve(statuses),
    (all) => all.includes(422),
    'a refusal',
  );
  assert.deepEqual(statuses, [...Array.from({ length: 8 }, () => 202), 422]);
  assert.equal(receiver.arrivals.length, 9);
  const { json } = await server.call('/v1/changes?kinds=asset.tags_changed&limit=200');
  const depths = rows(json)
    .filter((row) => (row['subject'] as { externalId?: unknown }).externalId === 'loop')
    .map((row) => Number(row['causationDepth']));
  assert.deepEqual([Math.max(...depths), depths.length], [8, 9]);
  await server.call(`/v1/webhooks/${id}`, { method: 'DELETE' });
});

test('CF-07 CF-08 an answer that is no consent, and a redirect to somebody who would consent, confirm nothing', async () => {
  await using willing = await startReceiver((request, response) => {
    response
      .writeHead(200, { 'WebHook-Allowed-Origin': String(request.headers['webhook-request-origin'] ?? '*') })
      .end();
  });
  const answers: Readonly<Record<string, (origin: string) => readonly [number, Record<string, string>]>> = {
    nothing: () => [200, {}],
    empty: () => [200, { 'WebHook-Allowed-Origin': '' }],
    other: () => [200, { 'WebHook-Allowed-Origin': 'other.example' }],
    longer: (origin) => [200, { 'WebHook-Allowed-Origin': `${origin}.evil.example` }],
    part: (origin) => [200, { 'WebHook-Allowed-Origin': origin.slice(0, -1) }],
    two: (origin) => [200, { 'WebHook-Allowed-Origin': `${origin} other.example` }],
    moved: () => [302, { location: `http://127.0.0.1:${willing.port}/` }],
    kept: () => [308, { location: `http://127.0.0.1:${willing.port}/` }],
  };
  await using receiver = await startReceiver((request, response) => {
    const make = answers[(request.url ?? '').slice(1)];
    const [status, headers] = make?.(String(request.headers['webhook-request-origin'])) ?? [404, {}];
    response.writeHead(status, headers).end();
  });
  const ids: string[] = [];
  for (const name of Object.keys(answers)) {
    ids.push(await webhook(`http://127.0.0.1:${receiver.port}/${name}`, { dialect: 'cloudevents', events: ['*'] }));
  }
  await eventually(
    () => Promise.resolve(new Set(receiver.arrivals.map(({ path }) => path)).size),
    (count) => count === ids.length,
    'all to be asked',
  );
  await change('unheard');
  // Nobody consented: the change is told to none of them, and nobody else was asked.
  await eventually(
    async () =>
      (await Promise.all(ids.map(deliveriesOf))).flat().filter(({ attemptRecords }) => attemptRecords.length > 0),
    (all) => all.length >= ids.length,
    'the answers to be judged',
  );
  for (const id of ids) {
    const { json } = await server.call(`/v1/webhooks/${id}`);
    assert.notEqual(json['state'], 'enabled', JSON.stringify(json));
  }
  assert.equal(willing.connections, 0);
  for (const id of ids) await server.call(`/v1/webhooks/${id}`, { method: 'DELETE' });
});

test('FC-05 a clock that is off shows by the answers of receivers: in a notice and in a number', async () => {
  const late: Answer = (_request, response) =>
    void response.writeHead(401, { date: new Date(Date.now() - 600_000).toUTCString() }).end();
  await using one = await startReceiver(late);
  await using two = await startReceiver(late, '127.0.0.2');
  await using three = await startReceiver(late, '127.0.0.3');
  const urls = [`127.0.0.1:${one.port}`, `127.0.0.2:${two.port}`, `127.0.0.3:${three.port}`];
  const ids = await Promise.all(urls.map((place) => webhook(`http://${place}/`, { policy: quickly })));
  let told = 0;
  const [notice] = await eventually(
    async () => {
      // Of each few seconds only the first answers are looked at, and there were others before.
      await change(`clock-${(told += 1)}`);
      return rows((await server.call('/v1/notices?kind=clock.skew')).json);
    },
    (notices) => notices.length > 0,
    'a notice',
  );
  const said = /^The clock of this server is (\d+) seconds ahead, by what 3 receivers answer/.exec(
    text(notice?.['text']),
  );
  // How long an answer is on its way is in it too, and a machine may stand still meanwhile.
  assert.ok(Math.abs(Number(said?.[1]) - 600) < 60, text(notice?.['text']));
  const metrics = (await server.call('/metrics')).text;
  const shown = /^assetwire_clock_behind_seconds (-?[\d.]+)$/m.exec(metrics)?.[1];
  assert.ok(Math.abs(Number(shown) + 600) < 60, shown);
  const { port } = new URL(server.url);
  const environment = { ASSETWIRE_PORT: port, ASSETWIRE_DATA_DIR: server.dataDir, ASSETWIRE_KEY: adminKey };
  const doctor = JSON.parse((await inProcess(environment).run('doctor', '--json')).out) as {
    readonly data: readonly { readonly name: string; readonly result: string; readonly detail: string }[];
  };
  const { result, detail } = doctor.data.find(({ name }) => name === 'Clock of receivers') ?? {};
  assert.deepEqual([result, detail], ['warning', notice?.['text']]);
  for (const id of ids) await server.call(`/v1/webhooks/${id}`, { method: 'DELETE' });
});
