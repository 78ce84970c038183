import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { type ChangeRates, createChangeRate, quotaBelievedMs } from './change-rate.ts';
import { caller, createFixture, holdClock } from './testing/app-fixture.ts';

/** Rates of workspaces whose quotas stand in `quotas`; those that are not there have none. */
function ratesOf(quotas: { readonly [workspaceId: string]: number }) {
  const clock = holdClock();
  const asked: string[] = [];
  const refused: string[] = [];
  const warned: string[] = [];
  const place = { quotas, reachable: true };
  const rates = createChangeRate({
    clock,
    logger: { info: () => undefined, error: () => undefined, warn: (event) => void warned.push(event) },
    metrics: {
      accepted: () => undefined,
      uploaded: () => undefined,
      overQuota: (workspaceId) => void refused.push(workspaceId),
    },
    quotas: {
      async of(workspaceId) {
        asked.push(workspaceId);
        await Promise.resolve();
        if (!place.reachable) throw new AssetwireError('storage_unavailable', { detail: 'Read: there is no store' });
        return { bytesMax: null, filesMax: null, changesPerSecondMax: place.quotas[workspaceId] ?? null };
      },
    },
  });
  return { clock, asked, refused, warned, place, rates };
}

/** Seconds that the caller was told to wait; 0 where it was let through. The workspace is known. */
function waitOf(rates: ChangeRates, workspaceId: string, items: number): number {
  try {
    assert.equal(rates.take(workspaceId, items), undefined, 'no promise where the quota is known');
    return 0;
  } catch (error) {
    assert.ok(error instanceof AssetwireError && error.code === 'too_many_requests', String(error));
    const { retryAfterSeconds = 0 } = error;
    assert.ok(Number.isInteger(retryAfterSeconds) && retryAfterSeconds >= 1);
    return retryAfterSeconds;
  }
}

const burst = limits.changesBurstSeconds;

test('TN-17 beyond its quota a workspace is told when to come again, is let in then, and holds up nobody else', async () => {
  const { clock, rates, refused } = ratesOf({ loud: 5, small: 5 });
  await rates.take('loud', 1);
  await rates.take('small', 1);
  for (let n = 1; n < 5 * burst; n += 1) assert.equal(waitOf(rates, 'loud', 1), 0);
  assert.equal(waitOf(rates, 'loud', 1), 1);
  assert.equal(waitOf(rates, 'loud', 20), 4);
  assert.equal(waitOf(rates, 'small', 5 * burst - 1), 0, 'its neighbour has its own');
  assert.deepEqual(refused, ['loud', 'loud']);
  clock.advance(1_000);
  assert.equal(waitOf(rates, 'loud', 5), 0, 'what was refused was not counted');
  assert.equal(waitOf(rates, 'loud', 1), 1);
  await assert.rejects(
    async () => rates.take('loud', 3),
    (error: unknown) =>
      error instanceof AssetwireError &&
      error.message === "Keep within the workspace's quota of 5 changes a second, 50 at once: these 3 come too early" &&
      error.mend?.startsWith('Wait 1 s, as Retry-After says') === true,
  );
});

test('TN-17 a batch larger than the bucket is taken when it is full, and made up for afterwards', async () => {
  const { clock, rates } = ratesOf({ batches: 2 });
  await rates.take('batches', 1);
  assert.equal(waitOf(rates, 'batches', 100), 1, 'not while it is not full');
  clock.advance(500);
  assert.equal(waitOf(rates, 'batches', 100), 0);
  assert.equal(waitOf(rates, 'batches', 1), 41, '80 of them were not there yet');
  clock.advance(40_000);
  assert.equal(waitOf(rates, 'batches', 1), 1);
  clock.advance(500);
  assert.equal(waitOf(rates, 'batches', 1), 0);
});

test('TN-17 over any time no more is let in than the burst and the rate allow, and who waits as told is let in, not later', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 4_000 }), fc.integer({ min: 1, max: 60 })), {
    minLength: 1,
    maxLength: 60,
  });
  return fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 7 }), steps, async (perSecond, calls) => {
      const { clock, rates, refused } = ratesOf({ one: perSecond });
      await rates.take('one', 1);
      const capacity = perSecond * burst;
      /** What is over the bucket by a batch larger than it; there is none in half of the runs. */
      const largest = Math.max(capacity, ...calls.map(([, items]) => items));
      const letIn: { readonly atMs: number; readonly items: number }[] = [{ atMs: clock.monotonicMs(), items: 1 }];
      const take = (items: number): number => {
        const wait = waitOf(rates, 'one', items);
        if (wait === 0) letIn.push({ atMs: clock.monotonicMs(), items });
        return wait;
      };
      for (const [idleMs, items] of calls) {
        clock.advance(idleMs);
        const wait = take(items);
        if (wait === 0) continue;
        if (wait > 1) {
          clock.advance((wait - 1) * 1_000);
          assert.notEqual(take(items), 0, 'a second earlier there was no room: nobody is kept waiting');
          clock.advance(1_000);
        } else clock.advance(1_000);
        assert.equal(take(items), 0, `after ${wait} s`);
      }
      for (const [from, first] of letIn.entries()) {
        let sum = 0;
        for (const { atMs, items } of letIn.slice(from)) {
          sum += items;
          const most = largest + (perSecond * (atMs - first.atMs)) / 1_000;
          assert.ok(sum <= most + 1e-3, `${sum} of at most ${most}`);
        }
      }
      assert.ok(refused.every((one) => one === 'one'));
    }),
    { numRuns: 200 },
  );
});

