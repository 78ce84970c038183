import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasStatus, type JudgeInput, judgeByPolicy } from './judge.ts';
import type { Outcome, Timing } from './outcome.ts';
import type { DeliveryPolicy } from './policy.ts';

const timing: Timing = { startedAtMs: 0, totalMs: 5 };
const policy: DeliveryPolicy = {
  timeoutMs: 15_000,
  success: [[200, 299]],
  rejected: [[400, 403], 405],
  schedule: { delaysMs: [5_000, 60_000], jitter: 0, ageMaxMs: 86_400_000 },
  retryAfter: { statuses: [429, 503], capMs: 3_600_000, throttlesLane: true },
  concurrencyMax: 32,
  requestsPerSecondMax: null,
  bytesPerSecondMax: null,
  order: 'none',
  onDead: 'skip',
  breaker: null,
  disable: [{ kind: 'status', status: 410 }],
  onEnable: { held: 'send', missed: 'skip' },
};

function response(status: number, headers: readonly (readonly [string, string])[] = []): Outcome {
  return {
    kind: 'response',
    response: { status, headers, body: new Uint8Array(), bodyBytes: 0, bodyComplete: true },
    timing,
  };
}

function judge(outcome: Outcome, more: Partial<JudgeInput> = {}) {
  return judgeByPolicy({ outcome, event: 'e', attempt: 1, createdAtMs: 0, nowMs: 1_000, policy, chance: 0.5, ...more });
}

test('RX-12 each of the 600 statuses has the verdict that the policy says', () => {
  for (let status = 0; status < 600; status += 1) {
    const expected =
      status >= 200 && status <= 299
        ? 'delivered'
        : status === 410
          ? 'disable'
          : [400, 401, 402, 403, 405].includes(status)
            ? 'rejected'
            : 'retry';
    assert.equal(judge(response(status)).kind, expected, `status ${status}`);
    assert.equal(
      judge(response(status), { attempt: 3 }).kind,
      expected === 'retry' ? 'dead' : expected,
      `last try, status ${status}`,
    );
  }
});

test('RX-27 a success status stands although the body broke off', () => {
  const outcome: Outcome = {
    kind: 'response',
    response: { status: 200, headers: [], body: new Uint8Array(), bodyBytes: 0, bodyComplete: false },
    timing,
  };
  assert.equal(judge(outcome).kind, 'delivered');
});

test('Network failures are retried with a reason of their own', () => {
  const failures: readonly (readonly [Outcome, string])[] = [
    [{ kind: 'timeout', phase: 'headers', timing }, 'timeout-headers'],
    [{ kind: 'dns-failed', code: 'not-found', timing }, 'dns-failed-not-found'],
    [{ kind: 'connect-failed', code: 'ECONNREFUSED', timing }, 'connect-failed-ECONNREFUSED'],
    [{ kind: 'tls-failed', code: 'wrong-host', detail: '', timing }, 'tls-failed-wrong-host'],
    [{ kind: 'broken', code: 'reset', timing }, 'broken-reset'],
    [{ kind: 'proxy-failed', code: 'credentials', detail: '', timing }, 'proxy-credentials'],
  ];
  for (const [outcome, reason] of failures) assert.deepEqual(judge(outcome), { kind: 'retry', atMs: 6_000, reason });
});

test('What we refused ourselves ends as rejected, with a reason that tells nothing of our network', () => {
  assert.deepEqual(judge({ kind: 'blocked-address', reason: 'forbidden-address', timing }), {
    kind: 'rejected',
    reason: 'blocked-address',
  });
  assert.deepEqual(judge({ kind: 'refused-by-config', code: 'c', detail: 'd', timing }), {
    kind: 'rejected',
    reason: 'refused-by-config',
  });
});

test('An interrupted attempt is tried again at once, however many there were', () => {
  const verdict = { kind: 'retry', atMs: 1_000, reason: 'interrupted' };
  assert.deepEqual(judge({ kind: 'interrupted', timing }), verdict);
  assert.deepEqual(judge({ kind: 'interrupted', timing }, { attempt: 99 }), verdict);
});

test('RX-14 Retry-After moves the delivery and makes the lane wait', () => {
  assert.deepEqual(judge(response(429, [['retry-after', '120']])), {
    kind: 'retry',
    atMs: 121_000,
    reason: 'status-429',
    throttleLaneUntilMs: 121_000,
  });
});

test('RX-14 the lane waits as asked while the delivery waits for its schedule', () => {
  const verdict = judge(response(503, [['retry-after', '10']]), { attempt: 2 });
  assert.deepEqual(verdict, { kind: 'retry', atMs: 61_000, reason: 'status-503', throttleLaneUntilMs: 11_000 });
});

test('RX-15 a Retry-After of nothing or of garbage throttles nothing', () => {
  for (const value of ['0', '-5', 'NaN', '1e308', 'Thu, 01 Jan 1970 00:00:00 GMT']) {
    assert.deepEqual(judge(response(429, [['retry-after', value]])), {
      kind: 'retry',
      atMs: 6_000,
      reason: 'status-429',
    });
  }
  assert.deepEqual(judge(response(429, [['retry-after', '999999999']])), {
    kind: 'retry',
    atMs: 3_601_000,
    reason: 'status-429',
    throttleLaneUntilMs: 3_601_000,
  });
});

test('A set of statuses holds its single ones and its ranges', () => {
  assert.equal(hasStatus([200, [300, 302]], 302), true);
  assert.equal(hasStatus([200, [300, 302]], 303), false);
  assert.equal(hasStatus([], 200), false);
});
