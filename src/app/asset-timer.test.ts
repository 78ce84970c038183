import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import type { AssetwireError } from '../core/errors.ts';
import type { AssetPatch } from './app.ts';
import { allChanges, caller, createFixture, type Fixture, report } from './testing/app-fixture.ts';

const dayMs = 24 * 3_600_000;

let fixture: Fixture;
let id: string;
let startMs: number;
const warnings: string[] = [];

beforeEach(async () => {
  warnings.length = 0;
  const logger = { info: () => undefined, error: () => undefined, warn: (event: string) => void warnings.push(event) };
  fixture = await createFixture({ soleWriter: true, logger });
  const file = { name: 'a.jpg', content: Readable.from([Buffer.from('x')]) };
  id = (await fixture.app.assets.upload(caller, { file })).body.id;
  await fixture.doDuties();
  startMs = fixture.clock.nowMs();
});
afterEach(() => fixture.stop());

const patch = async (given: AssetPatch) => (await fixture.app.assets.patch(caller, id, given)).body.state;
const state = async () => (await fixture.app.assets.get(caller, id)).state;
const timers = async () => {
  const { duties } = await fixture.storage.duties({ nowMs: Number.MAX_SAFE_INTEGER, limit: 110 });
  return duties.flatMap(({ kind, dueAtMs }) => (kind === 'timer' ? [dueAtMs] : [])).slice(0, 100);
};
const happened = async (known: number) =>
  (await allChanges(fixture)).slice(known).map(({ kind, changed, actor }) => [kind, changed, actor.name]);
const count = async () => (await allChanges(fixture)).length;
const advance = async (ms: number) => {
  fixture.clock.advance(ms);
  await fixture.doDuties();
};

test('Dates come one after the other: published, a notice, archived, expired, each told once by the timer', async () => {
  await patch({
    publishAtMs: startMs + dayMs,
    archiveAtMs: startMs + 20 * dayMs,
    expiresAtMs: startMs + 30 * dayMs,
  });
  assert.deepEqual(await timers(), [startMs + dayMs], 'one timer, whatever the number of dates');
  const known = await count();
  await advance(dayMs - 1);
  assert.deepEqual(await happened(known), []);
  await advance(1);
  assert.equal((await state()).availability, undefined);
  await advance(12 * dayMs);
  assert.equal((await state()).archiveNoticeAtMs, undefined);
  assert.equal((await state()).archived, false);
  await advance(7 * dayMs);
  const { archived, archivedAtMs, archivedBy, archiveAtMs } = await state();
  assert.deepEqual(
    [archived, archivedAtMs, archivedBy, archiveAtMs],
    [true, startMs + 20 * dayMs, 'timer', startMs + 20 * dayMs],
  );
  await advance(10 * dayMs);
  assert.equal((await state()).availability, 'expired');
  assert.deepEqual(await happened(known), [
    ['asset.availability_changed', ['availability'], 'Timer'],
    ['asset.pre_archive', ['archiveNoticeAtMs'], 'Timer'],
    ['asset.archived', ['archived'], 'Timer'],
    ['asset.availability_changed', ['availability'], 'Timer'],
  ]);
  assert.deepEqual(await timers(), []);
  assert.deepEqual(warnings, []);
});

test('Setting, moving and clearing dates are changes of their own, and the old timer goes', async () => {
  const known = await count();
  await patch({ expiresAtMs: startMs + dayMs, archiveAtMs: startMs + 9 * dayMs });
  await patch({ expiresAtMs: startMs + 5 * dayMs });
  assert.deepEqual(await timers(), [startMs + 2 * dayMs], 'the notice is next');
  await patch({ expiresAtMs: startMs + dayMs });
  await patch({ expiresAtMs: startMs + dayMs });
  await patch({ expiresAtMs: null, archiveAtMs: null });
  assert.deepEqual(await timers(), []);
  await advance(20 * dayMs);
  assert.deepEqual(
    (await happened(known)).map(([kind, changed]) => [kind, changed]),
    [
      ['asset.info_changed', ['archiveAtMs']],
      ['asset.expiration_changed', ['expiresAtMs']],
      ['asset.expiration_changed', ['expiresAtMs']],
      ['asset.expiration_changed', ['expiresAtMs']],
      ['asset.info_changed', ['archiveAtMs']],
      ['asset.expiration_changed', ['expiresAtMs']],
    ],
  );
  const { archiveNoticeAtMs, expiresAtMs, availability } = await state();
  assert.deepEqual([archiveNoticeAtMs, expiresAtMs, availability], [undefined, undefined, undefined]);
});

