import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from './json.ts';
import { metadataProblems, presentProblems, withDefaults } from './metadata-check.ts';
import {
  boundsOf,
  definitionProblems,
  type MetadataField,
  type MetadataFieldSet,
  type MetadataRules,
  metadataFieldTypes,
  metadataRulesDefault,
} from './metadata-field.ts';
import { valueProblem } from './metadata-value.ts';

const field = (given: Partial<MetadataField>): MetadataField => ({
  name: 'season',
  type: 'text',
  label: 'Season',
  required: false,
  ...given,
});

const select = field({ type: 'select', options: [{ value: 'spring' }, { value: 'autumn', label: 'Autumn' }] });

function setOf(fields: readonly MetadataField[], rules: Partial<MetadataRules> = {}): MetadataFieldSet {
  return { fields: new Map(fields.map((each) => [each.name, each])), rules: { ...metadataRulesDefault, ...rules } };
}

test('A definition that contradicts itself is refused, each part by its place', () => {
  const wrong: readonly (readonly [Partial<MetadataField>, readonly string[]])[] = [
    [{ name: 'a/b' }, ['/name']],
    [{ name: ' a' }, ['/name']],
    [{ name: '..' }, ['/name']],
    [{ name: '__proto__' }, ['/name']],
    [{ type: 'select' }, ['/options']],
    [{ type: 'multiselect', options: [] }, ['/options']],
    [{ type: 'number', options: [{ value: '1' }] }, ['/options']],
    [{ type: 'select', options: [{ value: 'a' }, { value: 'b' }, { value: 'a' }] }, ['/options/2/value']],
    [{ type: 'boolean', validation: { minLength: 1 } }, ['/validation/minLength']],
    [
      { type: 'text', validation: { minimum: 1, earliest: '2026-01-01' } },
      ['/validation/minimum', '/validation/earliest'],
    ],
    [{ type: 'text', validation: { minLength: 5, maxLength: 4 } }, ['/validation/maxLength']],
    [{ type: 'number', validation: { minimum: 5, maximum: 4 } }, ['/validation/maximum']],
    [{ type: 'date', validation: { earliest: '2026-02-02', latest: '2026-02-01' } }, ['/validation/latest']],
    [{ type: 'date', validation: { earliest: '2026-02-02T12:00Z', latest: '2026-02-01' } }, ['/validation/latest']],
    [{ type: 'date', validation: { earliest: '2026-02-30' } }, ['/validation/earliest']],
    [{ type: 'number', default: 'x' }, ['/default']],
    [{ ...select, default: 'winter' }, ['/default']],
    [{ type: 'text', validation: { maxLength: 2 }, default: 'abc' }, ['/default']],
  ];
  for (const [given, places] of wrong) {
    assert.deepEqual(
      definitionProblems(field(given)).map(({ at }) => at),
      places,
      JSON.stringify(given),
    );
  }
  for (const type of metadataFieldTypes) {
    const chosen = type === 'select' || type === 'multiselect';
    assert.deepEqual(definitionProblems(field({ type, ...(chosen ? { options: [{ value: 'a' }] } : {}) })), [], type);
    assert.ok(Array.isArray(boundsOf[type]));
  }
  assert.deepEqual(definitionProblems(field({ name: 'Usage rights (EU)' })), []);
  const day = field({ type: 'date', validation: { earliest: '2026-02-01T12:00Z', latest: '2026-02-01' } });
  assert.deepEqual(definitionProblems(day), [], 'an afternoon');
});

test('A value fits its field or is told what was wanted and what was found', () => {
  const cases: readonly (readonly [Partial<MetadataField>, readonly JsonValue[], readonly JsonValue[]])[] = [
    [{ type: 'text' }, ['', 'a', '👩‍👩‍👧'], [1, true, [], {}, ['a']]],
    [{ type: 'text', validation: { minLength: 2, maxLength: 3 } }, ['ab', '👍👍👍'], ['a', 'abcd', '👍']],
    [
      { type: 'text', validation: { format: 'url' } },
      ['https://example.com/a?b', 'http://x'],
      ['example.com', 'javascript:alert(1)', 'https://', 'ftp://x', 'https:///x'],
    ],
    [
      { type: 'text', validation: { format: 'email' } },
      ['a@example.com', 'ü@ü.example'],
      ['a', '@b', 'a@', 'a@b@c', 'a b@c', `${'a'.repeat(250)}@b.de`],
    ],
    [{ type: 'number' }, [0, -1.5, 1e300], ['1', true, []]],
    [{ type: 'number', validation: { minimum: 0, maximum: 5, whole: true } }, [0, 5], [-1, 6, 2.5]],
    [{ type: 'boolean' }, [true, false], ['true', 0, 1]],
    [
      { type: 'date' },
      ['2026-11-22', '2024-02-29', '2026-11-22T12:00Z', '2026-11-22T12:00:00.123+01:00'],
      [
        '2026-02-29',
        '2026-13-01',
        '22.11.2026',
        '2026-11-22T12:00:00',
        '2026-11-22T25:00:00Z',
        '2026-1-1',
        1_795_000_000,
      ],
    ],
    [
      { type: 'date', validation: { earliest: '2026-01-01', latest: '2026-12-31' } },
      // The last day counts whole, in UTC.
      ['2026-01-01', '2026-12-31', '2026-06-01T00:00:00Z', '2026-12-31T23:59:59.999Z'],
      ['2025-12-31', '2027-01-01', '2026-01-01T00:00:00+02:00', '2026-12-31T23:30:00-02:00'],
    ],
    [select, ['spring', 'autumn'], ['Autumn', '', 1, ['spring']]],
    [
      { ...select, type: 'multiselect' },
      [[], ['spring'], ['autumn', 'spring']],
      ['spring', ['winter'], ['spring', 'spring'], [1]],
    ],
    [
      { ...select, type: 'multiselect', validation: { itemsMin: 2, itemsMax: 2 } },
      [[], ['autumn', 'spring']],
      [['spring']],
    ],
  ];
  for (const [given, fitting, others] of cases) {
    for (const value of fitting) assert.equal(valueProblem(field(given), value), null, JSON.stringify([given, value]));
    for (const value of others) {
      const problem = valueProblem(field(given), value);
      assert.ok(problem !== null && problem.wanted !== '' && problem.found !== '', JSON.stringify([given, value]));
    }
  }
});

