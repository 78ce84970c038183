/** Taking somebody or something out of the past: the rows stay, what they said is gone, and of others nothing is. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ErasedPast } from '../../core/erased-past.ts';
import type { EraseCursor, Storage } from '../storage.ts';
import type { StoreFactory } from './conformance.ts';
import { type Created, type World, withWorld } from './world.ts';

async function erase(storage: Storage, past: ErasedPast, slicesMax = 10_000): Promise<EraseCursor | null> {
  let cursor: EraseCursor | null = null;
  for (let slice = 0; slice < slicesMax; slice += 1) {
    cursor = (await storage.eraseHistory('default', past, cursor)).cursor;
    if (cursor === null) return null;
  }
  return cursor;
}

const day = 24 * 3_600_000;
const secret = 'Rosa Beispiel';
const mail = 'rosa@beispiel.example';

/** An asset with somebody's name in its state, told of twice: one delivery ended after two attempts, one is still owed. */
async function tell(world: World, workspaceId = 'default'): Promise<{ ended: Created; owed: Created }> {
  const told = async (webhookId: `wh_${string}`): Promise<Created> => {
    const created = world.created(webhookId, workspaceId);
    const [given] = created.item.changes ?? [];
    assert.ok(given !== undefined);
    const change = {
      ...given.change,
      actor: { type: 'user', id: 'usr_rosa', name: secret },
      after: { ...given.change.after, info: { contact: `Ask ${mail} or ${secret}`, credit: 'Rosa' } },
    } as const;
    await world.apply({ ...created.item, changes: [{ ...given, change }] });
    return { ...created, change };
  };
  const ended = await told(`wh_ended_${workspaceId}`);
  const body = Buffer.from(`{"credit":"${secret}"}`);
  await world.record(ended.delivery, 0, { next: { state: 'pending', dueAtMs: world.now() }, body });
  await world.record(ended.delivery, 1, { next: { state: 'dead', endedAtMs: world.now() } });
  const owed = await told(`wh_owed_${workspaceId}`);
  await world.record(owed.delivery, 0, { next: { state: 'pending', dueAtMs: world.now() }, body });
  return { ended, owed };
}

/** Everything that is remembered of what was told, as text. */
async function remembered(
  { storage, now }: World,
  { ended, owed }: { ended: Created; owed: Created },
): Promise<string> {
  const { workspaceId } = ended.item;
  const all: unknown[] = [await storage.idempotency(workspaceId, 'once')];
  for (const { change, delivery } of [ended, owed]) {
    all.push(await storage.read.change(workspaceId, change.id));
    all.push(await storage.read.delivery(workspaceId, delivery.id));
    all.push(String(Buffer.from((await storage.storedBody(delivery.id)) ?? [])));
    all.push(await storage.pending({ webhookId: delivery.webhookId, by: 'position', nowMs: now(), limit: 10 }));
  }
  all.push((await storage.read.feed({ workspaceId, cursor: null, limit: 100 })).changes);
  return JSON.stringify(all);
}

