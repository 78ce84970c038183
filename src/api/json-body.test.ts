import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMsOf } from '../../test/support/cpu-time.ts';
import { readJson } from './json-body.ts';

const bounds = { jsonDepthMax: 64, jsonKeysMax: 1_000_000, jsonElementsMax: 1_000_000 };
const read = (text: string): unknown => readJson(Buffer.from(text), bounds);

test('IN-04 a number beyond the doubles is refused wherever in the body it begins, one within them is taken', () => {
  for (const before of [0, 1, 100, 298, 299, 300, 301, 599, 1_234]) {
    for (const digits of [280, 299, 300, 305, 308, 309, 310, 400, 900]) {
      const number = '9'.repeat(digits);
      const text = `{"before":"${'x'.repeat(before)}","n":${number}}`;
      if (Number.isFinite(Number(number))) assert.deepEqual(read(text), JSON.parse(text), `${before} ${digits}`);
      else assert.throws(() => read(text), { code: 'invalid_request' }, `${before} ${digits}`);
    }
  }
});

test('IN-04 digits and an exponent make a number beyond the doubles together, each too short to do so alone', () => {
  for (const digits of [190, 199, 200, 209, 210, 250, 299]) {
    for (const exponent of ['e9', 'e99', 'E+98', 'e-99']) {
      const text = `{"n":${'9'.repeat(digits)}${exponent}}`;
      if (Number.isFinite((JSON.parse(text) as { n: number }).n)) assert.deepEqual(read(text), JSON.parse(text), text);
      else assert.throws(() => read(text), { code: 'invalid_request' }, text);
    }
  }
});

test('IN-02 a body full of digits is read in about the time that its length takes', () => {
  const text = `{"a":[${Array.from({ length: 400_000 }, (_, n) => 1_000_000 + n).join(',')}]}`;
  const spentMs = cpuMsOf(() => read(text));
  // Looked through anew for each place that has a digit, it took minutes.
  assert.ok(spentMs < 15_000, `${spentMs} ms`);
});
