/** The commands of docs/guides/woodwing-receivers.md, typed as they stand into one shell. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RealServer, rows, startRealServer, type Tenant, text } from '../e2e/real-server.ts';

const root = join(import.meta.dirname, '..', '..');
const guide = readFileSync(join(root, 'docs/guides/woodwing-receivers.md'), 'utf8');

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('guide');
});
after(() => server[Symbol.asyncDispose]());

function shell(script: string): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-s'], {
      cwd: root,
      timeout: 60_000,
      env: { PATH: process.env['PATH'], ASSETWIRE_URL: server.url, ASSETWIRE_KEY: tenant.key },
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
    child.stdin.end(script);
  });
}

/** A refused request ends the shell by the guide's own `-f`. */
const strictly = 'curl() { command curl --max-time 20 "$@" && echo; }\n';

test('A script for WoodWing Assets goes on working here, and its receiver gets the body that the guide shows', async () => {
  const blocks = [...guide.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, code = '']) => code);
  assert.equal(blocks.length, 10);
  for (const file of ['woodwing-receivers', 'replay-and-recover']) {
    const typed = readFileSync(join(root, `docs/guides/${file}.md`), 'utf8');
    assert.doesNotMatch(typed, /^(.*\$\()?curl (?!-fsS )/m, file);
    assert.doesNotMatch(typed, /^ *(until|while) /m, `${file}: every wait has an end`);
  }
  const { code, output } = await shell(strictly + blocks.join('\n'));
  assert.equal(code, 0, output.slice(-2_000));
  const [inbox] = rows(await tenant.ask('/v1/inboxes'));
  const requests = rows(await tenant.ask(`/v1/inboxes/${text(inbox?.['id'])}/requests`));
  assert.deepEqual(
    requests.map(({ verification }) => (verification as { result: string }).result),
    ['verified', 'verified'],
  );
  const bodies = requests.map(({ bodyBase64 }) => Buffer.from(text(bodyBase64), 'base64').toString());
  const [, shown = ''] = /^```json\n(.*)\n```$/m.exec(guide) ?? [];
  const timeless = (body: string): string => body.replace(/"timestamp":\d+/, '"timestamp":0');
  assert.ok(bodies.map(timeless).includes(timeless(shown)), `${shown}\n${bodies.join('\n')}`);
  assert.deepEqual(rows(await tenant.ask('/v1/webhooks')), []);
});
