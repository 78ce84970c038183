/** What nobody should send, and somebody will. */
import fc from 'fast-check';

const texts: readonly string[] = [
  '',
  ' ',
  '*',
  '\u0000',
  '\u202e',
  '\ufeff',
  '😀',
  'é'.normalize('NFD'),
  'ﷺ'.repeat(20),
  "'; DROP TABLE resource;--",
  '%_\\',
  '$1',
  '../../etc/passwd',
  '..%2f..%2f',
  '{{7*7}}',
  '${process.env}',
  '<script>alert(1)</script>',
  '\r\nx-injected: 1',
  'external:',
  'null',
  'a'.repeat(5_000),
  'true',
  '__proto__',
  'constructor',
  'NaN',
  '-0',
  '1e999',
  '2026-02-30T25:61:61Z',
];

const numbers: readonly number[] = [0, -0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 5e-324, 253_402_300_800_000];

const objects: readonly unknown[] = [
  {},
  [],
  [[[[]]]],
  { __proto: 1, constructor: { prototype: { polluted: 1 } }, toString: 1, hasOwnProperty: 1, valueOf: null },
  { then: 'x', toJSON: 'x', length: -1 },
  { $ref: '#/components/schemas/Problem', $where: '1', $gt: '' },
  Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${index}`, index])),
];

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...texts),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }).map((text) => text.toWellFormed()),
);

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, ...numbers, ...objects),
  hostileText,
  fc.jsonValue({ maxDepth: 3 }),
);

/** Bodies as they come over the wire: no JSON, JSON that bites, bytes that are no text. */
export const hostileBody: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .constantFrom(
      '',
      '{',
      '[]',
      'null',
      '"x"',
      '1',
      '{"a":1,}',
      '\ufeff{}',
      'NaN',
      '{"__proto__":{"polluted":1}}',
      '{"a":{"\\u005f_proto__":1}}',
      '{"name":"\\ud800"}',
      '{"name":1e400}',
      `{"name":${'9'.repeat(400)}}`,
      '{"name":"a","name":"b"}',
      '['.repeat(3_000),
      '{"a":'.repeat(3_000),
      `[${'1,'.repeat(20_000)}1]`,
      `{${Array.from({ length: 12_000 }, (_, index) => `"k${index}":1`).join()}}`,
      `{"name":"${'x'.repeat(400_000)}"}`,
    )
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
);