test('TN-17 who asks every millisecond in between is let in when it was said, too', async () => {
  for (let perSecond = 1; perSecond <= 20; perSecond += 1) {
    const { clock, rates } = ratesOf({ one: perSecond });
    await rates.take('one', perSecond * burst);
    assert.equal(waitOf(rates, 'one', perSecond), 1);
    for (let ms = 1; ms < 1_000; ms += 1) {
      clock.advance(1);
      assert.equal(waitOf(rates, 'one', perSecond), 1);
    }
    clock.advance(1);
    assert.equal(waitOf(rates, 'one', perSecond), 0, `at ${perSecond} a second`);
  }
});

test('TN-17 a quota is read once for many, believed for seconds, and goes on where it cannot be read', async () => {
  const { clock, rates, asked, place, warned } = ratesOf({ one: 1 });
  const first = await Promise.allSettled(Array.from({ length: 50 }, async () => rates.take('one', 1)));
  assert.equal(
    first.filter(({ status }) => status === 'fulfilled').length,
    burst,
    'those who came first share one bucket',
  );
  assert.equal(asked.length, 1);
  await rates.take('free', 1);
  for (let n = 0; n < 1_000; n += 1) assert.equal(waitOf(rates, 'free', 1_000), 0);
  assert.deepEqual(asked, ['one', 'free']);
  // Set here it holds at once; set by another process, when what was believed is read again.
  place.quotas = { one: 3, free: 1 };
  rates.forget('one');
  await rates.take('one', 3 * burst);
  assert.equal(waitOf(rates, 'one', 1), 1);
  assert.equal(waitOf(rates, 'free', 1_000), 0);
  clock.advance(quotaBelievedMs);
  assert.equal(waitOf(rates, 'free', 1_000), 0, 'nobody waits for the reading');
  await new Promise(setImmediate);
  assert.equal(waitOf(rates, 'free', 1_000), 0, 'a full bucket');
  assert.ok(waitOf(rates, 'free', 1) > 900);
  // The bucket stays as it is where the quota does.
  assert.equal(waitOf(rates, 'one', 15), 0);
  await new Promise(setImmediate);
  assert.equal(waitOf(rates, 'one', 1), 1);
  place.reachable = false;
  clock.advance(quotaBelievedMs);
  assert.equal(waitOf(rates, 'one', 15), 0);
  await new Promise(setImmediate);
  assert.equal(waitOf(rates, 'one', 1), 1, 'still bounded');
  assert.deepEqual(warned, ['quota.not_read']);
  await assert.rejects(async () => rates.take('unknown', 1), { code: 'storage_unavailable' });
  place.reachable = true;
  await rates.take('unknown', 1);
});

test('TN-17 the quota is the workspace’s own, else the server’s, and setting it holds at once', async () => {
  const fixture = await createFixture();
  try {
    const { app } = fixture;
    await app.start();
    const admin = { ...caller, admin: true };
    const set = (changesPerSecondMax: number | null) =>
      app.workspaces.update(admin, caller.workspaceId, { quota: { changesPerSecondMax } });
    await app.changeRate.take(caller.workspaceId, 1_000_000);
    assert.equal(app.changeRate.take(caller.workspaceId, 1_000_000), undefined);
    await set(1);
    await app.changeRate.take(caller.workspaceId, burst);
    assert.throws(() => app.changeRate.take(caller.workspaceId, 1), { code: 'too_many_requests' });
    assert.deepEqual((await app.workspaces.get(admin, caller.workspaceId)).quota, {
      bytesMax: null,
      filesMax: null,
      changesPerSecondMax: 1,
    });
    await set(null);
    await app.changeRate.take(caller.workspaceId, 1_000_000);
    assert.equal(app.changeRate.take(caller.workspaceId, 1_000_000), undefined);
  } finally {
    await fixture.stop();
  }
});
