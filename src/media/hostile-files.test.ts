/** Files made to harm, through the real process: each ends as a value, in time, and the process stays small. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { limits } from '../core/limits.ts';
import { renditionSizes } from '../core/renditions.ts';
import { systemClock } from '../runtime/clock.ts';
import { createMedia } from './child-media.ts';
import { residentBytes } from './bounded-process.ts';
import type { DerivationResult, InspectionResult, MediaFacts } from './media.ts';
import {
  gifOf,
  isoBox,
  jpegClaiming,
  pngClaiming,
  pngWith,
  tiffWith,
  uint32,
  webpClaiming,
  zipOf,
} from './testing/sample-files.ts';

const directory = await mkdtemp(join(tmpdir(), 'assetwire-hostile-'));
/** Many times what any of these takes: what takes longer than its file is long would take minutes. */
const media = createMedia({ clock: systemClock, readable: [directory], timeoutMs: 15_000, deriveTimeoutMs: 30_000 });
/** For files that may use up their time. */
const timeoutMs = 2_500;
const hasty = createMedia({ clock: systemClock, readable: [directory], timeoutMs });
after(async () => {
  await Promise.all([media.stop(), hasty.stop()]);
  await rm(directory, { recursive: true });
});

async function file(content: Buffer | string): Promise<{ readonly path: string; readonly head: Buffer }> {
  const path = join(directory, 'hostile');
  await writeFile(path, content);
  return { path, head: Buffer.from(content).subarray(0, 4_100) };
}

/** As an upload is: type from the head, then inspected. */
async function inspect(
  content: Buffer | string,
  name = 'hostile.bin',
): Promise<InspectionResult & { mimeType: string }> {
  const { path, head } = await file(content);
  const { mimeType } = await media.sniff(head, name);
  return { ...(await media.inspect(path, { mimeType })), mimeType };
}

async function derive(content: Buffer, mimeType: string): Promise<DerivationResult> {
  const { path } = await file(content);
  return media.derive(path, { mimeType, sizes: renditionSizes });
}

function factsOf(result: InspectionResult): MediaFacts {
  assert.equal(result.kind, 'inspected', JSON.stringify(result));
  return result.kind === 'inspected' ? result.facts : { mimeType: '' };
}

function codeOf(result: InspectionResult | DerivationResult): string {
  return result.kind === 'failed' ? result.code : result.kind;
}

/** No more than a process with libvips loaded takes, whatever it was shown. */
async function assertSmall(pid: number | null, bytesMax = 200e6): Promise<void> {
  const bytes = pid === null ? null : await residentBytes(pid);
  assert.ok(bytes === null || bytes < bytesMax, `${bytes} bytes resident`);
}

const floods: readonly (readonly [name: string, content: Buffer])[] = [
  ['PNG', pngClaiming(65_535, 65_535)],
  ['JPEG', jpegClaiming(65_500, 65_500)],
  ['WebP', webpClaiming(16_384, 16_384)],
  ['GIF', gifOf(1, 65_535, 65_535)],
];

/** libwebp itself refuses what does not fit in its own limits. */
const refused = ['too_large', 'unreadable'];

for (const [name, content] of floods) {
  test(`UP-01 a ${name} that claims billions of pixels is judged by its header: inspected, and no picture made`, async () => {
    const { mimeType, ...result } = await inspect(content);
    assert.ok(refused.includes(codeOf(result)), codeOf(result));
    const made = codeOf(await derive(content, mimeType));
    assert.ok(refused.includes(made), made);
    await assertSmall(media.inspectorPid());
    await assertSmall(media.deriverPid());
  });
}

test('UP-01 a picture of 30,000 × 30,000 in one bit, small on disk, is too large', async () => {
  const wide = pngClaiming(30_000, 30_000, 1);
  assert.equal(codeOf(await inspect(wide)), 'too_large');
  assert.equal(codeOf(await derive(wide, 'image/png')), 'too_large');
});

test('UP-01 a hundred thousand frames cost no more than one', async () => {
  const moving = gifOf(100_000);
  const { widthPx, heightPx, frames } = factsOf(await inspect(moving));
  assert.deepEqual({ widthPx, heightPx, frames }, { widthPx: 1, heightPx: 1, frames: 100_000 });
  const derived = await derive(moving, 'image/gif');
  assert.equal(derived.kind === 'derived' ? derived.renditions.length : codeOf(derived), 3);
  await assertSmall(media.deriverPid(), 300e6);
});

