/** Limits where many are made at once, in one process and in two, on both stores. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { ResourceWrite } from '../storage/contract/resources.ts';
import { withPostgres } from '../storage/testing/postgres-world.ts';
import { sampleRecord } from '../storage/testing/samples.ts';
import type { Storage } from '../storage/storage.ts';
import { commitOne } from './commit-one.ts';
import { inboxLifetimeMs } from './inboxes.ts';
import { caller, createFixture, type Fixture, metadataChange, report, webhookInput } from './testing/app-fixture.ts';

type Kind = {
  readonly what: string;
  readonly max: number;
  /** So many are there before: all but one. */
  readonly fill: (fixture: Fixture, count: number) => Promise<unknown>;
  readonly make: (fixture: Fixture, n: number) => Promise<unknown>;
};

const rows = (fixture: Fixture, count: number, row: (n: number) => Pick<ResourceWrite, 'type' | 'id' | 'state'>) =>
  commitOne(fixture.storage, {
    workspaceId: 'default',
    atMs: fixture.clock.nowMs(),
    resources: Array.from({ length: count }, (_, n) => ({ ...row(n), expectedVersion: 0 })),
  });

const kinds: readonly Kind[] = [
  {
    what: 'exports',
    max: limits.exportsRunningMax,
    async fill(fixture, count) {
      for (let n = 0; n < count; n += 1) await exportAll(fixture);
    },
    make: (fixture) => exportAll(fixture),
  },
  {
    what: 'replays',
    max: limits.replaysRunningMax,
    async fill(fixture, count) {
      await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.metadata_changed'] }));
      await report(fixture, metadataChange('p1', 'x'));
      const { epoch } = fixture.storage.health();
      const atMs = fixture.clock.nowMs();
      for (const { delivery } of fixture.offered.splice(0))
        await fixture.storage.record([
          sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs, next: { state: 'delivered', endedAtMs: atMs } }),
        ]);
      fixture.clock.advance(1_000);
      for (let n = 0; n < count; n += 1) await replayAll(fixture);
    },
    make: (fixture) => replayAll(fixture),
  },
  {
    what: 'inboxes',
    max: 100,
    fill: (fixture, count) =>
      rows(fixture, count, (n) => ({
        type: 'inbox',
        id: `ibx_${n}`,
        state: { answer: { status: 204, delayMs: 0, body: '' }, expiresAtMs: fixture.clock.nowMs() + inboxLifetimeMs },
      })),
    make: ({ app }) => app.inboxes.create(caller),
  },
  {
    what: 'libraries',
    max: limits.librariesMax,
    fill: (fixture, count) =>
      rows(fixture, count, (n) => ({ type: 'library', id: `filled-${n}`, state: { name: `Filled ${n}` } })),
    make: ({ app }, n) => app.libraries.create(caller, { key: `new-${n}` }),
  },
];

async function exportAll({ app }: Fixture): Promise<void> {
  await app.exports.create(caller, { of: 'changes', format: 'ndjson' });
}

async function replayAll({ app, clock }: Fixture): Promise<void> {
  const { body } = await app.replays.create(caller, { fromMs: 0, toMs: clock.nowMs() });
  assert.equal(body.state, 'running');
}

/** Fires many at once over two processes, where one fits: each of them would let one in. */
async function fire({ what, max, fill, make }: Kind, processes: readonly [Fixture, Fixture]): Promise<void> {
  await fill(processes[0], max - 1);
  const made = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => make(processes[n % 2 === 0 ? 0 : 1], n)));
  const refused = made.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  for (const reason of refused)
    assert.ok(reason instanceof AssetwireError && reason.code === 'limit_reached', `${what}: ${String(reason)}`);
  assert.equal(made.length - refused.length, 1, `${what}: one fits, no more and no less`);
}

for (const kind of kinds) {
  test(`the limit of ${kind.what} holds where many are made at once, by two processes on SQLite`, async (t) => {
    const one = await createFixture();
    t.after(() => one.stop());
    await fire(kind, [one, await one.another()]);
  });
}

test('the limits of exports, replays, inboxes and libraries hold on PostgreSQL, where processes have nothing but the store', async () => {
  await withPostgres(async ({ open }) => {
    const [first, second]: readonly Storage[] = [await open(), await open()];
    assert.ok(first !== undefined && second !== undefined);
    const one = await createFixture({ storage: first });
    const other = await createFixture({ storage: second, clock: one.clock });
    for (const kind of kinds) await fire(kind, [one, other]);
  });
});

test('a call that is repeated by its key is answered as before, although the limit is reached by now', async (t) => {
  const fixture = await createFixture();
  t.after(() => fixture.stop());
  const create = (key: string) =>
    fixture.app.exports.create(caller, { of: 'changes', format: 'csv' }, { key, fingerprint: 'same' });
  const first = await create('one');
  await create('two');
  await assert.rejects(create('three'), { code: 'limit_reached' });
  assert.deepEqual((await create('one')).body, first.body);
});
