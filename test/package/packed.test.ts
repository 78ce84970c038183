import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { generateKeyPairSync, verify } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { freePort } from '../support/server-process.ts';
import { type BillOfMaterials, makeBillOfMaterials } from '../../tools/release/bill-of-materials.ts';
import { packReceiver, packServer, root, type Packed } from '../../tools/release/pack.ts';
import { checksums, differences, signature } from '../../tools/release.ts';
import { installPacked, productionEntries } from './packed.ts';

let temporary = '';
let server: Packed;
let receiver: Packed;
let installed = '';

before(() => {
  temporary = mkdtempSync(join(tmpdir(), 'assetwire-packed-'));
  server = packServer(temporary);
  receiver = packReceiver(temporary);
  installed = installPacked([server, receiver], temporary);
});
after(() => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }));

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** What a user's shell has, and none of the tester's own settings. */
function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    HOME: temporary,
    TMPDIR: temporary,
    ...more,
  };
}

function start(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const command = join(installed, 'node_modules', '.bin', 'assetwire');
  return spawn(command, args, { cwd: installed, env: environment(more), stdio: ['ignore', 'pipe', 'pipe'] });
}

async function run(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = start(args, more);
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

test('SC-05 the tarballs hold what runs and what is read, nothing of the workshop and no secret', () => {
  const wanted = [
    'bin/assetwire.js',
    'dist/main.js',
    'console/dist/index.html',
    'docs/reference/cli.md',
    'media/wine.jpg',
    'ops/alerts.yml',
    'ops/grafana-dashboard.json',
    'ops/assetwire.service',
  ];
  for (const path of [...wanted, 'README.md', 'LICENSE', 'NOTICE', 'CHANGELOG.md', 'package.json']) {
    assert.ok(server.files.includes(path), `${path} is packed`);
  }
  const stray = server.files.filter((path) => !/^(bin|console\/dist|dist|docs|media|ops)\/|^[^/]+$/.test(path));
  assert.deepEqual(stray, []);
  const workshop =
    /\.ts$|\.map$|\.test\.|(^|\/)(testing|fixtures|test|src|tools|bench|node_modules|data)\/|\.(db|key|env|log|tgz)$/;
  assert.deepEqual(
    server.files.filter((path) => workshop.test(path)),
    [],
  );
  assert.deepEqual(
    receiver.files.filter((path) => !/^dist\/[a-z-]+(\.d\.ts|\.js)$|^(package\.json|README\.md|LICENSE)$/.test(path)),
    [],
  );
  const secret = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+\S|\b(?:npm_|ghp_|github_pat_)\w{20}/;
  for (const { files, directory } of [server, receiver]) {
    const holding = files.filter((path) => secret.test(readFileSync(join(directory, path), 'latin1')));
    assert.deepEqual(holding, []);
  }
});

test('SC-05 built again elsewhere the tarball is the same byte for byte; checksums are those of sha256sum, and signed they verify', () => {
  const again = packServer(join(temporary, 'again'));
  const read = ({ tarball }: Packed) => new Map([['server.tgz', readFileSync(tarball)]]);
  const [one, other] = [read(server), read(again)];
  assert.deepEqual(differences(one, other), []);
  assert.deepEqual(differences(one, new Map([['server.tgz', Buffer.from('other')]])), ['server.tgz']);
  assert.deepEqual(differences(one, new Map()), ['server.tgz']);
  const sums = checksums(
    new Map([
      ['b', Buffer.from('')],
      ['a', Buffer.from('abc')],
    ]),
  );
  const lines = [
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n',
  ];
  assert.equal(sums, lines.join(''));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signed = signature(sums, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  assert.ok(verify(null, Buffer.from(sums), publicKey, signed));
  assert.ok(!verify(null, Buffer.from(`${sums} `), publicKey, signed));
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  assert.throws(
    () => signature(sums, rsa.export({ type: 'pkcs8', format: 'pem' }).toString()),
    /must be an ed25519 key/,
  );
});

test('SC-04 the bill of materials names every package that is installed with the server, with its licence and its hash, and no other', () => {
  const bill = JSON.parse(makeBillOfMaterials(root)) as BillOfMaterials;
  assert.equal(bill.bomFormat, 'CycloneDX');
  assert.deepEqual(
    [bill.metadata.component.name, bill.metadata.component.version],
    ['assetwire', server.manifest.version],
  );
  const locked = Object.entries(productionEntries()).map(
    ([path, { version = '' }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`,
  );
  const named = bill.components.map(({ name, version }) => `${name}@${version}`);
  assert.deepEqual([...new Set(named)].toSorted(), [...new Set(locked)].toSorted());
  for (const { name, licenses = [], hashes = [], purl } of bill.components) {
    assert.ok(licenses.length > 0, `${name} has a licence`);
    assert.ok(
      hashes.some(({ alg }) => alg === 'SHA-512'),
      `${name} has a hash`,
    );
    assert.match(purl, /^pkg:npm\//);
  }
  assert.equal(makeBillOfMaterials(root), `${JSON.stringify(bill, null, 2)}\n`, 'the same each time');
});

test('nothing packed names a directory of the machine that built it', () => {
  for (const { files, directory } of [server, receiver]) {
    for (const path of files) {
      const bytes = readFileSync(join(directory, path));
      for (const place of [root, temporary]) assert.equal(bytes.includes(place), false, `${path} names ${place}`);
    }
  }
});

test('every module that is packed finds what it imports: its neighbours, and packages that are dependencies', () => {
  const packages = new Set(Object.keys(server.manifest.dependencies ?? {}));
  const imports =
    /(?:\bfrom\s*|\bimport\s*\(?\s*|\bnew URL\(\s*|\brequire\(\s*|\bmeta\.resolve\(\s*)['"]([^'"`\s]+)['"]/g;
  let found = 0;
  for (const path of server.files.filter((file) => /^dist\/.*\.js$/.test(file) && !file.startsWith('dist/api/page/'))) {
    const code = readFileSync(join(server.directory, path), 'utf8').replace(/^\s*(\*|\/\/|\/\*).*$/gm, '');
    for (const [, name = ''] of code.matchAll(imports)) {
      if (name.startsWith('node:') || builtinModules.includes(name) || !/^[.@a-z]/.test(name)) continue;
      found += 1;
      if (name.startsWith('.')) {
        assert.ok(existsSync(join(server.directory, dirname(path), name)), `${path} finds ${name}`);
        continue;
      }
      const parts = name.split('/');
      const package_ = name.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
      assert.ok(packages.has(package_), `${path} imports ${name}, which is no dependency`);
    }
  }
  assert.ok(found > 500, `imports are found: ${found}`);
});

test('SC-12 installed, it says its version, and its demo sees every webhook verified, also where __proto__ is switched off', async () => {
  const version = await run(['--version']);
  assert.deepEqual([version.code, version.out.trim()], [0, server.manifest.version], version.err);
  // As a unit may set it; intrinsics cannot be frozen, because libraries extend theirs.
  const demo = await run(['demo', '--json'], { NODE_OPTIONS: '--disable-proto=throw' });
  assert.equal(demo.code, 0, demo.err);
  const shown = JSON.parse(demo.out) as { allVerified: boolean; rows: { dialect: string; over: string }[] };
  assert.equal(shown.allVerified, true);
  const protocols = shown.rows.filter(({ dialect }) => dialect === 'bynder').map(({ over }) => over);
  const wider = server.files.filter(
    (path) =>
      /^(bin|dist|ops)\/.*\.(?!v8$)\w+$/.test(path) &&
      /max-http-header-size/.test(readFileSync(join(server.directory, path), 'utf8')),
  );
  assert.deepEqual(wider, [], 'no flag widens what Node takes as headers');
  assert.deepEqual(new Set(protocols), new Set(['http', 'https', 'sqs', 'email-json', 'email']));
});

type Serving = {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<number | null>;
};

async function serveInstalled(): Promise<Serving> {
  const settings = { ASSETWIRE_DATA_DIR: join(temporary, 'data'), ASSETWIRE_PORT: String(await freePort()) };
  const child = start(['serve'], settings);
  const ended = once(child, 'exit') as Promise<[number | null]>;
  let said = '';
  child.stderr.resume();
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('"server.ready"')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`Server must become ready: it ended with ${code}\n${said}`)));
  });
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    return (await ended)[0];
  };
  return { url: `http://127.0.0.1:${settings.ASSETWIRE_PORT}`, environment: settings, stop };
}

