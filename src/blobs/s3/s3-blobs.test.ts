/** Blobs in S3, through the real SDK against a local peer that speaks S3 over HTTP. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { until } from '../../../test/support/until.ts';
import { AssetwireError } from '../../core/errors.ts';
import { OperatorError } from '../../runtime/operator-error.ts';
import type { Clock } from '../../runtime/clock.ts';
import { systemClock } from '../../runtime/clock.ts';
import { describeBlobs } from '../testing/blobs-conformance.ts';
import { createS3Blobs } from './s3-blobs.ts';
import { claimMsMax } from './s3-custody.ts';
import { openS3Objects, partBytes } from './s3-objects.ts';
import { readS3Url, type S3Place } from './s3-place.ts';

let peer: FauxqsServer;
let stores = 0;
before(async () => {
  peer = await startFauxqs({ port: 0, logger: false });
  peer.createBucket('files');
});
after(() => peer.stop());

/** A place of its own in the bucket. */
function newPlace(bucket = 'files'): S3Place {
  stores += 1;
  return readS3Url(`s3://test:secret@${bucket}/t${stores}?endpoint=http://127.0.0.1:${peer.port}`);
}

/** Everything that a place holds, half-sent parts included, but for notes that are on their way out. */
async function keysIn(place: S3Place): Promise<readonly string[]> {
  const s3 = await openS3Objects(place);
  const { objects } = await s3.list('');
  s3.close();
  return objects.map(({ key }) => key);
}

async function openStore(place = newPlace(), clock: Clock = systemClock) {
  const untidy: unknown[] = [];
  const blobs = createS3Blobs({ place, clock, untidy: (error) => void untidy.push(error) });
  await blobs.start();
  return { place, blobs, untidy };
}

describeBlobs({
  name: 'S3',
  async open() {
    const { place, blobs } = await openStore();
    return {
      blobs,
      traces: async () => (await keysIn(place)).filter((key) => !key.startsWith('claims/')).length,
      close: () => blobs.stop(),
    };
  },
});

test('a file of many parts is streamed to its address, read in ranges, and nothing is left beside it', async () => {
  const { place, blobs } = await openStore();
  const content = randomBytes(partBytes * 2 + 12_345);
  const stored = await blobs.put('default', Readable.from(slices(content, 64 * 1024)), { bytesMax: content.length });
  blobs.release('default', stored.blob);
  // Told apart without drawing the difference, which takes minutes.
  assert.ok((await read(await blobs.open('default', stored.blob))).equals(content));
  const from = partBytes - 3;
  const part = await read(await blobs.open('default', stored.blob, { from, to: from + 9 }));
  assert.deepEqual(part, content.subarray(from, from + 10));
  const keys = await keysIn(place);
  assert.deepEqual(keys.filter((key) => !key.startsWith('claims/')).length, 1, keys.join());
  await blobs.stop();
});

test('UP-13 a large upload that breaks off, or is too large, gives up its parts', async () => {
  peer.createBucket('parts');
  const { place, blobs, untidy } = await openStore(newPlace('parts'));
  for (const [code, bytesMax, breaks] of [
    ['upload_incomplete', partBytes * 9, true],
    ['upload_too_large', partBytes * 2, false],
  ] as const) {
    const parts = async function* () {
      for (let part = 0; part < 3; part += 1) yield randomBytes(partBytes);
      if (breaks) throw new Error('connection reset');
    };
    await assert.rejects(blobs.put('default', Readable.from(parts()), { bytesMax }), { code });
    assert.deepEqual(await keysIn(place), []);
  }
  assert.deepEqual(untidy, []);
  // The peer lists no uploads in parts, and deletes no bucket that has one.
  const deleted = await fetch(`http://127.0.0.1:${peer.port}/parts`, { method: 'DELETE' });
  assert.equal(deleted.status, 204, await deleted.text());
  await blobs.stop();
});

test('a sweep gives up what a killed process was sending, a day later and not before', async () => {
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
  const { place, blobs } = await openStore(newPlace(), clock);
  const s3 = await openS3Objects(place);
  await s3.put('incoming/left', Buffer.from('half'));
  assert.equal(await blobs.sweep(), 0);
  aheadMs = 25 * 3_600_000;
  assert.equal(await blobs.sweep(), 1);
  assert.deepEqual(await keysIn(place), []);
  s3.close();
  await blobs.stop();
});

