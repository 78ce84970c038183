import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createVault, type Vault } from '../runtime/vault.ts';
import type { App } from './app.ts';
import { createApp } from './create-app.ts';
import { caller, createFixture, webhookInput } from './testing/app-fixture.ts';

const formerKey = new Uint8Array(32).fill(7);
const presentKey = randomBytes(32);

test('SG-15 after a start with both keys nothing needs the former one: secrets of webhooks and the key of links open with the new one alone', async (t) => {
  const fixture = await createFixture();
  t.after(() => fixture.stop());
  const logged: (readonly [string, object])[] = [];
  const logger = {
    info: (event: string, fields: object = {}) => void logged.push([event, fields]),
    warn: () => undefined,
    error: (event: string, fields: object = {}) => void logged.push([event, fields]),
  };
  const started = async (vault: Vault): Promise<App> => {
    const { app } = createApp({ ...fixture.deps, vault, logger });
    await app.start();
    return app;
  };
  const secrets = ['one', 'two', 'three'];
  const ids: string[] = [];
  for (const name of secrets) {
    const secret = `whsec_${Buffer.alloc(32, name).toString('base64')}`;
    const { body } = await fixture.app.webhooks.create(caller, webhookInput({ name, secret }));
    ids.push(body.id);
  }
  await fixture.app.webhooks.rotateSecret(caller, ids[0] ?? '', {});
  const shown = async (app: App): Promise<readonly unknown[]> =>
    Promise.all(ids.map((id) => app.webhooks.revealSecret(caller, id)));
  const before = await shown(fixture.app);

  await started(createVault([presentKey, formerKey]));
  assert.deepEqual(logged.at(-1)?.[0], 'vault.resealed');
  const { resealed } = logged.at(-1)?.[1] as { readonly resealed: number };
  assert.equal(resealed, ids.length + 1, 'a row for each webhook, and the key of links');
  assert.deepEqual(await shown(await started(createVault([presentKey]))), before);

  // Once more, and nothing is left to be done.
  await started(createVault([presentKey, formerKey]));
  assert.deepEqual(logged.at(-1), ['vault.resealed', { ...logged.at(-1)?.[1], resealed: 0 }]);
  const rows = await fixture.storage.read.allResources({ type: 'secret', limit: 100 });
  assert.doesNotMatch(JSON.stringify(rows.items), new RegExp(`v1\\.${createVault([formerKey]).keyId}`));
});

test('what no key opens stays as it is, is counted in the log, and holds up no start', async (t) => {
  const fixture = await createFixture();
  t.after(() => fixture.stop());
  const stranger = createVault([randomBytes(32)]).seal('x', 'somewhere');
  const state = { sealed: stranger };
  const [result] = await fixture.storage.commit([
    {
      workspaceId: 'default',
      atMs: fixture.clock.nowMs(),
      resources: [{ type: 'signing_key', id: 'sgk_strange', expectedVersion: 0, state }],
    },
  ]);
  assert.equal(result?.status, 'applied');
  const errors: object[] = [];
  const logger = {
    info: () => undefined,
    warn: () => undefined,
    error: (event: string, fields: object = {}) => void errors.push({ event, ...fields }),
  };
  const vault = createVault([presentKey, formerKey]);
  await createApp({ ...fixture.deps, vault, logger }).app.start();
  assert.deepEqual(errors, [{ event: 'vault.unreadable', unreadable: 1, keyId: vault.keyId }]);
  const [row] = await fixture.storage.resources([{ workspaceId: 'default', type: 'signing_key', id: 'sgk_strange' }]);
  assert.deepEqual(row?.state, state);
});

test('FK-17 killed after any of its writes, a change of the key goes on at the next start, and meanwhile every secret opens', async (t) => {
  const fixture = await createFixture();
  t.after(() => fixture.stop());
  const ids: string[] = [];
  for (const name of ['one', 'two', 'three', 'four']) {
    ids.push((await fixture.app.webhooks.create(caller, webhookInput({ name }))).body.id);
  }
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const shown = async (app: App): Promise<readonly unknown[]> =>
    Promise.all(ids.map((id) => app.webhooks.revealSecret(caller, id)));
  const before = await shown(fixture.app);
  /** Starts with both keys; of the pages that are sealed anew so many are written, and each holds a row. */
  const startUntil = async (writes: number): Promise<App> => {
    let left = writes;
    const storage = {
      ...fixture.storage,
      health: () => fixture.storage.health(),
      read: {
        ...fixture.storage.read,
        allResources: (query: Parameters<typeof fixture.storage.read.allResources>[0]) =>
          fixture.storage.read.allResources({ ...query, limit: 1 }),
      },
      commit: (items: Parameters<typeof fixture.storage.commit>[0]) => {
        left -= 1;
        return left < 0 ? Promise.reject(new Error('killed')) : fixture.storage.commit(items);
      },
    };
    const { app } = createApp({ ...fixture.deps, storage, vault: createVault([presentKey, formerKey]), logger });
    await app.start();
    return app;
  };
  let kills = 0;
  for (let round = 0; round < 10; round += 1) {
    const killed = await startUntil(1).then(
      () => false,
      () => true,
    );
    const reader = createApp({ ...fixture.deps, vault: createVault([presentKey, formerKey]), logger }).app;
    assert.deepEqual(await shown(reader), before, `after ${kills} kills`);
    if (!killed) break;
    kills += 1;
  }
  assert.ok(kills >= 3, `${kills} kills`);
  const alone = createApp({ ...fixture.deps, vault: createVault([presentKey]), logger }).app;
  await alone.start();
  assert.deepEqual(await shown(alone), before);
});
