import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../core/limits.ts';
import { createFetchSlots } from './fetch-slots.ts';

test('a workspace whose addresses do not answer holds up its own files, and leaves places for others', () => {
  const { fetchesAtOnceMax, fetchesOfWorkspaceMax } = limits;
  assert.ok(fetchesOfWorkspaceMax < fetchesAtOnceMax);
  let nowMs = 1_000;
  const slots = createFetchSlots(() => nowMs);
  const hanging = Array.from({ length: fetchesOfWorkspaceMax }, () => slots.take('slow'));
  assert.ok(hanging.every(({ kind }) => kind === 'now'));
  const waits = [slots.take('slow'), slots.take('slow')].map((slot) => (slot.kind === 'later' ? slot.atMs : 0));
  assert.ok((waits[0] ?? 0) > nowMs && (waits[1] ?? 0) > (waits[0] ?? 0), 'each has a time of its own');
  for (let n = 0; n < 20; n += 1) {
    const other = slots.take('quick');
    assert.equal(other.kind, 'now', `file ${n} of another workspace`);
    nowMs += 10;
    if (other.kind === 'now') other.free();
  }
  const rest = Array.from({ length: fetchesAtOnceMax - fetchesOfWorkspaceMax }, (_, n) => slots.take(`w${n}`));
  assert.ok(rest.every(({ kind }) => kind === 'now'));
  assert.equal(slots.take('one more').kind, 'later', 'of the process there is an end, too');
  for (const slot of [...hanging, ...rest]) if (slot.kind === 'now') slot.free();
  assert.equal(slots.take('slow').kind, 'now');
});
