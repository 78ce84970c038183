import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AssetwireError } from '../core/errors.ts';
import { systemClock } from '../runtime/clock.ts';
import type * as own from './child-media.ts';
import { createMedia } from './child-media.ts';
import type { MediaOptions } from './child-media.ts';
import { canUnshareNetwork } from './bounded-process.ts';
import { describeMedia } from './testing/media-conformance.ts';
import { isoBox, movieHeader, pngClaiming, track } from './testing/sample-files.ts';

describeMedia({
  name: 'media in a child process',
  async open() {
    const directory = await mkdtemp(join(tmpdir(), 'assetwire-media-'));
    const media = createMedia({ clock: systemClock, readable: [directory] });
    await media.start();
    return {
      media,
      directory,
      close: async () => {
        await media.stop();
        await rm(directory, { recursive: true });
      },
    };
  },
});

async function opened(t: TestContext, options: Partial<MediaOptions> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-media-'));
  const media = createMedia({ clock: systemClock, readable: [directory], ...options });
  t.after(async () => {
    await media.stop();
    await rm(directory, { recursive: true });
  });
  const file = async (name: string, content: string | Buffer): Promise<string> => {
    await writeFile(join(directory, name), content);
    return join(directory, name);
  };
  return { media, directory, file };
}

test('a film is measured, and one process reads several files', async (t) => {
  const { media, file } = await opened(t);
  const film = Buffer.concat([
    isoBox('ftyp', Buffer.from('isom')),
    isoBox('moov', movieHeader(1_000, 8_000), track(640, 360)),
  ]);
  const result = await media.inspect(await file('film', film), { mimeType: 'video/mp4' });
  assert.deepEqual(result, {
    kind: 'inspected',
    facts: { mimeType: 'video/mp4', widthPx: 640, heightPx: 360, durationMs: 8_000, bitRate: film.length },
  });
  const pid = media.inspectorPid();
  const png = await file('png', pngClaiming(5, 6));
  await media.inspect(png, { mimeType: 'image/png' });
  assert.equal(media.inspectorPid(), pid);
});

test('packages may lie elsewhere, behind a link that is called node_modules', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'assetwire-media-'));
  t.after(() => rm(home, { recursive: true }));
  const source = join(import.meta.dirname, '..');
  for (const room of ['media', 'core', 'runtime'])
    await cp(join(source, room), join(home, 'src', room), { recursive: true });
  await cp(join(source, '..', 'package.json'), join(home, 'package.json'));
  const sharp = fileURLToPath(import.meta.resolve('sharp'));
  const packages = join('node_modules', 'sharp');
  await symlink(sharp.slice(0, sharp.lastIndexOf(packages) + 'node_modules'.length), join(home, 'node_modules'));
  const copy = (await import(pathToFileURL(join(home, 'src/media/child-media.ts')).href)) as typeof own;
  const media = copy.createMedia({ clock: systemClock, readable: [join(home, 'files')] });
  t.after(() => media.stop());
  const picture = join(home, 'files', 'wine.jpg');
  await cp(join(source, '..', 'media', 'wine.jpg'), picture);
  const result = await media.inspect(picture, { mimeType: 'image/jpeg' });
  assert.equal(result.kind, 'inspected', JSON.stringify(result));
});

test('UP-05 SVG and playlists make the inspector connect nowhere', async (t) => {
  let connections = 0;
  const canary = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  t.after(() => canary.close());
  const { port } = canary.address() as AddressInfo;
  const { media, file } = await opened(t);
  const svg = `<svg width="1" height="1" xmlns:xlink="x"><image href="http://127.0.0.1:${port}/a"/></svg>`;
  await media.inspect(await file('svg', svg), { mimeType: 'image/svg+xml' });
  await media.inspect(await file('m3u8', `#EXTM3U\nhttp://127.0.0.1:${port}/b`), { mimeType: 'video/mp4' });
  await media.inspect(await file('svg2', svg), { mimeType: 'image/png' });
  assert.equal(connections, 0);
});

const hostile = {
  hangs: 'for (;;);',
  dies: 'process.exit(3);',
  talks: "const line = 'x'.repeat(1e6); for (;;) process.stdout.write(line);",
  lies: 'process.stdin.on(\'data\', () => process.stdout.write(\'{"id":1,"kind":"inspected","facts":{}}\\n\'));',
  grows: 'const kept = []; setInterval(() => kept.push(Buffer.alloc(8e6, 1)), 1);',
} as const;

for (const [name, code] of [
  ['hangs', 'timeout'],
  ['dies', 'crashed'],
  ['talks', 'crashed'],
  ['lies', 'crashed'],
  ['grows', 'too_large'],
] as const) {
  test(`UP-06, UP-21 an inspector that ${name} is ended, and that is told as a value`, async (t) => {
    const program = join(await mkdtemp(join(tmpdir(), 'assetwire-hostile-')), 'main.mjs');
    await writeFile(program, hostile[name]);
    const timeoutMs = name === 'grows' ? 8_000 : 1_500;
    const bad = await opened(t, { program, timeoutMs, residentBytesMax: 200e6 });
    const result = await bad.media.inspect(await bad.file('x', 'x'), { mimeType: 'image/png' });
    assert.equal(result.kind === 'failed' ? result.code : result.kind, code);
    assert.equal(bad.media.inspectorPid(), null, 'nothing of it runs on');
  });
}

