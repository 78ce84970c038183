/** Broadcasts and environments from the command line, against a real server. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inProcess, type InProcess } from '../../src/cli/testing/in-process.ts';
import type { BroadcastView } from '../../src/app/broadcast-cases.ts';
import { adminKey, type RealServer, startRealServer } from './real-server.ts';

const media = join(import.meta.dirname, '..', '..', 'media');
const film = join(media, 'pan.mp4');

let server: RealServer;
let cli: InProcess;
let directory: string;
before(async () => {
  server = await startRealServer({ settings: { ffmpeg: 'off' } });
  cli = inProcess({ ASSETWIRE_URL: server.url, ASSETWIRE_KEY: adminKey });
  directory = await mkdtemp(join(tmpdir(), 'assetwire-broadcasts-'));
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

test('a film goes live from the command line, is changed, downloaded and removed', async () => {
  const live = await cli.ask<BroadcastView>(
    ...['broadcasts', 'stream', film, '--title', 'Launch', '--tag', 'a', 'b', '--over', '0.3'],
    ...['--lat', '63.2', '--lon', '17.1', '--position-type', 'GPS', '--preview', join(media, 'seeding.jpg')],
  );
  const { state } = live;
  assert.deepEqual([state.type, state.end, state.durationMs, state.tags], ['archived', 'complete', 6_000, ['a', 'b']]);
  assert.deepEqual(state.position, { latitude: 63.2, longitude: 17.1, type: 'GPS' });
  assert.ok(state.preview !== undefined && 'assetId' in state.preview);
  const listed = await cli.run('broadcasts', 'list', '--type', 'archived', '--title-contains', 'launch');
  assert.match(listed.out, /archived\s+6\.0 s .*Launch/);
  const changed = await cli.ask<BroadcastView>('broadcasts', 'update', live.id, '--title', 'The launch');
  assert.equal(changed.state.title, 'The launch');
  const copy = join(directory, 'copy.mp4');
  assert.equal((await cli.run('broadcasts', 'download', live.id, '--output', copy)).code, 0);
  assert.deepEqual(await readFile(copy), await readFile(film));
  const clip = await cli.run('broadcasts', 'clip', live.id, '--from', '1', '--to', '2');
  assert.notEqual(clip.code, 0);
  assert.match(clip.err, /ASSETWIRE_FFMPEG/);
  assert.match((await cli.run('broadcasts', 'delete', live.id, '--yes')).out, /is removed/);
  assert.notEqual((await cli.run('broadcasts', 'show', live.id)).code, 0);
});

test('one that runs elsewhere is registered and ended; what does not fit is said before anything is sent', async () => {
  const made = await cli.ask<BroadcastView>(
    ...[
      'broadcasts',
      'create',
      '--type',
      'live',
      '--external-id',
      'show-17',
      '--resource-url',
      'https://cdn.example/17',
    ],
  );
  assert.equal(made.state.type, 'live');
  const ended = await cli.ask<BroadcastView>('broadcasts', 'end', 'external:show-17');
  assert.deepEqual([ended.state.type, ended.state.end], ['archived', 'told']);
  for (const [args, wanted] of [
    [['broadcasts', 'create', '--lat', '1'], /--lat and --lon/],
    [['broadcasts', 'create', '--preview', 'nothing.jpg'], /a file, the id of an image or a URL/],
    [['broadcasts', 'stream', join(directory, 'none.mp4')], /Film must be a file/],
    [['broadcasts', 'update', made.id], /./],
  ] as const) {
    const said = await cli.run(...args);
    assert.notEqual(said.code, 0, args.join(' '));
    assert.match(said.err, wanted, args.join(' '));
  }
});

test('an environment is a workspace with a parent: made, listed by it, and spoken to by its name', async () => {
  await cli.ask('workspaces', 'create', 'acme');
  await cli.ask('workspaces', 'create', 'acme-sandbox', '--parent', 'acme');
  const { data } = await cli.ask<{ data: { id: string; parent?: string }[] }>('workspaces', 'list', '--parent', 'acme');
  assert.deepEqual(
    data.map(({ id, parent }) => [id, parent]),
    [['acme-sandbox', 'acme']],
  );
  assert.match((await cli.run('workspaces', 'list')).out, /acme-sandbox\s+acme-sandbox\s+acme\s+active/);
  const target = ['https://backend.example/hooks', '--workspace', 'acme-sandbox'];
  const made = await cli.run('webhooks', 'create', ...target, '--dialect', 'bambuser', '--event', 'broadcast.add');
  assert.equal(made.code, 0, made.err);
  assert.match((await cli.run('webhooks', 'list', '--workspace', 'acme-sandbox')).out, /bambuser/);
  assert.doesNotMatch((await cli.run('webhooks', 'list', '--workspace', 'acme')).out, /bambuser/);
});