test('UP-02, UP-17 archives are known by their first bytes and never unpacked, links and paths in them neither', async () => {
  const bomb = deflateSync(Buffer.alloc(50_000_000)).subarray(2, -4);
  const archives: readonly (readonly [string, Buffer, string])[] = [
    ['42.zip', zipOf('0.zip', bomb, 4_294_967_294), 'application/zip'],
    ['a.docx', zipOf('[Content_Types].xml', bomb, 50_000_000), 'application/zip'],
    ['book.epub', zipOf('mimetype', bomb, 50_000_000), 'application/zip'],
    ['logs.gz', gzipSync(Buffer.alloc(50_000_000)), 'application/gzip'],
    ['drawing.svgz', gzipSync(`<svg>${' '.repeat(20_000_000)}</svg>`), 'application/gzip'],
  ];
  for (const [name, content, mimeType] of archives) {
    const startedAt = performance.now();
    const result = await inspect(content, name);
    assert.deepEqual(factsOf(result), { mimeType }, name);
    // Not the time that `media` gives it, four of which a busy machine may need: then it had failed.
    assert.ok(performance.now() - startedAt < 30_000, name);
  }
  await assertSmall(media.inspectorPid());
  assert.ok(process.memoryUsage().rss < 600e6);
});

test('UP-02 a PDF whose streams inflate to gigabytes is searched within bounds', async () => {
  const bomb = deflateSync(Buffer.alloc(40_000_000, 32), { level: 9 });
  const stream = Buffer.concat([
    Buffer.from(`9 0 obj <</Type/ObjStm/N 1/Length ${bomb.length}>>stream\n`),
    bomb,
    Buffer.from('\nendstream endobj\n'),
  ]);
  const pdf = Buffer.concat([Buffer.from('%PDF-1.7\n'), ...Array.from({ length: 100 }, () => stream)]);
  assert.deepEqual(factsOf(await inspect(pdf)).embedded, { document: { version: '1.7' } });
  const deep = `%PDF-1.7\n${'<<'.repeat(200_000)}/Type/Pages/Count 3${'/Type /Pages '.repeat(20_000)}`;
  const startedAt = performance.now();
  factsOf(await inspect(deep));
  assert.ok(performance.now() - startedAt < 30_000);
  await assertSmall(media.inspectorPid(), 300e6);
});

const endless: readonly (readonly [name: string, mimeType: string, content: Buffer])[] = [
  [
    'MP4 with boxes of no length',
    'video/mp4',
    Buffer.concat([isoBox('ftyp', Buffer.from('isom')), Buffer.alloc(5_000)]),
  ],
  [
    'MP4 whose movie contains itself',
    'video/mp4',
    Buffer.concat([
      isoBox('ftyp', Buffer.from('isom')),
      uint32(0),
      Buffer.from('moov'),
      uint32(0),
      Buffer.from('moov'),
    ]),
  ],
  [
    'MP4 with a sample table of four billion entries',
    'video/mp4',
    Buffer.concat([
      isoBox('ftyp', Buffer.from('isom')),
      isoBox(
        'moov',
        isoBox('mvhd', Buffer.alloc(100)),
        isoBox(
          'trak',
          isoBox('mdia', isoBox('minf', isoBox('stbl', isoBox('stsz', uint32(0), uint32(0), uint32(0xffffffff))))),
        ),
      ),
    ]),
  ],
  [
    'Matroska of elements without length',
    'video/matroska',
    Buffer.from(`1a45dfa3${'80'.repeat(3)}${'18538067ff'.repeat(2_000)}`, 'hex'),
  ],
  ['AVIF with an item table that points everywhere', 'image/avif', avifWithBadTable()],
  [
    'Ogg of empty pages',
    'audio/ogg',
    Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.concat([Buffer.from('OggS'), Buffer.alloc(23)]))),
  ],
  ['MP3 of sync words', 'audio/mpeg', Buffer.alloc(2_000_000, Buffer.from('fffb9000', 'hex'))],
  [
    'FLAC with a tag block of 16 MB',
    'audio/flac',
    Buffer.from('664c6143 84ffffff ffffffff ffffffff'.replaceAll(' ', ''), 'hex'),
  ],
  [
    'WAV that claims more than it has',
    'audio/wav',
    Buffer.concat([
      Buffer.from(
        'RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0data\xff\xff\xff\xff',
        'latin1',
      ),
    ]),
  ],
];

function avifWithBadTable(): Buffer {
  const table = Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0x44, 0x40]),
    Buffer.from('ffff', 'hex'),
    Buffer.alloc(4_000, 255),
  ]);
  return Buffer.concat([
    isoBox('ftyp', Buffer.from('avif\0\0\0\0avifmif1')),
    isoBox('meta', uint32(0), isoBox('iloc', table), isoBox('iinf', Buffer.alloc(6, 255))),
  ]);
}

for (const [name, mimeType, content] of endless) {
  test(`UP-06 ${name} ends in time, with a value`, async () => {
    const { path } = await file(content);
    const startedAt = performance.now();
    const code = codeOf(await hasty.inspect(path, { mimeType }));
    assert.ok(['inspected', 'unreadable', 'too_large', 'timeout'].includes(code), code);
    // Of a machine that is busy it may have four times its time.
    assert.ok(performance.now() - startedAt < 4 * timeoutMs + 30_000);
    await assertSmall(hasty.inspectorPid(), 400e6);
  });
}

