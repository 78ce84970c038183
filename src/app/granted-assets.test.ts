import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../runtime/clock.ts';
import { AssetwireError } from '../core/errors.ts';
import type { AssetCases, AssetView, AssetWriteOptions, Caller } from './app.ts';
import { grantedAssets } from './granted-assets.ts';

const id = 'ast_01m93k7q5v8x2c4r6t8w0y1z3b';
const holder: Caller = {
  workspaceId: 'default',
  actor: { type: 'key', id: 'key_1' },
  keyId: 'key_1',
  scopes: new Set(),
  admin: false,
  grants: [{ resource: { type: 'folder', path: '/ours' }, scopes: ['assets:read', 'assets:write'] }],
};

/** An asset that is at `version`, and seen at `seen`, whose folder is what `path` says at the moment it is asked. */
function casesOf(given: { readonly seen: () => number; readonly version: number; readonly path: () => string }) {
  const view = (): AssetView => {
    const state = { name: 'a.png', path: given.path(), collections: [] } as unknown as AssetView['state'];
    return { id, version: given.seen(), state } as AssetView;
  };
  const write = (_: Caller, _reference: string, options: AssetWriteOptions = {}) => {
    if (options.expected !== undefined && options.expected !== given.version)
      return Promise.reject(new AssetwireError('conflict', { detail: `at version ${given.version}` }));
    options.allowed?.(view());
    return Promise.resolve({ status: 200, body: view() });
  };
  return { get: () => Promise.resolve(view()), checkOut: write, addVersion: write } as unknown as AssetCases;
}

/** Fires at once and notes for how long it was asked to wait. */
function noting(waits: number[], after: () => void = () => undefined): Pick<Clock, 'timer'> {
  return {
    timer: (delayMs, fire) => {
      waits.push(delayMs);
      after();
      queueMicrotask(fire);
      return { cancel: () => undefined };
    },
  };
}

test('what inspection writes while a grant is looked at is no conflict of the caller: it is waited for', async () => {
  const waits: number[] = [];
  let seen = 2;
  const clock = noting(waits, () => {
    if (waits.length === 2) seen = 3;
  });
  const assets = grantedAssets(casesOf({ seen: () => seen, version: 3, path: () => '/ours/a' }), clock);
  assert.equal((await assets.checkOut(holder, id)).status, 200);
  assert.deepEqual(waits, [5, 20]);
});

test('a version that the caller names is his to get right, and one that never comes into sight is a conflict', async () => {
  const waits: number[] = [];
  const assets = grantedAssets(casesOf({ seen: () => 2, version: 3, path: () => '/ours/a' }), noting(waits));
  await assert.rejects(assets.checkOut(holder, id, { expected: 2 }), { code: 'conflict' });
  assert.deepEqual(waits, []);
  await assert.rejects(assets.checkOut(holder, id), { code: 'conflict' });
  assert.deepEqual(waits, [5, 20, 80, 320]);
});

test('a file is taken whatever version the asset came to meanwhile, but not where it was moved out of sight', async () => {
  let path = '/ours/a';
  const assets = grantedAssets(casesOf({ seen: () => 2, version: 3, path: () => path }), noting([]));
  const upload = {} as Parameters<AssetCases['addVersion']>[2];
  assert.equal((await assets.addVersion(holder, id, upload)).status, 200);
  let looks = 0;
  const moving = grantedAssets(
    casesOf({ seen: () => 2, version: 3, path: () => ((looks += 1) > 1 ? '/theirs' : '/ours/a') }),
    noting([]),
  );
  await assert.rejects(moving.addVersion(holder, id, upload), { code: 'not_found' });
  path = '/theirs';
  await assert.rejects(assets.addVersion(holder, id, upload), { code: 'not_found' });
});
