import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { systemClock } from '../../runtime/clock.ts';
import { exitCodes } from '../exit-codes.ts';
import { runCommandLine } from '../program.ts';
import { clean, launcher, run, serve, temporaryDirectory } from '../testing/spawned.ts';
import { isSelected } from './find-files.ts';
import { wholeLine } from './upload-progress.ts';

type Told = {
  readonly data: readonly {
    readonly file: string;
    readonly status: string;
    readonly assetId?: string;
    readonly asset?: {
      readonly id: string;
      readonly state: { readonly path: string; readonly tags: readonly string[] };
    };
    readonly error?: { readonly code: string };
  }[];
  readonly summary: {
    readonly uploaded: number;
    readonly skipped: number;
    readonly failed: number;
    readonly left: number;
    readonly planned?: number;
  };
};

function writeTree(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

test('a directory is uploaded once: again, moved or renamed it is skipped, and what is new or changed is sent', async (t) => {
  const directory = join(temporaryDirectory(t), 'photos');
  const dataDir = temporaryDirectory(t);
  const server = await serve({ ASSETWIRE_DATA_DIR: dataDir });
  t.after(() => server.child.kill('SIGKILL'));
  const environment = { ASSETWIRE_DATA_DIR: dataDir };
  const upload = async (...args: string[]): Promise<Told> => {
    const { code, out, err } = await run(['upload', ...args, '--json'], environment);
    assert.equal(code, exitCodes.done, err);
    return JSON.parse(out) as Told;
  };
  const statuses = ({ data }: Told): Record<string, string> =>
    Object.fromEntries(data.map(({ file, status }) => [file.slice(directory.length + 1), status]));
  writeTree(directory, { 'a.txt': 'first', '2026/b.txt': 'second', '2026/drafts/c.tmp': 'third', '.hidden': 'x' });

  const dry = await upload(directory, '--path', '/press', '--dry-run');
  assert.deepEqual([dry.summary.planned, dry.summary.uploaded], [3, 0]);
  // What is certain to be refused is said before, and in the words in which the server refuses it then.
  const odd = { 'bro\nken.txt': '1', 'back\\slash.txt': '2', 'co\\py/x.txt': '3', 'fine.txt': '4' };
  writeTree(`${directory}-odd`, odd);
  const refused = async (...args: string[]): Promise<readonly unknown[]> => {
    const { code, out } = await run(['upload', `${directory}-odd`, ...args, '--json'], environment);
    assert.equal(code, exitCodes.failed);
    const { data } = JSON.parse(out.split('\n}\n')[0] + '\n}') as Told;
    return data.map(({ file, status, error }) => (status === 'failed' ? [file, error] : status));
  };
  const foreseen = await refused('--dry-run');
  assert.deepEqual(foreseen.filter((one) => one === 'planned').length, 1);
  assert.deepEqual(
    (await refused()).map((one) => (one === 'uploaded' ? 'planned' : one)),
    foreseen,
  );
  const first = await upload(directory, '--path', '/press', '--exclude', '*.tmp', '--tag', 'spring');
  assert.deepEqual(statuses(first), { '2026/b.txt': 'uploaded', 'a.txt': 'uploaded' });
  assert.deepEqual(
    first.data.map(({ asset }) => [asset?.state.path, asset?.state.tags]),
    [
      ['/press/2026', ['spring']],
      ['/press', ['spring']],
    ],
    'a dry run sent nothing, for then these were skipped',
  );

  writeTree(directory, { 'a.txt': 'FIRST', 'copy/of-b.txt': 'second', 'new.txt': 'new' });
  const second = await upload(directory, '--path', '/press');
  assert.deepEqual(statuses(second), {
    '2026/b.txt': 'skipped',
    '2026/drafts/c.tmp': 'uploaded',
    'a.txt': 'uploaded',
    'copy/of-b.txt': 'skipped',
    'new.txt': 'uploaded',
  });
  const skipped = second.data.find(({ file }) => file.endsWith('of-b.txt'));
  assert.equal(skipped?.assetId, first.data[0]?.asset?.id, 'it says which asset has the content');
  const byPlace = await upload(directory, '--path', '/press', '--skip', 'place');
  assert.deepEqual(
    byPlace.data.filter(({ status }) => status === 'uploaded').map(({ file }) => file.slice(directory.length + 1)),
    ['copy/of-b.txt'],
  );
  writeTree(directory, { 'caf\u00e9.txt': 'accent' });
  await upload(join(directory, 'caf\u00e9.txt'), '--path', '/press');
  writeTree(directory, { 'cafe\u0301.txt': 'accent' });
  const spelled = await upload(join(directory, 'cafe\u0301.txt'), '--path', '/press', '--skip', 'place');
  assert.equal(spelled.summary.skipped, 1, 'an accented letter is one letter, however a file system spells it');
  rmSync(join(directory, 'caf\u00e9.txt'));
  rmSync(join(directory, 'cafe\u0301.txt'), { force: true });
  writeTree(directory, { 'twin-1.txt': 'twins', 'twin-2.txt': 'twins' });
  const twins = await upload(join(directory, 'twin-1.txt'), join(directory, 'twin-2.txt'));
  assert.deepEqual(statuses(twins), { 'twin-1.txt': 'uploaded', 'twin-2.txt': 'skipped' });
  const plain = await run(['upload', directory], environment);
  assert.match(plain.out, /– .*already there as \/press\/2026\/b\.txt\n/);
  assert.match(plain.out, /\n0 uploaded \(0 B in [\d.]+ s\), 7 skipped, 0 failed\n$/);
  assert.equal(
    plain.out.includes('\u001b') || plain.err.includes('\u001b'),
    false,
    'no bar where there is no terminal',
  );
  assert.equal(await server.end(), 0);
});

type Upload = { readonly name: string; readonly key: string; readonly bytes: number };

/** A server that takes uploads as told. */
async function taker(
  t: TestContext,
  answer: (upload: Upload, index: number) => { status: number; headers?: Record<string, string> } | null,
) {
  const uploads: Upload[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      if (request.method === 'GET' || request.url === '/v1/assets/lookup') {
        response.end('{"data":[],"nextCursor":null}');
        return;
      }
      const body = Buffer.concat(chunks).toString('latin1');
      const upload = {
        name: /filename="([^"]*)"/.exec(body)?.[1] ?? '',
        key: String(request.headers['idempotency-key']),
        bytes: body.length,
      };
      const index = uploads.push(upload) - 1;
      const answered = answer(upload, index);
      if (answered === null) request.socket.destroy();
      else
        response
          .writeHead(answered.status, answered.headers)
          .end(JSON.stringify(answered.status === 201 ? { id: `ast_${index}`, state: {} } : { code: 'told' }));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, uploads };
}

