import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AssetwireError } from './errors.ts';
import { policyProblems, resolvePolicy } from './policy-resolution.ts';
import type { DeliveryPolicy } from './policy.ts';

const policy: DeliveryPolicy = {
  timeoutMs: 15_000,
  success: [[200, 299]],
  rejected: [],
  schedule: { delaysMs: [5_000], jitter: 0.2, ageMaxMs: 86_400_000 },
  retryAfter: { statuses: [429], capMs: 3_600_000, throttlesLane: true },
  concurrencyMax: 32,
  requestsPerSecondMax: null,
  bytesPerSecondMax: null,
  order: 'none',
  onDead: 'skip',
  breaker: { failuresToOpen: 5, openMs: 1_000, openMsMax: 60_000 },
  disable: [{ kind: 'continued', forMs: 432_000_000, attemptsMin: 10 }],
  onEnable: { held: 'send', missed: 'skip' },
};

test('A whole policy is within its own bounds', () => {
  assert.deepEqual(policyProblems(policy), []);
  assert.deepEqual(resolvePolicy(policy, {}), policy);
});

test('An override replaces the rules it names and leaves the others', () => {
  const resolved = resolvePolicy(policy, {
    timeoutMs: 5_000,
    breaker: null,
    disable: [{ kind: 'window', failures: -1, windowMs: 10_000 }],
  });
  assert.equal(resolved.timeoutMs, 5_000);
  assert.equal(resolved.breaker, null);
  assert.equal(resolved.disable.length, 1);
  assert.equal(resolved.schedule, policy.schedule);
});

test('Every value outside its bounds is named with its place, what was wanted and what was found', () => {
  const wrong: readonly (readonly [override: unknown, at: string])[] = [
    [{ timeoutMs: 60_001 }, 'policy.timeoutMs'],
    [{ timeoutMs: 1_000.5 }, 'policy.timeoutMs'],
    [{ timeoutMs: null }, 'policy.timeoutMs'],
    [{ success: [] }, 'policy.success'],
    [{ success: [[299, 200]] }, 'policy.success.0'],
    [{ success: [600] }, 'policy.success.0'],
    [{ schedule: { delaysMs: [-1], jitter: 0, ageMaxMs: 60_000 } }, 'policy.schedule.delaysMs.0'],
    [{ schedule: { delaysMs: [1], jitter: Number.NaN, ageMaxMs: 60_000 } }, 'policy.schedule.jitter'],
    [{ schedule: { delaysMs: [1], jitter: 0 } }, 'policy.schedule.ageMaxMs'],
    [{ retryAfter: { statuses: [429], capMs: 1, throttlesLane: 'yes' } }, 'policy.retryAfter.throttlesLane'],
    [{ concurrencyMax: 0 }, 'policy.concurrencyMax'],
    [{ requestsPerSecondMax: 0 }, 'policy.requestsPerSecondMax'],
    [{ order: 'fifo' }, 'policy.order'],
    [{ breaker: { failuresToOpen: 1, openMs: 1_000, openMsMax: 500 } }, 'policy.breaker.openMsMax'],
    [{ disable: [{ kind: 'never' }] }, 'policy.disable.0.kind'],
    [{ disable: [{ kind: 'constructor' }] }, 'policy.disable.0.kind'],
    [{ disable: [{ kind: 'window', failures: 0, windowMs: 10_000 }] }, 'policy.disable.0.failures'],
    [{ disable: [{ kind: 'status', status: 200 }] }, 'policy.disable.0.status'],
    [{ onEnable: { held: 'send', missed: 'skip', extra: 1 } }, 'policy.onEnable.extra'],
    [JSON.parse('{"onEnable": {"held": "send", "missed": "skip", "constructor": 1}}'), 'policy.onEnable.constructor'],
    [{ unknown: 1 }, 'policy.unknown'],
    [JSON.parse('{"__proto__": {"timeoutMs": 1}}'), 'policy.__proto__'],
    [[], 'policy'],
    [null, 'policy'],
  ];
  for (const [override, at] of wrong) {
    const problems = policyProblems(override);
    assert.deepEqual(
      problems.map((problem) => problem.at),
      [at],
      JSON.stringify(override),
    );
    assert.ok(problems.every(({ wanted, found }) => wanted !== '' && found !== ''));
  }
});

test('A refused override says so with its code and all problems at once', () => {
  assert.throws(
    () => resolvePolicy(policy, { timeoutMs: 0, concurrencyMax: 9_999 }),
    (error: unknown) =>
      error instanceof AssetwireError && error.code === 'invalid_policy' && error.problems.length === 2,
  );
});

test('Nothing that is JSON makes the check throw', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => Array.isArray(policyProblems(value))));
  const shaped = fc.record({
    success: fc.jsonValue(),
    schedule: fc.jsonValue(),
    disable: fc.array(fc.jsonValue()),
    breaker: fc.jsonValue(),
  });
  fc.assert(fc.property(shaped, (value) => Array.isArray(policyProblems(value))));
});
