/** XMP packets as they stand in files, through the real process: byte for byte, or a value that says why there is none. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { limits } from '../core/limits.ts';
import { systemClock } from '../runtime/clock.ts';
import { createMedia } from './child-media.ts';
import type { XmpResult } from './media.ts';
import { jpegClaiming, pngWith, uint32LE } from './testing/sample-files.ts';
import {
  gifXmp,
  jpegExtension,
  jpegXmp,
  packetOf,
  pdfXmp,
  photoshopXmp,
  pngOf,
  tiffXmp,
  withRiffChunk,
  withXmpBox,
} from './testing/xmp-files.ts';

const photographs = join(import.meta.dirname, '..', '..', 'media');
const samples = join(import.meta.dirname, 'testing', 'files');
const directory = await mkdtemp(join(tmpdir(), 'assetwire-xmp-'));
const media = createMedia({ clock: systemClock, readable: [photographs, samples, directory], timeoutMs: 5_000 });
after(async () => {
  await media.stop();
  await rm(directory, { recursive: true });
});

const packet = packetOf('Ein Löwenzahn 蒲公英');
const tooMuch = Buffer.concat([packet, Buffer.alloc(limits.embeddedPacketBytesMax, 32)]);

/** As of an asset: the type by content, then the packet. */
async function xmpAt(path: string): Promise<XmpResult> {
  const { mimeType } = await media.sniff((await readFile(path)).subarray(0, 4_100), path);
  return media.xmp(path, { mimeType });
}

async function xmpOf(content: Buffer, mimeType?: string): Promise<XmpResult> {
  const path = join(directory, 'file');
  await writeFile(path, content);
  return mimeType === undefined ? xmpAt(path) : media.xmp(path, { mimeType });
}

function assertPacket(result: XmpResult, wanted: Buffer = packet): void {
  assert.equal(result.kind, 'packet', JSON.stringify(result));
  if (result.kind === 'packet') assert.deepEqual(Buffer.from(result.content).toString(), wanted.toString());
}

function assertFailed(result: XmpResult, code: string, note: RegExp): void {
  assert.equal(result.kind, 'failed', result.kind);
  if (result.kind !== 'failed') return;
  assert.equal(result.code, code, result.note);
  assert.match(result.note, note);
}

test('the packet of every photograph is what another reader cuts out of it', async () => {
  const names = (await readdir(photographs)).filter((name) => name.endsWith('.jpg'));
  assert.ok(names.length > 5);
  for (const name of names) {
    const { xmp } = await sharp(join(photographs, name)).metadata();
    assert.ok(xmp !== undefined);
    const result = await xmpAt(join(photographs, name));
    assert.ok(result.kind === 'packet' && xmp.equals(result.content), name);
  }
});

test('what another program writes into pictures comes out of them', async () => {
  const blank = sharp({ create: { width: 8, height: 6, channels: 3, background: 'teal' } });
  const written = packet.toString();
  for (const format of ['jpeg', 'png', 'webp', 'tiff', 'avif'] as const)
    assertPacket(await xmpOf(await blank.clone().withXmp(written).toFormat(format).toBuffer()));
});

test('of a JPEG the packet itself is given, and not its extension, wherever that lies', async () => {
  const extension = jpegExtension(packetOf('extended'));
  assertPacket(await xmpOf(jpegClaiming(8, 6, extension, jpegXmp(packet), extension)));
  assert.deepEqual(await xmpOf(jpegClaiming(8, 6, extension)), { kind: 'none' });
});

test('the packet of a PNG is found behind its pixels, and unpacked where it is packed', async () => {
  assertPacket(await xmpOf(pngOf(packet)));
  assertPacket(await xmpOf(pngOf(packet, { packed: true })));
  const keyword = Buffer.from('XML:com.adobe.xmp\0');
  assertPacket(await xmpOf(pngWith(['tEXt', Buffer.concat([keyword, packet])])));
  assertPacket(await xmpOf(pngWith(['zTXt', Buffer.concat([keyword, Buffer.alloc(1), deflateSync(packet)])])));
  const end = pngOf(packet);
  const chunk = end.subarray(33, 33 + 12 + end.readUInt32BE(33));
  const plain = pngWith();
  assertPacket(await xmpOf(Buffer.concat([plain.subarray(0, -12), chunk, plain.subarray(-12)])));
});

