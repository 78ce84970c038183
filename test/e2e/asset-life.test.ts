/** The life of an asset on a real server, as receivers of both dialects are told of it. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import {
  eventually,
  expectStatus,
  type RealServer,
  rows,
  startRealServer,
  type Tenant,
  text,
  uploadOptions,
} from './real-server.ts';

const photograph = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

type Told = { readonly type: string; readonly id: string; readonly body: Record<string, unknown> };

let server: RealServer;
let tenant: Tenant;
/** What arrived, by dialect, in order of arrival. */
const told: Record<'standard' | 'woodwing', Told[]> = { standard: [], woodwing: [] };
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    const data = body['data'] as { subject?: { id?: string } } | undefined;
    const dialect = request.url === '/woodwing' ? 'woodwing' : 'standard';
    told[dialect].push({ type: text(body['type']), id: String(data?.subject?.id ?? body['assetId']), body });
    response.end();
  });
});

before(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  server = await startRealServer({ allowedTargets: ['127.0.0.0/8'] });
  tenant = await server.tenant('life');
  for (const dialect of ['standard', 'woodwing'])
    await tenant.ask('/v1/webhooks', {
      body: {
        name: dialect,
        dialect,
        target: { transport: 'http', url: `http://127.0.0.1:${port}/${dialect}` },
        events: ['*'],
        ...(dialect === 'woodwing'
          ? { settings: { metadataToReturn: ['filename', 'versionNumber', 'checkedOutBy'] } }
          : {}),
      },
    });
});
after(async () => {
  // Where it did not even start, its receiver must not keep the process.
  await (server as RealServer | undefined)?.[Symbol.asyncDispose]();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

/** Waits for an event of a dialect; each is taken once. */
async function next(dialect: keyof typeof told, type: string): Promise<Told> {
  const found = await eventually(
    async () => told[dialect].find((one) => one.type === type),
    (one) => one !== undefined,
    `${dialect} is told ${type}; it was told ${told[dialect].map((one) => one.type).join(', ')}`,
  );
  if (found === undefined) throw new TypeError('It was waited for');
  told[dialect].splice(told[dialect].indexOf(found), 1);
  return found;
}

async function uploaded(name: string, asset: object = {}): Promise<string> {
  const made = expectStatus(await tenant.upload(name, photograph, asset), 201).json;
  await next('standard', 'asset.created');
  await next('woodwing', 'asset_create');
  return text(made['id']);
}

test('every WoodWing event of an asset’s life arrives, and its neutral counterpart', async () => {
  const id = await uploaded('flower.png', { externalId: 'flower', aliases: { woodwing: '4ovRzkGWaf79DgVMRpgSFl' } });
  const path = `/v1/assets/${id}`;
  const steps: readonly (readonly [step: string, method: string, standard: string, woodwing: string, body?: object])[] =
    [
      ['/checkout', 'POST', 'asset.checked_out', 'asset_checkout'],
      ['/undo-checkout', 'POST', 'asset.checkout_undone', 'asset_undo_checkout'],
      ['/checkout', 'POST', 'asset.checked_out', 'asset_checkout'],
      ['/checkin', 'POST', 'asset.checked_in', 'asset_checkin'],
      ['', 'PATCH', 'asset.renamed', 'asset_rename', { name: 'rose.png' }],
      ['', 'PATCH', 'asset.moved', 'asset_move', { path: '/roses' }],
      ['', 'PATCH', 'asset.metadata_changed', 'asset_update_metadata', { metadata: { status: 'Final' } }],
    ];
  for (const [step, method, standard, woodwing, body] of steps) {
    const answer = await tenant.call(`${path}${step}`, { method, ...(body === undefined ? {} : { body }) });
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await next('standard', standard)).id, id);
    assert.equal((await next('woodwing', woodwing)).id, '4ovRzkGWaf79DgVMRpgSFl', 'by the id it knew before');
  }
  expectStatus(await tenant.call(`${path}/versions`, uploadOptions('second.png', photograph)), 201);
  await next('standard', 'asset.version_added');
  await next('woodwing', 'asset_create_from_version');
  expectStatus(await tenant.call(`${path}/versions/1/promote`, { method: 'POST' }), 200);
  await next('standard', 'asset.promoted');
  const promoted = await next('woodwing', 'asset_promote');
  assert.equal((promoted.body['metadata'] as Record<string, unknown>)['versionNumber'], 3);
  expectStatus(await tenant.call(`${path}/versions/2/activate`, { method: 'POST' }), 200);
  await next('standard', 'asset.version_activated');
  await next('woodwing', 'asset_promote');

  const copy = expectStatus(await tenant.call(`${path}/copy`, { body: { path: '/copies' } }), 201).json;
  const copied = await next('standard', 'asset.copied');
  assert.equal(copied.id, copy['id']);
  const state = (copied.body['data'] as { state: { copiedFrom: object } }).state;
  assert.deepEqual(state.copiedFrom, { assetId: id, version: 2 });
  assert.notEqual((await next('woodwing', 'asset_create_by_copy')).id, '4ovRzkGWaf79DgVMRpgSFl');

  expectStatus(await tenant.call(path, { method: 'DELETE' }), 204);
  assert.equal((await next('standard', 'asset.deleted')).id, id);
  assert.equal((await next('woodwing', 'asset_remove')).id, '4ovRzkGWaf79DgVMRpgSFl');
  expectStatus(await tenant.call(`/v1/trash/${id}/restore`, { method: 'POST' }), 200);
  const rescued = await next('standard', 'asset.rescued');
  assert.equal(rescued.id, id);
  assert.equal((await next('woodwing', 'asset_create_from_filestore_rescue')).id, '4ovRzkGWaf79DgVMRpgSFl');
  const { version } = await tenant.ask(path);
  const subject = (rescued.body['data'] as { subject: { version: number } }).subject;
  assert.ok(subject.version <= Number(version) && subject.version > 10, 'its version went on rising');
});

