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
let key: string;

before(async () => {
  server = await serve(environment);
  cli = inProcess(environment);
  key = (await cli.ask<{ readonly key: string }>('keys', 'create', 'reporter')).key;
});
after(async () => {
  await server.end();
  for (const run of cleanups) run();
});

type Named = { readonly id: string; readonly path: string; readonly key: string };

/** Assets without files, as another system reports them. */
async function report(path: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += 500) {
    const answer = await fetch(`${server.url}/v1/changes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        changes: Array.from({ length: Math.min(500, count - from) }, (_, n) => ({
          kind: 'asset.created',
          subject: { type: 'asset', externalId: `${path}#${from + n}` },
          after: { name: 'x.jpg', path },
        })),
      }),
    });
    assert.equal(answer.status, 202, await answer.text());
  }
}

test('folders are made, listed, shown, described, renamed, moved and deleted by path', async () => {
  const made = await cli.ask<Named>('folders', 'create', '/a/b', '--description', 'For all');
  await report('/a/b', 2);
  const listed = await cli.run('folders', 'list', '/', '--below');
  assert.match(listed.out, /FOLDER +UPDATED +PATH\nfld_\w+ +\S+ \S+ +\/a\nfld_\w+ +\S+ \S+ +\/a\/b\n/);
  const shown = await cli.run('folders', 'show', '/a/b');
  assert.match(shown.out, /path +\/a\/b\n.*description +For all\n.*assets +2\n/s);
  const renamed = await cli.run('folders', 'rename', made.id, 'c');
  assert.equal(renamed.out, `✓ ${made.id}  /a/c\n`);
  await cli.ask('folders', 'describe', '/a/c', '');
  assert.equal((await cli.ask<Named>('folders', 'move', '/a/c', '/z')).path, '/z/c');
  const full = await cli.run('folders', 'delete', '/z/c');
  assert.equal(full.code, exitCodes.refused, full.err);
  assert.match(full.err, /2 assets and 0 folders[^]*contents=delete/);
  assert.deepEqual(await cli.ask('folders', 'delete', '/z/c', '--contents', 'move', '--to', '/a'), { deleted: '/z/c' });
  assert.match((await cli.run('folders', 'show', '/a')).out, /assets +2\n/);
  assert.match((await cli.run('folders', 'rename', 'root', 'x')).err, /root/);
});

test('a rename of many waits for its task and says how many went along; --no-wait leaves it to be looked at', async () => {
  await report('/big', 1_050);
  const renamed = await cli.run('folders', 'rename', '/big', 'bigger');
  assert.equal(renamed.code, exitCodes.done, renamed.err);
  assert.match(renamed.out, /✓ fld_\w+ {2}\/bigger; 1050 assets\n/);
  const left = await cli.ask<{ task: Named }>('folders', 'rename', '/bigger', 'biggest', '--no-wait');
  const waited = await cli.run('tasks', 'wait', left.task.id);
  assert.match(waited.out, /state +done\nassets +1050 of 1050\nfrom +\/bigger\nto +\/biggest\n/);
  const listed = await cli.run('tasks', 'list', '--state', 'done');
  assert.match(listed.out, /folder_move +done +1050\/1050 .* \/bigger → \/biggest\n/);
});

test('collections and sections are made, filled, listed, changed and deleted by key', async () => {
  await report('/group', 2);
  const collection = await cli.ask<Named>('collections', 'create', 'Spring 2027', '--key', 'spring');
  const added = await cli.run('collections', 'add', 'spring', 'external:/group#0', 'external:/group#1');
  assert.equal(added.out, '✓ external:/group#0  changed\n✓ external:/group#1  changed\n');
  const never = await cli.run('collections', 'add', collection.id, 'external:never');
  assert.equal(never.code, exitCodes.failed, never.err);
  assert.match(never.out, /✗ external:never {2}Find the asset/);
  await cli.ask('collections', 'remove', 'spring', 'external:/group#1');
  const { data } = await cli.ask<{ data: readonly Named[] }>('collections', 'assets', 'spring');
  assert.equal(data.length, 1);
  await cli.ask('collections', 'update', 'spring', '--name', 'Spring');
  assert.match((await cli.run('collections', 'list')).out, /col_\w+ +spring +\S+ \S+ +Spring\n/);
  const deleted = await cli.run('collections', 'delete', 'spring', '--yes');
  assert.match(deleted.out, /✓ spring is deleted; 1 assets\n/);
  await cli.ask('sections', 'create', 'Photographs', '--key', 'photos', '--position', '5');
  await cli.ask('sections', 'create', 'Films', '--key', 'films');
  await cli.ask('sections', 'update', 'films', '--position', '-5');
  await cli.ask('sections', 'add', 'photos', 'external:/group#0');
  assert.match((await cli.run('sections', 'list')).out, /films +-5 +Films\nsct_\w+ +photos +5 +Photographs\n/);
  assert.match((await cli.run('sections', 'show', 'photos')).out, /assets +1\n/);
  assert.deepEqual(await cli.ask('sections', 'delete', 'films'), { deleted: 'films' });
});

test('roles are made, changed and deleted; grants are given on one thing, listed and taken away', async () => {
  await cli.ask('roles', 'create', 'press', '--scope', 'assets:read');
  const changed = await cli.run(
    'roles',
    'update',
    'press',
    '--name',
    'Press',
    '--scope',
    'assets:read',
    'assets:write',
  );
  assert.match(changed.out, /role +press\nname +Press\nbuilt in +no\nscopes +assets:read assets:write\n/);
  assert.match((await cli.run('roles', 'list')).out, /admin +Admin +Assetwire [^]*press +Press +the workspace /);
  const user = await cli.ask<Named>('users', 'invite', 'ada@example.com', '--role', 'press');
  assert.equal((await cli.run('roles', 'delete', 'press')).code, exitCodes.refused);
  const grant = await cli.ask<Named>('grants', 'create', user.id, '--folder', '/group/', '--scope', 'assets:write');
  const listed = await cli.run('grants', 'list', '--of', user.id);
  assert.match(listed.out, new RegExp(`${grant.id} +user:${user.id} +assets:write +\\S+ \\S+ +folder /group\\n`));
  const both = await cli.run('grants', 'create', user.id, '--folder', '/x', '--collection', 'y');
  assert.equal(both.code, exitCodes.usage);
  assert.deepEqual(await cli.ask('grants', 'delete', grant.id), { deleted: grant.id });
  assert.equal((await cli.run('grants', 'list', '--of', user.id)).out, 'none\n');
});
