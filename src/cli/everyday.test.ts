import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { exitCodes } from './exit-codes.ts';
import { inProcess } from './testing/in-process.ts';
import type { InProcess } from './testing/in-process.ts';
import { clean, launcher, serve, temporaryDirectory } from './testing/spawned.ts';
import type { Serving } from './testing/spawned.ts';

// One real server for all of them; each works with what it made.
const cleanups: (() => void)[] = [];
const dataDir = temporaryDirectory({ after: (run) => void cleanups.push(run) });
const environment = { ASSETWIRE_DATA_DIR: dataDir };
let server: Serving;
let cli: InProcess;

before(async () => {
  server = await serve({ ...environment, ASSETWIRE_ALLOWED_TARGETS: '127.0.0.0/8' });
  cli = inProcess(environment);
});
after(async () => {
  await server.end();
  for (const run of cleanups) run();
});

type Made = { readonly id: string; readonly url: string; readonly secret: string };

function inventedId(prefix: string): string {
  return `${prefix}_00000000000000000000000000`;
}

test('a webhook is made, shown, changed, tested, switched, rotated, tried dry, measured and deleted', async () => {
  const inbox = await cli.ask<Made>('inbox', 'create');
  const made = await cli.ask<Made & { name: string }>('webhooks', 'create', inbox.url, '--contact', 'ada@example.com');
  assert.equal(made.name, new URL(inbox.url).host, 'the name is the host where none is given');
  const tested = await cli.run('webhooks', 'test', made.id);
  assert.equal(tested.code, exitCodes.done, tested.err);
  assert.match(tested.out, /✓ dlv_\w+ {2}answered 204 after \d+ ms/);
  await cli.ask('webhooks', 'update', made.id, '--name', 'Shop', '--event', 'asset.created', '--header', 'x-shop: 1');
  const shown = await cli.run('webhooks', 'show', made.id);
  assert.match(
    shown.out,
    /name +Shop\n[\s\S]*events +asset\.created\n[\s\S]*header +x-shop: 1\n[\s\S]*contacts +ada@example\.com/,
  );
  assert.equal(shown.out.includes(made.secret), false);
  await cli.ask('webhooks', 'disable', made.id);
  const { data } = await cli.ask<{ data: { id: string }[] }>('webhooks', 'list', '--state', 'disabled');
  assert.deepEqual(
    data.map(({ id }) => id),
    [made.id],
  );
  await cli.ask('webhooks', 'enable', made.id, '--held', 'cancel', '--missed', 'skip');
  const rotated = await cli.ask<Made>('webhooks', 'rotate', made.id, '--revoke-old-now');
  assert.notEqual(rotated.secret, made.secret);

  await cli.ask('trigger', 'asset.ready', '--external-id', 'dry');
  const dry = await cli.run('webhooks', 'dry-run', made.id, '--since', '1h', '--render', '1');
  assert.match(dry.out, /✓ .*asset\.ready .*→ asset\.created\n {4}POST http[\s\S]*1 of \d+ changes match/);
  const refused = await cli.run('webhooks', 'dry-run', made.id, '--event', 'folder.created');
  assert.match(refused.out, /– .*asset\.ready/, 'as if it had other events');
  const stats = await cli.run('webhooks', 'stats', made.id, '--since', '2h', '--bucket', 'minute');
  assert.match(stats.out, /ACCEPTED[\s\S]*in all/);
  assert.equal((await cli.run('webhooks', 'delete', made.id)).code, exitCodes.done);
  assert.equal((await cli.run('webhooks', 'show', made.id)).code, exitCodes.notFound);
});