test('A date in the past takes effect at once; one that is moved on makes it available again', async () => {
  assert.equal((await patch({ expiresAtMs: startMs - 1 })).availability, 'expired');
  assert.deepEqual(await timers(), []);
  const known = await count();
  assert.equal((await patch({ expiresAtMs: startMs + 5 })).availability, undefined);
  assert.deepEqual(
    (await happened(known)).map(([kind]) => kind),
    ['asset.expiration_changed', 'asset.availability_changed'],
  );
  const before = await count();
  await patch({ archiveAtMs: startMs - dayMs });
  await fixture.doDuties();
  assert.equal((await state()).archived, true);
  assert.deepEqual((await happened(before)).at(-1), ['asset.archived', ['archived'], 'Timer'], 'nothing was late');
  assert.deepEqual(warnings, []);
  const back = await patch({ archived: false });
  assert.deepEqual([back.archived, back.archiveAtMs, back.archivedAtMs], [false, undefined, undefined]);
  await advance(dayMs);
  assert.equal((await state()).archived, false, 'a date that has passed does not archive it a second time');
});

test('A timer that comes late says so, and does what is due by then in one go', async () => {
  await patch({ publishAtMs: startMs + dayMs, expiresAtMs: startMs + 2 * dayMs, archiveAtMs: startMs + 9 * dayMs });
  const known = await count();
  await advance(12 * dayMs);
  assert.deepEqual(await happened(known), [
    ['asset.availability_changed', ['availability'], 'Timer, 11 days late'],
    ['asset.archived', ['archived'], 'Timer, 11 days late'],
  ]);
  assert.deepEqual([(await state()).availability, (await state()).archived], ['expired', true]);
  assert.deepEqual(warnings, ['timer.late']);
  assert.deepEqual(await timers(), []);
});

test('A clock that was put back makes the timer wait for its date', async () => {
  await patch({ expiresAtMs: startMs + 1_000 });
  fixture.clock.advance(1_000);
  const [duty] = (await fixture.pendingDuties()).filter(({ kind }) => kind === 'timer');
  assert.ok(duty !== undefined);
  fixture.clock.advance(-500);
  await fixture.doDuty(duty);
  assert.equal((await state()).availability, undefined);
  assert.deepEqual(await timers(), [startMs + 1_000]);
  await advance(500);
  assert.equal((await state()).availability, 'expired');
});

test('A timer is done once, whoever does it and however often', async () => {
  await patch({ archiveAtMs: startMs + 1_000 });
  fixture.clock.advance(1_000);
  const other = await fixture.another();
  const [duty] = (await fixture.pendingDuties()).filter(({ kind }) => kind === 'timer');
  assert.ok(duty !== undefined);
  const known = await count();
  await Promise.allSettled([fixture.doDuty(duty), other.doDuty(duty), fixture.doDuty(duty)]);
  await fixture.doDuty(duty);
  assert.deepEqual(
    (await happened(known)).map(([kind]) => kind),
    ['asset.archived'],
  );
});

test('A timer that was found before its date moved changes nothing', async () => {
  await patch({ archiveAtMs: startMs + 1_000 });
  fixture.clock.advance(1_000);
  const [duty] = (await fixture.pendingDuties()).filter(({ kind }) => kind === 'timer');
  assert.ok(duty !== undefined);
  await patch({ archiveAtMs: startMs + 60_000 });
  await fixture.doDuty(duty);
  assert.equal((await state()).archived, false);
  assert.deepEqual(await timers(), [startMs + 60_000]);
  await patch({ archiveAtMs: startMs + 1_000 });
  await fixture.doDuties();
  assert.equal((await state()).archived, true, 'the same date again is owed again');
});

test('Notices follow the setting, several of them, and end with the date', async () => {
  await fixture.app.settings.update(caller, { archiveNoticeDays: [1, 3] });
  await patch({ archiveAtMs: startMs + 10 * dayMs });
  const known = await count();
  await advance(7 * dayMs);
  assert.equal((await state()).archiveNoticeAtMs, startMs + 9 * dayMs);
  await advance(2 * dayMs);
  assert.deepEqual(
    (await happened(known)).map(([kind]) => kind),
    ['asset.pre_archive', 'asset.pre_archive'],
  );
  await patch({ archived: true });
  await advance(5 * dayMs);
  assert.deepEqual(
    (await happened(known)).map(([kind]) => kind),
    ['asset.pre_archive', 'asset.pre_archive', 'asset.archived'],
    'archived by hand: its date has nothing left to do',
  );
});

