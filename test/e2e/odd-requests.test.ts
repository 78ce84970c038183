/** What an ordinary client never sends and a curious one does: keys spelt otherwise, names that mean something elsewhere. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call } from '../../src/api/testing/test-server.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

let server: RealServer;
let tenant: Tenant;
let inbox: string;
let webhook: string;

before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('curious');
  const made = await tenant.ask('/v1/inboxes', { method: 'POST' });
  inbox = text(made['id']);
  webhook = text((await hook(text(made['url'])))['id']);
});
after(() => server[Symbol.asyncDispose]());

function hook(url: string, rest: object = {}): Promise<Readonly<Record<string, unknown>>> {
  const target = { transport: 'http', url };
  return tenant.ask('/v1/webhooks', { body: { name: 'hook', dialect: 'standard', target, events: ['*'], ...rest } });
}

const report = (name: string, rest: object = {}) => ({
  kind: 'asset.created',
  subject: { type: 'asset', externalId: name },
  after: { name, path: '/odd' },
  ...rest,
});

/** What the inbox got of the asset with this name. */
function received(name: string): Promise<Readonly<Record<string, unknown>>> {
  const find = async () => {
    const requests = rows(await tenant.ask(`/v1/inboxes/${inbox}/requests`));
    return requests.find((request) => bodyOf(request).includes(JSON.stringify(name)));
  };
  return eventually(find, (found) => found !== undefined, `the webhook of ${name}`).then((found) => found ?? {});
}

const bodyOf = (request: Readonly<Record<string, unknown>>): string =>
  Buffer.from(text(request['bodyBase64']), 'base64').toString();

test('AK-10 a key is itself in one spelling only, before and after it is revoked', async () => {
  const { id, key } = await server.key('curious', ['webhooks:read']);
  const last = key.slice(-1);
  const neighbours = [...'0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_'].filter(
    (one) => one !== last,
  );
  const spellings = [
    key.toUpperCase(),
    `${key}=`,
    `${key}==`,
    `${key}.`,
    `${key}%00`,
    key.replace('_', '%5f'),
    key.replaceAll('-', '+').replaceAll('_', '/'),
    Buffer.from(key).toString('base64'),
    Buffer.from(key).toString('base64url'),
    `${key},${key}`,
    `${key} ${key}`,
    `"${key}"`,
    // Where the last character carries bits that nobody reads, a neighbour of it would do as well.
    ...neighbours.map((one) => key.slice(0, -1) + one),
  ];
  const ask = (token: string) => call(server.url, '/v1/webhooks', { token });
  assert.equal((await ask(key)).status, 200);
  for (const spelling of spellings)
    if (spelling !== key) assert.ok([400, 401, 429].includes((await ask(spelling)).status), spelling);
  assert.equal((await tenant.call(`/v1/keys/${id}`, { method: 'DELETE' })).status, 204);
  for (const spelling of [key, ...spellings]) assert.notEqual((await ask(spelling)).status, 200, spelling);
});

test('SG-05 nobody but the server names a message: what is signed cannot be shifted by a dot', async () => {
  for (const field of ['id', 'messageId', 'webhook-id', 'webhookId', 'timestamp']) {
    const answer = await tenant.call('/v1/changes', { body: report('shifted', { [field]: 'msg_1.1795000000' }) });
    assert.deepEqual([answer.status, answer.json['code']], [422, 'invalid_request'], field);
  }
  const name = 'a.b.1795000000.{"c":1}';
  expectStatus(await tenant.call('/v1/changes', { body: report(name), headers: { 'idempotency-key': 'a.b.c' } }), 202);
  const { headers } = await received(name);
  const sent = new Map(headers as [string, string][]);
  assert.match(sent.get('webhook-id') ?? '', /^[A-Za-z0-9_-]+$/);
  assert.match(sent.get('webhook-timestamp') ?? '', /^\d+$/);
});