test('of two processes on one bucket, neither removes what the other is about to name', async () => {
  const place = newPlace();
  const [one, two] = [await openStore(place), await openStore(place)];
  const text = Readable.from(['shared by two']);
  const { blob } = await one.blobs.put('default', text, { bytesMax: 100 });
  assert.equal(await two.blobs.remove('default', blob, async () => false), 'held');
  one.blobs.release('default', blob);
  await until(async () => (await two.blobs.remove('default', blob)) === 'removed', 'the removal');
  // And the other way round: a put that comes while the other removes.
  await one.blobs
    .put('default', Readable.from(['again']), { bytesMax: 100 })
    .then(({ blob: again }) => one.blobs.release('default', again));
  const { blob: again } = await one.blobs.put('default', Readable.from(['again']), { bytesMax: 100 });
  one.blobs.release('default', again);
  await until(async () => (await keysIn(place)).every((key) => !key.startsWith('claims/')), 'the end of the claims');
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<boolean>();
  const removing = two.blobs.remove('default', again, () => {
    asked.resolve();
    return answer.promise;
  });
  await asked.promise;
  const putting = one.blobs.put('default', Readable.from(['again']), { bytesMax: 100 });
  // The claim of the one that puts has come too late to be seen; its wait for the mark is what saves it.
  await until(async () => (await keysIn(place)).some((key) => key.startsWith('claims/')), 'a claim');
  answer.resolve(false);
  assert.equal(await removing, 'removed');
  await putting;
  assert.equal(String(await read(await two.blobs.open('default', again))), 'again');
  await one.blobs.stop();
  await two.blobs.stop();
});

test('what a killed process had put and not yet released is looked after once nobody can be about to name it', async () => {
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
  const place = newPlace();
  const killed = await openStore(place);
  const put = (text: string) => killed.blobs.put('Küche/1', Readable.from([text]), { bytesMax: 100 });
  const [named, unnamed] = [await put('named'), await put('unnamed')];
  const next = await openStore(place, clock);
  const isUsed = async (workspaceId: string, blob: string): Promise<boolean> => {
    assert.equal(workspaceId, 'Küche/1');
    return blob === named.blob;
  };
  assert.equal(await next.blobs.reclaim(isUsed), 0, 'it may be alive on another machine');
  aheadMs = claimMsMax + 60_000;
  assert.equal(await next.blobs.reclaim(isUsed), 1);
  assert.equal(await next.blobs.stat('Küche/1', unnamed.blob), null);
  assert.notEqual(await next.blobs.stat('Küche/1', named.blob), null);
  await killed.blobs.stop();
  await next.blobs.stop();
});