test('a rotation says until when the old secret signs, and asks first where it would stop at once', async () => {
  const { url } = await cli.ask<Made>('inbox', 'create');
  const { id } = await cli.ask<Made>('webhooks', 'create', url);
  assert.match((await cli.run('webhooks', 'rotate', id)).out, /the old one signs too until 20\d\d-/);
  assert.match(
    (await cli.run('webhooks', 'rotate', id, '--revoke-old-now')).out,
    /the old one stopped signing at once/,
  );

  const single = await cli.ask<Made>('webhooks', 'create', url, '--dialect', 'woodwing');
  const unasked = await cli.run('webhooks', 'rotate', single.id);
  assert.equal(unasked.code, exitCodes.failed);
  assert.match(unasked.err, /Rotation must be confirmed: dialect "woodwing" has no overlap[\s\S]*add --yes/);
  const asked: string[] = [];
  const no = inProcess(environment, { ask: async (question) => String(asked.push(question)) });
  assert.equal((await no.run('webhooks', 'rotate', single.id)).code, exitCodes.failed);
  assert.match(asked[0] ?? '', /stops signing at once\. Go on\?/);
  const rotated = await cli.run('webhooks', 'rotate', single.id, '--yes');
  assert.match(rotated.out, /the old one stopped signing at once/, rotated.err);
  await cli.ask('webhooks', 'delete', id);
  await cli.ask('webhooks', 'delete', single.id);
});

test('a test that the receiver refuses ends with one and says what it answered', async () => {
  const inbox = await cli.ask<Made>('inbox', 'create');
  await cli.ask('inbox', 'answer', inbox.id, '--status', '503');
  const { id } = await cli.ask<Made>('webhooks', 'create', inbox.url);
  const tested = await cli.run('webhooks', 'test', id);
  assert.equal(tested.code, exitCodes.failed);
  assert.match(
    tested.err,
    /the receiver refused \(answered 503\)\nmend: {2}See it with: assetwire deliveries show dlv_/,
  );
  await cli.ask('webhooks', 'delete', id);
});

test('a target that is none is refused before anything else is looked at', async () => {
  for (const target of ['javascript:1', 'ftp://a.example/x', 'hooks', 'https://', '']) {
    const { code, err } = await cli.run('webhooks', 'create', target);
    assert.equal(code, exitCodes.usage, target);
    assert.match(err, /Target must be an http or https URL/);
    assert.match(err, /mend:/);
  }
  const forbidden = await cli.run('webhooks', 'create', 'http://169.254.169.254/latest');
  assert.equal(forbidden.code, exitCodes.refused);
  assert.match(forbidden.err, /address/);
});

test('secrets of a webhook are not taken from the command line', async () => {
  const { code, err } = await cli.run(
    'webhooks',
    'create',
    'https://a.example/',
    '--credentials',
    '{"kind":"bearer","token":"t"}',
  );
  assert.equal(code, exitCodes.usage);
  assert.match(err, /Credentials must stand in a file/);
});

test('an asset is found, edited word by word, and deleted after a question', async () => {
  const file = join(dataDir, '..', `note-${process.pid}.txt`);
  writeFileSync(file, 'a note');
  cleanups.push(() => writeFileSync(file, ''));
  const { data } = await cli.ask<{ data: { asset: Made }[] }>('upload', file, '--tag', 'one', 'two');
  const id = data[0]?.asset.id ?? '';
  await cli.ask(
    'assets',
    'edit',
    id,
    '--path',
    '/notes',
    '--name',
    'n.txt',
    '--info',
    'title=A note',
    '--metadata',
    'rating=4',
  );
  await cli.ask('assets', 'edit', id, '--add-tag', 'three', '--remove-tag', 'one');
  type State = { state: { tags: string[]; info: object; metadata: object; archived: boolean } };
  const { state } = await cli.ask<State>('assets', 'edit', id, '--archive');
  assert.deepEqual(
    [state.tags, state.info, state.metadata, state.archived],
    [['two', 'three'], { title: 'A note' }, { rating: 4 }, true],
  );
  const listed = await cli.run('assets', 'list', '--limit', '5');
  assert.match(listed.out, new RegExp(`${id}.*/notes/n\\.txt`));
  assert.match((await cli.run('assets', 'show', id)).out, /place +\/notes\/n\.txt\n[\s\S]*tags +two, three/);
  const asked: string[] = [];
  const no = inProcess(environment, { ask: async (question) => String(asked.push(question)) });
  assert.equal((await no.run('assets', 'delete', id)).code, exitCodes.failed);
  assert.equal(asked.length, 1);
  assert.equal(
    (await inProcess(environment, { ask: async () => 'y' }).run('assets', 'delete', id)).code,
    exitCodes.done,
  );
  assert.notEqual((await cli.run('assets', 'show', id)).code, exitCodes.done);
  const nothing = await cli.run('assets', 'edit', id);
  assert.equal(nothing.code, exitCodes.usage);
});

