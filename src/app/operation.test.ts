import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StorageHealth } from '../storage/storage.ts';
import { createFixture } from './testing/app-fixture.ts';
import { createOperation } from './operation.ts';

test('FD-01 a store that does not answer, is full or has failed makes the process not ready; one that is busy does not', async (t) => {
  const fixture = await createFixture();
  t.after(() => fixture.stop());
  const { engine, media } = fixture.deps;
  const ready: Partial<Record<StorageHealth['state'], boolean | undefined>> = {};
  for (const state of ['ok', 'busy', 'unavailable', 'full', 'failed', 'stopped'] as const) {
    const storage = { ...fixture.storage, health: () => ({ state, waiting: 0, epoch: 1 }) };
    const readiness = await createOperation({ storage, engine, media }).readiness();
    ready[state] = readiness.checks.find(({ name }) => name === 'storage')?.ok;
  }
  assert.deepEqual(ready, { ok: true, busy: true, unavailable: false, full: false, failed: false, stopped: false });
});
