import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createDiskBlobs } from '../blobs/disk/disk-blobs.ts';
import { limits } from '../core/limits.ts';
import { sampleRecord } from '../storage/testing/samples.ts';
import type { ExportInput } from './export-state.ts';
import {
  allChanges,
  allDeliveries,
  caller,
  callerIn,
  createFixture,
  type Fixture,
  metadataChange,
  report,
  webhookInput,
} from './testing/app-fixture.ts';

async function runAll(fixture: Fixture): Promise<void> {
  for (let round = 0; round < 30; round += 1) {
    await fixture.doDuties();
    fixture.clock.advance(200);
  }
}

async function fetched(fixture: Fixture, id: string): Promise<string> {
  const { stream, bytes } = await fixture.app.exports.content(caller, id);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const all = Buffer.concat(chunks);
  assert.equal(all.length, bytes);
  return all.toString();
}

async function exported(fixture: Fixture, input: ExportInput): Promise<string> {
  const { body } = await fixture.app.exports.create(caller, input);
  await runAll(fixture);
  const view = await fixture.app.exports.get(caller, body.id);
  assert.deepEqual([view.state, view.complete], ['done', true], JSON.stringify(view));
  const text = await fetched(fixture, body.id);
  assert.equal(
    text.split(input.format === 'csv' ? '\r\n' : '\n').length - 1,
    view.rows + (input.format === 'csv' ? 1 : 0),
  );
  return text;
}

const parsed = (text: string): readonly { readonly id?: string; readonly action?: string }[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { readonly id?: string; readonly action?: string });

async function filled(): Promise<Fixture> {
  const fixture = await createFixture();
  await fixture.app.webhooks.create(caller, webhookInput({ events: ['asset.metadata_changed'] }));
  for (let n = 0; n < 60; n += 1) {
    await report(
      fixture,
      metadataChange(`a${n}`, 'x', {
        after: { name: n === 0 ? '=cmd|"x"!A1' : `a${n}.jpg`, path: n % 2 === 0 ? '/press' : '/private' },
      }),
    );
  }
  const { epoch } = fixture.storage.health();
  const atMs = fixture.clock.nowMs();
  for (const [index, { delivery }] of fixture.offered.entries()) {
    if (index >= 20) break;
    const next = { state: 'pending', dueAtMs: atMs } as const;
    await fixture.storage.record([sampleRecord({ delivery, epoch, attemptsBefore: 0, atMs, next })]);
    await fixture.storage.record([sampleRecord({ delivery, epoch, attemptsBefore: 1, atMs })]);
  }
  fixture.clock.advance(1_000);
  return fixture;
}

test('every kind of export holds what its list shows, in the order of its making', async () => {
  const fixture = await filled();
  const deliveries = await allDeliveries(fixture);
  const ids = (text: string): readonly (string | undefined)[] => parsed(text).map(({ id }) => id);
  assert.deepEqual(parsed(await exported(fixture, { of: 'deliveries', format: 'ndjson' })), deliveries);
  const delivered = await exported(fixture, { of: 'deliveries', format: 'ndjson', states: ['delivered'] });
  assert.equal(parsed(delivered).length, 20);
  assert.equal(parsed(await exported(fixture, { of: 'attempts', format: 'ndjson' })).length, 40);
  const changes = (await allChanges(fixture)).map(({ id }) => id);
  assert.deepEqual(ids(await exported(fixture, { of: 'changes', format: 'ndjson' })), changes);
  const press = await exported(fixture, { of: 'assets', format: 'ndjson', folder: '/press' });
  assert.equal(parsed(press).length, 30);
  const audit = await exported(fixture, { of: 'audit', format: 'ndjson' });
  assert.match(audit, /webhook\.created/);
  const actions = parsed(audit).map(({ action }) => action);
  assert.ok(actions.includes('export.created'), String(actions));
  const made = await exported(fixture, { of: 'audit', format: 'ndjson', action: 'webhook.created' });
  assert.deepEqual(
    parsed(made).map(({ action }) => action),
    ['webhook.created'],
  );
  const nobody = await exported(fixture, { of: 'audit', format: 'ndjson', actor: 'user:usr_nobody' });
  assert.equal(nobody, '');
  await fixture.stop();
});