test('FX-04 a start says exactly what is wrong: no bucket, no permission, nobody there', async (t) => {
  const refusing = async (place: S3Place, wanted: RegExp, mayPass = false) => {
    const blobs = createS3Blobs({ place });
    await assert.rejects(blobs.start(), (error) => {
      assert.ok(error instanceof OperatorError);
      assert.match(`${error.message}. ${error.mend}`, wanted);
      assert.equal(error.mayPass, mayPass);
      assert.doesNotMatch(`${error.message} ${error.mend}`, /secret@|:secret/);
      return true;
    });
    await blobs.stop();
  };
  await refusing(newPlace('not-there'), /s3:\/\/not-there.*looking for the bucket failed.*Make the bucket not-there/);
  const forbids = await serve(t, 403, '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
  await refusing({ ...newPlace(), endpoint: forbids }, /Allow these: s3:ListBucket/);
  // The answer to a question for the head of something has no words; who asks on is told.
  const reasons = [
    ['InvalidAccessKeyId', 403, /InvalidAccessKeyId.*Correct the access key and its secret/],
    ['SignatureDoesNotMatch', 403, /SignatureDoesNotMatch.*must be percent-encoded/],
    ['ExpiredToken', 400, /ExpiredToken.*Renew the session token/],
    ['RequestTimeTooSkewed', 403, /RequestTimeTooSkewed.*Set the clock/],
  ] as const;
  for (const [code, status, mend] of reasons)
    await refusing({ ...newPlace(), endpoint: await serve(t, status, `<Error><Code>${code}</Code></Error>`) }, mend);
  const unwell = await serve(t, 503, '<Error><Code>ServiceUnavailable</Code></Error>');
  await refusing({ ...newPlace(), endpoint: unwell }, /whether the store is healthy/, true);
  const gone = await serve(t, 200, '');
  await closed(gone);
  await refusing({ ...newPlace(), endpoint: gone }, /ECONNREFUSED.*endpoint is right/, true);
});

test('FX-04 a store that fails meanwhile is told with a code and a time to come back, and names nothing of itself', async (t) => {
  const { place, blobs } = await openStore();
  const { blob } = await blobs.put('default', Readable.from(['there']), { bytesMax: 100 });
  await blobs.stop();
  for (const [status, body, code] of [
    [503, '<Error><Code>SlowDown</Code></Error>', 'storage_unavailable'],
    [403, '<Error><Code>AccessDenied</Code></Error>', 'storage_unavailable'],
    [507, '<Error><Code>XMinioStorageFull</Code></Error>', 'storage_full'],
  ] as const) {
    const answers = { status: 200, body: '' };
    const endpoint = await serve(
      t,
      () => answers.status,
      () => answers.body,
    );
    const failing = createS3Blobs({ place: { ...place, endpoint } });
    await failing.start();
    Object.assign(answers, { status, body });
    for (const call of [
      () => failing.put('default', Readable.from(['x']), { bytesMax: 100 }),
      () => failing.open('default', blob),
      () => failing.remove('default', blob),
    ]) {
      await assert.rejects(call(), (error) => {
        assert.ok(error instanceof AssetwireError);
        assert.equal(error.code, code);
        assert.ok((error.retryAfterSeconds ?? 0) > 0);
        assert.doesNotMatch(error.message, /127\.0\.0\.1|files\/|bucket/);
        return true;
      });
    }
    await failing.stop();
  }
});

test('the URL is read strictly, and never repeated with its secret', () => {
  const read_ = readS3Url('s3://AK%2BID:se%2Fcret@my-bucket/a/b/?region=eu-central-1&endpoint=https://s3.example.com');
  assert.deepEqual(read_, {
    bucket: 'my-bucket',
    prefix: 'a/b/',
    region: 'eu-central-1',
    endpoint: 'https://s3.example.com',
    pathStyle: true,
    checksums: true,
    credentials: { accessKeyId: 'AK+ID', secretAccessKey: 'se/cret' },
  });
  assert.deepEqual(readS3Url('s3://bucket').credentials, null);
  for (const wrong of [
    'https://bucket.s3.amazonaws.com',
    's3://',
    's3://Bu_cket/x',
    's3://bucket?regoin=x',
    's3://key@bucket',
    's3://bucket:9000/x',
    's3://k:topsecret@bucket?endpoint=s3.example.com',
    's3://bucket?pathStyle=yes',
  ]) {
    assert.throws(
      () => readS3Url(wrong),
      (error) => error instanceof OperatorError && !error.message.includes('topsecret'),
      wrong,
    );
  }
});

async function read(stream: Readable | null): Promise<Buffer> {
  assert.ok(stream !== null);
  return buffer(stream);
}

function* slices(content: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

const servers = new Map<string, Server>();
type Value<Type> = Type | (() => Type);
const valueOf = <Type extends string | number>(value: Value<Type>): Type =>
  typeof value === 'function' ? value() : value;

/** A peer that answers the same to everything; its URL. */
async function serve(
  t: { after(run: () => Promise<void>): void },
  status: Value<number>,
  body: Value<string>,
): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(valueOf(status), { 'content-type': 'application/xml', connection: 'close' });
    response.end(request.method === 'HEAD' ? undefined : valueOf(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  servers.set(url, server);
  t.after(() => closed(url));
  return url;
}

async function closed(url: string): Promise<void> {
  const server = servers.get(url);
  servers.delete(url);
  if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
}
