import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { checkStore } from '../../compose/check-store.ts';
import {
  checkDurability,
  findFilmTool,
  findScannerProblem,
  probeEgressProxy,
  probeTarget,
  tryReadingFiles,
} from '../../compose/machine.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { inProcess } from '../testing/in-process.ts';
import type { Finding } from './diagnose.ts';

const server: CliContext['server'] = {
  start: () => Promise.reject(new Error('not in this test')),
  checkStore,
  checkDurability: async (directory) => checkDurability(directory),
  probeTarget,
  probeEgressProxy,
  findFilmTool,
  findScannerProblem: async (settings) => findScannerProblem(settings),
};

function temporary(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'assetwire-doctor-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function diagnosed(
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  parts: CliContext['server'] = server,
): Promise<{ readonly code: number; readonly out: string; of(name: string): readonly Finding[] }> {
  const { code, out } = await inProcess({ ASSETWIRE_PORT: '0', ...environment }, { server: parts }).run(
    'doctor',
    ...args,
    '--json',
  );
  const { data } = JSON.parse(out) as { data: Finding[] };
  return { code, out, of: (name) => data.filter((finding) => finding.name === name) };
}

async function listener(t: TestContext, status: number): Promise<string> {
  const peer = createServer((_, response) => response.writeHead(status).end('{}')).listen(0, '127.0.0.1');
  await new Promise((resolve) => peer.once('listening', resolve));
  t.after(() => peer.close());
  return `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
}

test('the settings that make a commit last are read back where the store lies, and nothing is left there', async (t) => {
  const dataDir = temporary(t);
  const { code, of } = await diagnosed({ ASSETWIRE_DATA_DIR: dataDir });
  assert.equal(code, exitCodes.done);
  assert.deepEqual(of('Durability'), [
    { name: 'Durability', result: 'ok', detail: 'journal_mode wal, synchronous full' },
  ]);
  assert.match(of('Versions')[0]?.detail ?? '', /Assetwire 1\.2\.3, SQLite \d+\.\d+/);
  assert.deepEqual(readdirSync(dataDir), []);
});

test('receivers of SNS messages fetch by https: an SNS URL that is not is warned of', async (t) => {
  const of = async (url: string) =>
    (await diagnosed({ ASSETWIRE_DATA_DIR: temporary(t), ASSETWIRE_SNS_URL: url })).of('Unsafe');
  assert.match((await of('http://dam.example/bynder/sns'))[0]?.detail ?? '', /ASSETWIRE_SNS_URL is http/);
  assert.deepEqual(await of('https://sns.us-east-1.amazonaws.com'), []);
});

test('with a PostgreSQL the disk of this machine is not what commits rest on, and nothing is said of it', async (t) => {
  const detail = 'PostgreSQL 18.4; schema 3; fsync on';
  const elsewhere = { ...server, checkDatabase: async () => ({ result: 'ok' as const, detail }) };
  const { of } = await diagnosed(
    {
      ASSETWIRE_DATA_DIR: temporary(t),
      ASSETWIRE_DATABASE_URL: 'postgres://somebody@127.0.0.1/db',
      ASSETWIRE_ADMIN_KEY: 'a'.repeat(40),
      ASSETWIRE_ENCRYPTION_KEY: 'ab'.repeat(32),
    },
    [],
    elsewhere,
  );
  assert.deepEqual([...of('Durability'), ...of('Sync')], []);
  assert.deepEqual(of('Database'), [{ name: 'Database', result: 'ok', detail }]);
});

test('a file system that cannot do what is asked is a failure that says what to do', async (t) => {
  const weak = {
    ...server,
    checkDurability: async () => ({ ok: false, detail: 'journal_mode delete, synchronous 1' }),
  };
  const { code, of } = await diagnosed({ ASSETWIRE_DATA_DIR: temporary(t) }, [], weak);
  assert.equal(code, exitCodes.failed);
  assert.match(of('Durability')[0]?.mend ?? '', /local file system/);
});

test('keys that others may read, and a clock that has gone back, are failures', async (t) => {
  const dataDir = temporary(t);
  const key = join(dataDir, 'credentials.json');
  writeFileSync(key, '{}', { mode: 0o600 });
  assert.equal((await diagnosed({ ASSETWIRE_DATA_DIR: dataDir })).of('File modes')[0]?.result, 'ok');
  chmodSync(key, 0o644);
  const tomorrow = Date.now() / 1_000 + 86_400;
  utimesSync(key, tomorrow, tomorrow);
  const { code, of } = await diagnosed({ ASSETWIRE_DATA_DIR: dataDir });
  assert.equal(code, exitCodes.failed);
  assert.match(of('File modes')[0]?.detail ?? '', /credentials\.json/);
  assert.match(of('File modes')[0]?.mend ?? '', /^chmod 600 /);
  assert.equal(of('Clock').at(-1)?.result, 'failed');
  assert.ok(existsSync(key));
});

test('the public URL is asked, and what answers there instead is told', async (t) => {
  const dataDir = temporary(t);
  const ask = async (url: string): Promise<Finding | undefined> =>
    (await diagnosed({ ASSETWIRE_DATA_DIR: dataDir, ASSETWIRE_PUBLIC_URL: url })).of('Public URL')[0];
  assert.equal((await ask(await listener(t, 200)))?.result, 'ok');
  assert.match((await ask(await listener(t, 502)))?.detail ?? '', /answers with 502/);
  assert.match((await ask('http://127.0.0.1:9'))?.detail ?? '', /does not answer/);
});

test('where SNS messages lead receivers is told, and warned of where they would not go there', async (t) => {
  const dataDir = temporary(t);
  const told = async (given: Record<string, string>): Promise<readonly unknown[]> => {
    const { of } = await diagnosed({ ASSETWIRE_DATA_DIR: dataDir, ...given });
    const unsafe = of('Unsafe').filter(({ detail }) => detail.includes('ASSETWIRE_SNS_URL'));
    return [...of('SNS URL'), ...unsafe].map(({ result }) => result);
  };
  assert.deepEqual(await told({}), ['info']);
  assert.deepEqual(await told({ ASSETWIRE_PUBLIC_URL: 'http://127.0.0.1:9' }), ['info']);
  assert.deepEqual(await told({ ASSETWIRE_PUBLIC_URL: 'http://assetwire.invalid' }), ['warning']);
  assert.deepEqual(await told({ ASSETWIRE_SNS_URL: 'http://sns.example' }), ['warning']);
  assert.deepEqual(await told({ ASSETWIRE_SNS_URL: 'https://sns.us-east-1.amazonaws.com' }), ['ok']);
});

test('a target is judged, resolved and connected to as a delivery would be', async (t) => {
  const dataDir = temporary(t);
  const url = await listener(t, 200);
  const closed = 'http://127.0.0.1:9/hooks';
  const args = ['--target', url, closed, 'http://169.254.169.254/'];
  const allowed = await diagnosed({ ASSETWIRE_DATA_DIR: dataDir, ASSETWIRE_ALLOWED_TARGETS: '127.0.0.0/8' }, args);
  assert.equal(allowed.code, exitCodes.failed);
  assert.deepEqual(
    allowed.of('Target').map(({ result }) => result),
    ['ok', 'failed', 'failed'],
  );
  assert.match(allowed.of('Target')[0]?.detail ?? '', /127\.0\.0\.1 in \d+ ms/);
  const refused = await diagnosed({ ASSETWIRE_DATA_DIR: dataDir }, ['--target', url]);
  assert.equal(refused.of('Target')[0]?.result, 'failed');
  assert.ok((refused.of('Target')[0]?.mend ?? '').length > 0);
});

test('proxies that are set and not used are told', async (t) => {
  const { of } = await diagnosed({ ASSETWIRE_DATA_DIR: temporary(t), HTTPS_PROXY: 'http://proxy.example:3128' });
  assert.match(of('Egress')[0]?.detail ?? '', /HTTPS_PROXY is not used/);
  assert.equal((of('Egress')[0]?.detail ?? '').includes('proxy.example'), false, 'it may hold a password');
});

test('FR-13 the egress proxy that is set is looked for, and neither it nor a wrong one shows its password', async (t) => {
  const dataDir = temporary(t);
  const at = new URL(await listener(t, 200)).host;
  const by = (url: string) => diagnosed({ ASSETWIRE_DATA_DIR: dataDir, ASSETWIRE_EGRESS_PROXY_URL: url });
  const there = await by(`http://assetwire:hunter2-hunter2@${at}`);
  assert.deepEqual([there.of('Egress')[0]?.result, there.of('Egress').length], ['ok', 1]);
  assert.match(there.of('Egress')[0]?.detail ?? '', /127\.0\.0\.1:\d+ in \d+ ms/);
  const gone = await by('http://assetwire:hunter2-hunter2@127.0.0.1:9');
  assert.equal(gone.of('Egress')[0]?.result, 'failed');
  assert.match(gone.of('Egress')[0]?.detail ?? '', /ECONNREFUSED/);
  for (const wrong of ['socks5://h:1', 'http://u:p@h/path', 'http://u:%zz@h:1', 'h:3128', 'http://a%3Ab:c@h:1']) {
    const refused = await by(wrong);
    assert.match(refused.out, /ASSETWIRE_EGRESS_PROXY_URL: wanted http:/, wrong);
  }
  assert.equal(`${there.out}${gone.out}`.includes('hunter2'), false);
});

