import assert from 'node:assert/strict';
import { verify, createPublicKey, createPrivateKey } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createVirtualClock } from '../../test/support/virtual-clock.ts';
import type { WebhookId } from '../core/ids.ts';
import { createDeque } from '../core/deque.ts';
import { createDueClock } from './due-clock.ts';
import { createEgressSuspicion } from './egress-suspicion.ts';
import { createHeap } from './heap.ts';
import { createLane, type Lane } from './lane.ts';
import { createFreeShelf } from './free-shelf.ts';
import { createLateOffers } from './late-offers.ts';
import { createMemoryBudget, roughBytes } from './memory-budget.ts';
import { createRota } from './rota.ts';
import { createSigner } from './signer.ts';
import { createTokenBucket } from '../core/token-bucket.ts';

describe('containers', () => {
  it('a deque is an array with two ends', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer() }),
      fc.record({ front: fc.integer() }),
      fc.constant('shift' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const deque = createDeque<number>();
        const array: number[] = [];
        for (const one of steps) {
          if (one === 'shift') assert.equal(deque.shift(), array.shift());
          else if ('push' in one) {
            deque.push(one.push);
            array.push(one.push);
          } else {
            deque.pushFront(one.front);
            array.unshift(one.front);
          }
        }
        assert.deepEqual([...deque], array);
        assert.equal(deque.length, array.length);
      }),
    );
  });

  it('a heap gives its items in the order of their times', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (times) => {
        const heap = createHeap<number>();
        for (const time of times) heap.add(time, time);
        const out: (number | undefined)[] = [];
        while (heap.size > 0) out.push(heap.take());
        assert.deepEqual(
          out,
          times.toSorted((a, b) => a - b),
        );
      }),
    );
  });
});

describe('the rota', () => {
  const lane = (name: string, workspaceId: string): Lane =>
    createLane(
      `wh_${name}`,
      workspaceId,
      createFreeShelf(createMemoryBudget(10, 10_000), createLateOffers(), { waitingMax: 10, pageMax: 10 }),
    );

  it('TN-18 gives every workspace its turn, however many lanes another has', () => {
    const rota = createRota(() => 1);
    for (let count = 0; count < 100; count += 1) rota.join(lane(`a${count}`, 'a'));
    rota.join(lane('b0', 'b'));
    rota.join(lane('b1', 'b'));
    const first = Array.from({ length: 6 }, () => rota.next()?.workspaceId);
    assert.deepEqual(first, ['a', 'b', 'a', 'b', 'a', 'a']);
  });

  it('gives a workspace of weight 3 three turns in a row', () => {
    const rota = createRota((workspaceId) => (workspaceId === 'a' ? 3 : 1));
    for (let count = 0; count < 10; count += 1)
      for (const workspace of ['a', 'b']) rota.join(lane(`${workspace}${count}`, workspace));
    const turns = Array.from({ length: 8 }, () => rota.next()?.workspaceId).join('');
    assert.equal(turns, 'aaabaaab');
  });

  it('FO-02 who may not be served stands aside with all its lanes, and comes back behind the others', () => {
    const rota = createRota(() => 1);
    for (let count = 0; count < 3; count += 1)
      for (const workspace of ['a', 'b']) rota.join(lane(`${workspace}${count}`, workspace));
    const notA = (workspaceId: string): boolean => workspaceId !== 'a';
    assert.deepEqual([rota.next(notA)?.workspaceId, rota.next(notA)?.workspaceId, rota.length], ['b', 'b', 1]);
    rota.join(lane('a3', 'a'));
    assert.equal(rota.length, 1);
    rota.admitAll();
    const left = Array.from({ length: 6 }, () => rota.next()?.workspaceId ?? '-').join('');
    assert.equal(left, 'baaaa-');
  });

  it('holds a lane once, however often it joins', () => {
    const rota = createRota(() => 1);
    const one = lane('a', 'a');
    rota.join(one);
    rota.join(one);
    assert.equal(rota.length, 1);
    rota.next();
    assert.equal(rota.next(), undefined);
  });
});

