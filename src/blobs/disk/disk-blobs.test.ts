import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { constants, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { AssetwireError } from '../../core/errors.ts';
import { describeBlobs } from '../testing/blobs-conformance.ts';
import { createDiskBlobs } from './disk-blobs.ts';

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
  const blobs = createDiskBlobs({ directory, create: (path) => createOnFullDisk(path, 100_000) });
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
  const create = async (path: string): Promise<FileHandle> => {
    const handle = await open(path, 'wx');
    return watched(handle, calls);
  };
  const blobs = createDiskBlobs({ directory, create });
  await blobs.start();
  await blobs.put('default', Readable.from(['content']), { bytesMax: 100 });
  assert.deepEqual(calls, ['write', 'sync', 'close']);
});

/** A file handle that writes in full until `room` bytes are used, then in part, then fails as a full disk does. */
async function createOnFullDisk(path: string, room: number): Promise<FileHandle> {
  const handle = await open(path, 'wx');
  let left = room;
  return proxied(handle, {
    write: async (chunk: Uint8Array, offset: number, length: number) => {
      if (left === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      const bytes = Math.min(length, left);
      left -= bytes;
      return handle.write(chunk, offset, bytes);
    },
  });
}

function watched(handle: FileHandle, calls: string[]): FileHandle {
  const note = (name: 'sync' | 'close') => async () => {
    calls.push(name);
    await handle[name]();
  };
  const write = (chunk: Uint8Array, offset: number, length: number): unknown => {
    calls.push('write');
    return handle.write(chunk, offset, length);
  };
  return proxied(handle, { write, sync: note('sync'), close: note('close') });
}

function proxied(handle: FileHandle, replaced: Readonly<Record<string, unknown>>): FileHandle {
  return new Proxy(handle, {
    get(target, name) {
      if (typeof name === 'string' && Object.hasOwn(replaced, name)) return replaced[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
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

test('a large file, hashed beside the loop, has the hashes of its bytes; a small one too, and the end of a thread harms none', async () => {
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

test('the thread that hashes lets others go first', async (t) => {
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
    if (name.trim() === 'assetwire-hashe') priorities.push(getPriority(Number(thread)));
  }
  await blobs.stop();
  assert.deepEqual(priorities, [constants.priority.PRIORITY_BELOW_NORMAL]);
});

for (const [what, code] of [
  ['inodes', 'ENOSPC'],
  ['quota', 'EDQUOT'],
] as const) {
  test(`UP-18 a disk without ${what} left refuses uploads as full, leaves nothing, and goes on when there is room`, async () => {
    const directory = await temporary();
    let full = true;
    const create = async (path: string): Promise<FileHandle> => {
      if (full) throw Object.assign(new Error(`${code}: nothing left`), { code });
      return open(path, 'wx');
    };
    const blobs = createDiskBlobs({ directory, create });
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
