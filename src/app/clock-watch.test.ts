import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { EngineEvent } from '../engine/engine.ts';
import { clockWatchLimits } from './clock-watch.ts';
import { caller, createFixture, type Fixture } from './testing/app-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.stop());

const minuteMs = 60_000;

/** A receiver answers an attempt of 10 ms with a `Date` so far from ours, or with this one. */
async function answered(address: string, date: number | string): Promise<void> {
  const { clock } = fixture;
  const startedAtMs = clock.nowMs();
  const shown = typeof date === 'string' ? date : new Date(startedAtMs + date).toUTCString();
  clock.advance(10);
  const response = {
    status: 401,
    headers: [['date', shown]],
    body: new Uint8Array(),
    bodyBytes: 0,
    bodyComplete: true,
  };
  const answer = { kind: 'response', response, timing: { startedAtMs, totalMs: 10 }, address };
  const delivery = { webhookId: 'whk_1', workspaceId: 'default' };
  fixture.onEngineEvent({ kind: 'attempted', delivery, dialect: 'x', startedAtMs, answer } as unknown as EngineEvent);
  for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function told(): Promise<readonly string[]> {
  const { items } = await fixture.app.notices.list(caller, { kind: 'clock.skew', limit: 10 });
  return items.map(({ text }) => text);
}

test('FC-05 a clock that most receivers contradict by more than two minutes is told once a day, and how far it is off', async () => {
  for (const address of ['192.0.2.1', '192.0.2.2']) await answered(address, 6 * minuteMs);
  assert.deepEqual(await told(), [], 'two receivers are not enough');
  await answered('192.0.2.2', 6 * minuteMs);
  assert.deepEqual(await told(), [], 'nor is one that says it again');
  await answered('192.0.2.3', 6 * minuteMs);
  const [text = '', ...more] = await told();
  assert.match(text, /^The clock of this server is (359|360) seconds behind, by what 3 receivers answer/);
  assert.deepEqual(more, []);
  for (let n = 1; n < 9; n += 1) await answered(`192.0.2.${n}`, 6 * minuteMs);
  assert.equal((await told()).length, 1);
  fixture.clock.advance(25 * 60 * minuteMs);
  for (let n = 1; n < 4; n += 1) await answered(`192.0.2.${n}`, -10 * minuteMs);
  const again = await told();
  assert.equal(again.length, 2, 'the day after, once more');
  assert.ok(
    again.some((line) => /6\d\d seconds ahead/.test(line)),
    again.join('\n'),
  );
});

test('FC-05 of the answers of a moment a few are looked at', async () => {
  const { perWindow, windowMs } = clockWatchLimits;
  fixture.clock.advance(windowMs);
  for (let n = 0; n < perWindow; n += 1) await answered('192.0.2.1', 6 * minuteMs);
  for (let n = 2; n < 20; n += 1) await answered(`192.0.2.${n}`, 6 * minuteMs);
  assert.deepEqual(await told(), []);
  fixture.clock.advance(windowMs);
  for (let n = 2; n < 4; n += 1) await answered(`192.0.2.${n}`, 6 * minuteMs);
  assert.equal((await told()).length, 1);
});

test('FC-05 receivers of which half are wrong, by less than two minutes, without a date or long ago say nothing', async () => {
  const rounds: readonly (readonly (number | string)[])[] = [
    [0, 0, 6 * minuteMs, 40 * minuteMs],
    [-6 * minuteMs, 0, 40 * minuteMs],
    [110_000, 110_000, 110_000, 110_000, 110_000],
    [-110_000, -110_000, -110_000, -110_000],
    ['', 'now', 'Sun, 31 Feb 2030 08:49:37 GMT', `${'Sun, 06 Nov 1994 08:49:37 GMT'.padEnd(4_000)}`],
  ];
  for (const dates of rounds) {
    for (const [at, date] of dates.entries()) await answered(`192.0.2.${at}`, date);
    assert.deepEqual(await told(), [], String(dates));
    fixture.clock.advance(clockWatchLimits.ageMaxMs);
  }
  await answered('192.0.2.1', 6 * minuteMs);
  await answered('192.0.2.2', 6 * minuteMs);
  fixture.clock.advance(clockWatchLimits.ageMaxMs);
  await answered('192.0.2.3', 6 * minuteMs);
  assert.deepEqual(await told(), [], 'what was long ago does not count');
});
