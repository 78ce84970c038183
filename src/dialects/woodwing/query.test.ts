import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cpuMsOf } from '../../../test/support/cpu-time.ts';
import type { JsonObject } from '../../core/json.ts';
import { sampleChange } from '../../core/sample-change.ts';
import { compileSearch } from '../../core/search-evaluation.ts';
import { compileQuery, compilePattern } from './query-conditions.ts';
import { searchExpression } from './query-search.ts';
import { parseQuery, queryProblem } from './query.ts';
import { conditionsMax, nestingMax, queryCharactersMax, type QueryNode } from './query-tree.ts';
import { checkSettings } from './settings.ts';

const change = sampleChange('asset.metadata_changed');
const state = change.after ?? {};
const matches = (query: string, of: JsonObject = state): boolean => compileQuery(query)(change, of);

test('A query finds what its words say: fields, phrases, wildcards, AND, OR, NOT, parentheses, ranges', () => {
  const yes = [
    '',
    '*:*',
    'flower',
    'FLOWER',
    'flow*',
    '"a flower"',
    'filename:flower*',
    'filename:FLOWER-ü.JPG',
    'filename:*.jpg',
    'filename:fl?wer*',
    'filename:f*w*r*g',
    'title:"A flower"',
    'status:Final AND tags:red',
    'status:Final && tags:red',
    'status:Final tags:red',
    'status:Draft OR tags:red',
    'status:Draft || tags:red',
    'NOT status:Draft',
    '-status:Draft',
    '!status:Draft +status:Final',
    'NOT (status:Draft OR tags:blue)',
    'tags:(blue OR red)',
    'tags:r* AND NOT filename:*.png',
    'status:Draft AND tags:blue OR rating:4',
    'rating:4',
    'rating:[1 TO 5]',
    'rating:[4 TO *]',
    'rating:{3 TO 5}',
    'assetDomain:image',
    'extension:JPG',
    'folderPath:"/campaigns/spring"',
    'status:*',
    'filename:flower\\-ü.jpg',
  ];
  const no = [
    'filename:flowers*',
    'status:Draft',
    'status:Final AND tags:blue',
    'NOT status:Final',
    'cf_none:*',
    'filename:flower-ü.jpg*flower-ü.jpg',
    'status:Draft AND (tags:red OR rating:4)',
    'rating:{4 TO 5}',
    'rating:[5 TO *]',
    'assetDomain:video',
    'tags:re',
    '"flower a"',
    'ancestorPaths:"/elsewhere"',
  ];
  for (const query of yes) assert.equal(matches(query), true, query);
  for (const query of no) assert.equal(matches(query), false, query);
});

test('Dates are whole days where they are included', () => {
  const made = (iso: string): JsonObject => ({ ...state, createdAtMs: Date.parse(iso) });
  assert.equal(matches('assetCreated:[2026-01-01 TO 2026-01-31]', made('2026-01-31T23:59:59Z')), true);
  assert.equal(matches('assetCreated:[2026-01-01 TO 2026-01-31}', made('2026-01-31T00:00:00Z')), false);
  assert.equal(matches('assetCreated:{2026-01-01 TO *]', made('2026-01-01T12:00:00Z')), false);
  assert.equal(matches('assetCreated:2026-01-31', made('2026-01-31T12:00:00Z')), true);
  assert.equal(matches('assetCreated:2026-01-30', made('2026-01-31T12:00:00Z')), false);
});

test('What cannot be read is refused with its place, what was wanted and what stands there', () => {
  const wrong: readonly (readonly [query: string, says: RegExp])[] = [
    ['(status:Final', /at character 14 wanted \), found the end/],
    ['status:Final)', /at character 13 wanted the end, AND, OR or a condition, found "\)"/],
    ['status:', /wanted a value of status, found the end/],
    ['"open', /at character 1 wanted a closing quotation mark/],
    ['AND', /wanted a condition, found "AND"/],
    ['a OR', /at character 5 wanted a condition, found the end/],
    ['NOT', /wanted a condition, found the end/],
    ['[1 TO 5]', /a field and a colon before a range/],
    ['width:[1 5]', /TO between the ends of a range/],
    ['width:[1 TO x]', /a number, a date such as 2026-01-31, or \*, found "x"/],
    ['width:[1 TO 5', /\] or \}/],
    ['created:[NOW-1DAY TO NOW]', /a number, a date/],
    ['flower~', /a similar word \(~\)/],
    ['flower^2', /a weight \(\^\)/],
    ['/fl.*/', /a regular expression/],
    ['title:"a b"~2', /a similar word/],
    ['x'.repeat(queryCharactersMax + 1), /at most 1000 characters, found more/],
    [`${'('.repeat(nestingMax + 1)}a${')'.repeat(nestingMax + 1)}`, /at most 20 conditions in each other/],
    ['a '.repeat(conditionsMax + 1), /at most 100 conditions/],
  ];
  for (const [query, says] of wrong) {
    assert.match(queryProblem(query) ?? 'nothing', says, query);
    assert.equal(matches(query), false, `${query}: not understood, so nothing matches`);
  }
  assert.deepEqual(checkSettings({ foldersAndQuery: { query: 'a OR' } }), [
    { at: '/foldersAndQuery/query', wanted: 'a condition at character 5', found: 'the end' },
  ]);
  assert.deepEqual(checkSettings({ foldersAndQuery: { query: 'a OR b' } }), []);
});

