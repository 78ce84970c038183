/** One of everything that a tenant may have, for tests of what another one sees of it. */
import assert from 'node:assert/strict';
import { eventually, expectStatus, rows, type Tenant, text } from './real-server.ts';

/** One of everything; what goes on by itself has ended. */
export async function furnish(tenant: Tenant): Promise<Readonly<Record<string, string>>> {
  const inbox = await tenant.ask('/v1/inboxes', { method: 'POST' });
  const webhook = await tenant.ask('/v1/webhooks', {
    body: {
      name: 'to the inbox',
      dialect: 'standard',
      target: { transport: 'http', url: inbox['url'] },
      events: ['*'],
    },
  });
  const asset = expectStatus(
    await tenant.upload('a.txt', Buffer.from('hello'), { externalId: 'shared-name', tags: ['x'] }),
    201,
  ).json;
  const delivery = await eventually(
    async () => rows(await tenant.ask('/v1/deliveries?states=delivered'))[0],
    (row) => row !== undefined,
    'a delivery',
  );
  const change = rows(await tenant.ask('/v1/changes'))[0];
  const replay = await tenant.ask('/v1/replays', {
    body: { fromMs: 0, toMs: Date.now() + 1_000, webhookId: webhook['id'] },
  });
  await eventually(
    () => tenant.ask(`/v1/replays/${text(replay['id'])}`),
    ({ state }) => state === 'done',
    'the replay is done',
  );
  await lookedInto(tenant, text(asset['id']));
  const field = await tenant.ask('/v1/metadata-fields', { body: { name: 'alpha-only', type: 'text' } });
  const key = await tenant.ask('/v1/keys', { body: { name: 'another', scopes: ['assets:read'] } });
  const things = {
    inb: text(inbox['id']),
    wh: text(webhook['id']),
    ast: text(asset['id']),
    dlv: text(delivery?.['id']),
    chg: text(change?.['id']),
    rpl: text(replay['id']),
    key: text(key['id']),
    ers: text((await tenant.ask('/v1/erasures', { body: { person: { name: 'Nobody Known' } } }))['id']),
    shl: text((await tenant.ask('/v1/share-links', { body: { assets: [asset['id']] } }))['id']),
    job: text((await tenant.ask('/v1/jobs', { body: { name: 'Alpha only', assets: [asset['id']] } }))['id']),
    exp: text((await tenant.ask('/v1/exports', { body: { of: 'changes', format: 'ndjson' } }))['id']),
    ...(await furnishPeople(tenant, webhook)),
    field: text(field['name']),
    sgk: text((await tenant.ask('/v1/signing-keys', { body: { name: 'sns' } }))['id']),
    library: text((await tenant.ask('/v1/libraries', { body: { key: 'alpha-only' } }))['key']),
    comment: text((await tenant.ask(`/v1/assets/${text(asset['id'])}/comments`, { body: { text: 'Hm' } }))['id']),
    trashed: await furnishTrash(tenant),
    ...(await furnishGroups(tenant)),
    ...(await furnishIntake(tenant)),
  };
  await eventually(
    async () => rows(await tenant.ask('/v1/deliveries?states=pending&limit=1')).length,
    (owed) => owed === 0,
    'nothing is owed',
  );
  return things;
}

async function lookedInto(tenant: Tenant, id: string): Promise<void> {
  await eventually(
    () => tenant.ask(`/v1/assets/${id}`),
    ({ state }) => !JSON.stringify(state).includes('"state":"pending"'),
    'the file is looked into',
  );
}

/** An asset that was deleted. */
async function furnishTrash(tenant: Tenant): Promise<string> {
  const asset = expectStatus(await tenant.upload('old.txt', Buffer.from('old'), { externalId: 'old' }), 201).json;
  const id = text(asset['id']);
  await lookedInto(tenant, id);
  expectStatus(await tenant.call(`/v1/assets/${id}`, { method: 'DELETE' }), 204);
  return id;
}

/** A folder, a collection, a section, and a task that is done. */
async function furnishGroups(tenant: Tenant): Promise<Readonly<Record<string, string>>> {
  const folder = await tenant.ask('/v1/folders', { body: { path: '/alpha/only' } });
  const collection = await tenant.ask('/v1/collections', { body: { name: 'Alpha only' } });
  const section = await tenant.ask('/v1/sections', { body: { name: 'Alpha only' } });
  const broadcast = await tenant.ask('/v1/broadcasts', { body: { title: 'Alpha only', type: 'live' } });
  const left = await tenant.ask('/v1/collections', { body: { name: 'left' } });
  await tenant.ask('/v1/collections/key:left/assets', { body: { add: ['external:shared-name'] } });
  const removed = expectStatus(
    await tenant.call(`/v1/collections/${text(left['id'])}`, { method: 'DELETE' }),
    202,
  ).json;
  const task = text((removed['task'] as Record<string, unknown>)['id']);
  await eventually(
    () => tenant.ask(`/v1/tasks/${task}`),
    ({ state }) => state === 'done',
    'the task is done',
  );
  return {
    folders: text(folder['id']),
    collections: text(collection['id']),
    sections: text(section['id']),
    broadcasts: text(broadcast['id']),
    tsk: task,
  };
}

/** Users, roles, grants, a session, a notice. */
async function furnishPeople(
  tenant: Tenant,
  webhook: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, string>>> {
  const user = await tenant.ask('/v1/users', {
    body: { name: 'Ada', email: 'ada@alpha.example', roles: ['viewer'] },
  });
  const grant = await tenant.ask('/v1/grants', {
    body: {
      principal: `user:${text(user['id'])}`,
      resource: { type: 'folder', path: '/alpha' },
      scopes: ['assets:read'],
    },
  });
  await tenant.ask('/v1/roles', { body: { id: 'alphas', name: 'Of alpha', scopes: ['assets:read'] } });
  const signedIn = await tenant.call('/v1/sessions', { body: { key: tenant.key } });
  assert.equal(signedIn.status, 201, signedIn.text);
  const session = rows(await tenant.ask('/v1/sessions'))[0];
  // Many secrets in a row push the first one out, of which a notice tells.
  for (let count = 0; count < 4; count++)
    await tenant.ask(`/v1/webhooks/${text(webhook['id'])}/rotate-secret`, { body: {} });
  const notice = rows(await tenant.ask('/v1/notices'))[0];
  return {
    usr: text(user['id']),
    grt: text(grant['id']),
    ses: text(session?.['id']),
    ntc: text(notice?.['id']),
  };
}

/** A full sync, a fetch that was cancelled or has failed, and a job that fills in metadata. */
async function furnishIntake(tenant: Tenant): Promise<Readonly<Record<string, string>>> {
  const sync = await tenant.ask('/v1/syncs', { body: { source: 'alpha-dam' } });
  const fetched = await tenant.ask('/v1/assets/from-url', { body: { url: 'https://alpha.example/a.jpg' } });
  const [result] = fetched['results'] as readonly { readonly fetch: { readonly id: string } }[];
  const fetching = text(result?.fetch.id);
  await tenant.call(`/v1/fetches/${fetching}`, { method: 'DELETE' });
  await eventually(
    () => tenant.ask(`/v1/fetches/${fetching}`),
    ({ state }) => state === 'cancelled' || state === 'failed',
    'the fetch has ended',
  );
  const job = await tenant.ask('/v1/metadata-mappings/apply', { body: {} });
  await eventually(
    () => tenant.ask(`/v1/metadata-jobs/${text(job['id'])}`),
    ({ state }) => state === 'done',
    'the job is done',
  );
  return { syn: text(sync['id']), fch: fetching, mjb: text(job['id']) };
}
