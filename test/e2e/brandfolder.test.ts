/**
 * Brandfolder from both sides: a client and receivers written from the vendor's pages alone, and the real server. Subscribed by
 * the vendor's API, told by the vendor's bytes, answered with the vendor's codes.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Scope } from '../../src/app/app.ts';
import { type Called, type CallOptions } from '../../src/api/testing/test-server.ts';
import { isExact, type Payload, payloadOf, startStrictReceiver } from './brandfolder-receiver.ts';
import { ahead } from '../support/until.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

const api = '/brandfolder/api/v1/webhooks';
const json = { 'content-type': 'application/json' };
const photograph = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

let server: RealServer;
let alpha: Tenant;

before(async () => {
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'] });
  alpha = await server.tenant('alpha');
  expectStatus(
    await alpha.call('/v1/libraries', { body: { key: 'oqgiju-21olts-ce9egi', name: 'Brand', organization: 'oqgkkd' } }),
    201,
  );
});
after(() => server[Symbol.asyncDispose]());

const library = 'oqgiju-21olts-ce9egi';

/** A client of the vendor's: both headers on every call. */
function vendor(key: string): (path: string, options?: CallOptions) => Promise<Called> {
  return (path, options = {}) => alpha.call(path, { token: key, ...options, headers: { ...json, ...options.headers } });
}

const keyWith = (scopes: readonly Scope[]) => server.key('alpha', scopes);

type Inbox = { readonly id: string; readonly tlsUrl: string };

async function inbox(status = 200): Promise<Inbox> {
  const made = expectStatus(await alpha.call('/v1/inboxes', { body: {} }), 201).json;
  const id = text(made['id']);
  expectStatus(await alpha.call(`/v1/inboxes/${id}`, { method: 'PATCH', body: { status } }), 200);
  return { id, tlsUrl: text(made['tlsUrl']) };
}

async function arrivedAt({ id }: Inbox): Promise<readonly Payload[]> {
  const found = rows(await alpha.ask(`/v1/inboxes/${id}/requests`));
  return found.map((one) => payloadOf(Buffer.from(text(one['bodyBase64']), 'base64'))).reverse();
}

function subscription(more: object = {}): { readonly data: { readonly attributes: object } } {
  const attributes = {
    event_type: 'asset.update',
    resource_key: library,
    resource_type: 'brandfolder',
    callback_url: 'https://your_company.example/your_callback_url',
    ...more,
  };
  return { data: { attributes } };
}

type Failure = { readonly title?: string; readonly status?: string; readonly detail?: string };

function failureOf({ json: body }: Called): Failure | undefined {
  return ((body['errors'] ?? []) as readonly Failure[])[0];
}

const titleOf = (called: Called): unknown => failureOf(called)?.title;
const detailOf = (called: Called): string => failureOf(called)?.detail ?? '';

test('A client creates, sees, lists and deletes its subscriptions with the codes and bodies of the vendor’s page', async () => {
  const { key } = await keyWith(['webhooks:write', 'assets:read']);
  const client = vendor(key);
  assert.equal(expectStatus(await client(api), 200).text, '{"data":[]}');
  const made = expectStatus(await client(api, { body: subscription() }), 200);
  const { id } = made.json['data'] as { readonly id: string };
  assert.match(id, /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/);
  const shown = {
    id,
    attributes: {
      resource_key: library,
      resource_type: 'brandfolder',
      event_type: 'asset.update',
      callback_url: 'https://your_company.example/your_callback_url',
    },
  };
  assert.equal(made.text, JSON.stringify({ data: shown }));
  assert.equal((await client(`${api}/${id}`)).text, JSON.stringify({ data: shown }));
  assert.equal((await client(`${api}/`)).text, JSON.stringify({ data: [shown] }));
  // The same again is refused, another event or another place is not.
  const again = expectStatus(await client(api, { body: subscription() }), 409);
  assert.equal(titleOf(again), 'Subscription Already Exists');
  assert.ok(detailOf(again).includes(id) && !/wh_|target/.test(detailOf(again)), again.text);
  expectStatus(await client(api, { body: subscription({ event_type: 'asset.delete' }) }), 200);
  expectStatus(await client(api, { body: subscription({ callback_url: 'https://other.example/' }) }), 200);
  assert.equal(expectStatus(await client(`${api}/${id}`, { method: 'DELETE' }), 200).text, '{}');
  const gone = expectStatus(await client(`${api}/${id}`), 404);
  assert.equal(titleOf(gone), 'The Requested Webhook Does Not Exist');
  const twice = expectStatus(await client(`${api}/${id}`, { method: 'DELETE' }), 404);
  assert.equal(titleOf(twice), 'Could Not Determine This Webhook Exists or the Requester Does Not Own the Webhook');
  // Free again.
  expectStatus(await client(api, { body: subscription() }), 200);
});

