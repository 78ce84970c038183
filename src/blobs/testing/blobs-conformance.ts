/** What every implementation of the blobs contract must do. Each is run through it by a test file of its own. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { AssetwireError } from '../../core/errors.ts';
import type { Blobs } from '../blobs.ts';

export type BlobsSubject = {
  readonly name: string;
  /** A started, empty store and how it is put away. */
  open(): Promise<{
    readonly blobs: Blobs;
    readonly traces: () => Promise<number>;
    readonly close: () => Promise<void>;
  }>;
};

const bytesMax = 10_000_000;

/** Registers the suite. `traces` counts everything the store keeps, half-written things included. */
export function describeBlobs(subject: BlobsSubject): void {
  const conforms = (name: string, run: (blobs: Blobs, traces: () => Promise<number>) => Promise<void>): void => {
    test(`${subject.name}: ${name}`, async () => {
      const { blobs, traces, close } = await subject.open();
      try {
        await run(blobs, traces);
      } finally {
        await close();
      }
    });
  };
  describeContent(conforms);
  describeRefusals(conforms);
}

type Conforms = (name: string, run: (blobs: Blobs, traces: () => Promise<number>) => Promise<void>) => void;

function describeContent(conforms: Conforms): void {
  conforms('what is put is read back, with the hashes of its bytes', async (blobs) => {
    const content = randomBytes(300_000);
    const stored = await blobs.put('default', Readable.from(slices(content, 7_001)), { bytesMax });
    for (const algorithm of ['sha256', 'sha1', 'md5'] as const) {
      assert.equal(stored[algorithm], createHash(algorithm).update(content).digest('hex'));
    }
    assert.equal(stored.blob, stored.sha256);
    assert.equal(stored.bytes, content.length);
    assert.deepEqual(Buffer.from(stored.head), content.subarray(0, 4_100));
    assert.deepEqual(await read(blobs, 'default', stored.blob), content);
    assert.deepEqual(await blobs.stat('default', stored.blob), { bytes: content.length });
  });

  conforms(
    'chunks that nobody else reads are given back as they are taken, and the content is whole',
    async (blobs) => {
      const content = randomBytes(1_300_000);
      const whole = Array.from(slices(content, 65_536), (slice) => {
        const own = Buffer.allocUnsafeSlow(slice.length);
        own.set(slice);
        return own;
      });
      const shared = Buffer.concat([randomBytes(10), content.subarray(0, 40_000)]);
      const chunks = [...whole, shared.subarray(10)];
      const stored = await blobs.put('default', Readable.from(chunks), { bytesMax, ownChunks: true });
      assert.deepEqual(
        whole.map(({ length }) => length),
        whole.map(() => 0),
      );
      assert.equal(shared.length, 40_010, 'a part of a larger buffer is not ours to give back');
      const wanted = Buffer.concat([content, content.subarray(0, 40_000)]);
      assert.equal(stored.sha256, createHash('sha256').update(wanted).digest('hex'));
      assert.deepEqual(await read(blobs, 'default', stored.blob), wanted);
      const kept = Buffer.allocUnsafeSlow(10);
      await blobs.put('default', Readable.from([kept]), { bytesMax });
      assert.equal(kept.length, 10, 'others may still read them, unless it is said that they do not');
    },
  );

  conforms('an empty file is a file', async (blobs) => {
    const stored = await blobs.put('default', Readable.from([]), { bytesMax });
    assert.equal(stored.bytes, 0);
    assert.equal(stored.head.length, 0);
    assert.deepEqual(await read(blobs, 'default', stored.blob), Buffer.alloc(0));
  });

  conforms('a range is inclusive at both ends', async (blobs) => {
    const stored = await put(blobs, 'default', 'abcdefghij');
    assert.equal(String(await read(blobs, 'default', stored, { from: 2, to: 4 })), 'cde');
    assert.equal(String(await read(blobs, 'default', stored, { from: 9, to: 99 })), 'j');
  });

  conforms('the same content twice is one blob, also when both arrive at once', async (blobs) => {
    const both = await Promise.all([put(blobs, 'default', 'same'), put(blobs, 'default', 'same')]);
    assert.equal(both[0], both[1]);
    assert.equal(String(await read(blobs, 'default', both[0])), 'same');
  });

  conforms('TN a blob of one workspace is not found from another', async (blobs) => {
    const stored = await put(blobs, 'one', 'mine');
    assert.equal(await blobs.open('two', stored), null);
    assert.equal(await blobs.stat('two', stored), null);
    await blobs.remove('two', stored);
    await blobs.removeAll('two');
    assert.equal(String(await read(blobs, 'one', stored)), 'mine');
  });

  conforms('what is removed is gone, and removing it again is harmless', async (blobs) => {
    const stored = await put(blobs, 'default', 'gone');
    assert.equal(await blobs.remove('default', stored), 'removed');
    assert.equal(await blobs.remove('default', stored), 'removed');
    assert.equal(await blobs.open('default', stored), null);
  });

  conforms('what something names stays', async (blobs) => {
    const stored = await put(blobs, 'default', 'named');
    assert.equal(await blobs.remove('default', stored, async () => true), 'used');
    assert.equal(String(await read(blobs, 'default', stored)), 'named');
    assert.equal(await blobs.remove('default', stored, async () => false), 'removed');
  });

  conforms('what was put stays until everyone that put it has let go', async (blobs) => {
    const { blob } = await blobs.put('default', Readable.from(['held']), { bytesMax });
    await blobs.put('default', Readable.from(['held']), { bytesMax });
    assert.equal(await blobs.remove('default', blob), 'held');
    blobs.release('default', blob);
    assert.equal(await blobs.remove('default', blob), 'held');
    blobs.release('default', blob);
    assert.equal(await blobs.remove('default', blob), 'removed');
  });

  conforms('a put of the same content while it is being removed is never lost, whoever comes first', async (blobs) => {
    const stored = await put(blobs, 'default', 'again and again');
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<boolean>();
    const removing = blobs.remove('default', stored, () => {
      asked.resolve();
      return answer.promise;
    });
    await asked.promise;
    const putting = blobs.put('default', Readable.from(['again and again']), { bytesMax });
    // Nothing names it as far as the removal was told: the one that puts it comes with its commit only later.
    answer.resolve(false);
    await Promise.all([removing, putting]);
    assert.equal(String(await read(blobs, 'default', stored)), 'again and again');
  });

  conforms('everything of a workspace can be removed, and the workspace used again', async (blobs) => {
    const stored = [await put(blobs, 'default', 'one'), await put(blobs, 'default', 'two')];
    await blobs.removeAll('default');
    await blobs.removeAll('default');
    for (const blob of stored) assert.equal(await blobs.open('default', blob), null);
    assert.equal(String(await read(blobs, 'default', await put(blobs, 'default', 'three'))), 'three');
  });
}