test('UI-14 CSV has a head, a line per row, and no cell that a spreadsheet would run', async () => {
  const fixture = await filled();
  const assets = await exported(fixture, { of: 'assets', format: 'csv' });
  const [head, first] = assets.split('\r\n');
  assert.equal(head?.slice(0, 47), 'createdAt,id,externalId,version,name,path,kind,');
  assert.match(first ?? '', /,a0,1,"'=cmd\|""x""!A1",\/press,/);
  for (const kind of ['deliveries', 'attempts', 'changes', 'audit'] as const) {
    const text = await exported(fixture, { of: kind, format: 'csv' });
    const [columns = '', row = ''] = text.split('\r\n');
    assert.ok(row !== '' && columns.split(',').length > 8, kind);
  }
  await fixture.stop();
});

test('what is made after it was asked for is not in it', async () => {
  const fixture = await filled();
  const before = (await allDeliveries(fixture)).length;
  const { body } = await fixture.app.exports.create(caller, { of: 'deliveries', format: 'ndjson' });
  assert.equal(body.expectedRows, before);
  await report(fixture, metadataChange('late', 'x'));
  await runAll(fixture);
  assert.equal(parsed(await fetched(fixture, body.id)).length, before);
  await fixture.stop();
});

test('an export goes on after a restart from its last part, whatever is made of the interrupted one', async () => {
  const fixture = await filled();
  const { body } = await fixture.app.exports.create(caller, { of: 'changes', format: 'ndjson' });
  const [duty] = await fixture.pendingDuties();
  assert.ok(duty);
  // The same part twice, as after a crash behind the commit: the duty has moved on, so nothing is added.
  await fixture.doDuty(duty);
  const rows = (await fixture.app.exports.get(caller, body.id)).rows;
  await fixture.doDuty(duty);
  assert.equal((await fixture.app.exports.get(caller, body.id)).rows, rows);
  const other = await fixture.another();
  await runAll(other);
  const view = await fixture.app.exports.get(caller, body.id);
  assert.deepEqual([view.state, view.rows], ['done', (await allChanges(fixture)).length]);
  await fixture.stop();
});

test('UI-15 a large export is written in parts, each on disk before the next is read; its file leaves when its time is up', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-export-'));
  const blobs = createDiskBlobs({ directory });
  await blobs.start();
  const fixture = await createFixture({ blobs });
  const files = async (): Promise<number> =>
    (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length;
  try {
    const info = { description: 'x'.repeat(200_000) };
    for (let n = 0; n < 100; n += 1) {
      await report(fixture, metadataChange(`big${n}`, 'x', { after: { name: `${n}`, info } }));
    }
    fixture.clock.advance(1_000);
    const { body } = await fixture.app.exports.create(caller, { of: 'changes', format: 'ndjson' });
    await runAll(fixture);
    const view = await fixture.app.exports.get(caller, body.id);
    assert.deepEqual([view.state, view.rows], ['done', 100]);
    await assert.rejects(fixture.app.exports.get({ ...caller, workspaceId: 'other' }, body.id), { code: 'not_found' });
    const audit = await fixture.storage.read.resources({ workspaceId: 'default', type: 'audit', limit: 5 });
    assert.ok(
      audit.items.some(({ state }) => state['target'] === `export:${body.id}`),
      'it is in the audit',
    );
    assert.ok(view.bytes > 2 * limits.exportPartBytes);
    assert.ok((await files()) >= 2, `${await files()} parts`);
    const lines = (await fetched(fixture, body.id)).split('\n');
    assert.equal(lines.length, 101);
    // Neither an empty part nor one that was written for nothing stays.
    const none = await fixture.app.exports.create(caller, { of: 'deliveries', format: 'ndjson' });
    await runAll(fixture);
    assert.equal(await fetched(fixture, none.body.id), '');
    const [again] = await fixture.pendingDuties();
    assert.equal(again, undefined);
    const before = await files();
    const cancelled = await fixture.app.exports.create(caller, { of: 'changes', format: 'csv' });
    const [duty] = await fixture.pendingDuties();
    assert.ok(duty);
    const writing = fixture.doDuty(duty);
    await fixture.app.exports.remove(caller, cancelled.body.id);
    await writing;
    await runAll(fixture);
    assert.equal(await files(), before);
    fixture.clock.advance(limits.exportKeptMs);
    await runAll(fixture);
    assert.equal(await files(), 0);
    await assert.rejects(fixture.app.exports.get(caller, body.id), { code: 'not_found' });
  } finally {
    await fixture.stop();
    await rm(directory, { recursive: true, force: true });
  }
});

