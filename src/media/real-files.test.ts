/** What real files say of themselves, by real parsers in the real process: golden answers, file by file. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { systemClock } from '../runtime/clock.ts';
import { tiffWith } from './testing/sample-files.ts';
import { createMedia } from './child-media.ts';
import type { EmbeddedPolicy, InspectionResult, MediaFacts } from './media.ts';

const photographs = join(import.meta.dirname, '..', '..', 'media');
const samples = join(import.meta.dirname, 'testing', 'files');
const directory = await mkdtemp(join(tmpdir(), 'assetwire-real-'));
const readable = [photographs, samples, directory];
const medias = new Map<EmbeddedPolicy, ReturnType<typeof createMedia>>();
after(async () => {
  for (const media of medias.values()) await media.stop();
  await rm(directory, { recursive: true });
});

function mediaFor(embedded: EmbeddedPolicy): ReturnType<typeof createMedia> {
  const media = medias.get(embedded) ?? createMedia({ clock: systemClock, readable, embedded });
  medias.set(embedded, media);
  return media;
}

/** As an upload is: the type from the head, the rest from the inspector. */
async function inspect(path: string, policy: EmbeddedPolicy = 'all'): Promise<InspectionResult> {
  const media = mediaFor(policy);
  const { mimeType } = await media.sniff((await readFile(path)).subarray(0, 4_100), path);
  return media.inspect(path, { mimeType });
}

async function factsOf(path: string, policy: EmbeddedPolicy = 'all'): Promise<MediaFacts> {
  const result = await inspect(path, policy);
  assert.equal(result.kind, 'inspected', JSON.stringify(result));
  return result.kind === 'inspected' ? result.facts : { mimeType: '' };
}

async function file(name: string, content: Buffer | string): Promise<string> {
  await writeFile(join(directory, name), content);
  return join(directory, name);
}

const tags = { creators: ['Assetwire'], takenAt: '2026-11-22T00:00:00.000Z' };
const tone = { fields: { title: 'A sine tone', description: 'made for tests', ...tags } };
const mono = { type: 'audio', sampleRateHz: 16_000, channels: 1 };
const opus = { type: 'audio', codec: 'opus', sampleRateHz: 48_000, channels: 2 };
const vp8 = { type: 'video', codec: 'vp8', widthPx: 160, heightPx: 90, frameRate: 10.778 };
const clip = { fields: { title: 'A clip', creators: ['Assetwire'] } };

const golden: { readonly [name: string]: object } = {
  'clip.webm': {
    mimeType: 'video/webm',
    widthPx: 160,
    heightPx: 90,
    durationMs: 1_440,
    bitRate: 26_800,
    codecs: ['opus', 'vp8'],
    frameRate: 10.778,
    channels: 2,
    sampleRateHz: 48_000,
    embedded: { container: 'WebM', tracks: [opus, vp8].map((track) => ({ ...track, language: 'eng' })) },
  },
  'clip.mkv': {
    mimeType: 'video/matroska',
    widthPx: 160,
    heightPx: 90,
    durationMs: 1_440,
    bitRate: 29_339,
    codecs: ['opus', 'vp8'],
    frameRate: 10.778,
    channels: 2,
    sampleRateHz: 48_000,
    embedded: { ...clip, tags: { TITLE: 'A clip', ARTIST: 'Assetwire' }, container: 'Matroska', tracks: [opus, vp8] },
  },
  'tone.ogg': {
    mimeType: 'audio/ogg',
    durationMs: 1_500,
    bitRate: 16_843,
    codecs: ['opus'],
    channels: 2,
    sampleRateHz: 48_000,
    embedded: {
      ...clip,
      tags: { vendor: 'Mediabunny v1.61.0', TITLE: 'A clip', ARTIST: 'Assetwire' },
      container: 'Ogg',
      tracks: [opus],
    },
  },
  'tone.wav': {
    mimeType: 'audio/wav',
    durationMs: 1_000,
    bitRate: 129_104,
    codecs: ['pcm-u8'],
    channels: 1,
    sampleRateHz: 16_000,
    embedded: {
      ...tone,
      tags: { INAM: 'A sine tone', IART: 'Assetwire', ICMT: 'made for tests', ICRD: '2026-11-22' },
      container: 'WAVE',
      tracks: [{ ...mono, codec: 'pcm-u8' }],
    },
  },
  'tone.mp3': {
    mimeType: 'audio/mpeg',
    durationMs: 1_116,
    bitRate: 33_018,
    codecs: ['mp3'],
    channels: 1,
    sampleRateHz: 16_000,
    embedded: {
      ...tone,
      tags: { TIT2: 'A sine tone', TPE1: 'Assetwire', TDRC: '2026-11-22' },
      container: 'MP3',
      tracks: [{ ...mono, codec: 'mp3' }],
    },
  },
  'tone.flac': {
    mimeType: 'audio/flac',
    durationMs: 1_000,
    bitRate: 153_528,
    codecs: ['flac'],
    channels: 1,
    sampleRateHz: 16_000,
    embedded: {
      ...tone,
      tags: {
        vendor: 'Mediabunny v1.61.0',
        TITLE: 'A sine tone',
        ARTIST: 'Assetwire',
        COMMENT: 'made for tests',
        DATE: '2026-11-22',
      },
      container: 'FLAC',
      tracks: [{ ...mono, codec: 'flac' }],
    },
  },
  'sound.mov': {
    mimeType: 'video/quicktime',
    durationMs: 1_393,
    bitRate: 54_915,
    codecs: ['mp4a.40.2'],
    channels: 1,
    sampleRateHz: 44_100,
    embedded: {
      ...clip,
      tags: { '©nam': 'A clip', '©ART': 'Assetwire' },
      container: 'QuickTime File Format',
      tracks: [{ type: 'audio', codec: 'mp4a.40.2', sampleRateHz: 44_100, channels: 1 }],
    },
  },
};