test('Any text is read or refused, never thrown over, and what is read again from its own words means the same', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 60, unit: 'grapheme' }),
    fc
      .array(
        fc.constantFrom('a', 'b:c', '(', ')', 'AND', 'OR', 'NOT', '-', '[1 TO 2]', 'w:', '"x y"', '*', '?', '\\'),
        {
          maxLength: 20,
        },
      )
      .map((parts) => parts.join(' ')),
  );
  fc.assert(
    fc.property(text, (query) => {
      const parsed = parseQuery(query);
      if ('problem' in parsed) assert.ok(parsed.problem.at >= 1 && parsed.problem.at <= query.length + 1);
      else assert.deepEqual(parseQuery(written(parsed.node)), parsed, query);
    }),
    { numRuns: 2_000 },
  );
});

/** A tree as text: every group in parentheses, every text quoted. */
function written(node: QueryNode): string {
  const at = (field: string | null): string => (field === null ? '' : `${field}:`);
  const quoted = (value: string): string => `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
  switch (node.kind) {
    case 'and':
    case 'or':
      return node.of
        .map((part) => (part.kind === 'and' || part.kind === 'or' ? `(${written(part)})` : written(part)))
        .join(node.kind === 'and' ? ' AND ' : ' OR ');
    case 'not':
      return node.of.kind === 'and' || node.of.kind === 'or' ? `NOT (${written(node.of)})` : `NOT ${written(node.of)}`;
    case 'all':
      return '*:*';
    case 'exists':
      return `${node.field}:*`;
    case 'text':
      return `${at(node.field)}${quoted(node.text)}`;
    case 'pattern':
      return `${at(node.field)}${node.parts
        .map((part) =>
          typeof part === 'string'
            ? [...part].map((one) => `\\${one}`).join('')
            : part.any === 'characters'
              ? '*'
              : '?',
        )
        .join('')}`;
    case 'range': {
      const { from, to } = node;
      const low = from === null ? '[*' : `${from.included ? '[' : '{'}${from.text}`;
      const high = to === null ? '*]' : `${to.text}${to.included ? ']' : '}'}`;
      return `${node.field}:${low} TO ${high}`;
    }
    default:
      return node satisfies never;
  }
}

test('A wildcard pattern agrees with the regular expression it stands for', () => {
  const part = fc.constantFrom('a', 'b', 'ab', { any: 'characters' } as const, { any: 'character' } as const);
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.stringMatching(/^[ab]{0,12}$/), (parts, text) => {
      const source = parts
        .map((one) => (typeof one === 'string' ? one : one.any === 'characters' ? '.*' : '.'))
        .join('');
      assert.equal(compilePattern(parts)([...text]), new RegExp(`^${source}$`, 's').test(text));
    }),
    { numRuns: 2_000 },
  );
});

test('Conditions and search say the same of every query that search can answer', () => {
  const leaf = fc.constantFrom(
    ...['flower', 'flow*', 'status:Final', 'status:Draft', 'tags:red', 'tags:blue', 'rating:[1 TO 5]', 'rating:4'],
    ...['filename:flow*', 'filename:*low*', 'extension:jpg', 'assetDomain:image', 'title:"a flower"', 'cf:*', '*:*'],
  );
  const query = fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} AND ${b})`),
      fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a} OR ${b})`),
      tie('any').map((a) => `NOT (${a})`),
    ),
  })).any;
  const subject = { id: change.subject.id, state, createdAtMs: 0, updatedAtMs: change.acceptedAtMs };
  fc.assert(
    fc.property(query, (text) => {
      const parsed = parseQuery(text);
      if ('problem' in parsed) return;
      const refused: unknown[] = [];
      const expression = searchExpression(parsed.node, (one) => refused.push(one));
      assert.deepEqual(refused, []);
      assert.equal(compileSearch(expression)(subject), matches(text), text);
    }),
    { numRuns: 500 },
  );
});

test('A hundred queries about one change answer as each of them would alone', () => {
  const value = fc.constantFrom('flower', 'Final', 'red', '4', 'a flower', 'nobody', 'ü');
  const leaf = fc.oneof(
    fc
      .tuple(fc.constantFrom('', 'status:', 'title:', 'tags:', 'filename:', 'rating:', 'cf:', 'description:'), value)
      .map(([field, text]) => `${field}"${text}"`),
    fc.constantFrom('rating:[1 TO 5]', 'width:[* TO 9]', 'status:F*', 'flow*', 'filename:*low*', 'rating:*', 'cf:*'),
  );
  const query = fc.oneof(
    leaf,
    fc.tuple(leaf, leaf).map(([a, b]) => `${a} AND NOT ${b}`),
    fc.tuple(leaf, leaf).map(([a, b]) => `${a} OR ${b}`),
  );
  const words = fc.constantFrom('flower', 'Final', 'red', 'a flower of ü', '4', '');
  const asset = fc.record({ status: words, rating: fc.oneof(fc.integer({ min: 0, max: 9 }), words), cf: words });
  fc.assert(
    fc.property(
      fc.array(query, { minLength: 2, maxLength: 30 }),
      fc.array(asset, { maxLength: 3 }),
      (texts, states) => {
        const tests = texts.map(compileQuery);
        for (const metadata of states) {
          const after = { ...state, metadata };
          const shared = { ...change, after };
          for (const [index, test] of tests.entries()) {
            // Alone: nobody has read anything of this change before.
            assert.equal(test(shared, after), test({ ...shared }, { ...after }), texts[index]);
          }
          // The same change with another state (as an earlier one has it) is another asset.
          const other = { ...after, metadata: {}, name: 'other.png' };
          for (const [index, test] of tests.entries())
            assert.equal(test(shared, other), test({ ...shared }, other), texts[index]);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('An asset is found by the id that it had in its former life, as messages speak of it', () => {
  const moved = { ...state, aliases: { woodwing: '4ovRzkGWaf79DgVMRpgSFl', brandfolder: 'another' } };
  assert.ok(matches('id:4ovRzkGWaf79DgVMRpgSFl', moved));
  assert.ok(matches('status:Final AND id:"4ovRzkGWaf79DgVMRpgSFl"', moved));
  assert.ok(!matches('NOT id:4ovRzkGWaf79DgVMRpgSFl', moved));
  assert.ok(!matches('id:another', moved));
  assert.ok(!matches('id:4ovRzkGWaf79DgVMRpgSFl'));
});

test('What search cannot answer is told, each condition by itself', () => {
  const refused: string[] = [];
  const parsed = parseQuery('tags:*ed AND filename:*x* OR fl?wer NOT status:F*l');
  assert.ok('node' in parsed);
  searchExpression(parsed.node, (one) => refused.push(`${one.kind} ${'field' in one ? String(one.field) : ''}`));
  assert.deepEqual(refused, ['pattern tags', 'pattern null', 'pattern status']);
});

test('The ending of a name is searched for as its extension, and a value in an object by its own name', () => {
  const refused: unknown[] = [];
  const said = (query: string): string => {
    const parsed = parseQuery(query);
    assert.ok('node' in parsed);
    return JSON.stringify(searchExpression(parsed.node, (one) => refused.push(one)));
  };
  assert.equal(said('filename:*.JPG'), '{"op":"value","field":"extension","value":"jpg","match":"folded"}');
  assert.match(said('status:final'), /"field":"metadata\.status\.value"/);
  assert.match(said('rank:[1 TO 3]'), /"field":"metadata\.rank\.value"/);
  assert.deepEqual(refused, []);
  said('filename:?.jpg');
  assert.equal(refused.length, 1);
});

test('A hostile query costs no more than it is long', () => {
  const long = { ...state, metadata: { status: 'a'.repeat(100_000) } };
  const hostile = [
    `status:${'a*'.repeat(450)}b`,
    `status:${'?*a'.repeat(300)}`,
    `${'a:b AND '.repeat(99)}a:c`,
    'status:*',
  ];
  const spentMs = cpuMsOf(() => {
    for (const query of hostile) matches(query, long);
  });
  assert.ok(spentMs < 10_000, `${spentMs} ms`);
});

test('IN-15 wildcards as hostile as they may be take no longer than text times pattern', () => {
  const stars = `${'a*'.repeat(Math.floor((queryCharactersMax - 20) / 2))}b`;
  const questions = `${'?'.repeat(200)}*${'?a'.repeat(100)}`;
  const long: JsonObject = { ...state, name: 'a'.repeat(1_000_000), tags: ['a'.repeat(2_000), 'ab'] };
  const spentMs = cpuMsOf(() => {
    for (const pattern of [stars, questions, `${'*a'.repeat(200)}*b`, `${'*?'.repeat(200)}b`])
      for (const query of [`filename:${pattern}`, `tags:${pattern}`, pattern]) matches(query, long);
  });
  assert.ok(spentMs < 20_000, `twelve looks took ${spentMs} ms`);
});
