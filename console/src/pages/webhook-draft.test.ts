import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Draft, untouched } from './webhook-draft.ts';

const sent: Draft = {
  name: '',
  target: { transport: 'http', url: '' },
  events: ['*'],
  settings: { filter: { query: 'status:' } },
  headers: [],
  credentials: null,
  tls: {},
  contacts: ['nobody'],
  secret: '',
};
const problems = ['/name', '/target/url', '/contacts/0', '/settings/filter/query', '/clientCertificate'].map((at) => ({
  at,
  wanted: 'something',
  found: 'nothing',
}));
const left = (now: Draft) => untouched(problems, sent, now).map(({ at }) => at);

test('what is wrong with a form is said of what is still as it was sent, and of nothing that was changed since', () => {
  assert.deepEqual(left(sent), ['/name', '/target/url', '/contacts/0', '/settings/filter/query', '/clientCertificate']);
  assert.deepEqual(left({ ...sent, name: 'Shop front', contacts: [] }), [
    '/target/url',
    '/settings/filter/query',
    '/clientCertificate',
  ]);
  assert.deepEqual(left({ ...sent, target: { transport: 'http', url: 'https://a.example/' }, settings: {} }), [
    '/name',
    '/contacts/0',
    '/clientCertificate',
  ]);
});
