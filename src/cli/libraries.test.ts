import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exitCodes } from './exit-codes.ts';
import { inProcess } from './testing/in-process.ts';
import type { InProcess } from './testing/in-process.ts';
import { serve, temporaryDirectory } from './testing/spawned.ts';
import type { Serving } from './testing/spawned.ts';

const cleanups: (() => void)[] = [];
const environment = { ASSETWIRE_DATA_DIR: temporaryDirectory({ after: (run) => void cleanups.push(run) }) };
let server: Serving;
let cli: InProcess;

before(async () => {
  server = await serve(environment);
  cli = inProcess(environment);
  const { key } = await cli.ask<{ readonly key: string }>('keys', 'create', 'dam', '--scope', 'assets:write');
  const answer = await fetch(`${server.url}/v1/assets/external:logo`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'logo.svg' }),
  });
  assert.equal(answer.status, 201, await answer.text());
});
after(async () => {
  await server.end();
  for (const run of cleanups) run();
});

test('Libraries are made, listed, changed and deleted, an asset is brought to one, and a grant is given on one', async () => {
  assert.match((await cli.run('libraries', 'list')).out, /LIBRARY +ORGANIZATION +NAME\ndefault +default +Default\n/);
  await cli.ask('libraries', 'create', 'brand', '--name', 'Brand', '--organization', 'example-corp');
  assert.match((await cli.run('libraries', 'show', 'brand')).out, /name +Brand\norganization +example-corp\n/);
  await cli.ask('libraries', 'update', 'brand', '--description', 'Logos and type');
  assert.match((await cli.run('libraries', 'show', 'brand')).out, /description +Logos and type\n/);
  assert.equal((await cli.run('libraries', 'update', 'brand')).code, exitCodes.usage);
  await cli.ask('assets', 'edit', 'external:logo', '--library', 'brand');
  assert.match((await cli.run('assets', 'show', 'external:logo')).out, /library +brand\n/);
  const { id } = await cli.ask<{ readonly id: string }>('keys', 'create', 'reader', '--scope', 'webhooks:write');
  assert.match((await cli.run('grants', 'create', id, '--library', 'brand')).out, /assets:read on library brand\n/);
  const webhook = [
    'webhooks',
    'create',
    'https://receiver.example/',
    '--dialect',
    'brandfolder',
    '--event',
    'asset.update',
  ];
  const made = await cli.ask<{ readonly settings: object }>(...webhook, '--settings', '{"resource_key":"brand"}');
  assert.deepEqual(made.settings, { resource_key: 'brand', organization_key: 'example-corp' });
  const twice = await cli.run(...webhook, '--settings', '{"resource_key":"brand"}');
  assert.match(twice.err, /tells the same event of library "brand" to the same place[^]*delete it first/);
  const nowhere = await cli.run(...webhook, '--settings', '{"resource_key":"nowhere"}');
  assert.match(nowhere.err, /Find the library "nowhere"[^]*make one by POST \/v1\/libraries/);
  const both = await cli.run(...webhook, '--event', 'asset.delete');
  assert.match(both.err, /Choose one event[^]*one of asset\.create, asset\.update, asset\.delete/);
  const shown = (await cli.run('dialects', 'show', 'brandfolder')).out;
  assert.match(shown, /one for each webhook[^]*inactive_after_hours[^]*asset\.create[^]*resource_key/);
  assert.deepEqual(await cli.ask('libraries', 'delete', 'brand', '--yes'), { deleted: 'brand' });
  assert.match((await cli.run('libraries', 'delete', 'default', '--yes')).err, /assets that name none are in it/);
});

test('Comments are said, pointed, resolved and deleted, and an approval is decided and taken back', async () => {
  const { id } = await cli.ask<{ readonly id: string }>('comments', 'add', 'external:logo', 'More room above');
  await cli.ask('comments', 'add', 'external:logo', 'Here', '--region', '0.1,0.2,0.3,0.4', '--reply-to', id);
  await cli.ask('comments', 'resolve', 'external:logo', id);
  const listed = (await cli.run('comments', 'list', 'external:logo')).out;
  assert.match(listed, /✓ More room above\n/);
  assert.match(listed, /0\.1,0\.2,0\.3,0\.4 +Here\n/);
  assert.equal((await cli.run('comments', 'resolve', 'external:logo', id, '--reopen')).out, `✓ ${id}\n`);
  await cli.ask('comments', 'edit', 'external:logo', id, 'More room below');
  assert.deepEqual(await cli.ask('comments', 'delete', 'external:logo', id), { deleted: id });
  assert.equal((await cli.run('comments', 'add', 'external:logo', 'x', '--region', '2,0,1,1')).code, exitCodes.usage);
  assert.match((await cli.run('comments', 'approval', 'external:logo')).out, /approval +not decided\n/);
  const decided = await cli.run('comments', 'approval', 'external:logo', 'approved', '--note', 'Checked');
  assert.match(decided.out, /approval +approved\nby +\S.*\nat +\S.*\nnote +Checked\n/);
  assert.match((await cli.run('comments', 'approval', 'external:logo', '--clear')).out, /not decided/);
});
