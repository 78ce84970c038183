import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { createBodyReader } from './request-body.ts';

const reader = createBodyReader({ clock: systemClock });
const server = createServer((request, response) => {
  // Some bodies have come in whole by the time they are asked for, some have not.
  const read = (): void =>
    void reader.read(request, 10).then(
      (body) => response.writeHead(200, { connection: 'close' }).end(body),
      (error: { code: string }) => response.writeHead(413, { connection: 'close' }).end(error.code),
    );
  if (request.url === '/late') setTimeout(read, 20);
  else read();
});

before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
after(() => {
  reader.stop();
  server.closeAllConnections();
  server.close();
});

/** The last line of the answer. */
async function answer(path: string, framing: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\n${framing}`);
  const lines = (await text(socket)).split('\r\n');
  return lines.join(' ').includes('body_too_large')
    ? 'body_too_large'
    : lines.join(' ').replace(/^.*?(0123456789).*$/, '$1');
}

test('IN-06 a body of as many bytes as are allowed is read, one of a byte more is refused, however it is framed and whenever it came', async () => {
  const framings = (body: string): readonly string[] => [
    `Content-Length: ${body.length}\r\n\r\n${body}`,
    `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    `Transfer-Encoding: chunked\r\n\r\n1\r\n0\r\n${(body.length - 1).toString(16)}\r\n${body.slice(1)}\r\n0\r\n\r\n`,
  ];
  for (const path of ['/', '/late']) {
    for (const framing of framings('0123456789'))
      assert.equal(await answer(path, framing), '0123456789', path + framing);
    for (const framing of framings('0123456789x'))
      assert.equal(await answer(path, framing), 'body_too_large', path + framing);
  }
  // Refused by what its sender says of it, before any of it is read.
  assert.equal(await answer('/', 'Content-Length: 1000000000\r\n\r\n'), 'body_too_large');
});
