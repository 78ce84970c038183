import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkDependenciesPage } from './dependencies-page.ts';
import { checkSupplyChain, type LockedPackage, type Manifest, supplyChainProblems } from './supply-chain.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const whole: LockedPackage = { version: '1.2.3', integrity: 'sha512-x', license: 'MIT' };

function problemsOf(name: string, one: LockedPackage): string {
  return supplyChainProblems({ allowScripts: { known: false } }, { packages: { [`node_modules/${name}`]: one } }).join(
    '\n',
  );
}

test('SC-01 the lockfile is whole: a hash for each package, none from git or a file, every install script named', async () => {
  assert.deepEqual(await checkSupplyChain(root), []);
  assert.equal(problemsOf('fine', whole), '');
  const { integrity: _, ...unhashed } = whole;
  assert.match(problemsOf('loose', unhashed), /loose 1\.2\.3 has no hash/);
  assert.match(problemsOf('odd', { ...whole, resolved: 'git+ssh://git@example.com/odd.git' }), /not from a registry/);
  assert.match(problemsOf('eager', { ...whole, hasInstallScript: true }), /eager 1\.2\.3 has an install script/);
  assert.equal(problemsOf('known', { ...whole, hasInstallScript: true }), '');
  for (const version of ['^1.0.0', '*', 'latest', 'github:someone/thing', 'file:../thing'])
    assert.match(
      supplyChainProblems({ dependencies: { thing: version } }, { packages: {} }).join(),
      /must be pinned/,
      version,
    );
});

test('SC-04 the server has at most 25 direct dependencies, and every one has its licence and its reason', async () => {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const names = Object.keys(dependencies);
  assert.ok(names.length <= 25, `${names.length}: ${names.join(', ')}`);
  assert.deepEqual(await checkDependenciesPage(root), []);
  const rows = new Map(
    readFileSync(join(root, 'docs/reference/dependencies.md'), 'utf8')
      .split('\n')
      .map((line) => line.split(' | '))
      .map(([name = '', licence = '', reason = '']) => [name.replaceAll(/[| `]/g, ''), { licence, reason }]),
  );
  for (const name of names) assert.ok((rows.get(name)?.reason.length ?? 0) > 10, `${name}: what it is for`);
});

test('SC-03 a version with a known hole is reported, wherever in the tree it is; one that is mended is not', () => {
  assert.match(
    problemsOf('express/node_modules/undici', { ...whole, version: '8.10.1' }),
    /undici 8\.10\.1 has a known hole/,
  );
  assert.match(problemsOf('nodemailer', { ...whole, version: '9.9.9' }), /wanted: 10\.0\.6 or later/);
  assert.equal(problemsOf('undici', { ...whole, version: '8.10.2' }), '');
  assert.equal(problemsOf('undici', { ...whole, version: '9.0.0' }), '');
  assert.match(problemsOf('ip', { ...whole, version: '99.0.0' }), /wanted: another package/);
});

test('A licence that may not ship is reported where it would ship', () => {
  assert.match(problemsOf('free', { ...whole, license: 'GPL-3.0-only' }), /free 1\.2\.3 has the licence GPL-3\.0-only/);
  assert.equal(problemsOf('free', { ...whole, license: 'GPL-3.0-only', dev: true }), '');
  assert.equal(problemsOf('both', { ...whole, license: '(MIT OR GPL-3.0-or-later)' }), '');
  assert.match(problemsOf('silent', { version: '1.0.0', integrity: 'x' }), /none stated/);
});

test('SC-16 SECURITY.md says where to report, which versions are mended, and the README leads there', () => {
  const text = readFileSync(join(root, 'SECURITY.md'), 'utf8');
  for (const heading of ['## Reporting', '## Supported versions']) assert.ok(text.includes(heading), heading);
  assert.match(text, /privately/);
  assert.match(readFileSync(join(root, 'README.md'), 'utf8'), /\]\(SECURITY\.md\)/);
});