test('Dates that cannot be are refused by their place; from other DAMs they are taken as they are', async () => {
  const at = async (call: Promise<unknown>) => {
    try {
      await call;
      return null;
    } catch (error) {
      return (error as AssetwireError).problems[0]?.at;
    }
  };
  assert.equal(await at(patch({ publishAtMs: startMs + 9, expiresAtMs: startMs + 9 })), '/expiresAtMs');
  await patch({ expiresAtMs: startMs + 5 });
  assert.equal(await at(patch({ publishAtMs: startMs + 9 })), '/publishAtMs');
  const file = { name: 'a.jpg', content: Readable.from([Buffer.from('x')]) };
  const dates = { publishAtMs: 9, expiresAtMs: 8 };
  assert.equal(await at(fixture.app.assets.upload(caller, { ...dates, file })), '/expiresAtMs');
  const pushed = await fixture.app.assets.push(caller, 'external:p', { name: 'p', ...dates });
  assert.equal(pushed.body.state.availability, 'expired');
  // Seconds would have archived it at once, in 1970.
  const inSeconds = { archiveAtMs: 1_893_456_000 };
  assert.equal(await at(patch(inSeconds)), '/archiveAtMs');
  assert.equal(await at(fixture.app.assets.upload(caller, { ...inSeconds, file })), '/archiveAtMs');
  assert.equal(await at(fixture.app.assets.push(caller, 'external:p', { name: 'p', ...inSeconds })), null);
});

test('Every way in sets the timer: upload, push, report; and whatever takes the asset away takes the timer', async () => {
  const archiveAtMs = startMs + 30 * dayMs;
  const file = { name: 'a.jpg', content: Readable.from([Buffer.from('x')]) };
  const uploaded = (await fixture.app.assets.upload(caller, { file, archiveAtMs })).body;
  await fixture.app.assets.push(caller, 'external:p', { name: 'p', archiveAtMs });
  await report(fixture, {
    kind: 'asset.created',
    subject: { type: 'asset', externalId: 'r' },
    after: { name: 'r', archiveAtMs },
  });
  await fixture.doDuties();
  assert.deepEqual(
    await timers(),
    [1, 2, 3].map(() => startMs + 23 * dayMs),
  );
  await fixture.app.assets.remove(caller, uploaded.id, { permanently: true });
  await fixture.app.assets.push(caller, 'external:p', { name: 'p', archiveAtMs: null });
  await report(fixture, { kind: 'asset.deleted', subject: { type: 'asset', externalId: 'r' } });
  assert.deepEqual(await timers(), []);
});

test('In the trash dates rest; what came to pass meanwhile is made up for when it comes back', async () => {
  await patch({ expiresAtMs: startMs + dayMs, archiveAtMs: startMs + 2 * dayMs });
  await fixture.app.assets.remove(caller, id);
  await advance(5 * dayMs);
  const known = await count();
  const { body } = await fixture.app.trash.restore(caller, id, {});
  assert.equal(body.state.availability, 'expired');
  await fixture.doDuties();
  assert.equal((await state()).archived, true);
  assert.deepEqual(
    (await happened(known)).map(([kind]) => kind),
    ['asset.rescued', 'asset.archived'],
  );
});

test('IN-13 a date in the year 9999 waits without holding anything up, one of 1970 takes effect at once', async () => {
  await patch({ archiveAtMs: 253_402_300_799_999 });
  const known = await count();
  await advance(400 * dayMs);
  assert.deepEqual(await happened(known), []);
  await patch({ archiveAtMs: 0 });
  await fixture.doDuties();
  assert.equal((await state()).archived, true);
});

test('Assets with dates owe one row each, of which none is read before its time', async () => {
  const dated = (n: number) => ({ name: `${n}`, archiveAtMs: startMs + (30 + (n % 300)) * dayMs });
  const push = (count: number, state: (n: number) => object) =>
    fixture.app.assets.pushMany(caller, {
      states: Array.from({ length: count }, (_, n) => ({ externalId: `d${n}`, push: state(n) })),
    });
  await push(1_000, dated);
  assert.equal((await timers()).length, 100, 'as many as the page of this test holds');
  const { duties } = await fixture.storage.duties({ nowMs: startMs, limit: 100 });
  assert.deepEqual(
    duties.filter(({ kind }) => kind === 'timer'),
    [],
  );
  await push(950, (n) => ({ name: `${n}`, archiveAtMs: null }));
  assert.equal((await timers()).length, 50);
});
