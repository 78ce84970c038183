import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { limits } from '../../core/limits.ts';
import type { Outcome, ReceivedResponse } from '../../core/outcome.ts';
import { type Behaviour, type HostileReceiver, okAnswer, startHostileReceiver } from '../testing/hostile-receiver.ts';
import { startLoopbackTransport } from '../testing/loopback.ts';
import { messageTo } from '../testing/transport-conformance.ts';
import type { OutgoingMessage } from '../transport.ts';

describe('answers made to harm', async () => {
  const { transport } = await startLoopbackTransport();
  const receivers: HostileReceiver[] = [];
  after(async () => {
    await transport.stop();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });
  const receive = async (behaviour: Behaviour): Promise<HostileReceiver> => {
    const receiver = await startHostileReceiver(behaviour);
    receivers.push(receiver);
    return receiver;
  };
  /** What becomes of one message whose receiver does this with the request. */
  const answeredBy = async (
    answer: string | Buffer | ((socket: Socket) => void),
    fields: Partial<OutgoingMessage> = {},
  ): Promise<{ readonly outcome: Outcome; readonly receiver: HostileReceiver }> => {
    const receiver = await receive({
      onRequest: (_request, socket) => (typeof answer === 'function' ? answer(socket) : void socket.write(answer)),
    });
    return {
      outcome: await transport.send(messageTo(`${receiver.origin}/`, { timeoutMs: 60_000, ...fields })),
      receiver,
    };
  };
  const responseTo = async (
    answer: string | Buffer | ((socket: Socket) => void),
    fields: Partial<OutgoingMessage> = {},
  ) => {
    const { outcome, receiver } = await answeredBy(answer, fields);
    assert.ok(outcome.kind === 'response', `${outcome.kind} ${JSON.stringify(outcome)}`);
    return { response: outcome.response, receiver };
  };
  const brokenBy = async (
    answer: string | Buffer | ((socket: Socket) => void),
    fields: Partial<OutgoingMessage> = {},
  ): Promise<string> => {
    const { outcome, receiver } = await answeredBy(answer, fields);
    assert.ok(outcome.kind === 'broken', `${outcome.kind} ${JSON.stringify(outcome)}`);
    await receiver.quiet();
    return outcome.code;
  };
  const textOf = ({ body }: ReceivedResponse): string => Buffer.from(body).toString('latin1');

  it('RX-01 a receiver that accepts and never speaks is a timeout while waiting for headers', async () => {
    const { outcome, receiver } = await answeredBy(() => undefined, { timeoutMs: 200 });
    assert.ok(outcome.kind === 'timeout' && outcome.phase === 'headers');
    await receiver.quiet();
  });

  it('RX-01 a receiver that never reads is a timeout while sending', async () => {
    const receiver = await receive({ deaf: true });
    const body = Buffer.alloc(32 * 1024 * 1024, 'x');
    const outcome = await transport.send(messageTo(receiver.origin, { body, timeoutMs: 400 }));
    assert.ok(outcome.kind === 'timeout' && outcome.phase === 'send', JSON.stringify(outcome.kind));
  });

  it('RX-02 a status line dripped byte by byte ends with the deadline', async () => {
    const drip = (socket: Socket): void => {
      const bytes = [...`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(10_000)}`];
      const timer = setInterval(() => socket.write(bytes.shift() ?? 'z'), 20);
      socket.on('close', () => clearInterval(timer));
    };
    const startedMs = performance.now();
    const { outcome } = await answeredBy(drip, { timeoutMs: 300 });
    assert.ok(outcome.kind === 'timeout' && outcome.phase === 'headers');
    assert.ok(performance.now() - startedMs < 20_000);
  });

  it('RX-02 a body dripped byte by byte is cut by the deadline, and the status stands', async () => {
    const drip = (socket: Socket): void => {
      socket.write('HTTP/1.1 500 Oops\r\nContent-Length: 100000\r\n\r\n');
      const timer = setInterval(() => socket.write('z'), 20);
      socket.on('close', () => clearInterval(timer));
    };
    const { response, receiver } = await responseTo(drip, { timeoutMs: 300 });
    assert.equal(response.status, 500);
    assert.equal(response.bodyComplete, false);
    assert.ok(response.bodyBytes > 0 && response.bodyBytes < 100);
    await receiver.quiet();
  });

  it('RX-03 of an endless body 64 KiB are read, the socket is destroyed and the status counts', async () => {
    const pour = (socket: Socket): void => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')]);
      const more = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', more);
      more();
    };
    const { response, receiver } = await responseTo(pour);
    assert.equal(response.status, 200);
    assert.equal(response.body.byteLength, limits.responseReadBytesMax);
    assert.equal(response.bodyBytes, limits.responseReadBytesMax);
    assert.equal(response.bodyComplete, false);
    await receiver.quiet();
  });

  it('RX-03 a body of exactly 64 KiB is whole, one byte more is not', async () => {
    const body = 'x'.repeat(limits.responseReadBytesMax);
    const whole = await responseTo(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    assert.deepEqual([whole.response.bodyBytes, whole.response.bodyComplete], [body.length, true]);
    const over = await responseTo(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length + 1}\r\n\r\n${body}x`);
    assert.deepEqual([over.response.bodyBytes, over.response.bodyComplete], [body.length, false]);
  });

  it('RX-05 a compressed answer is never inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024));
    const { response } = await responseTo(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, br\r\nContent-Length: ${bomb.length}\r\n\r\n`),
        bomb,
      ]),
    );
    assert.deepEqual(Buffer.from(response.body), bomb);
    assert.ok(response.headers.some(([name, value]) => name === 'content-encoding' && value === 'gzip, gzip, br'));
  });

  it('RX-06 chunks of one byte without end, and chunk extensions without end, are cut', async () => {
    const flood =
      (head: string, unit: string) =>
      (socket: Socket): void => {
        socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${head}`);
        const block = unit.repeat(4_096);
        const more = (): void => {
          while (!socket.destroyed && socket.write(block));
        };
        socket.on('drain', more);
        more();
      };
    for (const answer of [flood('', '1\r\nx\r\n'), flood('1;', 'extension'), flood('', '1;a=b\r\nx\r\n')]) {
      const { response, receiver } = await responseTo(answer);
      assert.equal(response.bodyComplete, false);
      assert.ok(response.bodyBytes <= limits.responseReadBytesMax);
      await receiver.quiet();
    }
  });

  it('RX-06 a chunk size that is none breaks the body, and the status stands', async () => {
    for (const size of ['-1', 'g', '10000000000000000', '0x5', '']) {
      const { response, receiver } = await responseTo(
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\nhello\r\n0\r\n\r\n`,
      );
      assert.deepEqual([response.status, response.bodyComplete], [200, false], size);
      await receiver.quiet();
    }
  });

  it('RX-07 contradictory lengths are no HTTP, and the connection is not used again', async () => {
    const heads = [
      'Content-Length: 2\r\nTransfer-Encoding: chunked',
      'Transfer-Encoding: chunked\r\nContent-Length: 2',
      'Content-Length: 2\r\nContent-Length: 3',
      'Content-Length: -1',
      'Content-Length: +2',
      'Content-Length: 2, 2',
      'Content-Length: 0x2',
      'Content-Length : 2',
    ];
    for (const head of heads) assert.equal(await brokenBy(`HTTP/1.1 200 OK\r\n${head}\r\n\r\nok`), 'not-http', head);
  });

  it('RX-08 bytes after an answer never become the next answer', async () => {
    const receiver = await receive({
      onRequest: (request, socket) => {
        const evil = 'HTTP/1.1 299 Evil\r\nContent-Length: 4\r\n\r\nevil';
        socket.write(request.body.toString() === 'first' ? okAnswer + evil : okAnswer);
      },
    });
    const send = (body: string) =>
      transport.send(messageTo(receiver.origin, { body: Buffer.from(body), connectionsMax: 1 }));
    const outcomes = await Promise.all([send('first'), send('second'), send('third')]);
    for (const outcome of outcomes)
      assert.ok(outcome.kind === 'response' && outcome.response.status === 200, JSON.stringify(outcome));
    const second = receiver.requests.find(({ body }) => body.toString() === 'second');
    assert.equal(second?.connection, 2);
  });

  it('RX-08 bytes that arrive later on an idle connection end it', async () => {
    const receiver = await receive({
      onRequest: (request, socket) => {
        socket.write(okAnswer);
        if (request.connection === 1)
          setImmediate(() => socket.write('HTTP/1.1 299 Evil\r\nContent-Length: 0\r\n\r\n'));
      },
    });
    await transport.send(messageTo(receiver.origin));
    await receiver.quiet();
    const next = await transport.send(messageTo(receiver.origin));
    assert.ok(next.kind === 'response' && next.response.status === 200);
    assert.equal(receiver.requests[1]?.connection, 2);
  });

  it('RX-09 an answer before the request was read counts, and its connection is not kept', async () => {
    const receiver = await receive({
      onConnection: (socket, connection) => {
        if (connection > 1) return;
        socket.once('readable', () => socket.read(1));
        socket.write('HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n');
        socket.pause();
      },
    });
    const body = Buffer.alloc(16 * 1024 * 1024, 'x');
    const outcome = await transport.send(messageTo(receiver.origin, { body }));
    assert.ok(outcome.kind === 'response' && outcome.response.status === 413, JSON.stringify(outcome));
    const next = await transport.send(messageTo(receiver.origin));
    assert.ok(next.kind === 'response' && next.response.status === 200);
    assert.equal(receiver.connections(), 2);
  });

  it('RX-10 a head that is too large is broken, whatever makes it large', async () => {
    assert.equal(await brokenBy(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`), 'headers-too-large');
    assert.equal(await brokenBy(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(10_000)}\r\n`), 'headers-too-large');
    assert.equal(await brokenBy(`HTTP/1.1 200 ${'O'.repeat(1_000_000)}\r\n\r\n`), 'headers-too-large');
    assert.equal(await brokenBy('HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n'), 'not-http');
    assert.equal(await brokenBy('HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 0\r\n\r\n'), 'not-http');
  });

  it('RX-10 of many headers as many are kept as the outcome promises', async () => {
    const { response } = await responseTo(
      `HTTP/1.1 200 OK\r\n${Array.from({ length: 200 }, (_, at) => `H${at}: v`).join('\r\n')}\r\nContent-Length: 0\r\n\r\n`,
    );
    assert.equal(response.headers.length, limits.responseHeadersMax);
    assert.deepEqual(response.headers[0], ['h0', 'v']);
  });

  it('RX-11 what is no status line is no HTTP', async () => {
    for (const line of [
      'HTTP/1.1 000 Zero',
      'HTTP/1.1 099 Low',
      'HTTP/1.1 2OO OK',
      'HTTP/9.9 200 OK',
      'ICY 200 OK',
      'HTTP/1.1 20',
      'HTTP/1.1  200 OK',
      'SSH-2.0-x',
      '<html>',
    ]) {
      const { outcome, receiver } = await answeredBy((socket) => socket.end(`${line}\r\nContent-Length: 0\r\n\r\n`));
      assert.ok(outcome.kind === 'broken', `${line}: ${JSON.stringify(outcome)}`);
      await receiver.quiet();
    }
  });

  it('RX-11 RX-12 every status from 200 to 999 arrives as it is', async () => {
    const receiver = await receive({
      onRequest: (request, socket) => socket.write(`HTTP/1.1 ${request.path.slice(1)} S\r\nContent-Length: 0\r\n\r\n`),
    });
    for (let from = 200; from <= 999; from += 50) {
      const statuses = Array.from({ length: 50 }, (_, index) => from + index);
      const outcomes = await Promise.all(
        statuses.map((status) => transport.send(messageTo(`${receiver.origin}/${status}`))),
      );
      assert.deepEqual(
        outcomes.map((outcome) => (outcome.kind === 'response' ? outcome.response.status : outcome.kind)),
        statuses,
      );
    }
  });

  it('RX-16 a 204 or 304 with a body is that status, and the body is not the next answer', async () => {
    for (const status of [204, 304]) {
      const receiver = await receive({
        onRequest: (request, socket) =>
          socket.write(
            request.body.toString() === '1'
              ? `HTTP/1.1 ${status} S\r\nContent-Length: 31\r\n\r\nHTTP/1.1 299 Evil\r\nX: yyyyyyyy\r\n\r\n`
              : okAnswer,
          ),
      });
      const first = await transport.send(messageTo(receiver.origin, { body: Buffer.from('1') }));
      assert.ok(first.kind === 'response' && first.response.status === status);
      const second = await transport.send(messageTo(receiver.origin, { body: Buffer.from('2') }));
      assert.ok(second.kind === 'response' && second.response.status === 200, JSON.stringify(second));
    }
  });

  it('RX-16 a 101 is broken as upgraded, with or without its Upgrade header', async () => {
    assert.equal(
      await brokenBy('HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
      'upgraded',
    );
    assert.equal(await brokenBy('HTTP/1.1 101 Switching\r\n\r\n'), 'upgraded');
  });

  it('HX-14 interim answers are passed over and the final one counts', async () => {
    const { response } = await responseTo(
      `${'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'.repeat(1_000)}${okAnswer}`,
    );
    assert.equal(response.status, 200);
    assert.deepEqual(
      response.headers.map(([name]) => name),
      ['content-type', 'content-length'],
    );
  });

  it('HX-14 interim answers without end are broken', async () => {
    const flood = (socket: Socket): void => {
      const more = (): void => {
        while (!socket.destroyed && socket.write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)));
      };
      socket.on('drain', more);
      more();
    };
    assert.equal(await brokenBy(flood), 'other');
  });

  it('HX-14 a 100 Continue that was not asked for is broken, not mistaken for an answer', async () => {
    assert.equal(await brokenBy(`HTTP/1.1 100 Continue\r\n\r\n${okAnswer}`), 'other');
  });

  it('HX-13 an HTTP/1.0 receiver works and its connection closes', async () => {
    const { response, receiver } = await responseTo((socket) =>
      socket.end('HTTP/1.0 200 OK\r\nServer: old\r\n\r\nfine'),
    );
    assert.deepEqual([response.status, textOf(response), response.bodyComplete], [200, 'fine', true]);
    await receiver.quiet();
  });

  it('HX-13 an HTTP/2-only receiver is no HTTP to us', async () => {
    assert.equal(
      await brokenBy(
        Buffer.from('00001204000000000000030000008000040001000000050000400000000004080000000000000f0001', 'hex'),
      ),
      'not-http',
    );
  });

  it('RX-17 receivers that close after every answer leave no socket behind', async () => {
    const receiver = await receive({
      onRequest: (_request, socket) => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
    });
    for (let round = 0; round < 5; round++) {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, () => transport.send(messageTo(receiver.origin, { connectionsMax: 20 }))),
      );
      assert.ok(outcomes.every((outcome) => outcome.kind === 'response'));
    }
    await receiver.quiet();
    assert.equal(receiver.connections(), 100);
  });

  it('RX-18 a reset after accept, before an answer and inside the headers', async () => {
    const receiver = await receive({ onConnection: (socket) => socket.resetAndDestroy() });
    const outcome = await transport.send(messageTo(receiver.origin));
    // Whether the reset is seen while connecting or just after is up to the kernel; nothing was answered either way.
    const reset =
      outcome.kind === 'broken'
        ? outcome.code === 'reset'
        : outcome.kind === 'connect-failed' && outcome.code === 'ECONNRESET';
    assert.ok(reset, JSON.stringify(outcome));
    assert.equal(await brokenBy((socket) => socket.resetAndDestroy()), 'reset');
    assert.equal(await brokenBy((socket) => void socket.end()), 'reset');
    assert.equal(await brokenBy((socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-')), 'truncated');
  });

  it('RX-18 RX-27 a status followed by a broken body is that status, marked as partial', async () => {
    const short = await responseTo((socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'));
    assert.deepEqual(
      [short.response.status, textOf(short.response), short.response.bodyComplete],
      [200, 'half', false],
    );
    const reset = await responseTo((socket) =>
      socket.write('HTTP/1.1 500 No\r\nContent-Length: 10\r\n\r\nhalf', () =>
        setImmediate(() => socket.resetAndDestroy()),
      ),
    );
    assert.deepEqual([reset.response.status, reset.response.bodyComplete], [500, false]);
  });

  it('RX-20 a body of any bytes arrives as bytes', async () => {
    const bytes = Buffer.from([0, 0xff, 0xfe, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0xe2, 0x80, 0xae, 0xc3, 0x28]);
    const { response } = await responseTo(
      Buffer.concat([Buffer.from(`HTTP/1.1 500 No\r\nContent-Length: ${bytes.length}\r\n\r\n`), bytes]),
    );
    assert.deepEqual(Buffer.from(response.body), bytes);
  });

  it('SR-01 SR-02 SR-03 redirects are answers, never followed', async () => {
    const elsewhere = await receive({});
    for (const status of [301, 302, 303, 307, 308]) {
      const { response, receiver } = await responseTo(
        `HTTP/1.1 ${status} Moved\r\nLocation: ${elsewhere.origin}/x\r\nRefresh: 0;url=${elsewhere.origin}\r\nContent-Length: 0\r\n\r\n`,
      );
      assert.equal(response.status, status);
      assert.ok(response.headers.some(([name, value]) => name === 'location' && value === `${elsewhere.origin}/x`));
      assert.equal(receiver.requests.length, 1);
    }
    assert.equal(elsewhere.connections(), 0);
    const loop = await receive({
      onRequest: (_request, socket) => socket.write('HTTP/1.1 302 F\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n'),
    });
    await transport.send(messageTo(loop.origin));
    assert.equal(loop.requests.length, 1);
  });

  it('SR-04 a Location of 15 KB or of another scheme is only text', async () => {
    for (const location of ['//evil.example', 'javascript:alert(1)', 'x'.repeat(15_000)]) {
      const { response } = await responseTo(`HTTP/1.1 302 F\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
      assert.ok(response.headers.some(([name, value]) => name === 'location' && value === location));
    }
  });
});