test('an asset expires by its date: told, and links lead nowhere from that moment', async () => {
  const id = await uploaded('short.png');
  const expires = async (expiresAtMs: number): Promise<Told> => {
    expectStatus(await tenant.call(`/v1/assets/${id}`, { method: 'PATCH', body: { expiresAtMs } }), 200);
    return next('standard', 'asset.expiration_changed');
  };
  const set = await expires(Date.now() + 3_600_000);
  const { content } = (set.body['data'] as { links: { content: string } }).links;
  const link = new URL(content).pathname;
  assert.equal((await tenant.call(link)).status, 200);
  await expires(Date.now() + 700);
  const expired = await next('standard', 'asset.availability_changed');
  assert.equal((expired.body['data'] as { state: { availability: string } }).state.availability, 'expired');
  const metadata = await next('woodwing', 'asset_update_metadata');
  assert.ok(Object.hasOwn(metadata.body, 'changedMetadata'));
  assert.equal((await tenant.call(link)).status, 410);
  assert.equal((await tenant.call(`/v1/assets/${id}/content`)).status, 200, 'who has a key still has it');
  const found = await eventually(
    async () => rows(await tenant.ask('/v1/assets?availability=expired')),
    ({ length }) => length > 0,
    'it is listed as expired',
  );
  assert.deepEqual(
    found.map((asset) => asset['id']),
    [id],
  );
});

test('an asset is archived by its date, with a notice before where there is time for one', async () => {
  const id = await uploaded('old.png');
  const soon = await uploaded('soon.png');
  const archiveAtMs = Date.now() + 400;
  const setDate = async (of: string, atMs: number): Promise<unknown> =>
    expectStatus(await tenant.call(`/v1/assets/${of}`, { method: 'PATCH', body: { archiveAtMs: atMs } }), 200);
  // A week is what a workspace says that says nothing.
  await Promise.all([setDate(id, archiveAtMs), setDate(soon, archiveAtMs + 7 * 86_400_000)]);
  const notice = await next('standard', 'asset.pre_archive');
  assert.equal(notice.id, soon, 'there is no time for a notice of the other');
  const archived = await next('standard', 'asset.archived');
  const { actor } = archived.body['data'] as { actor: { type: string; id: string } };
  assert.deepEqual([actor.type, actor.id], ['system', 'timer']);
  assert.equal((await tenant.ask(`/v1/assets/${id}`))['version'] !== undefined, true);
  await eventually(
    async () => rows(await tenant.ask('/v1/assets?archived=true')),
    (found) => found.some((asset) => asset['id'] === id),
    'it is listed as archived',
  );
});

