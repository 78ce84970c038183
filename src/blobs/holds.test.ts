import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHolds } from './holds.ts';

test('a removal that has not asked yet sees the hold of one that came meanwhile', async () => {
  const holds = createHolds();
  const used = Promise.withResolvers<void>();
  const removal = holds.removing('/a', async (isHeld) => {
    await used.promise;
    return isHeld();
  });
  const holding = holds.hold('/a');
  used.resolve();
  assert.equal(await removal, true);
  await holding;
  holds.release('/a');
  assert.equal(await holds.removing('/a', async (isHeld) => isHeld()), false);
});

test('one that comes once the removal has asked waits until the file is gone', async () => {
  const holds = createHolds();
  const order: string[] = [];
  const asked = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const removal = holds.removing('/a', async (isHeld) => {
    assert.equal(isHeld(), false);
    asked.resolve();
    await gone.promise;
    order.push('removed');
  });
  await asked.promise;
  const holding = holds.hold('/a').then(() => order.push('put'));
  await holds.hold('/b');
  order.push('another');
  gone.resolve();
  await Promise.all([removal, holding]);
  assert.deepEqual(order, ['another', 'removed', 'put']);
});

test('a removal that fails lets go', async () => {
  const holds = createHolds();
  await assert.rejects(holds.removing('/a', () => Promise.reject(new Error('disk'))));
  await holds.hold('/a');
});
