import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AssetDates, availabilityAt, nextDateOf, noticeOf, withAvailability, withDates } from './asset-dates.ts';

const day = 24 * 3_600_000;
const now = 100 * day;
const asset: AssetDates = { archived: false };
const at = { atMs: now, noticeDays: [7, 1] };

test('The next date of an asset is the earliest that is still to be acted on', () => {
  assert.equal(nextDateOf(asset), null);
  const dated = withDates(
    asset,
    { archiveAtMs: now + 30 * day, publishAtMs: now + day, expiresAtMs: now + 40 * day },
    at,
  );
  assert.deepEqual(dated, {
    archived: false,
    archiveAtMs: now + 30 * day,
    archiveNoticeAtMs: now + 23 * day,
    publishAtMs: now + day,
    expiresAtMs: now + 40 * day,
    availability: 'upcoming',
  });
  assert.equal(nextDateOf(dated), now + day);
  const published = withAvailability(dated, now + day);
  assert.equal(published.availability, undefined);
  assert.equal(nextDateOf(published), now + 23 * day);
  assert.equal(nextDateOf({ ...published, archived: true }), now + 40 * day, 'archived: only its expiry is left');
});

test('A date that is taken away takes along what followed from it', () => {
  const dated = withDates(asset, { archiveAtMs: now + 30 * day, publishAtMs: now + day }, at);
  assert.deepEqual(withDates(dated, { archiveAtMs: null, publishAtMs: null }, at), { archived: false });
});

test('A notice whose day has passed when the date is set is not given, and a date that stays keeps its notice', () => {
  assert.equal(noticeOf(now + 3 * day, [7, 1], now), now + 2 * day);
  assert.equal(noticeOf(now + day / 2, [7, 1], now), undefined);
  assert.equal(noticeOf(now + 30 * day, [], now), undefined);
  const dated = withDates(asset, { archiveAtMs: now + 30 * day }, at);
  const later = withDates(
    dated,
    { archiveAtMs: now + 30 * day, expiresAtMs: now + 50 * day },
    { ...at, noticeDays: [20] },
  );
  assert.equal(later.archiveNoticeAtMs, now + 23 * day);
});

test('Whatever its dates, an asset comes to rest once all of them have passed', () => {
  const time = fc.integer({ min: -50, max: 50 }).map((days) => now + days * day);
  const dates = fc.record({ archiveAtMs: time, publishAtMs: time, expiresAtMs: time }, { requiredKeys: [] });
  fc.assert(
    fc.property(dates, fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 5 }), (patch, noticeDays) => {
      let state = withDates(asset, patch, { atMs: now, noticeDays });
      let [rounds, clockMs] = [0, now];
      for (let next = nextDateOf(state); next !== null; next = nextDateOf(state)) {
        clockMs = Math.max(clockMs, next);
        state = withAvailability(state, clockMs);
        const { archiveAtMs, archiveNoticeAtMs: notice, ...rest } = state;
        if (archiveAtMs !== undefined && !state.archived && archiveAtMs <= clockMs)
          state = { ...state, archived: true };
        else if (notice !== undefined && notice <= clockMs && archiveAtMs !== undefined) {
          const following = noticeOf(archiveAtMs, noticeDays, clockMs);
          state = { ...rest, archiveAtMs, ...(following === undefined ? {} : { archiveNoticeAtMs: following }) };
        }
        rounds += 1;
        assert.ok(rounds <= 10, 'it goes round in circles');
      }
      assert.equal(state.availability, availabilityAt(state, clockMs));
      assert.equal(state.archived, patch.archiveAtMs !== undefined);
    }),
  );
});
