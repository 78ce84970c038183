/** Pictures and clips of films by a real `ffmpeg`, where the tests have one for this platform; and what becomes of them without. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import sharp from 'sharp';
import { systemClock } from '../runtime/clock.ts';
import { createMedia, type MediaOptions } from './child-media.ts';
import { createFfmpeg, findFfmpeg } from './ffmpeg.ts';
import { frameArguments } from './film-arguments.ts';
import { filmTypes } from './film-types.ts';
import { testFfmpeg } from './testing/test-ffmpeg.ts';

const samples = join(import.meta.dirname, 'testing', 'files');
const film = join(import.meta.dirname, '..', '..', 'media', 'pan.mp4');
const sizes = [
  { title: 'small', edgePx: 250 },
  { title: 'large', edgePx: 1_000 },
];

const bareBounds = { timeoutMs: 5_000, residentBytesMax: 500e6, outputBytesMax: 1e7, fileBytesMax: 0 };

async function opened(t: TestContext, options: Partial<MediaOptions> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-films-'));
  const scratch = join(directory, 'scratch');
  const media = createMedia({
    clock: systemClock,
    readable: [directory, samples, join(film, '..')],
    scratch,
    ffmpeg: testFfmpeg ?? 'off',
    ...options,
  });
  await media.start();
  t.after(async () => {
    await media.stop();
    await rm(directory, { recursive: true });
  });
  const file = async (name: string, content: string | Buffer): Promise<string> => {
    await writeFile(join(directory, name), content);
    return join(directory, name);
  };
  return { media, directory, scratch, file };
}

/** A program that stands for an ffmpeg and does what a broken one might. */
async function standIn(t: TestContext, script: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-ffmpeg-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'ffmpeg');
  await writeFile(
    path,
    `#!/bin/sh\ncase "$1" in -version) echo "ffmpeg version 7.1 Copyright"; exit 0;; -hide_banner) exit 0;; esac\n${script}\n`,
  );
  await chmod(path, 0o755);
  return path;
}

test('which ffmpeg is used: a named one, the one on the PATH, or none, with the reason', async (t) => {
  const path = await standIn(t, 'exit 0');
  assert.equal(findFfmpeg(path, undefined), path);
  assert.equal(findFfmpeg('auto', `relative:/nowhere:${join(path, '..')}`), path);
  assert.match(JSON.stringify(findFfmpeg('auto', '/nowhere')), /ASSETWIRE_FFMPEG/);
  assert.match(JSON.stringify(findFfmpeg('/nowhere/ffmpeg', undefined)), /there is none at that path/);
  assert.match(
    JSON.stringify(findFfmpeg('ffmpeg', join(path, '..'))),
    /there is none at that path/,
    'a bare name is no path',
  );
  assert.match(JSON.stringify(findFfmpeg('off', join(path, '..'))), /switched off/);
});

test('without ffmpeg a film is inspected, and that no picture and no clip is made of it names the setting', async (t) => {
  const { media } = await opened(t, { ffmpeg: 'auto', searchPath: '' });
  assert.equal((await media.inspect(film, { mimeType: 'video/mp4' })).kind, 'inspected');
  for (const result of [
    await media.derive(film, { mimeType: 'video/mp4', sizes }),
    await media.clip(film, { mimeType: 'video/mp4', fromMs: 0, toMs: 1_000, bytesMax: 1e6 }),
  ]) {
    assert.equal(result.kind === 'failed' ? result.code : result.kind, 'unsupported');
    assert.match(result.kind === 'failed' ? result.note : '', /no ffmpeg on the PATH.*ASSETWIRE_FFMPEG/);
  }
});

for (const [name, script, code] of [
  ['hangs', 'exec sleep 60', 'timeout'],
  ['talks without end', 'exec cat /dev/zero', 'too_large'],
  ['grows', `exec ${process.execPath} -e 'a=[];setInterval(()=>a.push(Buffer.alloc(8e6,1)),1)'`, 'too_large'],
  ['breaks', 'kill -SEGV $$', 'crashed'],
  ['complains', 'echo "file:/srv/secret/place: Invalid data found" >&2; exit 1', 'unreadable'],
  ['gives no picture', 'exit 0', 'unreadable'],
] as const) {
  test(`UP-06, UP-21 an ffmpeg that ${name} is ended, told as a value, and leaves nothing`, async (t) => {
    const ffmpeg = await standIn(t, script);
    const frameTimeoutMs = name === 'hangs' ? 600 : 20_000;
    const { media, scratch } = await opened(t, { ffmpeg, frameTimeoutMs, filmResidentBytesMax: 200e6 });
    const result = await media.derive(film, { mimeType: 'video/mp4', sizes });
    assert.equal(result.kind === 'failed' ? result.code : result.kind, code, JSON.stringify(result));
    assert.doesNotMatch(result.kind === 'failed' ? result.note : '', /secret/, 'no path is told');
    assert.deepEqual(await readdir(scratch), []);
  });
}