test('what may pass is tried again under the same key; what no file can pass ends the run', async (t) => {
  const directory = temporaryDirectory(t);
  writeTree(directory, { 'a.txt': 'a', 'b.txt': 'bb', 'c.txt': 'ccc' });
  const shaky = await taker(t, (_, index) =>
    index === 0 ? null : index === 1 ? { status: 503, headers: { 'retry-after': '1' } } : { status: 201 },
  );
  const environment = { ASSETWIRE_URL: shaky.url, ASSETWIRE_KEY: 'k' };
  const ended = await run(['upload', join(directory, 'a.txt'), '--json'], environment);
  assert.equal(ended.code, exitCodes.done, ended.err);
  assert.equal(new Set(shaky.uploads.map(({ key }) => key)).size, 1);
  assert.equal(shaky.uploads.length, 3);
  assert.equal((await run(['upload', join(directory, 'b.txt')], environment)).code, exitCodes.done);
  assert.notEqual(shaky.uploads.at(-1)?.key, shaky.uploads[0]?.key, 'another upload is another wish');

  const full = await taker(t, () => ({ status: 507 }));
  const stopped = await run(['upload', directory, '--at-once', '1', '--json'], {
    ...environment,
    ASSETWIRE_URL: full.url,
  });
  assert.equal(stopped.code, exitCodes.failed);
  const { summary, data } = JSON.parse(stopped.out) as Told;
  assert.deepEqual([summary.failed, summary.left, full.uploads.length], [1, 2, 1]);
  assert.equal(data[0]?.error?.code, 'told');
});