test('a TIFF says in either order of bytes, and with long numbers, where its packet lies', async () => {
  for (const little of [true, false])
    for (const big of [true, false]) assertPacket(await xmpOf(tiffXmp(packet, { little, big }), 'image/tiff'));
});

test('packets of GIF, Photoshop, film and sound come as they stand', async () => {
  assertPacket(await xmpOf(gifXmp(packet)));
  assertPacket(await xmpOf(photoshopXmp(packet)));
  assertPacket(await xmpOf(withXmpBox(await readFile(join(photographs, 'pan.mp4')), packet)));
  assertPacket(await xmpOf(withXmpBox(await readFile(join(samples, 'clip.mov')), packet)));
  assertPacket(await xmpOf(withRiffChunk(await readFile(join(samples, 'tone.wav')), '_PMX', packet)));
});

test('of a PDF it is the stream that the catalog names, however that is written', async () => {
  for (const packedCatalog of [false, true])
    for (const length of ['direct', 'indirect', 'wrong'] as const)
      assertPacket(await xmpOf(pdfXmp(packet, { packedCatalog, length })));
  assertPacket(await xmpOf(pdfXmp(packet, { filter: 'flate' })));
  const newer = packetOf('newer');
  const update = `11 0 obj\n<< /Subtype /XML /Length ${newer.length} >>\nstream\n`;
  const updated = [pdfXmp(packet), Buffer.from(update), newer, Buffer.from('\nendstream\nendobj\n')];
  assertPacket(await xmpOf(Buffer.concat(updated)), newer);
});

test('a PDF that locks its packet away, or packs it otherwise, says so', async () => {
  assertFailed(await xmpOf(pdfXmp(Buffer.alloc(64, 0xa5), { encrypted: true })), 'unsupported', /encrypted/);
  assertPacket(await xmpOf(pdfXmp(packet, { encrypted: true })));
  assertFailed(await xmpOf(pdfXmp(packet, { filter: 'lzw' })), 'unsupported', /packed in a way/);
});

test('files without a packet have none, and so do those of types in which none is looked for', async () => {
  const blank = sharp({ create: { width: 8, height: 6, channels: 3, background: 'teal' } });
  for (const format of ['jpeg', 'png', 'webp', 'tiff', 'avif', 'gif'] as const)
    assert.deepEqual(await xmpOf(await blank.clone().toFormat(format).toBuffer()), { kind: 'none' }, format);
  for (const name of ['brochure.pdf', 'clip.mov', 'clip.mkv', 'tone.wav', 'tone.mp3', 'turned.mp4'])
    assert.deepEqual(await xmpAt(join(samples, name)), { kind: 'none' }, name);
  assert.deepEqual(await xmpOf(packet), { kind: 'none' });
  for (const mimeType of ['image/svg+xml', 'text/plain', 'video/webm'])
    assert.equal(media.xmpReadable(mimeType), false);
  for (const mimeType of ['image/jpeg', 'application/pdf', 'video/mp4'])
    assert.equal(media.xmpReadable(mimeType), true);
});

test('UP-07 a packet beyond the bound is not read, whatever it lies in', async () => {
  const films = withXmpBox(await readFile(join(samples, 'clip.mov')), tooMuch);
  const files = [
    pngOf(tooMuch),
    withRiffChunk(await readFile(join(samples, 'tone.wav')), '_PMX', tooMuch),
    gifXmp(tooMuch),
    photoshopXmp(tooMuch),
    pdfXmp(tooMuch),
    films,
  ];
  for (const file of files) assertFailed(await xmpOf(file), 'too_large', /more than 262144 bytes/);
  assertFailed(await xmpOf(tiffXmp(tooMuch), 'image/tiff'), 'too_large', /more than/);
});

test('UP-02 a packet that unpacks to gigabytes is not unpacked', async () => {
  const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024));
  const head = Buffer.from('XML:com.adobe.xmp\0\x01\0\0\0');
  assertFailed(await xmpOf(pngWith(['iTXt', Buffer.concat([head, bomb])])), 'too_large', /more than/);
  assertFailed(await xmpOf(pdfXmp(Buffer.alloc(64 * 1024 * 1024), { filter: 'flate' })), 'too_large', /more than/);
});