test('changes are triggered, reported, listed and shown', async () => {
  const { results } = await cli.ask<{ results: { changes: { id: string; kind: string }[] }[] }>(
    'trigger',
    'folder.created',
    '--external-id',
    'f9',
  );
  const change = results[0]?.changes[0];
  assert.equal(change?.kind, 'folder.created');
  assert.match((await cli.run('changes', 'show', change?.id ?? '')).out, /kind +folder\.created\n[\s\S]*after \{/);
  const { data } = await cli.ask<{ data: { id: string }[] }>(
    'changes',
    'list',
    '--kind',
    'folder.created',
    '--since',
    '1h',
  );
  assert.ok(data.some(({ id }) => id === change?.id));
  assert.equal((await cli.run('changes', 'list', '--kind', 'folder.painted')).code, exitCodes.usage);
  assert.equal((await cli.run('trigger', 'webhook.test')).code, exitCodes.usage);
});

test('a replay asks first, sends once confirmed, and can be looked at afterwards', async () => {
  const inbox = await cli.ask<Made>('inbox', 'create');
  const { id } = await cli.ask<Made>('webhooks', 'create', inbox.url);
  await cli.ask('trigger', 'collection.created', '--external-id', 'r1');
  for (;;) {
    const { data } = await cli.ask<{ data: unknown[] }>('deliveries', 'list', '--webhook', id, '--state', 'delivered');
    if (data.length > 0) break;
  }
  const args = ['replay', '--since', '1h', '--webhook', id];
  assert.match((await cli.run(...args)).out, /^1 delivery would be sent again\. Add --yes/);
  const declined = await inProcess(environment, { ask: async () => 'no' }).run(...args);
  assert.deepEqual([declined.code, declined.out], [exitCodes.failed, '']);
  const sent = await inProcess(environment, { ask: async () => 'yes' }).run(...args);
  assert.match(sent.out, /✓ 1 of 1 sent again/);
  const { data } = await cli.ask<{ data: { id: string; state: string }[] }>('replay', 'list');
  assert.equal(data[0]?.state, 'done');
  assert.match((await cli.run('replay', 'show', data[0]?.id ?? '')).out, /done {2}1 of 1/);
  const missing = await cli.run('replay', '--yes');
  assert.equal(missing.code, exitCodes.usage);
  assert.match(missing.err, /--since is missing/);
  const { data: delivered } = await cli.ask<{ data: { id: string }[] }>(
    'deliveries',
    'list',
    '--webhook',
    id,
    '--limit',
    '1',
  );
  const again = await cli.run('deliveries', 'redeliver', delivered[0]?.id ?? '');
  assert.match(again.out, /answered 204/, again.err);
  await cli.ask('webhooks', 'delete', id);
});

test('keys are made, rotated and revoked; users invited and removed; workspaces made and erased; all of it audited', async () => {
  const key = await cli.ask<Made & { key: string }>('keys', 'create', 'site', '--scope', 'assets:read', '--days', '1');
  const rotated = await cli.ask<Made & { key: string; replaces: string }>(
    'keys',
    'rotate',
    key.id,
    '--overlap-hours',
    '1',
  );
  assert.equal(rotated.replaces, key.id);
  await cli.ask('keys', 'revoke', rotated.id);
  assert.match((await cli.run('keys', 'list')).out, new RegExp(`${rotated.id}.*revoked`));
  const user = await cli.run('users', 'invite', 'ada@example.com', '--role', 'viewer');
  assert.match(user.out, /✓ usr_\w+ {2}ada@example\.com\n {2}set the password at {2}http/);
  const { data: users } = await cli.ask<{ data: { id: string; roles: string[] }[] }>('users', 'list');
  assert.deepEqual(users[0]?.roles, ['viewer']);
  const id = users[0]?.id ?? '';
  assert.match((await cli.run('users', 'update', id, '--disable')).out, /state +disabled/);
  assert.match((await cli.run('users', 'link', id)).out, /set the password at/);
  assert.equal((await cli.run('users', 'delete', id)).code, exitCodes.done);
  assert.match((await cli.run('users', 'roles')).out, /viewer +Viewer +assets:read/);

  await cli.ask('workspaces', 'create', 'acme', '--name', 'Acme');
  assert.deepEqual((await cli.ask<{ data: unknown[] }>('webhooks', 'list', '--workspace', 'acme')).data, []);
  const quota = (most: string) => cli.run('workspaces', 'update', 'acme', '--changes-per-second-max', most);
  assert.equal((await quota('200')).code, exitCodes.done);
  assert.match((await cli.run('workspaces', 'show', 'acme')).out, /writes +at most 200 changes a second/);
  assert.match((await quota('lots')).err, /must be a whole number of at least 1, such as 200, or none: found "lots"/);
  assert.equal((await quota('none')).code, exitCodes.done);
  assert.doesNotMatch((await cli.run('workspaces', 'show', 'acme')).out, /changes a second/);
  assert.equal((await cli.run('workspaces', 'erase', 'acme')).code, exitCodes.usage, 'not without its id');
  assert.match((await cli.run('workspaces', 'erase', 'acme', '--confirm', 'acme')).out, /erasing/);
  const audit = await cli.run('audit', 'list', '--limit', '100');
  assert.equal(audit.code, exitCodes.done);
  for (const target of [`key:${rotated.id}`, `user:${id}`, 'workspace:acme'])
    assert.ok(audit.out.includes(target), target);
  assert.equal((await cli.run('notices', 'list', '--open')).code, exitCodes.done);
});

test('sessions are listed with whose they are, and ended one by one or all of somebody', async () => {
  const { id, key } = await cli.ask<Made & { key: string }>('keys', 'create', 'desk', '--scope', 'assets:read');
  for (let n = 0; n < 3; n += 1) assert.equal((await fetch(`${server.url}/v1/sessions`, signInWith(key))).status, 201);
  const holder = `key:${id}`;
  const listed = await cli.ask<{ data: { id: string; holder: string; lastSeenAtMs: number }[] }>(
    'sessions',
    'list',
    '--holder',
    holder,
  );
  assert.deepEqual(
    listed.data.map((session) => session.holder),
    [holder, holder, holder],
  );
  assert.ok((listed.data[0]?.lastSeenAtMs ?? 0) > 0);
  const first = listed.data[0]?.id ?? '';
  assert.equal((await cli.run('sessions', 'end', first)).out, `✓ ${first} has ended\n`);
  const unasked = await cli.run('sessions', 'end-all', holder);
  assert.equal(unasked.code, exitCodes.done, 'a program is not asked');
  assert.equal(unasked.out, '✓ 2 sessions have ended\n');
  assert.deepEqual((await cli.ask<{ data: unknown[] }>('sessions', 'list', '--holder', holder)).data, []);
});

function signInWith(key: string): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ key }) };
}

