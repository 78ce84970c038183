import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type HealthAction,
  type HealthEvent,
  healthy,
  type LaneHealth,
  observe,
  silenceResetMs,
} from './disable-rules.ts';
import type { DisableRule } from './policy.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const fiveDays: readonly DisableRule[] = [{ kind: 'continued', forMs: 5 * dayMs, attemptsMin: 10 }];
const failure: HealthEvent = { kind: 'failure', status: 500 };

/** Feeds events at their times and collects what follows. */
function run(events: readonly (readonly [atMs: number, event: HealthEvent])[], rules: readonly DisableRule[]) {
  let health: LaneHealth = healthy;
  const actions: (HealthAction & { atMs: number })[] = [];
  for (const [atMs, event] of events) {
    const step = observe(health, event, { rules, nowMs: atMs });
    // What is persisted must come back the same.
    health = JSON.parse(JSON.stringify(step.health));
    for (const action of step.actions) actions.push({ ...action, atMs });
  }
  return { health, actions };
}

function every(stepMs: number, fromMs: number, toMs: number, event: HealthEvent = failure) {
  const events: (readonly [number, HealthEvent])[] = [];
  for (let atMs = fromMs; atMs <= toMs; atMs += stepMs) events.push([atMs, event]);
  return events;
}

test('RX-25 continued failure warns at 50, 75 and 90 percent and disables once', () => {
  const { actions } = run(every(hourMs, 0, 7 * dayMs), fiveDays);
  assert.deepEqual(actions, [
    { kind: 'warn', percent: 50, disablesAtMs: 5 * dayMs, atMs: 60 * hourMs },
    { kind: 'warn', percent: 75, disablesAtMs: 5 * dayMs, atMs: 90 * hourMs },
    { kind: 'warn', percent: 90, disablesAtMs: 5 * dayMs, atMs: 108 * hourMs },
    { kind: 'disable', reason: 'continued-failure', atMs: 120 * hourMs },
  ]);
});

test('RX-24 a receiver that fails half of the time is never disabled nor warned', () => {
  const events = every(hourMs, 0, 30 * dayMs).map(([atMs], index): [number, HealthEvent] => [
    atMs,
    index % 2 === 0 ? failure : { kind: 'success' },
  ]);
  assert.deepEqual(run(events, fiveDays).actions, []);
});

test('RX-26 one failure, six days of silence, one failure: not disabled', () => {
  const { actions, health } = run(
    [
      [0, failure],
      [6 * dayMs, failure],
    ],
    fiveDays,
  );
  assert.deepEqual(actions, []);
  assert.equal(health.failingSinceMs, 6 * dayMs);
});

test('RX-26 a run of failures that fell silent begins anew', () => {
  const { actions, health } = run(
    [...every(hourMs, 0, 12 * hourMs), ...every(60_000, 6 * dayMs, 6 * dayMs + hourMs)],
    fiveDays,
  );
  assert.deepEqual(actions, []);
  assert.equal(health.failures, 61);
});

test('Too few attempts disable nothing, however long they fail', () => {
  assert.deepEqual(run(every(silenceResetMs, 0, 9 * silenceResetMs - 1), fiveDays).actions, []);
  assert.equal(run(every(silenceResetMs, 0, 9 * silenceResetMs), fiveDays).actions[0]?.kind, 'disable');
});

test('A lane at rest for its next retry is not silent', () => {
  const waits = [5_000, 300_000, 1_800_000, 2 * hourMs, 5 * hourMs, 10 * hourMs, 14 * hourMs, 20 * hourMs, 28 * hourMs];
  let atMs = 0;
  const events: [number, HealthEvent][] = [[0, failure]];
  for (const waitMs of waits) {
    atMs += waitMs;
    events.push([atMs, failure]);
  }
  const { health } = run(events, fiveDays);
  assert.equal(health.failingSinceMs, 0);
  assert.equal(health.failures, 10);
});

