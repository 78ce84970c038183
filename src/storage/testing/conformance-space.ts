/** What the store says of the space that it takes: enough to choose how long things are kept. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SpaceKind, SpaceRow } from '../../core/space.ts';
import type { StoreFactory } from './conformance.ts';
import { type World, withWorld } from './world.ts';

const webhook = 'wh_space';
const contentBytes = 4_321;

async function kindsOf(world: World): Promise<ReadonlyMap<SpaceKind, SpaceRow>> {
  const { kinds } = await world.storage.read.space();
  assert.equal(new Set(kinds.map(({ kind }) => kind)).size, kinds.length, 'each kind stands there once');
  return new Map(kinds.map((row) => [row.kind, row]));
}

export function spaceTests(factory: StoreFactory): void {
  describe('space', () => {
    it('says what changes, deliveries, attempts and assets take, how many there are and since when, and what files come to', async () => {
      await withWorld(factory, {}, async (world) => {
        const made = [await world.deliver(webhook), await world.deliver(webhook), await world.deliver(webhook)];
        for (const { delivery } of made.slice(1)) await world.record(delivery, 0);
        await world.apply({
          workspaceId: 'default',
          atMs: world.now(),
          resources: [
            { type: 'blob_use', id: `${'b'.repeat(64)}:ast_1`, expectedVersion: 0, state: { bytes: contentBytes } },
          ],
        });
        const space = await world.storage.read.space();
        assert.deepEqual(space.files, { count: 1, bytes: contentBytes });
        const kinds = await kindsOf(world);
        for (const kind of ['changes', 'deliveries', 'assets'] as const) {
          const row = kinds.get(kind) ?? assert.fail(`${kind} takes no space`);
          assert.ok(row.bytes > 0, `${kind} has ${row.bytes} bytes`);
        }
        const changes = kinds.get('changes');
        assert.ok(changes !== undefined && changes.sinceMs !== null && changes.sinceMs <= world.now());
      });
    });

    it('grows with what is written', async () => {
      await withWorld(factory, {}, async (world) => {
        await world.deliver(webhook);
        const sum = (kinds: ReadonlyMap<SpaceKind, SpaceRow>): number =>
          [...kinds.values()].reduce((total, { bytes }) => total + bytes, 0);
        const before = sum(await kindsOf(world));
        const text = 'words that fill a page '.repeat(2_000);
        const resources = Array.from({ length: 20 }, (_, count) => ({
          type: 'asset' as const,
          id: `ast_space${count}`,
          expectedVersion: 0,
          state: { text: `${count} ${text}` },
        }));
        await world.apply({ workspaceId: 'default', atMs: world.now(), resources });
        const after = await kindsOf(world);
        assert.ok((after.get('assets')?.rows ?? 0) >= resources.length);
        assert.ok(sum(after) > before, `${before} before, ${sum(after)} after`);
      });
    });
  });
}
