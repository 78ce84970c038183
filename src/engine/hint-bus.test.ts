import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Hint } from '../core/hint.ts';
import { messageBytesMax } from '../storage/contract/cluster-store.ts';
import { createHintBus } from './hint-bus.ts';

const log = { info() {}, warn() {}, error() {} };

function createRig() {
  const messages: string[] = [];
  const waiting: (() => void)[] = [];
  const turns: (() => void)[] = [];
  let now = 0;
  let deliver: (text: string) => void = () => undefined;
  const rig = {
    messages,
    fails: false,
    /** Ends the turn, lets what is on its way arrive, and goes on until nothing is left. */
    async run() {
      for (let round = 0; round < 50; round += 1) {
        for (const turn of turns.splice(0)) turn();
        for (const arrive of waiting.splice(0)) arrive();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    turn: () => turns.splice(0).forEach((turn) => void turn()),
    hear: (text: string) => deliver(text),
    bus: createHintBus({
      cluster: {
        tell: (message) =>
          new Promise((resolve, reject) => {
            messages.push(message);
            waiting.push(() => (rig.fails ? reject(new Error('away')) : resolve()));
          }),
        listen(ears) {
          deliver = (text) => ears.message(text);
          return () => undefined;
        },
      },
      clock: { monotonicMs: () => (now += 10), timer: (_ms, fire) => (turns.push(fire), { cancel() {} }) },
      endOfTurn: (turn) => void turns.push(turn),
      log,
    }),
  };
  return rig;
}

const lane = (n: number): Hint => ({ kind: 'lane', workspaceId: 'default', webhookId: `wh_${n}` });

it('what one turn brings is one message, and what says the same is said once', async () => {
  const { bus, messages, run } = createRig();
  for (const n of [1, 2, 1, 2, 3]) bus.tell(lane(n));
  await run();
  assert.deepEqual(
    messages.map((message) => JSON.parse(message) as Hint[]),
    [[lane(1), lane(2), lane(3)]],
  );
});

it('while a message is on its way the next one fills; none is longer than may be, and nothing is left out', async () => {
  const { bus, messages, run, turn } = createRig();
  bus.tell(lane(0));
  turn();
  assert.equal(messages.length, 1);
  for (let n = 1; n <= 500; n += 1) bus.tell(lane(n));
  turn();
  assert.equal(messages.length, 1);
  await run();
  assert.ok(messages.every((message) => Buffer.byteLength(message) <= messageBytesMax));
  assert.ok(messages.length > 2 && messages.length < 10, `${messages.length}`);
  assert.equal(messages.flatMap((message) => JSON.parse(message) as Hint[]).length, 501);
});

it('the longest hint that a message takes is sent, and a longer one holds up no other', async () => {
  const { bus, messages, run } = createRig();
  const bare = Buffer.byteLength(JSON.stringify([lane(0)])) - 1;
  const ofBytes = (bytes: number): Hint => ({
    kind: 'lane',
    workspaceId: 'default',
    webhookId: `wh_${'0'.repeat(bytes - bare)}`,
  });
  const sizes = [0, 1, 2, 3].map((less) => messageBytesMax - less);
  for (const bytes of sizes) bus.tell(ofBytes(bytes));
  bus.tell(lane(1));
  await run();
  const told = messages.flatMap((message) => JSON.parse(message) as Hint[]);
  assert.deepEqual(told.at(-1), lane(1));
  assert.equal(told.length + bus.stats().dropped, sizes.length + 1);
  assert.ok(messages.length <= told.length, `${messages.length} messages for ${told.length} hints`);
});

it('a store that does not answer loses hints and nothing else; memory is bounded', async () => {
  const rig = createRig();
  rig.fails = true;
  for (let n = 0; n < 10_000; n += 1) rig.bus.tell(lane(n));
  assert.ok(rig.bus.stats().dropped > 5_000);
  await rig.run();
  rig.fails = false;
  const before = rig.messages.length;
  rig.bus.tell({ kind: 'leases' });
  await rig.run();
  assert.equal(rig.messages.at(before), '[{"kind":"leases"}]');
});

it('what others say is heard, and what is no message of ours is passed over', async () => {
  const { bus, hear } = createRig();
  const heard: Hint[] = [];
  bus.start();
  const stop = bus.hear((hint) => void heard.push(hint));
  hear('[{"kind":"duties"},5,null,{"no":"kind"}]');
  hear('{]');
  hear('{"kind":"duties"}');
  assert.deepEqual(heard, [{ kind: 'duties' }]);
  stop();
  hear('[{"kind":"duties"}]');
  assert.equal(heard.length, 1);
});
