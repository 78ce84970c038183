import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shellBlocks, startAsUser, typeIn } from './as-a-user.ts';

test('The first example of the README, typed as it stands, ends with verified webhooks in the inbox', async () => {
  const [start, first, second, ...rest] = shellBlocks('README.md', 'See it work');
  assert.equal(start?.trim(), 'npm install && npm start');
  assert.ok(first !== undefined && second !== undefined && rest.length === 0);
  const world = await startAsUser();
  try {
    const output = typeIn(world, first + second);
    const lines = output.split('\n').filter((line) => line.includes('verified'));
    assert.ok(
      lines.some((line) => line.includes('asset.created')),
      output,
    );
    assert.ok(
      lines.some((line) => line.includes('asset.metadata_changed')),
      output,
    );
    const arrived = output.split('\n').filter((line) => /^\d{4}-\d\d-\d\d .* asset\./.test(line));
    assert.deepEqual(
      arrived.filter((line) => !line.includes('verified')),
      [],
    );
  } finally {
    await world.stop();
  }
});
