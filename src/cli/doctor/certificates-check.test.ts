import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { checkCertificates } from './certificates-check.ts';

test('doctor names the webhooks whose certificates end, of every workspace, and asks for what nobody has acknowledged', async (t) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
    const workspace = String(request.headers['assetwire-workspace'] ?? '');
    asked.push(`${workspace} ${searchParams.get('acknowledged') ?? ''}`);
    const ended = workspace === 'acme' && searchParams.get('kind') === 'webhook.certificate_expired';
    const notices = ended ? [{ text: 'The client certificate of webhook "Shop" has ended' }] : [];
    const data = pathname === '/v1/workspaces' ? [{ id: 'default' }, { id: 'acme' }] : notices;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data, nextCursor: null }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const environment = { ASSETWIRE_PORT: String(port), ASSETWIRE_KEY: 'aw_x', ASSETWIRE_DATA_DIR: '/nowhere' };
  const [found, ...more] = await checkCertificates(undefined, { environment });
  assert.deepEqual([found?.result, more.length], ['warning', 0]);
  assert.match(found?.detail ?? '', /^acme: .*Shop/);
  assert.match(found?.mend ?? '', /--workspace acme/);
  assert.deepEqual(asked, [' ', 'default false', 'default false', 'acme false', 'acme false']);
  assert.deepEqual(await checkCertificates(undefined, { environment: { ...environment, ASSETWIRE_PORT: '1' } }), []);
});
