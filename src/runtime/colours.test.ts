import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createColours } from './colours.ts';

test('a text has its colour where there are colours, one within another too, and is left alone elsewhere', () => {
  const [on, off] = [createColours(true), createColours(false)];
  assert.equal(on.red('x'), '\u001b[31mx\u001b[39m');
  assert.equal(on.dim('x'), '\u001b[2mx\u001b[22m');
  assert.equal(on.dim(`a ${on.green('b')} c`), '\u001b[2ma \u001b[32mb\u001b[39m c\u001b[22m');
  for (const name of Object.keys(on) as (keyof typeof on)[]) {
    assert.notEqual(on[name]('x'), 'x', name);
    assert.equal(off[name]('x'), 'x', name);
  }
});
