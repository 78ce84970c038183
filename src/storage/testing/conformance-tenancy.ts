/**
 * Every question that names a workspace, asked by the owner and by somebody else with the owner's ids. The tables below name
 * each method of the contract, so one that is added without saying how it keeps workspaces apart does not compile.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StorageReads } from '../contract/reads.ts';
import type { Storage } from '../storage.ts';
import type { StoreFactory } from './conformance.ts';
import { type Created, type World, withWorld } from './world.ts';

/** What is answered, as seen by `workspaceId`: an empty list, null or 0 where it may see nothing. */
type Ask = (workspaceId: string) => Promise<unknown>;
/** The reason why a method is asked by no workspace. */
type Unasked = string;

const page = { limit: 50 };

function askedReads({ read }: Storage, owned: Created): Readonly<Record<keyof StorageReads, Ask | Unasked>> {
  const { change, delivery } = owned;
  const subject = delivery.subject;
  const times = { fromMs: change.acceptedAtMs - 3_600_000, toMs: change.acceptedAtMs + 3_600_000 };
  return {
    assets: async (workspaceId) => (await read.assets({ workspaceId, ...page })).items,
    resources: async (workspaceId) => (await read.resources({ workspaceId, type: 'asset', ...page })).items,
    countResources: (workspaceId) => read.countResources({ workspaceId, type: 'asset', max: 9 }),
    allResources: 'loads indexes at start, over all workspaces',
    change: (workspaceId) => read.change(workspaceId, change.id),
    changes: async (workspaceId) => (await read.changes({ workspaceId, subject, ...page })).items,
    tryChanges: async (workspaceId) => {
      const query = { workspaceId, ids: [change.id], wanted: [change.kind], examinedMax: 50, ...page };
      return (await read.tryChanges(query)).items;
    },
    feed: async (workspaceId) => (await read.feed({ workspaceId, cursor: null, limit: 50 })).changes,
    delivery: (workspaceId) => read.delivery(workspaceId, delivery.id),
    deliveryOfMessage: 'finds whose a message is, over all workspaces',
    deliveries: async (workspaceId) => {
      const { webhookId, changeId } = delivery;
      const asked = [{}, { webhookId }, { changeId }, { subject }, { states: ['pending', 'delivered'] as const }];
      const found = await Promise.all(asked.map((query) => read.deliveries({ workspaceId, ...page, ...query })));
      return found.flatMap(({ items }) => items);
    },
    countDeliveries: (workspaceId) => read.countDeliveries({ workspaceId, webhookId: delivery.webhookId }),
    countChanges: (workspaceId) => read.countChanges({ workspaceId, subject }),
    stats: (workspaceId) => read.stats({ workspaceId, webhookId: delivery.webhookId, bucketMs: 60_000, ...times }),
    backlog: (workspaceId) => read.backlog(workspaceId),
    missed: (workspaceId) => read.missed(workspaceId),
    space: 'is of the whole store, for whoever runs it',
  };
}

type Keyed = Exclude<
  keyof Storage,
  'read' | 'start' | 'stop' | 'commit' | 'record' | 'cluster' | 'maintain' | 'health'
>;

function askedKeyed(storage: Storage, { item }: Created, key: string): Readonly<Record<Keyed, Ask | Unasked>> {
  const [asset] = item.resources ?? [];
  assert.ok(asset?.alias !== undefined, 'a sample writes an asset with an alias');
  const { type, id, alias } = asset;
  const engine = 'is asked by the engine for what it owes, by ids that it drew itself';
  return {
    resources: async (workspaceId) =>
      (await storage.resources([{ workspaceId, type, id }])).filter((one) => one !== null),
    findByAlias: (workspaceId) => storage.findByAlias(type, alias, workspaceId),
    findByAliases: async (workspaceId) => {
      const found = await storage.findByAliases({ workspaceId, type, aliases: [alias] });
      return found.filter((one) => one !== null);
    },
    revision: (workspaceId) => storage.revision({ workspaceId, type: 'webhook', id: 'wh_tenancy' }, 1),
    webhooksRevision: (workspaceId) => storage.webhooksRevision(workspaceId),
    blobUsage: async (workspaceId) => (await storage.blobUsage(workspaceId)).files,
    idempotency: (workspaceId) => storage.idempotency(workspaceId, key),
    lanes: engine,
    pending: engine,
    storedBody: engine,
    duties: engine,
    eraseWorkspace: 'takes everything of one workspace: has tests of its own',
    eraseHistory: 'takes the past of one workspace: has tests of its own',
  };
}

/** One workspace with something for every question; the other has been there, and owns nothing of it. */
async function furnish(world: World): Promise<{ readonly owned: Created; readonly key: string }> {
  const owned = await world.deliver('wh_tenancy', 'mine');
  await world.record(owned.delivery, 0);
  const waiting = world.again(owned, 'wh_tenancy');
  const key = 'key-of-mine';
  const atMs = world.now();
  await world.apply({
    workspaceId: 'mine',
    atMs,
    deliveries: [waiting],
    webhooksRevision: 0,
    resources: [
      { type: 'webhook', id: 'wh_tenancy', expectedVersion: 0, state: { name: 'one' } },
      { type: 'blob_use', id: `${'a'.repeat(64)}:ast_1`, expectedVersion: 0, state: { bytes: 7 } },
    ],
    missed: [{ webhookId: 'wh_tenancy', count: 3 }],
    idempotency: { key, fingerprint: 'f', createdAtMs: atMs, response: { status: 202, body: {} } },
  });
  await world.apply({
    workspaceId: 'mine',
    atMs,
    resources: [{ type: 'webhook', id: 'wh_tenancy', expectedVersion: 1, state: { name: 'two' } }],
  });
  await world.apply({ workspaceId: 'theirs', atMs, changes: [], missed: [{ webhookId: 'wh_theirs', count: 0 }] });
  return { owned, key };
}

const isNothing = (answer: unknown): boolean =>
  answer === null || answer === 0 || (Array.isArray(answer) && answer.length === 0);

export function tenancyTests(factory: StoreFactory): void {
  describe('workspaces apart', () => {
    it('TN-09 every question that names a workspace answers its owner, and nobody else', async () => {
      await withWorld(factory, {}, async (world) => {
        const { owned, key } = await furnish(world);
        const asked = { ...askedKeyed(world.storage, owned, key), ...askedReads(world.storage, owned) };
        const questions = Object.entries(asked).filter((entry): entry is [string, Ask] => typeof entry[1] !== 'string');
        assert.ok(questions.length >= 20);
        for (const [name, ask] of questions) {
          assert.ok(!isNothing(await ask('mine')), `${name} answers its owner`);
          const answer = await ask('theirs');
          assert.ok(isNothing(answer), `${name} answers somebody else: ${JSON.stringify(answer)}`);
          assert.ok(isNothing(await ask('nobody')), `${name} answers a workspace that never was`);
          assert.ok(isNothing(await ask('')), `${name} takes no name for every name`);
        }
      });
    });
  });
}
