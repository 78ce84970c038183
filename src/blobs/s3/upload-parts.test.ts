/** What is asked of a store when a stream is sent in parts, and in which order; a real peer is in `s3-blobs.test.ts`. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import * as sdk from '@aws-sdk/client-s3';
import { type PartSender, uploadParts } from './upload-parts.ts';

type Asked = { readonly name: string; readonly input: Readonly<Record<string, unknown>> };

/** Answers each part when `answer` says so, with its number as its tag. */
function store(answer: (part: number) => Promise<void>) {
  const asked: Asked[] = [];
  const seen = { inHand: 0, inHandMost: 0 };
  const send = async ({ constructor, input }: { constructor: { name: string }; input: Asked['input'] }) => {
    asked.push({ name: constructor.name, input });
    if (constructor.name === 'CreateMultipartUploadCommand') return { UploadId: 'up' };
    if (constructor.name !== 'UploadPartCommand') return {};
    seen.inHand += 1;
    seen.inHandMost = Math.max(seen.inHandMost, seen.inHand);
    const part = Number(input['PartNumber']);
    await answer(part).finally(() => (seen.inHand -= 1));
    return { ETag: `tag ${part}`, ChecksumCRC32: `sum ${part}` };
  };
  const sender: PartSender = { client: { send }, sdk };
  return { asked, seen, sender };
}

const target = { Bucket: 'b', Key: 'k' };
const whole = { target, partBytes: 4, partsInHand: 2, checksums: true, signal: new AbortController().signal };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const names = (asked: readonly Asked[]): string => asked.map(({ name }) => name.replace(/Command$/, '')).join(' ');

test('a stream goes out in parts of their size, two at a time, and is put together in order', async () => {
  // The first ones take longest.
  const { asked, seen, sender } = store(async (part) => {
    for (let left = 10 - part; left > 0; left -= 1) await turn();
  });
  await uploadParts(sender, { ...whole, content: Readable.from(['ab', 'cdefghijk', 'lmno', 'p!'].map(Buffer.from)) });
  const bodies = asked.filter(({ name }) => name === 'UploadPartCommand').map(({ input }) => String(input['Body']));
  assert.deepEqual(bodies, ['abcd', 'efgh', 'ijkl', 'mnop', '!']);
  assert.equal(seen.inHandMost, 2);
  assert.deepEqual(asked.at(-1)?.input['MultipartUpload'], {
    Parts: [1, 2, 3, 4, 5].map((n) => ({ PartNumber: n, ETag: `tag ${n}`, ChecksumCRC32: `sum ${n}` })),
  });
  assert.equal(asked[0]?.input['ChecksumAlgorithm'], 'CRC32');
});

test('a part that fails ends it at once, whatever is still to come: its error is told and what was sent is given up', async () => {
  const refused = new Error('SlowDown');
  const { asked, sender } = store(async (part) => {
    await turn();
    if (part === 2) throw refused;
  });
  // Two parts and then nothing: whoever waits for more would wait for ever.
  const content = new Readable({ read: () => undefined });
  content.push('abcdefgh');
  await assert.rejects(uploadParts(sender, { ...whole, content }), refused);
  assert.ok(content.destroyed);
  assert.equal(names(asked), 'CreateMultipartUpload UploadPart UploadPart AbortMultipartUpload');
  assert.deepEqual(asked.at(-1)?.input, { ...target, UploadId: 'up' });
});

test('a stream that breaks off is given up, after what was in hand has ended; one that cannot be put together, too', async () => {
  const { asked, seen, sender } = store(async () => {
    for (let left = 5; left > 0; left -= 1) await turn();
  });
  const broken = async function* () {
    yield Buffer.from('abcdef');
    throw new Error('connection reset');
  };
  await assert.rejects(uploadParts(sender, { ...whole, content: Readable.from(broken()) }), /connection reset/);
  assert.equal(names(asked), 'CreateMultipartUpload UploadPart AbortMultipartUpload');
  assert.equal(seen.inHand, 0);
});