function describeRefusals(conforms: Conforms): void {
  conforms('UP-11 no name from outside becomes a path', async (blobs) => {
    const { blob } = await blobs.put('../../etc', Readable.from(['x']), { bytesMax });
    assert.equal(String(await read(blobs, '../../etc', blob)), 'x');
    for (const name of ['../../../etc/passwd', '/etc/passwd', 'A'.repeat(64), `${blob}/..`, `${blob}\0`, '']) {
      assert.equal(await blobs.open('default', name), null);
      assert.equal(await blobs.stat('default', name), null);
      assert.equal(blobs.localPath('default', name), null);
      await blobs.remove('default', name);
    }
  });

  conforms('UP-13 one byte beyond the limit is refused, the limit itself is not', async (blobs, traces) => {
    await blobs.put('default', Readable.from([Buffer.alloc(600), Buffer.alloc(400)]), { bytesMax: 1_000 });
    const before = await traces();
    const tooLarge = Readable.from([Buffer.alloc(600), Buffer.alloc(401)]);
    await refuses(blobs.put('default', tooLarge, { bytesMax: 1_000 }), 'upload_too_large');
    assert.equal(tooLarge.destroyed, true, 'the rest of the stream is not read');
    assert.equal(await traces(), before);
  });

  conforms('UP-13 an upload that breaks off leaves nothing', async (blobs, traces) => {
    const before = await traces();
    const failing = new Readable({ read: () => undefined });
    failing.push(Buffer.alloc(50_000));
    const failed = blobs.put('default', failing, { bytesMax });
    failing.destroy(new Error('connection reset'));
    await refuses(failed, 'upload_incomplete');
    const silent = new Readable({ read: () => undefined });
    silent.push(Buffer.alloc(50_000));
    const broken = blobs.put('default', silent, { bytesMax });
    silent.destroy();
    await refuses(broken, 'upload_incomplete');
    assert.equal(await traces(), before);
  });

  conforms('a sweep leaves uploads alone that are under way', async (blobs) => {
    const content = new Readable({ read: () => undefined });
    content.push('half ');
    const putting = blobs.put('default', content, { bytesMax });
    await blobs.sweep();
    content.push('whole');
    content.push(null);
    const { blob } = await putting;
    await blobs.sweep();
    assert.equal(String(await read(blobs, 'default', blob)), 'half whole');
  });

  conforms('stop before start, stop twice and start twice are harmless', async (blobs) => {
    await blobs.start();
    await blobs.stop();
    await blobs.stop();
    await blobs.start();
    assert.equal(String(await read(blobs, 'default', await put(blobs, 'default', 'again'))), 'again');
  });
}

/** Puts and lets go: what nothing names. */
async function put(blobs: Blobs, workspaceId: string, text: string): Promise<string> {
  const { blob } = await blobs.put(workspaceId, Readable.from([Buffer.from(text)]), { bytesMax });
  blobs.release(workspaceId, blob);
  return blob;
}

async function read(
  blobs: Blobs,
  workspaceId: string,
  blob: string,
  range?: { readonly from: number; readonly to: number },
): Promise<Buffer> {
  const stream = await blobs.open(workspaceId, blob, range);
  assert.notEqual(stream, null);
  return stream === null ? Buffer.alloc(0) : buffer(stream);
}

async function refuses(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof AssetwireError && error.code === code);
}

function* slices(content: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}
