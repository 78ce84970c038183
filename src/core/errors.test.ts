import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorTable } from './errors.ts';

test('Every row of the error table follows the grammar', () => {
  const titles = new Set<string>();
  for (const [code, row] of Object.entries(errorTable)) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
    assert.match(row.title, /^[A-Z][^.!?]*$/, `the title of ${code} starts with a capital and has no full stop`);
    assert.ok(row.title.length <= 80, code);
    assert.ok(row.status >= 400 && row.status <= 599, code);
    assert.ok(!titles.has(row.title), `two codes share the title of ${code}`);
    titles.add(row.title);
  }
});

test('A server error may be tried again, an input error may not', () => {
  for (const [code, row] of Object.entries(errorTable)) {
    if (row.status >= 500 || row.status === 429) assert.equal(row.retry, true, code);
    if (row.status === 422 || row.status === 413 || row.status === 415) assert.equal(row.retry, false, code);
  }
});
