import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMsOf } from '../../../test/support/cpu-time.ts';
import { isoBox, movieHeader, track, uint32 } from '../testing/sample-files.ts';
import { readIsoMedia } from './iso-media.ts';
import { parseAnswer } from './protocol.ts';
import { readSvgSize } from './svg.ts';

async function readIso(content: Buffer): Promise<unknown> {
  return readIsoMedia({
    bytes: content.length,
    read: async (at, length) => content.subarray(at, at + length),
    whole: async () => content,
  });
}

test('length and size of a film are read from its headers, behind the media data too', async () => {
  const film = Buffer.concat([
    isoBox('ftyp', Buffer.from('isom')),
    isoBox('mdat', Buffer.alloc(1_000)),
    isoBox('moov', movieHeader(600, 3_600), track(640, 360), isoBox('udta', Buffer.alloc(9))),
  ]);
  assert.deepEqual(await readIso(film), { durationMs: 6_000, widthPx: 640, heightPx: 360 });
});

test('a film that is turned is told as it is shown, and a sound track has no size', async () => {
  assert.deepEqual(await readIso(isoBox('moov', movieHeader(1_000, 500), track(0, 0), track(1_920, 1_080, true))), {
    durationMs: 500,
    widthPx: 1_080,
    heightPx: 1_920,
  });
  assert.deepEqual(await readIso(isoBox('moov', movieHeader(1_000, 500), track(0, 0))), { durationMs: 500 });
});

test('UP-06 boxes without progress, beyond their parent or without end are refused', async () => {
  await assert.rejects(readIso(Buffer.concat([uint32(4), Buffer.from('free'), Buffer.alloc(100)])));
  await assert.rejects(readIso(Buffer.concat([uint32(5_000), Buffer.from('moov')])));
  const wide = Buffer.concat([uint32(1), Buffer.from('free'), Buffer.from('ffffffffffffffff', 'hex')]);
  await assert.rejects(readIso(wide));
  await assert.rejects(readIso(Buffer.concat(Array.from({ length: 10_001 }, () => isoBox('free')))));
  assert.equal(await readIso(Buffer.alloc(0)), null);
  assert.equal(await readIso(isoBox('moov', isoBox('mvhd', uint32(0)))), null);
  assert.equal(await readIso(isoBox('moov', movieHeader(0, 500))), null, 'a time scale of zero is no length');
});

test('UP-03 the size of an SVG is read from its root element, and nothing else of it', () => {
  assert.deepEqual(readSvgSize('<svg width="120px" height="80">'), { widthPx: 120, heightPx: 80 });
  assert.deepEqual(readSvgSize("<svg width='100%' viewBox='0 0 24.4 12'>"), { widthPx: 24, heightPx: 12 });
  assert.deepEqual(readSvgSize('<svg width="1e99" height="-4">'), {});
  assert.deepEqual(readSvgSize('<p>no svg</p>'), {});
  const spentMs = cpuMsOf(() => readSvgSize(`<svg ${'width '.repeat(10_000)}`));
  assert.ok(spentMs < 5_000, `${spentMs} ms`);
});

test('UP-21 an answer of the inspector is taken over field by field', () => {
  const facts = {
    mimeType: 'image/png',
    widthPx: 4,
    heightPx: 3,
    durationMs: -1,
    bitRate: 'x',
    __proto__: 1,
    extra: '\u001b[2J',
  };
  const answer = parseAnswer(JSON.stringify({ id: 1, kind: 'inspected', facts, more: true }));
  assert.deepEqual(answer, { id: 1, kind: 'inspected', facts: { mimeType: 'image/png', widthPx: 4, heightPx: 3 } });
  const failed = parseAnswer(
    JSON.stringify({ id: 2, kind: 'failed', code: 'timeout', note: `\u001b[2Ja\nb${'x'.repeat(999)}` }),
  );
  assert.equal(failed?.kind === 'failed' && failed.note.length === 200 && !/[^\x20-\x7e]/.test(failed.note), true);
  for (const line of [
    '',
    '[]',
    'null',
    '{"id":"1"}',
    '{"id":1,"kind":"failed","code":"nonsense"}',
    '{"id":1,"kind":"inspected","facts":{"mimeType":"<b>"}}',
  ]) {
    assert.equal(parseAnswer(line), null, line);
  }
});
