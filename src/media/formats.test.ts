/**
 * Every format that docs/reference/media.md names, with a real file by a real encoder: which facts are read of it and whether
 * renditions are made is what the table there says, row by row. The same files, mutated, are what UP-22 throws at everything.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { systemClock } from '../runtime/clock.ts';
import { createMedia } from './child-media.ts';
import { gifOf, jpegClaiming, pngClaiming, pngPart, uint32 } from './testing/sample-files.ts';
import { testFfmpeg } from './testing/test-ffmpeg.ts';

const root = join(import.meta.dirname, '..', '..');
const samples = join(import.meta.dirname, 'testing', 'files');
const directory = await mkdtemp(join(tmpdir(), 'assetwire-formats-'));
const media = createMedia({
  clock: systemClock,
  readable: [directory],
  scratch: join(directory, 'scratch'),
  ffmpeg: testFfmpeg ?? 'off',
});
const files = new Map<string, { readonly content: Buffer; readonly mimeType: string }>();

before(async () => {
  await media.start();
  for (const [format, content] of Object.entries(await realFiles())) {
    const { mimeType } = await media.sniff(content.subarray(0, 4_100), `file.${format.toLowerCase()}`);
    files.set(format, { content, mimeType });
    await writeFile(join(directory, format), content);
  }
});
after(async () => {
  await media.stop();
  await rm(directory, { recursive: true });
});

async function realFiles(): Promise<Readonly<Record<string, Buffer>>> {
  const picture = sharp(join(root, 'media', 'umang.jpg')).resize(320);
  const seeThrough = sharp({ create: { width: 40, height: 30, channels: 4, background: '#36c8' } });
  const sample = (name: string): Promise<Buffer> => readFile(join(samples, name));
  return {
    JPEG: await picture.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    PNG: await seeThrough.clone().png().toBuffer(),
    APNG: movingPng(),
    WebP: await sharp(await movingGif(), { animated: true })
      .webp()
      .toBuffer(),
    AVIF: await picture.clone().avif({ effort: 0 }).toBuffer(),
    GIF: await movingGif(),
    TIFF: await picture.clone().tiff({ compression: 'deflate' }).toBuffer(),
    HEIC: Buffer.from(
      (await picture.clone().avif({ effort: 0 }).toBuffer()).toString('latin1').replaceAll('avif', 'heic'),
      'latin1',
    ),
    SVG: Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><circle cx="9" cy="9" r="9"/></svg>',
    ),
    PDF: await sample('brochure.pdf'),
    MP4: await readFile(join(root, 'media', 'pan.mp4')),
    MOV: await sample('clip.mov'),
    WebM: await sample('clip.webm'),
    MKV: await sample('clip.mkv'),
    MP3: await sample('tone.mp3'),
    WAV: await sample('tone.wav'),
    Ogg: await sample('tone.ogg'),
    FLAC: await sample('tone.flac'),
  };
}

/** By sharp's own encoder: two frames of half a second. */
function movingGif(): Promise<Buffer> {
  const frame = (grey: number): Buffer => Buffer.alloc(40 * 30 * 3, grey);
  const raw = { width: 40, height: 60, channels: 3, pageHeight: 30 } as const;
  return sharp(Buffer.concat([frame(20), frame(220)]), { raw })
    .gif({ delay: [500, 500] })
    .toBuffer();
}

/** A PNG with the chunk that says that it moves: two frames. */
function movingPng(): Buffer {
  const plain = pngClaiming(8, 6);
  return Buffer.concat([
    plain.subarray(0, 33),
    pngPart('acTL', Buffer.concat([uint32(2), uint32(0)])),
    plain.subarray(33),
  ]);
}

type Row = { readonly facts: readonly string[]; readonly renditions: string };

