/** A whole server whose files lie in S3: uploads, renditions, ranges, removal, and the way there from a disk. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { openS3Objects } from '../../src/blobs/s3/s3-objects.ts';
import { readS3Url } from '../../src/blobs/s3/s3-place.ts';
import { inProcess } from '../../src/cli/testing/in-process.ts';
import { call } from '../../src/api/testing/test-server.ts';
import { defaultSettings } from '../../src/runtime/configuration.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { checkBlobs, copyFiles } from '../../src/compose/choose-blobs.ts';
import { startServer } from '../../src/compose/start-server.ts';
import { adminKey, eventually, expectStatus, startRealServer, text } from './real-server.ts';

const wine = readFileSync(join(import.meta.dirname, '..', '..', 'media', 'wine.jpg'));
let peer: FauxqsServer;
before(async () => {
  peer = await startFauxqs({ port: 0, logger: false });
  peer.createBucket('files');
});
after(() => peer.stop());

const urlOf = (prefix: string): string => `s3://test:secret@files/${prefix}?endpoint=http://127.0.0.1:${peer.port}`;

async function keysIn(prefix: string): Promise<readonly string[]> {
  const s3 = await openS3Objects(readS3Url(urlOf(prefix)));
  const { objects } = await s3.list('files/');
  s3.close();
  return objects.map(({ key }) => key);
}

const ready = (state: unknown): boolean => JSON.stringify(state).includes('"title":"large"');

test('an upload lies in S3, is looked into and scaled as on a disk, served in ranges, and goes with its asset', async () => {
  await using server = await startRealServer({ settings: { blobsUrl: urlOf('whole') } });
  const tenant = await server.tenant('s3');
  const id = text((await tenant.upload('wine.jpg', wine)).json['id']);
  const { state } = await eventually(
    () => tenant.ask(`/v1/assets/${id}`),
    (asset) => ready(asset['state']),
    'the renditions are there',
  );
  assert.match(JSON.stringify(state), /"widthPx":1068,"heightPx":1600/);
  assert.equal((await keysIn('whole')).length, 4, 'the file and three renditions');
  assert.deepEqual(
    readdirSync(server.dataDir).filter((name) => name === 'files'),
    [],
    'nothing on the disk',
  );
  const part = await tenant.call(`/v1/assets/${id}/content`, { headers: { range: 'bytes=10-19' } });
  assert.deepEqual([part.status, part.headers['content-range']], [206, `bytes 10-19/${wine.length}`]);
  const whole = expectStatus(await tenant.call(`/v1/assets/${id}/content`), 200);
  assert.equal(Number(whole.headers['content-length']), wine.length);
  const packet = expectStatus(await tenant.call(`/v1/assets/${id}/xmp`), 200);
  assert.ok(
    packet.text.includes('rdf:RDF') && wine.includes(packet.text),
    'the packet, out of a file that is fetched for it',
  );
  const link = await tenant.ask('/v1/share-links', { body: { assets: [id] } });
  const shared = await server.call(`${new URL(text(link['url'])).pathname}/content`, { token: null });
  assert.equal(shared.status, 200);
  const exported = await tenant.ask('/v1/exports', { body: { of: 'changes', format: 'csv' } });
  await eventually(
    () => tenant.ask(`/v1/exports/${text(exported['id'])}`),
    (one) => one['state'] === 'done',
    'the export is done',
  );
  assert.match((await tenant.call(`/v1/exports/${text(exported['id'])}/content`)).text, /asset\.created/);
  expectStatus(await tenant.call(`/v1/assets/${id}?permanently=true`, { method: 'DELETE' }), 204);
  await eventually(
    async () => (await keysIn('whole')).length,
    (count) => count === 1,
    'only the part of the export is left',
  );
  assert.ok(!server.log.join('').includes('secret@'), 'LG-01 the credentials of the URL are in no log');
});

test('FX-04 while S3 is away uploads are told to come back and all else goes on; then nothing is left behind', async () => {
  const open = new Set<Socket>();
  let isUp = true;
  const road = createServer((from) => {
    from.on('error', () => undefined);
    if (!isUp) return void from.destroy();
    const to = connect(peer.port, '127.0.0.1').on('error', () => from.destroy());
    for (const socket of [from, to]) open.add(socket.on('close', () => open.delete(socket)));
    from.on('close', () => to.destroy());
    to.on('close', () => from.destroy());
    from.pipe(to).pipe(from);
  });
  await new Promise<void>((resolve) => road.listen(0, '127.0.0.1', resolve));
  const { port } = road.address() as AddressInfo;
  const blobsUrl = `s3://test:secret@files/away?endpoint=http://127.0.0.1:${port}`;
  await using server = await startRealServer({ settings: { blobsUrl, uploadBytesMax: 40 * 1024 * 1024 } });
  const tenant = await server.tenant('away');
  const [id, gone] = [
    await tenant.upload('a.bin', Buffer.from('one')),
    await tenant.upload('b.bin', Buffer.from('two')),
  ];
  const content = `/v1/assets/${text(id.json['id'])}/content`;
  // The road ends after the first parts of a file were sent: the file is larger than one part.
  const cutAfter = 12 * 1024 * 1024;
  const cut = new Promise<void>((resolve) => {
    const look = (): void => {
      const sent = [...open].reduce((sum, socket) => sum + socket.bytesRead, 0);
      if (sent < cutAfter) return void setTimeout(look, 5);
      isUp = false;
      for (const socket of open) socket.destroy();
      resolve();
    };
    look();
  });
  const [large] = await Promise.all([tenant.upload('large.bin', Buffer.alloc(32 * 1024 * 1024, 7)), cut]);
  for (const answer of [large, await tenant.upload('c.bin', Buffer.from('three')), await tenant.call(content)]) {
    assert.deepEqual([answer.status, answer.json['code']], [503, 'storage_unavailable']);
    assert.ok(Number(answer.headers['retry-after']) > 0);
  }
  const patched = await tenant.call(content.replace('/content', ''), { method: 'PATCH', body: { tags: ['x'] } });
  assert.equal(patched.status, 200, 'what needs no file goes on');
  const readiness = async () => {
    const answer = await call(server.url, '/readyz', { token: null });
    const checks = answer.json['checks'] as { readonly name: string; readonly ok: boolean }[];
    return [answer.status, checks.find(({ name }) => name === 'files')?.ok];
  };
  const failingFor = async () =>
    Number(/^assetwire_files_failing_seconds (\S+)$/m.exec((await server.call('/metrics')).text)?.[1]);
  assert.deepEqual(await readiness(), [200, false], 'ready for all that needs no file, and it can be seen');
  assert.ok((await failingFor()) > 0);
  const removed = await tenant.call(`/v1/assets/${text(gone.json['id'])}?permanently=true`, { method: 'DELETE' });
  assert.equal(removed.status, 204, 'its file goes when it can');
  isUp = true;
  assert.equal((await tenant.call(content)).text, 'one');
  expectStatus(await tenant.upload('c.bin', Buffer.from('three')), 201);
  assert.deepEqual([await readiness(), await failingFor()], [[200, true], 0]);
  await eventually(
    async () => (await keysIn('away')).length,
    (count) => count === 2,
    'the file of the deleted asset is gone, and nothing of the one that was cut off is there',
  );
  for (const socket of open) socket.destroy();
  road.close();
});

test('files are moved from the disk to S3 while the server runs, and the next start reads them there', async () => {
  const at = urlOf('moved');
  await using server = await startRealServer();
  const { dataDir } = server;
  const tenant = await server.tenant('moving');
  const id = text((await tenant.upload('wine.jpg', wine)).json['id']);
  await eventually(
    () => tenant.ask(`/v1/assets/${id}`),
    (asset) => ready(asset['state']),
    'the renditions are there',
  );
  const parts = { start: () => Promise.reject(new Error('not here')), checkStore: () => Promise.resolve(null) };
  const command = inProcess({}, { server: { ...parts, copyFiles } });
  type Copied = { readonly files: number; readonly present: number };
  const copy = () => command.ask<Copied>('blobs', 'copy', '--to', at, '--data-dir', dataDir);
  const [first, second] = [await copy(), await copy()];
  assert.deepEqual([first.files, first.present, second.files, second.present], [4, 0, 0, 4]);
  const names = readdirSync(join(dataDir, 'files', 'files'), { recursive: true }).map(String);
  const blobs = names.filter((name) => /[0-9a-f]{64}$/.test(name)).map((name) => `files/${name}`);
  assert.deepEqual([...(await keysIn('moved'))].sort(), blobs.sort(), 'the same places on both sides');

  await server.started.stop();
  renameSync(join(dataDir, 'files'), join(dataDir, 'files-before'));
  const next = await startServer({
    settings: defaultSettings({ port: 0, dataDir, adminKey, blobsUrl: at, shutdownSeconds: 5 }),
    logger: silentLogger,
  });
  try {
    const options = { token: adminKey, headers: { 'assetwire-workspace': 'moving' } };
    for (const path of ['content', 'renditions/small'])
      expectStatus(await call(next.url, `/v1/assets/${id}/${path}`, options), 200);
  } finally {
    await next.stop();
  }
});

test('doctor says whether files can be kept where the settings say, without the secret', async () => {
  const good = await checkBlobs({ ...defaultSettings({ dataDir: '.', adminKey }), blobsUrl: urlOf('doctor') });
  assert.deepEqual([good?.ok, good?.detail.includes('s3://files/doctor/')], [true, true]);
  const bad = await checkBlobs({
    ...defaultSettings({ dataDir: '.', adminKey }),
    blobsUrl: urlOf('doctor').replace('@files', '@nothing'),
  });
  assert.equal(bad?.ok, false);
  assert.match(`${bad?.detail} ${bad?.mend}`, /Make the bucket nothing/);
  assert.doesNotMatch(`${bad?.detail} ${bad?.mend}`, /:secret/);
});
