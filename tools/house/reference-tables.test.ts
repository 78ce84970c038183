import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorMends } from '../../src/core/error-mends.ts';
import { mendProblems } from './reference-tables.ts';

const page = Object.entries(errorMends)
  .map(([code, mend]) => `| \`${code}\` | 400 | no | A title | ${mend} |`)
  .join('\n');

test('what a page tells people to do is held against what the server tells them', () => {
  assert.deepEqual(mendProblems('errors.md', page), []);
  const linked = page.replace('Send less per request', 'Send `less` per [request](limits.md)');
  assert.deepEqual(mendProblems('errors.md', linked), [], 'marks and links aside');
  const other = page.replace(errorMends.body_too_large, 'Do something else');
  assert.match(mendProblems('errors.md', other).join(), /body_too_large/);
});
