import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '../runtime/clock.ts';
import { writeCredentials } from '../runtime/credentials.ts';
import { openVault } from '../runtime/vault-key.ts';
import type { CliContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { runCommandLine } from './program.ts';

function world(environment: Record<string, string> = {}) {
  const written = { out: '', err: '' };
  const context: CliContext = {
    version: '1.2.3',
    environment,
    clock: systemClock,
    stdout: { write: (text) => void (written.out += text), isTty: false, columns: 80, colour: false },
    stderr: { write: (text) => void (written.err += text), isTty: false, columns: 80, colour: false },
    server: {
      start: () => Promise.reject(new Error('not in this test')),
      checkStore: () => Promise.resolve(null),
    },
    programDirectory: tmpdir(),
  };
  return { context, written };
}

function temporary(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'assetwire-cli-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, unknown>;
  readonly body: string;
};

/** A server that notes what it was asked and answers as told. */
async function peer(t: TestContext, answer: (seen: Seen) => { status: number; body: unknown }) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('latin1');
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      seen.push(one);
      const { status, body: answered } = answer(one);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answered));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

test('help and version end with zero, a wrong command line with two', async () => {
  for (const [args, code] of [
    [['--help'], exitCodes.done],
    [['--version'], exitCodes.done],
    [['help', 'upload'], exitCodes.done],
    [['upload', '--help'], exitCodes.done],
    [['nonsense'], exitCodes.usage],
    [['upload'], exitCodes.usage],
    [['upload', 'x', '--at-once', '99'], exitCodes.usage],
    [['replay'], exitCodes.usage],
    [['replay', '--since', 'yesterday'], exitCodes.usage],
    [['keys', 'create', 'x', '--scope', 'everything'], exitCodes.usage],
  ] as const) {
    const { context } = world();
    assert.equal(await runCommandLine(args, context), code, args.join(' '));
  }
});

test('a word that lies deeper is pointed to where it is, never to another that may do harm', async () => {
  const { context, written } = world();
  assert.equal(await runCommandLine(['trash'], context), exitCodes.usage);
  assert.match(written.err, /unknown command 'trash'\n\(Did you mean assetwire assets trash\?\)/);
  assert.doesNotMatch(written.err, /erase/);
  const json = world();
  await runCommandLine(['restore', '--json'], json.context);
  assert.match(json.written.err, /Did you mean assetwire assets restore\?/);
  const typo = world();
  await runCommandLine(['webhook'], typo.context);
  assert.match(typo.written.err, /Did you mean webhooks\?/);
});