test('installed, a server inspects an upload, delivers it, and the receivers’ package verifies what was sent', async (t) => {
  const serving = await serveInstalled();
  t.after(() => serving.stop());
  const ask = async <Answer>(...args: string[]): Promise<Answer> => {
    const { code, out, err } = await run([...args, '--json'], serving.environment);
    assert.equal(code, 0, err);
    return JSON.parse(out) as Answer;
  };
  const inbox = await ask<{ id: string; url: string }>('inbox', 'create');
  const { secret } = await ask<{ secret: string }>('webhooks', 'create', inbox.url, '--event', 'asset.created');
  await ask('upload', join(installed, 'node_modules', 'assetwire', 'media', 'wine.jpg'));
  type Request = { headers: [string, string][]; bodyBase64: string; verification: { result: string } };
  let requests: Request[] = [];
  while (requests.length === 0) requests = (await ask<{ requests: Request[] }>('inbox', 'show', inbox.id)).requests;
  const [request] = requests;
  assert.equal(request?.verification.result, 'verified');
  const body = Buffer.from(request?.bodyBase64 ?? '', 'base64').toString();
  assert.match(body, /"widthPx":\s*\d+/, 'the inspector, a process of its own, has found the dimensions');

  writeFileSync(join(installed, 'message.json'), JSON.stringify({ ...request, body, secret }));
  writeFileSync(
    join(installed, 'receive.mjs'),
    `import { readFileSync } from 'node:fs';
     import { verify } from '@assetwire/receiver';
     const { headers, body, secret } = JSON.parse(readFileSync('message.json', 'utf8'));
     const { event } = verify(Buffer.from(body), Object.fromEntries(headers), secret);
     console.log(event.type);`,
  );
  const receive = spawn(process.execPath, ['receive.mjs'], { cwd: installed, env: environment() });
  const [out, err] = await Promise.all([text(receive.stdout), text(receive.stderr)]);
  assert.equal(out.trim(), 'asset.created', err);

  for (const path of [
    '/',
    '/docs',
    '/docs/tutorial',
    '/docs/search.json',
    '/docs/api',
    '/openapi.json',
    '/page/password.js',
  ]) {
    assert.equal((await fetch(`${serving.url}${path}`)).status, 200, path);
  }
  const doctor = await run(['doctor', '--json'], serving.environment);
  assert.equal(doctor.code, 0, doctor.out);
  assert.equal(await serving.stop(), 0);
});
