/**
 * All 16 events of WoodWing Assets, each brought about by what a person does, in the order in which they happen, held
 * against the published schema of its message.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { woodwingDialect } from '../../src/dialects/woodwing/index.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

const photograph = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

let server: RealServer;
let tenant: Tenant;
let inbox: string;

before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('events');
  const made = await tenant.ask('/v1/inboxes', { body: {} });
  inbox = text(made['id']);
  const all = woodwingDialect.manifest.events.map(({ name }) => name);
  const body = {
    name: 'All',
    url: text(made['url']),
    eventTypes: all,
    metadataToReturn: ['filename', 'folderPath', 'checkedOutBy', 'versionNumber', 'status', 'previewState'],
  };
  expectStatus(await tenant.call('/woodwing/services/admin/webhook', { body }), 200);
});
after(() => server[Symbol.asyncDispose]());

type Message = { readonly type: string; readonly [field: string]: unknown };

async function messages(): Promise<readonly Message[]> {
  const found: Message[] = [];
  const page = await tenant.ask(`/v1/inboxes/${inbox}/requests?limit=200`);
  for (const row of rows(page)) {
    found.push(JSON.parse(Buffer.from(text(row['bodyBase64']), 'base64').toString('utf8')) as Message);
  }
  return found;
}

/** Waits for one more message of this type. */
async function told(type: string, run: () => Promise<unknown>): Promise<Message> {
  const count = (all: readonly Message[]): number => all.filter((message) => message.type === type).length;
  const before = count(await messages());
  await run();
  const all = await eventually(messages, (now) => count(now) > before, type);
  const message = all.find((one) => one.type === type);
  assert.ok(message !== undefined);
  return message;
}

const change = (path: string, body: object, method = 'POST'): Promise<unknown> => tenant.ask(path, { method, body });

test('each of the 16 events is told when what it stands for happens, and fits its published schema', async () => {
  let id = '';
  await told('asset_create', async () => {
    id = text(expectStatus(await tenant.upload('flower.png', photograph, { path: '/in' }), 201).json['id']);
  });
  const asset = `/v1/assets/${id}`;
  const updated = await told('asset_update_metadata', () => change(asset, { metadata: { status: 'Final' } }, 'PATCH'));
  assert.deepEqual((updated['changedMetadata'] as { readonly status?: unknown }).status, {
    oldValue: null,
    newValue: 'Final',
  });
  await told('asset_rename', () => change(asset, { name: 'rose.png' }, 'PATCH'));
  const moved = await told('asset_move', () => change(asset, { path: '/done' }, 'PATCH'));
  assert.deepEqual((moved['changedMetadata'] as { readonly folderPath?: unknown }).folderPath, {
    oldValue: '/in',
    newValue: '/done',
  });
  await told('asset_checkout', () => change(`${asset}/checkout`, {}));
  await told('asset_checkin', () => tenant.ask(`${asset}/checkin`, { method: 'POST' }));
  await change(`${asset}/checkout`, {});
  await told('asset_undo_checkout', () => change(`${asset}/undo-checkout`, {}));
  await told('asset_create_from_version', async () => {
    const body = new FormData();
    body.append('file', new Blob([Buffer.concat([photograph, Buffer.from('\n')])]), 'rose.png');
    const headers = { authorization: `Bearer ${tenant.key}` };
    const response = await fetch(`${server.url}${asset}/versions`, { method: 'POST', headers, body });
    assert.equal(response.status, 201, await response.text());
  });
  await told('asset_promote', () => change(`${asset}/versions/1/promote`, {}));
  await told('asset_create_by_copy', () => change(`${asset}/copy`, { path: '/copies' }));
  const key = await told('authkey_create', async () => {
    const link = await tenant.ask('/v1/share-links', { body: { assets: [id] } });
    await told('authkey_remove', async () => {
      expectStatus(await tenant.call(`/v1/share-links/${text(link['id'])}`, { method: 'DELETE' }), 204);
    });
  });
  assert.equal(typeof key['authKey'], 'string');
  assert.equal(key['metadata'], undefined, 'a Share Link has no metadata');
  const folder = await told('folder_create', async () => {
    const made = await tenant.ask('/v1/folders', { body: { path: '/new' } });
    await told('folder_remove', async () => {
      const { status } = await tenant.call(`/v1/folders/${text(made['id'])}`, { method: 'DELETE' });
      assert.ok(status < 300);
    });
  });
  assert.equal(folder['folderPath'], '/new');
  await told('asset_remove', async () => {
    expectStatus(await tenant.call(asset, { method: 'DELETE' }), 204);
  });
  await told('asset_create_from_filestore_rescue', () => change(`/v1/trash/${id}/restore`, {}));

  const ajv = new Ajv2020({ strict: false });
  const schemas = new Map(woodwingDialect.manifest.events.map(({ name, schema }) => [name, ajv.compile(schema)]));
  const all = await messages();
  assert.deepEqual([...new Set(all.map(({ type }) => type))].sort(), [...schemas.keys()].sort());
  for (const message of all) {
    const fits = schemas.get(message.type);
    assert.ok(fits?.(message) === true, `${message.type}: ${JSON.stringify(fits?.errors)} ${JSON.stringify(message)}`);
  }
});