for (const [name, facts] of Object.entries(golden)) {
  test(`${name}: length, bit rate, codecs, frame size and tags are read`, async () => {
    assert.deepEqual(await factsOf(join(samples, name)), facts);
  });
}

test('a film of the repository is read whole: size, length, bit rate, both codecs, title and rights', async () => {
  assert.deepEqual(await factsOf(join(photographs, 'pan.mp4')), {
    mimeType: 'video/mp4',
    widthPx: 1_280,
    heightPx: 720,
    durationMs: 6_000,
    bitRate: 575_729,
    codecs: ['avc1.64001f', 'mp4a.40.2'],
    frameRate: 25,
    channels: 1,
    sampleRateHz: 44_100,
    embedded: {
      fields: {
        title: 'Picos de Europa, a pan',
        creators: ['Aitzol Berasategi (photograph)'],
        copyright: 'CC-BY-4.0',
      },
      tags: {
        '©nam': 'Picos de Europa, a pan',
        '©ART': 'Aitzol Berasategi (photograph)',
        '©too': 'Lavf59.27.100',
        cprt: 'CC-BY-4.0',
      },
      container: 'MP4',
      tracks: [
        { type: 'video', codec: 'avc1.64001f', widthPx: 1_280, heightPx: 720, frameRate: 25 },
        { type: 'audio', codec: 'mp4a.40.2', sampleRateHz: 44_100, channels: 1 },
      ],
    },
  });
});

test('a photograph tells EXIF, IPTC and XMP as packages, and what they say under one name each', async () => {
  const { embedded, ...facts } = await factsOf(join(photographs, 'seeding.jpg'));
  assert.deepEqual(facts, {
    mimeType: 'image/jpeg',
    widthPx: 1_600,
    heightPx: 900,
    colourSpace: 'srgb',
    hasAlpha: false,
  });
  assert.deepEqual(embedded, {
    fields: {
      title: 'Seeding',
      description: 'Dandelions against the sun',
      creators: ['Clemens Engelhardt'],
      copyright: 'CC0-1.0',
      keywords: ['dandelion', 'meadow'],
    },
    exif: {
      ImageDescription: 'Dandelions against the sun',
      XResolution: '1',
      YResolution: '1',
      ResolutionUnit: 'Unknown',
      Artist: 'Clemens Engelhardt',
      YCbCrPositioning: 'centered',
      Copyright: 'Clemens Engelhardt, 2018, CC0-1.0',
    },
    iptc: {
      'By-line': 'Clemens Engelhardt',
      'Copyright Notice': 'Clemens Engelhardt, 2018, CC0-1.0',
      'Caption/Abstract': 'Dandelions against the sun',
      Keywords: ['dandelion', 'meadow'],
    },
    xmp: {
      creator: ['Clemens Engelhardt'],
      rights: 'CC0-1.0',
      subject: ['dandelion', 'meadow'],
      title: 'Seeding',
      Marked: 'True',
    },
  });
});

