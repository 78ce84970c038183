import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { constants, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { AssetwireError } from '../../core/errors.ts';
import { describeBlobs } from '../testing/blobs-conformance.ts';
import { createDiskBlobs } from './disk-blobs.ts';
import type { FileKeeper } from './file-keeper.ts';
import { createFileWork, type NewFiles, newFiles } from './file-work.ts';

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'assetwire-blobs-'));

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describeBlobs({
  name: 'disk blobs',
  async open() {
    const directory = await temporary();
    const blobs = createDiskBlobs({ directory });
    await blobs.start();
    return {
      blobs,
      traces: async () => (await filesBelow(directory)).length,
      close: async () => {
        await blobs.stop();
        await rm(directory, { recursive: true });
      },
    };
  },
});

test('FD-08 a full disk is storage_full and leaves no half file', async (t) => {
  const directory = await temporary();
  t.after(() => rm(directory, { recursive: true }));
  const blobs = createDiskBlobs({ directory, keeper: keeperOn(fullDisk(100_000)) });
  await blobs.start();
  const content = Readable.from([Buffer.alloc(60_000), Buffer.alloc(60_000)]);
  await assert.rejects(blobs.put('default', content, { bytesMax: 1_000_000 }), (error) => {
    return error instanceof AssetwireError && error.code === 'storage_full' && error.retryAfterSeconds !== undefined;
  });
  assert.deepEqual(await filesBelow(directory), []);
  const small = await blobs.put('default', Readable.from(['fits']), { bytesMax: 1_000_000 });
  assert.equal(small.bytes, 4);
});

test('UP-13 what a killed process left half-written is swept', async (t) => {
  const directory = await temporary();
  t.after(() => rm(directory, { recursive: true }));
  const blobs = createDiskBlobs({ directory });
  await blobs.start();
  await writeFile(join(directory, 'incoming', 'half'), 'half');
  assert.equal(await blobs.sweep(), 1);
  assert.equal(await blobs.sweep(), 0);
  await writeFile(join(directory, 'incoming', 'half'), 'half');
  await createDiskBlobs({ directory }).start();
  assert.deepEqual(await filesBelow(directory), [], 'the next start sweeps by itself');
});

test('the file and its directory are synced before the answer', async (t) => {
  const directory = await temporary();
  t.after(() => rm(directory, { recursive: true }));
  const calls: string[] = [];
  const watched: NewFiles = {
    make: (path) => newFiles.make(path),
    write(file, chunks) {
      calls.push('write');
      return newFiles.write(file, chunks);
    },
    async sync(file) {
      await newFiles.sync(file);
      calls.push('synced');
    },
  };
  const keeper = keeperOn(watched);
  const place: FileKeeper['place'] = async (order) => {
    calls.push('place');
    await keeper.place(order);
  };
  const blobs = createDiskBlobs({ directory, keeper: { ...keeper, place } });
  await blobs.start();
  await blobs.put('default', Readable.from(['content']), { bytesMax: 100 });
  assert.deepEqual(calls.slice(0, 3), ['write', 'synced', 'place']);
});

test('the directory of a file, and each that was made for it, is synced before the answer', async (t) => {
  const directory = await temporary();
  t.after(() => rm(directory, { recursive: true }));
  const synced: string[] = [];
  const work = createFileWork({
    ...newFiles,
    async sync(file) {
      synced.push(readlinkSync(`/proc/self/fd/${file}`).slice(directory.length));
      await newFiles.sync(file);
    },
  });
  for (const name of ['one', 'two']) {
    await work.write({ path: join(directory, name), chunks: [Buffer.from(name)], last: true });
    await work.place({ from: join(directory, name), to: join(directory, 'a', 'b', name), root: directory, note: null });
  }
  assert.deepEqual(synced, ['/one', '', '/a', '/a/b', '/two', '/a/b']);
});

/** Without a thread, on this disk. */
function keeperOn(files: NewFiles): FileKeeper {
  return { ...createFileWork(files), stop: async () => undefined };
}

