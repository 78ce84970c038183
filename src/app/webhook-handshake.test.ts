import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloudeventsDialect } from '../dialects/cloudevents/index.ts';
import { AssetwireError } from '../core/errors.ts';
import { consentOf } from './webhook-handshake.ts';
import { caller, createFixture, type Fixture, webhookInput } from './testing/app-fixture.ts';

const { handshake } = cloudeventsDialect.manifest;
const day = 24 * 3_600_000;

async function withWebhook(run: (fixture: Fixture, id: string) => Promise<void>): Promise<void> {
  const fixture = await createFixture({ dialects: [cloudeventsDialect] });
  try {
    const input = webhookInput({ dialect: 'cloudevents', events: ['assetwire.asset.created'] });
    const { body } = await fixture.app.webhooks.create(caller, input);
    assert.equal(body.state, 'pending');
    await run(fixture, body.id);
  } finally {
    await fixture.stop();
  }
}

/** Does the handshake duty that is due next, at the time it is due. */
async function nextDuty({ storage, clock, duties }: Fixture): Promise<boolean> {
  const { duties: found } = await storage.duties({ nowMs: clock.nowMs() + 400 * day, limit: 100 });
  const duty = found.find(({ kind }) => kind === 'handshake');
  if (duty === undefined) return false;
  clock.advance(Math.max(0, duty.dueAtMs - clock.nowMs()));
  await duties.handshake?.(duty, new AbortController().signal);
  return true;
}

const questions = async ({ app }: Fixture, id: string): Promise<number> => {
  const { items } = await app.deliveries.list(caller, { limit: 100, webhookId: id as `wh_${string}` });
  return items.filter(({ origin }) => origin === 'handshake').length;
};

test('an endpoint that says nothing is asked again, and given up when its time is over', async () => {
  await withWebhook(async (fixture, id) => {
    assert.equal(await questions(fixture, id), 1);
    const startMs = fixture.clock.nowMs();
    while ((await fixture.app.webhooks.get(caller, id)).state === 'pending') assert.ok(await nextDuty(fixture));
    const { state, stateReason } = await fixture.app.webhooks.get(caller, id);
    assert.deepEqual([state, stateReason], ['disabled', 'The endpoint did not consent in time']);
    const tookMs = fixture.clock.nowMs() - startMs;
    assert.ok(
      tookMs >= (handshake?.expiresMs ?? 0) && tookMs < (handshake?.expiresMs ?? 0) + 2 * (handshake?.askAgainMs ?? 0),
    );
    assert.ok((await questions(fixture, id)) >= 4);
    assert.equal(await nextDuty(fixture), false, 'nobody is asked any more');
  });
});

test('CF-13 one that consented is asked again once a week, and goes on meanwhile', async () => {
  await withWebhook(async (fixture, id) => {
    await fixture.care.confirm('default', id as `wh_${string}`, { requestsPerSecondMax: null });
    const confirmed = await fixture.app.webhooks.get(caller, id);
    assert.equal(confirmed.state, 'enabled');
    await nextDuty(fixture);
    const first = fixture.clock.nowMs();
    const before = await questions(fixture, id);
    await nextDuty(fixture);
    assert.equal(fixture.clock.nowMs() - first, handshake?.repeatMs);
    assert.equal(await questions(fixture, id), before + 1);
    assert.equal((await fixture.app.webhooks.get(caller, id)).state, 'enabled');
  });
});

test('a consent bounds how fast is sent, never makes it faster, and does not wake what was switched off by hand', async () => {
  await withWebhook(async (fixture, id) => {
    const allow = (requestsPerSecondMax: number | null): Promise<void> =>
      fixture.care.confirm('default', id as `wh_${string}`, { requestsPerSecondMax });
    const rate = async (): Promise<unknown> => (await fixture.app.webhooks.get(caller, id)).policy.requestsPerSecondMax;
    await fixture.app.webhooks.disable(caller, id);
    await allow(5);
    assert.equal((await fixture.app.webhooks.get(caller, id)).state, 'disabled');
    await fixture.app.webhooks.enable(caller, id, {});
    assert.equal((await fixture.app.webhooks.get(caller, id)).state, 'pending', 'it is asked again');
    await allow(5);
    assert.equal(await rate(), 5);
    await allow(50);
    assert.equal(await rate(), 5);
    await allow(1e99);
    await allow(1);
    assert.equal(await rate(), 1);
    await allow(1e-9);
    assert.equal(await rate(), 0.01, 'the slowest that a policy can say');
    const { revision } = await fixture.app.webhooks.get(caller, id);
    await allow(1e-9);
    assert.equal((await fixture.app.webhooks.get(caller, id)).revision, revision, 'nothing is written twice');
  });
});

