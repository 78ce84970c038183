import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSystemRandom } from '../runtime/random.ts';
import { createPasswords, deriveByScrypt, scryptCost } from './passwords.ts';

const random = createSystemRandom();
const of = { email: 'ada@example.com', name: 'Ada' };
const password = 'correct horse battery staple';

test('AK-01 AK-08 a password is kept as scrypt with a salt of its own; one more or less character is another', async () => {
  assert.deepEqual(scryptCost, { N: 32_768, r: 8, p: 3 }, 'as OWASP says for 32 MiB');
  const passwords = createPasswords({ random, cost: { N: 1_024, r: 8, p: 1 } });
  const one = await passwords.hash(password, of);
  const two = await passwords.hash(password, of);
  assert.notEqual(one, two);
  assert.match(one, /^scrypt\$1024\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  assert.equal(await passwords.matches(password, one), true);
  for (const wrong of [`${password} `, ` ${password}`, password.slice(1), '', `${password}\0`, password.toUpperCase()])
    assert.equal(await passwords.matches(wrong, one), false, JSON.stringify(wrong));
  const dearer = createPasswords({ random });
  assert.equal(await dearer.matches(password, one), true, 'what was kept under other parameters stays good');
});

test('AK-08 whoever does not exist costs as much work as whoever does', async () => {
  const cost = { N: 1_024, r: 8, p: 2 };
  const done: unknown[] = [];
  const passwords = createPasswords({
    random,
    cost,
    derive: (text, salt, paid) => {
      done.push([text, salt.byteLength, paid]);
      return deriveByScrypt(text, salt, paid);
    },
  });
  const kept = await passwords.hash(password, of);
  done.length = 0;
  assert.equal(await passwords.matches('wrong', kept), false);
  assert.equal(await passwords.matches('wrong', null), false);
  assert.deepEqual(done, [
    ['wrong', 16, cost],
    ['wrong', 16, cost],
  ]);
});

test('AK-08 the loop goes on while a password is checked', async () => {
  const passwords = createPasswords({ random });
  let checking = true;
  const checked = passwords.matches('wrong', null).finally(() => {
    checking = false;
  });
  let turns = 0;
  while (checking) {
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  }
  await checked;
  // A loop that stands still has one turn for all of it, or two.
  assert.ok(turns > 100, `${turns} turns`);
});

test('AK-08 more than a few at once are turned away instead of waited for', async () => {
  const passwords = createPasswords({ random, cost: { N: 1_024, r: 8, p: 1 } });
  const all = await Promise.allSettled(Array.from({ length: 100 }, () => passwords.matches('x', null)));
  const refused = all.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 68);
  assert.equal(await passwords.matches('x', null), false, 'and then it goes on');
});
