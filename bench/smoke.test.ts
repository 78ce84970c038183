import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cost } from './cases/cost.ts';
import { start } from './cases/start.ts';
import { median, quantile } from './statistics.ts';

test('The bench runs: every event it sends arrives, and each figure has a value', async () => {
  const context = { quick: true, log: () => undefined };
  const figures = [...(await start.run(context)), ...(await cost.run(context))];
  assert.ok(figures.length >= 8);
  for (const { name, measured } of figures) assert.doesNotMatch(measured, /NaN|Infinity/, name);
  const missing = figures.find(({ name }) => name === 'accepted events that did not arrive');
  assert.equal(missing?.met, true, missing?.measured);
});

test('Median and quantile are those of the textbooks', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.equal(quantile(hundred, 0.99), 99);
  assert.equal(quantile(hundred, 0.5), 50);
  assert.equal(quantile([7], 0.99), 7);
});