test('the help of creating a webhook shows what settings and credentials look like', async () => {
  const { context, written } = world();
  assert.equal(await runCommandLine(['webhooks', 'create', '--help'], context), exitCodes.done);
  const [, examples = ''] = written.out.split('Examples:');
  assert.match(examples, /--dialect woodwing --settings '\{"metadataToReturn":/);
  assert.match(examples, /--credentials @/);
});

test('SC-07 a wrong configuration ends serve with three and names everything', async () => {
  const { context, written } = world({ ASSETWIRE_PROT: '1', ASSETWIRE_PORT: 'x' });
  assert.equal(await runCommandLine(['serve'], context), exitCodes.configuration);
  assert.match(written.err, /ASSETWIRE_PROT: wanted perhaps ASSETWIRE_PORT/);
  assert.match(written.err, /ASSETWIRE_PORT: wanted a whole number from 0 to 65535; found "x"/);
  assert.equal(written.err.includes('    at '), false, 'no stack');
});

test('SC-08 help shows no secret and offers no flag for one', async () => {
  const { context, written } = world({ ASSETWIRE_ADMIN_KEY: 'canary-secret-value-of-an-admin-key-1' });
  await runCommandLine(['serve', '--help'], context);
  assert.equal(written.out.includes('canary'), false);
  assert.equal(/--(admin|encryption)-key\b/.test(written.out), false);
  assert.match(written.out, /ASSETWIRE_ADMIN_KEY_FILE/);
});

test('where no server answers the exit code is four, in JSON too', async (t) => {
  const environment = { ASSETWIRE_DATA_DIR: temporary(t), ASSETWIRE_URL: 'http://127.0.0.1:9' };
  const { context, written } = world(environment);
  assert.equal(await runCommandLine(['webhooks', 'list', '--json'], context), exitCodes.unreachable);
  const report: { error: { code: string; mend: string } } = JSON.parse(written.err);
  assert.equal(report.error.code, 'unreachable');
  assert.match(report.error.mend, /assetwire serve/);
});

test('a refusal becomes its exit code and is told with its problems', async (t) => {
  for (const [status, code] of [
    [401, exitCodes.forbidden],
    [403, exitCodes.forbidden],
    [404, exitCodes.notFound],
    [409, exitCodes.refused],
    [507, exitCodes.serverFailed],
  ] as const) {
    const problems = [{ at: '/name', wanted: 'a name', found: '\u001b[2Jnothing' }];
    const { url } = await peer(t, () => ({
      status,
      body: { code: 'some_code', detail: 'It must be so: it is not', mend: 'Do this', problems },
    }));
    const { context, written } = world({ ASSETWIRE_URL: url, ASSETWIRE_KEY: 'k', ASSETWIRE_DATA_DIR: temporary(t) });
    assert.equal(await runCommandLine(['keys', 'list'], context), code);
    assert.match(
      written.err,
      /error: It must be so: it is not\n {2}\/name: wanted a name; found \\u001b\[2Jnothing\nmend: {2}Do this/,
    );
  }
});

test('the key and the address come from the environment, a file, or the data directory, and the local key goes nowhere else', async (t) => {
  const { url, seen } = await peer(t, () => ({ status: 200, body: { data: [], nextCursor: null } }));
  const dataDir = temporary(t);
  const { vault } = openVault({ dataDir, keys: null });
  writeCredentials(dataDir, vault, { url, key: 'local-key' });
  const keyFile = join(dataDir, 'key');
  writeFileSync(keyFile, 'file-key\n');
  const elsewhere = await peer(t, () => ({ status: 200, body: { data: [], nextCursor: null } }));
  const authorizationOf = async (environment: Record<string, string>, args: string[] = []): Promise<unknown> => {
    const before = seen.length + elsewhere.seen.length;
    const { context, written } = world(environment);
    assert.equal(await runCommandLine(['keys', 'list', ...args], context), exitCodes.done, written.err);
    assert.equal(seen.length + elsewhere.seen.length, before + 1);
    return (
      seen.length + elsewhere.seen.length > before && environment['ASSETWIRE_URL'] === elsewhere.url
        ? elsewhere.seen
        : seen
    ).at(-1)?.headers['authorization'];
  };
  assert.equal(await authorizationOf({ ASSETWIRE_DATA_DIR: dataDir }), 'Bearer local-key');
  assert.equal(await authorizationOf({}, ['--data-dir', dataDir]), 'Bearer local-key');
  assert.equal(await authorizationOf({ ASSETWIRE_DATA_DIR: dataDir, ASSETWIRE_KEY: 'given' }), 'Bearer given');
  assert.equal(await authorizationOf({ ASSETWIRE_DATA_DIR: dataDir, ASSETWIRE_KEY_FILE: keyFile }), 'Bearer file-key');
  assert.equal(
    await authorizationOf({ ASSETWIRE_DATA_DIR: dataDir, ASSETWIRE_KEY: 'given' }, ['--key-file', keyFile]),
    'Bearer file-key',
  );
  assert.equal(await authorizationOf({ ASSETWIRE_DATA_DIR: dataDir, ASSETWIRE_URL: elsewhere.url }), undefined);
});

test('upload sends each file as it lies, with its folder, and goes on after a failure', async (t) => {
  const { url, seen } = await peer(t, ({ method, body }) => {
    if (method === 'GET' || body.startsWith('{"sha256"')) return { status: 200, body: { data: [], nextCursor: null } };
    return body.includes('filename="bad.txt"')
      ? { status: 413, body: { code: 'upload_too_large', detail: 'A file must be smaller: it is not' } }
      : { status: 201, body: { id: 'ast_1', state: {} } };
  });
  const directory = temporary(t);
  mkdirSync(join(directory, 'a', '.hidden'), { recursive: true });
  writeFileSync(join(directory, 'a', 'odd "name"\u202e.txt'), 'content of a');
  writeFileSync(join(directory, 'a', '.hidden', 'x'), 'x');
  writeFileSync(join(directory, 'bad.txt'), 'bad');
  const { context, written } = world({ ASSETWIRE_URL: url, ASSETWIRE_KEY: 'k', ASSETWIRE_DATA_DIR: directory });
  const code = await runCommandLine(
    ['upload', directory, '--path', 'press/', '--tag', 'one', 'two', '--json'],
    context,
  );
  assert.equal(code, exitCodes.failed);
  const sent = seen.filter(({ method, body }) => method === 'POST' && body.includes('filename='));
  assert.equal(sent.length, 2, 'what begins with a dot is left out');
  const good = sent.find(({ body }) => body.includes('content of a'));
  assert.equal(
    Number(good?.headers['content-length']),
    good?.body.length,
    'the length said beforehand is the length sent',
  );
  assert.match(good?.body ?? '', /"path":"\/press\/a","tags":\["one","two"\]/);
  assert.match(good?.body ?? '', /filename="odd %22name%22/);
  const { data }: { data: { file: string; error?: { code: string } }[] } = JSON.parse(written.out);
  assert.deepEqual(
    data.map(({ error }) => error?.code),
    [undefined, 'upload_too_large'],
  );
});

test('a path that is not there is told before anything is sent', async (t) => {
  const { url, seen } = await peer(t, () => ({ status: 201, body: {} }));
  const { context, written } = world({ ASSETWIRE_URL: url, ASSETWIRE_KEY: 'k' });
  assert.equal(await runCommandLine(['upload', join(temporary(t), 'absent')], context), exitCodes.usage);
  assert.match(written.err, /absent" is not/);
  assert.equal(seen.length, 0);
});

test("a report that cannot be read is the caller's to mend, not a bug of ours", async (t) => {
  const { context, written } = world({ ASSETWIRE_URL: 'http://127.0.0.1:9', ASSETWIRE_KEY: 'k' });
  const here = temporary(t);
  for (const file of [join(here, 'absent.json'), here]) {
    written.err = '';
    assert.equal(await runCommandLine(['changes', 'report', file], context), exitCodes.usage);
    assert.match(written.err, /File must be there/);
    assert.doesNotMatch(written.err, /bug of Assetwire/);
  }
});

test('a delivery is shown with where its access tokens came from, and a webhook with whom they are for', async (t) => {
  const attempt = (number: number, more: object) => ({
    number,
    startedAtMs: 0,
    outcome: 'response',
    code: '401',
    timing: { totalMs: 1 },
    verdict: 'retry',
    ...more,
  });
  const delivery = {
    id: 'dlv_1',
    event: 'upload',
    state: 'pending',
    messageId: 'm',
    subject: 's',
    webhookId: 'wh_1',
    body: { source: 'unavailable' },
    attemptRecords: [
      attempt(1, { detail: 'The token endpoint answered 503\u001b[2J' }),
      attempt(2, { token: { source: 'fetched', waitedMs: 40.5 } }),
      attempt(3, { token: { source: 'kept', waitedMs: 0, renewalFailed: 'refused' } }),
      attempt(4, { token: { source: 'renewed', waitedMs: 2 } }),
      attempt(5, { token: { source: 'kept', waitedMs: 0 } }),
    ],
  };
  const credentials = { kind: 'oauth2', tokenUrl: 'https://auth.example/token', username: 'shop', password: '…4711' };
  const shownWebhook = {
    ...{ id: 'wh_1', name: 'Shop', dialect: 'scaleflex', target: { transport: 'http', url: 'https://shop.example/' } },
    ...{ events: [], settings: {}, headers: [], policy: {}, contacts: [], secrets: [] },
    ...{ state: 'enabled', stateChangedAtMs: 0, missed: 0, health: {} },
  };
  const { url } = await peer(t, ({ url: path }) => ({
    status: 200,
    body: path.includes('/webhooks/') ? { ...shownWebhook, credentials } : delivery,
  }));
  const shown = async (...args: string[]): Promise<string> => {
    const { context, written } = world({ ASSETWIRE_URL: url, ASSETWIRE_KEY: 'k' });
    assert.equal(await runCommandLine(args, context), exitCodes.done, written.err);
    return written.out;
  };
  const lines = (await shown('deliveries', 'show', 'dlv_1')).split('\n').filter((line) => /^ {3}\d: /.test(line));
  assert.deepEqual(lines, [
    '   1: The token endpoint answered 503\\u001b[2J',
    '   2: token fetched, waited for 40.5 ms',
    '   3: the receiver refused the token it had, and no other was to be had: refused',
    '   4: the receiver refused the token it had: sent again with a new one, waited for 2.0 ms',
    '   5: token kept from before',
  ]);
  assert.match(
    await shown('webhooks', 'show', 'wh_1'),
    /^credentials +oauth2, tokenUrl https:\/\/auth\.example\/token, username shop, password …4711$/m,
  );
});

test('replay tells the count and sends nothing without --yes', async (t) => {
  const replay = { id: 'rpl_1', state: 'done', count: 7, done: 7 };
  const { url, seen } = await peer(t, ({ body }) => ({
    status: 200,
    body: { ...replay, state: body.includes('dryRun') ? 'estimated' : 'done' },
  }));
  const environment = { ASSETWIRE_URL: url, ASSETWIRE_KEY: 'k' };
  const first = world(environment);
  assert.equal(await runCommandLine(['replay', '--since', '2h', '--state', 'dead'], first.context), exitCodes.done);
  assert.match(first.written.out, /7 deliveries would be sent again/);
  assert.equal(seen.length, 1);
  const sent: { dryRun: boolean; states: string[]; fromMs: number; toMs: number } = JSON.parse(seen[0]?.body ?? '');
  assert.deepEqual([sent.dryRun, sent.states], [true, ['dead']]);
  assert.ok(Math.abs(sent.toMs - sent.fromMs - 2 * 3_600_000) < 5_000);
  const second = world(environment);
  assert.equal(await runCommandLine(['replay', '--since', '2h', '--yes'], second.context), exitCodes.done);
  assert.match(second.written.out, /7 of 7 sent again/);
});

test('tables stay tables whatever names hold', async (t) => {
  const key = {
    id: 'key_1',
    prefix: 'aw_12345',
    name: 'a\nb\u001b[2J',
    scopes: ['assets:read'],
    admin: false,
    createdAtMs: 0,
    expiresAtMs: null,
    revokedAtMs: 1,
  };
  const { url } = await peer(t, () => ({ status: 200, body: { data: [key], nextCursor: null } }));
  const { context, written } = world({ ASSETWIRE_URL: url, ASSETWIRE_KEY: 'k' });
  assert.equal(await runCommandLine(['keys', 'list'], context), exitCodes.done);
  assert.equal(written.out.split('\n').length, 3);
  assert.match(written.out, /a\\u000ab\\u001b\[2J {2}revoked/);
});

test('doctor finds what is wrong with a data directory and changes nothing', async (t) => {
  const dataDir = join(temporary(t), 'data');
  const { context, written } = world({
    ASSETWIRE_DATA_DIR: dataDir,
    ASSETWIRE_PORT: '0',
    ASSETWIRE_HOST: '0.0.0.0',
    ASSETWIRE_ADMIN_KEY: 'changeme'.repeat(5),
    ASSETWIRE_START_PAUSED: 'yes',
  });
  assert.equal(await runCommandLine(['doctor', '--json'], context), exitCodes.done, written.out);
  const { data }: { data: { name: string; result: string; detail: string }[] } = JSON.parse(written.out);
  const of = (name: string): string[] => data.filter((finding) => finding.name === name).map(({ detail }) => detail);
  assert.match(
    of('Unsafe').join('\n'),
    /opens the server to the network without TLS[\s\S]*easily guessed[\s\S]*nothing is sent/,
  );
  assert.match(of('Data directory')[0] ?? '', /will be made/);
  assert.equal(written.out.includes('changeme'), false, 'SC-06 a secret is not shown');
  mkdirSync(dataDir, { mode: 0o755 });
  openVault({ dataDir, keys: [new Uint8Array(32)] });
  const second = world({ ASSETWIRE_DATA_DIR: dataDir, ASSETWIRE_PORT: '0', ASSETWIRE_ENCRYPTION_KEY: 'b'.repeat(64) });
  assert.equal(await runCommandLine(['doctor'], second.context), exitCodes.failed);
  assert.match(second.written.out, /✗ Encryption key.*must be the one this data directory was sealed with/);
  assert.match(second.written.out, /! Data directory.*others may read it/);
});
