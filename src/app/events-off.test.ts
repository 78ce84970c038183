import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { standardDialect } from '../dialects/standard/index.ts';
import {
  allDeliveries,
  caller,
  createFixture,
  type Fixture,
  metadataChange,
  report,
  webhookInput,
} from './testing/app-fixture.ts';

/** The standard dialect, with a module for metadata that an account may not have. */
const modular: Dialect = {
  ...standardDialect,
  manifest: {
    ...standardDialect.manifest,
    properties: [
      { type: 'boolean', name: 'metadataEnabled', title: 'Metadata', description: 'Metadata is told', default: true },
    ],
  },
  eventsOff: (values) => (values['metadataEnabled'] === false ? ['asset.metadata_changed'] : []),
};

async function withFixture(run: (fixture: Fixture) => Promise<void>): Promise<void> {
  const fixture = await createFixture({ dialects: [modular] });
  try {
    await run(fixture);
  } finally {
    await fixture.stop();
  }
}

const told = async (fixture: Fixture): Promise<number> => (await allDeliveries(fixture)).length;

test('an event of a module that is switched off is told to nobody, from the very next change on, and again afterwards', async () => {
  await withFixture(async (fixture) => {
    const { app } = fixture;
    await app.webhooks.create(caller, webhookInput({ name: 'named', events: ['asset.metadata_changed'] }));
    await app.webhooks.create(caller, webhookInput({ name: 'all', events: ['*'] }));
    // Another process that has matched before, and has its own copy of what is on.
    const other = await fixture.another();
    await report(other, metadataChange('a', 'Final'));
    const before = await told(fixture);
    await app.dialectProperties.update(caller, 'standard', { metadataEnabled: false });
    assert.deepEqual(await app.dialectProperties.eventsOff(caller, 'standard'), ['asset.metadata_changed']);
    await report(other, metadataChange('a', 'Draft'));
    await report(fixture, metadataChange('a', 'Final'));
    assert.equal(await told(fixture), before);
    await app.dialectProperties.update(caller, 'standard', { metadataEnabled: null });
    await report(other, metadataChange('a', 'Draft'));
    assert.equal(await told(fixture), before + 2);
    await other.stop();
  });
});

test('a webhook cannot be made for it, nor be given it; one that has it may be changed otherwise', async () => {
  await withFixture(async ({ app }) => {
    const made = await app.webhooks.create(caller, webhookInput({ events: ['asset.metadata_changed'] }));
    const plain = await app.webhooks.create(caller, webhookInput({ events: ['asset.deleted'] }));
    await app.dialectProperties.update(caller, 'standard', { metadataEnabled: false });
    const wanted = webhookInput({ events: ['asset.metadata_changed', 'asset.deleted'] });
    const isRefused = (error: unknown): boolean => {
      assert.ok(error instanceof AssetwireError);
      assert.equal(error.code, 'invalid_event');
      assert.match(error.message, /asset\.metadata_changed belongs to a module of .* that is switched off/);
      assert.match(error.mend ?? '', /PATCH \/v1\/dialects\/standard\/properties/);
      return true;
    };
    await assert.rejects(app.webhooks.create(caller, wanted), isRefused);
    await assert.rejects(app.webhooks.update(caller, plain.body.id, { events: wanted.events }), isRefused);
    const { events } = await app.webhooks.update(caller, made.body.id, { events: wanted.events });
    assert.deepEqual(events, wanted.events);
    await app.webhooks.create(caller, webhookInput({ events: ['*'] }));
  });
});

test('a switch takes true and false and nothing else', async () => {
  await withFixture(async ({ app }) => {
    const refused = app.dialectProperties.update(caller, 'standard', { metadataEnabled: 0 });
    await assert.rejects(refused, (error) => {
      assert.ok(error instanceof AssetwireError);
      assert.deepEqual(error.problems, [{ at: '/metadataEnabled', wanted: 'true or false', found: '0' }]);
      return true;
    });
  });
});
