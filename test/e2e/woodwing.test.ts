/**
 * A receiver of WoodWing Assets, written from the vendor's pages alone, and the real server: registered by the vendor's
 * REST, told by the vendor's bytes, answered with the vendor's codes.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { call, type Called, type CallOptions } from '../../src/api/testing/test-server.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

const api = '/woodwing/services/admin/webhook';
const photograph = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

type Arrival = {
  readonly body: Buffer;
  /** The vendor's sample adds pieces up as text, so one that is cut within a letter would not verify there. */
  readonly pieces: number;
  readonly signature: string;
  readonly headers: IncomingMessage['headers'];
};
type Receiver = AsyncDisposable & {
  readonly url: string;
  readonly arrivals: Arrival[];
  /** Status and body of the answers to come; the last one stays. */
  answers: (readonly [status: number, body: string])[];
};

/** As the vendor's page says: read the raw body, compare, answer before anything is done with it. */
async function startReceiver(): Promise<Receiver> {
  const arrivals: Arrival[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const signature = request.headers['x-hook-signature'];
      const body = Buffer.concat(chunks);
      arrivals.push({ body, pieces: chunks.length, signature: String(signature), headers: request.headers });
      const answer = receiver.answers.length > 1 ? receiver.answers.shift() : receiver.answers[0];
      response.writeHead(answer?.[0] ?? 200).end(answer?.[1] ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/`,
    arrivals,
    answers: [[200, '']],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

/** What the vendor's own sample checks, over the bytes and over what JSON makes of them. */
function assertGenuine({ body, pieces, signature, headers }: Arrival, token: string): void {
  assert.equal(pieces, 1);
  const expected = createHmac('sha256', token).update(body).digest('hex');
  assert.equal(signature, expected);
  assert.equal(
    createHmac('sha256', token)
      .update(JSON.stringify(JSON.parse(body.toString())))
      .digest('hex'),
    expected,
  );
  assert.match(headers['content-type'] ?? '', /^application\/json/);
  assert.equal(headers['content-length'], String(body.length));
  assert.equal(headers['transfer-encoding'], undefined);
}

let server: RealServer;
let alpha: Tenant;
let beta: Tenant;
let gamma: Tenant;

before(async () => {
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'] });
  alpha = await server.tenant('alpha');
  beta = await server.tenant('beta');
  gamma = await server.tenant('gamma');
});
after(() => server[Symbol.asyncDispose]());

async function register(tenant: Tenant, body: object): Promise<Called['json']> {
  return expectStatus(await tenant.call(api, { body }), 200).json;
}

const types = ['asset_create', 'asset_update_metadata', 'asset_rename', 'asset_move', 'asset_remove'];

test('An upload, its metadata, name, place and end arrive as the vendor sends them, each signature over the raw bytes', async () => {
  await using receiver = await startReceiver();
  const made = await register(alpha, {
    name: 'Sample',
    url: receiver.url,
    eventTypes: types,
    metadataToReturn: ['filename', 'status', 'width'],
    // A preview that is made meanwhile is an update of metadata too: not this one's concern.
    triggerMetadataFields: ['filename', 'folderPath', 'status'],
  });
  const token = text(made['secretToken']);
  assert.match(token, /^[A-Za-z0-9+/]{22}==$/);
  const uploaded = expectStatus(
    await alpha.upload('flower-ü.png', photograph, {
      path: '/nature',
      metadata: { status: 'Draft' },
      aliases: { woodwing: '4ovRzkGWaf79DgVMRpgSFl' },
    }),
    201,
  );
  const id = text(uploaded.json['id']);
  const arrived = async (count: number): Promise<Arrival> => {
    await eventually(
      () => Promise.resolve(receiver.arrivals.length),
      (length) => length >= count,
      `${count} arrivals`,
    );
    const arrival = receiver.arrivals[count - 1];
    assert.ok(arrival !== undefined);
    assertGenuine(arrival, token);
    return arrival;
  };
  await arrived(1);
  for (const [index, patch] of [{ metadata: { status: 'Final' } }, { name: 'rose.png' }, { path: '/done' }].entries()) {
    expectStatus(await alpha.call(`/v1/assets/${id}`, { method: 'PATCH', body: patch }), 200);
    await arrived(index + 2);
  }
  expectStatus(await alpha.call(`/v1/assets/${id}`, { method: 'DELETE' }), 204);
  await arrived(5);
  const bodies = receiver.arrivals.map(({ body }) =>
    body.toString().replace(/^\{"timestamp":\d{13},/, '{"timestamp":0,'),
  );
  const head = (type: string) => `{"timestamp":0,"type":"${type}","assetId":"4ovRzkGWaf79DgVMRpgSFl","metadata":`;
  assert.deepEqual(bodies, [
    `${head('asset_create')}{"filename":"flower-ü.png","status":"Draft","width":1},"changedMetadata":{}}`,
    `${head('asset_update_metadata')}{"filename":"flower-ü.png","status":"Final","width":1},"changedMetadata":{"status":{"oldValue":"Draft","newValue":"Final"}}}`,
    `${head('asset_rename')}{"filename":"rose.png","status":"Final","width":1},"changedMetadata":{"filename":{"oldValue":"flower-ü.png","newValue":"rose.png"},"assetPath":{"oldValue":"/nature/flower-ü.png","newValue":"/nature/rose.png"}}}`,
    `${head('asset_move')}{"filename":"rose.png","status":"Final","width":1},"changedMetadata":{"folderPath":{"oldValue":"/nature","newValue":"/done"},"assetPath":{"oldValue":"/nature/rose.png","newValue":"/done/rose.png"}}}`,
    `${head('asset_remove')}{"filename":"rose.png","status":"Final","width":1},"changedMetadata":{}}`,
  ]);
  expectStatus(await alpha.call(`${api}/${text(made['id'])}`, { method: 'DELETE' }), 204);
});

test('HX-10 after a 500 the same bytes come again, whatever has changed since; a 4xx ends it, with the body in the log', async () => {
  await using receiver = await startReceiver();
  const made = await register(alpha, {
    name: 'Retried',
    url: receiver.url,
    eventTypes: ['asset_create'],
    metadataToReturn: ['filename'],
  });
  const id = text(made['id']);
  const token = text(made['secretToken']);
  const native = await nativeOf(made);
  // The vendor's waits are seconds to hours; here they are short.
  await amendPolicy(native, { schedule: { delaysMs: [300, 20, 20], jitter: 0, ageMaxMs: 60_000 } });
  receiver.answers = [
    [500, 'later'],
    [503, 'later'],
    [422, `No such field: cf_üser\u0007, and your token is ${token}`],
  ];
  const uploaded = expectStatus(await alpha.upload('a.png', photograph), 201);
  await eventually(
    () => Promise.resolve(receiver.arrivals.length),
    (length) => length > 0,
    'the first attempt',
  );
  const asset = `/v1/assets/${text(uploaded.json['id'])}`;
  expectStatus(await alpha.call(asset, { method: 'PATCH', body: { name: 'other.png' } }), 200);
  expectStatus(await alpha.call(`${api}/${id}`, { body: { metadataToReturn: ['assetPath'] } }), 200);
  const delivery = await eventually(
    async () => rows(await alpha.ask(`/v1/deliveries?webhookId=${native}`))[0],
    (row) => row?.['state'] === 'rejected',
    'the delivery is rejected',
  );
  assert.equal(receiver.arrivals.length, 3);
  const [first] = receiver.arrivals;
  assert.ok(first !== undefined);
  assert.match(first.body.toString(), /"metadata":\{"filename":"a\.png"\}/);
  for (const arrival of receiver.arrivals) {
    assert.deepEqual(arrival.body, first.body);
    assertGenuine(arrival, token);
  }
  assert.deepEqual(
    receiver.arrivals.map(({ headers }) => headers['assetwire-attempt']),
    ['1', '2', '3'],
  );
  const warning = server.log
    .map((line) => JSON.parse(line) as Called['json'])
    .find((line) => line['level'] === 'warn' && line['deliveryId'] === delivery?.['id']);
  assert.equal(warning?.['status'], 422);
  assert.match(text(warning['body']), /^No such field: cf_üser\uFFFD, and your token is \*+$/);
  assert.ok(!server.log.some((line) => line.includes(token)), 'the token stands in the log');
  expectStatus(await alpha.call(`${api}/${id}`, { method: 'DELETE' }), 204);
});

test('So many failures within ten seconds disable a webhook where the operator says so, and it is shown', async () => {
  await using receiver = await startReceiver();
  const made = await register(alpha, { name: 'Failing', url: receiver.url, eventTypes: ['asset_create'] });
  const native = await nativeOf(made);
  await amendPolicy(native, {
    schedule: { delaysMs: [200, 200, 200, 200, 200], jitter: 0, ageMaxMs: 60_000 },
    disable: [{ kind: 'window', failures: 3, windowMs: 10_000 }],
  });
  receiver.answers = [[500, 'broken']];
  expectStatus(await alpha.upload('a.png', photograph), 201);
  const path = `${api}/${text(made['id'])}`;
  await eventually(
    () => alpha.ask(path),
    ({ enabled }) => enabled === false,
    'the webhook is disabled',
  );
  // Where the disk takes its time, another one is on its way by then; all six of them would be without the rule.
  assert.ok(receiver.arrivals.length >= 3 && receiver.arrivals.length < 6, String(receiver.arrivals.length));
  assert.equal((await alpha.ask(`/v1/webhooks/${native}`))['stateReason'], 'failures-in-window');
  expectStatus(await alpha.call(path, { method: 'DELETE' }), 204);
});

/** Other waits and rules than the vendor's, for a test's patience. */
async function amendPolicy(id: string, policy: object): Promise<void> {
  expectStatus(await alpha.call(`/v1/webhooks/${id}`, { method: 'PATCH', body: { policy } }), 200);
}

test('While disabled nothing is sent, and enabled again nothing of it either', async () => {
  await using receiver = await startReceiver();
  const eventTypes = ['asset_create'];
  const made = await register(alpha, { name: 'Paused', url: receiver.url, eventTypes, metadataToReturn: ['filename'] });
  const path = `${api}/${text(made['id'])}`;
  const disabled = await alpha.call(`${path}/disable`, emptyForm);
  assert.equal(expectStatus(disabled, 200).json['enabled'], false);
  const uploaded = expectStatus(await alpha.upload('missed.png', photograph), 201);
  await eventually(
    () => alpha.ask(`/v1/assets/${text(uploaded.json['id'])}`),
    ({ state }) => !JSON.stringify(state).includes('"state":"pending"'),
    'the asset is ready',
  );
  assert.equal(expectStatus(await alpha.call(`${path}/enable`, emptyForm), 200).json['enabled'], true);
  expectStatus(await alpha.upload('told.png', photograph), 201);
  await eventually(
    () => Promise.resolve(receiver.arrivals.length),
    (length) => length > 0,
    'an arrival',
  );
  assert.equal(receiver.arrivals.length, 1);
  assert.match(receiver.arrivals[0]?.body.toString() ?? '', /told\.png/);
  expectStatus(await alpha.call(path, { method: 'DELETE' }), 204);
});

test('SG-09 a new token is the only one from then on', async () => {
  await using receiver = await startReceiver();
  const made = await register(alpha, { name: 'Rotated', url: receiver.url, eventTypes: ['asset_create'] });
  const path = `${api}/${text(made['id'])}`;
  const tokens = [text(made['secretToken'])];
  for (const tail of ['/generate-token', '/generate-token/', 'generate-token']) {
    const answer = expectStatus(await alpha.call(`${path}${tail}`, { method: 'POST' }), 200);
    assert.equal(answer.json['id'], made['id'], tail);
    tokens.push(text(answer.json['secretToken']));
  }
  assert.equal(new Set(tokens).size, 4);
  expectStatus(await alpha.upload('b.png', photograph), 201);
  await eventually(
    () => Promise.resolve(receiver.arrivals.length),
    (length) => length > 0,
    'an arrival',
  );
  const [arrival] = receiver.arrivals;
  assert.ok(arrival !== undefined);
  assertGenuine(arrival, tokens[3] ?? '');
  expectStatus(await alpha.call(path, { method: 'DELETE' }), 204);
});

/** Clients of the vendor send an empty form where no body is wanted. */
const emptyForm: CallOptions = {
  method: 'PUT',
  body: '--b--\r\n',
  headers: { 'content-type': 'multipart/form-data; boundary=b' },
};

test('Register, query, update by POST and by PUT, and unregister answer the vendor’s object, with and without a slash', async () => {
  const url = 'https://receiver.example/hook';
  const registration = {
    name: 'My Webhook',
    url,
    eventTypes: ['asset_rename', 'asset_update_metadata'],
    metadataToReturn: ['filename', 'status'],
    triggerMetadataFields: ['filename'],
    foldersAndQuery: { folders: ['nature'], query: 'filename:flowers*' },
    somethingNewer: { ignored: true },
  };
  const made = expectStatus(await gamma.call(`${api}/`, { body: registration }), 200).json;
  const { somethingNewer: _ignored, ...known } = registration;
  const token = text(made['secretToken']);
  const id = text(made['id']);
  assert.match(id, /^[A-Za-z0-9_-]{22}$/);
  assert.deepEqual(made, {
    id,
    ...known,
    changedMetadataToReturn: [],
    foldersAndQuery: { folders: ['nature'], query: 'filename:flowers*', enableWildcardSelection: false },
    enabled: true,
    secretToken: token,
  });
  assert.deepEqual(Object.keys(made), [
    'id',
    'name',
    'url',
    'eventTypes',
    'metadataToReturn',
    'changedMetadataToReturn',
    'triggerMetadataFields',
    'foldersAndQuery',
    'enabled',
    'secretToken',
  ]);
  assert.deepEqual(expectStatus(await gamma.call(`${api}/${id}/`), 200).json, made);
  const listed = JSON.parse(expectStatus(await gamma.call(api), 200).text) as Called['json'][];
  assert.deepEqual(listed, [made]);

  const renamed = expectStatus(await gamma.call(`${api}/${id}`, { body: { name: 'Other' } }), 200).json;
  assert.deepEqual(renamed, { ...made, name: 'Other' });
  const put = { method: 'PUT', body: { metadataToReturn: ['tags'], foldersAndQuery: null, enabled: false } };
  const changed = expectStatus(await gamma.call(`${api}/${id}/`, put), 200).json;
  assert.deepEqual(
    [changed['metadataToReturn'], changed['triggerMetadataFields'], changed['enabled'], changed['name']],
    [['tags'], ['filename'], false, 'Other'],
  );
  assert.deepEqual(changed['foldersAndQuery'], { folders: [], query: '', enableWildcardSelection: false });

  const gone = await gamma.call(`${api}/${id}/`, { method: 'DELETE' });
  assert.deepEqual([gone.status, gone.text], [204, '']);
  assertFailure(await gamma.call(`${api}/${id}`), 404);
  assert.equal((await gamma.call(api)).text, '[]');
});

function assertFailure(answer: Called, status: number, message = /./): void {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['errorcode', 'message']);
  assert.equal(answer.json['errorcode'], status);
  assert.match(text(answer.json['message']), message);
}

test('Wrong fields are refused by name in the vendor’s form', async () => {
  const good = { name: 'x', url: 'https://receiver.example/', eventTypes: [] };
  const cases: readonly (readonly [body: unknown, message: RegExp])[] = [
    [{}, /name is required; url is required; eventTypes is required/],
    [{ ...good, eventTypes: null }, /eventTypes is required/],
    [{ ...good, eventTypes: ['asset_create', 'asset_vanish'] }, /eventTypes must be of .*: got "asset_vanish"/],
    [{ ...good, eventTypes: 'asset_create' }, /eventTypes must be a list of texts: got a string/],
    [{ ...good, name: 5 }, /name must be text: got a number/],
    [{ ...good, name: ' ' }, /name must have 1 to 200 characters: got none/],
    [{ ...good, url: 'ftp://receiver.example/' }, /http/],
    [{ ...good, url: 'http://169.254.169.254/latest' }, /forbidden|address/i],
    [{ ...good, enabled: 'yes' }, /enabled must be true or false/],
    [{ ...good, metadataToReturn: ['ok', 5] }, /metadataToReturn\[1\] must be text: got a number/],
    [{ ...good, metadataToReturn: [''] }, /metadataToReturn\[0\] must have 1 to 200 characters: got none/],
    [{ ...good, eventTypes: ['x'.repeat(129)] }, /eventTypes\[0\] must have 1 to 128 characters: got 129/],
    [{ ...good, foldersAndQuery: { folders: 'a' } }, /foldersAndQuery\.folders must be a list/],
    [
      { ...good, foldersAndQuery: { query: 'a AND (b:c' } },
      /foldersAndQuery\.query cannot be read: at character 11 wanted \)/,
    ],
    ['[]', /object/],
    ['{', /JSON/],
  ];
  for (const [body, message] of cases) assertFailure(await alpha.call(api, { body }), 400, message);
  assertFailure(
    await alpha.call(api, { method: 'POST', body: '<a/>', headers: { 'content-type': 'text/xml' } }),
    415,
    /application\/json/,
  );
  const silent = expectStatus(await alpha.call(api, { body: good }), 200);
  assert.match(String(silent.headers['warning']), /eventTypes is empty: this webhook is sent nothing/);
  const empty = silent.json;
  assert.deepEqual(empty['eventTypes'], []);
  assertFailure(
    await alpha.call(`${api}/${text(empty['id'])}`, { body: { name: null } }),
    400,
    /name must not be null/,
  );
  assertFailure(await alpha.call(`${api}/nonsense`), 404);
  assertFailure(await alpha.call(api, { method: 'PATCH', body: good }), 405, /Use HEAD, POST, GET here/);
  assertFailure(await alpha.call('/woodwing/services/ping'), 404, /there is none at this path/);
  expectStatus(await alpha.call(`${api}/${text(empty['id'])}`, { method: 'DELETE' }), 204);
});

test('Whatever is sent to the vendor’s API, it answers in the vendor’s form and never with a fault of ours', async () => {
  const made = await register(gamma, { name: 'Fuzzed', url: 'https://receiver.example/', eventTypes: [] });
  const fields = [
    'name',
    'url',
    'eventTypes',
    'enabled',
    'metadataToReturn',
    'triggerMetadataFields',
    'foldersAndQuery',
  ];
  const body = fc.dictionary(fc.oneof(fc.constantFrom(...fields), fc.string()), fc.jsonValue(), { maxKeys: 8 });
  const place = fc.constantFrom('', '/', `/${text(made['id'])}`, `/${text(made['id'])}/enable`, '/x/generate-token');
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH');
  await fc.assert(
    fc.asyncProperty(body, place, method, async (sent, where, how) => {
      const answer = await gamma.call(`${api}${where}`, { method: how, ...(how === 'GET' ? {} : { body: sent }) });
      assert.ok(answer.status < 500, `${how} ${where} ${JSON.stringify(sent)}: ${answer.text}`);
      if (answer.status >= 400) assert.equal(answer.json['errorcode'], answer.status);
    }),
    { numRuns: 300 },
  );
});

test('SG-16 AK-03 the super user is a key with webhooks:read and webhooks:write; the token is shown again to secrets:reveal only', async () => {
  const made = await register(alpha, { name: 'Roles', url: 'https://receiver.example/', eventTypes: ['asset_create'] });
  const path = `${api}/${text(made['id'])}`;
  const as = async (scopes: Parameters<RealServer['key']>[1], options: CallOptions = {}): Promise<Called> =>
    call(server.url, path, { ...options, token: (await server.key('alpha', scopes)).key });
  const anonymous = await call(server.url, path, { token: null });
  assertFailure(anonymous, 401);
  assert.equal(anonymous.headers['www-authenticate'], 'Bearer');
  assertFailure(await call(server.url, path, { token: 'aw_nonsense' }), 401);
  assertFailure(await as(['assets:read']), 403, /webhooks:read/);
  assert.match(text(expectStatus(await as(['webhooks:read']), 200).json['secretToken']), /^….{4}$/);
  assertFailure(await as(['webhooks:read'], { body: { name: 'y' } }), 403, /webhooks:write/);
  assertFailure(await as(['webhooks:read'], { method: 'DELETE' }), 403);
  const revealed = expectStatus(await as(['webhooks:read', 'secrets:reveal']), 200).json;
  assert.equal(revealed['secretToken'], made['secretToken']);
  const writing: Parameters<RealServer['key']>[1] = ['webhooks:read', 'webhooks:write'];
  const changes: readonly CallOptions[] = [
    { body: { name: 'By POST' } },
    { method: 'PUT', body: { metadataToReturn: ['tags'] } },
  ];
  for (const change of changes) {
    assert.match(text(expectStatus(await as(writing, change), 200).json['secretToken']), /^….{4}$/);
    const whole = expectStatus(await as([...writing, 'secrets:reveal'], change), 200).json;
    assert.equal(whole['secretToken'], made['secretToken'], 'the answer to a change is the whole object');
  }
  expectStatus(await as(['webhooks:write'], { method: 'DELETE' }), 204);
});

test('TN-01 what is another workspace’s or another dialect’s does not exist for the vendor’s API, on every route', async () => {
  const made = await register(alpha, { name: 'Alpha', url: 'https://receiver.example/', eventTypes: ['asset_create'] });
  const standard = await beta.ask('/v1/webhooks', {
    body: {
      name: 'neutral',
      dialect: 'standard',
      target: { transport: 'http', url: 'https://receiver.example/' },
      events: ['*'],
    },
  });
  const ofStandard = Buffer.from(vendorBytes(text(standard['id']))).toString('base64url');
  for (const id of [text(made['id']), ofStandard]) {
    const path = `${api}/${id}`;
    const attempts: readonly (readonly [string, CallOptions])[] = [
      [path, {}],
      [path, { body: { name: 'taken over' } }],
      [path, { method: 'PUT', body: { url: 'https://thief.example/' } }],
      [`${path}/enable`, { method: 'PUT' }],
      [`${path}/disable`, { method: 'PUT' }],
      [`${path}/generate-token`, { method: 'POST' }],
      [`${path}generate-token`, { method: 'POST' }],
      [path, { method: 'DELETE' }],
    ];
    for (const [where, options] of attempts) assertFailure(await beta.call(where, options), 404);
  }
  assert.equal((await beta.call(api)).text, '[]');
  const untouched = expectStatus(await alpha.call(`${api}/${text(made['id'])}`), 200).json;
  assert.deepEqual(untouched, made);
  const view = await beta.ask(`/v1/webhooks/${text(standard['id'])}`);
  assert.deepEqual([view['name'], view['state'], view['revision']], ['neutral', 'enabled', 1]);
  expectStatus(await alpha.call(`${api}/${text(made['id'])}`, { method: 'DELETE' }), 204);
});

test('The inbox tells whether a signature of this vendor fits', async () => {
  const inbox = await beta.ask('/v1/inboxes', { method: 'POST' });
  const made = await register(beta, { name: 'Inbox', url: text(inbox['url']), eventTypes: ['asset_create'] });
  expectStatus(await beta.upload('c.png', photograph), 201);
  const requests = () => beta.ask(`/v1/inboxes/${text(inbox['id'])}/requests`);
  const [request] = rows(await eventually(requests, (answer) => rows(answer).length > 0, 'an arrival'));
  const verification = request?.['verification'] as Called['json'];
  assert.deepEqual([verification['result'], verification['webhookId']], ['verified', await nativeOf(made, beta)]);
  const forged = await call(server.url, new URL(text(inbox['url'])).pathname, {
    token: null,
    body: '{}',
    headers: { 'x-hook-signature': 'a'.repeat(64) },
  });
  assert.equal(forged.status, 204);
  const all = rows(await eventually(requests, (answer) => rows(answer).length > 1, 'the forged one'));
  const results = all.map((row) => (row['verification'] as Called['json'])['result']);
  assert.deepEqual(results.toSorted(), ['failed', 'verified']);
});

/** Our own id of a webhook that the vendor's API made. */
async function nativeOf(made: Called['json'], tenant: Tenant = alpha): Promise<string> {
  const { data } = await tenant.ask('/v1/webhooks?dialect=woodwing&limit=1000');
  const list = data as readonly Called['json'][];
  const found = list.find(({ name }) => name === made['name']);
  return text(found?.['id']);
}

/** The 16 bytes behind an id of ours, worked out by hand. */
function vendorBytes(id: string): Uint8Array {
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  let value = 0n;
  for (const letter of id.slice(id.indexOf('_') + 1)) value = value * 32n + BigInt(alphabet.indexOf(letter));
  return Buffer.from(value.toString(16).padStart(32, '0'), 'hex');
}