test('While we suspect ourselves the clock stands still and nothing is counted', () => {
  const suspect: HealthEvent = { kind: 'failure', status: 500, suspectOurselves: true };
  const events = [
    ...every(hourMs, 0, dayMs),
    ...every(hourMs, dayMs + hourMs, 8 * dayMs, suspect),
    ...every(hourMs, 8 * dayMs + hourMs, 13 * dayMs),
  ];
  const { actions } = run(events, fiveDays);
  assert.deepEqual(actions.at(-1), { kind: 'disable', reason: 'continued-failure', atMs: 12 * dayMs });
  assert.deepEqual(run(every(1, 0, 100, suspect), [{ kind: 'window', failures: 5, windowMs: 10_000 }]).actions, []);
});

test('A window disables at its number of failures within its time, and −1 never does', () => {
  const window = (failures: number): readonly DisableRule[] => [{ kind: 'window', failures, windowMs: 10_000 }];
  assert.deepEqual(run(every(2_500, 0, 60_000), window(5)).actions, [
    { kind: 'disable', reason: 'failures-in-window', atMs: 10_000 },
  ]);
  assert.deepEqual(run(every(2_501, 0, 60_000), window(5)).actions, []);
  assert.deepEqual(run(every(1, 0, 10_000), window(-1)).actions, []);
});

test('A window counts failures whatever came between them', () => {
  const events: [number, HealthEvent][] = [
    [0, failure],
    [1, { kind: 'success' }],
    [2, failure],
    [3, { kind: 'success' }],
    [4, failure],
  ];
  assert.equal(run(events, [{ kind: 'window', failures: 3, windowMs: 10 }]).actions.length, 1);
});

test('RX-13 one 410 disables at once', () => {
  const { actions } = run(
    [
      [0, { kind: 'failure', status: 410 }],
      [1, { kind: 'failure', status: 410 }],
    ],
    [{ kind: 'status', status: 410 }],
  );
  assert.deepEqual(actions, [{ kind: 'disable', reason: 'status-410', atMs: 0 }]);
});

test('EM-10 refusals for good switch off at their number, whatever lies between them but a success', () => {
  const refused: HealthEvent = { kind: 'failure', refused: true };
  const rules: readonly DisableRule[] = [{ kind: 'refused', times: 3 }];
  const later: HealthEvent = { kind: 'failure' };
  const month = 30 * dayMs;
  const { actions, health } = run(
    [
      [0, refused],
      [1, later],
      [month, refused],
      [month + 1, { kind: 'failure', refused: true, suspectOurselves: true }],
      [month + 2, later],
    ],
    rules,
  );
  assert.deepEqual([actions, health.refused], [[], 2]);
  const third = observe(health, refused, { rules, nowMs: 2 * month });
  assert.deepEqual(third.actions, [{ kind: 'disable', reason: 'refused-for-good' }]);
  const good = observe(health, { kind: 'success' }, { rules, nowMs: 2 * month }).health;
  assert.deepEqual(good, healthy);
  assert.deepEqual(observe(good, refused, { rules, nowMs: 2 * month }).actions, []);
  assert.deepEqual(observe(health, refused, { rules: fiveDays, nowMs: 2 * month }).actions, []);
});

test('What is remembered stays small and a healthy lane costs nothing', () => {
  const rules: readonly DisableRule[] = [...fiveDays, { kind: 'window', failures: 50, windowMs: dayMs }];
  const { health } = run(every(1, 0, 40), rules);
  assert.ok(JSON.stringify(health).length < 2_000);
  assert.equal(observe(healthy, { kind: 'success' }, { rules, nowMs: 5 }).health, healthy);
});

test('Whatever happens, a success leaves no run behind and warnings only rise', () => {
  const event = fc.record({
    waitMs: fc.integer({ min: 0, max: 3 * dayMs }),
    event: fc.constantFrom<HealthEvent>(failure, { kind: 'success' }, { kind: 'failure', suspectOurselves: true }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (steps) => {
      let health: LaneHealth = healthy;
      let atMs = 0;
      let warned = 0;
      for (const step of steps) {
        atMs += step.waitMs;
        const next = observe(health, step.event, { rules: fiveDays, nowMs: atMs });
        if (step.event.kind === 'success' && !health.disabled) {
          assert.deepEqual(next.health, healthy);
          warned = 0;
        }
        if (next.health.failures <= 1) warned = 0;
        for (const action of next.actions) {
          if (action.kind === 'disable') continue;
          assert.ok(action.percent > warned);
          warned = action.percent;
        }
        health = next.health;
      }
    }),
  );
});
