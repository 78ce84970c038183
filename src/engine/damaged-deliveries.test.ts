import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeliveryId } from '../core/ids.ts';
import type { Storage } from '../storage/storage.ts';
import { createEngineRig } from './testing/engine-rig.ts';

const reason = 'What is stored of it or of its change is damaged';

/** A store that cannot make sense of some deliveries. */
function damaged(store: Storage, unreadable: ReadonlySet<DeliveryId>): Storage {
  return {
    ...store,
    async pending(query) {
      const page = await store.pending(query);
      const broken = page.tasks.filter(({ delivery }) => unreadable.has(delivery.id));
      if (broken.length === 0) return page;
      return {
        ...page,
        tasks: page.tasks.filter(({ delivery }) => !unreadable.has(delivery.id)),
        unreadable: broken.map(({ delivery }) => ({ deliveryId: delivery.id, reason })),
      };
    },
  };
}

for (const order of ['none', 'webhook'] as const) {
  test(`FD-15 what cannot be read ends dead, the others are delivered (order ${order})`, async () => {
    const broken = new Set<DeliveryId>();
    const rig = await createEngineRig({ wrapStore: (store) => damaged(store, broken) });
    const webhookId = rig.webhook({ order });
    const made = await rig.publish(webhookId, 40, { offer: false });
    for (const id of made.slice(0, 11)) broken.add(id);
    for (const id of made.slice(20, 30)) broken.add(id);
    rig.engine.webhookChanged('default', webhookId);
    await rig.clock.advance(60_000);
    const states = new Map<string, number>();
    for (const id of made) {
      const { summary } = await rig.detail(id);
      const key = `${summary.state} ${summary.reason ?? ''} ${broken.has(id) ? 'broken' : 'whole'}`;
      states.set(key, (states.get(key) ?? 0) + 1);
    }
    assert.deepEqual(
      [...states],
      [
        [`dead ${reason} broken`, 21],
        ['delivered  whole', 19],
      ],
    );
    await rig.stop();
  });
}