test('a part whose export names it is there after a kill between the commit and the end of its hold', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'assetwire-export-'));
  const killed = createDiskBlobs({ directory });
  await killed.start();
  const fixture = await createFixture({ blobs: { ...killed, release: () => undefined } });
  try {
    await report(fixture, metadataChange('a', 'x'));
    fixture.clock.advance(1_000);
    const { body } = await fixture.app.exports.create(caller, { of: 'changes', format: 'ndjson' });
    await runAll(fixture);
    const blobs = createDiskBlobs({ directory });
    await blobs.start();
    const next = await createFixture({ storage: fixture.storage, clock: fixture.clock, blobs });
    assert.equal(parsed(await fetched(next, body.id)).length, (await allChanges(fixture)).length);
  } finally {
    await fixture.stop();
    await rm(directory, { recursive: true, force: true });
  }
});

test('a running export is not to be fetched; removed, it stops and its parts go, but none that another one has too', async () => {
  const fixture = await filled();
  const input: ExportInput = { of: 'deliveries', format: 'csv' };
  const first = (await fixture.app.exports.create(caller, input)).body.id;
  await assert.rejects(fixture.app.exports.content(caller, first), { code: 'not_ready' });
  await runAll(fixture);
  const second = (await fixture.app.exports.create(caller, { ...input, toMs: fixture.clock.nowMs() - 3_000 })).body.id;
  await runAll(fixture);
  assert.equal((await fixture.app.exports.remove(caller, first)).state, 'cancelled');
  await assert.rejects(fixture.app.exports.content(caller, first), { code: 'not_found' });
  await runAll(fixture);
  await assert.rejects(fixture.app.exports.get(caller, first), { code: 'not_found' });
  assert.ok((await fetched(fixture, second)).length > 0, 'the same bytes are still there');
  const third = (await fixture.app.exports.create(caller, input)).body.id;
  await fixture.app.exports.remove(caller, third);
  await runAll(fixture);
  assert.deepEqual(
    (await fixture.app.exports.list(caller, { limit: 10 })).items.map(({ id }) => id),
    [second],
  );
  assert.equal((await fixture.pendingDuties()).filter(({ kind }) => kind === 'export').length, 0);
  await fixture.stop();
});

test('filters that say nothing about a kind are refused, so are too many at a time and what the caller may not read', async () => {
  const fixture = await filled();
  const create = (input: ExportInput, by = caller) => fixture.app.exports.create(by, input);
  await assert.rejects(create({ of: 'audit', format: 'csv', event: 'x' }), { code: 'invalid_request' });
  await assert.rejects(create({ of: 'assets', format: 'csv', kinds: ['asset.moved'] }), { code: 'invalid_request' });
  await assert.rejects(create({ of: 'assets', format: 'csv', fromMs: 5, toMs: 5 }), { code: 'invalid_request' });
  const reader = callerIn('default', { scopes: new Set(['deliveries:read']) });
  for (const kind of ['changes', 'assets', 'audit'] as const) {
    await assert.rejects(create({ of: kind, format: 'csv' }, reader), { code: 'forbidden' });
  }
  const audit = await create({ of: 'audit', format: 'csv' });
  await assert.rejects(fixture.app.exports.get(reader, audit.body.id), { code: 'forbidden' });
  assert.deepEqual((await fixture.app.exports.list(reader, { limit: 10 })).items, []);
  await assert.rejects(fixture.app.exports.get(callerIn('other'), audit.body.id), { code: 'not_found' });
  for (let n = 1; n < limits.exportsRunningMax; n += 1) await create({ of: 'deliveries', format: 'csv' }, reader);
  await assert.rejects(create({ of: 'deliveries', format: 'csv' }), { code: 'limit_reached' });
  await fixture.stop();
});
