import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { requestOk } from '../support/json-client.ts';
import { endServer, freePort, startServer } from '../support/server-process.ts';
import { until } from '../support/until.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const nobody = 65_534;

/**
 * As the unit of systemd has it: everything but the directory named first is read-only, /tmp as well; no capability, none to
 * be gained; where root starts it, as nobody. Then runs the rest of its words.
 */
const confine = `set -e
own=$1; shift
mount --make-rprivate /
mount --bind "$own" "$own"
while read -r _ place _; do
  case "$place" in "$own"|/proc|/proc/*|/sys|/sys/*) ;; *) mount -o remount,bind,ro "$place" 2>/dev/null || true ;; esac
done < /proc/self/mounts
umask 022
if [ "$CONFINED_AS_ROOT" = yes ]; then
  exec setpriv --reuid=${nobody} --regid=${nobody} --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
fi
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"`;

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name));
}

test('SC-09 as nobody, with a file system that is read-only but for its directory, it takes files, looks into them and delivers; what it writes is for its user alone', async (t) => {
  const asRoot = process.getuid?.() === 0;
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-confined-'));
  chmodSync(dataDir, 0o755);
  if (asRoot) chownSync(dataDir, nobody, nobody);
  const script = join(dataDir, 'confine.sh');
  writeFileSync(script, confine);
  const wrap = ['unshare', ...(asRoot ? [] : ['--user', '--map-root-user']), '--mount', 'sh', script, dataDir];
  const [program = '', ...words] = [
    ...wrap,
    'sh',
    '-c',
    `! touch ${join(tmpdir(), 'x')} 2>/dev/null && touch "$0"/probe`,
    dataDir,
  ];
  const tried = spawnSync(program, words, { env: { ...process.env, CONFINED_AS_ROOT: asRoot ? 'yes' : 'no' } });
  if (tried.status !== 0) {
    rmSync(dataDir, { recursive: true, force: true });
    return t.skip(`no namespace of its own can be made here: ${String(tried.stderr ?? tried.error).slice(0, 200)}`);
  }
  const server = startServer({
    dataDir,
    port: await freePort(),
    wrap,
    settings: { CONFINED_AS_ROOT: asRoot ? 'yes' : 'no' },
  });
  try {
    await server.ready;
    const { key, url } = server;
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
    assert.match(status, /^CapEff:\t0+$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    if (asRoot) assert.match(status, new RegExp(`^Uid:\t${nobody}\t`, 'm'));
    const inbox = await requestOk<{ id: string; url: string }>(`${url}/v1/inboxes`, { key, body: {} });
    await requestOk(`${url}/v1/webhooks`, {
      key,
      body: {
        name: 'confined',
        dialect: 'standard',
        target: { transport: 'http', url: inbox.url },
        events: ['asset.created'],
      },
    });
    const form = new FormData();
    form.set('file', new Blob([readFileSync(join(root, 'media/wine.jpg'))]), 'wine.jpg');
    const uploaded = await fetch(`${url}/v1/assets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: form,
    });
    assert.equal(uploaded.status, 201, await uploaded.text());
    type Arrived = { readonly data: readonly { readonly bodyBase64: string }[] };
    let arrived: Arrived['data'] = [];
    await until(async () => {
      ({ data: arrived } = await requestOk<Arrived>(`${url}/v1/inboxes/${inbox.id}/requests`, { key }));
      return arrived.length > 0;
    }, `it is told; the server says ${server.output()}`);
    const body = Buffer.from(arrived[0]?.bodyBase64 ?? '', 'base64').toString();
    assert.match(body, /"widthPx":\s*\d+/, 'the picture was looked into');
    assert.equal((await fetch(`${url}/docs`)).status, 200);
    assert.equal((await fetch(`${url}/`)).status, 200);
  } finally {
    const code = await endServer(server);
    const open = filesBelow(join(dataDir, 'data')).filter((path) => (statSync(path).mode & 0o077) !== 0);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
    assert.equal(code, 0, server.output());
    assert.doesNotMatch(server.output(), /EROFS|EACCES|EPERM|read-only/i);
    assert.deepEqual(open, [], 'what others may read');
  }
});
