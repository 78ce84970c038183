import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

// A typed rule needs a file that the compiler's project knows, so offences are linted under the names of real files.
const shippedFile = 'src/core/limits.ts';
const clockFile = 'src/runtime/clock.ts';
const testFile = 'tools/lint-rules.test.ts';

const offences: readonly (readonly [rule: string, code: string])[] = [
  ['@typescript-eslint/no-floating-promises', `async function f(): Promise<void> {} f();`],
  ['@typescript-eslint/no-misused-promises', `[1].forEach(async () => {});`],
  ['@typescript-eslint/await-thenable', `export async function f(): Promise<void> { await 1; }`],
  ['@typescript-eslint/only-throw-error', `export function f(): void { throw 'text'; }`],
  ['@typescript-eslint/no-explicit-any', `export const x: any = 1;`],
  ['@typescript-eslint/no-non-null-assertion', `export const f = (x?: number): number => x!;`],
  ['@typescript-eslint/consistent-type-imports', `import { ErrorCode } from './errors.ts'; export type X = ErrorCode;`],
  [
    '@typescript-eslint/switch-exhaustiveness-check',
    `export function f(x: 'a' | 'b'): void { switch (x) { case 'a': break; } }`,
  ],
  ['@typescript-eslint/ban-ts-comment', `// @ts-ignore\nexport const x = 1;`],
  ['no-eval', `export const x: unknown = eval('1');`],
  ['no-new-func', `export const x: unknown = new Function('return 1');`],
  ['@typescript-eslint/no-implied-eval', `setTimeout('f()', 1);`],
  ['eqeqeq', `export const f = (x: string): boolean => x == '';`],
  ['@typescript-eslint/no-restricted-imports', `import { exec } from 'node:child_process'; export const x = exec;`],
  ['no-empty', `try { JSON.parse(''); } catch {}`],
  ['no-restricted-properties', `export const x = Date.now();`],
  ['no-restricted-properties', `export const x = Math.random();`],
  ['no-restricted-properties', `export const x = process.hrtime.bigint();`],
  ['no-restricted-properties', `export const x = globalThis.setTimeout;`],
  ['no-restricted-syntax', `export const x = new Date();`],
  ['no-restricted-syntax', `export default 1;`],
  ['no-restricted-globals', `setTimeout(() => {}, 1);`],
  ['no-restricted-globals', `setInterval(() => {}, 1);`],
  ['no-restricted-globals', `setImmediate(() => {});`],
  ['no-restricted-globals', `export const x = fetch;`],
  ['no-restricted-globals', `export const x = performance;`],
  [
    '@typescript-eslint/no-restricted-imports',
    `import { randomUUID } from 'node:crypto'; export const x = randomUUID;`,
  ],
  [
    '@typescript-eslint/no-restricted-imports',
    `import { setTimeout } from 'node:timers/promises'; export const x = setTimeout;`,
  ],
  ['max-params', `export function f(a: 1, b: 1, c: 1, d: 1): number { return a + b + c + d; }`],
  ['max-depth', `export function f(x: 1): void { if (x) { if (x) { if (x) { if (x) { f(x); } } } } }`],
  ['max-lines', `export const x = 1;\n`.repeat(301)],
  ['max-lines-per-function', `export function f(): void {\n${'f();\n'.repeat(71)}}`],
];

async function rulesFor(file: string, code: string): Promise<readonly string[]> {
  const eslint = new ESLint({ cwd: root });
  const [result] = await eslint.lintText(code, { filePath: join(root, file) });
  assert.ok(result !== undefined, `${file} was not linted`);
  return result.messages.map(({ ruleId, message }) => ruleId ?? message);
}

for (const [rule, code] of offences) {
  test(`SC-13 ${rule} reports ${JSON.stringify(code.slice(0, 70))}`, async () => {
    const rules = await rulesFor(shippedFile, code);
    assert.ok(rules.includes(rule), `reported were: ${rules.join(', ') || 'nothing'}`);
  });
}

for (const name of ['http', 'https', 'http2', 'net', 'tls', 'dns', 'dgram']) {
  test(`SR-15 shipped code outside the road out may not import node:${name}`, async () => {
    const rules = await rulesFor(shippedFile, `import * as x from 'node:${name}'; export const y = x;`);
    assert.ok(rules.includes('@typescript-eslint/no-restricted-imports'));
  });
}

test('SR-15 shipped code outside the road out may not import undici, and may name its types', async () => {
  assert.ok(
    (await rulesFor(shippedFile, `import { Agent } from 'undici'; export const x = Agent;`)).includes(
      '@typescript-eslint/no-restricted-imports',
    ),
  );
  assert.deepEqual(await rulesFor(shippedFile, `import type { Agent } from 'undici'; export type X = Agent;`), []);
});

test('SR-15 a late import of a network module is no way around the rule', async () => {
  for (const name of ['node:http', 'node:net', 'node:dns/promises', 'undici']) {
    for (const taken of [`import('${name}')`, `process.getBuiltinModule('${name}')`]) {
      const rules = await rulesFor(shippedFile, `export const x = ${taken};`);
      assert.ok(rules.includes('no-restricted-syntax'), taken);
    }
  }
});

test('Judging an address with node:net is no connection', async () => {
  assert.deepEqual(await rulesFor(shippedFile, `import { isIP } from 'node:net'; export const x = isIP;`), []);
});

test('The room of time may read the clock and set timers, but opens no socket', async () => {
  assert.deepEqual(
    await rulesFor(clockFile, `export const x = Date.now(); export const y = setTimeout(() => {}, 1);`),
    [],
  );
  assert.ok((await rulesFor(clockFile, `export const x = fetch;`)).includes('no-restricted-globals'));
});

test('A test may set a timer, and node:test needs no await', async () => {
  const code = `import { test } from 'node:test'; test('x', () => { setTimeout(() => {}, 1); });`;
  assert.deepEqual(await rulesFor(testFile, code), []);
});

test('A disable comment without an offence is itself an offence', async () => {
  const rules = await rulesFor(shippedFile, `// eslint-disable-next-line no-empty\nexport const x = 1;`);
  assert.equal(rules.length, 1);
});