test('A key sees and deletes its own subscriptions only, and the same subscription of another key is another one', async () => {
  const [one, other] = [
    await keyWith(['webhooks:write', 'assets:read']),
    await keyWith(['webhooks:write', 'assets:read']),
  ];
  const body = subscription({ callback_url: 'https://own.example/' });
  const { id } = expectStatus(await vendor(one.key)(api, { body }), 200).json['data'] as { readonly id: string };
  assert.equal((await vendor(other.key)(api)).text, '{"data":[]}');
  expectStatus(await vendor(other.key)(`${api}/${id}`), 404);
  expectStatus(await vendor(other.key)(`${api}/${id}`, { method: 'DELETE' }), 404);
  expectStatus(await vendor(other.key)(api, { body }), 200);
  expectStatus(await vendor(one.key)(`${api}/${id}`), 200);
});

test('400 is judged first: headers, then payload, then the key, the brandfolder and what is there already', async () => {
  const good = await keyWith(['webhooks:write', 'assets:read']);
  const poor = await keyWith(['webhooks:write']);
  const calls: readonly (readonly [status: number, title: string, Promise<Called>])[] = [
    [400, 'Invalid header provided', alpha.call(api, { token: good.key })],
    [400, 'Invalid header provided', alpha.call(api, { token: null, headers: json })],
    [
      400,
      'Invalid header provided',
      alpha.call(api, { token: null, headers: { ...json, authorization: 'Basic eDp5' } }),
    ],
    [400, 'Invalid Header Provided', alpha.call(`${api}/x`, { token: good.key })],
    [400, 'Invalid Header Provided', alpha.call(`${api}/x`, { token: null, method: 'DELETE', headers: json })],
    [400, 'Invalid Payload Provided', vendor(poor.key)(api, { body: subscription({ event_type: 'asset.moved' }) })],
    [400, 'Invalid Payload Provided', vendor(poor.key)(api, { body: subscription({ resource_type: 'collection' }) })],
    [
      400,
      'Invalid Payload Provided',
      vendor(poor.key)(api, { body: subscription({ callback_url: 'http://a.example/' }) }),
    ],
    [
      400,
      'Invalid Payload Provided',
      vendor(poor.key)(api, { body: subscription({ callback_url: 'https://10.0.0.1/' }) }),
    ],
    [400, 'Invalid Payload Provided', vendor(poor.key)(api, { body: '{"data":' })],
    [400, 'Invalid Payload Provided', vendor(poor.key)(api, { method: 'POST' })],
    [400, 'Invalid Payload Provided', vendor(poor.key)(api, { body: '[]' })],
    [
      400,
      'Invalid Payload Provided',
      vendor(good.key)(api, { body: 'data=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    ],
    [403, 'Permission Denied for Provided Resource', vendor(poor.key)(api, { body: subscription() })],
    [403, 'Permission Denied for Provided Resource', vendor('aw_unknown')(api, { body: subscription() })],
    [
      404,
      'Provided Resource Does Not Exist',
      vendor(good.key)(api, { body: subscription({ resource_key: 'there-is-none' }) }),
    ],
    [404, 'The Requested Webhook Does Not Exist', vendor('aw_unknown')(`${api}/x`)],
  ];
  // What does not fit is named as the client has named it.
  const long = 'x'.repeat(2_048);
  for (const url of [
    'HTTPS://a.example/',
    ' https://a.example/',
    'https:/a.example/',
    `https://a.example/${long}`,
    'a',
  ]) {
    const answer = expectStatus(await vendor(poor.key)(api, { body: subscription({ callback_url: url }) }), 400);
    assert.match(detailOf(answer), /^Give callback_url as a URL /);
  }
  for (const [at, [status, title, called]] of calls.entries()) {
    const answer = await called;
    assert.equal(answer.status, status, `call ${at}: ${answer.text}`);
    assert.equal(titleOf(answer), title, `call ${at}`);
  }
  // A key that nobody knows owns nothing.
  const unknown = await vendor('aw_unknown')(api);
  assert.equal(`${unknown.status} ${unknown.text}`, '200 {"data":[]}');
  assert.match(String(unknown.headers['warning']), /not known/);
});

test('An upload is told as create when it is recognised and as update when it is ready, an end as delete, in the exact payload', async () => {
  await using receiver = await startStrictReceiver();
  const events = ['asset.create', 'asset.update', 'asset.delete'];
  for (const event of events) {
    const body = {
      name: event,
      dialect: 'brandfolder',
      target: { transport: 'http', url: receiver.url },
      events: [event],
      settings: { resource_key: library },
    };
    expectStatus(await alpha.call('/v1/webhooks', { body }), 201);
  }
  const uploaded = expectStatus(await alpha.upload('logo.png', photograph, { library, name: 'logo.png' }), 201);
  const id = text(uploaded.json['id']);
  const arrived = (count: number): Promise<number> =>
    eventually(
      () => Promise.resolve(receiver.arrivals.length),
      (found) => found >= count,
      `${count} notifications`,
    );
  await arrived(2);
  await alpha.ask(`/v1/assets/${id}`, { method: 'PATCH', body: { metadata: { season: 'spring' } } });
  await arrived(3);
  // In a collection or not, it is the same asset; in another brandfolder nobody here is told.
  await alpha.ask('/v1/collections', { body: { name: 'Spring', key: 'spring' } });
  await alpha.ask('/v1/collections/key:spring/assets', { body: { add: [id] } });
  await arrived(4);
  await alpha.upload('elsewhere.png', photograph, { name: 'elsewhere.png' });
  expectStatus(await alpha.call(`/v1/assets/${id}`, { method: 'DELETE' }), 204);
  await arrived(5);
  const told = receiver.arrivals.map(({ body }) => payloadOf(body).data.attributes);
  const count = (event: string): number => told.filter((one) => one['event_type'] === event).length;
  assert.deepEqual(events.map(count), [1, 3, 1]);
  for (const one of told) {
    assert.equal(one['brandfolder_key'], library);
    assert.equal(one['organization_key'], 'oqgkkd');
    assert.equal(one['key'], told[0]?.['key']);
  }
  for (const { body, headers, method } of receiver.arrivals) {
    assert.equal(method, 'POST');
    assert.ok(isExact(body));
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['content-length'], String(body.length));
    assert.match(String(headers['assetwire-delivery-id']), /^dlv_/);
  }
  // Whatever the order in which they came: event_time orders them.
  const sorted = told.toSorted((left, right) => ((left['event_time'] ?? '') < (right['event_time'] ?? '') ? -1 : 1));
  assert.equal(sorted[0]?.['event_type'], 'asset.create');
  assert.equal(sorted.at(-1)?.['event_type'], 'asset.delete');
});

test('A receiver asks for the asset it was told of, with what is to be included', async () => {
  const client = vendor((await keyWith(['assets:read'])).key);
  await alpha.ask('/v1/sections', { body: { name: 'Logos', key: 'logos' } });
  await alpha.ask('/v1/collections', { body: { name: 'Autumn', key: 'autumn' } });
  const uploaded = await alpha.upload('mark.png', photograph, {
    library,
    name: 'mark.png',
    tags: ['mark', 'red'],
    collections: ['autumn'],
    metadata: { team: 'product' },
    info: { title: 'The mark', description: 'In red', section: 'logos' },
    aliases: { brandfolder: 'oqgkkd-fr5iv4-443db' },
  });
  const id = text(uploaded.json['id']);
  await eventually(
    () => alpha.ask(`/v1/assets/${id}`),
    ({ state }) => (state as { renditions: unknown[] }).renditions.length > 0,
    'renditions',
  );
  const path = '/brandfolder/api/v4/assets/oqgkkd-fr5iv4-443db';
  const plain = expectStatus(await client(path), 200).json as unknown as { readonly data: Record<string, unknown> };
  const { thumbnail_url: thumbnail, ...rest } = plain.data['attributes'] as Record<string, unknown>;
  assert.deepEqual(rest, { name: 'The mark', description: 'In red', approved: true });
  assert.deepEqual([plain.data['id'], plain.data['type']], ['oqgkkd-fr5iv4-443db', 'generic_files']);
  const picture = await fetch(text(thumbnail));
  assert.equal(picture.status, 200);
  const whole = expectStatus(
    await client(
      `${path}?include=section,brandfolder,collections,tags,custom_fields,attachments&fields=created_at,updated_at,cdn_url,availability`,
    ),
    200,
  ).json as unknown as {
    readonly data: { readonly attributes: Record<string, unknown>; readonly relationships: Record<string, unknown> };
    readonly included: readonly {
      readonly id: string;
      readonly type: string;
      readonly attributes: Record<string, unknown>;
    }[];
  };
  const of = (type: string) => whole.included.filter((one) => one.type === type).map(({ attributes }) => attributes);
  assert.deepEqual(of('sections'), [{ name: 'Logos' }]);
  assert.equal(of('brandfolders')[0]?.['name'], 'Brand');
  assert.deepEqual(of('collections')[0]?.['name'], 'Autumn');
  assert.deepEqual(
    of('tags').map(({ name }) => name),
    ['mark', 'red'],
  );
  assert.deepEqual(of('custom_field_values'), [{ key: 'team', value: 'product' }]);
  const [attachment] = of('attachments');
  assert.deepEqual(
    [attachment?.['filename'], attachment?.['mimetype'], attachment?.['size'], attachment?.['width']],
    ['mark.png', 'image/png', photograph.length, 1],
  );
  assert.deepEqual(Buffer.from(await (await fetch(text(attachment?.['url']))).arrayBuffer()), photograph);
  assert.equal(whole.data.attributes['availability'], 'published');
  assert.deepEqual(Object.keys(whole.data.relationships), [
    ...['section', 'brandfolder', 'collections', 'tags', 'custom_fields', 'attachments'],
  ]);
  // What may not be seen is not found; what is not known is said.
  expectStatus(await client(`${path}?include=labels`), 400);
  expectStatus(await vendor((await keyWith(['webhooks:write'])).key)(path), 404);
  // A grant on the Brandfolder is enough for the names of what the asset belongs to, and for nothing beside it.
  const granted = await keyWith(['webhooks:write']);
  const resource = { type: 'library', id: library };
  const body = { principal: `key:${granted.id}`, resource, scopes: ['assets:read'] };
  expectStatus(await alpha.call('/v1/grants', { body }), 201);
  const seen = await vendor(granted.key)(`${path}?include=collections,section`);
  assert.match(seen.text, /"name":"Autumn"[^]*"name":"Logos"/);
  const other = expectStatus(await vendor(granted.key)('/brandfolder/api/v4/brandfolders/default'), 404);
  assert.equal(titleOf(other), 'Provided Resource Does Not Exist');
  const listed = expectStatus(await client('/brandfolder/api/v4/brandfolders'), 200).json as unknown as {
    readonly data: readonly { readonly id: string }[];
  };
  assert.deepEqual(
    listed.data.map((one) => one.id),
    ['default', library],
  );
});

test('A test notification goes to the endpoint by the usual road and log, with its overrides, and makes no subscription', async () => {
  const { key } = await keyWith(['webhooks:write', 'assets:read']);
  const client = vendor(key);
  const place = await inbox();
  const sent = expectStatus(
    await client(`${api}/send`, {
      body: subscription({ callback_url: place.tlsUrl, asset_key: 'asset-override', organization_key: 'org-override' }),
    }),
    202,
  );
  assert.equal(sent.text, '{"message":"Added demo webhook to queue","status":"ok"}');
  const [first] = await eventually(
    () => arrivedAt(place),
    (found) => found.length > 0,
    'the test notification',
  );
  assert.ok(first !== undefined && isExact(Buffer.from(JSON.stringify(first))));
  assert.equal(first.data.attributes['key'], 'asset-override');
  assert.equal(first.data.attributes['organization_key'], 'org-override');
  assert.equal(first.data.attributes['event_type'], 'asset.update');
  assert.equal((await client(api)).text, '{"data":[]}');
  const log = rows(await alpha.ask('/v1/deliveries?limit=50')).filter((one) => one['origin'] === 'test');
  assert.equal(log.length, 1);
  const behind = await alpha.ask(`/v1/webhooks/${text(log[0]?.['webhookId'])}`);
  assert.deepEqual([behind['state'], behind['name']], ['pending', `Test of asset.update of ${library}`]);
  const bad = await keyWith(['webhooks:write']);
  expectStatus(await vendor(bad.key)(`${api}/send`, { body: subscription() }), 403);
  expectStatus(await client(`${api}/send`, { body: subscription({ asset_key: 7 }) }), 400);
  expectStatus(await client(`${api}/send`, { body: subscription({ resource_key: 'none' }) }), 404);
  expectStatus(await client(api, { body: subscription({ callback_url: place.tlsUrl }) }), 200);
  const exists = expectStatus(await client(`${api}/send`, { body: subscription({ callback_url: place.tlsUrl }) }), 409);
  assert.equal(titleOf(exists), 'Subscription Already Exists');
});

test('Of fifty clients that subscribe to the same with one key at one moment, one is told 200 and the others 409', async () => {
  const client = vendor((await keyWith(['webhooks:write', 'assets:read'])).key);
  const body = subscription({ callback_url: 'https://at-once.example/' });
  const answers = await Promise.all(Array.from({ length: 50 }, () => client(api, { body })));
  const statuses = answers.map(({ status }) => status);
  assert.deepEqual(
    [200, 409].map((one) => statuses.filter((status) => status === one).length),
    [1, 49],
  );
  assert.equal(rows((await client(api)).json).length, 1);
});

test('An inactive subscription is gone for the vendor’s API, stays to be seen, and is made again by the same call', async () => {
  const client = vendor((await keyWith(['webhooks:write', 'assets:read'])).key);
  const body = subscription({ callback_url: 'https://inactive.example/' });
  const made = expectStatus(await client(api, { body }), 200).json['data'] as { readonly id: string };
  const [own] = rows(await alpha.ask('/v1/webhooks?limit=1'));
  const id = text(own?.['id']);
  expectStatus(await alpha.call(`/v1/webhooks/${id}/disable`, { body: { reason: 'continued-failure' } }), 200);
  assert.equal((await client(api)).text, '{"data":[]}');
  expectStatus(await client(`${api}/${made.id}`), 404);
  expectStatus(await client(`${api}/${made.id}`, { method: 'DELETE' }), 404);
  assert.deepEqual(await stateOf(id), { state: 'disabled', reason: 'continued-failure' });
  const again = expectStatus(await client(api, { body }), 200).json['data'] as { readonly id: string };
  assert.notEqual(again.id, made.id);
  assert.equal(rows((await client(api)).json).length, 1);
});

test('What is not acknowledged is tried again with the same bytes until it is, whatever the code', async () => {
  await using receiver = await startStrictReceiver();
  receiver.answer = 410;
  const webhook = {
    name: 'retried',
    dialect: 'brandfolder',
    target: { transport: 'http', url: receiver.url },
    events: ['asset.create'],
    settings: { resource_key: library },
    policy: { schedule: { delaysMs: Array.from({ length: 100 }, () => 50), jitter: 0, ageMaxMs: 600_000 } },
  };
  expectStatus(await alpha.call('/v1/webhooks', { body: webhook }), 201);
  await alpha.ask('/v1/assets/external:retried', { method: 'PUT', body: { name: 'r.png', library } });
  const tries = (count: number): Promise<number> =>
    eventually(
      () => Promise.resolve(receiver.arrivals.length),
      (found) => found >= count,
      `${count} attempts`,
    );
  await tries(2);
  receiver.answer = 302;
  const seen = receiver.arrivals.length;
  await tries(seen + 2);
  receiver.answer = 204;
  const [delivery] = await eventually(
    async () => rows(await alpha.ask('/v1/deliveries?limit=10')).filter((one) => one['event'] === 'asset.create'),
    (found) => found[0]?.['state'] === 'delivered',
    'acknowledged',
  );
  assert.equal(delivery?.['attempts'], receiver.arrivals.length);
  assert.equal(new Set(receiver.arrivals.map(({ body }) => body.toString())).size, 1);
  assert.equal(new Set(receiver.arrivals.map(({ headers }) => headers['assetwire-delivery-id'])).size, 1);
});

type State = { readonly state: string; readonly reason: string };

async function stateOf(id: string): Promise<State> {
  const webhook = await alpha.ask(`/v1/webhooks/${id}`);
  return { state: text(webhook['state']), reason: text(webhook['stateReason'] ?? '') };
}

const off = (found: State): boolean => found.state === 'disabled';

test('A key that loses its brandfolder loses its subscriptions within seconds, and the reason is shown', async () => {
  const make = async (key: string, url: string): Promise<string> => {
    expectStatus(await vendor(key)(api, { body: subscription({ callback_url: url }) }), 200);
    const all = rows(await alpha.ask('/v1/webhooks?limit=200'));
    const found = all.find((one) => (one['target'] as { url?: string }).url === url);
    return text(found?.['id']);
  };
  // Revoked.
  const revoked = await keyWith(['webhooks:write', 'assets:read']);
  const first = await make(revoked.key, 'https://revoked.example/');
  expectStatus(await alpha.call(`/v1/keys/${revoked.id}`, { method: 'DELETE' }), 204);
  assert.match((await eventually(() => stateOf(first), off, 'revoked')).reason, /was revoked$/);
  // Its grant taken away.
  const granted = await keyWith(['webhooks:write']);
  const grant = expectStatus(
    await alpha.call('/v1/grants', {
      body: {
        principal: `key:${granted.id}`,
        resource: { type: 'library', id: library },
        scopes: ['assets:read'],
      },
    }),
    201,
  );
  const second = await make(granted.key, 'https://granted.example/');
  assert.equal(rows((await vendor(granted.key)(api)).json).length, 1);
  expectStatus(await alpha.call(`/v1/grants/${text(grant.json['id'])}`, { method: 'DELETE' }), 204);
  assert.match((await eventually(() => stateOf(second), off, 'grant gone')).reason, /lost access to the library/);
  assert.equal((await vendor(granted.key)(api)).text, '{"data":[]}');
  expectStatus(await vendor(granted.key)(api, { body: subscription() }), 403);
  // Expired.
  const third = await ahead(1_500, async (expiresAtMs) => {
    const asked = { name: 'short', scopes: ['webhooks:write', 'assets:read'], expiresAtMs };
    const expiring = expectStatus(await alpha.call('/v1/keys', { body: asked }), 201).json;
    const id = await make(text(expiring['key']), `https://expired.example/${expiresAtMs}`);
    assert.equal((await stateOf(id)).state, 'enabled');
    return id;
  });
  assert.match((await eventually(() => stateOf(third), off, 'expired')).reason, /has expired$/);
  // Rotated: the new key goes on with what the old one made.
  const rotating = await keyWith(['webhooks:write', 'assets:read']);
  await make(rotating.key, 'https://rotated.example/');
  const rotated = await alpha.ask(`/v1/keys/${rotating.id}/rotate`, { method: 'POST', body: {} });
  await eventually(
    async () => rows((await vendor(text(rotated['key']))(api)).json).length,
    (count) => count === 1,
    'the new key owns it',
  );
  // Rotated with an overlap: a client with the old text finds its subscriptions, and makes none twice.
  const slow = await keyWith(['webhooks:write', 'assets:read']);
  const body = subscription({ callback_url: 'https://overlap.example/' });
  const { id: kept } = expectStatus(await vendor(slow.key)(api, { body }), 200).json['data'] as { readonly id: string };
  await alpha.ask(`/v1/keys/${slow.id}/rotate`, { method: 'POST', body: { overlapSeconds: 600 } });
  await eventually(
    async () => (await vendor(slow.key)(`${api}/${kept}`)).status,
    (status) => status === 200,
    'the old key sees it',
  );
  expectStatus(await vendor(slow.key)(api, { body }), 409);
  expectStatus(await vendor(slow.key)(`${api}/${kept}`, { method: 'DELETE' }), 200);
  // Natively it stays to be seen, and one call brings it back: whoever makes it answers for it.
  const back = expectStatus(await alpha.call(`/v1/webhooks/${second}/enable`, { method: 'POST', body: {} }), 200);
  assert.equal(back.json['state'], 'enabled');
  const notices = rows(await alpha.ask('/v1/notices?kind=webhook.disabled'));
  assert.ok(notices.some((one) => /lost access to the library/.test(text(one['text']))));
});

test('The library of a subscription is deleted: it is switched off and says so', async () => {
  await alpha.ask('/v1/libraries', { body: { key: 'short-lived' } });
  const { key } = await keyWith(['webhooks:write', 'assets:read']);
  expectStatus(await vendor(key)(api, { body: subscription({ resource_key: 'short-lived' }) }), 200);
  const [made] = rows(await alpha.ask('/v1/webhooks?name=short-lived'));
  expectStatus(await alpha.call('/v1/libraries/short-lived', { method: 'DELETE' }), 204);
  const found = await eventually(() => stateOf(text(made?.['id'])), off, 'switched off');
  assert.equal(found.reason, 'The library "short-lived" was deleted');
});

test('An asset that goes to another brandfolder is deleted in the one and created in the other', async () => {
  await alpha.ask('/v1/libraries', { body: { key: 'other' } });
  await using receiver = await startStrictReceiver();
  for (const key of [library, 'other']) {
    for (const event of ['asset.create', 'asset.update', 'asset.delete']) {
      const settings = { resource_key: key };
      const target = { transport: 'http', url: receiver.url };
      const body = { name: 'move', dialect: 'brandfolder', target, events: [event], settings };
      expectStatus(await alpha.call('/v1/webhooks', { body }), 201);
    }
  }
  await alpha.ask('/v1/assets/external:moving', { method: 'PUT', body: { name: 'a.png', library } });
  await alpha.ask('/v1/assets/external:moving', { method: 'PATCH', body: { library: 'other' } });
  await eventually(
    () => Promise.resolve(receiver.arrivals.length),
    (found) => found >= 5,
    'five notifications',
  );
  const told = receiver.arrivals
    .map(({ body }) => payloadOf(body).data.attributes)
    .map((one) => `${one['event_time']?.slice(-3)} ${one['event_type']} ${one['brandfolder_key']}`);
  assert.deepEqual(
    told.toSorted(),
    [
      '000 asset.create other',
      `000 asset.create ${library}`,
      `001 asset.update other`,
      `001 asset.update ${library}`,
      `002 asset.delete ${library}`,
    ].toSorted(),
  );
});
