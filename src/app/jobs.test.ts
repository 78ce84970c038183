import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { jobStatuses } from '../core/workflow-job.ts';
import {
  allChanges,
  allDeliveries,
  caller,
  callerIn,
  createFixture,
  type Fixture,
  report,
  webhookInput,
} from './testing/app-fixture.ts';

async function withFixture(run: (fixture: Fixture) => Promise<void>): Promise<void> {
  const fixture = await createFixture();
  try {
    await run(fixture);
  } finally {
    await fixture.stop();
  }
}

async function upload({ app }: Fixture, name: string, more: object = {}): Promise<string> {
  const file = { name, content: Readable.from([Buffer.from(name)]) };
  return (await app.assets.upload(caller, { file, ...more })).body.id;
}

const jobChanges = async (fixture: Fixture) =>
  (await allChanges(fixture)).filter(({ subject }) => subject.type === 'workflow_job');

test('a job is made with its assets, told to webhooks in the same commit, and shown as it was given', async () => {
  await withFixture(async (fixture) => {
    const { app } = fixture;
    await app.webhooks.create(caller, webhookInput({ events: ['workflow_job.created'] }));
    const own = await upload(fixture, 'a.jpg', { aliases: { bynder: 'A-1' } });
    const known = await upload(fixture, 'b.jpg', { externalId: 'dam-1' });
    const { status, body } = await app.jobs.create(caller, {
      name: 'Retouch',
      description: 'Remove the dust',
      deadlineAtMs: 1_800_000_000_000,
      preset: 'retouching',
      assets: ['alias:bynder:A-1', 'external:dam-1', own],
    });
    assert.equal(status, 201);
    assert.match(body.id, /^job_/);
    assert.deepEqual(body.assets, [own, known]);
    assert.deepEqual(
      [body.status, body.deadlineAtMs, body.preset, body.createdBy, body.version],
      ['open', 1_800_000_000_000, 'retouching', caller.actor.id, 1],
    );
    assert.deepEqual(await app.jobs.get(caller, body.id), body);
    const [change] = await jobChanges(fixture);
    assert.deepEqual([change?.kind, change?.before, change?.subjectVersion], ['workflow_job.created', null, 1]);
    assert.deepEqual(change?.after?.['assetAliases'], { [own]: { bynder: 'A-1' } });
    assert.deepEqual(
      (await allDeliveries(fixture)).map(({ event, changeId }) => [event, changeId]),
      [['workflow_job.created', change?.id]],
    );
  });
});

test('an asset that is not there is refused by its place, and nothing is made', async () => {
  await withFixture(async (fixture) => {
    const own = await upload(fixture, 'a.jpg');
    for (const missing of ['external:never', 'ast_00000000000000000000000000']) {
      await assert.rejects(fixture.app.jobs.create(caller, { name: 'x', assets: [own, missing] }), (error) => {
        assert.ok(error instanceof AssetwireError);
        assert.equal(error.problems[0]?.at, '/assets/1');
        return true;
      });
    }
    assert.deepEqual((await fixture.app.jobs.list(caller, { limit: 10 })).items, []);
  });
});

test('a status, a deadline, a text and the list of assets are changed, told once each, and a change to the same is none', async () => {
  await withFixture(async (fixture) => {
    const { app } = fixture;
    const asset = await upload(fixture, 'a.jpg');
    const { id } = (await app.jobs.create(caller, { name: 'Retouch', description: 'Dust', assets: [asset] })).body;
    fixture.clock.advance(1_000);
    for (const status of [...jobStatuses.slice(1), 'open' as const])
      assert.equal((await app.jobs.update(caller, id, { status })).body.status, status);
    const patched = await app.jobs.update(caller, id, { description: null, deadlineAtMs: 5, assets: [], name: 'Cut' });
    assert.deepEqual(
      [patched.body.name, patched.body.description, patched.body.deadlineAtMs, patched.body.assets],
      ['Cut', undefined, 5, []],
    );
    assert.equal(patched.body.modifiedAtMs - patched.body.createdAtMs, 1_000);
    // Ten digits are seconds, and would be a day of 1970.
    const seconds = { deadlineAtMs: 1_893_456_000 };
    const wanted = /deadlineAtMs wants Unix milliseconds: 2030-01-01T00:00:00.000Z is 1893456000000/;
    await assert.rejects(app.jobs.update(caller, id, seconds), wanted);
    await assert.rejects(app.jobs.create(caller, { name: 'Soon', ...seconds }), wanted);
    const again = await app.jobs.update(caller, id, { name: 'Cut', deadlineAtMs: 5 });
    assert.equal(again.body.version, patched.body.version);
    const changes = await jobChanges(fixture);
    assert.equal(changes.length, 1 + jobStatuses.length + 1);
    assert.deepEqual(changes.at(-1)?.changed.toSorted(), ['assets', 'deadlineAtMs', 'description', 'name']);
    await assert.rejects(app.jobs.update(caller, id, { status: 'done', expected: 2 }), /Find version 2 of the job/);
  });
});