/** A photograph as a telephone takes it: turned, with place, camera and owner. */
function turnedPicture(format: 'jpeg' | 'png' | 'webp' | 'avif'): Promise<Buffer> {
  return sharp({ create: { width: 60, height: 40, channels: 3, background: '#369' } })
    .withExif({
      IFD0: { Make: 'ACME', Model: 'Pocket 7', Artist: 'Ann Example', Orientation: '6' },
      IFD2: {
        DateTimeOriginal: '2026:02:03 04:05:06',
        OffsetTimeOriginal: '+01:00',
        BodySerialNumber: 'SN-4711',
        LensModel: 'Wide 24',
      },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '51/1 30/1 3230/100',
        GPSLongitudeRef: 'W',
        GPSLongitude: '0/1 7/1 4366/100',
        GPSAltitudeRef: '0',
        GPSAltitude: '35/1',
      },
    })
    .withMetadata({ orientation: 6 })
    .toFormat(format)
    .toBuffer();
}

for (const format of ['jpeg', 'png', 'webp', 'avif'] as const) {
  test(`${format}: a picture that is turned is told as it is shown, with time, camera and place`, async () => {
    const { widthPx, heightPx, storedWidthPx, storedHeightPx, embedded } = await factsOf(
      await file(`turned.${format}`, await turnedPicture(format)),
    );
    const fields = embedded?.['fields'] as { readonly [name: string]: unknown } | undefined;
    assert.equal(fields?.['cameraModel'], 'Pocket 7');
    assert.equal(fields['takenAt'], '2026-02-03T04:05:06+01:00');
    assert.equal(fields['latitude'], 51.5089722);
    assert.equal(fields['longitude'], -0.1287944);
    assert.deepEqual([widthPx, heightPx], [40, 60]);
    // The decoder of AVIF turns it and says nothing of how it was stored.
    assert.deepEqual([storedWidthPx, storedHeightPx], format === 'avif' ? [undefined, undefined] : [60, 40]);
  });
}

test('tiff: the tags of the file itself are read', async () => {
  const content = tiffWith({
    270: 'One grey pixel',
    271: 'ACME',
    272: 'Scan 9',
    315: 'Ann Example',
    306: '2026:02:30 01:01:01',
  });
  const { mimeType, widthPx, embedded } = await factsOf(await file('scan.tif', content));
  assert.deepEqual([mimeType, widthPx], ['image/tiff', 1]);
  assert.deepEqual(embedded?.['fields'], {
    description: 'One grey pixel',
    creators: ['Ann Example'],
    cameraMake: 'ACME',
    cameraModel: 'Scan 9',
  });
});

test('UP-09 place, owner and serial numbers are left out where the operator says so, everything where he says that', async () => {
  const path = await file('private.jpg', await turnedPicture('jpeg'));
  const all = JSON.stringify((await factsOf(path)).embedded);
  const open = JSON.stringify((await factsOf(path, 'public')).embedded);
  for (const secret of ['SN-4711', '51.5089', 'latitude', 'GPS']) {
    assert.equal(all.includes(secret), secret !== 'GPS', secret);
    assert.equal(open.includes(secret), false, secret);
  }
  assert.ok(open.includes('Pocket 7'));
  assert.equal((await factsOf(path, 'none')).embedded, undefined);
});

