import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createClient, RefusedError, UnreachableError } from './client.ts';
import type { Client, ServerEvent } from './client.ts';
import { LocalFileError } from './client-form.ts';

async function clientOf(t: TestContext, listener: RequestListener): Promise<Client> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, key: 'k' });
}

test('events are read across packets, comments and blank data left out', async (t) => {
  const packets = [
    'event: chan',
    'ge\nid: 1\ndata: {"a"',
    ':1}\n\n: still here\n\ndata: one\ndata: two\n',
    '\n',
    'event: x\n\n',
  ];
  const client = await clientOf(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (): void => {
      const packet = packets.shift();
      if (packet === undefined) response.end();
      else response.write(packet, () => setImmediate(send));
    };
    send();
  });
  const events: ServerEvent[] = [];
  await client.follow('/stream', { signal: new AbortController().signal, onEvent: (event) => void events.push(event) });
  assert.deepEqual(events, [
    { event: 'change', id: '1', data: '{"a":1}' },
    { event: 'message', id: null, data: 'one\ntwo' },
  ]);
});

test('a stream that is let go ends quietly, one that is refused does not', async (t) => {
  const client = await clientOf(t, (request, response) => {
    if (request.url === '/refused') response.writeHead(403).end('{"code":"forbidden"}');
    else response.writeHead(200).write('data: x\n\n');
  });
  const abort = new AbortController();
  await client.follow('/stream', { signal: abort.signal, onEvent: () => abort.abort() });
  const refused = client.follow('/refused', { signal: new AbortController().signal, onEvent: () => undefined });
  await assert.rejects(refused, (error) => error instanceof RefusedError && error.code === 'forbidden');
});

test('an upload that is refused half-way is told as refused, and its file is let go', async (t) => {
  const client = await clientOf(t, (request, response) => {
    request.once('data', () => response.writeHead(413, { connection: 'close' }).end('{"code":"upload_too_large"}'));
  });
  const content = new Readable({ read: () => undefined });
  content.push(Buffer.alloc(100_000));
  const upload = client.upload({ name: 'x', bytes: 1_000_000, content }, {});
  await assert.rejects(upload, (error) => error instanceof RefusedError && error.code === 'upload_too_large');
  assert.equal(content.destroyed, true);
});

test('an answer that is no JSON is an error with its status, and a broken connection is unreachable', async (t) => {
  const client = await clientOf(t, (request, response) => {
    if (request.url === '/html') response.writeHead(502).end('<html>proxy</html>');
    else request.socket.destroy();
  });
  await assert.rejects(client.get('/html'), (error) => error instanceof RefusedError && error.status === 502);
  await assert.rejects(client.get('/gone'), (error) => error instanceof UnreachableError);
});

test('a file that became shorter or longer while it was sent is an error of its own, and no body of another length is sent', async (t) => {
  const bodies: Buffer[] = [];
  const client = await clientOf(t, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks));
      response.writeHead(201).end('{}');
    });
  });
  for (const content of ['four', 'four and more']) {
    const upload = client.upload({ name: 'x', bytes: 8, content: Readable.from([Buffer.from(content)]) }, {});
    await assert.rejects(
      upload,
      (error) => error instanceof LocalFileError && /must stay as it is/.test(error.message),
    );
  }
  assert.deepEqual(bodies, []);
});

test('a long file leaves no listener behind for each time it waited', async (t) => {
  const client = await clientOf(t, (request, response) => {
    request.resume().on('end', () => response.writeHead(201).end('{}'));
  });
  const warnings: string[] = [];
  const note = (warning: Error): void => void warnings.push(warning.name);
  process.on('warning', note);
  t.after(() => process.off('warning', note));
  const chunk = Buffer.alloc(1024 * 1024);
  const chunks = Array.from({ length: 40 }, () => chunk);
  await client.upload({ name: 'x', bytes: 40 * chunk.length, content: Readable.from(chunks) }, {});
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(warnings, []);
});