test('a list is exported into a file, whole, and never over another', async (t) => {
  await cli.ask('trigger', 'collection.created', '--external-id', 'exported');
  const file = join(temporaryDirectory(t), 'changes.csv');
  const args = ['exports', 'create', 'changes', '--since', '1h', '--format', 'csv', '--output', file];
  const made = await cli.run(...args);
  assert.equal(made.code, exitCodes.done, made.err);
  assert.match(readFileSync(file, 'utf8'), /collection\.created/);
  const again = await cli.run(...args);
  assert.equal(again.code, exitCodes.usage);
  assert.match(again.err, /must not be there yet[\s\S]*--force/);
  const { data } = await cli.ask<{ data: { id: string; state: string }[] }>('exports', 'list', '--state', 'done');
  assert.equal(
    (await cli.run('exports', 'download', data[0]?.id ?? '', '--output', file, '--force')).code,
    exitCodes.done,
  );
  assert.equal(
    (await cli.run('exports', 'download', data[0]?.id ?? '', '--output', join(file, 'x'))).code,
    exitCodes.usage,
  );
  assert.deepEqual(readdirSync(join(file, '..')), ['changes.csv'], 'nothing half written is left');
  const wrong = await cli.run('exports', 'create', 'assets', '--event', 'asset.created');
  assert.equal(wrong.code, exitCodes.refused, 'a filter that says nothing of it');
});

