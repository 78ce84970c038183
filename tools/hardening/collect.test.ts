import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { catalogueProblems, idsOfTests, readCatalogue } from './collect.ts';
import { type NotOffered, notOfferedProblems } from './not-offered.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const small = { areas: { SL: 'Addresses' }, rows: [{ id: 'SL-01', core: true, what: 'x' }] };

test('The ids at the beginning of a test name are found, several too; those further on are not', () => {
  const source = [
    `test('SL-01 the first', () => {});`,
    'test(`SL-02, SL-03 and SU-04 several at once`, () => {});',
    `test('TL-01 TL-02 in a row', () => {});`,
    `test('TL-01 TL-02 with blanks between them', () => {});`,
    `const cases = [{ name: "RX-27 from a table" }];`,
    `test('this speaks of HX-01 in passing', () => {});`,
  ].join('\n');
  assert.deepEqual(idsOfTests(source), ['SL-01', 'SL-02', 'SL-03', 'SU-04', 'TL-01', 'TL-02', 'RX-27']);
});

test('A test that names a row which does not exist is reported; other two-letter names are left alone', () => {
  assert.deepEqual(catalogueProblems(small, new Map([['SL-01', ['a.test.ts']]])), []);
  assert.deepEqual(catalogueProblems(small, new Map([['XY-99', ['a.test.ts']]])), []);
  assert.match(
    catalogueProblems(small, new Map([['SL-99', ['a.test.ts']]])).join(),
    /a\.test\.ts: there is no row SL-99/,
  );
});

test('A row that stands twice, or in no area, is reported', () => {
  const row = { id: 'SL-01', core: false, what: 'x' };
  assert.match(catalogueProblems({ ...small, rows: [row, row] }, new Map()).join(), /two rows SL-01/);
  assert.match(
    catalogueProblems({ ...small, rows: [{ ...row, id: 'QQ-01' }] }, new Map()).join(),
    /belongs to no area/,
  );
});

test('The catalogue holds 445 rows, 112 of them in the core set', () => {
  const { rows } = readCatalogue(root);
  assert.deepEqual([rows.length, rows.filter(({ core }) => core).length], [445, 112]);
});

test('What is called not offered is reported where a test tries it, where it shows in the sources and where there is no such row', () => {
  const entry = (given: Partial<NotOffered>): readonly NotOffered[] => [
    { id: 'SL-01', reason: 'x', sign: /no source holds this/, where: 'src/core/limits.ts', ...given },
  ];
  const problems = (list: readonly NotOffered[], tests = new Map<string, readonly string[]>()): string =>
    notOfferedProblems(root, small, tests, list).join();
  assert.equal(problems(entry({})), '');
  assert.match(problems(entry({ id: 'SL-09' })), /no row SL-09/);
  assert.match(problems(entry({}), new Map([['SL-01', ['a.test.ts']]])), /tried by a\.test\.ts/);
  assert.match(problems(entry({ sign: /causationDepthMax/ })), /src\/core\/limits\.ts shows/);
});
