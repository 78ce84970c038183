import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { cpuMsSince } from '../../test/support/cpu-time.ts';
import { pngClaiming, isoBox } from './testing/sample-files.ts';
import { kindOf, sniff } from './sniff.ts';

async function typeOf(content: string | Uint8Array, name: string): Promise<string> {
  return (await sniff(typeof content === 'string' ? Buffer.from(content) : content, name)).mimeType;
}

test('UP-04 a page, a script or a mail called .jpg is what its content says', async () => {
  assert.equal(await typeOf('<!DOCTYPE html><p>x', 'a.jpg'), 'text/html');
  assert.equal(await typeOf('\ufeff \n<ScRiPt>alert(1)</script>', 'a.jpg'), 'text/html');
  assert.equal(await typeOf('<!-- hidden --><?x?><html>', 'a.jpg'), 'text/html');
  assert.equal(await typeOf('<custom-element onload=x>', 'a.jpg'), 'text/html');
  assert.equal(await typeOf('MIME-Version: 1.0\nContent-Type: multipart/related', 'a.jpg'), 'message/rfc822');
  assert.equal(await typeOf('%PDF-1.7\n%âãÏÓ', 'a.jpg'), 'application/pdf');
  assert.equal(await typeOf('alert(1)', 'a.jpg'), 'text/plain');
});

test('UP-05 a playlist called .mp4 is a playlist, and no playlist is a video', async () => {
  assert.deepEqual(await sniff(Buffer.from('#EXTM3U\nhttp://127.0.0.1/'), 'a.mp4'), {
    mimeType: 'application/vnd.apple.mpegurl',
    kind: 'other',
  });
  assert.equal(await typeOf('ffconcat version 1.0\nfile /etc/passwd', 'a.mp4'), 'text/plain');
  assert.equal(await typeOf('<?xml version="1.0"?><MPD xmlns="x">', 'a.mp4'), 'application/dash+xml');
});

test('UP-03 SVG is seen behind prolog, comments and entity declarations', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>';
  assert.deepEqual(await sniff(Buffer.from(svg), 'a.svg'), { mimeType: 'image/svg+xml', kind: 'image' });
  assert.equal(
    await typeOf(`<?xml version="1.0"?><!-- a --><!DOCTYPE svg [<!ENTITY a "b">]>${svg}`, 'a.png'),
    'image/svg+xml',
  );
});

test('signatures are known: images, video, archives', async () => {
  assert.deepEqual(await sniff(pngClaiming(1, 1), 'a'), { mimeType: 'image/png', kind: 'image' });
  const mp4 = isoBox('ftyp', Buffer.from('isom\0\0\x02\0isomiso2mp41'));
  assert.deepEqual(await sniff(mp4, 'a.txt'), { mimeType: 'video/mp4', kind: 'video' });
  assert.equal(await typeOf(gzipSync('x'), 'a.svgz'), 'application/gzip');
  assert.equal(await typeOf('GIF89a<html><script>', 'a.html'), 'image/gif');
});

test('a TIFF is one whose directory lies behind the picture, as most programs write it', async () => {
  for (const start of [Buffer.from('II*\0\xf4\x3c\x02\0', 'latin1'), Buffer.from('MM\0*\0\x02\x3c\xf4', 'latin1')]) {
    const head = Buffer.concat([start, Buffer.alloc(4_092, 0x7f)]);
    assert.deepEqual(await sniff(head, 'scan.tif'), { mimeType: 'image/tiff', kind: 'image' });
  }
  assert.equal(await typeOf(Buffer.from('IM*\0\xf4\x3c\x02\0', 'latin1'), 'a.tif'), 'application/octet-stream');
});

test('plain text is told by its name among harmless types only', async () => {
  assert.equal(await typeOf('a,b\n1,2\n', 'table.CSV'), 'text/csv');
  assert.equal(await typeOf('{"a":1}', 'a.json'), 'application/json');
  assert.equal(await typeOf('# title', 'a.md'), 'text/markdown');
  assert.equal(await typeOf('text', 'a.js'), 'text/plain');
  assert.equal(await typeOf('text', 'a.__proto__'), 'text/plain');
  assert.equal(await typeOf(`${'ä'.repeat(2_049)}ä`.slice(0, 4_100), 'a.txt'), 'text/plain');
  const cutCharacter = Buffer.from('ä'.repeat(100)).subarray(0, 199);
  assert.equal(await typeOf(cutCharacter, 'a.txt'), 'text/plain');
  assert.equal(await typeOf(new Uint8Array([255, 254, 253]), 'a.txt'), 'application/octet-stream');
});

test('kinds follow types', () => {
  assert.equal(kindOf('application/vnd.openxmlformats-officedocument.wordprocessingml.document'), 'document');
  assert.equal(kindOf('audio/mpeg'), 'audio');
  assert.equal(kindOf('application/zip'), 'other');
});

test('UP-22 mutated heads never break the sniffing nor take long (seeded)', async () => {
  const seeds = [
    pngClaiming(4, 4),
    isoBox('ftyp', Buffer.from('isom\0\0\x02\0isomiso2mp41')),
    Buffer.from('<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]><svg/>'),
    Buffer.concat([Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 0x01, 0, 0, 0, 0, 0, 0, 0x1f]), Buffer.from('B\x82\x84webm')]),
    Buffer.from('RIFF\x24\0\0\0WEBPVP8 '),
    zipWithDeflatedEntry(),
    readFileSync(join(import.meta.dirname, 'sniff.ts')).subarray(0, 3_000),
  ];
  const seed = Number(process.env['ASSETWIRE_TEST_SEED'] ?? 20_261_122);
  const next = generator(seed);
  const began = process.threadCpuUsage();
  for (let round = 0; round < 2_000; round += 1) {
    const head = Buffer.from(seeds[next() % seeds.length] ?? []);
    for (let flips = 1 + (next() % 6); flips > 0; flips -= 1) head[next() % head.length] = next() % 256;
    await assert.doesNotReject(
      sniff(head.subarray(0, 1 + (next() % head.length)), 'a.bin'),
      `seed ${seed}, round ${round}`,
    );
  }
  const spentMs = cpuMsSince(began);
  assert.ok(spentMs < 30_000, `seed ${seed}: ${spentMs} ms`);
});

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
}

function zipWithDeflatedEntry(): Buffer {
  const content = deflateRawSync('<Types ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>');
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(content.length, 18);
  header.writeUInt16LE(19, 26);
  return Buffer.concat([header, Buffer.from('[Content_Types].xml'), content]);
}