test('a job that would grow beyond its bounds is refused, with what to do', async () => {
  await withFixture(async (fixture) => {
    const { app } = fixture;
    const aliases = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`dialect${n}`, `${n}${'x'.repeat(290)}`]));
    const assets: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      const own = Object.fromEntries(Object.entries(aliases).map(([dialect, id]) => [dialect, `${id}${n}`]));
      assets.push(await upload(fixture, `${n}.jpg`, { aliases: own }));
    }
    const { id } = (await app.jobs.create(caller, { name: 'x', assets: assets.slice(0, 5) })).body;
    for (const call of [
      () => app.jobs.create(caller, { name: 'x', assets }),
      () => app.jobs.update(caller, id, { assets }),
    ])
      await assert.rejects(call, (error) => {
        assert.ok(error instanceof AssetwireError);
        assert.equal(error.code, 'limit_reached');
        assert.match(error.mend ?? '', /fewer assets/);
        return true;
      });
  });
});

test('ID-01 one Idempotency-Key makes one job, whoever asks twice', async () => {
  await withFixture(async (fixture) => {
    const idempotency = { key: 'k', fingerprint: 'f' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => fixture.app.jobs.create(caller, { name: 'once' }, idempotency)),
    );
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
    assert.equal((await fixture.app.jobs.list(caller, { limit: 10 })).items.length, 1);
  });
});

test('a job is deleted, told, and gone for everybody; its assets stay', async () => {
  await withFixture(async (fixture) => {
    const { app } = fixture;
    const asset = await upload(fixture, 'a.jpg');
    const { id } = (await app.jobs.create(caller, { name: 'x', assets: [asset] })).body;
    await app.jobs.remove(caller, id);
    await assert.rejects(app.jobs.get(caller, id), /job/);
    await assert.rejects(app.jobs.remove(caller, id), /job/);
    assert.equal((await jobChanges(fixture)).at(-1)?.kind, 'workflow_job.removed');
    assert.equal((await app.assets.get(caller, asset)).id, asset);
  });
});

test('TN-01 jobs of another workspace are not there', async () => {
  await withFixture(async ({ app }) => {
    const { id } = (await app.jobs.create(caller, { name: 'mine' })).body;
    const stranger = callerIn('other');
    for (const call of [
      () => app.jobs.get(stranger, id),
      () => app.jobs.update(stranger, id, { status: 'done' }),
      () => app.jobs.remove(stranger, id),
    ])
      await assert.rejects(call, (error) => error instanceof AssetwireError && error.code === 'not_found');
    assert.deepEqual((await app.jobs.list(stranger, { limit: 10 })).items, []);
  });
});

test('jobs are listed by status, asset, who answers for them and part of the name, those a DAM reports among them', async () => {
  await withFixture(async (fixture) => {
    const { app } = fixture;
    const asset = await upload(fixture, 'a.jpg');
    await app.jobs.create(caller, { name: 'Retouch', assets: [asset], accountable: 'ada' });
    await app.jobs.create(caller, { name: 'Translate', status: 'done' });
    await report(fixture, {
      kind: 'workflow_job.created',
      subject: { type: 'workflow_job', externalId: 'J-1' },
      after: { name: 'Theirs', status: 'Approval', assets: 7 },
    });
    const names = async (query: object) =>
      (await app.jobs.list(caller, { limit: 10, ...query })).items.map(({ name }) => name);
    assert.deepEqual(await names({}), ['Theirs', 'Translate', 'Retouch']);
    assert.deepEqual(await names({ status: 'done' }), ['Translate']);
    assert.deepEqual(await names({ asset }), ['Retouch']);
    await app.assets.push(caller, 'external:sku-1', { name: 'b.jpg', aliases: { bynder: 'B-1' } });
    await app.jobs.create(caller, { name: 'Crop', assets: ['external:sku-1'] });
    for (const known of ['external:sku-1', 'alias:bynder:B-1'])
      assert.deepEqual(await names({ asset: known }), ['Crop'], known);
    for (const none of ['external:sku-2', asset.slice(0, 12), '"'])
      await assert.rejects(names({ asset: none }), { code: 'invalid_request' }, none);
    assert.deepEqual(await names({ accountable: 'ada' }), ['Retouch']);
    assert.deepEqual(await names({ nameContains: 'TRANS' }), ['Translate']);
    const theirs = (await app.jobs.list(caller, { limit: 10 })).items.find(({ name }) => name === 'Theirs');
    assert.deepEqual([theirs?.externalId, theirs?.status, theirs?.assets], ['J-1', 'open', []]);
  });
});
