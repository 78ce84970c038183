import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../runtime/clock.ts';
import { createClient } from '../client.ts';
import { inProcess } from '../testing/in-process.ts';
import { clean, launcher, serve, temporaryDirectory } from '../testing/spawned.ts';
import { applyChanges } from './apply-changes.ts';
import { createPendingPaths, type SeenFile } from './pending-paths.ts';
import { createKnownFiles, type KnownFile } from './known-files.ts';
import { lostWith, perhapsMoved, planChanges, type WatchChange } from './plan-changes.ts';
import { openMemory, stateName } from './watch-state.ts';

type Event = { readonly kind: string; readonly path: string; readonly from?: string; readonly assetId?: string };

let server: Awaited<ReturnType<typeof serve>>;
let dataDir: string;
let port = 0;
before(async (t) => {
  dataDir = temporaryDirectory(t as never);
  server = await serve({ ASSETWIRE_DATA_DIR: dataDir });
  port = Number(new URL(server.url).port);
});
after(() => void server.child.kill('SIGKILL'));

const cli = () => inProcess({ ASSETWIRE_DATA_DIR: dataDir });

type Watching = {
  readonly directory: string;
  readonly events: readonly Event[];
  readonly err: () => string;
  until(what: string, is: (events: readonly Event[]) => boolean): Promise<void>;
  end(signal?: NodeJS.Signals): Promise<number | null>;
};

/** A watch as a process of its own, on a folder that is kept over several. */
async function begin(t: TestContext, directory: string, ...args: string[]): Promise<Watching> {
  const child: ChildProcess = spawn(
    process.execPath,
    [launcher, 'watch', directory, '--json', '--settle', '200', ...args],
    { env: clean({ ASSETWIRE_DATA_DIR: dataDir }), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  t.after(() => void child.kill('SIGKILL'));
  const events: Event[] = [];
  const said = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
    const lines = said.out.split('\n');
    said.out = lines.pop() ?? '';
    for (const line of lines) events.push(JSON.parse(line) as Event);
  });
  child.stderr?.on('data', (chunk: Buffer) => void (said.err += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    directory,
    events,
    err: () => said.err,
    async until(what, is) {
      for (let tries = 0; !is(events); tries += 1) {
        assert.ok(tries < 5_000, `${what} does not come: ${JSON.stringify(events)} ${said.err}`);
        await new Promise<void>((resolve) => systemClock.timer(20, resolve));
      }
    },
    end(signal = 'SIGINT') {
      child.kill(signal);
      return ended;
    },
  };
}

const once = async (directory: string, ...args: string[]): Promise<readonly Event[]> => {
  const { out, err } = await cli().run('watch', directory, '--once', '--settle', '100', '--json', ...args);
  assert.equal(err, '');
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);
};
const summary = (events: readonly Event[]) => events.map(({ kind, path }) => `${kind} ${path}`).toSorted();
type Shown = { id: string; state: { name: string; path: string; versions: unknown[] } };
const lying = async (folder: string): Promise<readonly string[]> => {
  const { data } = await cli().ask<{ data: Shown[] }>('assets', 'list', '--folder', folder);
  return data.map(({ state }) => `${state.path}/${state.name}`).toSorted();
};

/**
 * Lets a file grow to eight bytes, and answers with its name. One that came to rest meanwhile, because the machine stood still,
 * counts as whole with less: it is given up, and another one tried.
 */
async function grown(directory: string): Promise<string> {
  for (let tries = 0; tries < 60; tries += 1) {
    const name = `growing${tries}.txt`;
    const path = join(directory, name);
    let atMs = systemClock.monotonicMs();
    let longestMs = 0;
    writeFileSync(path, String.fromCharCode(65 + tries));
    for (let n = 1; n < 8; n += 1) {
      await new Promise<void>((resolve) => systemClock.timer(50, resolve));
      appendFileSync(path, String(n));
      longestMs = Math.max(longestMs, systemClock.monotonicMs() - atMs);
      atMs = systemClock.monotonicMs();
    }
    if (longestMs < 150) return name;
    rmSync(path);
  }
  return assert.fail('a file must be written without a rest');
}

