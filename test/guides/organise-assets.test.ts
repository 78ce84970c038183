/** The commands of docs/guides/organise-assets.md, typed as they stand into one shell. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, type RealServer, rows, startRealServer, type Tenant } from '../e2e/real-server.ts';
import { strictly, typedBlocks, typeScript } from './typed-shell.ts';

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('guide');
});
after(() => server[Symbol.asyncDispose]());

test('every command of the guide does what it says, in the order in which it stands', async () => {
  const blocks = typedBlocks('docs/guides/organise-assets.md');
  assert.ok(blocks.length >= 6, `${blocks.length} blocks`);
  const { code, output } = await typeScript(strictly + blocks.join('\n'), { server, tenant });
  assert.equal(code, 0, output.slice(-2_000));
  const tasksEnd = async () => rows(await tenant.ask('/v1/tasks'));
  await eventually(tasksEnd, (tasks) => tasks.every(({ state }) => state === 'done'), 'every task is done');
  const kinds = rows(await tenant.ask('/v1/changes?limit=200&order=oldest')).map(({ kind }) => kind);
  for (const kind of [
    'folder.created',
    'folder.renamed',
    'folder.moved',
    'folder.changed',
    'folder.removed',
    'asset.moved',
    'asset.deleted',
    'collection.created',
    'collection.changed',
    'collection.removed',
    'asset.collections_changed',
    'asset.info_changed',
  ]) {
    assert.ok(kinds.includes(kind), `${kind} was told`);
  }
  const left = rows(await tenant.ask('/v1/folders?below=true')).map(({ path }) => path);
  assert.deepEqual(left, ['/archive', '/campaigns', '/archive/2026']);
});
