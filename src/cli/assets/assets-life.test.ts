import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AssetView, TrashedAsset } from '../../app/app.ts';
import { exitCodes } from '../exit-codes.ts';
import { inProcess } from '../testing/in-process.ts';
import type { InProcess } from '../testing/in-process.ts';
import { serve, temporaryDirectory } from '../testing/spawned.ts';
import type { Serving } from '../testing/spawned.ts';

const cleanups: (() => void)[] = [];
const dataDir = temporaryDirectory({ after: (run) => void cleanups.push(run) });
const environment = { ASSETWIRE_DATA_DIR: dataDir };
let server: Serving;
let cli: InProcess;
let file: string;
let id: string;

before(async () => {
  server = await serve(environment);
  cli = inProcess(environment);
  file = join(dataDir, 'note.txt');
  writeFileSync(file, 'one');
  await cli.ask('upload', file, '--path', '/notes');
  const { data } = await cli.ask<{ data: AssetView[] }>('assets', 'list', '--folder', '/notes');
  id = data[0]?.id ?? '';
});
after(async () => {
  await server.end();
  for (const run of cleanups) run();
});

test('an asset is checked out, handed in with a file, promoted and copied', async () => {
  const out = await cli.run('assets', 'checkout', id);
  assert.match(out.out, /checked out +by .* since 20\d\d-/);
  const held = await cli.ask<{ data: AssetView[] }>('assets', 'list', '--checked-out');
  assert.deepEqual(
    held.data.map((asset) => asset.id),
    [id],
  );
  writeFileSync(file, 'second');
  const { state } = await cli.ask<AssetView>('assets', 'checkin', id, '--file', file, '--name', 'second.txt');
  assert.deepEqual([state.checkedOutBy, state.file?.bytes, state.file?.name], [undefined, 6, 'second.txt']);
  assert.equal((await cli.run('assets', 'checkin', id)).code, exitCodes.refused);
  await cli.ask('assets', 'checkout', id);
  assert.equal((await cli.ask<AssetView>('assets', 'undo-checkout', id)).state.checkedOutBy, undefined);
  assert.equal((await cli.ask<AssetView>('assets', 'promote', id, '1')).state.versions.length, 3);
  await cli.ask('assets', 'promote', id, '2', '--activate');
  const versions = await cli.run('assets', 'versions', id);
  assert.match(versions.out, /\n +1 [^\n]*\n +2 +active [^\n]*second\.txt[^\n]*\n +3 [^\n]* 1\n/);
  const further = await cli.ask<AssetView>('assets', 'add-version', id, file);
  assert.deepEqual([further.state.versions.length, further.state.versions[3]?.active], [4, true]);
  assert.equal(
    (await cli.run('assets', 'delete-version', id, '3')).code,
    exitCodes.failed,
    'unasked it deletes nothing',
  );
  const fewer = await cli.ask<AssetView>('assets', 'delete-version', id, '3', '--yes');
  assert.deepEqual(
    fewer.state.versions.map(({ number }) => number),
    [1, 2, 4],
  );
  const copy = await cli.ask<AssetView>(
    'assets',
    'copy',
    id,
    '--path',
    '/copies',
    '--name',
    'c.txt',
    '--without-metadata',
  );
  assert.deepEqual([copy.state.path, copy.state.name, copy.state.copiedFrom?.assetId], ['/copies', 'c.txt', id]);
  const history = await cli.run('assets', 'history', id, '--limit', '3');
  assert.match(history.out, /chg_\w+ +asset\.\w+ /);
  assert.equal(history.out.trim().split('\n').length, 5, 'a head, three lines, and that there are more');
  const missing = await cli.run('assets', 'checkin', id, '--file', join(dataDir, 'nothing'));
  assert.match(missing.err, /The file must be readable: ENOENT/);
});