test('IN-18 what is a template elsewhere is text here: in names, descriptions, paths, tags and metadata', async () => {
  const shapes = [
    '{{617*1381}}',
    '${process.env.HOME}',
    '<%= 617*1381 %>',
    '#{617*1381}',
    '{{constructor.constructor("return 1")()}}',
  ];
  for (const [at, shape] of shapes.entries()) {
    const name = `t${at} ${shape}`;
    const after_ = {
      name,
      path: `/odd/${at}`,
      tags: [shape],
      info: { description: shape },
      metadata: { [`f${at}`]: shape },
    };
    expectStatus(await tenant.call('/v1/changes', { body: report(name, { after: after_ }) }), 202);
    const request = await received(name);
    const strings = bodyOf(request);
    assert.equal(strings.split(JSON.stringify(shape).slice(1, -1)).length - 1 >= 4, true, strings);
    assert.ok(!strings.includes('852077'), strings);
  }
  const target = { transport: 'http', url: 'https://receiver.example/{{617*1381}}/${1+1}' };
  const made = await tenant.call('/v1/webhooks', {
    body: {
      name: '{{617*1381}}',
      description: '<%= 617*1381 %>',
      dialect: 'standard',
      target,
      events: ['*'],
      state: 'disabled',
    },
  });
  if (made.status === 201) {
    assert.equal(made.json['name'], '{{617*1381}}');
    assert.doesNotMatch(made.text, /852077/);
  } else assert.equal(made.status, 422, made.text);
});

test('IN-19 an event is one that the dialect has, or a refusal that names those there are', async () => {
  const odd = [
    '',
    ' ',
    'a'.repeat(257),
    'a..b',
    'asset',
    'asset.',
    '.created',
    'asset.created ',
    'ASSET.CREATED',
    '../x',
  ];
  for (const event of [...odd, 'hasOwnProperty', '__proto__', 'constructor', 'aßet', 'asset.created\n', '**']) {
    const answer = await tenant.call(`/v1/webhooks/${webhook}`, { method: 'PATCH', body: { events: [event] } });
    assert.deepEqual(
      [answer.status, String(answer.json['code']).split('_')[0]],
      [422, 'invalid'],
      JSON.stringify(event),
    );
  }
  assert.deepEqual((await tenant.ask(`/v1/webhooks/${webhook}`))['events'], ['*']);
});

test('IN-20 LG-11 what people choose is no label: the metrics have as many lines after a thousand names as before', async () => {
  const scrape = async (): Promise<readonly string[]> => {
    const { text: all } = await tenant.call('/metrics');
    return all.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  };
  await eventually(
    async () => rows(await tenant.ask('/v1/deliveries?states=pending')),
    (left) => left.length === 0,
    'calm',
  );
  const before_ = await scrape();
  for (let n = 0; n < 10; n += 1) {
    const changes = Array.from({ length: 100 }, (_, at) =>
      report(`name-${n}-${at}@mail.example`, {
        after: {
          name: `n${n}-${at}`,
          path: `/odd/${n}/${at}`,
          tags: [`tag-${n}-${at}`],
          metadata: { [`key-${n}-${at}`]: at },
        },
      }),
    );
    const headers = { 'user-agent': `agent/${n}` };
    assert.ok((await tenant.call('/v1/changes', { body: { changes }, headers })).status < 300);
  }
  await eventually(
    async () => rows(await tenant.ask('/v1/deliveries?states=pending')),
    (left) => left.length === 0,
    'calm',
  );
  const names = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => line.slice(0, line.lastIndexOf(' '))).sort();
  const afterwards = await scrape();
  assert.deepEqual(names(afterwards), names(before_));
  assert.ok(afterwards.length < 10_000);
  assert.doesNotMatch(afterwards.join('\n'), /@|https?:|name-|tag-|agent\/|curious/);
});

