import assert from 'node:assert/strict';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { createServer, type NetConnectOpts } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { createConnector } from './connector.ts';
import { parseTarget } from './target.ts';
import { createTlsSessions } from './tls-sessions.ts';

test('SD-02 a connection that ends at another address than the one that was judged is closed before a byte is sent', async () => {
  const heard: Buffer[] = [];
  const server = createServer((socket) => socket.on('data', (chunk: Buffer) => heard.push(chunk)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve));
  const { port } = server.address() as AddressInfo;
  const net = createRequire(import.meta.url)('node:net') as typeof import('node:net');
  const { connect } = net;
  // As a system does that routes or translates an address to another one.
  const elsewhere = (options: NetConnectOpts) => connect({ ...options, host: '127.0.0.2', port });
  net.connect = elsewhere as typeof connect;
  syncBuiltinESMExports();
  try {
    const connector = createConnector({ clock: systemClock, sessions: createTlsSessions() });
    const made = await connector.attach({
      target: parseTarget(`http://receiver.example:${port}/`),
      addresses: ['127.0.0.1'],
      sessionKey: 'x',
      enter: () => undefined,
      isCancelled: () => false,
    });
    if (made.kind === 'attached') made.socket.destroy();
    assert.ok(made.kind === 'failed', made.kind);
    assert.deepEqual(made.failure, { kind: 'blocked-address', reason: 'forbidden-address' });
  } finally {
    net.connect = connect;
    syncBuiltinESMExports();
    await new Promise((resolve) => server.close(resolve));
  }
  assert.equal(Buffer.concat(heard).length, 0);
});