test('a file that changed becomes the next version of its asset, and each version can be fetched', async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'logo.txt');
  writeFileSync(file, 'first');
  type Told = { data: { asset: { id: string; state: { versions: unknown[] } } }[] };
  const first = await cli.ask<Told>('upload', file, '--path', '/brand', '--versions');
  writeFileSync(file, 'second');
  assert.match(
    (await cli.run('upload', file, '--path', '/brand', '--versions', '--dry-run')).out,
    /as a version of ast_/,
  );
  const second = await cli.ask<Told>('upload', file, '--path', '/brand', '--versions');
  assert.equal(second.data[0]?.asset.id, first.data[0]?.asset.id);
  assert.equal(second.data[0]?.asset.state.versions.length, 2);
  const id = second.data[0]?.asset.id ?? '';
  const { data } = await cli.ask<{ data: { id: string }[] }>('assets', 'list', '--folder', '/brand');
  assert.deepEqual(
    data.map((asset) => asset.id),
    [id],
  );
  const before = join(directory, 'before.txt');
  await cli.ask('assets', 'download', id, '--asset-version', '1', '--output', before);
  assert.equal(readFileSync(before, 'utf8'), 'first');
});

test('a file is uploaded with what its workspace requires of it; its renditions are fetched, and what a report drops is told', async (t) => {
  const directory = temporaryDirectory(t);
  const [file, second] = [join(directory, 'pier.svg'), join(directory, 'quay.svg')];
  const svg = (colour: string): string =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="40" height="30" fill="${colour}"/></svg>`;
  writeFileSync(file, svg('red'));
  writeFileSync(second, svg('blue'));
  await cli.ask('metadata-fields', 'create', 'rating', '--type', 'number', '--required');
  try {
    const refused = await cli.run('upload', file);
    assert.match(refused.out, /rating/);
    const values = ['--metadata', 'rating=4', 'season=spring', '--info', 'title=Pier'];
    const several = await cli.run('upload', file, second, '--external-id', 'sku-1', ...values);
    assert.equal(several.code, exitCodes.usage);
    await cli.ask('upload', file, '--external-id', 'sku-1', ...values);
  } finally {
    await cli.ask('metadata-fields', 'delete', 'rating');
  }
  type Shown = { state: { metadata: unknown; info: unknown; renditions: { title: string }[] } };
  const { state } = await cli.ask<Shown>('assets', 'show', 'external:sku-1');
  assert.deepEqual([state.metadata, state.info], [{ rating: 4, season: 'spring' }, { title: 'Pier' }]);
  const preview = join(directory, 'preview');
  const wanted = ['assets', 'download', 'external:sku-1', '--rendition', 'small', '--output', preview];
  let fetched = await cli.run(...wanted);
  for (let tries = 0; fetched.code !== 0 && tries < 2_000; tries += 1) {
    await new Promise<void>((resolve) => systemClock.timer(25, resolve));
    fetched = await cli.run(...wanted);
  }
  assert.equal(fetched.code, 0, fetched.err);
  assert.doesNotMatch(readFileSync(preview, 'latin1'), /svg/, 'a picture of it');
  const report = join(directory, 'report.json');
  const subject = { type: 'asset', externalId: 'sku-1' };
  const after = { metadata: { season: 'summer' } };
  writeFileSync(report, JSON.stringify({ kind: 'asset.metadata_changed', subject, after }));
  assert.match((await cli.run('changes', 'report', report)).out, /what was left out is gone: metadata\.rating/);
});

test('what is not there is not found, with the same code everywhere', async () => {
  for (const args of [
    ['assets', 'show', inventedId('ast')],
    ['webhooks', 'stats', inventedId('wh')],
    ['deliveries', 'show', inventedId('dlv')],
    ['changes', 'show', inventedId('chg')],
    ['replay', 'show', inventedId('rpl')],
    ['inbox', 'show', inventedId('inb')],
    ['dialects', 'show', 'esperanto'],
    ['users', 'show', inventedId('usr')],
    ['workspaces', 'show', 'nowhere'],
    ['exports', 'show', inventedId('exp')],
  ]) {
    const { code, err } = await cli.run(...args);
    assert.equal(code, exitCodes.notFound, `${args.join(' ')}: ${err}`);
  }
});

test('dialects are shown with their events', async () => {
  assert.match((await cli.run('dialects', 'list')).out, /^DIALECT +TITLE +EVENTS +TRANSPORTS\n[^]*\ncloudevents /);
  assert.match((await cli.run('dialects', 'show', 'standard')).out, /signature +\S[\s\S]*\nEVENT +WHAT\nasset\./);
  const { out } = await cli.run('dialects', 'show', 'scaleflex');
  assert.match(out, /\ncredentials +none, basic, oauth2, bearer\nlimits +5 webhooks.*webhooksMax/);
  assert.match(
    out,
    /\nSETTING +VALUES +WHAT\nchangeMeta\.field +text +Metadata field: [^]*\nfields\.image +list of width, height /,
  );
});

/** Starts a command that goes on, and waits for its first lines. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, [launcher, ...args], {
    env: clean(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => void (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (said.err += chunk.toString()));
  const ended = once(child, 'close') as Promise<[number | null]>;
  const until = async (name: 'out' | 'err', pattern: RegExp): Promise<void> => {
    while (!pattern.test(said[name])) await once(name === 'out' ? child.stdout : child.stderr, 'data');
  };
  return { child, said, ended, until };
}

test('tails show what happens as it happens; Ctrl-C ends them with 130, a reader that goes away with 0', async () => {
  const changes = start(['changes', 'tail']);
  await changes.until('err', /waiting; Ctrl-C ends/);
  await cli.ask('trigger', 'collection.created', '--external-id', 'tail');
  await changes.until('out', /collection\.created {2}collection:tail\n/);
  changes.child.kill('SIGINT');
  assert.deepEqual(await changes.ended.then(([code]) => [code, changes.said.err.includes('error')]), [
    exitCodes.interrupted,
    false,
  ]);

  const piped = start(['changes', 'tail', '--json']);
  await piped.until('err', /waiting/);
  piped.child.stdout.destroy();
  for (let round = 0; piped.child.exitCode === null && round < 50; round += 1)
    await cli.ask('trigger', 'collection.created', '--external-id', `gone-${round}`);
  assert.equal((await piped.ended)[0], exitCodes.done);
});

test('listen brings what is sent to a program on this machine, signed, and leaves nothing behind', async (t) => {
  const arrived: { readonly signature: string; readonly body: string; readonly path: string }[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      arrived.push({
        signature: String(request.headers['webhook-signature']),
        body: Buffer.concat(chunks).toString(),
        path: request.url ?? '',
      });
      response.writeHead(202).end();
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  t.after(() => receiver.close());
  const to = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`;
  const listening = start(['listen', to, '--event', 'share_link.created', '--json']);
  await listening.until('err', /is brought to/);
  await cli.ask('trigger', 'share_link.created', '--external-id', 's1');
  await listening.until('out', /"status":202/);
  assert.match(listening.said.out, /"verification":"verified"/);
  assert.equal(arrived[0]?.path, '/hooks');
  assert.match(arrived[0]?.signature ?? '', /^v1,/);
  assert.match(arrived[0]?.body ?? '', /"type":"share_link\.created"/);
  listening.child.kill('SIGINT');
  assert.equal((await listening.ended)[0], exitCodes.interrupted);
  const { data } = await cli.ask<{ data: { name: string }[] }>('webhooks', 'list');
  assert.equal(
    data.some(({ name }) => name === 'assetwire listen'),
    false,
  );
});
