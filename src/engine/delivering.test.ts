import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChangeKind } from '../core/change.ts';
import { limits } from '../core/limits.ts';
import type { Webhook } from '../core/webhook.ts';
import type { OpenSecret } from './engine.ts';
import { standardDialect } from '../dialects/standard/index.ts';
import type { Verdict } from '../core/verdict.ts';
import { leftToAnotherVersion } from './other-version.ts';
import { createEngineRig, ok, rigSecret, status, timedOut } from './testing/engine-rig.ts';

const quick = { schedule: { delaysMs: [1_000, 5_000], jitter: 0, ageMaxMs: 3_600_000 } };

describe('delivering', () => {
  it('P-06 a committed delivery is sent once, signed, and recorded with its answer', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook();
    const [id] = await rig.publish(hook);
    await rig.clock.advance(10);
    assert.ok(id !== undefined);
    assert.equal(rig.sent.length, 1);
    const { message } = rig.sent[0] ?? assert.fail();
    const verification = standardDialect.verify?.({
      headers: message.headers,
      body: message.body,
      keys: [{ kind: 'secret', value: rigSecret.value }],
      nowMs: rig.clock.nowMs(),
    });
    assert.equal(verification?.result, 'verified');
    const { summary, attempts } = await rig.detail(id);
    assert.equal(summary.state, 'delivered');
    assert.deepEqual([attempts[0]?.number, attempts[0]?.outcome, attempts[0]?.code], [1, 'response', '200']);
    assert.equal(rig.events[0]?.delivery.state, 'delivered');
    await rig.stop();
  });

  it('P-07 a thousand deliveries over many pages and hand-offs are each sent exactly once', async () => {
    const rig = await createEngineRig();
    const hooks = [rig.webhook(), rig.webhook(), rig.webhook()];
    const ids: string[] = [];
    // Far more than a lane keeps in memory, half of them never handed over.
    for (let batch = 0; batch < 12; batch += 1) {
      for (const hook of hooks) ids.push(...(await rig.publish(hook, 30, { offer: batch % 2 === 0 })));
    }
    await rig.clock.advanceUntil(() => rig.sent.length >= ids.length, 60_000);
    await rig.clock.advance(30_000);
    assert.equal(rig.sent.length, ids.length);
    assert.equal(new Set(rig.sent.map(({ deliveryId }) => deliveryId)).size, ids.length);
    await rig.stop();
  });

  it('INV-4 a retry sends the bytes of the first attempt, whatever the webhook has become', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook(quick, { projection: { fields: ['name'] } });
    rig.reply = () => status(500);
    await rig.publish(hook);
    await rig.clock.advance(100);
    rig.write(hook, {
      projection: { fields: ['tags'] },
      target: { transport: 'http', url: 'https://elsewhere.example/' },
    });
    rig.reply = () => ok;
    await rig.clock.advance(2_000);
    const [first, second] = rig.sent;
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual(Buffer.from(second.message.body), Buffer.from(first.message.body));
    assert.equal(second.message.target, 'https://elsewhere.example/');
    await rig.stop();
  });

  it('SG-19 without its secret a delivery is refused, never sent unsigned, and its neighbours go on', async () => {
    const rig = await createEngineRig();
    const broken = rig.webhook();
    rig.secrets = [];
    const [id] = await rig.publish(broken);
    await rig.clock.advance(100);
    assert.equal(rig.sent.length, 0);
    assert.ok(id !== undefined);
    const { summary, attempts } = await rig.detail(id);
    assert.equal(summary.state, 'rejected');
    assert.deepEqual([attempts[0]?.outcome, attempts[0]?.code], ['refused-by-config', 'secret-unavailable']);
    await rig.stop();
  });

  it('a dialect that throws while rendering ends that delivery visibly and blocks nothing', async () => {
    const poison = {
      ...standardDialect,
      render: (input: Parameters<typeof standardDialect.render>[0]) => {
        if (input.change.subject.id === 'ast_poison') throw new Error('cannot be said');
        return standardDialect.render(input);
      },
    };
    const rig = await createEngineRig({ dialect: poison });
    const hook = rig.webhook({ order: 'webhook' });
    const [bad] = await rig.publish(hook, 1, { subject: 'ast_poison' });
    const [good] = await rig.publish(hook);
    await rig.clock.advance(1_000);
    assert.ok(bad !== undefined && good !== undefined);
    assert.equal((await rig.detail(bad)).summary.state, 'rejected');
    assert.equal((await rig.detail(good)).summary.state, 'delivered');
    await rig.stop();
  });

  it('SC-11 what only another version can send is left to it: one look at a time, said in the log, dead after a day', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({}, { dialect: 'klingon' });
    const ids = await rig.publish(hook, 20);
    await rig.clock.advance(20_000);
    const looked = await Promise.all(ids.map((id) => rig.detail(id)));
    const tried = looked.filter(({ attempts }) => attempts.length > 0);
    assert.ok(tried.length >= 1 && tried.length < 10, `${tried.length} of 20 were looked at`);
    const [first] = tried[0]?.attempts ?? [];
    assert.deepEqual([first?.outcome, first?.code], ['refused-by-config', 'unknown-dialect']);
    assert.ok(looked.every(({ summary }) => summary.state === 'pending'));
    const other = rig.webhook();
    const [known] = await rig.publish(other);
    const [unknown] = await rig.publish(other, 1, { kind: 'asset.beamed_up' as ChangeKind });
    await rig.clock.advance(100);
    assert.ok(known !== undefined && unknown !== undefined);
    assert.equal((await rig.detail(known)).summary.state, 'delivered');
    const { summary, attempts } = await rig.detail(unknown);
    assert.deepEqual([summary.state, attempts[0]?.code], ['pending', 'unknown-change-kind']);
    assert.equal(rig.sent.length, 1, 'nothing of it has left');
    const pigeon = { transport: 'pigeon', url: 'https://loft.example/' } as unknown as Webhook['target'];
    const [unsendable] = await rig.publish(rig.webhook({}, { target: pigeon }));
    await rig.clock.advance(100);
    assert.ok(unsendable !== undefined);
    const waiting = await rig.detail(unsendable);
    assert.deepEqual([waiting.summary.state, waiting.attempts[0]?.code], ['pending', 'unknown-transport']);
    let nowMs = 0;
    let looks = 0;
    let next: Verdict;
    do {
      looks += 1;
      next = leftToAnotherVersion({ attempt: looks, createdAtMs: 0, nowMs, chance: 0.5 });
      if (next.kind === 'retry') nowMs = next.atMs;
      if (looks === 4) assert.ok(nowMs < 5 * 60_000, 'a rolling upgrade is over soon, and so is the wait for it');
    } while (next.kind === 'retry' && looks < 1_000);
    assert.equal(next.kind, 'dead');
    assert.ok(
      nowMs > 23 * 3_600_000 && nowMs <= 24 * 3_600_000 && looks < 40,
      `${looks} looks, the last after ${nowMs} ms`,
    );
    await rig.stop();
  });

  it('RX-19 RX-21 what is stored hides credentials, cookies and secrets that the receiver sends back', async () => {
    const rig = await createEngineRig();
    const token: OpenSecret = { name: 'token', version: 1, value: 'tok_very_secret_value', expiresAtMs: null };
    rig.secrets = [rigSecret, token];
    const hook = rig.webhook(
      {},
      {
        credentials: { kind: 'bearer', tokenSecret: 'token' },
        headers: [
          ['x-api-key', 'abc'],
          ['x-plain', 'shown'],
        ],
      },
    );
    rig.reply = () =>
      status(
        200,
        [
          ['set-cookie', 'session=1'],
          ['x-other', 'shown'],
        ],
        `you said ${token.value}`,
      );
    const [id] = await rig.publish(hook);
    await rig.clock.advance(100);
    const sent = new Map(rig.sent[0]?.message.headers);
    assert.equal(sent.get('Authorization'), `Bearer ${token.value}`);
    assert.ok(id !== undefined);
    const stored = JSON.stringify((await rig.detail(id)).attempts);
    const body = Buffer.from((await rig.detail(id)).attempts[0]?.response?.bodyBase64 ?? '', 'base64').toString();
    assert.ok(!stored.includes(token.value) && !body.includes(token.value), stored + body);
    assert.ok(!stored.includes('abc"') && !stored.includes('session=1'));
    assert.ok(stored.includes('shown'));
    await rig.stop();
  });

  it('RX-21 a secret that a receiver sends back in another header, or across the end of what is kept, is hidden', async () => {
    const rig = await createEngineRig();
    const token: OpenSecret = { name: 'token', version: 1, value: 'tok_very_secret_value', expiresAtMs: null };
    rig.secrets = [rigSecret, token];
    const hook = rig.webhook({}, { credentials: { kind: 'bearer', tokenSecret: 'token' } });
    const before = 'x'.repeat(limits.responseKeptOnSuccessBytesMax - 12);
    rig.reply = () => status(200, [['x-echo', `Bearer ${token.value};1`]], `${before}${token.value} and more`);
    const [id] = await rig.publish(hook);
    await rig.clock.advance(100);
    assert.ok(id !== undefined);
    const { response } = (await rig.detail(id)).attempts[0] ?? {};
    assert.deepEqual(response?.headers, [['x-echo', 'Bearer •••;1']]);
    assert.equal(Buffer.from(response?.bodyBase64 ?? '', 'base64').toString(), `${before}${'*'.repeat(12)}`);
    await rig.stop();
  });

  it('RX-03 a response is kept to 1 KiB on success and 16 KiB on failure, with its length', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook(quick);
    rig.reply = () => status(500, [], 'x'.repeat(60_000));
    const [id] = await rig.publish(hook);
    await rig.clock.advance(100);
    rig.reply = () => status(200, [], 'y'.repeat(60_000));
    await rig.clock.advance(2_000);
    assert.ok(id !== undefined);
    const { attempts } = await rig.detail(id);
    const kept = attempts.map(({ response }) => [
      Buffer.from(response?.bodyBase64 ?? '', 'base64').length,
      response?.bodyBytes,
    ]);
    assert.deepEqual(kept, [
      [16_384, 60_000],
      [1_024, 60_000],
    ]);
    await rig.stop();
  });

  it('a delivery ends as dead when its schedule is over, with a reason', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook({ ...quick, breaker: null });
    rig.reply = () => timedOut;
    const [id] = await rig.publish(hook);
    await rig.clock.advance(60_000);
    assert.ok(id !== undefined);
    const { summary, attempts } = await rig.detail(id);
    assert.deepEqual([summary.state, summary.reason, attempts.length], ['dead', 'attempts-exhausted', 3]);
    await rig.stop();
  });

  it('ID-10 an attempt carries the revision it was sent with', async () => {
    const rig = await createEngineRig();
    const hook = rig.webhook();
    rig.write(hook, { name: 'renamed' });
    const [id] = await rig.publish(hook);
    await rig.clock.advance(100);
    assert.ok(id !== undefined);
    assert.equal((await rig.detail(id)).attempts[0]?.webhookRevision, 2);
    await rig.stop();
  });

  it('SG-10 during a rotation both secrets sign, and an expired one no longer', async () => {
    const rig = await createEngineRig();
    const next: OpenSecret = { ...rigSecret, version: 2, value: `whsec_${Buffer.alloc(32, 9).toString('base64')}` };
    rig.secrets = [next, { ...rigSecret, expiresAtMs: rig.clock.nowMs() + 10_000 }];
    const hook = rig.webhook();
    await rig.publish(hook);
    await rig.clock.advance(20_000);
    await rig.publish(hook);
    await rig.clock.advance(100);
    const signatures = rig.sent.map(
      ({ message }) => new Map(message.headers).get('webhook-signature')?.split(' ').length,
    );
    assert.deepEqual(signatures, [2, 1]);
    await rig.stop();
  });
});