export function eraseHistoryTests(factory: StoreFactory): void {
  describe('erasing out of the past', () => {
    it('LG-10 of a subject nothing is left but that something happened, and of others nothing is gone', async () => {
      await withWorld(factory, {}, async (world) => {
        const [gone, kept, foreign] = [await tell(world), await tell(world), await tell(world, 'other')];
        const [ofKept, ofForeign] = [await remembered(world, kept), await remembered(world, foreign)];
        for (const { change } of [gone.ended, gone.owed])
          assert.equal(await erase(world.storage, { subject: `asset:${change.subject.id}` }), null);
        for (const { change, delivery } of [gone.ended, gone.owed]) {
          const left = await world.storage.read.change('default', change.id);
          assert.deepEqual(
            [left?.erased, left?.before, left?.after, left?.changed, left?.kind, left?.actor.name],
            [true, null, null, [], change.kind, undefined],
          );
          assert.equal(left?.subject.externalId, undefined);
          const shown = await world.storage.read.delivery('default', delivery.id);
          assert.deepEqual([shown?.attempts, shown?.storedBody], [[], null]);
          assert.equal(shown?.summary.attempts, delivery.id === gone.ended.delivery.id ? 2 : 1, 'the count stays');
        }
        const texts = [secret, mail, 'Rosa'];
        const feed = JSON.stringify(
          (await world.storage.read.feed({ workspaceId: 'default', cursor: null, limit: 100 })).changes.slice(0, 2),
        );
        for (const text of texts) assert.ok(!feed.includes(text), text);
        assert.deepEqual(JSON.parse(await remembered(world, kept))[1], JSON.parse(ofKept)[1]);
        assert.equal(await remembered(world, foreign), ofForeign, 'another workspace');
      });
    });

    it('LG-10 a person is replaced wherever he is named, and what did not name him is not touched', async () => {
      await withWorld(factory, {}, async (world) => {
        const told = await tell(world);
        const foreign = await tell(world, 'other');
        const other = await world.deliver('wh_third');
        await world.record(other.delivery, 0, { next: { state: 'dead', endedAtMs: world.now() } });
        await world.apply({
          workspaceId: 'default',
          atMs: world.now(),
          idempotency: {
            key: 'once',
            fingerprint: 'f',
            createdAtMs: world.now(),
            response: { status: 200, body: { by: secret } },
          },
        });
        const before = await world.storage.read.delivery('default', other.delivery.id);
        const ofForeign = await remembered(world, foreign);
        assert.match(await remembered(world, told), /Rosa Beispiel/);
        assert.equal(await erase(world.storage, { texts: ['usr_rosa', secret, mail] }), null);
        const left = await remembered(world, told);
        for (const text of ['usr_rosa', secret, mail])
          assert.ok(!left.toLowerCase().includes(text.toLowerCase()), text);
        const change = await world.storage.read.change('default', told.ended.change.id);
        assert.deepEqual(change?.actor, { type: 'user', id: 'erased', name: 'erased' });
        assert.deepEqual(change?.after?.['info'], { contact: 'Ask erased or erased', credit: 'Rosa' });
        assert.equal(await world.storage.idempotency('default', 'once'), null);
        assert.deepEqual(await world.storage.read.delivery('default', other.delivery.id), before);
        assert.equal(await remembered(world, foreign), ofForeign, 'another workspace');
      });
    });

    it('LG-10 a change that is kept beyond its time, because it is still owed, is erased where it is kept', async () => {
      await withWorld(factory, { keepMs: 30 * day, partitionRowsMax: 20 }, async (world) => {
        const { owed } = await tell(world);
        const fill = async (): Promise<void> => {
          for (let n = 0; n < 60; n += 1) await world.deliver('wh_filler');
        };
        await fill();
        world.clock.advance(31 * day);
        await fill();
        for (let slices = 0; slices < 10_000; slices += 1) if (!(await world.storage.maintain(world.now())).more) break;
        assert.equal((await world.storage.read.change('default', owed.change.id))?.actor.name, secret);
        assert.equal(await erase(world.storage, { texts: [secret] }), null);
        const kept = await world.storage.read.change('default', owed.change.id);
        assert.deepEqual([kept?.actor.name, kept?.erased], ['erased', true]);
      });
    });

    it('LG-10 it goes on where it was after a restart in the middle, and doing it twice changes nothing more', async () => {
      await withWorld(factory, {}, async (world) => {
        if (world.reopen === null) return;
        for (let n = 0; n < 300; n += 1) await world.deliver('wh_many');
        const told = await tell(world);
        const past = { texts: [secret] };
        const cursor = await erase(world.storage, past, 1);
        const storage = await world.reopen();
        let at = cursor;
        do at = (await storage.eraseHistory('default', past, at)).cursor;
        while (at !== null);
        const left = await remembered({ ...world, storage }, told);
        assert.ok(!left.includes(secret));
        assert.equal(await erase(storage, past), null);
        assert.equal(await remembered({ ...world, storage }, told), left);
      });
    });
  });
}
