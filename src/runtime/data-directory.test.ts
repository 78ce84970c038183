import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createFileAtomically, openDataDirectory, readFileIfPresent, writeFileAtomically } from './data-directory.ts';
import { OperatorError } from './operator-error.ts';

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'assetwire-data-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('the directory is made for its owner alone, and the probe leaves nothing', (t) => {
  const path = join(directory(t), 'a', 'b');
  openDataDirectory(path);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  openDataDirectory(path);
  assert.deepEqual(readdirSync(path), []);
});

test('FO-05 a place that cannot be a directory is refused with its reason and its mend', (t) => {
  const file = join(directory(t), 'file');
  writeFileSync(file, 'x');
  for (const path of [file, join(file, 'below')]) {
    assert.throws(
      () => openDataDirectory(path),
      (error) =>
        error instanceof OperatorError && error.code === 'data_directory' && /ASSETWIRE_DATA_DIR/.test(error.mend),
    );
  }
  assert.equal(readFileSync(file, 'utf8'), 'x');
});

test('FO-05 a place below a directory that takes no entries is refused instead of being tried for ever', (t) => {
  if (process.platform !== 'linux') {
    t.skip('needs /proc');
    return;
  }
  assert.throws(
    () => openDataDirectory('/proc/assetwire-data'),
    (error) => error instanceof OperatorError && error.code === 'data_directory',
  );
});

test('a file is replaced whole, and a failed write leaves the old one and nothing else', (t) => {
  const path = join(directory(t), 'file');
  writeFileAtomically(path, 'old');
  writeFileAtomically(path, 'new');
  assert.equal(readFileIfPresent(path), 'new');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.throws(() => writeFileAtomically(join(path, 'below'), 'x'));
  assert.deepEqual(readdirSync(join(path, '..')), ['file']);
});

test('of two that make the same file at once, one is told that it was not first', (t) => {
  const path = join(directory(t), 'file');
  assert.equal(createFileAtomically(path, 'first'), true);
  assert.equal(createFileAtomically(path, 'second'), false);
  assert.equal(readFileIfPresent(path), 'first');
  assert.equal(readFileIfPresent(`${path}-absent`), null);
});