test('files that come, change, move and go become assets, versions, moves and deletions; half-written ones wait', async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'first.txt'), 'first');
  const watching = await begin(t, directory, '--path', '/w1');
  await watching.until('the first file', (events) => events.some(({ path }) => path === 'first.txt'));
  mkdirSync(join(directory, 'sub'));
  const growing = await grown(join(directory, 'sub'));
  writeFileSync(join(directory, 'download.part'), 'half');
  writeFileSync(join(directory, '.hidden'), 'x');
  await watching.until('the grown file', (events) => events.some(({ path }) => path === `sub/${growing}`));
  renameSync(join(directory, 'download.part'), join(directory, 'download.txt'));
  await watching.until('the download', (events) => events.some(({ path }) => path === 'download.txt'));
  writeFileSync(join(directory, 'first.txt'), 'changed');
  await watching.until('the change', (events) => events.some(({ kind }) => kind === 'version'));
  renameSync(join(directory, 'sub'), join(directory, 'renamed'));
  await watching.until('the move', (events) => events.some(({ kind }) => kind === 'moved'));
  rmSync(join(directory, 'download.txt'));
  await watching.until('the deletion', (events) => events.some(({ kind }) => kind === 'deleted'));
  const givenUp = ({ path }: Event): boolean => path.includes('growing') && !path.endsWith(growing);
  assert.deepEqual(summary(watching.events.filter((event) => !givenUp(event))), [
    'deleted download.txt',
    `moved renamed/${growing}`,
    'uploaded download.txt',
    'uploaded first.txt',
    `uploaded sub/${growing}`,
    'version first.txt',
  ]);
  assert.deepEqual(
    (await lying('/w1')).filter((path) => !path.includes('growing') || path.endsWith(growing)),
    ['/w1/first.txt', `/w1/renamed/${growing}`],
  );
  const whole = watching.events.find(({ path }) => path === `sub/${growing}`);
  const { state } = await cli().ask<Shown & { state: { file: { bytes: number } } }>(
    'assets',
    'show',
    whole?.assetId ?? '',
  );
  assert.equal(state.file.bytes, 8);
  assert.equal(await watching.end(), 130);
});

test('what happened while nobody watched is found at the start, and nothing known is sent again', async (t) => {
  const directory = temporaryDirectory(t);
  for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(directory, `${name}.txt`), `content ${name}`);
  const first = await once(directory, '--path', '/w2');
  assert.deepEqual(
    summary(first),
    ['a', 'b', 'c', 'd'].map((name) => `uploaded ${name}.txt`),
  );
  assert.deepEqual(await once(directory, '--path', '/w2'), []);
  mkdirSync(join(directory, 'in'));
  renameSync(join(directory, 'a.txt'), join(directory, 'in/a.txt'));
  // Written anew elsewhere, as a copy and a deletion do.
  writeFileSync(join(directory, 'b2.txt'), readFileSync(join(directory, 'b.txt')));
  rmSync(join(directory, 'b.txt'));
  rmSync(join(directory, 'c.txt'));
  writeFileSync(join(directory, 'd.txt'), 'content d, longer');
  const second = await once(directory, '--path', '/w2');
  assert.deepEqual(summary(second), ['deleted c.txt', 'moved b2.txt', 'moved in/a.txt', 'version d.txt']);
  assert.deepEqual(await lying('/w2'), ['/w2/b2.txt', '/w2/d.txt', '/w2/in/a.txt']);
  // Without its memory, and with another that forgets: what lies there is found, not sent.
  rmSync(join(directory, stateName));
  assert.deepEqual(summary(await once(directory, '--path', '/w2')), ['found b2.txt', 'found d.txt', 'found in/a.txt']);
  rmSync(join(directory, 'd.txt'));
  assert.deepEqual(await once(directory, '--path', '/w2', '--delete', 'ignore'), []);
  assert.equal((await lying('/w2')).length, 3);
});

test('links are not followed, a folder that is gone deletes nothing, and another watch does not believe this memory', async (t) => {
  const outside = temporaryDirectory(t);
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  const parent = temporaryDirectory(t);
  const directory = join(parent, 'folder');
  mkdirSync(directory);
  writeFileSync(join(directory, 'plain.txt'), 'plain');
  symlinkSync(outside, join(directory, 'linked'));
  symlinkSync(join(outside, 'secret.txt'), join(directory, 'linked.txt'));
  const state = join(parent, 'state.json');
  const watching = await begin(t, directory, '--path', '/w3', '--state', state);
  await watching.until('the file', (events) => events.length > 0);
  renameSync(directory, join(parent, 'away'));
  await watching.until('the warning', () => watching.err().includes('is not there'));
  assert.deepEqual(summary(watching.events), ['uploaded plain.txt']);
  await watching.end();
  renameSync(join(parent, 'away'), directory);
  assert.deepEqual(await once(directory, '--path', '/w3', '--state', state), []);
  const other = await cli().run('watch', directory, '--once', '--path', '/elsewhere', '--state', state);
  assert.match(other.err, /about another server, workspace or folder/);
  const none = await cli().run('watch', join(parent, 'nothing'), '--once');
  assert.equal(none.code, 2);
});

