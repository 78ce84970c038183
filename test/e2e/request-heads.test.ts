/**
 * The heads of what leaves, dialect by dialect: names in their order and spelling. To most receivers the case of a name means
 * nothing; those behind a gateway that hands headers on as they came look for the vendor's spelling and no other.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { eventually, expectStatus, type RealServer, startRealServer, type Tenant } from './real-server.ts';

type Head = {
  readonly line: string;
  readonly names: readonly string[];
  readonly values: { readonly [name: string]: string };
};

const picture = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

let server: RealServer;
let tenant: Tenant;
const heads: Head[] = [];
const receiver = createServer((request, response) => {
  const pairs = Array.from({ length: request.rawHeaders.length / 2 }, (_, index) => [
    request.rawHeaders[2 * index] ?? '',
    request.rawHeaders[2 * index + 1] ?? '',
  ]);
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    heads.push({
      line: `${request.method ?? ''} ${request.url ?? ''}`,
      names: pairs.map(([name = '']) => name),
      values: Object.fromEntries(pairs),
    });
    const origin = request.headers['webhook-request-origin'];
    response.writeHead(200, origin === undefined ? {} : { 'WebHook-Allowed-Origin': String(origin) }).end();
    confirm(Buffer.concat(chunks).toString());
  });
});

/** As a receiver of SNS does: it visits the link of the question. */
function confirm(body: string): void {
  const [, link] = /"SubscribeURL" : "([^"]+)"/.exec(body) ?? [];
  if (link !== undefined) void fetch(link);
}

before(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'], settings: { ffmpeg: 'off' } });
  tenant = await server.tenant('acme');
});
after(async () => {
  await server[Symbol.asyncDispose]();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

const first = ['host', 'connection', 'Content-Type'] as const;
const ours = ['assetwire-delivery-id', 'assetwire-attempt', 'assetwire-change-id', 'assetwire-event'] as const;
const plain = [...first, 'User-Agent', 'Accept-Encoding'] as const;

/** What each dialect's vendor (or specification) names, as it is spelled there; `ours` is all that is added. */
const wanted: {
  readonly [dialect: string]: {
    readonly event: string;
    readonly names: readonly string[];
    readonly contentType: string;
    readonly settings?: object;
    readonly credentials?: object;
  };
} = {
  standard: {
    event: 'asset.created',
    names: [...plain, 'webhook-id', 'webhook-timestamp', 'webhook-signature', ...ours],
    contentType: 'application/json',
  },
  cloudevents: {
    event: 'assetwire.asset.created',
    names: [...plain, 'WebHook-Request-Origin', ...ours],
    contentType: 'application/cloudevents+json; charset=utf-8',
  },
  bynder: {
    event: 'asset_bank.media.create',
    names: [
      ...first,
      'Accept-Encoding',
      ...['x-amz-sns-message-type', 'x-amz-sns-message-id', 'x-amz-sns-topic-arn', 'x-amz-sns-subscription-arn'],
      'User-Agent',
      ...ours,
    ],
    contentType: 'text/plain; charset=UTF-8',
  },
  brandfolder: { event: 'asset.create', names: [...plain, ...ours], contentType: 'application/json' },
  scaleflex: {
    event: 'upload',
    names: [...plain, ...ours, 'Authorization'],
    contentType: 'application/json',
    credentials: { kind: 'basic', username: 'shop', password: 'open sesame' },
  },
  woodwing: { event: 'asset_create', names: [...plain, 'X-Hook-Signature', ...ours], contentType: 'application/json' },
  bambuser: { event: 'image.add', names: [...plain, ...ours], contentType: 'application/json' },
};

test('HX-13 names of headers leave in the order and spelling that each vendor gives them, and nothing is added but ours', async () => {
  const { port } = receiver.address() as AddressInfo;
  for (const [dialect, { event, settings = {}, credentials }] of Object.entries(wanted)) {
    const body = {
      name: dialect,
      dialect,
      target: { transport: 'http', url: `http://127.0.0.1:${port}/${dialect}` },
      events: [event],
      settings,
      ...(credentials === undefined ? {} : { credentials }),
    };
    expectStatus(await tenant.call('/v1/webhooks', { body }), 201);
  }
  await eventually(
    async () => (await tenant.ask('/v1/webhooks'))['data'] as { readonly state: string }[],
    (webhooks) => webhooks.every(({ state }) => state === 'enabled'),
    'both that are asked have consented',
  );
  const questions = heads.splice(0);
  expectStatus(await tenant.upload('dot.gif', picture), 201);
  const told = await eventually(
    async () => heads,
    (found) => found.length >= Object.keys(wanted).length,
    'each has been told once',
  );
  for (const [dialect, { names, contentType, event }] of Object.entries(wanted)) {
    const head = told.find(({ line }) => line === `POST /${dialect}`);
    assert.deepEqual(head?.names, [...names, 'content-length'], dialect);
    assert.equal(head?.values['Content-Type'], contentType, dialect);
    assert.equal(head?.values['assetwire-event'], event, dialect);
  }
  const asked = questions.find(({ line }) => line === 'OPTIONS /cloudevents');
  assert.ok(asked?.names.includes('WebHook-Request-Origin'), asked?.names.join());
  const question = questions.find(({ line }) => line === 'POST /bynder');
  assert.equal(question?.values['x-amz-sns-message-type'], 'SubscriptionConfirmation');
  assert.ok(!question?.names.includes('x-amz-sns-subscription-arn'), 'there is no subscription yet');
  assert.equal(question?.values['User-Agent'], 'Amazon Simple Notification Service Agent');
});
