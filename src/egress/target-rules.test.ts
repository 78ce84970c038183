import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { parseTargetRules, rulesNameHost } from './target-rules.ts';

it('reads ranges, addresses, pairs, names and suffixes, and skips empty entries', () => {
  const rules = parseTargetRules([
    '10.77.0.0/24',
    ' 192.168.1.7 ',
    'fd12::/32',
    '127.0.0.1:5432',
    '[::1]:5432',
    'Receiver.LAN',
    'db',
    '*.corp.internal',
    '',
  ]);
  assert.equal(rules.ranges.length, 3);
  assert.deepEqual(
    rules.pairs.map(({ port }) => port),
    [5432, 5432],
  );
  assert.deepEqual([...rules.names], ['receiver.lan', 'db']);
  assert.deepEqual(rules.suffixes, ['.corp.internal']);
});

it('refuses an entry it cannot read instead of guessing', () => {
  for (const entry of [
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.1:0',
    '10.0.0.1:70000',
    'http://h',
    'a b',
    '*',
    '*.',
    'a.*.b',
    '300.1.1.1',
    '::1:80/x',
    '10.0.0.0/',
    '/8',
  ]) {
    assert.throws(
      () => parseTargetRules([entry]),
      (error) => error instanceof AssetwireError && error.code === 'invalid_settings',
      entry,
    );
  }
});

it('a suffix holds what lies below it and not the name itself', () => {
  const rules = parseTargetRules(['*.corp.internal', 'one.local']);
  assert.equal(rulesNameHost(rules, 'a.corp.internal'), true);
  assert.equal(rulesNameHost(rules, 'a.b.corp.internal'), true);
  assert.equal(rulesNameHost(rules, 'corp.internal'), false);
  assert.equal(rulesNameHost(rules, 'evilcorp.internal'), false);
  assert.equal(rulesNameHost(rules, 'one.local'), true);
  assert.equal(rulesNameHost(rules, 'two.one.local'), false);
});
