/** Whoever guesses a signature or a token learns nothing from how long a refusal takes (HARDENING SG-18). */
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';
import { verify as verifyStandardForm } from '../../../src/dialects/standard/verify.ts';
import { verify as verifyWoodwingForm } from '../../../src/dialects/woodwing/verify.ts';
import { seededFractions } from '../../../test/support/seeded.ts';
import { linkToken, readLink } from '../../../src/app/links.ts';
import { readBrandfolder, readScaleflex, VerificationError, verify, verifyWoodwing } from '../src/index.ts';

const nowMs = 1_795_348_800_000;
const seconds = String(nowMs / 1_000);
const body = Buffer.from(
  JSON.stringify({ type: 'asset.renamed', timestamp: '2026-11-22T12:00:00.000Z', data: { subject: { id: 'ast_1' } } }),
);
const raw = randomBytes(32);
const secret = `whsec_${raw.toString('base64')}`;
const token = randomBytes(32).toString('hex');
const right = createHmac('sha256', raw).update(`msg_1.${seconds}.`).update(body).digest();
const rightHook = createHmac('sha256', token).update(body).digest();
const link = linkToken({ workspaceId: 'default', assetId: 'ast_1', part: { kind: 'content' }, expiresAtMs: null }, raw);

function standardHeaders(signature: Buffer): Record<string, string> {
  return {
    'webhook-id': 'msg_1',
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${signature.toString('base64')}`,
  };
}

function refused(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    assert.ok(error instanceof VerificationError);
    return /^no_matching_/.test(error.code);
  }
}

/** Each is given what is to be guessed, of the right form, and answers whether it was refused. */
const doors: readonly {
  readonly name: string;
  readonly secret: Buffer;
  readonly refuses: (guess: Buffer) => boolean;
}[] = [
  {
    name: 'verify of the receivers’ package',
    secret: right,
    refuses: (guess) => refused(() => verify(body, standardHeaders(guess), secret, { nowMs })),
  },
  {
    name: 'verifyWoodwing of the receivers’ package',
    secret: rightHook,
    refuses: (guess) => refused(() => verifyWoodwing('{}', { 'x-hook-signature': guess.toString('hex') }, token)),
  },
  {
    name: 'readBrandfolder with a token',
    secret: Buffer.from(token),
    refuses: (guess) =>
      refused(() => readBrandfolder('{}', { authorization: `Bearer ${guess.toString('latin1')}` }, { tokens: token })),
  },
  {
    name: 'readScaleflex with a token',
    secret: Buffer.from(token),
    refuses: (guess) =>
      refused(() => readScaleflex('{}', { authorization: `Bearer ${guess.toString('latin1')}` }, { tokens: token })),
  },
  {
    name: 'the standard dialect',
    secret: right,
    refuses: (guess) =>
      verifyStandardForm({
        headers: Object.entries(standardHeaders(guess)),
        body,
        keys: [{ kind: 'secret', value: secret }],
        nowMs,
      }).result === 'failed',
  },
  {
    name: 'the WoodWing dialect',
    secret: rightHook,
    refuses: (guess) =>
      verifyWoodwingForm({
        headers: [['x-hook-signature', guess.toString('hex')]],
        body,
        keys: [{ kind: 'secret', value: token }],
        nowMs,
      }).result === 'failed',
  },
  {
    name: 'links to content',
    secret: Buffer.from(link.slice(link.indexOf('.') + 1), 'base64url'),
    refuses: (guess) =>
      readLink(`${link.slice(0, link.indexOf('.'))}.${guess.toString('base64url')}`, raw, nowMs) === null,
  },
];

/** The secret but for one byte, which stays of the alphabet that tokens are made of. */
function wrongAt(secretBytes: Buffer, index: number): Buffer {
  const guess = Buffer.from(secretBytes);
  guess[index] = (guess[index] ?? 0) === 0x61 ? 0x62 : 0x61;
  return guess;
}

/** What `timingSafeEqual` was asked while `run` ran. */
function comparisonsOf(run: () => void): readonly (readonly [left: Buffer, right: Buffer])[] {
  const crypto = createRequire(import.meta.url)('node:crypto') as typeof import('node:crypto');
  const { timingSafeEqual } = crypto;
  const asked: (readonly [Buffer, Buffer])[] = [];
  crypto.timingSafeEqual = (left, right) => {
    const bytes = (view: NodeJS.ArrayBufferView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    asked.push([bytes(left), bytes(right)]);
    return timingSafeEqual(left, right);
  };
  syncBuiltinESMExports();
  try {
    run();
  } finally {
    crypto.timingSafeEqual = timingSafeEqual;
    syncBuiltinESMExports();
  }
  return asked;
}

for (const { name, secret: known, refuses } of doors) {
  test(`SG-18 ${name}: a guess that is wrong in its first byte and one that is wrong in its last are compared whole, in constant time`, () => {
    for (const at of [0, known.length - 1]) {
      const asked = comparisonsOf(() => assert.ok(refuses(wrongAt(known, at)), `byte ${at}`));
      assert.equal(asked.length, 1, `byte ${at}: ${asked.length} comparisons in constant time`);
      for (const side of asked[0] ?? []) assert.ok(side.length >= Math.min(32, known.length), `${side.length} bytes`);
    }
  });
}

/** Welch's t of what two kinds of calls take, in random order, of the quicker half (the other is what else the machine did). */
function tOf(calls: readonly [() => unknown, () => unknown], { count, seed }: { count: number; seed: number }): number {
  const chance = seededFractions(seed);
  const kinds = new Uint8Array(count);
  const took = new Float64Array(count);
  for (let n = 0; n < count; n += 1) {
    const kind = chance() < 0.5 ? 0 : 1;
    const call = calls[kind];
    const startedNs = process.hrtime.bigint();
    call();
    took[n] = Number(process.hrtime.bigint() - startedNs);
    kinds[n] = kind;
  }
  const bound = Float64Array.from(took).sort()[Math.floor(count / 2)] ?? 0;
  const sums = [0, 1].map((kind) => {
    const kept = [...took].filter((ns, n) => kinds[n] === kind && ns <= bound);
    const mean = kept.reduce((sum, ns) => sum + ns, 0) / kept.length;
    const variance = kept.reduce((sum, ns) => sum + (ns - mean) ** 2, 0) / (kept.length - 1);
    return { mean, error: variance / kept.length };
  });
  const [first, second] = sums;
  if (first === undefined || second === undefined) return Number.NaN;
  return Math.abs(first.mean - second.mean) / Math.sqrt(first.error + second.error);
}

/** As somebody in a hurry writes it: it ends at the first byte that differs. */
function sameByHand(left: Buffer, given: Buffer): boolean {
  for (let at = 0; at < left.length; at += 1) if (left[at] !== given[at]) return false;
  return true;
}

test('SG-18 100,000 verifications take the same time whether a signature is wrong in its first byte or in its last', (t) => {
  const seed = Number(process.env['ASSETWIRE_TEST_SEED'] ?? Date.now() % 1_000_000);
  const guesses = [wrongAt(right, 0), wrongAt(right, 31)] as const;
  const refuse = (guess: Buffer) => {
    const headers = standardHeaders(guess);
    return () => refused(() => verify(body, headers, secret, { nowMs }));
  };
  // Collecting a stack takes longer than verifying.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  t.after(() => void (Error.stackTraceLimit = stackTraceLimit));
  const careless = (guess: Buffer) => () =>
    sameByHand(createHmac('sha256', raw).update(`msg_1.${seconds}.`).update(body).digest(), guess);
  // What the test can see at all: an ordinary loop over the bytes is found out.
  let seen = 0;
  for (let round = 0; round < 5 && seen <= 4.5; round += 1)
    seen = tOf([careless(guesses[0]), careless(guesses[1])], { count: 100_000, seed: seed + round });
  assert.ok(seen > 4.5, `a comparison that ends early shows: t is ${seen.toFixed(1)} (seed ${seed})`);
  // A leak shows in every round; a neighbour on the machine in one of them.
  const rounds: number[] = [];
  while (rounds.length < 3 && (rounds.at(-1) ?? Infinity) > 4.5)
    rounds.push(tOf([refuse(guesses[0]), refuse(guesses[1])], { count: 100_000, seed: seed + rounds.length }));
  t.diagnostic(`seed ${seed}: t ${rounds.map((value) => value.toFixed(2)).join(', ')}; by hand ${seen.toFixed(1)}`);
  assert.ok((rounds.at(-1) ?? Infinity) <= 4.5, `t is ${rounds.join(', ')} (seed ${seed})`);
});
