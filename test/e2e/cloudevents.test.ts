/**
 * Receivers of CloudEvents against the real server: the question before anything is sent, consent at once, later by the
 * link, or never, events read by the SDK of the CNCF, and the preflight of a partner's own package.
 */
import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { WebPubSubEventHandler } from '@azure/web-pubsub-express';
import { CloudEvent, HTTP } from 'cloudevents';
import { eventually, expectStatus, type RealServer, startRealServer, text } from './real-server.ts';

type Arrival = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};
type Receiver = AsyncDisposable & {
  readonly url: string;
  readonly arrivals: Arrival[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
};

async function startReceiver(answer: Receiver['answer']): Promise<Receiver> {
  const arrivals: Arrival[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += String(chunk);
    });
    request.on('end', () => {
      arrivals.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      receiver.answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/events`,
    arrivals,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

const consents =
  (rate?: string): Receiver['answer'] =>
  (request, response) => {
    if (request.method !== 'OPTIONS') {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, {
      'WebHook-Allowed-Origin': String(request.headers['webhook-request-origin']),
      ...(rate === undefined ? {} : { 'WebHook-Allowed-Rate': rate }),
    });
    response.end();
  };
/** Says nothing of consent, and what it was asked. */
const silent: Receiver['answer'] = (request, response) =>
  void response.writeHead(200).end(JSON.stringify(request.headers).replaceAll('/', '\\/'));

let server: RealServer;
before(async () => {
  server = await startRealServer({
    allowedTargets: ['127.0.0.0/8'],
    settings: { publicUrl: 'https://dam.example/assets' },
  });
});
after(() => server[Symbol.asyncDispose]());

let subjects = 0;
async function change(): Promise<void> {
  subjects += 1;
  const subject = { type: 'asset', externalId: `ce-${subjects}` };
  const body = { changes: [{ kind: 'asset.tags_changed', subject, after: { name: 'ü.jpg', tags: ['a'] } }] };
  expectStatus(await server.call('/v1/changes', { body }), 202);
}

async function create(target: string, more: object = {}): Promise<string> {
  const body = {
    name: 'Events',
    dialect: 'cloudevents',
    target: { transport: 'http', url: target },
    events: ['assetwire.asset.tags_changed'],
    ...more,
  };
  const made = expectStatus(await server.call('/v1/webhooks', { body }), 201);
  assert.equal(made.json['state'], 'pending');
  return text(made.json['id']);
}

const stateOf = async (id: string): Promise<unknown> => (await server.call(`/v1/webhooks/${id}`)).json['state'];
const becomes = (id: string, state: string): Promise<unknown> =>
  eventually(
    () => stateOf(id),
    (now) => now === state,
    state,
  );

test('an endpoint is asked first, told nothing before it consents, and then told by events that the SDK reads', async () => {
  await using receiver = await startReceiver(silent);
  const id = await create(receiver.url, {
    credentials: { kind: 'bearer', token: 'a-token-of-the-receiver', in: 'query' },
  });
  await eventually(
    () => Promise.resolve(receiver.arrivals.length),
    (count) => count === 1,
    'the question',
  );
  await change();
  const [question] = receiver.arrivals;
  assert.equal(question?.method, 'OPTIONS');
  assert.equal(question.headers['webhook-request-origin'], 'dam.example');
  assert.equal(question.body, '');
  const callback = String(question.headers['webhook-request-callback']);
  assert.match(callback, /^https:\/\/dam\.example\/assets\/cloudevents\/consent\/[\w-]{27}$/);
  assert.equal(await stateOf(id), 'pending');
  const path = callback.slice('https://dam.example/assets'.length);
  const asked = await server.call(`/v1/deliveries?webhookId=${id}`);
  const [first] = asked.json['data'] as readonly { readonly id: string }[];
  const shownQuestion = JSON.stringify((await server.call(`/v1/deliveries/${String(first?.id)}`)).json);
  assert.match(shownQuestion, /cloudevents\/consent\/•••/);
  const token = path.slice(path.lastIndexOf('/') + 1);
  assert.ok(!`${shownQuestion}${server.log.join('')}`.includes(token), 'who reads the log cannot consent');
  for (const origin of ['evil.example', 'dam.example.evil.example', ' ']) {
    const forged = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'webhook-allowed-origin': origin },
    });
    assert.equal(forged.status, 400, origin);
  }
  assert.equal(await stateOf(id), 'pending');
  const later = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'webhook-allowed-origin': 'dam.example', 'webhook-allowed-rate': '600' },
  });
  assert.equal(later.status, 200, await later.text());
  await becomes(id, 'enabled');
  const shown = await server.call(`/v1/webhooks/${id}`);
  assert.equal((shown.json['policy'] as { readonly requestsPerSecondMax?: unknown }).requestsPerSecondMax, 10);
  await change();
  await eventually(
    () => Promise.resolve(receiver.arrivals.length),
    (count) => count >= 2,
    'an event',
  );
  const events = receiver.arrivals.filter(({ method }) => method === 'POST');
  assert.equal(events.length, 1, 'what happened before the consent is told nobody');
  const [arrived] = events;
  assert.ok(arrived !== undefined);
  assert.equal(arrived.headers['webhook-request-origin'], 'dam.example');
  assert.equal(arrived.url, '/events?access_token=a-token-of-the-receiver');
  const event = HTTP.toEvent({ headers: arrived.headers, body: arrived.body });
  assert.ok(event instanceof CloudEvent && event.validate());
  assert.equal(event.source, 'https://dam.example/assets/cloudevents/workspaces/default');
  const schema = await fetch(`${server.url}${String(event.dataschema).slice('https://dam.example/assets'.length)}`);
  assert.equal(schema.status, 200);
  const log = await eventually(
    () => server.call(`/v1/deliveries?webhookId=${id}&states=delivered`),
    ({ json }) => (json['data'] as readonly unknown[]).length > 0,
    'it is recorded',
  );
  assert.ok(!JSON.stringify(log.json).includes('a-token-of-the-receiver'));
  const [delivery] = log.json['data'] as readonly { readonly id: string }[];
  const detail = await server.call(`/v1/deliveries/${String(delivery?.id)}`);
  assert.ok(!JSON.stringify(detail.json).includes('a-token-of-the-receiver'), 'the token is masked where it is shown');
});

test('consent that comes with the answer begins at once; another target and enabling again are asked anew', async () => {
  await using receiver = await startReceiver(consents());
  await using second = await startReceiver(consents('60'));
  const id = await create(receiver.url);
  await becomes(id, 'enabled');
  const target = { transport: 'http', url: second.url };
  const moved = expectStatus(await server.call(`/v1/webhooks/${id}`, { method: 'PATCH', body: { target } }), 200);
  assert.equal(moved.json['state'], 'pending');
  await becomes(id, 'enabled');
  assert.deepEqual(
    second.arrivals.map(({ method }) => method),
    ['OPTIONS'],
  );
  expectStatus(await server.call(`/v1/webhooks/${id}/disable`, { method: 'POST', body: {} }), 200);
  expectStatus(await server.call(`/v1/webhooks/${id}/enable`, { method: 'POST', body: {} }), 200);
  await becomes(id, 'enabled');
  assert.deepEqual(
    second.arrivals.map(({ method }) => method),
    ['OPTIONS', 'OPTIONS'],
  );
});

test('410 to the question retires the endpoint; a token that is none of ours answers nothing', async () => {
  await using receiver = await startReceiver((_request, response) => void response.writeHead(410).end());
  const id = await create(receiver.url);
  await becomes(id, 'disabled');
  const { json } = await server.call(`/v1/webhooks/${id}`);
  assert.match(String(json['stateReason']), /410/);
  for (const method of ['GET', 'POST']) {
    const answer = await fetch(`${server.url}/cloudevents/consent/${'A'.repeat(27)}`, { method });
    assert.equal(answer.status, 404);
  }
});

test("a partner's own preflight is understood: @azure/web-pubsub-express allows us by its own headers", async () => {
  const handler = new WebPubSubEventHandler('hub', { path: '/events', allowedEndpoints: ['https://dam.example'] });
  const middleware = handler.getMiddleware();
  await using receiver = await startReceiver((request, response) => {
    const forExpress = Object.assign(request, { path: '/events', baseUrl: '' });
    void Promise.resolve(middleware(forExpress as never, response as never, () => void response.writeHead(404).end()));
  });
  // The package answers its own service only, which says so by this header.
  const id = await create(receiver.url, { headers: [['ce-awpsversion', '1.0']] });
  await becomes(id, 'enabled');
});

test('an inbox of our own consents, unless it was told to answer with failures', async () => {
  const made = await server.call('/v1/inboxes', { body: {} });
  const id = await create(text(made.json['url']));
  await becomes(id, 'enabled');
  const failing = await server.call('/v1/inboxes', { body: {} });
  const inbox = text(failing.json['id']);
  expectStatus(await server.call(`/v1/inboxes/${inbox}`, { method: 'PATCH', body: { status: 500 } }), 200);
  const asked = await create(text(failing.json['url']));
  await eventually(
    () => server.call(`/v1/deliveries?webhookId=${asked}`),
    ({ json }) => (json['data'] as readonly { readonly attempts: number }[]).some(({ attempts }) => attempts > 0),
    'an attempt',
  );
  assert.equal(await stateOf(asked), 'pending');
});

// The last one: this address has to wait then.
test('CF-02 links of consent are not found by trying: 404, then 429, and the wait is said', async () => {
  const tried = async (n: number) =>
    fetch(`${server.url}/cloudevents/consent/${String(n).padStart(27, 'A')}`, { method: 'POST' });
  const answers: Response[] = [];
  for (let n = 0; n < 2_000 && answers.at(-1)?.status !== 429; n += 1) answers.push(await tried(n));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [404, 429]);
  assert.match(String(answers.at(-1)?.headers.get('retry-after')), /^\d+$/);
});
