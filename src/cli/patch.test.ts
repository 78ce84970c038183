import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from './exit-codes.ts';
import { refuseEmptyPatch, switchPatch } from './patch.ts';

test('What no option says is not sent, and a command that says nothing is told so', () => {
  assert.deepEqual(switchPatch({}), {});
  assert.deepEqual(switchPatch({ name: 'Shop' }), { name: 'Shop' });
  assert.deepEqual(switchPatch({ disable: true }), { disabled: true });
  assert.deepEqual(switchPatch({ enable: true }), { disabled: false });
  assert.throws(() => refuseEmptyPatch({}), {
    message: 'Update must change something: no option says what',
    exitCode: exitCodes.usage,
  });
  assert.throws(() => refuseEmptyPatch({}, 'Edit'), { message: /^Edit must/ });
  refuseEmptyPatch({ disabled: false });
});
