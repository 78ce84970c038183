import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import type { WebhookId } from '../core/ids.ts';
import { createAttemptRoom } from './attempt-room.ts';
import { createMemoryFlightLog } from './flight-log.ts';
import { createFreeShelf } from './free-shelf.ts';
import { createLane, type Lane } from './lane.ts';
import { createLateOffers } from './late-offers.ts';
import { createMemoryBudget } from './memory-budget.ts';
import { createEngineRig } from './testing/engine-rig.ts';

it('a turn of the loop ends when its time is over, however many lanes are ready', async () => {
  const flights = createMemoryFlightLog();
  const leaving: number[] = [];
  const rig = await createEngineRig({
    clock: createVirtualClock({ lookMs: 0.05 }),
    flights: {
      ...flights,
      begin: (begun) => {
        leaving.push(begun.length);
        flights.begin(begun);
      },
    },
    options: { turnMsMax: 1 },
  });
  const webhooks = Array.from({ length: 100 }, () => rig.webhook());
  for (const webhook of webhooks) await rig.publish(webhook, 1, { offer: false });
  for (const webhook of webhooks) rig.engine.laneDue('default', webhook);
  await rig.clock.advanceUntil(() => rig.sent.length === webhooks.length, 60_000);
  assert.equal(rig.sent.length, webhooks.length);
  assert.ok(Math.max(...leaving) <= 20, `in one turn: ${Math.max(...leaving)}`);
  await rig.stop();
});

it('a workspace with hundreds of lanes that wait for a signature does not stand before one with one', () => {
  const called: Lane[] = [];
  const room = createAttemptRoom({
    clock: createVirtualClock(),
    unprovenMax: 10,
    doubtedMax: 10,
    signaturesMax: 1,
    attend: (lane) => void called.push(lane),
  });
  const lane = (id: WebhookId, workspaceId: string): Lane => {
    const limits = { waitingMax: 10, pageMax: 10 };
    return createLane(id, workspaceId, createFreeShelf(createMemoryBudget(10, 1_000), createLateOffers(), limits));
  };
  room.awaitSignature();
  assert.equal(room.hasSignatures, false);
  for (let index = 0; index < 300; index += 1) room.parkForSignature(lane(`wh_${index}`, 'large'));
  room.parkForSignature(lane('wh_one', 'small'));
  room.signed();
  assert.deepEqual(
    called.map(({ workspaceId }) => workspaceId),
    ['large', 'small'],
  );
});
