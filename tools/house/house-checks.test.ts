import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withSection } from '../reference/sections.ts';
import { compareSection } from './drawn-pages.ts';
import { nameProblems } from './file-names.ts';
import { foreignWords } from './foreign-words.ts';
import { houseChecks } from './house-checks.ts';
import { headingIds, localLinks } from './links.ts';
import { compareRows } from './markdown-table.ts';
import { type Mentioned, mentionProblems } from './mentions.ts';
import { commandProblems } from './readme-command.ts';
import { shellBlockProblems } from './shell-blocks.ts';
import { misspellings } from './spelling.ts';
import { errorRows, limitRows, shownLimit } from './reference-tables.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

for (const { name, check } of houseChecks) {
  test(`The house rule "${name}" holds`, async () => assert.deepEqual(await check(root), []));
}

test('A file called utils, or one that is not kebab-case, is reported; a speaking name is not', () => {
  for (const file of [
    'src/core/utils.ts',
    'src/common/id.ts',
    'test/helpers.ts',
    'src/api/types.ts',
    'src/core/RetrySchedule.ts',
  ]) {
    assert.equal(nameProblems(file).length, 1, file);
  }
  for (const file of ['src/core/retry-schedule.ts', 'src/core/retry-schedule.test.ts', 'docs/types.md']) {
    assert.deepEqual(nameProblems(file), [], file);
  }
});

test('A path of one machine and a package host are reported, a URL with such a part is not', () => {
  assert.equal(foreignWords('README.md', `see ${['', 'home', 'ann', 'code'].join('/')}`).length, 1);
  assert.equal(foreignWords('a.ts', `const x = '${['', 'Users', 'ann'].join('/')}';`).length, 1);
  assert.equal(foreignWords('package-lock.json', '      "resolved": "https://packages.example/x.tgz",').length, 1);
  assert.deepEqual(foreignWords('a.ts', 'fetch("https://example.com/home/page"); // ./work/notes'), []);
});

const source = new Map([
  ['one', ['400', 'no']],
  ['two', ['500', 'yes']],
]);
const page = [
  '| code | status | again | what to do |',
  '| --- | --- | --- | --- |',
  '| `one` | 400 | no | Do this |',
  '| `two` | 500 | yes | Do that |',
];

test('A reference table that agrees with its source has no problem', () => {
  assert.deepEqual(compareRows('page.md', page.join('\n'), source), []);
});

test('A missing row, an extra row, a wrong cell and an empty explanation are each reported', () => {
  const compare = (lines: readonly string[]): string => compareRows('page.md', lines.join('\n'), source).join('\n');
  assert.match(compare(page.slice(0, 3)), /lacks a row for two/);
  assert.match(compare([...page, '| `three` | 1 | no | x |']), /row for three, which does not exist/);
  assert.match(compare(page.map((line) => line.replace('500', '503'))), /the row of two must begin/);
  assert.match(compare(page.map((line) => line.replace('Do that', ''))), /the row of two says nothing/);
  assert.throws(() => compare([...page, page[2] ?? '']), /two rows for one/);
});

test('The error table and the limits are not empty, so their pages are compared with something', () => {
  assert.ok(errorRows().size > 30);
  assert.ok(limitRows().size > 20);
});

test('Limits are shown in the unit of their names', () => {
  assert.equal(shownLimit('xBytesMax', 262_144), '256 KiB');
  assert.equal(shownLimit('xBytesMax', 1000), '1,000 bytes');
  assert.equal(shownLimit('keptMs', 86_400_000), '24 h');
  assert.equal(shownLimit('itemsMax', 10_000), '10,000');
});

test('A drawn section that differs from its source by a word is reported, with the line', () => {
  const drawn = '| a | b |\n| --- | --- |\n| 1 | 2 |';
  const markdown = withSection('# Page\n<!-- drawn: x -->\n<!-- end: x -->\n', 'x', drawn);
  assert.deepEqual(compareSection({ page: 'p.md', name: 'x' }, markdown, drawn), []);
  assert.match(
    compareSection({ page: 'p.md', name: 'x' }, markdown, drawn.replace('2', '3')).join(),
    /first difference: \| 1 \| 3 \|/,
  );
  assert.match(
    compareSection({ page: 'p.md', name: 'x' }, markdown, drawn.split('\n').slice(0, 2).join('\n')).join(),
    /no longer true/,
  );
  assert.throws(() => withSection('# Page', 'x', drawn), /no place/);
});

