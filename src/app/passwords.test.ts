import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { createSystemRandom } from '../runtime/random.ts';
import { createPasswords, scryptCost } from './passwords.ts';

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

test('AK-08 whoever does not exist costs as much work as whoever does, and the loop goes on meanwhile', async () => {
  const passwords = createPasswords({ random, cost: { N: 2 ** 14, r: 8, p: 2 } });
  const kept = await passwords.hash(password, of);
  const cost = async (stored: string | null): Promise<number> => {
    const times: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const startMs = performance.now();
      await passwords.matches('wrong', stored);
      times.push(performance.now() - startMs);
    }
    return Math.min(...times);
  };
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const somebody = await cost(kept);
  const nobody = await cost(null);
  delay.disable();
  assert.ok(nobody > somebody / 2 && nobody < somebody * 2, `${somebody} ms and ${nobody} ms`);
  assert.ok(delay.percentile(50) / 1e6 < somebody / 2, `the loop stood still for ${delay.percentile(50) / 1e6} ms`);
});

test('AK-08 more than a few at once are turned away instead of waited for', async () => {
  const passwords = createPasswords({ random, cost: { N: 1_024, r: 8, p: 1 } });
  const all = await Promise.allSettled(Array.from({ length: 100 }, () => passwords.matches('x', null)));
  const refused = all.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 68);
  assert.equal(await passwords.matches('x', null), false, 'and then it goes on');
});
