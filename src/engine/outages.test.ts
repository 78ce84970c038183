/** Long outages, clocks that misbehave and neighbours that flood: hours and days on a virtual clock. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { createVirtualClock, type VirtualClock } from '../../test/support/virtual-clock.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { standardDialect } from '../dialects/standard/index.ts';
import { createEngineRig, ok, rigSecret, type Sent, status, timedOut } from './testing/engine-rig.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const timing = { startedAtMs: 0, totalMs: 1 };
const noServer: Outcome = { kind: 'dns-failed', code: 'unreachable', timing };
/** A poll of an idle engine costs more than what is looked at here. */
const slowPolls = { pollIdleMs: hourMs, pollActiveMs: minuteMs };

function header({ message }: Sent, name: string): string {
  return new Map(message.headers).get(name) ?? '';
}

function verifies(sent: Sent): boolean {
  const key = Buffer.from(rigSecret.value.slice('whsec_'.length), 'base64');
  const signed = `${header(sent, 'webhook-id')}.${header(sent, 'webhook-timestamp')}.`;
  const hmac = createHmac('sha256', key).update(signed).update(sent.message.body).digest('base64');
  return header(sent, 'webhook-signature').split(' ').includes(`v1,${hmac}`);
}

/** Bodies that carry their own signature, as SNS messages do. */
const selfSigned: Dialect = {
  ...standardDialect,
  manifest: { ...standardDialect.manifest, signing: { summary: 'in the body', headers: [] } },
  render: () => ({
    contentType: 'text/plain',
    headers: [],
    body: {
      sign: { algorithm: 'rsa-sha256', key: { kind: 'signing-key', name: 'k', id: 'first' }, content: ['x'] },
      embed: (bytes, keyId) => Buffer.from(`${keyId ?? ''} ${Buffer.from(bytes).toString('utf8')}`),
    },
  }),
  sign: () => [],
};

