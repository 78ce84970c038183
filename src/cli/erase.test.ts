/** `assetwire erase` and `erasures`, against a real server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startServer, type StartedServer } from '../compose/start-server.ts';
import { defaultSettings } from '../runtime/configuration.ts';
import { silentLogger } from '../runtime/logger.ts';
import { inProcess } from './testing/in-process.ts';

const adminKey = 'the-admin-key-of-the-tests-of-erasures';
let dataDir: string;
let server: StartedServer;

before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'assetwire-erase-cli-'));
  server = await startServer({ settings: defaultSettings({ port: 0, dataDir, adminKey }), logger: silentLogger });
});
after(async () => {
  await server.stop();
  rmSync(dataDir, { recursive: true });
});

test('an erasure is counted, asked about, begun and shown; unasked it erases nothing', async () => {
  const questions: string[] = [];
  const environment = { ASSETWIRE_URL: server.url, ASSETWIRE_KEY: adminKey };
  const command = inProcess(environment, {
    ask: async (question) => {
      questions.push(question);
      return questions.length === 1 ? 'n' : 'y';
    },
  });
  const unasked = inProcess(environment);
  const file = join(dataDir, 'rosa.txt');
  writeFileSync(file, 'one');
  await command.run('upload', file);
  type Assets = { readonly data: readonly { readonly id: string }[] };
  const [asset] = (await command.ask<Assets>('assets', 'list')).data;
  const id = asset?.id ?? '';
  assert.match((await command.run('erase', 'asset', id, '--dry-run')).out, /\d+ changes, 0 deliveries/);
  assert.match((await unasked.run('erase', 'asset', id)).err, /Add --yes/);
  assert.match((await command.run('erase', 'asset', id)).err, /nothing was erased/);
  assert.match(questions[0] ?? '', /cannot be undone/);
  assert.equal((await command.ask<Assets>('assets', 'list')).data.length, 1);
  const begun = await command.run('erase', 'asset', id);
  assert.match(begun.out, /assetwire erasures show ers_/, 'one knows where to look');
  const [erasure = ''] = /ers_\w+/.exec(begun.out) ?? [];
  assert.match((await command.run('erasures', 'show', erasure)).out, new RegExp(`^${erasure}  ${id}  `));
  assert.match((await command.run('erasures', 'list')).out, new RegExp(erasure));
  const person = await unasked.run('erase', 'person', '--name', 'Rosa Beispiel', '--yes');
  assert.equal(person.code, 0, person.err);
  const nobody = await unasked.run('erase', 'person', '--yes');
  assert.match(nobody.err, /userId, actorId, email or name/);
});