test('A README without the test command, or a script that runs another one, is reported', () => {
  const readme = 'Run this:\n\nnpm install && npm test   # everything\n';
  assert.deepEqual(commandProblems(readme, '(npm install && npm test) 2>&1'), []);
  assert.equal(commandProblems('npm test', '(npm install && npm test)').length, 1);
  assert.equal(commandProblems(readme, 'npm ci && npm test').length, 1);
});

test('Relative links are found, others and those in code are not', () => {
  const markdown = 'See [a](b.md#c), [d](https://example.com), [e](#f), `[g](h.md)` and\n```\n[i](j.md)\n```\n';
  assert.deepEqual(localLinks(markdown), ['b.md#c', '#f']);
});

test('The ids of headings are those that links name, also of headings that come twice', () => {
  assert.deepEqual([...headingIds('a.md', '# A b\n\n## C: `d`\n\n## C: `d`\n')], ['a-b', 'c-d', 'c-d-1']);
});

test('A shell block that nobody types, or that cannot be typed, is reported', () => {
  const block = (language: string, code: string): string => `\`\`\`${language}\n${code}\n\`\`\`\n`;
  assert.deepEqual(shellBlockProblems('README.md', block('sh', 'npm start')), []);
  assert.deepEqual(shellBlockProblems('docs/x.md', block('sh', 'npm install && npm test   # all')), []);
  assert.deepEqual(shellBlockProblems('docs/x.md', block('bash', 'assetwire keys create')), []);
  assert.match(shellBlockProblems('docs/x.md', block('sh', 'assetwire doctor')).join(), /no test types/);
  assert.match(shellBlockProblems('README.md', block('sh', 'assetwire keys revoke key_…')).join(), /cannot be typed/);
  assert.match(shellBlockProblems('README.md', block('console', 'x')).join(), /as sh or bash/);
});

test('A product that is misspelt is reported; code, links and longer names are not', () => {
  assert.deepEqual(misspellings('a.md', 'WoodWing, `woodwing`, [x](woodwing.md), @assetwire/receiver, src/sqlite'), []);
  assert.deepEqual(misspellings('a.md', 'Woodwing and postgres'), [
    'a.md: write "WoodWing", not "Woodwing"',
    'a.md: write "PostgreSQL", not "postgres"',
  ]);
});

test('A setting, a command, an option and a route that do not exist are reported; those that do are not', () => {
  const mentioned: Mentioned = {
    settings: new Set(['ASSETWIRE_PORT']),
    commands: new Map([
      ['', ['--version']],
      ['keys', []],
      ['keys create', ['--scope', '--json']],
      ['doctor', ['--data-dir']],
    ]),
    routes: ['POST /v1/changes', 'POST /v1/webhooks/{id}/test'],
  };
  const problems = (markdown: string): readonly string[] => mentionProblems('a.md', markdown, mentioned);
  assert.deepEqual(
    problems(
      'ASSETWIRE_PORT `assetwire keys create x --scope y --json` `POST /v1/webhooks/wh_…/test` `POST /v1/changes`\n\n' +
        '```bash\nassetwire doctor \\\n  --data-dir x | head --lines 3\n```\n',
    ),
    [],
  );
  assert.deepEqual(problems('ASSETWIRE_PROT'), ['a.md: there is no setting ASSETWIRE_PROT']);
  assert.deepEqual(problems('`assetwire kyes`'), ['a.md: there is no command assetwire kyes']);
  assert.deepEqual(problems('`assetwire keys make x`'), ['a.md: there is no command assetwire keys make']);
  assert.deepEqual(problems('```text\nassetwire keys create --key x\n```'), [
    'a.md: assetwire keys create has no option --key',
  ]);
  assert.deepEqual(problems('`PUT /v1/changes`'), ['a.md: there is no route PUT /v1/changes']);
});
