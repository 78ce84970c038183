import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AssetState } from './asset.ts';
import type { JsonObject } from './json.ts';
import type { MetadataField } from './metadata-field.ts';
import { type MetadataMapping, mappingProblems, mappingTransforms, withMapped } from './metadata-mapping.ts';
import { valueProblem } from './metadata-value.ts';

const embedded: JsonObject = {
  fields: {
    title: 'Seeding',
    creators: ['Ada', 'Grace'],
    keywords: ['meadow', 'dawn'],
    takenAt: '2026-05-04T03:02:01',
  },
  exif: { ISO: '400', Artist: 'Ada' },
  iptc: { 'By-line': 'Ada', 'Caption/Abstract': 'A field' },
  xmp: { creator: ['Ada'], Season: 'SPRING' },
};
const state = (more: Partial<AssetState> = {}): AssetState => ({
  kind: 'image',
  name: 'a.jpg',
  path: '/',
  versions: [],
  renditions: [],
  info: {},
  metadata: {},
  embedded,
  tags: [],
  labels: [],
  collections: [],
  archived: false,
  inspection: { state: 'done' },
  createdAtMs: 0,
  modifiedAtMs: 0,
  aliases: {},
  ...more,
});
const field = (given: Partial<MetadataField> & Pick<MetadataField, 'name' | 'type'>): [string, MetadataField] => [
  given.name,
  { label: given.name, required: false, ...given },
];
const fields = new Map([
  field({ name: 'photographer', type: 'text' }),
  field({ name: 'iso', type: 'number', validation: { maximum: 800 } }),
  field({ name: 'taken', type: 'date' }),
  field({ name: 'season', type: 'select', options: [{ value: 's1', label: 'Spring' }, { value: 's2' }] }),
  field({ name: 'subjects', type: 'multiselect', options: [{ value: 'Meadow' }, { value: 'sea' }] }),
]);
const one = (mapping: MetadataMapping, of: AssetState = state()) => withMapped(of, [mapping], fields);

test('a value goes where the rule says, as its field wants it', () => {
  const cases: readonly (readonly [MetadataMapping, Partial<AssetState>])[] = [
    [{ from: 'fields.creators', to: 'metadata.photographer' }, { metadata: { photographer: 'Ada, Grace' } }],
    [{ from: 'xmp.dc:creator', to: 'metadata.photographer' }, { metadata: { photographer: 'Ada' } }],
    [{ from: 'iptc.Caption/Abstract', to: 'info.description' }, { info: { description: 'A field' } }],
    [{ from: 'exif.ISO', to: 'metadata.iso' }, { metadata: { iso: 400 } }],
    [{ from: 'fields.takenAt', to: 'metadata.taken' }, { metadata: { taken: '2026-05-04' } }],
    [{ from: 'xmp.Season', to: 'metadata.season' }, { metadata: { season: 's1' } }],
    [{ from: 'fields.keywords', to: 'metadata.subjects' }, { metadata: { subjects: ['Meadow'] } }],
    [{ from: 'fields.keywords', to: 'tags' }, { tags: ['meadow', 'dawn'] }],
    [{ from: 'fields.title', to: 'metadata.free', transform: 'upper' }, { metadata: { free: 'SEEDING' } }],
    [{ from: 'fields.creators', to: 'metadata.free', transform: 'first' }, { metadata: { free: 'Ada' } }],
    [{ from: 'fields.takenAt', to: 'info.day', transform: 'date' }, { info: { day: '2026-05-04' } }],
  ];
  for (const [mapping, wanted] of cases) assert.deepEqual(one(mapping), state(wanted), JSON.stringify(mapping));
});

test('what does not fit, is not there, or is there already leaves the asset as it is, the very same object', () => {
  const held = state({ metadata: { photographer: 'Mine', season: 's2' }, tags: ['mine'] });
  for (const [mapping, of] of [
    [{ from: 'fields.creators', to: 'metadata.photographer' }, held],
    [{ from: 'fields.keywords', to: 'tags' }, held],
    [{ from: 'fields.title', to: 'metadata.iso', when: 'always' }, held],
    [{ from: 'fields.title', to: 'metadata.season', when: 'always' }, held],
    [{ from: 'exif.constructor', to: 'metadata.free' }, held],
    [{ from: 'xmp.None', to: 'info.title', when: 'always' }, held],
  ] as const)
    assert.equal(one(mapping, of), of, JSON.stringify(mapping));
  assert.deepEqual(one({ from: 'fields.keywords', to: 'tags', when: 'always' }, held).tags, ['mine', 'meadow', 'dawn']);
  const always = one({ from: 'xmp.creator', to: 'metadata.photographer', when: 'always' }, held);
  assert.deepEqual(always.metadata, { photographer: 'Ada', season: 's2' });
});

test('rules that lead nowhere are refused by their place', () => {
  const wrong: readonly MetadataMapping[] = [
    { from: 'title', to: 'info.title' },
    { from: 'fields.', to: 'info.title' },
    { from: 'fields.title', to: 'name' },
    { from: 'fields.title', to: 'metadata.' },
    { from: 'fields.title', to: 'metadata.__proto__' },
    { from: 'fields.title', to: 'tags' },
  ];
  assert.deepEqual(
    mappingProblems(wrong).map(({ at }) => at),
    ['/mappings/0/from', '/mappings/1/from', '/mappings/2/to', '/mappings/3/to', '/mappings/4/to'],
  );
});

test('IN-03 whatever a file says of itself, no rule makes metadata that does not fit, and applying again changes nothing', () => {
  const names = fc.constantFrom('title', 'constructor', '__proto__', 'x', 'creators');
  const mapping = fc.record(
    {
      from: names.map((name) => `fields.${name}`),
      to: fc.constantFrom('tags', 'info.t', ...[...fields.keys()].map((name) => `metadata.${name}`)),
      when: fc.constantFrom('empty' as const, 'always' as const),
      transform: fc.constantFrom(...mappingTransforms),
    },
    { requiredKeys: ['from', 'to'] },
  );
  fc.assert(
    fc.property(fc.dictionary(names, fc.jsonValue()), fc.array(mapping, { maxLength: 4 }), (said, mappings) => {
      const before = state({ embedded: { fields: said as JsonObject } });
      const after = withMapped(before, mappings, fields);
      for (const [name, value] of Object.entries(after.metadata)) {
        const definition = fields.get(name);
        assert.ok(definition !== undefined && valueProblem(definition, value) === null, name);
      }
      // Two rules may fight for one field; one by itself comes to rest.
      const [first] = mappings;
      if (first === undefined) return;
      const once = withMapped(before, [first], fields);
      assert.equal(withMapped(once, [first], fields), once);
    }),
    { numRuns: 400 },
  );
});