test('IN-22 preconditions and ranges as odd as they may be are understood as HTTP says, or refused', async () => {
  const asset = expectStatus(await tenant.upload('range.txt', Buffer.from('0123456789')), 201).json;
  const content = `/v1/assets/${text(asset['id'])}/content`;
  const ask = (headers: Readonly<Record<string, string>>) => tenant.call(content, { headers });
  const plain = await ask({});
  const tag = text(plain.headers.etag);
  for (const [headers, status, body] of [
    [{ range: 'bytes=2-4' }, 206, '234'],
    [{ range: 'bytes=-3' }, 206, '789'],
    [{ range: 'bytes=8-' }, 206, '89'],
    [{ range: 'bytes=0-999999999' }, 206, '0123456789'],
    [{ range: 'bytes=0-99999999999999999999' }, 200, '0123456789'],
    [{ range: 'bytes=20-30' }, 416, null],
    [{ range: 'bytes=5-2' }, 200, '0123456789'],
    [{ range: 'bytes=a-b' }, 200, '0123456789'],
    [{ range: 'lines=1-2' }, 200, '0123456789'],
    [{ range: 'bytes=0-1,3-4,5-6' }, 200, '0123456789'],
    [{ range: 'bytes=2-4', 'if-range': '"another"' }, 200, '0123456789'],
    [{ range: 'bytes=2-4', 'if-range': tag }, 206, '234'],
    [{ 'if-none-match': tag }, 304, ''],
    [{ 'if-none-match': `W/${tag}, "other"` }, 304, ''],
    [{ 'if-none-match': '*' }, 304, ''],
    [{ 'if-none-match': '"x"\t, ' }, 200, '0123456789'],
    [{ accept: '*/*;q=0, text/html;q=nonsense', 'accept-language': 'x'.repeat(1_000) }, 200, '0123456789'],
  ] as const) {
    const answer = await ask(headers);
    assert.equal(answer.status, status, JSON.stringify(headers));
    if (body !== null) assert.equal(answer.text, body, JSON.stringify(headers));
  }
  const path = `/v1/assets/${text(asset['id'])}`;
  for (const odd of [
    '"1"',
    'W/"1"',
    '*',
    '"1", "2"',
    'x',
    '""',
    '"-1"',
    '"1e1"',
    '"1\u0000"'.replace('\u0000', '%00'),
  ]) {
    const answer = await tenant.call(path, { method: 'PATCH', body: { tags: [] }, headers: { 'if-match': odd } });
    assert.ok([200, 412, 422].includes(answer.status), `${odd}: ${answer.status} ${answer.text}`);
  }
});

test('TN-07 what belonged to something that is gone is gone with it', async () => {
  const made = await tenant.ask('/v1/inboxes', { method: 'POST' });
  const second = text((await hook(text(made['url'])))['id']);
  const asset = text(expectStatus(await tenant.upload('child.txt', Buffer.from('child')), 201).json['id']);
  const comment = text((await tenant.ask(`/v1/assets/${asset}/comments`, { body: { text: 'Hm' } }))['id']);
  await eventually(
    async () => rows(await tenant.ask(`/v1/inboxes/${text(made['id'])}/requests`)),
    (list) => list.length > 0,
    'a request in the inbox',
  );
  for (const path of [`/v1/webhooks/${second}`, `/v1/inboxes/${text(made['id'])}`, `/v1/assets/${asset}`])
    assert.equal((await tenant.call(path, { method: 'DELETE' })).status, 204, path);
  for (const path of [
    `/v1/webhooks/${second}`,
    `/v1/webhooks/${second}/secret`,
    `/v1/inboxes/${text(made['id'])}/requests`,
    `/v1/assets/${asset}/content`,
    `/v1/assets/${asset}/versions`,
    `/v1/assets/${asset}/renditions`,
    `/v1/assets/${asset}/comments`,
    `/v1/assets/${asset}/comments/${comment}`,
  ])
    assert.ok([404, 410].includes((await tenant.call(path)).status), path);
  for (const path of [`/v1/webhooks/${second}/test`, `/v1/webhooks/${second}/rotate`, `/v1/assets/${asset}/check-out`])
    assert.equal((await tenant.call(path, { body: {} })).status, 404, path);
  assert.ok(!rows(await tenant.ask('/v1/webhooks')).some(({ id }) => id === second));
});

test('TN-11 an id cannot be guessed from the one before it', async () => {
  const ids = await Promise.all(
    Array.from({ length: 40 }, async () => text((await tenant.ask('/v1/inboxes', { method: 'POST' }))['id'])),
  );
  assert.equal(new Set(ids).size, ids.length);
  // Behind the prefix ten characters are the time, sixteen are chance: drawn anew in every millisecond, and within one a
  // step of 32 bits further.
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  const chance = ids.map((id) =>
    [...id.slice(id.indexOf('_') + 11)].reduce((sum, digit) => sum * 32n + BigInt(alphabet.indexOf(digit)), 0n),
  );
  const ordered = chance.toSorted((one, other) => (one < other ? -1 : 1));
  const closest = ordered.slice(1).reduce((least, value, at) => {
    const step = value - (ordered[at] ?? 0n);
    return step < least ? step : least;
  }, 1n << 80n);
  assert.ok(closest > 1_000n, `no counter: two of them are ${closest} apart`);
  for (const id of ids) await tenant.call(`/v1/inboxes/${id}`, { method: 'DELETE' });
});