test('while the server is away the watch waits, and then goes on', async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'before.txt'), 'before');
  const watching = await begin(t, directory, '--path', '/w4');
  await watching.until('the first', (events) => events.length === 1);
  await server.end('SIGTERM');
  writeFileSync(join(directory, 'meanwhile.txt'), 'meanwhile');
  await watching.until('the trouble', () => watching.err().includes('trying again'));
  server = await serve({ ASSETWIRE_DATA_DIR: dataDir, ASSETWIRE_PORT: String(port) });
  await watching.until('the second', (events) => events.length === 2);
  assert.deepEqual(summary(watching.events), ['uploaded before.txt', 'uploaded meanwhile.txt']);
  assert.equal(existsSync(join(directory, stateName)), true);
  await watching.end();
});

const file = (bytes: number, mtimeMs: number, inode: number): SeenFile => ({ bytes, mtimeMs, inode });

test('a file counts once it has come to rest, and what is gone as long after', async () => {
  const there = new Map<string, SeenFile>();
  const look = async (path: string) => there.get(path) ?? null;
  const pending = createPendingPaths(1_000);
  there.set('new', file(1, 10_000, 1));
  there.set('old', file(1, 1, 2));
  for (const path of ['new', 'old', 'gone']) pending.touch(path);
  assert.deepEqual((await pending.settle(10_000, look)).ready, [['old', file(1, 1, 2)]]);
  there.set('new', file(2, 10_900, 1));
  assert.deepEqual(await pending.settle(10_900, look), { ready: [], gone: [] });
  assert.deepEqual(await pending.settle(11_000, look), { ready: [], gone: ['gone'] });
  assert.deepEqual((await pending.settle(11_900, look)).ready, [['new', file(2, 10_900, 1)]]);
  assert.equal(pending.size, 0);
});

test('whatever happened, each file is in one change at most, and nothing that is there is deleted', () => {
  const seen = fc.record({ bytes: fc.nat(2), mtimeMs: fc.nat(2), inode: fc.nat(4) });
  const known = seen.map((one): KnownFile => ({ ...one, assetId: 'ast_x', sha256: 's' }));
  const paths = fc.constantFrom('a', 'b', 'c', 'd');
  fc.assert(
    fc.property(fc.dictionary(paths, known), fc.dictionary(paths, seen), (before, now) => {
      const gone = Object.keys(before).filter((path) => !Object.hasOwn(now, path));
      const changes = planChanges({ ready: Object.entries(now), gone }, createKnownFiles(Object.entries(before)));
      const touched = changes.flatMap((change) =>
        change.kind === 'move' ? [change.from, change.path] : [change.path],
      );
      assert.equal(new Set(touched).size, touched.length);
      for (const change of changes) if (change.kind === 'delete') assert.ok(!Object.hasOwn(now, change.path));
    }),
  );
});

test('what is moved, equal or linked in a folder of very many files costs as many steps as there are files', () => {
  const count = 2_000;
  let read = 0;
  const counted = (n: number): KnownFile => ({
    assetId: 'ast_x',
    bytes: 1,
    mtimeMs: n,
    sha256: 's',
    get inode() {
      read += 1;
      return n;
    },
  });
  const known = createKnownFiles(Array.from({ length: count }, (_, n) => [`old/${n}`, counted(n)] as const));
  const gone = [...known.keys()];
  const come = (from: number): [string, SeenFile][] =>
    Array.from({ length: count }, (_, n) => [`new/${n}`, file(1, from + n, from + n)]);
  read = 0;
  const none = planChanges({ ready: come(count), gone }, known);
  assert.deepEqual([none.filter(({ kind }) => kind === 'look').length, none.length], [count, 2 * count]);
  const moved = planChanges({ ready: come(0).toReversed(), gone }, known);
  assert.ok(moved.every((change) => change.kind === 'move' && change.from === `old/${change.file.inode}`));
  assert.equal(perhapsMoved({ ready: come(0) }, known).length, count);
  assert.ok(read <= 4 * count, `each file is looked at a few times: found ${read / count}`);
  assert.deepEqual(lostWith(new Set(['old', 'ol', 'new']), known), gone);
  assert.deepEqual(lostWith(new Set(['ol', 'old/1']), known), []);
});

