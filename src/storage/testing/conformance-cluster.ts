/** What every store that many processes share must do: leases, heartbeats, fences, shards, messages. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ClusterView, SeenLease } from '../../core/cluster.ts';
import { createIdSource } from '../../core/id-source.ts';
import type { WebhookId } from '../../core/ids.ts';
import { shardCount, shardOf } from '../../core/shard.ts';
import { type ClusterStore, type MemberBeat, messageBytesMax } from '../contract/cluster-store.ts';
import { type RecordItem, unfenced } from '../contract/record-item.ts';
import type { Storage } from '../storage.ts';
import { sampleCommit, sampleRecord } from './samples.ts';
import { seededBytes } from './world.ts';

/** Two processes on one empty store, started; `stop` ends both. */
export type ClusterPair = { readonly one: Storage; readonly two: Storage; stop(): Promise<void> };

export type ClusterSuite = {
  readonly open: () => Promise<ClusterPair>;
  /** Breaks the connection that `two` listens by; null where there is none to break. */
  readonly breakConnection: ((pair: ClusterPair) => Promise<void>) | null;
};

export function clusterConformance({ open, breakConnection }: ClusterSuite): void {
  it('a heartbeat makes a member and shows all 256 leases, held by nobody at first', async () => {
    const pair = await open();
    const view = await beat(pair.one, 'm_one');
    assert.equal(view.leases.length, shardCount);
    assert.ok(
      view.leases.every(({ shard, epoch, holder }, index) => shard === index && epoch === 0 && holder === null),
    );
    const [member] = view.members;
    assert.deepEqual([member?.id, member?.beat, member?.expired, member?.role], ['m_one', 1, false, 'worker']);
    assert.equal((await beat(pair.one, 'm_one')).members[0]?.beat, 2);
    assert.ok(view.nowMs > 1_700_000_000_000, 'the database says what time it is');
    await pair.stop();
  });

  it('leases are taken as they were seen, once, under a new epoch', async () => {
    const pair = await open();
    const seen = await beat(pair.one, 'm_one');
    const wanted = [0, 7, 255].map((shard) => lease(seen, shard));
    const taken = await beat(pair.one, 'm_one', { acquire: wanted });
    for (const shard of [0, 7, 255]) {
      assert.equal(taken.leases[shard]?.holder, 'm_one');
      assert.ok((taken.leases[shard]?.epoch ?? 0) > 0);
    }
    // The other one saw them free, and comes too late.
    const late = await beat(pair.two, 'm_two', { acquire: [...wanted, lease(seen, 8)] });
    assert.deepEqual(
      [0, 7, 8, 255].map((shard) => late.leases[shard]?.holder),
      ['m_one', 'm_one', 'm_two', 'm_one'],
    );
    await pair.stop();
  });

  it('two who want the same at once share it without loss', async () => {
    const pair = await open();
    const seen = await beat(pair.one, 'm_one');
    await beat(pair.two, 'm_two');
    const all = seen.leases.map(({ shard }) => lease(seen, shard));
    await Promise.all([beat(pair.one, 'm_one', { acquire: all }), beat(pair.two, 'm_two', { acquire: all })]);
    const { leases } = await cluster(pair.one).view();
    assert.ok(leases.every(({ epoch, holder }) => epoch > 0 && (holder === 'm_one' || holder === 'm_two')));
    await pair.stop();
  });

  it('a lease is not taken from a holder whose heart has beaten since it was seen, and is from one that has not', async () => {
    const pair = await open();
    const seen = await beat(pair.one, 'm_one');
    await beat(pair.one, 'm_one', { acquire: [lease(seen, 3)] });
    const before = await beat(pair.two, 'm_two');
    await beat(pair.one, 'm_one');
    const refused = await beat(pair.two, 'm_two', { acquire: [lease(before, 3)] });
    assert.equal(refused.leases[3]?.holder, 'm_one');
    const taken = await beat(pair.two, 'm_two', { acquire: [lease(refused, 3)] });
    assert.equal(taken.leases[3]?.holder, 'm_two');
    assert.ok(lease(taken, 3).epoch > lease(refused, 3).epoch);
    await pair.stop();
  });

  it('what is released is free and keeps its epoch; only its holder can release it', async () => {
    const pair = await open();
    const seen = await beat(pair.one, 'm_one');
    const taken = await beat(pair.one, 'm_one', { acquire: [lease(seen, 3), lease(seen, 4)] });
    assert.equal((await beat(pair.two, 'm_two', { release: [3] })).leases[3]?.holder, 'm_one');
    const released = await beat(pair.one, 'm_one', { release: [3] });
    assert.deepEqual(released.leases[3], { shard: 3, epoch: lease(taken, 3).epoch, holder: null });
    await cluster(pair.one).leave('m_one');
    const { leases, members } = await cluster(pair.two).view();
    assert.deepEqual(leases[4], { shard: 4, epoch: lease(taken, 4).epoch, holder: null });
    assert.deepEqual(
      members.map(({ id }) => id),
      ['m_two'],
    );
    await pair.stop();
  });

  it('a member on the node of a former one takes over at once what that one held', async () => {
    const pair = await open();
    const seen = await beat(pair.one, 'm_old', { node: 'here' });
    const before = await beat(pair.one, 'm_old', { node: 'here', acquire: [lease(seen, 3)] });
    const view = await beat(pair.two, 'm_new', { node: 'here' });
    assert.equal(view.leases[3]?.holder, 'm_new');
    assert.ok(lease(view, 3).epoch > lease(before, 3).epoch);
    assert.deepEqual(
      view.members.map(({ id }) => id),
      ['m_new'],
    );
    await pair.stop();
  });

  it('a heartbeat that is over is shown as expired', async () => {
    const pair = await open();
    await beat(pair.one, 'm_one', { leaseMs: 0 });
    const { members } = await cluster(pair.two).view();
    assert.equal(members[0]?.expired, true);
    await pair.stop();
  });

  it('INV-6 a result under an older epoch is fenced, one under the present epoch or beside the lanes is not', async () => {
    const pair = await open();
    const hooks = [webhookOf(9), webhookOf(10), webhookOf(11)];
    const [first, second, third] = await owe(pair.one, hooks);
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const seen = await beat(pair.one, 'm_one');
    const old = await beat(pair.one, 'm_one', { acquire: [9, 10, 11].map((shard) => lease(seen, shard)) });
    const view = await beat(pair.two, 'm_two', { acquire: [9, 10, 11].map((shard) => lease(old, shard)) });
    assert.deepEqual(
      await pair.one.record([
        { ...first, epoch: lease(old, 9).epoch },
        { ...second, epoch: lease(view, 10).epoch },
        { ...third, epoch: unfenced },
      ]),
      ['fenced', 'recorded', 'recorded'],
    );
    assert.deepEqual(await pair.two.record([{ ...first, epoch: lease(view, 9).epoch }]), ['recorded']);
    await pair.stop();
  });

  it('FR-06 of two processes that both believe to hold a lane, one alone makes a retry of an attempt, once', async () => {
    const pair = await open();
    const [item] = await owe(pair.one, [webhookOf(9)]);
    assert.ok(item !== undefined);
    const seen = await beat(pair.one, 'm_one');
    const old = await beat(pair.one, 'm_one', { acquire: [lease(seen, 9)] });
    const view = await beat(pair.two, 'm_two', { acquire: [lease(old, 9)] });
    // The one that was cut off still tries, and its word to the store comes first, last, or at the same time as the other's.
    const again = (view: ClusterView, dueAtMs: number, attemptsBefore: number): RecordItem => ({
      ...item,
      epoch: lease(view, 9).epoch,
      attemptsBefore,
      attempt: { ...item.attempt, number: attemptsBefore + 1 },
      next: { state: 'pending', dueAtMs },
    });
    assert.deepEqual(await pair.one.record([again(old, 111, 0)]), ['fenced']);
    assert.deepEqual(
      await Promise.all([pair.one.record([again(old, 222, 0)]), pair.two.record([again(view, 333, 0)])]),
      [['fenced'], ['recorded']],
    );
    assert.deepEqual(
      await pair.one.record([again(old, 444, 1)]),
      ['fenced'],
      'nor does it go on from what it can read',
    );
    const { tasks } = await pair.two.pending({ webhookId: item.webhookId, by: 'due', nowMs: atMs, limit: 10 });
    assert.deepEqual(
      tasks.map(({ delivery: { id, attempts, dueAtMs } }) => ({ id, attempts, dueAtMs })),
      [{ id: item.deliveryId, attempts: 1, dueAtMs: 333 }],
    );
    await pair.stop();
  });

  it('lanes are found by their shards, page by page', async () => {
    const pair = await open();
    const hooks = Array.from({ length: 24 }, (_, index) => webhookOf(index * 10));
    await owe(pair.one, hooks);
    const shards = [0, 50, 100, 230];
    const found: WebhookId[] = [];
    for (let after: WebhookId | null = null; ; ) {
      const page: Awaited<ReturnType<Storage['lanes']>> = await pair.two.lanes({ after, limit: 3, shards });
      found.push(...page.map(({ webhookId }) => webhookId));
      after = page.at(-1)?.webhookId ?? null;
      if (page.length < 3) break;
    }
    assert.deepEqual(
      found.map(shardOf).toSorted((left, right) => left - right),
      shards,
    );
    assert.equal((await pair.one.lanes({ after: null, limit: 100 })).length, 24);
    await pair.stop();
  });

  it('duties are found by their shards', async () => {
    const pair = await open();
    const ids = Array.from({ length: 40 }, (_, index) => `dty_01h455vb4pex5vsknk0${String(10_000 + index)}` as const);
    await pair.one.commit(
      ids.map((id) => ({
        workspaceId: 'default',
        atMs: 1_000,
        duties: [{ id, workspaceId: 'default', kind: 'timer', dueAtMs: 1_000, payload: {} }],
      })),
    );
    const shards = ids.slice(0, 5).map(shardOf);
    const { duties } = await pair.two.duties({ nowMs: 2_000, limit: 100, shards });
    const wanted = ids.filter((id) => shards.includes(shardOf(id)));
    assert.deepEqual(duties.map(({ id }) => id).toSorted(), wanted.toSorted());
    assert.equal((await pair.two.duties({ nowMs: 2_000, limit: 100 })).duties.length, 40);
    await pair.stop();
  });

  it('what one process tells, the others hear, whole and in order, and it does not hear itself', async () => {
    const pair = await open();
    const heard: string[] = [];
    const echoes: string[] = [];
    let gaps = 0;
    const ears = { message: (text: string) => void heard.push(text), gap: () => void (gaps += 1) };
    const stops = [
      cluster(pair.two).listen(ears),
      cluster(pair.one).listen({ message: (text) => void echoes.push(text), gap: () => undefined }),
    ];
    const long = 'ä'.repeat(messageBytesMax / 2);
    await untilHeard(pair, heard);
    await cluster(pair.one).tell('one');
    await cluster(pair.one).tell(long);
    await until(() => heard.includes(long), 'the long message');
    assert.deepEqual(heard.slice(-2), ['one', long]);
    assert.deepEqual(echoes, []);
    if (breakConnection !== null) {
      const before = gaps;
      await breakConnection(pair);
      await until(() => gaps > before, 'the word that something may have been missed');
      heard.length = 0;
      await untilHeard(pair, heard);
    }
    for (const stop of stops) stop();
    await pair.stop();
  });
}