describe('outages', () => {
  it('SG-19 a store that cannot be asked for signing keys ends no delivery; a key that is gone signs nothing more', async () => {
    let present = 'first';
    let down = true;
    const asked: string[] = [];
    const rig = await createEngineRig({
      dialect: selfSigned,
      options: slowPolls,
      signingKeys: {
        waiting: 0,
        async keeps(_workspaceId, keyId) {
          if (down) throw new Error('The store is away');
          return keyId === present;
        },
        async sign() {
          asked.push(present);
          if (down) throw new Error('The store is away');
          return { bytes: Buffer.from('signed'), keyId: present };
        },
      },
    });
    const hook = rig.webhook({
      breaker: null,
      schedule: { delaysMs: [1_000, 1_000, 1_000], jitter: 0, ageMaxMs: hourMs },
    });
    rig.reply = () => status(500);
    const [id] = await rig.publish(hook);
    assert.ok(id !== undefined);
    await rig.clock.advance(10_000);
    assert.deepEqual([rig.sent.length, (await rig.detail(id)).summary.state], [0, 'pending']);
    assert.ok(asked.length > 2, 'it is tried again');
    down = false;
    await rig.clock.advance(1_500);
    present = 'second';
    await rig.clock.advance(1_000);
    down = true;
    await rig.clock.advance(5_000);
    down = false;
    rig.reply = () => ok;
    await rig.clock.advance(3_000);
    assert.equal((await rig.detail(id)).summary.state, 'delivered');
    const bodies = rig.sent.map(({ message }) => Buffer.from(message.body).toString('utf8'));
    assert.deepEqual([bodies[0], bodies.at(-1)], ['first signed', 'second signed']);
    assert.ok(bodies.length <= 4, bodies.join());
    await rig.stop();
  });

  it('FN-01 name servers that are gone for five minutes switch nobody off, and afterwards everything arrives', async () => {
    const rig = await createEngineRig({ options: slowPolls });
    const rule = {
      disable: [{ kind: 'window' as const, failures: 3, windowMs: 10 * minuteMs }],
      schedule: { delaysMs: [30_000, 30_000, minuteMs, minuteMs, 5 * minuteMs], jitter: 0.1, ageMaxMs: hourMs },
    };
    const hooks = Array.from({ length: 20 }, () => rig.webhook(rule));
    for (const hook of hooks) await rig.publish(hook);
    await rig.clock.advance(1_000);
    rig.reply = () => noServer;
    const ids = (await Promise.all(hooks.map((hook) => rig.publish(hook)))).flat();
    await rig.clock.advance(4 * minuteMs);
    // What is accepted meanwhile is accepted as always.
    ids.push(...(await Promise.all(hooks.map((hook) => rig.publish(hook)))).flat());
    await rig.clock.advance(minuteMs);
    const [first] = ids;
    assert.ok(first !== undefined);
    const failed = (await rig.detail(first)).attempts;
    assert.ok(failed.length >= 2 && failed.every(({ outcome }) => outcome === 'dns-failed'), JSON.stringify(failed));
    rig.reply = () => ok;
    await rig.clock.advance(20 * minuteMs);
    const states = await Promise.all(ids.map(async (id) => (await rig.detail(id)).summary.state));
    assert.deepEqual([...new Set(states)], ['delivered']);
    assert.deepEqual(rig.disabled, []);
    await rig.stop();
  });

  it('FR-02 two hundred receivers that come back after 26 hours get everything by the eighth attempt, none of them in a wave', async () => {
    const rig = await createEngineRig({ options: { ...slowPolls, pollActiveMs: 10 * minuteMs } });
    const hooks = Array.from({ length: 200 }, () => rig.webhook({ breaker: null }));
    rig.reply = () => status(503);
    const ids = (await Promise.all(hooks.map((hook) => rig.publish(hook)))).flat();
    await rig.clock.advance(26 * hourMs);
    const before = rig.sent.length;
    rig.reply = () => ok;
    await rig.clock.advance(60 * hourMs);
    const ends = await Promise.all(ids.map(async (id) => await rig.detail(id)));
    assert.deepEqual([...new Set(ends.map(({ summary }) => summary.state))], ['delivered']);
    const most = Math.max(...ends.map(({ attempts }) => attempts.length));
    assert.ok(most >= 6 && most <= 9, `${most} attempts`);
    assert.deepEqual(rig.disabled, []);
    const perMinute = new Map<number, number>();
    for (const { atMs } of rig.sent.slice(before)) {
      const minute = Math.floor(atMs / minuteMs);
      perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
    }
    assert.ok(Math.max(...perMinute.values()) < 50, `${Math.max(...perMinute.values())} in one minute`);
    await rig.stop();
  });

  it('FR-03 an answer that gets lost is told twice under one id with the same bytes, and the log has both', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({ breaker: null, schedule: { delaysMs: [1_000], jitter: 0, ageMaxMs: hourMs } });
    const lost: Outcome = { kind: 'broken', code: 'reset', timing };
    rig.reply = () => (rig.sent.length === 1 ? lost : ok);
    const [id] = await rig.publish(hook);
    await rig.clock.advance(10_000);
    const [first, second] = rig.sent;
    assert.ok(id !== undefined && first !== undefined && second !== undefined && rig.sent.length === 2);
    assert.equal(header(first, 'webhook-id'), header(second, 'webhook-id'));
    assert.ok(Buffer.from(first.message.body).equals(Buffer.from(second.message.body)));
    assert.ok(verifies(first) && verifies(second));
    const { attempts, summary } = await rig.detail(id);
    assert.deepEqual(
      attempts.map(({ number, outcome, code }) => [number, outcome, code]),
      [
        [1, 'broken', 'reset'],
        [2, 'response', '200'],
      ],
    );
    assert.equal(summary.state, 'delivered');
    await rig.stop();
  });
});