test('dates, archive, aliases and the focus point are set, shown and taken away', async () => {
  const set = await cli.run(
    'assets',
    'dates',
    id,
    '--publish',
    '30d',
    '--expire',
    '2099-01-31',
    '--archive',
    '2098-01-31',
  );
  assert.match(
    set.out,
    /availability +upcoming\npublish +20\d\d-[^\n]*\nexpires +2099-01-31[^\n]*\narchive +2098-01-31[^\n]*notice 2098-01-24/,
  );
  const upcoming = await cli.ask<{ data: AssetView[] }>('assets', 'list', '--availability', 'upcoming');
  assert.deepEqual(
    upcoming.data.map((asset) => asset.id),
    [id],
  );
  const cleared = await cli.run('assets', 'dates', id, '--publish', 'never', '--expire', 'never', '--archive', 'never');
  assert.equal(cleared.out, 'dates  none\n');
  assert.equal((await cli.run('assets', 'dates', id)).out, 'dates  none\n');
  assert.equal((await cli.run('assets', 'dates', id, '--expire', 'soon')).code, exitCodes.usage);

  assert.match((await cli.run('assets', 'archive', id)).out, /✓ .* is archived/);
  assert.match((await cli.run('assets', 'unarchive', id)).out, /✓ .* is not archived/);
  assert.match(
    (await cli.run('assets', 'archive', id, '--at', '7d')).out,
    /✓ .* is not archived, and will be on 20\d\d-/,
  );

  assert.match((await cli.run('assets', 'aliases', id, 'bynder=B1', 'woodwing=W1')).out, /bynder +B1\nwoodwing +W1/);
  assert.equal((await cli.ask<AssetView>('assets', 'show', 'alias:bynder:B1')).id, id);
  assert.match((await cli.run('assets', 'aliases', id, 'bynder=')).out, /^woodwing +W1\n$/);
  assert.equal((await cli.run('assets', 'aliases', id, 'bynder')).code, exitCodes.usage);

  assert.match((await cli.run('assets', 'focus', id, '0.5,0.25')).out, /focus point +0\.5, 0\.25/);
  assert.match((await cli.run('assets', 'focus', id, '--clear')).out, /none/);
  assert.equal((await cli.run('assets', 'focus', id, '2,0')).code, exitCodes.usage);
});

test('what was deleted lies in the trash, comes back, and goes for good', async () => {
  await cli.ask('assets', 'delete', id);
  const gone = await cli.run('assets', 'show', id);
  assert.match(gone.err, /lies in the trash until[\s\S]*POST \/v1\/trash\/ast_\w+\/restore/);
  const { data } = await cli.ask<{ data: TrashedAsset[] }>('assets', 'trash');
  assert.deepEqual(
    data.map((asset) => asset.id),
    [id],
  );
  const shown = await cli.run('assets', 'trash');
  assert.match(shown.out, /ASSET +DELETED +FOR GOOD +BY +SIZE +PLACE\n/);
  assert.match(shown.err, /^1 in the trash, /);
  assert.match(
    (await cli.run('assets', 'restore', id, '--path', '/back')).out,
    /✓ ast_\w+ is back at \/back\/note\.txt/,
  );
  await cli.ask('assets', 'delete', id);
  const unasked = await cli.run('assets', 'empty-trash');
  assert.match(unasked.err, /Emptying must be confirmed: nothing was deleted/);
  assert.match((await cli.run('assets', 'empty-trash', '--yes')).out, /✓ 1 assets, .*: being deleted for good/);
  assert.equal((await cli.run('assets', 'restore', 'external:never')).code, exitCodes.notFound);
  const [copy] = (await cli.ask<{ data: AssetView[] }>('assets', 'list', '--folder', '/copies')).data;
  await cli.ask('assets', 'delete', copy?.id ?? '', '--permanently');
  assert.equal((await cli.run('assets', 'delete', copy?.id ?? '', '--permanently')).code, exitCodes.refused);
});
