import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import type { Blobs } from '../blobs/blobs.ts';
import { watchBlobs } from '../blobs/watched.ts';
import { AssetwireError } from '../core/errors.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import { createSystemRandom } from '../runtime/random.ts';
import { filesWatchLimits } from './files-watch.ts';
import { caller, createFixture, holdClock } from './testing/app-fixture.ts';

const { probeEveryMs, toldAfterMs } = filesWatchLimits;

/** A place of files that is elsewhere and does as it is told. */
function place() {
  const files = new Set<string>();
  const does = { start: true, give: true, take: true, reclaimed: 0 };
  const refuse = (): never => {
    throw new AssetwireError('storage_unavailable', {
      detail: 'The store for files must take and give files: it fails',
    });
  };
  const blobs: Blobs = {
    async start() {
      if (does.start) return;
      throw new OperatorError('store_unusable', 'Files must be kept at s3://x: nobody there', {
        mend: 'See whether it is there',
        mayPass: true,
      });
    },
    async put(_workspaceId, content) {
      const sha256 = (await buffer(content)).toString('hex');
      if (!does.take) refuse();
      files.add(sha256);
      return { blob: sha256, bytes: 1, sha256, sha1: 'x', md5: 'x', head: new Uint8Array() };
    },
    open: async () => (does.give ? null : refuse()),
    stat: async () => (does.give ? null : refuse()),
    localPath: () => null,
    release: () => undefined,
    async remove(_workspaceId, blob) {
      if (!does.take) refuse();
      files.delete(blob);
      return 'removed';
    },
    async reclaim() {
      if (!does.give) refuse();
      does.reclaimed += 1;
      return 0;
    },
    removeAll: async () => undefined,
    sweep: async () => 0,
    stop: async () => undefined,
  };
  return { blobs, does, files };
}

async function watched(t: TestContext, prepare: (does: ReturnType<typeof place>['does']) => void = () => undefined) {
  const { blobs, does, files } = place();
  const clock = holdClock();
  const watching = watchBlobs(blobs, { clock, random: createSystemRandom() });
  prepare(does);
  await watching.start();
  const log: string[] = [];
  const note = (event: string): void => void log.push(event);
  const logger = { info: note, warn: note, error: note };
  const fixture = await createFixture({ clock, blobs: watching, files: watching, logger });
  t.after(async () => {
    await fixture.app.stop();
    await fixture.stop();
  });
  return {
    ...{ does, files, log, watching },
    async pass(ms: number): Promise<void> {
      for (let leftMs = ms; leftMs > 0; leftMs -= probeEveryMs) {
        clock.advance(probeEveryMs);
        for (let n = 0; n < 30; n += 1) await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async check() {
      const { ready, checks } = await fixture.app.operation.readiness();
      return { ready, files: checks.find(({ name }) => name === 'files')?.ok };
    },
    async told() {
      const { items } = await fixture.app.notices.list(caller, { limit: 10 });
      return items.filter(({ kind }) => kind.startsWith('files.')).map(({ kind, text }) => `${kind}: ${text}`);
    },
  };
}

test('FX-04 a place of files that goes away is seen although nobody asks for a file, told after a minute, and once more when it is back', async (t) => {
  const { does, files, log, pass, check, told } = await watched(t);
  assert.deepEqual(await check(), { ready: true, files: true });
  Object.assign(does, { give: false, take: false });
  await pass(probeEveryMs);
  assert.deepEqual(await check(), { ready: true, files: false }, 'whoever needs no file is served');
  assert.deepEqual(log, ['files.trouble']);
  assert.deepEqual(await told(), [], 'a moment is no news');
  await pass(toldAfterMs);
  const [text = '', ...more] = await told();
  assert.match(text, /^files\.trouble: .* since 2026-.*uploads and downloads are refused \(storage_unavailable\)/);
  await pass(10 * toldAfterMs);
  assert.deepEqual([(await told()).length, more.length, log.length], [1, 0, 1], 'said once');
  Object.assign(does, { give: true, take: true });
  await pass(probeEveryMs);
  assert.deepEqual(await check(), { ready: true, files: true });
  assert.deepEqual(log, ['files.trouble', 'files.well']);
  assert.ok((await told()).some((line) => line.startsWith('files.well: ')));
  await pass(probeEveryMs);
  assert.equal(files.size, 0, 'nothing is left of trying');
});

test('FX-04 a place that gives files and takes none has not recovered because somebody could read', async (t) => {
  const { does, pass, check, watching } = await watched(t);
  does.take = false;
  await assert.rejects(watching.put('default', Readable.from(['x']), { bytesMax: 10 }), {
    code: 'storage_unavailable',
  });
  assert.equal((await check()).files, false, 'known at once where somebody meets it');
  await watching.stat('default', 'x');
  await pass(2 * probeEveryMs);
  assert.equal((await check()).files, false);
  does.take = true;
  await pass(probeEveryMs);
  assert.equal((await check()).files, true);
});

test('FX-04 what one caller did wrong is no trouble of the place, nor is a moment told that passes', async (t) => {
  const { does, pass, check, told, watching } = await watched(t);
  const cut = new Readable({ read: () => undefined });
  cut.destroy(new AssetwireError('upload_incomplete', { detail: 'The upload must be whole: it broke off' }));
  await assert.rejects(watching.put('default', cut, { bytesMax: 10 }));
  assert.equal((await check()).files, true);
  does.give = false;
  await pass(probeEveryMs);
  does.give = true;
  await pass(2 * toldAfterMs);
  assert.deepEqual(await told(), []);
});

test('FX-04 a server starts although the place of files is away, and catches up on what it owed there', async (t) => {
  const { does, pass, check } = await watched(t, (now) =>
    Object.assign(now, { start: false, give: false, take: false }),
  );
  assert.deepEqual(await check(), { ready: true, files: false });
  assert.equal(does.reclaimed, 0);
  Object.assign(does, { give: true, take: true });
  await pass(2 * probeEveryMs);
  assert.deepEqual([await check(), does.reclaimed], [{ ready: true, files: true }, 1]);
  await pass(4 * probeEveryMs);
  assert.equal(does.reclaimed, 1);
});

test('FX-04 a start refuses what somebody has to mend', async () => {
  const { blobs } = place();
  const wrong = new OperatorError('store_unusable', 'Files must be kept: no such key', { mend: 'Correct the key' });
  const watching = watchBlobs(
    { ...blobs, start: () => Promise.reject(wrong) },
    { clock: holdClock(), random: createSystemRandom() },
  );
  await assert.rejects(watching.start(), wrong);
});
