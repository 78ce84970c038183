import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { tryInspector } from './try-inspector.ts';

test('a picture is read on trial; a process that cannot begin is told by its last words', async (t) => {
  const { ok, detail } = await tryInspector({ clock: systemClock });
  assert.ok(ok, detail);
  const directory = mkdtempSync(join(tmpdir(), 'assetwire-try-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const program = join(directory, 'broken.js');
  writeFileSync(
    program,
    "process.stderr.write('libvips-cpp.so.42: cannot open shared object file\\n'); process.exit(1);",
  );
  const broken = await tryInspector({ clock: systemClock, program });
  assert.equal(broken.ok, false);
  assert.match(broken.detail, /the inspector ended while it read the file; libvips-cpp\.so\.42: cannot open/);
});
