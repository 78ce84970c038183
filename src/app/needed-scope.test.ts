import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller } from './app.ts';
import { lacks } from './needed-scope.ts';

test('who lacks a scope is told by what he signed in with: a program of keys, a person of roles', () => {
  const program: Pick<Caller, 'actor' | 'sessionId'> = { actor: { type: 'key', id: 'key_1' } };
  const person: typeof program = { actor: { type: 'user', id: 'usr_1' }, sessionId: 'ses_1' };
  for (const what of ['webhooks:write', 'admin'] as const) {
    const toProgram = lacks(program, what);
    assert.match(`${toProgram.message} ${toProgram.mend ?? ''}`, /the key .*\/v1\/keys$/);
    const toPerson = lacks(person, what);
    assert.doesNotMatch(`${toPerson.message} ${toPerson.mend ?? ''}`, /key|\/v1\//);
    assert.match(toPerson.mend ?? '', /^Ask an admin/);
  }
});
