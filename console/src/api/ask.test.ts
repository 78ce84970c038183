import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forPeople, Problem } from './ask.ts';

test('what the server says loses the routes that it names for programs, and nothing else', () => {
  for (const [said, shown] of [
    [
      'Choose events of dialect "brandfolder", or *: got none. GET /v1/dialects/brandfolder lists them',
      'Choose events of dialect "brandfolder", or *: got none.',
    ],
    ['GET /v1/libraries lists them; make one by POST /v1/libraries', undefined],
    ['Use a key that has it, or make one by POST /v1/keys', 'Use a key that has it'],
    ['a role that exists (GET /v1/roles)', 'a role that exists'],
    ['Wait for one to end, or cancel one', 'Wait for one to end, or cancel one'],
    ['Put a / in front. Then again', 'Put a / in front. Then again'],
    ['', undefined],
  ] as const)
    assert.equal(forPeople(said), shown, said);
});

test('an error that is about one part says at which field of a form it belongs', () => {
  for (const [code, at] of [
    ['target_forbidden', '/target'],
    ['invalid_event', '/events'],
    ['header_reserved', '/headers'],
    ['header_value', '/headers'],
    ['credentials_unsupported', '/credentials'],
    ['not_found', undefined],
  ] as const) {
    const { problems } = new Problem(422, { code, detail: 'It must be another: found this', mend: 'Change it' });
    assert.equal(problems[0]?.at, at, code);
  }
});