/** Writes a file in full until `room` bytes of it are there, then in part, then fails as a full disk does. */
function fullDisk(room: number): NewFiles {
  let left = room;
  return {
    ...newFiles,
    make(path) {
      left = room;
      return newFiles.make(path);
    },
    write(file, chunks) {
      if (left === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      const bytes = Buffer.concat(chunks).subarray(0, left);
      left -= bytes.length;
      return newFiles.write(file, [bytes]);
    },
  };
}

test('what a killed process had put and not yet released stays where something names it, else it goes', async (t) => {
  const directory = await temporary();
  t.after(() => rm(directory, { recursive: true }));
  const killed = createDiskBlobs({ directory });
  await killed.start();
  const put = (text: string) => killed.put('Küche/1', Readable.from([text]), { bytesMax: 100 });
  const [named, unnamed, released] = [await put('named'), await put('unnamed'), await put('released')];
  killed.release('Küche/1', released.blob);
  const asked: string[] = [];
  const isUsed = async (workspaceId: string, blob: string): Promise<boolean> => {
    asked.push(`${workspaceId} ${blob}`);
    return blob === named.blob;
  };
  const next = createDiskBlobs({ directory });
  await next.start();
  const held = await next.put('Küche/1', Readable.from(['of the next']), { bytesMax: 100 });
  assert.equal(await next.reclaim(isUsed), 1);
  assert.deepEqual(asked.sort(), [`Küche/1 ${named.blob}`, `Küche/1 ${unnamed.blob}`].sort());
  assert.equal(await next.stat('Küche/1', unnamed.blob), null);
  for (const { blob } of [named, released, held]) assert.notEqual(await next.stat('Küche/1', blob), null);
  asked.length = 0;
  assert.equal(await next.reclaim(isUsed), 0);
  assert.deepEqual(asked, [], 'each is asked about once');
});

test('a file has the hashes of its bytes whatever its length, and the end of a thread harms none', async () => {
  const directory = await temporary();
  const blobs = createDiskBlobs({ directory });
  await blobs.start();
  for (const length of [0, 1, 524_287, 524_288, 524_289, 3_000_001]) {
    const content = Buffer.alloc(length, `bytes of ${length}, `);
    const pieces = Array.from({ length: Math.ceil(length / 60_000) }, (_, n) =>
      content.subarray(n * 60_000, (n + 1) * 60_000),
    );
    const stored = await blobs.put('default', Readable.from(pieces), { bytesMax: 4_000_000 });
    for (const name of ['sha256', 'sha1', 'md5'] as const)
      assert.equal(stored[name], createHash(name).update(content).digest('hex'), `${name} of ${length}`);
    assert.equal(stored.bytes, length);
    assert.equal((await blobs.stat('default', stored.blob))?.bytes, length);
    // A stop ends the thread; the next file gets another.
    if (length > 524_288) await blobs.stop();
  }
  await blobs.stop();
});

test('the thread that keeps files lets others go first', async (t) => {
  // Elsewhere threads have no priority of their own.
  if (process.platform !== 'linux') return;
  const directory = await temporary();
  t.after(() => rm(directory, { recursive: true }));
  const blobs = createDiskBlobs({ directory });
  await blobs.start();
  await blobs.put('default', Readable.from([Buffer.alloc(600_000)]), { bytesMax: 1_000_000 });
  const priorities: number[] = [];
  for (const thread of await readdir('/proc/self/task')) {
    const name = await readFile(`/proc/self/task/${thread}/comm`, 'utf8');
    // The system keeps fifteen letters of a name.
    if (name.trim() === 'assetwire-files') priorities.push(getPriority(Number(thread)));
  }
  await blobs.stop();
  // Those of other tests may still be there.
  assert.deepEqual([...new Set(priorities)], [constants.priority.PRIORITY_BELOW_NORMAL]);
});

for (const [what, code] of [
  ['inodes', 'ENOSPC'],
  ['quota', 'EDQUOT'],
] as const) {
  test(`UP-18 a disk without ${what} left refuses uploads as full, leaves nothing, and goes on when there is room`, async () => {
    const directory = await temporary();
    let full = true;
    const make = (path: string): number => {
      if (full) throw Object.assign(new Error(`${code}: nothing left`), { code });
      return newFiles.make(path);
    };
    const blobs = createDiskBlobs({ directory, keeper: keeperOn({ ...newFiles, make }) });
    await blobs.start();
    for (let n = 0; n < 100; n += 1) {
      await assert.rejects(blobs.put('default', Readable.from(['x']), { bytesMax: 10 }), (error) => {
        return error instanceof AssetwireError && error.code === 'storage_full';
      });
    }
    assert.deepEqual(await filesBelow(directory), []);
    full = false;
    assert.equal((await blobs.put('default', Readable.from(['x']), { bytesMax: 10 })).bytes, 1);
    await blobs.stop();
  });
}

test('a workspace that another process erased takes files again, in the one that had made its directories', async (t) => {
  const directory = await temporary();
  t.after(() => rm(directory, { recursive: true }));
  const open = (node: string) => createDiskBlobs({ directory, shared: { node, nowMs: () => Date.now() } });
  const [one, two] = [open('one'), open('two')];
  for (const blobs of [one, two]) await blobs.start();
  const put = () => one.put('erased', Readable.from(['x']), { bytesMax: 10 });
  const { blob } = await put();
  one.release('erased', blob);
  await two.removeAll('erased');
  assert.equal(await one.stat('erased', blob), null);
  await put();
  assert.deepEqual(await one.stat('erased', blob), { bytes: 1 });
  for (const blobs of [one, two]) await blobs.stop();
});

test('UP-13 a thread that ends in the middle of an upload refuses that one for now, leaves nothing of it, and no other', async (t) => {
  const directory = await temporary();
  t.after(() => rm(directory, { recursive: true }));
  const blobs = createDiskBlobs({ directory });
  await blobs.start();
  const content = new Readable({ read: () => undefined });
  const taken = blobs.put('default', content, { bytesMax: 10_000_000 });
  const refused = assert.rejects(taken, (error) => error instanceof AssetwireError && isForNow(error));
  content.push(Buffer.alloc(600_000));
  while ((await readdir(join(directory, 'incoming'))).length === 0) await setImmediate();
  // As much as it has begun with is written; nobody waits for the thread when it ends.
  await blobs.put('default', Readable.from(['behind it']), { bytesMax: 10 });
  await blobs.stop();
  content.push(Buffer.alloc(600_000));
  content.push(null);
  await refused;
  assert.deepEqual(await readdir(join(directory, 'incoming')), []);
  const next = blobs.stop();
  // While the one ends, another begins.
  const other = await blobs.put('default', Readable.from(['whole']), { bytesMax: 10 });
  await next;
  assert.deepEqual(await blobs.stat('default', other.blob), { bytes: 5 });
  await blobs.stop();
});

function isForNow({ code, retryAfterSeconds }: AssetwireError): boolean {
  return code === 'storage_unavailable' && retryAfterSeconds !== undefined;
}

for (const code of ['EROFS', 'EIO', 'ENFILE']) {
  test(`UP-18 a disk that takes neither files nor their removal (${code}) is told as such`, async (t) => {
    const directory = await temporary();
    t.after(() => rm(directory, { recursive: true }));
    const fault = (): never => {
      throw Object.assign(new Error(`${code}: no`), { code });
    };
    const keeper = keeperOn({ ...newFiles, make: fault });
    const blobs = createDiskBlobs({ directory, keeper: { ...keeper, remove: async () => fault() } });
    await blobs.start();
    await assert.rejects(
      blobs.put('default', Readable.from(['x']), { bytesMax: 10 }),
      (error) => error instanceof AssetwireError && isForNow(error),
    );
  });
}
