/** The walk-through, walked: its files as they stand, in a copy of the source, compiled and judged by the suite. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const guide = readFileSync(join(root, 'docs', 'guides', 'add-a-dialect.md'), 'utf8');
const copy = mkdtempSync(join(tmpdir(), 'assetwire-guide-'));
const folder = join(copy, 'src', 'dialects', 'acme');

before(() => {
  for (const part of ['src', 'package.json', 'tsconfig.json'])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const [, path = '', text = ''] of guide.matchAll(/^`(src\/[^`]+)`\n\n```\w+\n([^]*?)^```$/gm)) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    writeFileSync(join(copy, path), text);
  }
  const list = join(copy, 'src', 'compose', 'dialects.ts');
  writeFileSync(list, patched(readFileSync(list, 'utf8')));
});
after(() => rmSync(copy, { recursive: true, force: true }));

/** Each diff of the page, applied by hand: what it shows as there must be there. */
function patched(source: string): string {
  let text = source;
  for (const [, diff = ''] of guide.matchAll(/^```diff\n([^]*?)^```$/gm)) {
    const side = (sign: string): string =>
      diff
        .split('\n')
        .filter((line) => line.startsWith(' ') || line.startsWith(sign))
        .map((line) => line.slice(1))
        .join('\n');
    assert.ok(text.includes(side('-')), `src/compose/dialects.ts has no\n${side('-')}`);
    text = text.replace(side('-'), () => side('+'));
  }
  return text;
}

function node(args: readonly string[]): { readonly status: number | null; readonly output: string } {
  // A test that runs in a test must not report to the outer one.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const run = spawnSync(process.execPath, args, { cwd: copy, env, encoding: 'utf8', timeout: 120_000 });
  return { status: run.status, output: run.stdout + run.stderr };
}

test('The dialect of the guide passes the whole conformance suite, and does not once its bytes differ', () => {
  const suite = ['--test', '--test-reporter=tap', 'src/dialects/acme/acme.test.ts'];
  const passed = node(suite);
  assert.equal(passed.status, 0, passed.output);
  const count = Number(/^# pass (\d+)$/m.exec(passed.output)?.[1]);
  assert.ok(count >= 20 && count <= 35, `the page says about twenty-five checks: ${count}`);
  const render = join(folder, 'render.ts');
  const text = readFileSync(render, 'utf8');
  writeFileSync(render, text.replace('JSON.stringify(body)', 'JSON.stringify(body, null, 1)'));
  assert.notEqual(node(suite).status, 0);
  writeFileSync(render, text);
});

test('A kind that is left out does not compile, and that is all the compiler has to say', () => {
  const project = join(copy, 'tsconfig.acme.json');
  const shown = { extends: './tsconfig.json', include: ['src/dialects/acme'], exclude: ['**/*.test.ts'] };
  writeFileSync(project, JSON.stringify(shown));
  const events = join(folder, 'events.ts');
  const text = readFileSync(events, 'utf8');
  writeFileSync(events, text.replace("  'asset.moved': notTold,\n", ''));
  const { output } = node([
    join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
    '--noEmit',
    '--pretty',
    'false',
    '--project',
    project,
  ]);
  writeFileSync(events, text);
  assert.equal(output.match(/error TS\d+/g)?.length, 1, output);
  assert.match(output, /asset\.moved/);
});

test('Named in compose, the server speaks it', () => {
  const script =
    "import { dialects } from './src/compose/dialects.ts'; console.log(dialects.map(({ manifest }) => manifest.id).join())";
  const { output } = node(['--input-type=module', '--eval', script]);
  assert.match(output, /(^|,)acme(,|$)/m);
});
