import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeId, encodeId, idBytes, idFromBytes, type IdForm, idTimeMs, parseId } from './id-encoding.ts';
import { createIdSource } from './id-source.ts';
import { shardCount, shardOf } from './shard.ts';

const forms: readonly IdForm[] = ['uuid', 'base64url', 'hex-8-4-4-16', 'hex'];
const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });

function seeded(seed: number): (count: number) => Uint8Array {
  let state = seed >>> 0;
  return (count) =>
    Uint8Array.from({ length: count }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}

test('An id and its bytes are two forms of one thing, in every encoding', () => {
  fc.assert(
    fc.property(sixteen, (bytes) => {
      const id = idFromBytes('asset', bytes);
      assert.match(id, /^ast_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
      assert.deepEqual(idBytes(id), bytes);
      assert.equal(parseId('asset', id), id);
      for (const form of forms) assert.equal(decodeId('asset', form, encodeId(id, form)), id);
    }),
  );
});

test('Ids sort as their bytes do', () => {
  fc.assert(
    fc.property(sixteen, sixteen, (left, right) => {
      const byBytes = Math.sign(Buffer.compare(left, right));
      const [one, two] = [idFromBytes('change', left), idFromBytes('change', right)];
      assert.equal(one < two ? -1 : one > two ? 1 : 0, byBytes);
    }),
  );
});

test('The forms look as their receivers expect', () => {
  const id = idFromBytes(
    'asset',
    Uint8Array.from({ length: 16 }, (_, index) => index * 17),
  );
  assert.equal(encodeId(id, 'uuid'), '00112233-4455-6677-8899-aabbccddeeff');
  assert.equal(encodeId(id, 'hex-8-4-4-16'), '00112233-4455-6677-8899AABBCCDDEEFF');
  assert.equal(encodeId(id, 'hex'), '00112233445566778899aabbccddeeff');
  assert.equal(encodeId(id, 'base64url'), 'ABEiM0RVZneImaq7zN3u_w');
  assert.equal(id, 'ast_0024h36h2ncsvrh6daqf6dvvqz');
});

test('A text that is almost an id is no id', () => {
  const good = 'ast_0024h36h2ncsvrh6daqf6dvvqz';
  assert.equal(parseId('asset', good), good);
  const bad: readonly unknown[] = [
    '',
    'ast_',
    'chg_0024h36h2ncsvrh6daqf6dvvqz',
    good.toUpperCase(),
    `${good}0`,
    good.slice(0, -1),
    good.replace('_', '-'),
    good.replace('c', 'l'),
    good.replace('c', 'ü'),
    'ast_8024h36h2ncsvrh6daqf6dvvqz',
    `${good}\n`,
    null,
    17,
    {},
  ];
  for (const text of bad) assert.equal(parseId('asset', text), null, String(text));
});

test('A vendor form that is almost right is refused', () => {
  assert.equal(decodeId('asset', 'base64url', 'ABEiM0RVZneImaq7zN3u_x'), null, 'unused bits set');
  assert.equal(decodeId('asset', 'base64url', 'ABEiM0RVZneImaq7zN3u_w=='), null);
  assert.equal(decodeId('asset', 'uuid', '001122334455-6677-8899-aabbccddeeff'), null);
  assert.equal(decodeId('asset', 'hex-8-4-4-16', '00112233-4455-6677-8899-AABBCCDDEEFF'), null);
  assert.equal(decodeId('asset', 'hex', 'zz112233445566778899aabbccddeeff'), null);
});

test('Of two ids of one source the later sorts after the earlier, whatever the clock does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 400 }),
      fc.nat(),
      (times, seed) => {
        let at = 0;
        const ids = createIdSource({ nowMs: () => 1_700_000_000_000 + (times[at] ?? 0), randomBytes: seeded(seed) });
        let last = '';
        for (at = 0; at < times.length; at += 1) {
          const id = ids.next('delivery');
          assert.equal(parseId('delivery', id), id);
          assert.ok(id > last, `${id} after ${last}`);
          last = id;
        }
      },
    ),
  );
});

test('Ids of one millisecond that would overflow move on to the next one', () => {
  const ids = createIdSource({ nowMs: () => 1_000, randomBytes: (count) => new Uint8Array(count).fill(255) });
  const drawn = Array.from({ length: 5 }, () => ids.next('asset'));
  assert.deepEqual([...drawn].sort(), drawn);
  assert.equal(idTimeMs(drawn[0] ?? ''), 1_000);
  assert.ok(idTimeMs(drawn[4] ?? '') > 1_000);
  assert.equal(new Set(drawn).size, 5);
});

test('An id carries its time', () => {
  const ids = createIdSource({ nowMs: () => 1_795_000_000_123, randomBytes: seeded(1) });
  assert.equal(idTimeMs(ids.next('change')), 1_795_000_000_123);
});

test('Shards are stable for ever and evenly filled', () => {
  assert.equal(shardOf('wh_01h455vb4pex5vsknk084sn02q'), 223);
  assert.equal(shardOf('wh_0024h36h2ncsvrh6daqf6dvvqz'), 79);
  const ids = createIdSource({ nowMs: () => 1_700_000_000_000, randomBytes: seeded(7) });
  const filled = new Array<number>(shardCount).fill(0);
  for (let drawn = 0; drawn < 25_600; drawn += 1) {
    const shard = shardOf(ids.next('webhook'));
    filled[shard] = (filled[shard] ?? 0) + 1;
  }
  for (const count of filled) assert.ok(count > 50 && count < 170, `a shard holds ${count} of 100 on average`);
});
