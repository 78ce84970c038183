import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

test('an installation fills the cache that the first start reads, and leaves nothing else behind', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'assetwire-warm-test-'));
  try {
    const cache = join(temporary, 'compiled');
    const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'warm-start.ts')], {
      env: { ...process.env, TMPDIR: temporary, NODE_COMPILE_CACHE: cache },
    });
    assert.equal(status, 0, String(stderr));
    const compiled = readdirSync(cache, { recursive: true });
    // Its own modules twice: without their types, and compiled; and the libraries.
    assert.ok(compiled.length > 1_200, `${compiled.length} files`);
    assert.deepEqual(readdirSync(temporary), ['compiled']);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
});

test('an installation goes on where nothing can be started or written', () => {
  const nowhere = join(tmpdir(), 'assetwire-no-such-directory');
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'warm-start.ts')], {
    env: { ...process.env, TMPDIR: nowhere },
  });
  assert.match(String(stderr), /first start will take a little longer/);
  assert.equal(status, 0, String(stderr));
});
