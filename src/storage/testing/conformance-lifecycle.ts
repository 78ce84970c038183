/** Start, stop, and what is answered in between. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StoreFactory } from './conformance.ts';
import { createHeldClock, withWorld } from './world.ts';

export function lifecycleTests(factory: StoreFactory): void {
  describe('lifecycle', () => {
    it('stop twice and start twice are harmless', async () => {
      const opened = await factory.open(createHeldClock());
      await opened.storage.start();
      await opened.storage.stop();
      await opened.storage.stop();
      assert.equal(opened.storage.health().state, 'stopped');
      await opened.close();
    });

    it('a stopped store refuses calls with shutting_down', async () => {
      const opened = await factory.open(createHeldClock());
      await opened.storage.stop();
      await assert.rejects(opened.storage.commit([{ workspaceId: 'default', atMs: 1 }]), { code: 'shutting_down' });
      await assert.rejects(opened.storage.lanes({ after: null, limit: 1 }), { code: 'shutting_down' });
      await opened.close();
    });

    it('stop finishes what was handed over before it', async () => {
      await withWorld(factory, {}, async (world) => {
        const items = Array.from({ length: 50 }, () => world.created('wh_stop').item);
        const committed = items.map((item) => world.storage.commit([item]));
        const stopped = world.storage.stop();
        const results = await Promise.all(committed);
        assert.ok(results.every(([result]) => result?.status === 'applied'));
        await stopped;
      });
    });

    it('every start raises the epoch, and what was committed is there', async () => {
      await withWorld(factory, {}, async (world) => {
        if (world.reopen === null) return;
        const { delivery, change } = await world.deliver('wh_kept');
        const before = world.storage.health().epoch;
        const storage = await world.reopen();
        assert.ok(storage.health().epoch > before);
        const page = await storage.pending({ webhookId: 'wh_kept', by: 'due', nowMs: world.now(), limit: 10 });
        assert.deepEqual(page.tasks, [{ delivery: { ...delivery, attempts: 0 }, change }]);
        await storage.stop();
      });
    });

    it('health tells what waits and under which epoch is written', async () => {
      await withWorld(factory, {}, async ({ storage }) => {
        const health = storage.health();
        assert.equal(health.state, 'ok');
        assert.equal(health.waiting, 0);
        assert.ok(health.epoch >= 1);
      });
    });
  });
}