test('of many equal files each is looked at once for having moved, and one that went is one that came', async (t) => {
  const directory = temporaryDirectory(t);
  const sha256 = hash('sha256', 'equal');
  const asked: string[] = [];
  let uploads = 0;
  const peer = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      asked.push(`${request.method} ${request.url}`);
      const isUpload = request.url === '/v1/assets';
      if (isUpload) uploads += 1;
      const elsewhere = [{ sha256, assets: [{ id: 'ast_else', name: 'else', path: '/else' }] }];
      // The last to come: what was moved is found out by the first.
      const state = { name: 'new-99', path: '/', file: { sha256 } };
      const listed = request.url?.includes('nameContains=new-99&') === true ? [{ id: 'ast_there', state }] : [];
      const data = request.method === 'GET' ? listed : elsewhere;
      const body = isUpload ? { id: `ast_${uploads}` } : { data, nextCursor: null };
      response.writeHead(isUpload ? 201 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  t.after(() => peer.close());
  const memory = openMemory(join(directory, stateName), 'x', systemClock);
  const count = 100;
  const come: WatchChange[] = [];
  for (let n = 0; n < count; n += 1) {
    memory.files.set(`old-${n}`, { assetId: `ast_old${n}`, bytes: 5, mtimeMs: 1, inode: n, sha256 });
    writeFileSync(join(directory, `new-${n}`), 'equal');
    come.push({ kind: 'look', path: `new-${n}`, file: file(5, 2, count + n), known: null });
  }
  let looks = 0;
  const events: Event[] = [];
  await applyChanges(come, {
    client: createClient({ url: `http://127.0.0.1:${(peer.address() as AddressInfo).port}`, key: null }),
    directory,
    look: async (path) => {
      looks += 1;
      return path === 'old-7' || path === 'old-70' ? null : file(5, 1, 0);
    },
    folder: '/',
    onDelete: 'trash',
    atOnce: 4,
    memory,
    draw: () => 'key',
    signal: new AbortController().signal,
    tell: (event) => events.push(event),
  });
  assert.equal(looks, count, 'each of those that were known');
  assert.deepEqual(asked.filter((line) => line.startsWith('PATCH')).toSorted(), [
    'PATCH /v1/assets/ast_old7',
    'PATCH /v1/assets/ast_old70',
  ]);
  assert.equal(events.filter(({ kind }) => kind === 'moved').length, 2);
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'found').map(({ assetId }) => assetId),
    ['ast_there'],
    'what was sent before is found although the lookup does not tell of each',
  );
  assert.equal(uploads, count - 3, 'the others are files of their own');
  assert.equal(memory.files.size, 2 * count - 2);
});

test('a memory is written now and then while much happens, and whole at the end', (t) => {
  const path = join(temporaryDirectory(t), 'state.json');
  let nowMs = 0;
  const memory = openMemory(path, 'x', { monotonicMs: () => nowMs });
  const stored = () => (existsSync(path) ? Object.keys(JSON.parse(readFileSync(path, 'utf8')).files).length : -1);
  const known: KnownFile = { assetId: 'ast_x', bytes: 1, mtimeMs: 1, inode: 1, sha256: 's' };
  const sizes: number[] = [];
  for (let n = 0; n < 30; n += 1) {
    nowMs += 100;
    memory.files.set(`f-${n}`, known);
    memory.changed();
    sizes.push(stored());
  }
  assert.deepEqual([...new Set(sizes)], [-1, 10, 20, 30]);
  memory.files.delete('f-0');
  memory.changed();
  memory.save();
  assert.equal(stored(), 29);
  assert.equal(openMemory(path, 'x', systemClock).files.size, 29);
});

test('a memory that is no JSON is told, not overwritten', (t) => {
  const path = join(temporaryDirectory(t), 'state.json');
  writeFileSync(path, '{"of":');
  assert.throws(() => openMemory(path, 'x', systemClock), /is not JSON/);
  assert.equal(readFileSync(path, 'utf8'), '{"of":');
});