test('the pages of a PDF are counted: plain, made for the web, and packed', async () => {
  const page = (count: number) => `%PDF-1.4\n1 0 obj\n<< /Type /Pages /Kids [2 0 R] /Count ${count} >>\nendobj\n`;
  const nested = `${page(3)}4 0 obj\n<< /Type /Pages /Parent 1 0 R /Count 2 /Resources << /Count 99 >> >>\nendobj\n5 0 obj << /Count 500 >>`;
  const packed = deflateSync('7 0 <</Type/Pages/Kids[8 0 R]/Count 12>>');
  const files: readonly (readonly [string, string | Buffer, object | undefined])[] = [
    ['plain.pdf', nested, { version: '1.4', pages: 3 }],
    ['web.pdf', '%PDF-1.6\n1 0 obj <</Linearized 1/L 100/N 7/O 3>>\nendobj', { version: '1.6', pages: 7 }],
    [
      'packed.pdf',
      Buffer.concat([
        Buffer.from(`%PDF-1.5\n9 0 obj <</Type/ObjStm/N 1/First 4/Length ${packed.length}>>stream\n`),
        packed,
        Buffer.from('\nendstream endobj'),
      ]),
      { version: '1.5', pages: 12 },
    ],
    ['locked.pdf', '%PDF-1.7\ntrailer << /Encrypt 9 0 R >>', { version: '1.7' }],
  ];
  for (const [name, content, document] of files) {
    assert.deepEqual((await factsOf(await file(name, content))).embedded, { document }, name);
  }
  const broken = await mediaFor('all').inspect(await file('none.pdf', '%PDF-1.7\nnothing here'), {
    mimeType: 'application/pdf',
  });
  assert.deepEqual(broken, {
    kind: 'failed',
    code: 'unreadable',
    note: 'the document is broken: it has no page',
  });
});

test('renditions are turned upright, never enlarged, without metadata, JPEG or PNG', async () => {
  const media = mediaFor('all');
  const sizes = [
    { title: 'small', edgePx: 30 },
    { title: 'large', edgePx: 1_000 },
  ];
  const path = await file('turned.jpg', await turnedPicture('jpeg'));
  const derived = await media.derive(path, { mimeType: 'image/jpeg', sizes });
  assert.equal(derived.kind, 'derived', JSON.stringify(derived));
  if (derived.kind !== 'derived') return;
  for (const { content, mimeType, widthPx, heightPx, title } of derived.renditions) {
    const made = await sharp(content).metadata();
    assert.deepEqual([made.width, made.height, made.orientation], [widthPx, heightPx, undefined]);
    assert.deepEqual([widthPx, heightPx], title === 'small' ? [20, 30] : [40, 60]);
    assert.deepEqual([made.exif, made.xmp, made.iptc, made.icc], [undefined, undefined, undefined, undefined]);
    assert.equal(Buffer.from(content).includes('SN-4711'), false);
    assert.equal(mimeType, 'image/jpeg');
  }
  const see = sharp({ create: { width: 50, height: 50, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0.5 } } });
  const through = await media.derive(await file('see.png', await see.png().toBuffer()), {
    mimeType: 'image/png',
    sizes,
  });
  const solid = sharp({ create: { width: 50, height: 50, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 1 } } });
  const opaque = await media.derive(await file('solid.webp', await solid.webp().toBuffer()), {
    mimeType: 'image/webp',
    sizes,
  });
  const types = [through, opaque].map((result) => result.kind === 'derived' && result.renditions[0]?.mimeType);
  assert.deepEqual(types, ['image/png', 'image/jpeg']);
});

test('the upright pixels are where they belong', async () => {
  // Left half red, right half blue; orientation 6 says: turn it by 90 degrees clockwise, so red is on top.
  const half = (background: string) => ({ create: { width: 20, height: 40, channels: 3, background } }) as const;
  const two = await sharp({ create: { width: 40, height: 40, channels: 3, background: '#00f' } })
    .composite([{ input: await sharp(half('#f00')).png().toBuffer(), left: 0, top: 0 }])
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 100 })
    .toBuffer();
  const derived = await mediaFor('all').derive(await file('two.jpg', two), {
    mimeType: 'image/jpeg',
    sizes: [{ title: 'small', edgePx: 40 }],
  });
  assert.equal(derived.kind, 'derived');
  if (derived.kind !== 'derived') return;
  const pixels = await sharp(derived.renditions[0]?.content).raw().toBuffer();
  const at = (x: number, y: number): string => ((pixels[(y * 40 + x) * 3] ?? 0) > 128 ? 'red' : 'blue');
  assert.deepEqual([at(20, 4), at(20, 36)], ['red', 'blue']);
});
