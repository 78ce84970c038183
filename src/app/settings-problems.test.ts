import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { settingsProblems } from './settings-problems.ts';

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['host'],
  properties: {
    days: { type: 'integer', minimum: 1, maximum: 365 },
    host: { type: 'string' },
    name: { type: 'string', maxLength: 3 },
    rate: { type: 'number', minimum: 2 },
    query: { type: 'string', pattern: '^a+$', description: 'one or more of the letter a' },
    fields: { type: 'array', maxItems: 2, items: { type: 'string' } },
    colour: { type: 'string', enum: ['red', 'green'] },
    place: { type: 'object', additionalProperties: false, properties: { folder: { type: 'string' } } },
  },
};

test('each problem names its field, what was wanted and what was found, and never repeats a value', () => {
  const validate = new Ajv2020({ allErrors: true, verbose: true }).compile(schema);
  const given = {
    query: 'sesame',
    colour: 'open sesame',
    fields: ['1', '2', 3],
    days: 9_999,
    name: 'sesame',
    rate: 1,
    place: { nope: 1 },
    extra: null,
  };
  assert.equal(validate(given), false);
  const problems = settingsProblems(validate.errors ?? []);
  assert.deepEqual(
    problems.toSorted((left, right) => (left.at < right.at ? -1 : 1)),
    [
      { at: '/settings/colour', wanted: 'one of red, green', found: 'something else' },
      { at: '/settings/days', wanted: 'a number from 1 to 365', found: 'a larger number' },
      {
        at: '/settings/extra',
        wanted: 'one of days, host, name, rate, query, fields, colour, place',
        found: 'a field that is none of these',
      },
      { at: '/settings/fields', wanted: 'at most 2 entries', found: 'a list of 3' },
      { at: '/settings/fields/2', wanted: 'a value of type string', found: 'a number' },
      { at: '/settings/host', wanted: 'a value', found: 'nothing' },
      { at: '/settings/name', wanted: 'at most 3 characters', found: 'more' },
      { at: '/settings/place/nope', wanted: 'one of folder', found: 'a field that is none of these' },
      { at: '/settings/query', wanted: 'one or more of the letter a', found: 'text of another form' },
      { at: '/settings/rate', wanted: 'a number of at least 2', found: 'a smaller number' },
    ],
  );
  assert.ok(!JSON.stringify(problems).includes('sesame'));
});
