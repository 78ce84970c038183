import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { until } from '../../../test/support/until.ts';
import type { Outcome } from '../../core/outcome.ts';
import { runningClock } from '../testing/running-clock.ts';
import { systemTurn } from '../../runtime/turn.ts';
import { startLoopbackTransport } from '../testing/loopback.ts';
import { type PeerQueue, type SqsPeer, startSqsPeer, type Trouble } from '../testing/sqs-peer.ts';
import { describeTransport, messageTo, type PeerBehaviour } from '../testing/transport-conformance.ts';
import type { OutgoingMessage, Transport } from '../transport.ts';
import { createSqsTransport, type SqsTransportSettings } from './sqs-transport.ts';

const keys = { accessKeyId: 'AKIAASSETWIRETEST001', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const arn = 'arn:aws:sqs:eu-central-1:111122223333:notifications';
const sender = 'arn:aws:iam::999988887777:user/assetwire';

type Made = { readonly transport: Transport; stop(): Promise<void> };

async function make(endpoint: string | null, settings: Partial<SqsTransportSettings> = {}): Promise<Made> {
  const { transport: http } = await startLoopbackTransport();
  const transport = createSqsTransport({
    http,
    clock: runningClock,
    endOfTurn: systemTurn,
    endpoint,
    serverKeys: true,
    ...settings,
  });
  await transport.start();
  return {
    transport,
    async stop() {
      await transport.stop();
      await http.stop();
    },
  };
}

function message(body: string, fields: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return {
    ...messageTo(arn),
    headers: [['assetwire-delivery-id', 'dlv_1']],
    body: Buffer.from(body),
    awsKeys: keys,
    ...fields,
  };
}

function statusOf(outcome: Outcome): string {
  if (outcome.kind === 'response') return `response ${outcome.response.status}`;
  return outcome.kind === 'not-accepted' ? `${outcome.code} ${outcome.again ? 'again' : 'never'}` : outcome.kind;
}

/** What the conformance suite needs: one server whose queues behave in five ways. */
async function behavingSubject() {
  const got: string[] = [];
  const sockets = new Set<Socket>();
  const waiters: (() => void)[] = [];
  const behave = (
    name: string,
    request: IncomingMessage,
    response: ServerResponse,
    bodies: readonly string[],
  ): void => {
    got.push(...bodies);
    for (const waiter of waiters.splice(0)) waiter();
    if (name === 'silent') return;
    if (name === 'refuses' || name === 'breaks') return void request.socket.destroy();
    if (name !== 'endless') return void answer(response, bodies);
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const input = JSON.parse(Buffer.concat(chunks).toString('utf8')) as SentInput;
    const bodies = input.Entries?.map(({ MessageBody }) => MessageBody) ?? [input.MessageBody ?? ''];
    behave(input.QueueUrl.split('/').at(-1) ?? '', request, response, bodies);
  };
  const server: Server = createServer((request, response) => void serve(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { transport, stop } = await make(`http://127.0.0.1:${port}`);
  const own: Transport = { ...transport, send: (sent) => transport.send({ ...sent, awsKeys: keys }) };
  // Connections are the HTTP transport's, which keeps idle ones for the next call.
  return {
    transport: own,
    target: async (behaviour: PeerBehaviour) => `arn:aws:sqs:eu-central-1:111122223333:${behaviour}`,
    received: () => got.length,
    quiet: () =>
      until(
        () =>
          [...sockets].every((socket) => socket.bytesRead === 0 || socket.readyState === 'open') || sockets.size === 0,
        'no connection is left',
      ),
    receivedAtLeast: (count: number) => until(() => got.length >= count, `${count} messages`),
    async close() {
      await stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type SentInput = {
  readonly QueueUrl: string;
  readonly MessageBody?: string;
  readonly Entries?: readonly { readonly Id: string; readonly MessageBody: string }[];
};

async function answer(response: ServerResponse, bodies: readonly string[]): Promise<void> {
  const { createHash } = await import('node:crypto');
  const sent = bodies.map((body, index) => ({
    Id: String(index),
    MessageId: String(index),
    MD5OfMessageBody: createHash('md5').update(body).digest('hex'),
  }));
  response.end(JSON.stringify(bodies.length === 1 ? sent[0] : { Successful: sent }));
}

describeTransport('the SQS transport', behavingSubject, {
  refuses: ['broken'],
  breaks: ['broken'],
  endless: 'broken',
  senselessTargets: [
    '',
    'x',
    'https://sqs.eu-central-1.amazonaws.com/1/q',
    `${arn}.fifo`,
    'arn:aws:sns:eu-central-1:111122223333:t',
  ],
});

describe('a queue', () => {
  let peer: SqsPeer;
  let queue: PeerQueue;
  let made: Made;
  const troubles: (Trouble | null)[] = [];

  before(async () => {
    peer = await startSqsPeer();
    made = await make(peer.url);
  });
  after(async () => {
    await made.stop();
    await peer.close();
  });
  beforeEach(() => {
    peer.addAccount({ ...keys, arn: sender, account: '999988887777' });
    queue = peer.addQueue(arn, {
      Statement: [{ Effect: 'Allow', Principal: { AWS: sender }, Action: 'sqs:SendMessage', Resource: arn }],
    });
    peer.skewMs = 0;
    troubles.length = 0;
    peer.trouble = () => troubles.shift() ?? null;
  });
  const send = (body: string, fields: Partial<OutgoingMessage> = {}) => made.transport.send(message(body, fields));

  it('gets the body as it is, signed, with our headers as attributes, and tells its id for the message', async () => {
    const outcome = await send('{"Type" : "Notification"}', {
      headers: [
        ['content-type', 'text/plain'],
        ['user-agent', 'Assetwire/0'],
        ['assetwire-delivery-id', 'dlv_7'],
      ],
    });
    const [stored] = queue.messages;
    assert.equal(stored?.body, '{"Type" : "Notification"}');
    assert.deepEqual(stored.attributes, { 'assetwire-delivery-id': { DataType: 'String', StringValue: 'dlv_7' } });
    assert.equal(outcome.kind, 'response');
    if (outcome.kind !== 'response') return;
    assert.equal(outcome.response.status, 200);
    assert.equal(JSON.parse(Buffer.from(outcome.response.body).toString('utf8')).MessageId, stored.id);
    assert.equal(outcome.address, '127.0.0.1');
    assert.ok(outcome.response.headers.some(([name]) => name === 'x-amzn-requestid'));
  });

  it('gets ten messages of one turn in one call, and what is more in further ones', async () => {
    const callsBefore = peer.calls.length;
    const outcomes = await Promise.all(Array.from({ length: 25 }, (_, index) => send(`m${index}`)));
    assert.deepEqual(new Set(outcomes.map(statusOf)), new Set(['response 200']));
    assert.deepEqual(queue.messages.map(({ body }) => body).sort(), outcomes.map((_, index) => `m${index}`).sort());
    assert.deepEqual(
      peer.calls.slice(callsBefore).map(({ entries }) => entries),
      [10, 10, 5],
    );
  });

  it('messages of other keys or workspaces never share a call', async () => {
    const other = {
      accessKeyId: 'AKIAASSETWIRETEST002',
      secretAccessKey: 'another-secret-of-another-account-00000000',
    };
    peer.addAccount({ ...other, arn: 'arn:aws:iam::111122223333:user/own', account: '111122223333' });
    const callsBefore = peer.calls.length;
    await Promise.all([send('a'), send('b', { awsKeys: other }), send('c', { workspaceId: 'elsewhere' })]);
    assert.deepEqual(
      peer.calls.slice(callsBefore).map(({ entries }) => entries),
      [1, 1, 1],
    );
  });

  it('calls stay below the bytes of a call, though there are fewer than ten', async () => {
    const callsBefore = peer.calls.length;
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => send('x'.repeat(60_000))));
    assert.deepEqual(new Set(outcomes.map(statusOf)), new Set(['response 200']));
    assert.deepEqual(
      peer.calls.slice(callsBefore).map(({ entries }) => entries),
      [4, 2],
    );
  });

  it('SQ-05 of ten messages of which three are refused seven have arrived once and three are told apart', async () => {
    troubles.push({
      kind: 'entries',
      refuse: (body) =>
        ['m2', 'm5', 'm7'].includes(body)
          ? { code: body === 'm7' ? 'InvalidMessageContents' : 'InternalError', senderFault: body === 'm7' }
          : null,
    });
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, index) => send(`m${index}`)));
    assert.deepEqual(
      outcomes.map(statusOf),
      outcomes.map((_, index) =>
        index === 7 ? 'unacceptable-content never' : index === 2 || index === 5 ? 'unavailable again' : 'response 200',
      ),
    );
    assert.equal(queue.messages.length, 7);
  });

  it('SQ-01 a policy that does not let us in is an outcome of its own that says what to add', async () => {
    queue.policy = null;
    const outcome = await send('x');
    assert.equal(statusOf(outcome), 'access-denied again');
    assert.ok(outcome.kind === 'not-accepted');
    assert.match(outcome.detail, /security policy.*sqs:SendMessage/);
    assert.ok(outcome.detail.includes(sender) && outcome.detail.includes(arn));
    queue.policy = {
      Statement: [
        { Effect: 'Allow', Principal: '*', Action: 'sqs:*', Resource: arn },
        { Effect: 'Deny', Principal: { AWS: sender }, Action: 'sqs:SendMessage', Resource: arn },
      ],
    };
    assert.equal(statusOf(await send('x')), 'access-denied again');
    // Ours is no call of a service: a condition as for SNS shuts us out.
    queue.policy = {
      Statement: [
        {
          Effect: 'Allow',
          Principal: '*',
          Action: 'sqs:SendMessage',
          Resource: arn,
          Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:sns:eu-central-1:1:t' } },
        },
      ],
    };
    assert.equal(statusOf(await send('x')), 'access-denied again');
  });

  it('a queue that is not there ends the message', async () => {
    peer.removeQueue(arn);
    const outcome = await send('x');
    assert.equal(statusOf(outcome), 'no-such-target never');
    const many = await Promise.all([send('x'), send('y')]);
    assert.deepEqual(many.map(statusOf), ['no-such-target never', 'no-such-target never']);
  });

  it('SQ-07 throttling and a wrong clock are told apart from everything else, and tried again', async () => {
    troubles.push(
      { kind: 'error', status: 400, code: 'RequestThrottled' },
      { kind: 'error', status: 503, code: 'ThrottlingException' },
    );
    assert.equal(statusOf(await send('x')), 'throttled again');
    assert.equal(statusOf(await send('x')), 'throttled again');
    peer.skewMs = 3_600_000;
    const outcome = await send('x');
    assert.equal(statusOf(outcome), 'clock-skew again');
    assert.ok(outcome.kind === 'not-accepted' && /clock/.test(outcome.detail));
    // The SDK has read the service's time off the refusal, and signs with it from now on.
    assert.equal(statusOf(await send('x')), 'response 200');
    peer.skewMs = 0;
    assert.equal(statusOf(await send('x')), 'clock-skew again');
    assert.equal(statusOf(await send('x')), 'response 200');
  });

  it('SQ-08 keys that are unknown, wrong or expired are an outcome of their own, and no message is lost', async () => {
    const wrong = { ...keys, secretAccessKey: 'wrong-secret-wrong-secret-wrong-secret-00' };
    const unknown = { ...keys, accessKeyId: 'AKIAUNKNOWN000000001' };
    assert.equal(statusOf(await send('x', { awsKeys: wrong })), 'credentials again');
    assert.equal(statusOf(await send('x', { awsKeys: unknown })), 'credentials again');
    peer.addAccount({ ...keys, arn: sender, account: '999988887777', expired: true });
    assert.equal(statusOf(await send('x')), 'credentials again');
  });

  it('SQ-04 what a queue never takes is found before anything is sent', async () => {
    const callsBefore = peer.calls.length;
    const large = await send('x'.repeat(262_145));
    assert.equal(statusOf(large), 'too-large never');
    for (const body of ['', 'a\u0000b', 'a\ufffeb'])
      assert.equal(statusOf(await send(body)), 'unacceptable-content never');
    const bytes = await send('', { body: new Uint8Array([0xff, 0xfe, 0x41]) });
    assert.equal(statusOf(bytes), 'unacceptable-content never');
    assert.equal(peer.calls.length, callsBefore);
    // At the limit our own attributes stay behind.
    assert.equal(statusOf(await send('x'.repeat(262_144))), 'response 200');
    assert.deepEqual(queue.messages.at(-1)?.attributes, {});
  });

  it('SQ-09 attributes: no more than ten, ours the first to go, no name or value that is none', async () => {
    const custom = Array.from({ length: 10 }, (_, index) => [`x-${index}`, 'v'] as const);
    assert.equal(statusOf(await send('x', { headers: [...custom, ['assetwire-attempt', '1']] })), 'response 200');
    assert.deepEqual(
      Object.keys(queue.messages.at(-1)?.attributes ?? {}),
      custom.map(([name]) => name),
    );
    const refused = [
      [['x-10', 'v'], ...custom],
      [['AWS.reserved', 'v']],
      [['a b', 'v']],
      [['x', '']],
      [['x', 'a\u0001']],
    ] as const;
    for (const headers of refused) assert.equal(statusOf(await send('x', { headers })), 'refused-by-config');
  });

  it('SQ-06 an answer that is lost after the queue has the message is an unknown end, not a success', async () => {
    troubles.push({ kind: 'cut', when: 'after' });
    assert.equal(statusOf(await send('x')), 'broken');
    assert.equal(queue.messages.length, 1);
  });

  it('FX-02 a service that is away, in trouble, slow or half done: each an outcome in time, and everything arrives in the end', async () => {
    const closed = await startSqsPeer();
    await closed.close();
    const nobody = await make(closed.url);
    const away = await nobody.transport.send(message('x'));
    assert.equal(away.kind, 'connect-failed');
    await nobody.stop();
    const cases: readonly (readonly [Trouble, string])[] = [
      [{ kind: 'error', status: 500, code: 'InternalFailure' }, 'unavailable again'],
      [{ kind: 'error', status: 503, code: 'ServiceUnavailable' }, 'unavailable again'],
      [{ kind: 'error', status: 503, code: 'NobodyKnowsThisOne' }, 'unavailable again'],
      [{ kind: 'error', status: 400, code: 'RequestThrottled' }, 'throttled again'],
      [{ kind: 'error', status: 403, code: 'ExpiredToken' }, 'credentials again'],
      [{ kind: 'cut', when: 'before' }, 'broken'],
      [{ kind: 'cut', when: 'after' }, 'broken'],
      [{ kind: 'hang' }, 'timeout'],
    ];
    for (const [trouble, wanted] of cases) {
      troubles.push(trouble);
      const startedMs = performance.now();
      // What hangs would hang for ever; what is answered has the time that a busy machine takes.
      const timeoutMs = wanted === 'timeout' ? 300 : 60_000;
      assert.equal(statusOf(await send('m', { timeoutMs })), wanted, JSON.stringify(trouble));
      assert.ok(performance.now() - startedMs < 20_000, JSON.stringify(trouble));
    }
    // What a lane does next: the same messages again, two of them refused the first time. Twice is allowed, lost is not.
    const bodies = Array.from({ length: 10 }, (_, index) => `m${index}`);
    troubles.push({
      kind: 'entries',
      refuse: (_body, index) => (index < 2 ? { code: 'InternalFailure', senderFault: false } : null),
    });
    const outcomes = await Promise.all(bodies.map((body) => send(body)));
    const again = bodies.filter((_, index) => outcomes[index]?.kind !== 'response');
    assert.deepEqual(again, ['m0', 'm1']);
    for (const body of again) assert.equal(statusOf(await send(body)), 'response 200');
    const arrived = new Set(queue.messages.map(({ body }) => body));
    assert.ok(bodies.every((body) => arrived.has(body)));
  });

  it('an answer of something else than SQS is no success', async () => {
    troubles.push(
      { kind: 'raw', status: 200, body: '<html>' },
      { kind: 'raw', status: 200, body: '{"MessageId":"1","MD5OfMessageBody":"0"}' },
    );
    assert.equal(statusOf(await send('x')), 'broken');
    assert.equal(statusOf(await send('x')), 'broken');
    troubles.push({ kind: 'raw', status: 502, body: 'bad gateway' });
    assert.equal(statusOf(await send('x')), 'unavailable again');
  });

  it('one message may be given up while others of its call go on', async () => {
    troubles.push({ kind: 'hang' });
    const controller = new AbortController();
    const given = send('a', { signal: controller.signal, timeoutMs: 60_000 });
    const waiting = send('b', { timeoutMs: 400 });
    setTimeout(() => controller.abort(), 50);
    assert.equal(statusOf(await given), 'interrupted');
    assert.equal(statusOf(await waiting), 'timeout');
  });

  it('SQ-10 no secret is in any outcome', async () => {
    const wrong = { ...keys, sessionToken: 'session-token-that-nobody-may-see' };
    queue.policy = null;
    const outcomes = await Promise.all([send('x'), send('x', { awsKeys: wrong })]);
    for (const outcome of outcomes) {
      const text = JSON.stringify(outcome);
      assert.ok(!text.includes(keys.secretAccessKey) && !text.includes('session-token-that'), text);
    }
  });
});

describe('the road to a queue', () => {
  it('SR-10 passes the guard: an endpoint that nobody opened is not reached', async () => {
    const { transport: http } = await startLoopbackTransport({ policy: { allowedTargets: [] } });
    const transport = createSqsTransport({
      http,
      clock: runningClock,
      endOfTurn: systemTurn,
      endpoint: 'http://169.254.169.254',
      serverKeys: true,
    });
    await transport.start();
    const outcome = await transport.send(message('x'));
    assert.equal(outcome.kind, 'blocked-address');
    await transport.stop();
    await http.stop();
  });

  it('SQ-02 a server that lends nobody its own keys sends with a webhook’s own alone', async () => {
    const peer = await startSqsPeer();
    const { transport, stop } = await make(peer.url, { serverKeys: false });
    const { awsKeys: _, ...bare } = message('x');
    const outcome = await transport.send(bare);
    assert.ok(outcome.kind === 'refused-by-config' && outcome.code === 'queue-keys');
    assert.equal(peer.calls.length, 0);
    await stop();
    await peer.close();
  });
});

describe('fauxqs, an emulator that is not ours', () => {
  it('gets what the SDK then reads out of the queue: bodies and attributes', async () => {
    const peer = await startFauxqs({ port: 0, logger: false });
    const endpoint = `http://127.0.0.1:${peer.port}`;
    const client = new SQSClient({ endpoint, region: 'eu-central-1', credentials: keys });
    const name = 'bynder-notifications';
    await client.send(new CreateQueueCommand({ QueueName: name }));
    const { QueueUrl = '' } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
    const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    const { transport, stop } = await make(endpoint);
    try {
      const target = Attributes?.['QueueArn'] ?? '';
      // Beyond U+FFFF it refuses what SQS takes; our own peer does not.
      const bodies = ['one', 'zwei ü', '{"Type" : "Notification"}'];
      const outcomes = await Promise.all(bodies.map((body) => transport.send(message(body, { target }))));
      assert.deepEqual(
        outcomes.map(statusOf),
        bodies.map(() => 'response 200'),
      );
      const read = await client.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
      );
      assert.deepEqual(read.Messages?.map(({ Body }) => Body).sort(), [...bodies].sort());
      assert.equal(read.Messages?.[0]?.MessageAttributes?.['assetwire-delivery-id']?.StringValue, 'dlv_1');
      const missing = await transport.send(message('x', { target: target.replace(name, 'no-such-queue') }));
      assert.equal(statusOf(missing), 'no-such-target never');
    } finally {
      await stop();
      client.destroy();
      await peer.stop();
    }
  });
});
