import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { OperatorError } from '../runtime/operator-error.ts';
import { createVault } from '../runtime/vault.ts';
import { createApp } from './create-app.ts';
import { createFixture } from './testing/app-fixture.ts';

test('SG-15 a process whose encryption key is not that of the others is refused at its start, as something the operator mends', async (t) => {
  const fixture = await createFixture();
  t.after(() => fixture.stop());
  const { app: other } = createApp({ ...fixture.deps, vault: createVault([randomBytes(32)]) });
  await assert.rejects(other.start(), (error: unknown) => {
    assert.ok(error instanceof OperatorError);
    assert.equal(error.code, 'encryption_key');
    assert.match(error.mend, /ASSETWIRE_ENCRYPTION_KEY/);
    return true;
  });
});
