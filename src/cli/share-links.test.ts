/** The commands of share links, against a real server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startServer, type StartedServer } from '../compose/start-server.ts';
import { defaultSettings } from '../runtime/configuration.ts';
import { silentLogger } from '../runtime/logger.ts';
import { type InProcess, inProcess } from './testing/in-process.ts';

const adminKey = 'the-admin-key-of-the-tests-of-share-links';
let dataDir: string;
let server: StartedServer;
let command: InProcess;
let asset: string;

before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'assetwire-share-cli-'));
  server = await startServer({ settings: defaultSettings({ port: 0, dataDir, adminKey }), logger: silentLogger });
  command = inProcess({ ASSETWIRE_URL: server.url, ASSETWIRE_KEY: adminKey });
  const file = join(dataDir, 'one.txt');
  writeFileSync(file, 'one');
  writeFileSync(join(dataDir, 'pw'), 'correct horse\n');
  await command.run('upload', file);
  const { data } = await command.ask<{ data: readonly { id: string }[] }>('assets', 'list');
  asset = data[0]?.id ?? '';
});
after(async () => {
  await server.stop();
  rmSync(dataDir, { recursive: true });
});

type Link = {
  readonly id: string;
  readonly url: string;
  readonly expiresAtMs: number | null;
  readonly hasPassword: boolean;
};

test('a link is made, shown, prolonged, listed and revoked', async () => {
  const made = await command.ask<Link>(
    'share-links',
    'create',
    asset,
    '--expires',
    '2d',
    '--password-file',
    join(dataDir, 'pw'),
  );
  assert.match(made.url, /\/share\/[\w-]{44}$/);
  assert.equal(made.hasPassword, true);
  const inTwoDays = (made.expiresAtMs ?? 0) - Date.now();
  assert.ok(inTwoDays > 1.9 * 86_400_000 && inTwoDays <= 2 * 86_400_000);
  const changed = await command.ask<Link>('share-links', 'update', made.id, '--expires', 'never', '--no-password');
  assert.deepEqual([changed.expiresAtMs, changed.hasPassword], [null, false]);
  const shown = await command.run('share-links', 'show', made.id);
  assert.match(shown.out, /until it is revoked\n/);
  assert.ok(shown.out.startsWith(made.url));
  assert.match((await command.run('share-links', 'list', '--asset', asset)).out, new RegExp(`${made.id}.* no end `));
  assert.equal((await command.run('share-links', 'revoke', made.id)).code, 0);
  assert.doesNotMatch((await command.run('share-links', 'list')).out, new RegExp(made.id));
});

test('what cannot be is told with how to mend it', async () => {
  const nothing = await command.run('share-links', 'create');
  assert.deepEqual([nothing.code !== 0, /--folder or --collection/.test(nothing.err)], [true, true]);
  const unchanged = await command.run('share-links', 'update', 'shl_0123456789abcdefghjkmnpqrs');
  assert.match(unchanged.err, /Give --expires/);
  const past = await command.run('share-links', 'create', asset, '--expires', '2020-01-01');
  assert.match(past.err, /a time to come/);
});