test('a file that goes away or cannot be read fails alone, and the code says so', async (t) => {
  const directory = temporaryDirectory(t);
  writeTree(directory, { 'a.txt': 'a', 'b.txt': 'bb' });
  const { url } = await taker(t, ({ name }) => {
    if (name === 'a.txt') rmSync(join(directory, 'b.txt'));
    return { status: 201 };
  });
  const ended = await run(['upload', directory, '--at-once', '1', '--json'], {
    ASSETWIRE_URL: url,
    ASSETWIRE_KEY: 'k',
  });
  assert.equal(ended.code, exitCodes.failed);
  const { data } = JSON.parse(ended.out) as Told;
  assert.deepEqual(
    data.map(({ status, error }) => [status, error?.code]),
    [
      ['uploaded', undefined],
      ['failed', 'file_unreadable'],
    ],
  );
});

test('symbolic links below a directory are left out and counted, in text and in JSON, and where there is nothing else', async (t) => {
  const directory = temporaryDirectory(t);
  const { url } = await taker(t, () => ({ status: 201 }));
  const environment = { ASSETWIRE_URL: url, ASSETWIRE_KEY: 'k' };
  writeTree(directory, { 'real/a.txt': 'a', 'links/.keep': '' });
  symlinkSync('../real/a.txt', join(directory, 'links/b.txt'));
  symlinkSync('..', join(directory, 'links/circle'));
  symlinkSync('a', join(directory, 'links/.hidden'));
  const told = await run(['upload', directory], environment);
  assert.match(told.out, /^1 uploaded .*, 0 failed, 2 symbolic links left out$/m);
  const { summary } = JSON.parse((await run(['upload', directory, '--json'], environment)).out) as {
    readonly summary: { readonly linksLeftOut: number };
  };
  assert.equal(summary.linksLeftOut, 2);
  const none = await run(['upload', join(directory, 'links')], environment);
  assert.match(none.err, /there are none, and 2 symbolic links left out/);
});

test('a pipe is refused, and a name that is no UTF-8 fails alone', async (t) => {
  const directory = temporaryDirectory(t);
  const { url } = await taker(t, () => ({ status: 201 }));
  const environment = { ASSETWIRE_URL: url, ASSETWIRE_KEY: 'k' };
  writeTree(directory, { 'a.txt': 'a' });
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/b`), Buffer.from([0xff, 0xfe])]), 'b');
  const told = await run(['upload', directory], environment);
  assert.equal(told.code, 1);
  assert.match(told.out, /✗ .*b\u{FFFD}\u{FFFD}  file_unreadable: .*\n(.*\n)*1 uploaded .* 1 failed/u);
  const pipe = join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const refused = await run(['upload', pipe], environment);
  assert.equal(refused.code, 2);
  assert.match(refused.err, /is a pipe/);
});

test('a directory that cannot be read fails alone, and what lies beside it is sent', async (t) => {
  const directory = temporaryDirectory(t);
  const { url } = await taker(t, () => ({ status: 201 }));
  writeTree(directory, { 'a/a.txt': 'a', 'deep/b.txt': 'b' });
  // Whoever runs this may read everything: but nobody a path of more than 4,096 bytes.
  const deeper = 'n=$(printf "%0250d" 0); for i in $(seq 18); do mkdir "$n" && cd -P "$n" || exit 1; done';
  execFileSync('sh', ['-c', deeper], { cwd: join(directory, 'deep') });
  t.after(() => execFileSync('rm', ['-rf', join(directory, 'deep')]));
  const told = await run(['upload', directory], { ASSETWIRE_URL: url, ASSETWIRE_KEY: 'k' });
  assert.equal(told.code, 1);
  assert.match(told.out, /✗ .*0000  file_unreadable: The directory must be readable: it is not \(ENAMETOOLONG\)\n/);
  assert.match(told.out, /^2 uploaded .* 1 failed$/m);
  assert.match(told.err, /1 of 3 failed/);
});

test('Ctrl-C ends an upload with 130, says what was done, and the same command sends the rest', async (t) => {
  const directory = temporaryDirectory(t);
  writeTree(directory, Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}.txt`, name.repeat(9)])));
  let hold = true;
  let arrived = (): void => undefined;
  const held = new Promise<void>((resolve) => (arrived = resolve));
  const server = createServer((request, response) => {
    const asks = request.method === 'GET' || request.url === '/v1/assets/lookup';
    if (asks) return void request.resume().on('end', () => response.end('{"data":[],"nextCursor":null}'));
    request.resume().on('end', () => {
      if (request.headers['content-length'] !== undefined && hold && ++count === 2) return arrived();
      response.writeHead(201).end('{"id":"ast_1","state":{}}');
    });
  }).listen(0, '127.0.0.1');
  let count = 0;
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const environment = {
    ASSETWIRE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ASSETWIRE_KEY: 'k',
  };
  const child = spawn(process.execPath, [launcher, 'upload', directory, '--at-once', '1'], {
    env: clean(environment),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => void (err += chunk.toString()));
  const ended = new Promise((resolve) => child.once('close', resolve));
  await held;
  child.kill('SIGINT');
  assert.equal(await ended, exitCodes.interrupted);
  assert.match(
    err,
    /Interrupted: 1 file uploaded, 2 not, of which 1 cut off on the way: .*\nmend: {2}Type the same command again/,
  );
  hold = false;
  assert.equal((await run(['upload', directory], environment)).code, exitCodes.done);
});