test('what a film left behind in a killed process is removed by the next start, what is being made is not', async (t) => {
  const { media, scratch, file } = await opened(t);
  const old = await file('scratch/old.mp4', 'x');
  await file('scratch/new.mp4', 'x');
  const { utimes } = await import('node:fs/promises');
  await utimes(old, 0, 0);
  await media.stop();
  await media.start();
  assert.deepEqual(await readdir(scratch), ['new.mp4']);
});

if (testFfmpeg !== null) {
  test('of every kind of film a picture is made, upright and within the sizes asked for', async (t) => {
    const { media } = await opened(t);
    for (const [path, mimeType, width, height] of [
      [film, 'video/mp4', 1_000, 563],
      [join(samples, 'clip.mov'), 'video/quicktime', 160, 90],
      [join(samples, 'turned.mp4'), 'video/mp4', 90, 160],
      [join(samples, 'clip.webm'), 'video/webm', 160, 90],
      [join(samples, 'clip.mkv'), 'video/matroska', 160, 90],
    ] as const) {
      const result = await media.derive(path, { mimeType, sizes, durationMs: 1_000 });
      const large = result.kind === 'derived' ? result.renditions[1] : undefined;
      assert.deepEqual([large?.widthPx, large?.heightPx], [width, height], `${path}: ${JSON.stringify(result)}`);
      const { entropy } = await sharp(Buffer.from(large?.content ?? [])).stats();
      assert.ok(entropy > 0.1, `${path}: there is something to see`);
    }
  });

  test('a clip is cut to its moments, has nothing of the original but picture and sound, and ends with the film', async (t) => {
    const { media, scratch } = await opened(t);
    const result = await media.clip(film, { mimeType: 'video/mp4', fromMs: 1_500, toMs: 3_000, bytesMax: 1e7 });
    assert.equal(result.kind, 'clipped', JSON.stringify(result));
    if (result.kind !== 'clipped') return;
    const { durationMs = 0, widthPx, codecs, embedded } = result.facts;
    assert.ok(Math.abs(durationMs - 1_500) <= 80, `${durationMs} ms`);
    assert.equal(widthPx, 1_280);
    assert.equal(codecs?.length, 2);
    assert.equal(embedded?.['fields'], undefined, 'neither title nor author of the film');
    await result.dispose();
    const tail = await media.clip(film, { mimeType: 'video/mp4', fromMs: 5_000, toMs: 60_000, bytesMax: 1e7 });
    assert.equal(tail.kind, 'clipped');
    if (tail.kind === 'clipped') await tail.dispose();
    const sound = await media.clip(join(samples, 'tone.mp3'), {
      mimeType: 'audio/mpeg',
      fromMs: 0,
      toMs: 500,
      bytesMax: 1e6,
    });
    assert.equal(sound.kind === 'clipped' ? sound.facts.mimeType : JSON.stringify(sound), 'audio/mp4');
    if (sound.kind === 'clipped') await sound.dispose();
    assert.deepEqual(await readdir(scratch), [], 'nothing stays');
  });

  test('a clip that grows too large, or lies behind the end, is none', async (t) => {
    const { media, scratch } = await opened(t);
    const large = await media.clip(film, { mimeType: 'video/mp4', fromMs: 0, toMs: 6_000, bytesMax: 50_000 });
    assert.equal(large.kind === 'failed' ? large.code : large.kind, 'too_large', JSON.stringify(large));
    const behind = await media.clip(film, { mimeType: 'video/mp4', fromMs: 60_000, toMs: 61_000, bytesMax: 1e6 });
    assert.equal(behind.kind, 'failed', JSON.stringify(behind));
    assert.deepEqual(await readdir(scratch), []);
  });

  test('UP-05, SR-14 playlists, lists of files, edit lists and films that point elsewhere open no file and no connection', async (t) => {
    let connections = 0;
    const canary = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    t.after(() => canary.close());
    const { port } = canary.address() as AddressInfo;
    const { media, file } = await opened(t);
    const secret = await file(
      'secret.png',
      await sharp({ create: { width: 64, height: 64, channels: 3, background: '#f0f' } })
        .png()
        .toBuffer(),
    );
    const url = `http://127.0.0.1:${port}`;
    const hostile: readonly (readonly [string, string | Buffer])[] = [
      ['hls', `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${url}/a.ts\n#EXT-X-ENDLIST\n`],
      ['hls-file', `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://${secret}\n#EXT-X-ENDLIST\n`],
      ['concat-protocol', `#EXTM3U\n#EXTINF:1,\nconcat:${url}/x|file://${secret}\n`],
      ['ffconcat', `ffconcat version 1.0\nfile '${secret}'\n`],
      [
        'dash',
        `<?xml version="1.0"?><MPD><Period><AdaptationSet><Representation><BaseURL>${url}/d.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`,
      ],
      ['sdp', `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video ${port} RTP/AVP 96\n`],
      ['edl', `# mpv EDL v0\n${secret},0,1\n`],
      ['image', await readFile(secret)],
      ['mov-reference', movWithReference(`${url}/ref.mov`)],
      ['subtitles', `1\n00:00:00,000 --> 00:00:01,000\n<img src="${url}/s.png">\n`],
    ];
    for (const [name, content] of hostile) {
      for (const mimeType of ['video/mp4', 'video/matroska', 'video/ogg']) {
        const path = await file(name, content);
        const derived = await media.derive(path, { mimeType, sizes });
        assert.equal(derived.kind, 'failed', `${name} as ${mimeType}`);
        const clipped = await media.clip(path, { mimeType, fromMs: 0, toMs: 500, bytesMax: 1e6 });
        assert.equal(clipped.kind, 'failed', `${name} as ${mimeType}`);
      }
    }
    // Where the system has no network to take away, what ffmpeg is told must hold alone.
    const bare = createFfmpeg({ path: testFfmpeg ?? '', clock: systemClock, unshareNetwork: false, directory: '/' });
    for (const [name, content] of hostile) {
      const path = await file(name, content);
      for (const type of new Map([...filmTypes.values()].map((each) => [each.demuxer, each])).values()) {
        const run = await bare.run(frameArguments(path, { type, atMs: 0 }), bareBounds);
        assert.ok(run.kind === 'failed' || run.output.length === 0, `${name} as ${type.demuxer}`);
      }
    }
    assert.equal(connections, 0);
  });

  test('UP-22 mutated films never make ffmpeg stay, nor stall what comes behind them (seeded)', async (t) => {
    const { media, file } = await opened(t, { frameTimeoutMs: 5_000 });
    const seed = Number(process.env['ASSETWIRE_TEST_SEED'] ?? 20_261_122);
    let state = seed >>> 0;
    const next = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state >>> 8) % below;
    };
    const whole = await readFile(join(samples, 'clip.mov'));
    for (let round = 0; round < 25; round += 1) {
      const mutated = Buffer.from(whole.subarray(0, whole.length - next(200)));
      for (let flips = 1 + next(30); flips > 0; flips -= 1) mutated[next(mutated.length)] = next(256);
      const result = await media.derive(await file('mutated.mov', mutated), { mimeType: 'video/quicktime', sizes });
      const outcome = result.kind === 'failed' ? result.code : 'derived';
      assert.ok(['derived', 'unreadable', 'too_large'].includes(outcome), `seed ${seed}, round ${round}: ${outcome}`);
    }
  });
}