test('the trash by HTTP: listed, weighed, refused where an id is taken, emptied', async () => {
  const id = await uploaded('trash.png', { externalId: 'trash', path: '/waste' });
  expectStatus(await tenant.call(`/v1/assets/external:trash`, { method: 'DELETE' }), 204);
  const gone = expectStatus(await tenant.call(`/v1/assets/${id}`), 410).json;
  assert.match(text(gone['mend']), new RegExp(`POST /v1/trash/${id}/restore`));
  const [shown] = rows(await tenant.ask('/v1/trash?nameContains=TRASH'));
  assert.deepEqual([shown?.['id'], shown?.['externalId']], [id, 'trash']);
  // With its renditions, where those were made by then.
  assert.ok(Number(shown?.['bytes']) >= photograph.length, String(shown?.['bytes']));
  assert.equal((await tenant.ask(`/v1/trash/${id}`))['id'], id);
  assert.equal((await tenant.ask('/v1/trash/usage'))['complete'], true);
  expectStatus(await tenant.call('/v1/assets/external:trash', { method: 'PUT', body: { name: 'new.png' } }), 201);
  const refused = expectStatus(await tenant.call(`/v1/trash/${id}/restore`, { body: {} }), 409).json;
  assert.equal(refused['code'], 'already_exists');
  expectStatus(await tenant.call('/v1/trash', { method: 'DELETE' }), 202);
  await eventually(
    () => tenant.ask('/v1/trash/usage'),
    ({ assets }) => assets === 0,
    'the trash is empty',
  );
  expectStatus(await tenant.call(`/v1/trash/${id}/restore`, { body: {} }), 404);
  expectStatus(await tenant.call(`/v1/assets/${id}?permanently=true`, { method: 'DELETE' }), 410);
});

test('a grant on a folder lets one copy, check out, delete there and bring back, and never delete for good', async () => {
  const inside = await uploaded('inside.png', { path: '/ours/a' });
  const outside = await uploaded('outside.png', { path: '/theirs' });
  const { id: keyId, key } = await server.key('life', ['webhooks:read']);
  await tenant.ask('/v1/grants', {
    body: {
      principal: `key:${keyId}`,
      resource: { type: 'folder', path: '/ours' },
      scopes: ['assets:read', 'assets:write'],
    },
  });
  const as = (path: string, method = 'POST', body?: object) =>
    server.call(path, { token: key, method, ...(body === undefined ? {} : { body }) });
  expectStatus(await as(`/v1/assets/${inside}/checkout`), 200);
  expectStatus(await as(`/v1/assets/${inside}/checkin`), 200);
  expectStatus(await as(`/v1/assets/${inside}/copy`, 'POST', { path: '/ours/b' }), 201);
  expectStatus(await as(`/v1/assets/${inside}/copy`, 'POST', { path: '/theirs' }), 403);
  for (const step of ['checkout', 'checkin', 'undo-checkout', 'copy', 'versions/1/promote'])
    expectStatus(await as(`/v1/assets/${outside}/${step}`), 404);
  expectStatus(await as(`/v1/assets/${inside}?permanently=true`, 'DELETE'), 403);
  expectStatus(await as(`/v1/assets/${inside}`, 'DELETE'), 204);
  expectStatus(await tenant.call(`/v1/assets/${outside}`, { method: 'DELETE' }), 204);
  const seen = rows(expectStatus(await as('/v1/trash', 'GET'), 200).json).map((asset) => asset['id']);
  assert.deepEqual(seen, [inside]);
  expectStatus(await as(`/v1/trash/${outside}`, 'GET'), 404);
  expectStatus(await as(`/v1/trash/${outside}/restore`), 404);
  for (const path of [`/v1/trash/${inside}`, '/v1/trash']) expectStatus(await as(path, 'DELETE'), 403);
  expectStatus(await as('/v1/trash/usage', 'GET'), 403);
  expectStatus(await as(`/v1/trash/${inside}/restore`, 'POST', { path: '/theirs' }), 403);
  expectStatus(await as(`/v1/trash/${inside}/restore`), 200);
});

test('a check-in takes a form or nothing, and says so of anything else', async () => {
  const id = await uploaded('form.png');
  const path = `/v1/assets/${id}/checkin`;
  assert.equal(expectStatus(await tenant.call(path, { method: 'POST' }), 409).json['code'], 'not_checked_out');
  expectStatus(await tenant.call(`/v1/assets/${id}/checkout`, { method: 'POST' }), 200);
  const handed = expectStatus(
    await tenant.call(path, uploadOptions('next.png', photograph, { name: 'n.png' })),
    200,
  ).json;
  assert.equal((handed['state'] as { file: { name: string } }).file.name, 'n.png');
  assert.equal((await tenant.call(path, { method: 'POST', body: { a: 1 } })).status, 415);
});
