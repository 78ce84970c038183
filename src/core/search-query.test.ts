import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AssetwireError } from './errors.ts';
import { limits } from './limits.ts';
import type { SearchExpression } from './search-expression.ts';
import { searchFieldNames } from './search-fields.ts';
import { readSearch } from './search-query.ts';

const word = (text: string): SearchExpression => ({ op: 'words', words: [text] });
const all = (...of: readonly SearchExpression[]): SearchExpression => ({ op: 'all', of });
const any = (...of: readonly SearchExpression[]): SearchExpression => ({ op: 'any', of });
const not = (of: SearchExpression): SearchExpression => ({ op: 'not', of });
const tag = (value: string): SearchExpression => ({ op: 'value', field: 'tags', value, match: 'folded' });
const day = (text: string): number => Date.parse(text);

describe('the query language', () => {
  it('each form is read as what it means', () => {
    const cases: readonly (readonly [string, SearchExpression])[] = [
      ['red flower', all(word('red'), word('flower'))],
      ['red AND flower', all(word('red'), word('flower'))],
      ['red OR blue flower', any(word('red'), all(word('blue'), word('flower')))],
      ['(red || blue) && flower', all(any(word('red'), word('blue')), word('flower'))],
      ['-red NOT blue !green', all(not(word('red')), not(word('blue')), not(word('green')))],
      ['"big ben"', { op: 'words', words: ['big', 'ben'] }],
      ['img_20*', { op: 'words', words: ['img', '20'], prefix: true }],
      ['well-known', { op: 'words', words: ['well', 'known'] }],
      ['東京', { op: 'words', words: ['東', '京'] }],
      ['*', all()],
      ['title:Blüte', { op: 'words', words: ['blute'], field: 'info.title' }],
      ['filename:flowers*', { op: 'words', words: ['flowers'], field: 'name', prefix: true }],
      ['name:*ower*', { op: 'nameContains', text: 'ower' }],
      ['metadata.status:approved', { op: 'words', words: ['approved'], field: 'metadata.status' }],
      ['metadata.a\\ b:x', { op: 'words', words: ['x'], field: 'metadata.a b' }],
      // Accents and vowels that are characters of their own are part of a name.
      ['metadata.fe\u0301:x', { op: 'words', words: ['x'], field: 'metadata.fe\u0301' }],
      [
        'metadata.\u0936\u0940\u0930\u094d\u0937\u0915:*',
        { op: 'exists', field: 'metadata.\u0936\u0940\u0930\u094d\u0937\u0915' },
      ],
      ['metadata.rating:>=4', { op: 'range', field: 'metadata.rating', from: 4 }],
      ['metadata.status:*', { op: 'exists', field: 'metadata.status' }],
      ['tag:Spring', tag('spring')],
      ['tag:(a OR b)', any(tag('a'), tag('b'))],
      ['tag:🌸', tag('🌸')],
      ['tag:spr*', { op: 'value', field: 'tags', value: 'spr', match: 'prefix' }],
      ['tag:a\\*', tag('a*')],
      ['kind:Video', { op: 'value', field: 'kind', value: 'video', match: 'folded' }],
      ['externalId:SKU-1', { op: 'value', field: 'externalId', value: 'SKU-1', match: 'exact' }],
      ['folder:/press/', { op: 'folder', path: '/press' }],
      ['folder:"/press/autumn 2026"', { op: 'folder', path: '/press/autumn 2026' }],
      ['path:/press', { op: 'folder', path: '/press', exact: true }],
      ['width:1000..2000', { op: 'range', field: 'width', from: 1000, to: 2000 }],
      ['width:1920', { op: 'range', field: 'width', from: 1920, to: 1920 }],
      ['width:[1000 TO 2000}', { op: 'range', field: 'width', from: 1000, to: 2000, toOpen: true }],
      ['width:{1000 TO *]', { op: 'range', field: 'width', from: 1000, fromOpen: true }],
      ['size:>5MB', { op: 'range', field: 'size', from: 5e6, fromOpen: true }],
      ['size:..1.5KiB', { op: 'range', field: 'size', to: 1536 }],
      ['created:>=2026-01-01', { op: 'range', field: 'created', from: day('2026-01-01') }],
      ['created:>2026-01-01', { op: 'range', field: 'created', from: day('2026-01-02') }],
      ['created:2026', { op: 'range', field: 'created', from: day('2026-01-01'), to: day('2027-01-01'), toOpen: true }],
      [
        'created:2026-12',
        { op: 'range', field: 'created', from: day('2026-12-01'), to: day('2027-01-01'), toOpen: true },
      ],
      [
        'created:2026-01-01..2026-01-31',
        { op: 'range', field: 'created', from: day('2026-01-01'), to: day('2026-02-01'), toOpen: true },
      ],
      [
        'updated:<2026-02-28T12:30+02:00',
        { op: 'range', field: 'updated', to: day('2026-02-28T10:30Z'), toOpen: true },
      ],
      ['a and b or not', all(word('a'), word('and'), word('b'), word('or'), word('not'))],
    ];
    for (const [text, expected] of cases) assert.deepEqual(readSearch(text), expected, text);
  });

  it('what cannot be read is told with its place and how to mend it', () => {
    const cases: readonly (readonly [text: string, at: number, wanted: RegExp])[] = [
      ['', 0, /a word/],
      ['red AND', 7, /a word/],
      ['OR red', 0, /a word/],
      ['(red', 4, /a \)/],
      ['red)', 3, /an end/],
      ['"red', 0, /a " at the end/],
      ['f*o', 1, /only at the end/],
      ['*ending', 0, /only at the end/],
      ['f?o', 1, /only at the end/],
      ['sttaus:x', 0, /a field that assets have/],
      ['a http://b', 2, /a field that assets have/],
      ['tag: spring', 4, /a value behind tag:/],
      ['tag:', 4, /a value behind tag:/],
      ['tag:(a name:b)', 7, /values only/],
      ['kind:picture', 5, /one of image/],
      ['archived:maybe', 9, /true or false/],
      ['width:wide', 6, /a number such as/],
      ['width:5MB', 6, /a number such as/],
      ['created:2026-13-01', 8, /a date or time/],
      ['created:2026-02-30', 8, /a date or time/],
      ['width:20..10', 6, /from the lower/],
      ['width:..', 6, /a number such as/],
      ['width:[1 2]', 6, /\[10 TO 20\]/],
      ['width:[1 TO 2', 6, /a \] or \}/],
      ['title:[1 TO 2]', 6, /a word or a "phrase"/],
      ['folder:/a/../b', 7, /without \. and \.\./],
      ['🌸', 0, /letters or digits/],
      ['a '.repeat(limits.searchTermsMax + 1), 200, /at most 100/],
      [`${'('.repeat(30)}a${')'.repeat(30)}`, limits.searchDepthMax, /at most 20/],
      ['-'.repeat(500) + 'a', limits.searchDepthMax, /at most 20/],
      ['('.repeat(2_000), 1_000, /at most 100/],
      ['x'.repeat(limits.searchCharactersMax + 1), limits.searchCharactersMax, /at most 2000 characters/],
    ];
    for (const [text, at, wanted] of cases) {
      assert.throws(
        () => readSearch(text),
        (error: unknown) => {
          assert.ok(error instanceof AssetwireError && error.code === 'invalid_search', text);
          assert.equal(error.problems[0]?.at, `/q/${at}`, `${text}: ${error.message}`);
          assert.match(error.problems[0]?.wanted ?? '', wanted, text);
          return true;
        },
        text,
      );
    }
  });

  it('a slip in a name is mended by the name that was meant', () => {
    assert.throws(() => readSearch('craeted:2026'), { code: 'invalid_search', mend: /created: or metadata\.craeted:/ });
  });

  it('any text is read or refused by name, quickly', () => {
    const parts = fc.constantFrom(
      ...['(', ')', '"', '-', 'NOT ', ' OR ', ' AND ', ':', '*', '?', '\\', '..', '[', ']', '{', ' TO ', '>=', '<'],
      ...[
        'tag',
        'tag:',
        'width:',
        'created:',
        'folder:',
        'a',
        '2026-01-01',
        '5',
        'é',
        '東',
        '🌸',
        ' ',
        '\u0000',
        '\ud800',
      ],
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.array(parts, { maxLength: 40 }).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(text, (query) => {
        try {
          readSearch(query);
        } catch (error) {
          assert.ok(error instanceof AssetwireError && error.code === 'invalid_search', String(error));
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it('every field is in the manual', () => {
    const manual = readFileSync(new URL('../../docs/reference/search.md', import.meta.url), 'utf8');
    for (const name of searchFieldNames) assert.match(manual, new RegExp(`\`${name}:?\``), name);
  });
});