const atMs = 1_795_000_000_000;
const ids = createIdSource({ nowMs: () => atMs, randomBytes: seededBytes(7) });

/** A webhook of this shard. */
function webhookOf(shard: number): WebhookId {
  for (;;) {
    const id = ids.next('webhook');
    if (shardOf(id) === shard) return id;
  }
}

/** Commits one delivery to each webhook, and answers how a good attempt at it would be recorded. */
async function owe(store: Storage, webhookIds: readonly WebhookId[]): Promise<readonly RecordItem[]> {
  const items = webhookIds.map((webhookId) => sampleCommit({ ids, webhookId, atMs, workspaceId: 'default' }));
  await store.commit(items);
  return items
    .flatMap(({ deliveries = [] }) => deliveries)
    .map((delivery) => sampleRecord({ delivery, epoch: 0, attemptsBefore: 0, atMs }));
}

/** Waits for what comes by itself. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const untilMs = performance.now() + 60_000;
  while (!holds()) {
    assert.ok(performance.now() < untilMs, `Within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function cluster(store: Storage): ClusterStore {
  assert.ok(store.cluster !== null);
  return store.cluster;
}

function beat(store: Storage, id: string, more: Partial<MemberBeat> = {}): Promise<ClusterView> {
  const base = {
    id,
    node: `node of ${id}`,
    role: 'worker',
    version: '1',
    blobs: 'shared:/files',
    leaving: false,
  } as const;
  return cluster(store).beat({ ...base, leaseMs: 30_000, acquire: [], release: [], ...more });
}

function lease(view: ClusterView, shard: number): SeenLease {
  const found = view.leases[shard];
  assert.ok(found !== undefined);
  const holderBeat = view.members.find(({ id }) => id === found.holder)?.beat ?? null;
  return { ...found, holderBeat };
}

/** A listener may need a moment to be there: told again until it hears. */
async function untilHeard(pair: ClusterPair, heard: string[]): Promise<void> {
  let told = 0;
  await until(() => {
    if (heard.includes('hello')) return true;
    told += 1;
    if (told % 10 === 1)
      void cluster(pair.one)
        .tell('hello')
        .catch(() => undefined);
    return false;
  }, 'a first message');
}
