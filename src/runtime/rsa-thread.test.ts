import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { test } from 'node:test';
import { createRsaThread } from './rsa-thread.ts';

const pair = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const order = { privateKeyPem: pair.privateKey, digest: 'sha256', content: ['some ', 'text'] } as const;
const free = { waitMs: () => 0, began: () => undefined, ended: () => undefined };

test('a thousand signatures owed with one key do not stand before one with another', async () => {
  const thread = createRsaThread({ pace: free });
  const ended: string[] = [];
  const much = Array.from({ length: 200 }, () =>
    thread.sign({ ...order, keyId: 'much' }).then(() => ended.push('much')),
  );
  const one = thread.sign({ ...order, keyId: 'one' }).then((signature) => {
    ended.push('one');
    return signature;
  });
  assert.equal(thread.waiting, 201);
  assert.ok(verify('sha256', Buffer.from('some text'), pair.publicKey, await one));
  assert.ok(ended.length < 12, `${ended.length} came first`);
  await Promise.all(much);
  await thread.stop();
});

test('the thread is given no more than its pace allows, and tells what each took', async () => {
  const took: number[] = [];
  let allowed = 2;
  const thread = createRsaThread({
    pace: {
      waitMs: () => (allowed > 0 ? 0 : 5),
      began: () => (allowed -= 1),
      ended: (tookMs) => took.push(tookMs),
    },
  });
  const all = Array.from({ length: 5 }, () => thread.sign({ ...order, keyId: 'paced' }));
  await Promise.all(all.slice(0, 2));
  assert.equal(thread.waiting, 3);
  allowed = 3;
  await Promise.all(all);
  assert.equal(took.length, 5);
  assert.ok(
    took.every((tookMs) => tookMs >= 0 && tookMs < 60_000),
    took.join(),
  );
  await thread.stop();
});

test('what is owed when the thread is stopped is told so, also what it was never given', async () => {
  const thread = createRsaThread({ pace: { ...free, waitMs: () => 60_000 } });
  const owed = [0, 1, 2].map((index) => thread.sign({ ...order, keyId: String(index) }));
  const ends = Promise.allSettled(owed);
  await thread.stop();
  assert.deepEqual(
    (await ends).map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
});

test('a key that is none is refused, and the next is signed', async () => {
  const thread = createRsaThread({ pace: free });
  await assert.rejects(thread.sign({ ...order, keyId: 'bad', privateKeyPem: 'no key' }));
  await thread.sign({ ...order, keyId: 'good' });
  await thread.stop();
});
