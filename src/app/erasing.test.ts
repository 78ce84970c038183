import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { afterEach, test } from 'node:test';
import { createDiskBlobs } from '../blobs/disk/disk-blobs.ts';
import type { Duty } from '../storage/contract/duties.ts';
import { createSqliteStorage } from '../storage/sqlite/sqlite-storage.ts';
import type { Caller } from './app.ts';
import { settleMs } from './duty-erase-workspace.ts';
import { keyBelievedMs } from './key-lookup.ts';
import { createFixture, type Fixture, holdClock, metadataChange, report, webhookInput } from './testing/app-fixture.ts';

const adminText = 'an admin key of at least 32 characters';
const canary = 'Kanarienvogel-7141';

let fixture: Fixture;
let directory: string | null = null;
afterEach(async () => {
  await fixture.app.stop();
  await fixture.stop();
  if (directory !== null) await rm(directory, { recursive: true });
  directory = null;
});

async function admin(): Promise<Caller> {
  const found = await fixture.app.keys.authenticate(adminText, undefined);
  assert.ok(found !== null);
  return found;
}

/** One of everything in a workspace, with the canary wherever text goes. Answers its key. */
async function furnish(id: string, mark: string): Promise<string> {
  const by = { ...(await admin()), workspaceId: id };
  await fixture.app.workspaces.create(await admin(), { id, name: `Shop ${mark}` });
  await fixture.app.webhooks.create(by, webhookInput({ name: mark, events: ['*'], contacts: [`${mark}@example.com`] }));
  await fixture.app.assets.upload(by, {
    name: mark,
    externalId: mark,
    metadata: { text: mark },
    file: { name: `${mark}.txt`, content: Readable.from([`content ${mark}`]) },
  });
  await report(fixture, metadataChange(`${mark}-2`, mark), by);
  await fixture.app.users.create(by, { name: mark, email: `${mark}@example.com`, roles: ['viewer'] });
  await fixture.app.roles.create(by, { id: 'own', name: mark, scopes: [] });
  await fixture.app.settings.update(by, { contacts: [`${mark}@example.com`] });
  await fixture.app.inboxes.create(by);
  await fixture.notify(id, { kind: 'test', severity: 'info', subject: 'webhook:x', text: mark });
  return (await fixture.app.keys.create(by, { name: mark, scopes: ['assets:read'] })).key;
}

const eraseDuty = async (): Promise<Duty | undefined> =>
  (await fixture.pendingDuties()).find(({ kind }) => kind === 'erase_workspace');

/** Everything an erasure does until it settles; steps fall due one after another, with a pause between. */
async function eraseUntilSettling(onStep?: () => Promise<void>): Promise<void> {
  for (let duty = await eraseDuty(); duty !== undefined; duty = await eraseDuty()) {
    await fixture.doDuty(duty);
    await onStep?.();
    fixture.clock.advance(20);
  }
}

/** What a caller sees of a workspace, as one text. */
async function seen(id: string): Promise<string> {
  const by = { ...(await admin()), workspaceId: id };
  const page = { limit: 100 };
  const { app } = fixture;
  return JSON.stringify([
    await app.assets.list(by, page),
    await app.webhooks.list(by, page),
    await app.deliveries.list(by, page),
    await app.changes.list(by, page),
    await app.users.list(by, page),
    await app.roles.list(by, page),
    await app.keys.list(by, page),
    await app.notices.list(by, page),
    await app.operation.audit(by, page),
    await app.settings.get(by),
    await app.inboxes.list(by, page),
  ]);
}

test('TN-16 a workspace is erased with a confirmation, step by step, while others stay as they are; default never', async () => {
  fixture = await createFixture({ adminKey: adminText });
  const by = await admin();
  const key = await furnish('gone', canary);
  await furnish('kept', 'other');
  // What is owed now, before the comparison: inspections of the uploads.
  await fixture.doDuties();
  const before = await seen('kept');
  await assert.rejects(fixture.app.workspaces.erase(by, 'default', 'default'), { code: 'workspace_protected' });
  await assert.rejects(fixture.app.workspaces.erase(by, 'gone', 'gnoe'), { code: 'invalid_request' });
  await assert.rejects(fixture.app.workspaces.erase({ ...by, admin: false }, 'gone', 'gone'), { code: 'forbidden' });
  await assert.rejects(fixture.app.workspaces.erase(by, 'never', 'never'), { code: 'not_found' });
  await fixture.app.workspaces.create(by, { id: 'gone-test', name: 'Child', parent: 'gone' });
  await assert.rejects(fixture.app.workspaces.erase(by, 'gone', 'gone'), { code: 'in_use' });
  await fixture.app.workspaces.erase(by, 'gone-test', 'gone-test');
  await eraseUntilSettling();
  fixture.clock.advance(settleMs);
  await fixture.doDuties();

  const begun = await fixture.app.workspaces.erase(by, 'gone', 'gone');
  assert.equal(begun.state, 'erasing');
  assert.equal((await fixture.app.workspaces.erase(by, 'gone', 'gone')).state, 'erasing', 'asked twice, begun once');
  const phases = new Set<string>();
  await eraseUntilSettling(async () => {
    phases.add((await fixture.app.workspaces.get(by, 'gone')).erasure?.phase ?? 'none');
  });
  assert.deepEqual([...phases], ['rows', 'files', 'settling']);
  assert.ok(((await fixture.app.workspaces.get(by, 'gone')).erasure?.rowsRemoved ?? 0) > 20);
  await assert.rejects(fixture.app.workspaces.create(by, { id: 'gone', name: 'Again' }), { code: 'already_exists' });
  fixture.clock.advance(keyBelievedMs);
  assert.equal(await fixture.app.keys.authenticate(key, undefined), null);
  await assert.rejects(fixture.app.keys.authenticate(adminText, 'gone'), { code: 'not_found' });
  fixture.clock.advance(settleMs);
  await fixture.doDuties();
  await assert.rejects(fixture.app.workspaces.get(by, 'gone'), { code: 'not_found' });
  assert.equal(await seen('kept'), before, 'the other one is as it was');
  const { items } = await fixture.app.operation.audit(by, { limit: 10, target: 'workspace:gone' });
  assert.deepEqual(
    items.map(({ action }) => action),
    ['workspace.erased', 'workspace.erasure_begun'],
  );
  await furnish('gone', 'new');
  assert.ok(!(await seen('gone')).includes(canary), 'the id is free again, and nothing of the old one is there');
});