const small = sharp({ create: { width: 30, height: 20, channels: 3, background: '#963' } }).jpeg();

test('UP-07 a picture whose compressed texts inflate to tens of megabytes is read within bounds', async () => {
  const inflated = deflateSync(Buffer.alloc(32 * 1024 * 1024, 65), { level: 9 });
  const text = Buffer.concat([Buffer.from('XML:com.adobe.xmp\0\x01\0\0\0', 'latin1'), inflated]);
  const bomb = pngWith(
    ['zTXt', Buffer.concat([Buffer.from('Raw profile type exif\0\0', 'latin1'), inflated])],
    ['iCCP', Buffer.concat([Buffer.from('icc\0\0', 'latin1'), inflated])],
    ['iTXt', text],
  );
  assert.ok(bomb.length < 200_000);
  const result = await inspect(bomb);
  if (result.kind === 'inspected')
    assert.ok(JSON.stringify(result.facts).length < limits.embeddedBytesMax + 1_000, 'nothing of it is kept');
  await assertSmall(media.inspectorPid(), 300e6);
});

test('UP-07 EXIF that points at itself, counts billions or breaks off tells what is left, and nothing else breaks', async () => {
  const base = Buffer.concat([Buffer.from('Exif\0\0'), tiffWith({ 271: 'ACME works', 272: 'Pocket camera' })]);
  const looped = Buffer.from(base);
  // The next directory is this one.
  looped.writeUInt32LE(10, 6 + 10 + 2 + 11 * 12);
  const counted = Buffer.from(base);
  for (let row = 0; row < 11; row += 1) counted.writeUInt32LE(0x7fffffff, 6 + 12 + row * 12 + 4);
  const many = Buffer.from(base);
  many.writeUInt16LE(0xffff, 6 + 10);
  for (const exif of [
    looped,
    counted,
    many,
    base.subarray(0, 40),
    Buffer.alloc(60_000, 255),
    Buffer.from('Exif\0\0'),
  ]) {
    const { widthPx } = factsOf(await inspect(jpegClaiming(7, 5, [0xe1, exif])));
    assert.equal(widthPx, 7);
  }
  const whole = factsOf(await inspect(jpegClaiming(7, 5, [0xe1, base])));
  assert.deepEqual(whole.embedded?.['fields'], { cameraMake: 'ACME works', cameraModel: 'Pocket camera' });
});

function xmpSegment(xmp: string): readonly [number, Buffer] {
  return [0xe1, Buffer.from(`http://ns.adobe.com/xap/1.0/\0${xmp}`)];
}