test('A new asset answers for every field, a write only for what it changes', () => {
  const set = setOf([field({ name: 'title', required: true, label: 'Title' }), { ...select, name: 'season' }]);
  const at = (problems: readonly { readonly at: string }[]) => problems.map((problem) => problem.at);
  assert.deepEqual(at(metadataProblems(set, { before: null, after: {} }, '/metadata')), ['/metadata/title']);
  assert.deepEqual(at(metadataProblems(set, { before: null, after: { title: '' } }, '/metadata')), ['/metadata/title']);
  assert.deepEqual(at(metadataProblems(set, { before: null, after: { title: 'x', season: 'winter' } }, '/m')), [
    '/m/season',
  ]);
  // What was wrong before and is not touched holds up nothing; touched it must fit.
  const old = { season: 'winter' };
  assert.deepEqual(metadataProblems(set, { before: old, after: { ...old, other: 1 } }, '/m'), []);
  assert.deepEqual(at(metadataProblems(set, { before: old, after: { season: 'summer' } }, '/m')), ['/m/season']);
  assert.deepEqual(metadataProblems(set, { before: old, after: {} }, '/m'), []);
  assert.deepEqual(at(metadataProblems(set, { before: { title: 'x' }, after: {} }, '/m')), ['/m/title']);
  assert.deepEqual(at(presentProblems(set, old, '/m')), ['/m/season', '/m/title']);
  assert.deepEqual(metadataProblems(set, { before: null, after: { title: 'x', season: null } }, '/m'), []);
});

test('Fields that no definition names are kept, or refused where the workspace wants it', () => {
  const write = { before: null, after: { season: 'spring', sesaon: 'x', 'a/b~c': 1 } };
  assert.deepEqual(metadataProblems(setOf([select]), write, ''), []);
  const strict = metadataProblems(setOf([select], { unknownFields: 'refuse' }), write, '');
  assert.deepEqual(
    strict.map(({ at }) => at),
    ['/sesaon', '/a~1b~0c'],
  );
  assert.match(strict[0]?.wanted ?? '', /a defined field: "season"/);
});

test('Defaults fill what was not said and nothing else', () => {
  const set = setOf([field({ name: 'a', default: 'x' }), field({ name: 'b' }), field({ name: 'c', default: 'y' })]);
  assert.deepEqual(withDefaults(set, { c: 'mine', d: 1 }), { c: 'mine', d: 1, a: 'x' });
  const given = { a: '', c: 'z' };
  assert.equal(withDefaults(set, given), given, 'an empty text was said');
});

test('Whatever the metadata, checking it ends in problems or none, and what it accepts it accepts again', () => {
  const set = setOf(
    [
      field({ name: 'text', required: true, validation: { maxLength: 3 } }),
      field({ name: 'number', type: 'number' }),
      { ...select, name: 'select' },
      field({ name: 'constructor', type: 'boolean' }),
    ],
    { unknownFields: 'refuse' },
  );
  const names = fc.constantFrom('text', 'number', 'select', 'constructor', '__proto__', 'toString', 'other');
  const object = fc.dictionary(names, fc.oneof(fc.jsonValue(), fc.constantFrom('spring', true, 'abc', 3)));
  fc.assert(
    fc.property(object, object, (before, after) => {
      const [was, is] = [before as { [key: string]: JsonValue }, after as { [key: string]: JsonValue }];
      const created = metadataProblems(set, { before: null, after: is }, '/metadata');
      const written = metadataProblems(set, { before: was, after: is }, '/metadata');
      assert.ok(written.length <= created.length, 'a write never answers for more than a creation');
      assert.deepEqual(metadataProblems(set, { before: is, after: is }, '/metadata'), []);
    }),
    { numRuns: 500 },
  );
});
