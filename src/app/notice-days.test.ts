import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dialect } from '../dialects/dialect.ts';
import { standardDialect } from '../dialects/standard/index.ts';
import { allChanges, caller, createFixture, type Fixture, webhookInput } from './testing/app-fixture.ts';

const dayMs = 24 * 3_600_000;
const startMs = Date.UTC(2026, 10, 22, 12);

/** The standard dialect, whose webhooks say in a setting how many days before they want their notice. */
const asking: Dialect = {
  ...standardDialect,
  manifest: {
    ...standardDialect.manifest,
    configuration: {
      ...standardDialect.manifest.configuration,
      schema: { type: 'object', properties: { days: { type: 'integer' } } },
    },
  },
  archiveNoticeDays: ({ days }) => (typeof days === 'number' ? [days] : []),
};

async function withFixture(run: (fixture: Fixture) => Promise<void>): Promise<void> {
  const fixture = await createFixture({ dialects: [asking] });
  try {
    await run(fixture);
  } finally {
    await fixture.stop();
  }
}

async function asset({ app }: Fixture, name: string, daysAhead: number): Promise<string> {
  const archiveAtMs = startMs + daysAhead * dayMs;
  return (await app.assets.push(caller, `external:${name}`, { name, archiveAtMs })).body.id;
}

/** Days before the archive date at which the next notice is due. */
async function nextNotice({ app }: Fixture, id: string): Promise<number | null> {
  const { archiveAtMs, archiveNoticeAtMs } = (await app.assets.get(caller, id)).state;
  return archiveAtMs === undefined || archiveNoticeAtMs === undefined
    ? null
    : (archiveAtMs - archiveNoticeAtMs) / dayMs;
}

async function settle(fixture: Fixture): Promise<void> {
  while ((await fixture.doDuties()) > 0) continue;
}

async function noticed(fixture: Fixture): Promise<readonly number[]> {
  return (await allChanges(fixture))
    .filter(({ kind }) => kind === 'asset.pre_archive')
    .map(({ before, after }) => (Number(after?.['archiveAtMs']) - Number(before?.['archiveNoticeAtMs'])) / dayMs);
}

test('what a webhook asks for is due beside the days of the workspace, for assets that had their date before it too', async () => {
  await withFixture(async (fixture) => {
    const { app } = fixture;
    const before = await asset(fixture, 'before', 60);
    const past = await asset(fixture, 'past', 20);
    const made = await app.webhooks.create(caller, webhookInput({ settings: { days: 30 } }));
    await settle(fixture);
    const after = await asset(fixture, 'after', 60);
    assert.deepEqual(
      [await nextNotice(fixture, before), await nextNotice(fixture, past), await nextNotice(fixture, after)],
      [30, 7, 30],
    );
    await app.webhooks.update(caller, made.body.id, { settings: { days: 45 } });
    await settle(fixture);
    assert.deepEqual([await nextNotice(fixture, before), await nextNotice(fixture, after)], [45, 45]);
    await app.webhooks.remove(caller, made.body.id);
    await settle(fixture);
    assert.deepEqual([await nextNotice(fixture, before), await nextNotice(fixture, after)], [7, 7]);
    await app.settings.update(caller, { archiveNoticeDays: [3, 14] });
    await settle(fixture);
    assert.equal(await nextNotice(fixture, before), 14);
    assert.deepEqual(await noticed(fixture), []);
  });
});

test('each notice is told with the day that it was for, on that day, and late ones all of them', async () => {
  await withFixture(async (fixture) => {
    const { app } = fixture;
    await app.webhooks.create(caller, webhookInput({ settings: { days: 30 } }));
    await app.webhooks.create(caller, webhookInput({ name: 'other', settings: { days: 10 } }));
    await settle(fixture);
    await asset(fixture, 'a', 60);
    fixture.clock.advance(30 * dayMs);
    await settle(fixture);
    assert.deepEqual(await noticed(fixture), [30]);
    // The server was down when two more were due.
    fixture.clock.advance(24 * dayMs);
    await settle(fixture);
    assert.deepEqual(await noticed(fixture), [30, 10, 7]);
    fixture.clock.advance(10 * dayMs);
    await settle(fixture);
    assert.deepEqual(await noticed(fixture), [30, 10, 7]);
  });
});

test('a webhook that is told nothing of archiving changes nothing', async () => {
  await withFixture(async (fixture) => {
    const one = await asset(fixture, 'a', 60);
    await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.deleted'], settings: { days: 30 } }));
    await settle(fixture);
    assert.equal(await nextNotice(fixture, one), 7);
  });
});

test('days that somebody asks for already cost no look at the assets; days that go and come back do', async () => {
  await withFixture(async (fixture) => {
    const { app } = fixture;
    const one = await asset(fixture, 'a', 60);
    const first = await app.webhooks.create(caller, webhookInput({ settings: { days: 30 } }));
    await settle(fixture);
    await app.webhooks.create(caller, webhookInput({ name: 'same', settings: { days: 30 } }));
    const [duty, ...more] = (await fixture.pendingDuties()).filter(({ kind }) => kind === 'timer');
    assert.ok(duty !== undefined && more.length === 0);
    await fixture.doDuty(duty);
    assert.deepEqual(await fixture.pendingDuties(), []);
    // Two changes whose duties are done in the other order, one of them begun before the days became others.
    await app.webhooks.update(caller, first.body.id, { settings: { days: 40 } });
    await app.webhooks.update(caller, first.body.id, { settings: { days: 45 } });
    for (const later of (await fixture.pendingDuties()).toReversed()) await fixture.doDuty(later);
    await settle(fixture);
    assert.equal(await nextNotice(fixture, one), 45);
    await app.webhooks.update(caller, first.body.id, { settings: { days: 30 } });
    await settle(fixture);
    assert.equal(await nextNotice(fixture, one), 30);
  });
});

test('more assets than a page holds are all looked at', async () => {
  await withFixture(async (fixture) => {
    const { app } = fixture;
    const states = Array.from({ length: 450 }, (_, n) => ({
      externalId: `d${n}`,
      push: { name: `${n}`, archiveAtMs: startMs + 60 * dayMs },
    }));
    await app.assets.pushMany(caller, { states });
    await app.webhooks.create(caller, webhookInput({ settings: { days: 30 } }));
    await settle(fixture);
    const all = async (days: number) => {
      for (const n of [0, 199, 200, 449]) {
        const { id } = await app.assets.get(caller, `external:d${n}`);
        assert.equal(await nextNotice(fixture, id), days, `asset ${n}`);
      }
    };
    await all(30);
    // The days become others when the first page was looked at: the first look ends as it likes, the second puts it right.
    const { items } = await app.webhooks.list(caller, { limit: 1 });
    const change = (days: number) => app.webhooks.update(caller, items[0]?.id ?? '', { settings: { days } });
    await change(40);
    const [first] = await fixture.pendingDuties();
    assert.ok(first !== undefined);
    await fixture.doDuty(first);
    await change(50);
    for (;;) {
      const again = (await fixture.pendingDuties()).find(({ id }) => id === first.id);
      if (again === undefined) break;
      await fixture.doDuty(again);
    }
    await settle(fixture);
    await all(50);
  });
});