test('UP-06 files whose parts lie about themselves end as values, in time', async () => {
  const jpeg = jpegClaiming(8, 6, jpegXmp(packet));
  const at = jpeg.indexOf('http');
  assertFailed(await xmpOf(jpeg.subarray(0, at + 60)), 'unreadable', /breaks off/);
  const crooked = Buffer.from(jpeg);
  crooked.writeUInt16BE(9, 4);
  crooked.writeUInt16BE(0xffe0, 2);
  assertFailed(await xmpOf(crooked), 'unreadable', /follow/);
  const itself = tiffXmp(packet);
  itself.writeUInt32LE(0x7fffffff, 4);
  assertFailed(await xmpOf(itself, 'image/tiff'), 'unreadable', /directory/);
  const png = pngOf(packet);
  png.writeUInt32BE(0xffff, 33);
  assertFailed(await xmpOf(png), 'unreadable', /breaks off/);
  const empty = withRiffChunk(await readFile(join(samples, 'tone.wav')), 'none', Buffer.alloc(0));
  const chunks = Buffer.concat([empty, ...Array.from({ length: 60_000 }, () => empty.subarray(-8))]);
  assertFailed(await xmpOf(chunks, 'audio/wav'), 'unreadable', /more parts/);
  const catalogs = Buffer.from(`%PDF-1.7\n${'<< /Type /Catalog '.repeat(500_000)}${'1 0 obj '.repeat(500_000)}`);
  assert.deepEqual(await xmpOf(catalogs), { kind: 'none' });
  const deep = deflateSync(Buffer.from(`${'<<'.repeat(250_000)} /Type /Catalog `.repeat(4)));
  const stream = `<< /Type /ObjStm /Length ${deep.length} /Filter /FlateDecode >>\nstream\n`;
  const streams = Array.from({ length: 400 }, () => [Buffer.from(stream), deep, Buffer.from('\nendstream\n')]);
  assert.deepEqual(await xmpOf(Buffer.concat([Buffer.from('%PDF-1.7\n'), ...streams.flat()])), { kind: 'none' });
  const gif = Buffer.concat([gifXmp(packet).subarray(0, 60), uint32LE(0)]);
  assert.notEqual((await xmpOf(gif)).kind, 'packet');
});

test('every file cut off anywhere, and with any byte turned, ends as a value', async () => {
  const files = [
    jpegClaiming(8, 6, jpegXmp(packet)),
    pngOf(packet),
    gifXmp(packet),
    photoshopXmp(packet),
    pdfXmp(packet),
  ];
  const types = ['image/jpeg', 'image/png', 'image/gif', 'image/vnd.adobe.photoshop', 'application/pdf'];
  for (const [n, file] of files.entries())
    for (let at = 1; at < 120; at += 3) {
      const turned = Buffer.from(file);
      turned[at] = (turned[at] ?? 0) ^ 0xff;
      for (const hostile of [turned, file.subarray(0, at)]) {
        const { kind } = await xmpOf(hostile, types[n]);
        assert.ok(['packet', 'none', 'failed'].includes(kind));
      }
    }
  const { ended } = media.counts();
  const badly = ended.filter(({ job, outcome }) => job === 'xmp' && (outcome === 'crashed' || outcome === 'timeout'));
  assert.deepEqual(badly, [], 'and the process that reads them lives on');
});

const lies: { readonly [name: string]: string } = {
  'more bytes than it may': `write({ kind: 'packet', bytes: ${limits.embeddedPacketBytesMax + 1} })`,
  'a length that is none': "write({ kind: 'packet', bytes: -1 })",
  'facts where a packet was asked for': "write({ kind: 'inspected', facts: { mimeType: 'image/png' } })",
};

for (const [name, lie] of Object.entries(lies))
  test(`UP-21 a process that answers ${name} is ended, and nothing of it believed`, async (t) => {
    const program = join(await mkdtemp(join(tmpdir(), 'assetwire-xmp-lies-')), 'main.mjs');
    await writeFile(
      program,
      `const write = (answer) => process.stdout.write(JSON.stringify({ id, ...answer }) + '\\n' + 'x'.repeat(300000));
      let id; process.stdin.on('data', (line) => { ({ id } = JSON.parse(line)); ${lie}; });`,
    );
    const lying = createMedia({ clock: systemClock, readable: [directory], program, timeoutMs: 5_000 });
    t.after(async () => {
      await lying.stop();
      await rm(join(program, '..'), { recursive: true });
    });
    const result = await lying.xmp(join(directory, 'x'), { mimeType: 'image/png' });
    assert.equal(result.kind === 'failed' ? result.code : result.kind, 'crashed');
    assert.equal(lying.counts().processesStarted, 2, 'it was ended, and so was the one that came after it');
  });
