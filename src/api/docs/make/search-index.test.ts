/** The search of the documentation, asked as its readers ask: on the pages as they are, with the browser's own code. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import MiniSearch from 'minisearch';
import { indexOptions, searchDocuments } from '../../page/document-search.js';
import { buildSite } from './build-site.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

let index: MiniSearch;

before(() => {
  const json = buildSite(root).files.get('/docs/search.json');
  assert.ok(json !== undefined);
  index = MiniSearch.loadJSON(new TextDecoder().decode(json.body), indexOptions);
});

/** What is asked, and the page that must come first; a second one where either may. */
const questions: readonly (readonly [asked: string, page: string, other?: string])[] = [
  ['how do I back up', '/docs/guides/back-up-and-restore'],
  ['backup', '/docs/guides/back-up-and-restore', '/docs/reference/cli'],
  ['How do I restore a backup?', '/docs/guides/back-up-and-restore'],
  ['idempotency key', '/docs/reference/api'],
  ['410', '/docs/reference/errors', '/docs/guides/write-a-receiver'],
  ['ASSETWIRE_SMTP_URL', '/docs/reference/configuration'],
  ['what is a dialect', '/docs/concepts/dialects', '/docs/concepts/words'],
  ['how to verify a signature', '/docs/guides/verify-signatures'],
  ['verify signatures', '/docs/guides/verify-signatures'],
  ['rotate a secret', '/docs/guides/rotate-a-secret'],
  ['why does my webhook not arrive', '/docs/guides/troubleshoot'],
  ['my webhook was switched off', '/docs/guides/troubleshoot'],
  ['how can I replay deliveries', '/docs/guides/replay-and-recover'],
  ['asset.created', '/docs/reference/events'],
  ['idempotency_mismatch', '/docs/reference/errors'],
  ['systemd', '/docs/guides/run-in-production'],
  ['export to csv', '/docs/guides/export'],
  ['retries', '/docs/concepts/ordering-and-retries'],
  ['how do I invite a user', '/docs/guides/people-and-access', '/docs/reference/cli'],
  ['prometheus metrics', '/docs/reference/metrics', '/docs/guides/run-in-production'],
  ['woodwing', '/docs/guides/woodwing-receivers'],
  ['what are the limits', '/docs/reference/limits'],
];

const pageOf = (address: string): string => address.split('#', 1)[0] ?? '';

for (const [asked, ...pages] of questions) {
  test(`“${asked}” finds ${pages.join(' or ')} first`, () => {
    const found = searchDocuments(index, asked).map(({ id }) => String(id));
    assert.ok(pages.includes(pageOf(found[0] ?? '')), `first come ${found.slice(0, 5).join(', ')}`);
  });
}

test('what a table lists counts: a status leads to the list of errors within the first five', () => {
  for (const status of ['410', '404', '429', '503', '413']) {
    const pages = searchDocuments(index, status).map(({ id }) => pageOf(String(id)));
    assert.ok(pages.slice(0, 5).includes('/docs/reference/errors'), `${status}: ${pages.slice(0, 5).join(', ')}`);
  }
});

test('a number is found as it is, not as the beginning of another', () => {
  const texts = searchDocuments(index, '41').map(({ terms }) => terms);
  assert.deepEqual(
    texts.flat().filter((term) => term !== '41'),
    [],
  );
});

test('a sentence of which no page says every word finds those that say most of them, and nonsense finds none', () => {
  assert.ok(searchDocuments(index, 'rotate my webhook secret zzqqxx').length > 0);
  assert.deepEqual(searchDocuments(index, 'webhook zzqqxx qqzzyy'), []);
});

test('words that only make a question are searched for where nothing else is asked', () => {
  assert.ok(searchDocuments(index, 'how').length > 0);
});