test('the inspector sees no secret, writes nothing, starts nothing and reads nothing else', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-escape-'));
  const report = join(directory, 'report');
  const program = join(directory, 'main.mjs');
  await writeFile(program, escapes(join(directory, 'written')));
  process.env['ASSETWIRE_TEST_CANARY'] = 'canary-secret';
  t.after(() => {
    delete process.env['ASSETWIRE_TEST_CANARY'];
  });
  const { media, file } = await opened(t, { program });
  const result = await media.inspect(await file('x', 'x'), { mimeType: 'image/png' });
  const note = result.kind === 'failed' ? result.note : 'no note';
  const network = (await canUnshareNetwork()) ? 'ENETUNREACH' : 'ECONNREFUSED';
  assert.equal(note, `read ERR_ACCESS_DENIED write ERR_ACCESS_DENIED spawn ERR_ACCESS_DENIED net ${network} env none`);
  await assert.rejects(readFile(report));
});

/** A program that answers its job with what it was able to do. */
function escapes(path: string): string {
  return `
    import fs from 'node:fs'; import { spawnSync } from 'node:child_process'; import net from 'node:net';
    const tried = (run) => { try { run(); return 'done'; } catch (error) { return error.code; } };
    const results = [
      'read ' + tried(() => fs.readFileSync('/etc/passwd')),
      'write ' + tried(() => fs.writeFileSync(${JSON.stringify(path)}, 'x')),
      'spawn ' + tried(() => spawnSync('/bin/true')),
    ];
    const connected = await new Promise((resolve) => {
      const socket = net.connect(1, '127.0.0.1', () => resolve('connected'));
      socket.on('error', (error) => resolve(error.code));
    });
    results.push('net ' + connected, 'env ' + (JSON.stringify(process.env).includes('canary') ? 'seen' : 'none'));
    process.stdin.once('data', (line) => {
      const { id } = JSON.parse(String(line));
      process.stdout.write(JSON.stringify({ id, kind: 'failed', code: 'unreadable', note: results.join(' ') }) + '\\n');
    });
  `;
}

test('UP-22 mutated pictures and films never end the inspector nor stall it (seeded)', async (t) => {
  const { media, file } = await opened(t);
  const film = Buffer.concat([
    isoBox('ftyp', Buffer.from('isom')),
    isoBox('moov', movieHeader(1_000, 8_000), track(640, 360)),
  ]);
  const seeds = [
    { content: pngClaiming(40, 30), mimeType: 'image/png' },
    { content: film, mimeType: 'video/mp4' },
    { content: await readFile(join(import.meta.dirname, '..', '..', 'media', 'umang.jpg')), mimeType: 'image/jpeg' },
  ];
  const seed = Number(process.env['ASSETWIRE_TEST_SEED'] ?? 20_261_122);
  const next = generator(seed);
  let pid: number | null = null;
  for (let round = 0; round < 150; round += 1) {
    const { content, mimeType } = seeds[next() % seeds.length] ?? { content: Buffer.alloc(1), mimeType: 'image/png' };
    const mutated = Buffer.from(content.subarray(0, 1 + (next() % content.length)));
    for (let flips = next() % 8; flips > 0; flips -= 1)
      mutated[next() % Math.min(mutated.length, 2_000)] = next() % 256;
    const result = await media.inspect(await file('mutated', mutated), { mimeType });
    const code = result.kind === 'failed' ? result.code : 'inspected';
    assert.ok(['inspected', 'unreadable', 'too_large'].includes(code), `seed ${seed}, round ${round}: ${code}`);
    pid ??= media.inspectorPid();
    assert.equal(media.inspectorPid(), pid, `seed ${seed}, round ${round}: the inspector ended`);
  }
});

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
}

test('UP-23 an inspector that is killed while idle is replaced without a failure', async (t) => {
  const { media, file } = await opened(t);
  const png = await file('png', pngClaiming(5, 6));
  await media.inspect(png, { mimeType: 'image/png' });
  const pid = media.inspectorPid();
  assert.notEqual(pid, null);
  process.kill(pid ?? 0, 'SIGKILL');
  const result = await media.inspect(png, { mimeType: 'image/png' });
  assert.equal(result.kind, 'inspected');
  assert.notEqual(media.inspectorPid(), pid);
});

test('an idle inspector ends, and a stop under a job is told as shutting down, not as a bad file', async (t) => {
  const { media, file } = await opened(t, { idleMs: 0 });
  const png = await file('png', pngClaiming(5, 6));
  await media.inspect(png, { mimeType: 'image/png' });
  while (media.inspectorPid() !== null) await new Promise((resolve) => setImmediate(resolve));
  const program = join(await mkdtemp(join(tmpdir(), 'assetwire-hostile-')), 'main.mjs');
  await writeFile(program, hostile.hangs);
  const hanging = await opened(t, { program });
  const job = hanging.media.inspect(await hanging.file('x', 'x'), { mimeType: 'image/png' });
  while (hanging.media.inspectorPid() === null) await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([
    assert.rejects(job, (error) => error instanceof AssetwireError && error.code === 'shutting_down'),
    hanging.media.stop(),
  ]);
});