test('on a terminal each file and the whole have a bar, drawn in place, and lines of ended files stay above', async (t) => {
  const directory = temporaryDirectory(t);
  writeTree(directory, { 'a.txt': 'a'.repeat(2_000), 'b.txt': 'b'.repeat(1_000) });
  const { url } = await taker(t, () => ({ status: 201 }));
  const said = { out: '', err: '' };
  const output = (name: 'out' | 'err', isTty: boolean) => ({
    write: (text: string) => void (said[name] += text),
    isTty,
    columns: 80,
    colour: false,
  });
  let nowMs = 0;
  const code = await runCommandLine(['upload', directory, '--at-once', '1'], {
    version: '1',
    environment: { ASSETWIRE_URL: url, ASSETWIRE_KEY: 'k' },
    // Every look at the clock is a second later: each drawing is due.
    clock: { ...systemClock, monotonicMs: () => (nowMs += 1_000) },
    stdout: output('out', false),
    stderr: output('err', true),
    server: { start: () => Promise.reject(new Error('not here')), checkStore: () => Promise.resolve(null) },
    programDirectory: '.',
  });
  assert.equal(code, exitCodes.done);
  assert.match(said.err, /asking what the server has: 0 of 2 contents/);
  assert.match(said.err, /██████████ 100 % {5}2\.0 KiB {2}a\.txt\n/);
  assert.match(said.err, / 66 % {2}1 of 2 files {2}2\.0 KiB of 2\.9 KiB/);
  assert.ok(said.err.endsWith('\r\u001b[J'), 'the bars are gone at the end');
  for (const line of said.err.split(/\r?\n|\r\u001b\[(?:\dA\u001b\[)?J/)) assert.ok(line.length < 80, `fits: ${line}`);
  assert.match(said.out, /^✓ ast_0 .*a\.txt\n✓ ast_1 .*b\.txt\n2 uploaded/);
});

test('patterns without a slash are held against names, with one against paths, and exclusion wins', () => {
  const rule = { include: [], exclude: [], hidden: false };
  const cases = [
    ['2026/a.jpg', { ...rule, include: ['*.jpg'] }, true],
    ['2026/a.jpg', { ...rule, include: ['*.png', '2026/**'] }, true],
    ['a.jpg', { ...rule, include: ['2026/**'] }, false],
    ['2026/drafts/a.jpg', { ...rule, include: ['*.jpg'], exclude: ['**/drafts/**'] }, false],
    ['a.jpg', { ...rule, exclude: ['a.*'] }, false],
    ['.git/config', rule, false],
    ['.git/config', { ...rule, hidden: true }, true],
  ] as const;
  for (const [path, selection, wanted] of cases) assert.equal(isSelected(path, selection), wanted, path);
});

test('the line of the whole says share, files, bytes, rate and what is left', () => {
  const line = wholeLine({ files: 1, bytes: 1024 ** 2 }, { files: 4, bytes: 4 * 1024 ** 2 }, 1_000);
  assert.equal(line, '█████░░░░░░░░░░░░░░░  25 %  1 of 4 files  1.0 MiB of 4.0 MiB  1.0 MiB/s  3 s left');
  assert.match(wholeLine({ files: 0, bytes: 0 }, { files: 0, bytes: 0 }, 0), /100 %/);
});