describe('the clock of due times', () => {
  it('FC-01 a wall clock an hour or forty days off makes no retry more than a tenth early or late for an hour', async () => {
    for (const jumpMs of [3_600_000, -3_600_000, 40 * 86_400_000, -40 * 86_400_000]) {
      const clock = createVirtualClock();
      const due = createDueClock(clock);
      const startMs = due.nowMs();
      clock.jumpWall(jumpMs);
      await clock.advance(3_000_000);
      const passed = due.nowMs() - startMs;
      assert.ok(passed >= 2_690_000 && passed <= 3_310_000, `jump ${jumpMs}: ${passed}`);
    }
  });

  it('FC-01 a clock that stays ahead is believed within two hours: nothing overdue waits for ever', async () => {
    const clock = createVirtualClock();
    const due = createDueClock(clock);
    clock.jumpWall(40 * 86_400_000);
    for (let minute = 0; minute < 125; minute += 1) {
      await clock.advance(60_000);
      due.nowMs();
    }
    assert.ok(Math.abs(clock.nowMs() - due.nowMs()) < 1_000);
  });

  it('follows small corrections at once and never says an age below zero', () => {
    const clock = createVirtualClock();
    const due = createDueClock(clock);
    clock.jumpWall(-300);
    assert.equal(due.nowMs(), clock.nowMs());
    assert.equal(due.ageMs(clock.nowMs() + 60_000), 0);
  });

  it('ages follow what has passed, not what the wall says', async () => {
    const clock = createVirtualClock();
    const due = createDueClock(clock);
    // It begins with the first question.
    const createdAtMs = due.nowMs();
    clock.jumpWall(40 * 86_400_000);
    await clock.advance(1_000);
    assert.ok(due.ageMs(createdAtMs) <= 1_200);
    clock.jumpWall(-80 * 86_400_000);
    assert.ok(due.ageMs(clock.nowMs()) <= 1_200);
  });
});

describe('bounds', () => {
  it('a token bucket lets its rate through over any time, with a second of burst', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 1_000, noNaN: true }),
        fc.integer({ min: 1, max: 60 }),
        (rate, seconds) => {
          const bucket = createTokenBucket(rate, 0);
          let spent = 0;
          for (let atMs = 0; atMs < seconds * 1_000; ) {
            const readyAtMs = bucket.readyAtMs(atMs);
            if (readyAtMs > atMs) atMs = readyAtMs + 1e-6;
            else {
              bucket.spend(1, atMs);
              spent += 1;
            }
          }
          assert.ok(spent <= rate * seconds + Math.max(1, rate) + 1, `${spent} at ${rate} in ${seconds} s`);
          assert.ok(spent >= Math.floor(rate * seconds * 0.95) - 1);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('a size is guessed without walking a large document to its end', () => {
    const large = { rows: Array.from({ length: 100_000 }, (_, index) => ({ index, text: 'x'.repeat(20) })) };
    assert.ok(roughBytes(large) > 10_000);
    assert.ok(roughBytes({ a: 'x'.repeat(1_000) }) >= 2_000);
    assert.equal(roughBytes(null), 8);
  });
});

describe('suspecting ourselves', () => {
  const note = (lanes: number, failing: number) => {
    const suspicion = createEgressSuspicion();
    for (let index = 0; index < lanes; index += 1) suspicion.note(`wh_${index}`, index < failing, 0);
    return suspicion;
  };

  it('FR-04 needs ten lanes, half of them failing by the network within a minute', () => {
    assert.equal(note(9, 9).suspects(0), false);
    assert.equal(note(10, 4).suspects(0), false);
    assert.equal(note(10, 5).suspects(0), true);
    assert.equal(note(10, 5).suspects(60_001), false);
  });

  it('forgets a failure as soon as the lane succeeds', () => {
    const suspicion = note(10, 5);
    suspicion.note('wh_0' satisfies WebhookId, false, 1);
    assert.equal(suspicion.suspects(1), false);
  });
});

describe('the signer', () => {
  const seed = Buffer.alloc(32, 3);
  const secret = { name: 'signing', version: 1, value: `whsk_${seed.toString('base64')}`, expiresAtMs: null };
  const reference = {
    kind: 'webhook-secret' as const,
    secret: { name: 'signing', version: 1, format: 'whsk' as const },
    decode: 'whsk' as const,
  };

  it('SG-17 signs with ed25519 what its public key verifies', async () => {
    const signature = await createSigner().sign(
      { algorithm: 'ed25519', key: reference, content: ['a.', Buffer.from('b')] },
      [secret],
      'default',
    );
    assert.ok(signature instanceof Uint8Array);
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    const publicKey = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
    assert.ok(verify(null, Buffer.from('a.b'), publicKey, signature));
  });

  it('SG-19 says what is missing instead of signing with something else', async () => {
    const signer = createSigner();
    const request = { algorithm: 'ed25519' as const, key: reference, content: ['x'] };
    assert.deepEqual(await signer.sign(request, [], 'default'), { missing: 'secret signing' });
    assert.deepEqual(await signer.sign(request, [{ ...secret, value: 'whsk_short' }], 'default'), {
      missing: 'usable secret signing',
    });
    assert.deepEqual(await signer.sign({ ...request, algorithm: 'hmac-sha256' }, [secret], 'default'), {
      missing: 'symmetric secret signing',
    });
    assert.deepEqual(await signer.sign({ ...request, key: { kind: 'signing-key', name: 'sns' } }, [], 'default'), {
      missing: 'signing key sns',
    });
  });
});