/** The table of the reference, by format. */
async function documented(): Promise<ReadonlyMap<string, Row>> {
  const text = await readFile(join(root, 'docs', 'reference', 'media.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (\w+) \| `[^|]+` \| ([^|]+) \| ([^|]+) \|$/gm)];
  return new Map(
    rows.map(([, format = '', facts = '', renditions = '']) => [
      format,
      { facts: [...facts.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '').sort(), renditions: renditions.trim() },
    ]),
  );
}

test('of every format the facts are read that the reference names, no more and no fewer', async () => {
  const rows = await documented();
  assert.deepEqual(
    [...rows.keys()].sort(),
    [...files.keys()].sort(),
    'the formats of the table are those of this test',
  );
  for (const [format, { mimeType }] of files) {
    const result = await media.inspect(join(directory, format), { mimeType });
    assert.equal(result.kind, 'inspected', `${format} (${mimeType}): ${JSON.stringify(result)}`);
    if (result.kind !== 'inspected') continue;
    const { mimeType: _, embedded: _packages, ...facts } = result.facts;
    assert.deepEqual(Object.keys(facts).sort(), rows.get(format)?.facts, format);
  }
});

test('of every format renditions are made, or not, as the reference says, and why not is told', async () => {
  const rows = await documented();
  for (const [format, { mimeType }] of files) {
    const said = rows.get(format)?.renditions ?? '';
    const made = /^yes|^first/.test(said) || (/ffmpeg/.test(said) && testFfmpeg !== null);
    assert.equal(media.derivable(mimeType), !/^no renditions/.test(said), `${format}: ${mimeType}`);
    if (!media.derivable(mimeType)) continue;
    const sizes = [{ title: 'small', edgePx: 250 }];
    const result = await media.derive(join(directory, format), { mimeType, sizes });
    assert.equal(result.kind === 'derived', made, `${format}: ${JSON.stringify(result).slice(0, 300)}`);
    if (result.kind === 'failed') assert.match(result.note, /ffmpeg|HEIC/);
  }
});

test('UP-10 only what was recognised is decoded: other formats that libvips knows are refused under any name', async () => {
  const pnm = Buffer.concat([Buffer.from('P6 4 4 255\n'), Buffer.alloc(48, 200)]);
  const others: Readonly<Record<string, Buffer>> = {
    ppm: pnm,
    svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    pdf: await readFile(join(samples, 'brochure.pdf')),
    hdr: Buffer.from(
      '#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 2 +X 2\n\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80',
      'latin1',
    ),
    csv: Buffer.from('1,2\n3,4\n'),
  };
  for (const [name, content] of Object.entries(others)) {
    const path = join(directory, `other-${name}`);
    await writeFile(path, content);
    for (const mimeType of ['image/jpeg', 'image/png', 'image/tiff']) {
      assert.equal((await media.inspect(path, { mimeType })).kind, 'failed', `${name} as ${mimeType}`);
      const sizes = [{ title: 'small', edgePx: 250 }];
      assert.equal((await media.derive(path, { mimeType, sizes })).kind, 'failed', `${name} as ${mimeType}`);
    }
  }
});

test('UP-10 what reads hostile files is pinned to exact versions, in the manifest and in the lock file', async () => {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity?: string }>;
  };
  for (const name of ['sharp', '@hyzyla/pdfium', 'mediabunny', 'exifreader', 'file-type', '@xmldom/xmldom']) {
    const wanted = manifest.dependencies[name] ?? 'none';
    assert.match(wanted, /^\d+\.\d+\.\d+$/, name);
    const locked = lock.packages[`node_modules/${name}`];
    assert.equal(locked?.version, wanted, name);
    assert.match(locked?.integrity ?? '', /^sha512-/, name);
  }
});

/** Set it to 10,000 for the long run: `ASSETWIRE_TEST_MUTATIONS=10000 node --test src/media/formats.test.ts`. */
const mutations = Number(process.env['ASSETWIRE_TEST_MUTATIONS'] ?? 120);

test('UP-22 mutated files of every format end neither process, stall nothing and leave no process behind (seeded)', async () => {
  const seed = Number(process.env['ASSETWIRE_TEST_SEED'] ?? 20_261_122);
  let state = seed >>> 0;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % Math.max(1, below);
  };
  const seeds = [
    ...files.values(),
    { content: gifOf(3), mimeType: 'image/gif' },
    { content: jpegClaiming(9, 9), mimeType: 'image/jpeg' },
  ];
  const fuzzed = createMedia({ clock: systemClock, readable: [directory], timeoutMs: 10_000, deriveTimeoutMs: 10_000 });
  const pids = new Set<number>();
  const path = join(directory, 'mutated');
  for (let round = 0; round < mutations; round += 1) {
    const { content, mimeType } = seeds[round % seeds.length] ?? { content: Buffer.alloc(1), mimeType: 'image/png' };
    const mutated = Buffer.from(next(3) === 0 ? content.subarray(0, next(content.length)) : content);
    for (let flips = next(12); flips > 0 && mutated.length > 0; flips -= 1)
      mutated[next(2) === 0 ? next(Math.min(mutated.length, 600)) : next(mutated.length)] = next(256);
    await writeFile(path, mutated);
    const at = `seed ${seed}, round ${round}, ${mimeType}`;
    const looked = await fuzzed.inspect(path, { mimeType });
    const sizes = [{ title: 'small', edgePx: 250 }];
    const drawn =
      mimeType.startsWith('image/') || mimeType === 'application/pdf'
        ? await fuzzed.derive(path, { mimeType, sizes })
        : null;
    for (const result of [looked, drawn]) {
      const code = result?.kind === 'failed' ? result.code : 'done';
      assert.ok(['done', 'unreadable', 'too_large', 'unsupported'].includes(code), `${at}: ${JSON.stringify(result)}`);
    }
    for (const pid of [fuzzed.inspectorPid(), fuzzed.deriverPid()]) if (pid !== null) pids.add(pid);
  }
  await fuzzed.stop();
  for (const pid of pids) assert.equal(existsSync(`/proc/${pid}`), false, `process ${pid} is left, seed ${seed}`);
});