/** A QuickTime film whose only track lies in another file, named by URL (`dref` with `url `). */
function movWithReference(url: string): Buffer {
  const box = (type: string, ...parts: readonly Buffer[]): Buffer => {
    const content = Buffer.concat(parts);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(content.length + 8);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, content]);
  };
  const numbers = (...values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4);
    return bytes;
  };
  const matrix = numbers(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const header = box(
    'mvhd',
    numbers(0, 0, 0, 1_000, 1_000, 0x10000, 0x01000000, 0, 0),
    matrix,
    Buffer.alloc(24),
    numbers(2),
  );
  const trackHeader = box('tkhd', numbers(7, 0, 0, 1, 0, 1_000, 0, 0, 0, 0), matrix, numbers(64 << 16, 64 << 16));
  const reference = box('dinf', box('dref', numbers(0, 1), box('url ', numbers(0), Buffer.from(`${url}\0`))));
  const sample = Buffer.alloc(78);
  sample.writeUInt16BE(1, 6);
  sample.writeUInt16BE(64, 24);
  sample.writeUInt16BE(64, 26);
  const table = box(
    'stbl',
    box('stsd', numbers(0, 1), box('png ', sample)),
    box('stts', numbers(0, 1, 1, 1_000)),
    box('stsc', numbers(0, 1, 1, 1, 1)),
    box('stsz', numbers(0, 500, 1)),
    box('stco', numbers(0, 1, 0)),
  );
  const media = box(
    'mdia',
    box('mdhd', numbers(0, 0, 0, 1_000, 1_000, 0)),
    box('hdlr', numbers(0, 0), Buffer.from('vide'), Buffer.alloc(13)),
    box('minf', box('vmhd', numbers(1, 0, 0)), reference, table),
  );
  return Buffer.concat([
    box('ftyp', Buffer.from('qt  '), numbers(0)),
    box('moov', header, box('trak', trackHeader, media)),
  ]);
}