test('TN-16 a request that was let in before writes nothing into a workspace that is going', async () => {
  fixture = await createFixture({ adminKey: adminText });
  const by = await admin();
  const key = await furnish('gone', canary);
  const late = await fixture.app.keys.authenticate(key, undefined);
  assert.ok(late !== null);
  await fixture.app.workspaces.erase(by, 'gone', 'gone');
  const result = await report(fixture, metadataChange('late', 'x'), late).catch((error: unknown) => error);
  assert.ok(result instanceof Error || (result as { status: string }).status === 'rejected', JSON.stringify(result));
  await assert.rejects(fixture.app.inboxes.create(late));
});

test('TN-16 LG-10 on disk nothing is left after a crash in the middle: no row, no file', async () => {
  directory = await mkdtemp(join(tmpdir(), 'assetwire-erase-'));
  const clock = holdClock();
  const file = join(directory, 'assetwire.db');
  const files = join(directory, 'files');
  const open = async (): Promise<Fixture> => {
    const storage = createSqliteStorage({ file, clock });
    await storage.start();
    const blobs = createDiskBlobs({ directory: files });
    await blobs.start();
    return createFixture({ adminKey: adminText, storage, blobs, clock, soleWriter: true });
  };
  fixture = await open();
  await furnish('gone', canary);
  await furnish('kept', 'other');
  await fixture.app.workspaces.erase(await admin(), 'gone', 'gone');
  const first = await eraseDuty();
  assert.ok(first !== undefined);
  await fixture.doDuty(first);
  // The process dies between two steps: nothing of it is kept but the file.
  await fixture.app.stop();
  await fixture.stop();
  fixture = await open();
  clock.advance(20);
  await eraseUntilSettling();
  clock.advance(settleMs);
  await fixture.doDuties();
  await assert.rejects(fixture.app.workspaces.get(await admin(), 'gone'), { code: 'not_found' });
  const blobs = await readdir(join(files, 'files'));
  assert.equal(blobs.length, 1, 'the directory of the other workspace');
  await fixture.app.stop();
  await fixture.stop();
  // SQLite leaves copies in pages it has split, until they are used again; VACUUM shows that no row holds the text.
  const db = new DatabaseSync(file);
  db.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  const hits: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if ((await readFile(path)).includes(canary)) hits.push(entry.name);
  }
  assert.deepEqual(hits, []);
});

test('a disabled workspace lets nobody in within a second, its admins of the installation excepted, until it is enabled', async () => {
  fixture = await createFixture({ adminKey: adminText });
  const by = await admin();
  const key = await furnish('shop', 'shop');
  assert.ok((await fixture.app.keys.authenticate(key, undefined)) !== null);
  await assert.rejects(fixture.app.workspaces.update(by, 'default', { disabled: true }), {
    code: 'workspace_protected',
  });
  const off = await fixture.app.workspaces.update(by, 'shop', { disabled: true, name: 'Closed shop' });
  assert.deepEqual([off.state, off.name], ['disabled', 'Closed shop']);
  fixture.clock.advance(keyBelievedMs);
  await assert.rejects(fixture.app.keys.authenticate(key, undefined), { code: 'workspace_disabled' });
  assert.equal((await fixture.app.keys.authenticate(adminText, 'shop'))?.workspaceId, 'shop');
  const { items } = await fixture.app.workspaces.list(by, { limit: 10, state: 'disabled' });
  assert.deepEqual(
    items.map(({ id }) => id),
    ['shop'],
  );
  await fixture.app.workspaces.update(by, 'shop', { disabled: false });
  fixture.clock.advance(keyBelievedMs);
  assert.ok((await fixture.app.keys.authenticate(key, undefined)) !== null);
});
