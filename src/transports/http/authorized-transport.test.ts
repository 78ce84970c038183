import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Outcome } from '../../core/outcome.ts';
import { createHeldClock } from '../../storage/testing/world.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { createRunningClock, runningClock } from '../testing/running-clock.ts';
import { type HostileReceiver, okAnswer, type RawRequest, startHostileReceiver } from '../testing/hostile-receiver.ts';
import { startLoopbackTransport } from '../testing/loopback.ts';
import { messageTo } from '../testing/transport-conformance.ts';
import type { OutgoingMessage, TokenGrant, Transport } from '../transport.ts';
import { createAuthorizedTransport } from './authorized-transport.ts';
import { tokenRequest } from './token-request.ts';

type Answer = string | Buffer | ((socket: Socket) => void);
type Peer = HostileReceiver & { answer: (request: RawRequest) => Answer };

function answerOf(status: number, body: string, headers = ''): string {
  return `HTTP/1.1 ${status} Whatever\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function tokenAnswer(token: string, more: object = { expires_in: 3_600 }): string {
  return answerOf(200, JSON.stringify({ access_token: token, token_type: 'Bearer', ...more }));
}

function grantFor(tokenUrl: string, more: Partial<TokenGrant> = {}): TokenGrant {
  return {
    grant: 'password',
    tokenUrl,
    username: 'ada',
    password: 'the-password-of-ada',
    clientAuthentication: 'header',
    fingerprint: 'one',
    ...more,
  };
}

function authorizationOf(request: RawRequest | undefined): readonly string[] {
  return (request?.headers ?? []).filter(([name]) => name.toLowerCase() === 'authorization').map(([, value]) => value);
}

describe('messages that need an access token', async () => {
  const { transport: http, egress } = await startLoopbackTransport();
  const peers: HostileReceiver[] = [];
  after(async () => {
    await http.stop();
    await Promise.all(peers.map((peer) => peer.close()));
  });
  const listen = async (first: Answer = okAnswer): Promise<Peer> => {
    const peer = await startHostileReceiver({
      onRequest: (request, socket) => {
        const answer = made.answer(request);
        if (typeof answer === 'function') answer(socket);
        else socket.write(answer);
      },
    });
    const made: Peer = Object.assign(peer, { answer: () => first });
    peers.push(made);
    return made;
  };
  const start = async (
    clock: Clock = runningClock,
  ): Promise<{ transport: Transport; tokens: Peer; receiver: Peer }> => ({
    transport: createAuthorizedTransport({ transport: http, clock, userAgent: 'Assetwire/test' }),
    tokens: await listen(tokenAnswer('first-token')),
    receiver: await listen(),
  });
  const messageFor = (receiver: Peer, grant: TokenGrant, more: Partial<OutgoingMessage> = {}): OutgoingMessage =>
    messageTo(`${receiver.origin}/hook`, { authorization: grant, timeoutMs: 5_000, connectionsMax: 32, ...more });
  const failed = (outcome: Outcome): Extract<Outcome, { kind: 'token-failed' }> => {
    assert.ok(outcome.kind === 'token-failed', JSON.stringify(outcome));
    return outcome;
  };
  const answered = (outcome: Outcome): Extract<Outcome, { kind: 'response' }> => {
    assert.ok(outcome.kind === 'response', JSON.stringify(outcome));
    return outcome;
  };

  it('a token is fetched for username and password, kept, and sent as exactly one Authorization header', async () => {
    const { transport, tokens, receiver } = await start();
    const grant = grantFor(`${tokens.origin}/token`);
    const first = answered(await transport.send(messageFor(receiver, grant)));
    const second = answered(await transport.send(messageFor(receiver, grant)));
    assert.equal(first.token?.source, 'fetched');
    assert.deepEqual(second.token, { source: 'kept', waitedMs: second.token?.waitedMs });
    assert.equal(tokens.requests.length, 1);
    assert.equal(tokens.requests[0]?.body.toString(), 'grant_type=password&username=ada&password=the-password-of-ada');
    assert.deepEqual(authorizationOf(tokens.requests[0]), []);
    for (const request of receiver.requests) assert.deepEqual(authorizationOf(request), ['Bearer first-token']);
    assert.ok(first.timing.totalMs >= (first.token?.waitedMs ?? 0));
  });

  it('OA-04 five hundred messages without a token make one token request', async () => {
    const { transport, tokens, receiver } = await start();
    const grant = grantFor(`${tokens.origin}/token`);
    tokens.answer = () => (socket) => void systemClock.timer(50, () => socket.write(tokenAnswer('herd-token')));
    const outcomes = await Promise.all(Array.from({ length: 500 }, () => transport.send(messageFor(receiver, grant))));
    assert.ok(outcomes.every((outcome) => outcome.kind === 'response'));
    assert.equal(tokens.requests.length, 1);
    assert.equal(receiver.requests.length, 500);
  });

  it('OA-05 a 401 to a kept token is answered with one new token and the message once more, never a third time', async () => {
    const { transport, tokens, receiver } = await start();
    const grant = grantFor(`${tokens.origin}/token`);
    let issued = 0;
    tokens.answer = () => tokenAnswer(`token-${++issued}`);
    let valid = 'token-1';
    receiver.answer = (request) => (authorizationOf(request)[0] === `Bearer ${valid}` ? okAnswer : answerOf(401, '{}'));
    assert.equal(answered(await transport.send(messageFor(receiver, grant))).response.status, 200);
    valid = 'token-2';
    const renewed = answered(await transport.send(messageFor(receiver, grant)));
    assert.equal(renewed.response.status, 200);
    assert.equal(renewed.token?.source, 'renewed');
    assert.equal(issued, 2);
    // Nothing works any more: the proven token is renewed once, and its successor, never proven, not at once.
    valid = 'none';
    const before = receiver.requests.length;
    const third = answered(await transport.send(messageFor(receiver, grant)));
    assert.deepEqual([third.response.status, third.token?.source, issued], [401, 'renewed', 3]);
    assert.equal(receiver.requests.length, before + 2);
    for (let round = 0; round < 20; round++) {
      assert.equal(answered(await transport.send(messageFor(receiver, grant))).response.status, 401);
    }
    assert.equal(issued, 3);
    assert.equal(receiver.requests.length, before + 22);
  });

  it('OA-05 a 401 to a token that was fetched for this very attempt stands', async () => {
    const { transport, tokens, receiver } = await start();
    receiver.answer = () => answerOf(401, '{}');
    const outcome = answered(await transport.send(messageFor(receiver, grantFor(`${tokens.origin}/token`))));
    assert.deepEqual([outcome.response.status, outcome.token?.source], [401, 'fetched']);
    assert.deepEqual([tokens.requests.length, receiver.requests.length], [1, 1]);
  });

  it('OA-05 where the new token cannot be had, the first answer stands and says so', async () => {
    const { transport, tokens, receiver } = await start();
    const grant = grantFor(`${tokens.origin}/token`);
    await transport.send(messageFor(receiver, grant));
    receiver.answer = () => answerOf(401, '{}');
    tokens.answer = () => answerOf(503, '');
    const outcome = answered(await transport.send(messageFor(receiver, grant)));
    assert.equal(outcome.response.status, 401);
    assert.equal(outcome.token?.renewalFailed, 'unavailable');
  });

  it('OA-07 a token is nobody else’s: neither another webhook’s nor another workspace’s, with the same endpoint and name', async () => {
    const { transport, tokens, receiver } = await start();
    tokens.answer = (request) =>
      request.body.toString().includes('right')
        ? tokenAnswer('right-token')
        : answerOf(400, '{"error":"invalid_grant"}');
    const right = grantFor(`${tokens.origin}/token`, { password: 'right' });
    const wrong = grantFor(`${tokens.origin}/token`, { password: 'wrong' });
    await transport.send(messageFor(receiver, right, { workspaceId: 'a', webhookId: 'wh_a' }));
    const other = await transport.send(messageFor(receiver, wrong, { workspaceId: 'b', webhookId: 'wh_b' }));
    assert.equal(failed(other).code, 'refused');
    assert.equal(failed(other).detail, 'The token endpoint answered 400: invalid_grant');
    assert.equal(receiver.requests.length, 1);
    await transport.send(messageFor(receiver, right, { workspaceId: 'a', webhookId: 'wh_c' }));
    assert.equal(tokens.requests.length, 3);
  });

  it('OA-08 other credentials begin anew, and what was fetched with the former ones is dropped', async () => {
    const { transport, tokens, receiver } = await start();
    tokens.answer = (request) => tokenAnswer(request.body.toString().includes('newer') ? 'newer-token' : 'older-token');
    const url = `${tokens.origin}/token`;
    await transport.send(messageFor(receiver, grantFor(url, { fingerprint: 'version 1' })));
    await transport.send(messageFor(receiver, grantFor(url, { password: 'newer', fingerprint: 'version 2' })));
    assert.deepEqual(
      receiver.requests.map((request) => authorizationOf(request)[0]),
      ['Bearer older-token', 'Bearer newer-token'],
    );
  });

  it('OA-02 whatever a token endpoint answers, the message is not sent with it, and the outcome says what was wrong', async () => {
    const big = `{"access_token":"${'x'.repeat(1_000_000)}"}`;
    const cases: readonly (readonly [string, Answer, string])[] = [
      [
        'HTML',
        `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>`,
        'invalid-answer',
      ],
      ['no object', answerOf(200, '["a"]'), 'invalid-answer'],
      ['no token', answerOf(200, '{"expires_in":3600}'), 'invalid-answer'],
      ['an empty token', tokenAnswer(''), 'invalid-answer'],
      ['a token with line breaks', tokenAnswer('a\r\nX-Evil: 1'), 'invalid-answer'],
      ['a token beyond ASCII', tokenAnswer('tökén'), 'invalid-answer'],
      ['a token with a blank', tokenAnswer('a b'), 'invalid-answer'],
      ['a token of 1 MB', answerOf(200, big), 'invalid-answer'],
      ['a token of 9 KB', tokenAnswer('x'.repeat(9_000)), 'invalid-answer'],
      ['a MAC token', tokenAnswer('abc', { token_type: 'mac' }), 'invalid-answer'],
      ['expires_in −1', tokenAnswer('abc', { expires_in: -1 }), 'invalid-answer'],
      ['expires_in 0', tokenAnswer('abc', { expires_in: 0 }), 'invalid-answer'],
      ['expires_in abc', tokenAnswer('abc', { expires_in: 'abc' }), 'invalid-answer'],
      ['a bomb', Buffer.concat([gzipHead(gzipSync(big)), gzipSync(big)]), 'invalid-answer'],
      ['an error in a 200', answerOf(200, '{"error":"invalid_scope"}'), 'refused'],
      ['400', answerOf(400, '{"error":"invalid_client"}'), 'refused'],
      ['403 in prose', answerOf(403, 'the-password-of-ada is wrong'), 'refused'],
      ['a redirect', answerOf(302, '', 'Location: http://127.0.0.1:1/\r\n'), 'redirected'],
      ['500', answerOf(500, 'oops'), 'unavailable'],
      ['429', answerOf(429, '', 'Retry-After: 7\r\n'), 'unavailable'],
      ['a reset', (socket) => void socket.destroy(), 'unreachable'],
    ];
    const { transport, tokens, receiver } = await start();
    for (const [index, [name, answer, code]] of cases.entries()) {
      tokens.answer = () => answer;
      const message = messageFor(receiver, grantFor(`${tokens.origin}/token`), { webhookId: `wh_${index}` });
      const outcome = failed(await transport.send(message));
      assert.equal(outcome.code, code, name);
      assert.ok(outcome.waitMs >= (name === '429' ? 6_900 : 4_900), name);
      assert.ok(!JSON.stringify(outcome).includes('the-password-of-ada'), name);
    }
    assert.equal(receiver.requests.length, 0);
  });

  it('OA-02 a token without an end, with a far one or with one in words is used', async () => {
    const { transport, tokens, receiver } = await start();
    for (const [index, more] of [{}, { expires_in: 1e99 }, { expires_in: '3600' }, { expires_in: null }].entries()) {
      tokens.answer = () => tokenAnswer('fine-token', { ...more, token_type: 'bearer' });
      const grant = grantFor(`${tokens.origin}/token`);
      const outcome = await transport.send(messageFor(receiver, grant, { webhookId: `wh_${index}` }));
      assert.equal(outcome.kind, 'response', JSON.stringify(more));
    }
  });

  it('OA-03 FX-03 a token endpoint that hangs ends the attempt in time and holds up nobody else', async () => {
    const clock = createRunningClock();
    const { transport, tokens, receiver } = await start(clock);
    tokens.answer = () => () => undefined;
    const slow = grantFor(`${tokens.origin}/token`);
    const hanging = Array.from({ length: 50 }, () => transport.send(messageFor(receiver, slow, { timeoutMs: 60_000 })));
    let ended = 0;
    for (const outcome of hanging) void outcome.then(() => (ended += 1));
    await tokens.received(1);
    for (let round = 0; round < 20; round++) {
      const plain = await transport.send(messageTo(`${receiver.origin}/`, { webhookId: 'wh_other' }));
      assert.equal(plain.kind, 'response');
    }
    assert.equal(ended, 0, 'others had their answers while these waited');
    clock.pass(60_000);
    for (const outcome of await Promise.all(hanging)) assert.equal(failed(outcome).code, 'timeout');
    assert.equal(tokens.requests.length, 1);
  });

  it('an abort ends the wait for a token as interrupted', async () => {
    const { transport, tokens, receiver } = await start();
    tokens.answer = () => () => undefined;
    const controller = new AbortController();
    const grant = grantFor(`${tokens.origin}/token`);
    const sending = transport.send(messageFor(receiver, grant, { signal: controller.signal }));
    await tokens.received(1);
    controller.abort();
    assert.equal((await sending).kind, 'interrupted');
  });

  it('SR-06 a token endpoint in a forbidden range is not called, whatever the receiver is', async () => {
    const { transport, receiver } = await start();
    for (const url of ['http://169.254.169.254/token', 'http://10.0.0.1/token', 'http://[::ffff:7f00:1]:1/']) {
      const grant = grantFor(url, { fingerprint: url });
      const outcome = failed(await transport.send(messageFor(receiver, grant, { timeoutMs: 1_000 })));
      assert.ok(['blocked-address', 'unreachable'].includes(outcome.code), `${url}: ${outcome.code}`);
    }
    egress.setPolicy({ allowedTargets: [`127.0.0.1:${receiver.port}`] });
    const tokens = await listen(tokenAnswer('x'));
    const grant = grantFor(`${tokens.origin}/token`, { fingerprint: 'narrow' });
    assert.equal(failed(await transport.send(messageFor(receiver, grant))).code, 'blocked-address');
    assert.equal(tokens.connections(), 0);
    egress.setPolicy({ allowedTargets: ['127.0.0.0/8'] });
  });

  it('RX-21 a receiver that echoes the token does not bring it into the log', async () => {
    const { transport, tokens, receiver } = await start();
    tokens.answer = () => tokenAnswer('an-echoed-token-of-ours');
    receiver.answer = (request) => answerOf(200, request.head, 'X-Echo: an-echoed-token-of-ours\r\n');
    const outcome = answered(await transport.send(messageFor(receiver, grantFor(`${tokens.origin}/token`))));
    assert.ok(!Buffer.from(outcome.response.body).toString().includes('an-echoed-token'));
    assert.ok(!JSON.stringify(outcome.response.headers).includes('an-echoed-token'));
  });
});

function gzipHead(body: Buffer): Buffer {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
}

describe('what is asked for over time', () => {
  const response = (status: number, body: string): Outcome => ({
    kind: 'response',
    response: { status, headers: [], body: Buffer.from(body), bodyBytes: body.length, bodyComplete: true },
    timing: { startedAtMs: 0, totalMs: 0 },
  });
  const make = (tokenAnswers: (request: number) => Outcome, receiverAnswers: (token: string) => number = () => 200) => {
    const clock = createHeldClock();
    let asked = 0;
    const sent: string[] = [];
    const inner: Transport = {
      kind: 'http',
      start: async () => undefined,
      stop: async () => undefined,
      forget: () => undefined,
      stats: () => ({ connectionsOpen: 0, requestsInFlight: 0, pools: 0 }),
      send: async ({ target, headers }) => {
        if (target === 'https://auth.example/token') return tokenAnswers(++asked);
        const token = headers.find(([name]) => name === 'Authorization')?.[1] ?? '';
        sent.push(token);
        return response(receiverAnswers(token), '');
      },
    };
    const transport = createAuthorizedTransport({ transport: inner, clock, userAgent: 'Assetwire/test' });
    const message = messageTo('https://shop.example/', { authorization: grantFor('https://auth.example/token') });
    return { clock, sent, asked: () => asked, send: () => transport.send(message) };
  };

  it('OA-03 an endpoint that is down for two hours is asked about once a minute, however many messages there are', async () => {
    const world = make(() => response(503, ''));
    let last: Outcome | null = null;
    for (let second = 0; second < 7_200; second++) {
      last = await world.send();
      world.clock.advance(1_000);
    }
    assert.ok(world.asked() <= 130, `${world.asked()} token requests`);
    assert.ok(last?.kind === 'token-failed' && last.waitMs > 0 && last.waitMs <= 60_000);
    assert.equal(world.sent.length, 0);
  });

  it('FX-03 a server that makes a new token every ten seconds is asked every eight, and no message meets a dead one', async () => {
    const world = make((request) => response(200, JSON.stringify({ access_token: `t${request}`, expires_in: 10 })));
    for (let tenth = 0; tenth < 1_000; tenth++) {
      assert.equal((await world.send()).kind, 'response');
      world.clock.advance(100);
    }
    assert.ok(world.asked() >= 12 && world.asked() <= 13, `${world.asked()} token requests in 100 s`);
  });

  it('a token is left a minute before it ends', async () => {
    const world = make((request) => response(200, JSON.stringify({ access_token: `t${request}`, expires_in: 3_600 })));
    await world.send();
    world.clock.advance(3_539_000);
    await world.send();
    assert.equal(world.asked(), 1);
    world.clock.advance(1_001);
    await world.send();
    assert.equal(world.asked(), 2);
  });

  it('OA-06 a receiver that never accepts the token costs one token request every five seconds at most', async () => {
    const world = make(
      (request) => response(200, JSON.stringify({ access_token: `t${request}`, expires_in: 3_600 })),
      () => 401,
    );
    for (let tenth = 0; tenth < 600; tenth++) {
      assert.equal((await world.send()).kind, 'response');
      world.clock.advance(100);
    }
    assert.ok(world.asked() <= 13, `${world.asked()} token requests in a minute`);
  });

  it('OA-09 names, secrets, scopes and audiences arrive as they are, whatever stands in them', () => {
    const odd = fc.oneof(
      fc.constantFrom('a:b', 'ü+%41 &=', 'x\r\ny', '%3A', '💡:💡', ' '),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((text) => text.isWellFormed()),
    );
    fc.assert(
      fc.property(fc.tuple(odd, odd, odd, odd), fc.constantFrom('header', 'body'), (texts, place) => {
        const [id, secret, scope, audience] = texts;
        const { headers, body } = tokenRequest(
          grantFor('https://auth.example/token', {
            grant: 'client-credentials',
            username: id,
            password: secret,
            scope,
            audience,
            clientAuthentication: place,
          }),
          'Assetwire/test',
        );
        const form = new URLSearchParams(Buffer.from(body).toString());
        assert.equal(form.get('grant_type'), 'client_credentials');
        assert.equal(form.get('scope'), scope);
        assert.equal(form.get('audience'), audience);
        const basic = headers.find(([name]) => name === 'Authorization')?.[1];
        if (place === 'body') {
          assert.deepEqual([form.get('client_id'), form.get('client_secret'), basic], [id, secret, undefined]);
          return;
        }
        assert.equal(form.get('client_id'), null);
        const pair = Buffer.from(String(basic).slice('Basic '.length), 'base64').toString();
        // A strict server splits at the first colon and decodes both halves.
        const [left = '', right = '', ...more] = pair.split(':');
        assert.deepEqual(more, []);
        const decoded = (text: string) => new URLSearchParams(`x=${text}`).get('x');
        assert.deepEqual([decoded(left), decoded(right)], [id, secret]);
      }),
      { numRuns: 300, verbose: true },
    );
  });

  it('OA-10 a client’s id and secret are form-encoded before they are joined, as RFC 6749 has it', () => {
    const { headers } = tokenRequest(
      grantFor('https://auth.example/token', { grant: 'client-credentials', username: 'a:b', password: 'ü %' }),
      'A',
    );
    assert.deepEqual(headers.at(-1), ['Authorization', `Basic ${Buffer.from('a%3Ab:%C3%BC+%25').toString('base64')}`]);
  });

  it('a client is named beside a user’s password, with its secret where it has one', () => {
    const named = tokenRequest(grantFor('https://auth.example/token', { clientId: 'shop' }), 'A');
    assert.match(Buffer.from(named.body).toString(), /&client_id=shop$/);
    const proven = tokenRequest(grantFor('https://auth.example/token', { clientId: 'shop', clientSecret: 's' }), 'A');
    assert.deepEqual(proven.headers.at(-1), ['Authorization', `Basic ${Buffer.from('shop:s').toString('base64')}`]);
    assert.ok(!Buffer.from(proven.body).toString().includes('client_'));
  });
});