test('UP-07 XMP with entities that multiply or read files, and with depth without end, harms nothing', async () => {
  const wrap = (inside: string, doctype = '') =>
    `<?xml version="1.0"?>${doctype}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">${inside}</rdf:Description></rdf:RDF></x:xmpmeta>`;
  const laughs = Array.from({ length: 30 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('');
  const canary = join(directory, 'canary');
  await writeFile(canary, 'canary-content');
  for (const xmp of [
    wrap('<dc:format>&l30;</dc:format>', `<!DOCTYPE x [<!ENTITY l0 "ha">${laughs}]>`),
    wrap('<dc:format>&f;</dc:format>', `<!DOCTYPE x [<!ENTITY f SYSTEM "file://${canary}">]>`),
    wrap(`${'<dc:a>'.repeat(5_000)}x`),
    wrap(`<dc:title>${'<rdf:Alt><rdf:li>'.repeat(1_500)}x${'</rdf:li></rdf:Alt>'.repeat(1_500)}</dc:title>`),
    '<'.repeat(60_000),
  ]) {
    const startedAt = performance.now();
    const facts = factsOf(await inspect(jpegClaiming(7, 5, xmpSegment(xmp))));
    assert.equal(facts.widthPx, 7);
    assert.doesNotMatch(JSON.stringify(facts), /canary|hahaha/);
    assert.ok(performance.now() - startedAt < 30_000);
  }
});

test('UP-08 what a file says of itself is kept as text: bounded, without controls, never as a name that means something', async () => {
  const evil = '<script>alert(1)</script>';
  const picture = await small
    .clone()
    .withExif({
      IFD0: {
        ImageDescription: `${evil}\u001b[2J\u0007`,
        Artist: "=cmd|' /C calc'!A0",
        Copyright: 'line\r\nSet-Cookie: x=1',
        Model: 'M'.repeat(40_000),
      },
      IFD2: { DateTimeOriginal: '9999:99:99 99:99:99' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '1/0 0/0 0/0', GPSLongitudeRef: 'W', GPSLongitude: '0/0 0/0 0/0' },
    })
    .toBuffer();
  const { embedded } = factsOf(await inspect(picture));
  const group = (name: string) => embedded?.[name] as { readonly [name: string]: string } | undefined;
  const { exif = {}, fields = {} } = { exif: group('exif'), fields: group('fields') };
  assert.match(exif['ImageDescription'] ?? '', /^<script>/, 'data stays data');
  assert.doesNotMatch(JSON.stringify(embedded), /\\u00(?:0[0-8]|1b)/, 'no controls');
  assert.equal(exif['Model']?.length, limits.embeddedTextBytesMax, 'cut');
  assert.equal(embedded?.['cut'], true, 'and that is said');
  assert.equal(fields['takenAt'], undefined, 'a date that is none is not told');
  assert.equal(fields['latitude'], undefined, 'a place that is none is not told');
});

test('UP-04 a picture that is something else too loses it on the way: renditions hold pixels alone', async () => {
  const script = '/*<script>alert(1)</script>*/';
  const archive = zipOf('evil.class', deflateSync(Buffer.from('evil')), 4);
  const picture = await small.clone().toBuffer();
  const polyglots: readonly (readonly [string, Buffer, string])[] = [
    [
      'JPEG with a script in its comment',
      Buffer.concat([
        picture.subarray(0, 2),
        Buffer.from([0xff, 0xfe, 0, script.length + 2]),
        Buffer.from(script),
        picture.subarray(2),
      ]),
      'image/jpeg',
    ],
    ['JPEG with an archive behind it', Buffer.concat([picture, archive]), 'image/jpeg'],
    ['GIF with an archive behind it', Buffer.concat([gifOf(1), archive]), 'image/gif'],
    ['PNG with a page behind it', Buffer.concat([pngClaiming(4, 3), Buffer.from(`<html>${script}`)]), 'image/png'],
  ];
  for (const [name, content, mimeType] of polyglots) {
    const result = await inspect(content, 'x.html');
    assert.equal(result.mimeType, mimeType, name);
    const derived = await derive(content, mimeType);
    assert.equal(derived.kind, 'derived', `${name}: ${JSON.stringify(derived)}`);
    if (derived.kind !== 'derived') continue;
    for (const rendition of derived.renditions) {
      const bytes = Buffer.from(rendition.content);
      assert.equal(bytes.includes('script'), false, name);
      assert.equal(bytes.includes('PK\x03\x04'), false, name);
    }
  }
});

test('a picture that breaks off, or is only named one, is no picture: a note, not a grey half', async () => {
  const whole = await readFile(join(import.meta.dirname, '..', '..', 'media', 'umang.jpg'));
  assert.equal(codeOf(await derive(whole.subarray(0, whole.length / 2), 'image/jpeg')), 'unreadable');
  assert.equal(codeOf(await derive(Buffer.alloc(0), 'image/png')), 'unreadable');
  assert.equal(codeOf(await derive(Buffer.from('<svg width="9" height="9"/>'), 'image/png')), 'unreadable');
  assert.equal(codeOf(await derive(Buffer.from('<svg width="9" height'), 'image/svg+xml')), 'unreadable');
  const result = await derive(Buffer.from('nothing'), 'image/jpeg');
  assert.equal(result.kind === 'failed' && result.note.includes(directory), false, 'where it lies is not told');
});

test('UP-22 mutated pictures never end the process that makes renditions, nor stall it (seeded)', async () => {
  const seed = Number(process.env['ASSETWIRE_TEST_SEED'] ?? 20_261_122);
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
  const exif = { IFD0: { Make: 'ACME', Artist: 'Ann' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '1/1 2/1 3/1' } };
  const seeds = await Promise.all(
    (['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const).map(async (format) => ({
      mimeType: `image/${format}`,
      content: await sharp({ create: { width: 64, height: 48, channels: 3, background: '#693' } })
        .withExif(exif)
        .toFormat(format)
        .toBuffer(),
    })),
  );
  for (let round = 0; round < 150; round += 1) {
    const { content, mimeType } = seeds[next() % seeds.length] ?? { content: Buffer.alloc(1), mimeType: 'image/png' };
    const mutated = Buffer.from(content);
    for (let flips = 1 + (next() % 6); flips > 0; flips -= 1) mutated[next() % mutated.length] = next() % 256;
    const at = `seed ${seed}, round ${round}, ${mimeType}`;
    const { path } = await file(mutated);
    for (const code of [
      codeOf(await media.inspect(path, { mimeType })),
      codeOf(await media.derive(path, { mimeType, sizes: renditionSizes })),
    ]) {
      assert.ok(['inspected', 'derived', 'unreadable', 'too_large'].includes(code), `${at}: ${code}`);
    }
  }
});
