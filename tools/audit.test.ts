import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { auditProblems, type Hole } from './audit.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cache = mkdtempSync(join(tmpdir(), 'assetwire-audit-'));
after(() => rmSync(cache, { recursive: true, force: true, maxRetries: 5 }));

type Asked = Readonly<Record<string, readonly string[]>>;
type Advisories = Readonly<Record<string, readonly object[]>>;

/** A registry of our own, which knows of holes what it is told; null: it does not answer audits. */
async function registry(advisories: Advisories | null) {
  const asked: Asked[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    if (advisories === null) {
      response.writeHead(405).end('{}');
      return;
    }
    if (request.url !== '/-/npm/v1/security/advisories/bulk') {
      const name = decodeURIComponent((request.url ?? '/').slice(1));
      response.end(JSON.stringify({ name, versions: {}, 'dist-tags': {} }));
      return;
    }
    const zipped = request.headers['content-encoding'] === 'gzip';
    asked.push(JSON.parse((zipped ? gunzipSync(body) : body).toString()) as Asked);
    response.end(JSON.stringify(advisories));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, asked, stop: () => server.close() };
}

/** `npm run audit`, as somebody types it who is about to release. */
async function runAudit(url: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn('npm', ['run', '--silent', 'audit'], {
    cwd: root,
    env: { ...process.env, npm_config_registry: url, npm_config_cache: cache, npm_config_fetch_retries: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, said: out + err };
}

const planted = (severity: string): Advisories => ({
  nodemailer: [
    {
      id: 1,
      url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
      title: 'A planted hole',
      severity,
      vulnerable_versions: '>=0.0.1',
      cwe: [],
      cvss: { score: 9.8, vectorString: null },
    },
  ],
});

test('SC-02 npm run audit fails on a heavy hole in what ships, passes without one, and says so where nobody answers', async () => {
  const registries = await Promise.all([registry(planted('critical')), registry({}), registry(null)]);
  try {
    const [holed, clean, silent] = await Promise.all(registries.map(({ url }) => runAudit(url)));
    assert.equal(holed?.code, 1, holed?.said);
    assert.match(holed.said, /nodemailer: critical: A planted hole \(https:.*GHSA-aaaa-bbbb-cccc\)/);
    assert.equal(clean?.code, 0, clean?.said);
    assert.equal(silent?.code, 2, silent?.said);
    assert.match(silent.said, /did not answer the audit, so nothing is known/);
    // What was asked about is what ships: all of it, at the versions of the lockfile, and nothing of development.
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    const [asked = {}] = registries[1]?.asked ?? [];
    for (const [name, version] of Object.entries(manifest.dependencies))
      assert.ok(asked[name]?.includes(version), `${name} ${version} was asked about`);
    for (const name of ['typescript', 'playwright-core', 'eslint']) assert.equal(asked[name], undefined, name);
  } finally {
    for (const { stop } of registries) stop();
  }
});

test('SC-02 an exception lasts 90 days at most, for one advisory of one package, and is missed when nothing needs it', () => {
  const hole: Hole = { package: 'a', severity: 'high', title: 'x', url: 'https://github.com/advisories/GHSA-1' };
  const exception = { advisory: 'GHSA-1', package: 'a', reason: 'never called', until: '2027-01-31' };
  const at = (day: string): number => Date.parse(`${day}T12:00:00Z`);
  assert.deepEqual(auditProblems([hole], [exception], at('2027-01-01')), []);
  assert.deepEqual(auditProblems([hole], [exception], at('2027-01-31')), []);
  assert.match(auditProblems([hole], [exception], at('2027-02-01')).join(), /a: high: x.*has run out on 2027-01-31/);
  assert.match(auditProblems([hole], [exception], at('2026-10-01')).join(), /must end within 90 days/);
  assert.match(auditProblems([], [exception], at('2027-01-01')).join(), /excepts nothing/);
  assert.equal(auditProblems([{ ...hole, package: 'b' }], [exception], at('2027-01-01')).length, 2);
  assert.equal(auditProblems([{ ...hole, url: 'https://x.example/XGHSA-1' }], [exception], at('2027-01-01')).length, 2);
});
