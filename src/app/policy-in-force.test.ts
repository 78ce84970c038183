import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bynderDialect } from '../dialects/bynder/index.ts';
import { woodwingDialect } from '../dialects/woodwing/index.ts';
import { caller, createFixture, webhookInput } from './testing/app-fixture.ts';

test('a webhook says what policy is in force: its own over its settings, over the properties, over the dialect’s', async () => {
  const fixture = await createFixture({ dialects: [bynderDialect, woodwingDialect] });
  try {
    const { webhooks, dialectProperties } = fixture.app;
    const make = async (input: Parameters<typeof webhookInput>[0]) =>
      (await webhooks.create(caller, webhookInput(input))).body.id;
    const delaysMs = async (id: string) => (await webhooks.get(caller, id)).policyInForce?.schedule.delaysMs;
    const deliveryPolicy = { healthyRetryPolicy: { numRetries: 2, minDelayTarget: 5, maxDelayTarget: 9 } };
    const target = { transport: 'http', url: 'https://example.com/hook' } as const;
    const configuration = await make({ dialect: 'bynder', events: ['*'], target, settings: { deliveryPolicy } });
    assert.deepEqual(await delaysMs(configuration), [5_000, 9_000]);
    await webhooks.update(caller, configuration, { settings: {} });
    assert.deepEqual(await delaysMs(configuration), [20_000, 20_000, 20_000]);

    const { timeoutMs } = woodwingDialect.manifest.policy;
    const plain = await make({ dialect: 'woodwing', events: ['*'], target });
    assert.equal((await webhooks.get(caller, plain)).policyInForce?.timeoutMs, timeoutMs);
    const [property] = (woodwingDialect.manifest.properties ?? []).filter(({ name }) => /attempts/i.test(name));
    assert.ok(property !== undefined);
    await dialectProperties.update(caller, 'woodwing', { [property.name]: 1 });
    assert.equal((await delaysMs(plain))?.length, 1);
    await webhooks.update(caller, plain, { policy: { timeoutMs: 1_500 } });
    assert.equal((await webhooks.get(caller, plain)).policyInForce?.timeoutMs, 1_500);
    const [listed] = (await webhooks.list(caller, { limit: 1 })).items;
    assert.equal(listed?.policyInForce, undefined);
  } finally {
    await fixture.stop();
  }
});

test('a way that this server has nothing to send by is named with the setting that mends it', async () => {
  const fixture = await createFixture({ dialects: [bynderDialect, woodwingDialect] });
  try {
    const { dialects } = fixture.app;
    assert.deepEqual(dialects.transportsOff('bynder'), [{ transport: 'email', setting: 'ASSETWIRE_SMTP_URL' }]);
    assert.deepEqual(dialects.transportsOff('woodwing'), []);
  } finally {
    await fixture.stop();
  }
});