test('CF-10 a token opens one question only, the one that was asked last, and none of a webhook that is gone', async () => {
  await withWebhook(async (fixture, id) => {
    const token = async (): Promise<string> => {
      const { tasks } = await fixture.storage.pending({
        webhookId: id as `wh_${string}`,
        by: 'position',
        nowMs: fixture.clock.nowMs(),
        limit: 10,
      });
      return tasks.at(-1)?.delivery.frozen?.['token'] as string;
    };
    const first = await token();
    await nextDuty(fixture);
    const second = await token();
    assert.notEqual(first, second);
    for (const wrong of [first, '', 'x'.repeat(27)]) {
      await assert.rejects(fixture.app.webhooks.consent(wrong, { requestsPerSecondMax: null }), AssetwireError);
    }
    await fixture.app.webhooks.consent(second, { requestsPerSecondMax: null });
    assert.equal((await fixture.app.webhooks.get(caller, id)).state, 'enabled');
    await fixture.app.webhooks.consent(second, { requestsPerSecondMax: null });
    await fixture.app.webhooks.remove(caller, id);
    await assert.rejects(fixture.app.webhooks.consent(second, { requestsPerSecondMax: null }), AssetwireError);
  });
});

test('one question is under way at most: a newer one ends it, and so does a consent by the link', async () => {
  await withWebhook(async (fixture, id) => {
    const states = async (): Promise<readonly string[]> => {
      const { items } = await fixture.app.deliveries.list(caller, { limit: 100, webhookId: id as `wh_${string}` });
      return items
        .filter(({ origin }) => origin === 'handshake')
        .toSorted((a, b) => a.createdAtMs - b.createdAtMs)
        .map(({ state, reason }) => `${state} ${reason ?? ''}`.trim());
    };
    await nextDuty(fixture);
    assert.deepEqual(await states(), ['cancelled asked-anew', 'pending']);
    const { tasks } = await fixture.storage.pending({
      webhookId: id as `wh_${string}`,
      by: 'position',
      nowMs: fixture.clock.nowMs(),
      limit: 10,
    });
    assert.equal(tasks.length, 1);
    const token = tasks[0]?.delivery.frozen?.['token'];
    await fixture.app.webhooks.consent(text(token), { requestsPerSecondMax: null });
    assert.deepEqual(await states(), ['cancelled asked-anew', 'cancelled consented']);
    await nextDuty(fixture);
    await nextDuty(fixture);
    assert.equal((await states()).at(-1), 'pending');
    const asked = (
      await fixture.storage.pending({ webhookId: id as `wh_${string}`, by: 'position', nowMs: 0, limit: 9 })
    ).tasks[0]?.delivery.frozen?.['token'];
    await fixture.app.webhooks.consent(text(asked), { requestsPerSecondMax: null });
    assert.equal((await states()).at(-1), 'cancelled consented', 'of the weekly question as well');
  });
});

test('CF-14 another path, or another query, of a URL that consented is another endpoint: it is asked anew and told nothing before', async () => {
  await withWebhook(async (fixture, id) => {
    const at = async (url: string): Promise<void> => {
      await fixture.care.confirm('default', id as `wh_${string}`, { requestsPerSecondMax: null });
      assert.equal((await fixture.app.webhooks.get(caller, id)).state, 'enabled');
      const asked = await questions(fixture, id);
      await fixture.app.webhooks.update(caller, id, { target: { transport: 'http', url } });
      assert.equal((await fixture.app.webhooks.get(caller, id)).state, 'pending', url);
      assert.equal(await questions(fixture, id), asked + 1, url);
    };
    await at('https://shop.example/elsewhere');
    await at('https://shop.example/elsewhere?of=another');
  });
});

test('a rate is read per minute; what is none is refused', () => {
  assert.deepEqual(
    [consentOf(undefined), consentOf(' * '), consentOf('90')],
    [{ requestsPerSecondMax: null }, { requestsPerSecondMax: null }, { requestsPerSecondMax: 1.5 }],
  );
  for (const text of ['often', '0', '-1', 'Infinity']) assert.throws(() => consentOf(text), AssetwireError, text);
});

function text(value: unknown): string {
  assert.equal(typeof value, 'string');
  return value as string;
}
