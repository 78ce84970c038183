import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inOrder } from './in-order.ts';

function noted(names: readonly string[], failing?: string) {
  const log: string[] = [];
  const steps = names.map((name) => ({
    start: async () => {
      log.push(`+${name}`);
      if (name === failing) throw new Error(`${name} fails`);
    },
    stop: async () => void log.push(`-${name}`),
  }));
  return { log, lifecycle: inOrder(steps, () => log.push('end')) };
}

test('what was started in an order is stopped in the opposite one, once', async () => {
  const { log, lifecycle } = noted(['a', 'b', 'c']);
  await Promise.all([lifecycle.start(), lifecycle.start()]);
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  await lifecycle.stop();
  assert.deepEqual(log, ['+a', '+b', '+c', '-c', '-b', '-a', 'end']);
});

test('a start that fails stops what was started, the failing one included, and passes its failure on', async () => {
  const { log, lifecycle } = noted(['a', 'b', 'c'], 'b');
  await assert.rejects(lifecycle.start(), { message: 'b fails' });
  assert.deepEqual(log, ['+a', '+b', '-b', '-a', 'end']);
});

test('a stop before the start is harmless', async () => {
  const { log, lifecycle } = noted(['a']);
  await lifecycle.stop();
  assert.deepEqual(log, ['end']);
});
