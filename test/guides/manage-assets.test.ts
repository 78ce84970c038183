/** The commands of docs/guides/manage-assets.md, typed as they stand into one shell. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, type RealServer, rows, startRealServer, type Tenant } from '../e2e/real-server.ts';
import { type ShellEnd, strictly, typedBlocks, typeScript } from './typed-shell.ts';

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('guide');
});
after(() => server[Symbol.asyncDispose]());

const shell = (script: string): Promise<ShellEnd> => typeScript(script, { server, tenant });

test('every command of the guide does what it says, in the order in which it stands', async () => {
  const blocks = typedBlocks('docs/guides/manage-assets.md');
  assert.ok(blocks.length >= 9, `${blocks.length} blocks`);
  const [settings = ''] = blocks;
  const last = blocks.at(-1) ?? '';
  const kindsTold = async () => rows(await tenant.ask('/v1/changes?limit=200&order=oldest')).map(({ kind }) => kind);
  const life = await shell(strictly + blocks.slice(0, -1).join('\n'));
  assert.equal(life.code, 0, life.output.slice(-2_000));
  // People do not type so fast: before the end, what is found out about the file has been told.
  await eventually(kindsTold, (told) => told.includes('asset.ready'), 'the asset is ready');
  const end = await shell(strictly + settings + last);
  assert.equal(end.code, 0, end.output.slice(-2_000));
  const kinds = await kindsTold();
  for (const kind of [
    'asset.created',
    'asset.ready',
    'asset.renamed',
    'asset.moved',
    'asset.tags_changed',
    'asset.info_changed',
    'asset.archived',
    'asset.unarchived',
    'asset.labels_changed',
    'asset.metadata_changed',
    'asset.version_added',
    'asset.version_activated',
  ]) {
    assert.ok(kinds.includes(kind), `${kind} was told`);
  }
  assert.equal(kinds.at(-1), 'asset.deleted');
  assert.equal((await tenant.call('/v1/assets/external:harbour')).status, 404);
});

test('the shell of this test ends where a command is refused', async () => {
  const { code, output } = await shell(
    `${strictly}curl -H "authorization: Bearer $ASSETWIRE_KEY" "$ASSETWIRE_URL/v1/assets?kind=x"\necho on`,
  );
  assert.notEqual(code, 0);
  assert.match(output, /invalid_request/);
  assert.doesNotMatch(output, /\non\n/);
});