test('whether files can be looked into is tried, and what is wrong is told with what mends it', async (t) => {
  const told = async (tryReadingFiles: () => Promise<{ ok: boolean; detail: string }>) => {
    const parts = { ...server, tryReadingFiles };
    const { code, of } = await diagnosed({ ASSETWIRE_DATA_DIR: join(temporary(t), 'data') }, [], parts);
    return [code, of('Inspection')[0]?.result, of('Inspection')[0]?.mend !== undefined];
  };
  assert.deepEqual(await told(tryReadingFiles), [0, 'ok', false]);
  assert.deepEqual(await told(async () => ({ ok: false, detail: 'no' })), [exitCodes.failed, 'failed', true]);
});

test('whether a virus scanner looks at files is told: none, one that can be started, one that cannot', async (t) => {
  const dataDir = temporary(t);
  const told = async (command: string | undefined): Promise<Finding | undefined> =>
    (
      await diagnosed({
        ASSETWIRE_DATA_DIR: join(dataDir, 'data'),
        ...(command === undefined ? {} : { ASSETWIRE_SCAN_COMMAND: command }),
      })
    ).of('Virus scanner')[0];
  assert.equal((await told(undefined))?.result, 'info');
  assert.deepEqual(await told('/bin/sh -c'), { name: 'Virus scanner', result: 'ok', detail: '/bin/sh -c' });
  const broken = await told('/nowhere/clamdscan');
  assert.deepEqual([broken?.result, broken?.detail], ['failed', 'there is no program at /nowhere/clamdscan']);
});

test('whether films are worked on is told: a program that was found, none, or one that was named and is not there', async (t) => {
  const dataDir = temporary(t);
  const path = join(dataDir, 'ffmpeg');
  writeFileSync(path, '#!/bin/sh\necho "ffmpeg version 7.1-test Copyright"\n');
  chmodSync(path, 0o755);
  const told = async (ffmpeg: string): Promise<Finding | undefined> =>
    (await diagnosed({ ASSETWIRE_DATA_DIR: join(dataDir, 'data'), ASSETWIRE_FFMPEG: ffmpeg })).of('Films')[0];
  assert.deepEqual(await told(path), { name: 'Films', result: 'ok', detail: `ffmpeg 7.1-test at ${path}` });
  const off = await told('off');
  assert.equal(off?.result, 'info');
  const wrong = await told(join(dataDir, 'nowhere'));
  assert.equal(wrong?.result, 'warning');
  assert.match(wrong.mend ?? '', /ASSETWIRE_FFMPEG/);
});
