/** Erasing a workspace: nothing of it is left, and nothing of anybody else's is gone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EraseCursor, Storage } from '../storage.ts';
import type { StoreFactory } from './conformance.ts';
import { type World, withWorld } from './world.ts';

/** Slices until nothing is left; `slicesMax` stops in the middle. */
async function erase(storage: Storage, slicesMax = 10_000): Promise<EraseCursor | null> {
  let cursor: EraseCursor | null = null;
  for (let slice = 0; slice < slicesMax; slice += 1) {
    cursor = (await storage.eraseWorkspace('gone', cursor)).cursor;
    if (cursor === null) return null;
  }
  return cursor;
}

async function furnish(world: World, workspaceId: string, webhookId: `wh_${string}`): Promise<void> {
  const { id } = (await world.deliver(webhookId, workspaceId)).delivery;
  assert.ok(id.startsWith('dlv_'));
  const ended = await world.deliver(webhookId, workspaceId);
  await world.record(ended.delivery, 0, { next: { state: 'pending', dueAtMs: world.now() }, body: Buffer.from('x') });
  await world.record(ended.delivery, 1, { next: { state: 'dead', endedAtMs: world.now() } });
  await world.apply({
    workspaceId,
    atMs: world.now(),
    resources: [
      { type: 'workspace', id: workspaceId, expectedVersion: 0, state: { name: workspaceId } },
      { type: 'webhook', id: webhookId, expectedVersion: 0, state: { name: 'w' } },
      { type: 'key', id: `key_${workspaceId}`, expectedVersion: 0, state: { name: 'k' }, alias: `hash ${workspaceId}` },
      { type: 'blob_use', id: `${'a'.repeat(64)}:ast_1`, expectedVersion: 0, state: { bytes: 7 } },
    ],
    duties: [{ id: `dty_${workspaceId}`, workspaceId, kind: 'timer', dueAtMs: world.now(), payload: {} }],
    idempotency: {
      key: 'once',
      fingerprint: 'f',
      createdAtMs: world.now(),
      response: { status: 200, body: { said: workspaceId } },
    },
  });
}

/** Everything that can be asked about a workspace. */
async function seen(world: World, workspaceId: string, webhookId: `wh_${string}`): Promise<object> {
  const { storage } = world;
  const page = { workspaceId, limit: 100 };
  const duties = await storage.duties({ nowMs: world.now() + 1, limit: 100 });
  const { items } = await storage.read.deliveries(page);
  return {
    changes: (await storage.read.changes(page)).items.length,
    feed: (await storage.read.feed({ workspaceId, cursor: null, limit: 100 })).changes.length,
    deliveries: items.length,
    pending: (await storage.pending({ webhookId, by: 'position', nowMs: world.now(), limit: 100 })).tasks.length,
    bodies: await Promise.all(items.map(async ({ id }) => (await storage.storedBody(id))?.length ?? 0)),
    stats: (await storage.read.stats({ workspaceId, fromMs: 0, toMs: world.now() + 60_000, bucketMs: 60_000 })).length,
    backlog: (await storage.read.backlog(workspaceId)).length,
    usage: Object.values(await storage.blobUsage(workspaceId)),
    duties: duties.duties.filter((duty) => duty.workspaceId === workspaceId).length,
    rows: await Promise.all(
      (['workspace', 'webhook', 'key'] as const).map(
        async (type) => (await storage.read.resources({ ...page, type })).items.length,
      ),
    ),
    key: (await storage.findByAlias('key', `hash ${workspaceId}`)).length,
    revision: (await storage.revision({ workspaceId, type: 'webhook', id: webhookId }, 1)) !== null,
    idempotency: (await storage.idempotency(workspaceId, 'once')) !== null,
    webhooksRevision: await storage.webhooksRevision(workspaceId),
  };
}

export function eraseTests(factory: StoreFactory): void {
  describe('erasing a workspace', () => {
    it('TN-16 nothing of it is left, in any table, and of others nothing is gone', async () => {
      await withWorld(factory, {}, async (world) => {
        await furnish(world, 'gone', 'wh_gone');
        await furnish(world, 'kept', 'wh_kept');
        const kept = await seen(world, 'kept', 'wh_kept');
        const full = await seen(world, 'gone', 'wh_gone');
        assert.deepEqual(full, kept, 'both were furnished alike');
        assert.equal(await erase(world.storage), null);
        assert.deepEqual(await seen(world, 'gone', 'wh_gone'), {
          changes: 0,
          feed: 0,
          deliveries: 0,
          pending: 0,
          bodies: [],
          stats: 0,
          backlog: 0,
          usage: [0, 0],
          duties: 0,
          rows: [0, 0, 0],
          key: 0,
          revision: false,
          idempotency: false,
          webhooksRevision: 0,
        });
        assert.deepEqual(await seen(world, 'kept', 'wh_kept'), kept);
        assert.deepEqual(await world.storage.eraseWorkspace('gone', null), { cursor: null, removed: 0 });
        await furnish(world, 'gone', 'wh_again');
        assert.deepEqual(await seen(world, 'gone', 'wh_again'), kept, 'the name is free again');
      });
    });

    it('TN-16 LG-10 it goes on where it was after a restart in the middle', async () => {
      await withWorld(factory, {}, async (world) => {
        if (world.reopen === null) return;
        for (let n = 0; n < 300; n += 1) await world.deliver('wh_gone', 'gone');
        await furnish(world, 'kept', 'wh_kept');
        const cursor = await erase(world.storage, 1);
        const storage = await world.reopen();
        let at = cursor;
        do at = (await storage.eraseWorkspace('gone', at)).cursor;
        while (at !== null);
        const left = await storage.read.deliveries({ workspaceId: 'gone', limit: 10 });
        assert.equal(left.items.length, 0);
        assert.equal((await storage.read.deliveries({ workspaceId: 'kept', limit: 10 })).items.length, 2);
      });
    });
  });
}
