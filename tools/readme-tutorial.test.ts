import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../test/support/server-process.ts';
import { shellBlocks, startAsUser, typeIn } from './as-a-user.ts';

test('The tutorial, typed as it stands, ends with webhooks that the reader’s own receiver has verified', async () => {
  const [start = '', ...rest] = shellBlocks('docs/tutorial.md');
  const [install, run = '', ...more] = start.trim().split('\n');
  assert.equal(install, 'npm install');
  assert.deepEqual(more, []);
  assert.equal(rest.length, 6);
  // The one thing that is not as it stands: this machine may use the port for something else.
  const port = String(await freePort());
  const typed = rest.join('\n').replaceAll('3000', port);
  const world = await startAsUser(run);
  try {
    // `set -m` is what a terminal does: jobs in the background can be named by %1.
    const output = typeIn(world, `set -m\n${typed}`);
    const lines = output.split('\n');
    assert.ok(
      lines.some((line) => line.includes('asset.created') && line.includes('verified')),
      output,
    );
    // What the receiver prints: event and subject.
    const count = (event: string): number => lines.filter((line) => new RegExp(`^${event} \\w+$`).test(line)).length;
    assert.equal(count('webhook.test'), 1, output);
    // The second one came after the receiver had been away: redelivered, or tried again before that.
    assert.ok(count('asset.metadata_changed') >= 2, output);
    assert.match(output, /pending/);
    assert.match(output, /ECONNREFUSED/);
  } finally {
    await world.stop();
  }
});
