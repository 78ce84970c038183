/** XMP packets on the whole server: the bytes of the file and no others, given as something to save. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { inProcess } from '../../src/cli/testing/in-process.ts';
import { jpegXmp, packetOf, pdfXmp, pngOf } from '../../src/media/testing/xmp-files.ts';
import { jpegClaiming, pngClaiming } from '../../src/media/testing/sample-files.ts';
import { expectStatus, type RealServer, startRealServer, type Tenant, text, uploadOptions } from './real-server.ts';

const wine = await readFile(join(import.meta.dirname, '..', '..', 'media', 'wine.jpg'));
const packet = packetOf('Löwenzahn');
let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('xmp');
});
after(() => server[Symbol.asyncDispose]());

async function made(name: string, content: Buffer): Promise<string> {
  return text(expectStatus(await tenant.upload(name, content), 201).json['id']);
}

async function fetched(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${tenant.key}`, ...headers },
  });
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

test('the packet of a photograph comes byte for byte, of each version its own, and only to be saved', async () => {
  const id = await made('wine.jpg', wine);
  const { xmp } = await sharp(wine).metadata();
  const found = await fetched(`/v1/assets/${id}/xmp`);
  assert.equal(found.status, 200);
  assert.ok(xmp?.equals(found.bytes));
  assert.equal(found.headers.get('content-type'), 'application/rdf+xml');
  assert.equal(found.headers.get('content-disposition'), 'attachment; filename="wine.xmp"');
  assert.match(found.headers.get('content-security-policy') ?? '', /^sandbox;/);
  assert.equal(found.headers.get('x-content-type-options'), 'nosniff');
  expectStatus(await tenant.call(`/v1/assets/${id}/versions`, uploadOptions('wine.png', pngOf(packet))), 201);
  assert.deepEqual((await fetched(`/v1/assets/${id}/xmp`)).bytes, packet);
  const first = await fetched(`/v1/assets/${id}/versions/1/xmp`);
  assert.ok(xmp?.equals(first.bytes));
  assert.equal(first.headers.get('etag'), found.headers.get('etag'));
});

test('who has it is told so; a part of it, and its head alone, are given as of content', async () => {
  const path = `/v1/assets/${await made('a.pdf', pdfXmp(packet))}/xmp`;
  const whole = await fetched(path);
  assert.deepEqual(whole.bytes, packet);
  const etag = whole.headers.get('etag') ?? '';
  const again = await fetched(path, { 'if-none-match': etag });
  assert.deepEqual([again.status, again.bytes.length], [304, 0]);
  const part = await fetched(path, { range: 'bytes=-20', 'if-range': etag });
  assert.deepEqual([part.status, part.bytes], [206, packet.subarray(-20)]);
  const head = await fetched(path, {}, 'HEAD');
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(packet.length)]);
  assert.equal((await fetched(path, { range: 'bytes=999999-' })).status, 416);
});

test('a file without one is not found, with what to do instead; a broken one says so, and the server goes on', async () => {
  const none = expectStatus(await tenant.call(`/v1/assets/${await made('a.png', pngClaiming(4, 3))}/xmp`), 404);
  assert.match(none.text, /the file has none/);
  assert.match(none.text, /state\.embedded/);
  const other = expectStatus(await tenant.call(`/v1/assets/${await made('a.txt', Buffer.from('text'))}/xmp`), 404);
  assert.match(other.text, /not looked for in files of text\/plain/);
  const jpeg = jpegClaiming(8, 6, jpegXmp(packet));
  const broken = jpeg.subarray(0, jpeg.indexOf('rdf:RDF'));
  const refused = expectStatus(await tenant.call(`/v1/assets/${await made('b.jpg', broken)}/xmp`), 422);
  assert.equal(refused.json['code'], 'file_unreadable');
  assert.match(refused.text, /breaks off within its packet/);
  const large = pngOf(Buffer.concat([packet, Buffer.alloc(300_000, 32)]));
  assert.match(
    expectStatus(await tenant.call(`/v1/assets/${await made('c.png', large)}/xmp`), 422).text,
    /more than 262144 bytes/,
  );
  assert.match((await server.call('/readyz')).text, /"name":"media","ok":true/);
  assert.match(
    (await server.call('/metrics')).text,
    /^assetwire_media_jobs_total\{job="xmp",outcome="too_large"\} 1$/m,
  );
});

test('TN-01 whoever may not read the asset does not read its packet', async () => {
  const id = await made('d.png', pngOf(packet));
  const neighbour = await server.tenant('neighbour');
  for (const path of [`/v1/assets/${id}/xmp`, `/v1/assets/${id}/versions/1/xmp`]) {
    expectStatus(await neighbour.call(path), 404);
    expectStatus(await server.call(path, { token: null }), 401);
    const { key } = await server.key('xmp', ['assets:write']);
    expectStatus(await server.call(path, { token: key }), 403);
  }
  expectStatus(await tenant.call(`/v1/assets/${id}`, { method: 'DELETE' }), 204);
  expectStatus(await tenant.call(`/v1/assets/${id}/xmp`), 410);
});

test('the command line saves it, of the active version or another one', async () => {
  const id = await made('e.png', pngOf(packet));
  expectStatus(await tenant.call(`/v1/assets/${id}/versions`, uploadOptions('e.jpg', wine)), 201);
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-xmp-'));
  try {
    const cli = inProcess({ ASSETWIRE_URL: server.url, ASSETWIRE_KEY: tenant.key });
    const file = join(directory, 'e.xmp');
    const { bytes } = await cli.ask<{ bytes: number }>('assets', 'xmp', id, '--output', file);
    assert.ok((await sharp(wine).metadata()).xmp?.equals(await readFile(file)));
    assert.notEqual(bytes, packet.length);
    const again = await cli.run('assets', 'xmp', id, '--asset-version', '1', '--output', file);
    assert.match(again.err, /--force/);
    await cli.ask('assets', 'xmp', id, '--asset-version', '1', '--output', file, '--force');
    assert.deepEqual(await readFile(file), packet);
    const none = await cli.run(
      'assets',
      'xmp',
      await made('f.png', pngClaiming(4, 3)),
      '--output',
      join(directory, 'f'),
    );
    assert.notEqual(none.code, 0);
    assert.match(none.err, /Find an XMP packet: the file has none/);
  } finally {
    await rm(directory, { recursive: true });
  }
});
