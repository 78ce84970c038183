import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { inProcess } from '../testing/in-process.ts';
import { serve, temporaryDirectory } from '../testing/spawned.ts';

test('addresses are fetched by the server and followed to their end; what is refused or fails is told', async (t) => {
  const peer = createServer((request, response) => {
    if (request.url === '/gone.jpg') response.writeHead(404).end();
    else response.writeHead(200, { 'content-disposition': 'inline; filename="from there.txt"' }).end('hello');
  });
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  t.after(() => peer.close());
  const origin = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
  const dataDir = temporaryDirectory(t);
  const server = await serve({ ASSETWIRE_DATA_DIR: dataDir, ASSETWIRE_ALLOWED_TARGETS: '127.0.0.0/8' });
  t.after(() => void server.child.kill('SIGKILL'));
  const cli = inProcess({ ASSETWIRE_DATA_DIR: dataDir });
  const { code, out } = await cli.run(
    'upload',
    `${origin}/a.txt`,
    `${origin}/gone.jpg`,
    'http://169.254.169.254/x',
    '--path',
    '/press',
    '--tag',
    'x',
    '--json',
  );
  assert.equal(code, 1);
  const { data } = JSON.parse(out) as {
    data: { status: string; code?: string; fetch?: { assetId?: string; error?: { code: string } } }[];
  };
  assert.deepEqual(
    data.map(({ status, code: why, fetch }) => [status, why ?? fetch?.error?.code]),
    [
      ['done', undefined],
      ['failed', 'status'],
      ['rejected', 'target_forbidden_address'],
    ],
  );
  const { state } = await cli.ask<{ state: { name: string; path: string; tags: string[] } }>(
    'assets',
    'show',
    data[0]?.fetch?.assetId ?? '',
  );
  assert.deepEqual([state.name, state.path, state.tags], ['from there.txt', '/press', ['x']]);
  const listed = await cli.ask<{ data: { id: string }[] }>('fetches', 'list', '--state', 'failed');
  assert.equal(listed.data.length, 1);
  const failed = listed.data[0]?.id ?? '';
  assert.match((await cli.run('fetches', 'show', failed)).out, /state +failed\n[^]*why +status: /);
  const again = await cli.ask<{ id: string; state: string }>('fetches', 'repeat', failed);
  assert.notEqual(again.id, failed);
  assert.match((await cli.run('fetches', 'cancel', failed)).out, /state +failed/, 'what has ended stays so');
  const mixed = await cli.run('upload', `${origin}/a.txt`, 'file.txt');
  assert.equal(mixed.code, 2);
  // Our own inbox and API are no place to fetch from, whatever is allowed.
  const own = await cli.run('upload', `${server.url}/livez`, '--json');
  assert.match(own.out, /target_forbidden/);
});