describe('clocks', () => {
  /** What the wall clock does while `forMs` pass; by the second. */
  const badly = async (clock: VirtualClock, forMs: number, wallPerSecondMs: number): Promise<void> => {
    for (let passed = 0; passed < forMs; passed += 1_000) {
      clock.jumpWall(wallPerSecondMs - 1_000);
      await clock.advance(1_000);
    }
  };

  it('FC-02 a wall clock that stands still, runs tenfold, or is set back by a second or by the hour of a summer, moves no retry by more than a tenth', async () => {
    const stories: readonly (readonly [string, (clock: VirtualClock) => Promise<void>])[] = [
      ['frozen', (clock) => badly(clock, 5 * minuteMs, 0)],
      ['tenfold', (clock) => badly(clock, 5 * minuteMs, 10_000)],
      ['leap second', async (clock) => (clock.jumpWall(-1_000), await clock.advance(5 * minuteMs))],
      ['summer time set by hand', async (clock) => (clock.jumpWall(hourMs), await clock.advance(5 * minuteMs))],
      [
        'there and back during the wait',
        async (clock) => {
          clock.jumpWall(40 * dayMs);
          await clock.advance(minuteMs);
          clock.jumpWall(-40 * dayMs);
          await clock.advance(4 * minuteMs);
        },
      ],
    ];
    for (const [story, happens] of stories) {
      const rig = await createEngineRig();
      const schedule = { delaysMs: [4 * minuteMs], jitter: 0, ageMaxMs: dayMs };
      const hook = rig.webhook({ breaker: null, schedule });
      rig.reply = () => (rig.sent.length === 1 ? status(503) : ok);
      const [id] = await rig.publish(hook);
      await rig.clock.advance(100);
      const startMs = rig.clock.monotonicMs();
      await happens(rig.clock);
      const second = rig.sent[1];
      assert.ok(id !== undefined && second !== undefined, `${story}: not tried again`);
      const waitedMs = second.atMs - startMs;
      assert.ok(waitedMs > 3.5 * minuteMs && waitedMs < 4.5 * minuteMs, `${story}: after ${waitedMs} ms`);
      const { attempts, summary } = await rig.detail(id);
      assert.equal(summary.state, 'delivered', story);
      assert.ok(
        attempts.every((attempt) => attempt.timing.totalMs >= 0),
        story,
      );
      await rig.stop();
    }
  });

  it('FC-02 the time zone of the process is in nothing that is stored or sent', async () => {
    const zone = process.env['TZ'];
    const bodyIn = async (name: string): Promise<string> => {
      process.env['TZ'] = name;
      const rig = await createEngineRig();
      await rig.publish(rig.webhook());
      await rig.clock.advance(100);
      const [sent] = rig.sent;
      await rig.stop();
      assert.ok(sent !== undefined && verifies(sent));
      return `${header(sent, 'webhook-timestamp')} ${Buffer.from(sent.message.body).toString()}`;
    };
    try {
      const utc = await bodyIn('UTC');
      for (const name of ['Pacific/Kiritimati', 'America/St_Johns']) assert.equal(await bodyIn(name), utc);
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  it('FC-04 in 2038 and in 2100 it delivers, tries again and signs as today', async () => {
    for (const startMs of [Date.UTC(2038, 0, 19, 3, 14, 6), Date.UTC(2100, 1, 28, 23, 59, 58)]) {
      const rig = await createEngineRig({ clock: createVirtualClock({ startMs }) });
      const hook = rig.webhook({ breaker: null, schedule: { delaysMs: [5_000], jitter: 0, ageMaxMs: hourMs } });
      rig.reply = () => (rig.sent.length === 1 ? status(503) : ok);
      const [id] = await rig.publish(hook);
      await rig.clock.advance(10_000);
      assert.ok(id !== undefined && rig.sent.length === 2 && rig.sent.every(verifies));
      const seconds = rig.sent.map((sent) => Number(header(sent, 'webhook-timestamp')));
      assert.deepEqual(
        seconds.map((at) => at - Math.floor(startMs / 1_000)),
        [0, 5],
      );
      const { attempts, summary } = await rig.detail(id);
      assert.deepEqual([summary.state, attempts.length], ['delivered', 2]);
      assert.ok(summary.createdAtMs >= startMs && attempts.every((attempt) => attempt.startedAtMs >= startMs));
      await rig.stop();
    }
  });
});

describe('neighbours', () => {
  it('TN-19 two workspaces at one host: what one does to the receiver opens no breaker and holds nothing of the other', async () => {
    const rig = await createEngineRig();
    const rule = { breaker: { failuresToOpen: 3, openMs: 10 * minuteMs, openMsMax: hourMs } };
    const bad = rig.webhook(rule, { workspaceId: 'a' });
    const good = rig.webhook(rule, { workspaceId: 'b' });
    rig.reply = ({ webhookId }) => (webhookId === bad ? timedOut : ok);
    await rig.publish(bad, 20);
    await rig.clock.advance(2 * minuteMs);
    const tried = rig.sent.length;
    const ids = await rig.publish(good, 20);
    const startMs = rig.clock.monotonicMs();
    await rig.clock.advanceUntil(() => rig.sent.length >= tried + 20, minuteMs);
    assert.ok(rig.clock.monotonicMs() - startMs < 100, `${rig.clock.monotonicMs() - startMs} ms`);
    await rig.clock.advance(100);
    const reads = await Promise.all(ids.map((id) => rig.store.read.delivery('b', id)));
    assert.ok(reads.every((found) => found?.summary.state === 'delivered' && found.attempts.length === 1));
    await rig.publish(bad, 5);
    await rig.clock.advance(1_000);
    assert.equal(rig.sent.length, tried + 20, 'the breaker of the other one is open all the while');
    await rig.stop();
  });

  it('FO-02 beside a flood, a long backlog and two thousand receivers that hang, another workspace waits hardly longer than alone', async () => {
    const rig = await createEngineRig({ options: { inFlightMax: 256, inFlightOfFailingMax: 128 } });
    const rule = { breaker: null, disable: [], schedule: { delaysMs: [hourMs], jitter: 0, ageMaxMs: dayMs } };
    const quiet = rig.webhook(rule, { workspaceId: 'quiet' });
    const others = new Set<string>();
    rig.reply = ({ webhookId }) => {
      if (!others.has(webhookId)) return ok;
      const sent = rig.sent.at(-1);
      rig.clock.timer(15_000, () => sent?.answer(timedOut));
      return 'wait';
    };
    const waitOf = async (hook: typeof quiet): Promise<number> => {
      const startMs = rig.clock.monotonicMs();
      const from = rig.sent.length;
      const [id] = await rig.publish(hook);
      await rig.clock.advanceUntil(() => rig.sent.slice(from).some(({ deliveryId }) => deliveryId === id), minuteMs);
      return rig.clock.monotonicMs() - startMs;
    };
    const alone = await waitOf(quiet);
    const hooks = Array.from({ length: 2_000 }, () => rig.webhook(rule, { workspaceId: 'loud' }));
    for (const hook of hooks) others.add(hook);
    for (const hook of hooks) await rig.publish(hook);
    const flooding = rig.webhook(rule, { workspaceId: 'loud' });
    await rig.publish(flooding, 2_000);
    const inFlight = rig.sent.filter(({ message }) => others.has(message.webhookId)).length;
    assert.ok(inFlight >= 128, `only ${inFlight} of them hang`);
    const beside: number[] = [];
    for (let round = 0; round < 40; round += 1) {
      beside.push(await waitOf(quiet));
      await rig.clock.advance(500);
    }
    const worst = Math.max(...beside);
    assert.ok(worst <= Math.max(2 * alone, 5), `alone ${alone} ms, beside ${worst} ms`);
    // One that was never tried waits for a place of those that hang, and is the next to get one.
    const fresh = await waitOf(rig.webhook(rule, { workspaceId: 'new' }));
    assert.ok(fresh <= 15_000, `a new one ${fresh} ms`);
    await rig.stop();
  });
});
