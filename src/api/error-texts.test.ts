/** What a refused caller reads: what was wanted, what was found, how to mend it; and never a secret. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { errorMends } from '../core/error-mends.ts';
import { AssetwireError, type ErrorCode, errorTable } from '../core/errors.ts';
import { problemDocument } from './problem.ts';
import { createFakeApp } from './testing/fake-app.ts';
import { call, type CallOptions, startTestServer, talk, type TestServer } from './testing/test-server.ts';

let server: TestServer;
before(async () => {
  server = await startTestServer(createFakeApp());
});
after(() => server.stop());

type Told = { readonly code: string; readonly detail: string; readonly mend: string; readonly problems: unknown };

async function told(path: string, options: CallOptions = {}): Promise<Told> {
  const { json } = await call(server.url, path, options);
  const { code, detail, mend, problems } = json;
  return { code: String(code), detail: String(detail), mend: String(mend), problems };
}

const webhook = {
  name: 'w',
  dialect: 'standard',
  events: ['*'],
  target: { transport: 'http', url: 'https://x.example' },
};
const change = { kind: 'asset.created', subject: { type: 'asset', externalId: 'x' } };

test('every error of the table says how to mend it, in words and not in a placeholder', () => {
  const codes = Object.keys(errorTable) as ErrorCode[];
  assert.deepEqual(Object.keys(errorMends).sort(), [...codes].sort());
  const seen = new Map<string, string>();
  for (const code of codes) {
    const { mend } = problemDocument(new AssetwireError(code, { detail: 'Do it: it was not' }), 'rq_x');
    assert.ok(mend.length >= 15 && mend.split(' ').length >= 4, `${code}: ${mend}`);
    assert.doesNotMatch(mend, /todo|tbd|fixme|lorem|placeholder|undefined|null\b|\.$/i, code);
    assert.equal(seen.get(mend), undefined, `${code} says the same as ${seen.get(mend)}`);
    seen.set(mend, code);
  }
});

test('what whoever threw it says goes before the sentence of the table', () => {
  const error = new AssetwireError('not_found', { detail: 'Find it: there is none', mend: 'Look elsewhere' });
  assert.equal(problemDocument(error, 'rq_x').mend, 'Look elsewhere');
});

test('a target that is a plain text is told which kinds there are, with an example', async () => {
  const answer = await told('/v1/webhooks', { body: { ...webhook, target: 'https://user:hunter2@x.example/' } });
  assert.deepEqual(answer.problems, [
    {
      at: '/target',
      wanted: 'object with "transport": http, sqs, email',
      found: 'text',
      mend: 'For example {"transport":"http","url":"https://example.com/hooks/assets"}',
    },
  ]);
  assert.match(answer.mend, /"transport":"http"/);
  assert.doesNotMatch(JSON.stringify(answer), /hunter2/);
});

test('a target of an unknown kind is told the kinds and the nearest', async () => {
  const answer = await told('/v1/webhooks', { body: { ...webhook, target: { transport: 'htp', url: 'x' } } });
  assert.match(answer.detail, /\/target\/transport wants one of http, sqs, email, found "htp"/);
  assert.equal(answer.mend, 'Write "http" instead');
});

test('a kind that is missing is told which there are', async () => {
  const { problems } = await told('/v1/webhooks', { body: { ...webhook, credentials: {} } });
  assert.deepEqual(problems, [
    {
      at: '/credentials/kind',
      wanted: 'one of none, basic, bearer, oauth2, aws',
      found: 'nothing',
      mend: 'Add the field "kind"',
    },
  ]);
});

test('a bare list at /v1/changes is told where the list belongs', async () => {
  const answer = await told('/v1/changes', { body: [change, change] });
  assert.equal(answer.code, 'invalid_request');
  assert.match(answer.detail, /a list of 2/);
  assert.match(answer.mend, /\{"changes": \[…\]\}/);
});

test('an unknown field is told the nearest name, or all there are', async () => {
  const near = await told('/v1/webhooks', { body: { ...webhook, evnts: ['*'] } });
  assert.partialDeepStrictEqual(near.problems, [{ at: '/evnts', wanted: 'no such field', found: 'the field' }]);
  assert.match(near.mend, /^Write "events" instead; known are target, events, name, .*secret$/);
  const far = await told('/v1/inboxes', { body: { lifetime: 5 } });
  assert.match(far.mend, /^Leave it out/);
});

test('a value that is none of a list is told all of them and the nearest', async () => {
  const answer = await told('/v1/changes', { body: { ...change, kind: 'asset.creatd' } });
  assert.match(answer.detail, /one of asset\.created, .*share_link\.|one of asset\.created, .*broadcast/);
  assert.match(answer.detail, /"asset\.creatd"$/);
  assert.equal(answer.mend, 'Write "asset.created" instead');
});

test('a missing field is told with an example of it', async () => {
  const { target: _left, ...rest } = webhook;
  const answer = await told('/v1/webhooks', { body: rest });
  assert.match(answer.detail, /\/target wants a value, found nothing/);
  assert.match(answer.mend, /^Add it, for example "target": \{"transport":"http"/);
});

test('one character is one, and not one characters', async () => {
  const answer = await told('/v1/webhooks', { body: { ...webhook, name: '' } });
  assert.match(answer.detail, /wants at least 1 character, found 0 characters$/);
});

test('an id of a form that none has is told the form, and not that nothing has the name', async () => {
  const answer = await told('/v1/webhooks/shop');
  assert.equal(answer.code, 'not_found');
  assert.equal(answer.detail, 'Find what the path names: its id is none that can be');
  assert.match(answer.mend, /^id must be: Id of a webhook: wh_ and 26 characters$/);
});

test('no sentence of the table names fields of the answer, which the command line does not show', () => {
  for (const code of ['invalid_request', 'invalid_policy'] as const)
    assert.doesNotMatch(errorMends[code], /\bproblems\b/);
});

test('numbers and truth in quotes, and text without, are told so', async () => {
  const quoted = await told('/v1/changes', { body: { ...change, causationDepth: '1' } });
  assert.match(quoted.mend, /without quotes/);
  const bare = await told('/v1/webhooks', { body: { ...webhook, name: 5 } });
  assert.match(bare.mend, /double quotes/);
  const truth = await told('/v1/webhooks', { body: { ...webhook, enabled: 'yes' } });
  assert.match(truth.mend, /true or false/);
});

test('a time that is written as people do is told in milliseconds, and not that it could be null', async () => {
  const dated = async (value: unknown) =>
    (await told('/v1/assets/external:x', { method: 'PATCH', body: { archiveAtMs: value, focusPoint: { x: 2, y: 0 } } }))
      .problems;
  assert.deepEqual(await dated('2030-01-01T02:00:00+02:00'), [
    {
      at: '/archiveAtMs',
      wanted: 'integer',
      found: 'text',
      mend: 'Give Unix milliseconds as a number: 1893456000000 is 2030-01-01T00:00:00.000Z',
    },
    { at: '/focusPoint/x', wanted: 'at most 1', found: '2' },
  ]);
  assert.match(JSON.stringify(await dated('tomorrow')), /1893456000000 is 2030/);
});

test('query parameters are told the same way', async () => {
  const unknown = await told('/v1/deliveries?limt=5');
  assert.partialDeepStrictEqual(unknown.problems, [
    { at: '/limt', wanted: 'no such parameter', found: 'the parameter' },
  ]);
  assert.match(unknown.mend, /^Write "limit" instead; known are limit, cursor, webhookId, /);
  const far = await told('/v1/deliveries?stepMs=1');
  assert.match(far.mend, /^Leave it out: known are limit, cursor, /);
  const bad = await told('/v1/deliveries?states=bad');
  assert.doesNotMatch(bad.mend, /instead/);
  const number = await told('/v1/deliveries?limit=many');
  assert.match(number.detail, /\/limit wants a whole number, found "many"/);
  const state = await told('/v1/deliveries?states=pendng');
  assert.match(state.detail, /one of pending, .* found "pendng"/);
  assert.equal(state.mend, 'Write "pending" instead');
  const twice = await told('/v1/deliveries?limit=1&limit=2');
  assert.match(twice.mend, /once/);
});

test('JSON that is none is told where and how', async () => {
  const answer = await told('/v1/changes', { body: '{\n  "kind": "asset.created",\n}' });
  assert.equal(answer.code, 'invalid_json');
  assert.match(answer.detail, /line 3, column 1/);
  assert.equal(answer.mend, 'Take away the comma before it');
  const empty = await told('/v1/changes', { body: '' });
  assert.match(empty.detail, /an empty body/);
});

test('an unknown path is told the nearest route, another method those that there are', async () => {
  for (const [method, path, near] of [
    ['GET', '/v1/webhoks', 'GET /v1/webhooks'],
    ['POST', '/v1/webhoks', 'POST /v1/webhooks'],
    ['GET', '/keys', 'GET /v1/keys'],
    ['POST', '/v1/webhooks/wh_1/enabel', 'POST /v1/webhooks/{id}/enable'],
    ['GET', '/v1/delivery', 'GET /v1/deliveries'],
    ['GET', '/readyzz', 'GET /readyz'],
  ] as const) {
    const answer = await told(path, { method });
    assert.equal(answer.code, 'not_found');
    assert.equal(answer.mend, `Use ${near} instead`, `${method} ${path}`);
  }
  const folder = await told('/v1/folders/path:/campaigns/spring', { method: 'PATCH' });
  assert.equal(folder.mend, 'Write each of its slashes as %2F: /v1/folders/path:%2Fcampaigns%2Fspring');
  assert.equal((await told('/v1/webhooks/')).mend, 'Take away the slash at the end');
  assert.match((await told('/v1/webhooks/17')).mend, /^id must be: .*wh_/);
  assert.match((await told('/nothing/of/the/kind')).mend, /openapi\.json/);
  const { status, headers, json } = await call(server.url, '/v1/webhooks', { method: 'DELETE' });
  assert.equal(status, 405);
  assert.equal(headers['allow'], 'HEAD, POST, GET');
  assert.match(String(json['mend']), /HEAD, POST, GET/);
});

test('wrong content types are told the right one', async () => {
  const json = await told('/v1/changes', { body: '{}', headers: { 'content-type': 'text/xml' } });
  assert.equal(json.code, 'unsupported_media_type');
  assert.match(json.mend, /application\/json/);
  const form = await told('/v1/assets', { body: 'x', headers: { 'content-type': 'multipart/form-data' } });
  assert.equal(form.code, 'upload_malformed');
  assert.match(form.detail, /boundary/);
  const upload = await told('/v1/assets', { body: '{}' });
  assert.equal(upload.code, 'unsupported_media_type');
  assert.match(upload.mend, /curl -F/);
});

test('headers that are too large, and what is no HTTP, are told how to mend it', async () => {
  const large = await talk(server.port, `GET /livez HTTP/1.1\r\nHost: x\r\nCookie: ${'c'.repeat(20_000)}\r\n\r\n`);
  assert.match(large, /^HTTP\/1\.1 431 .*"mend":"Send fewer or shorter headers/s);
  const other = await talk(server.port, 'HELO mail.example\r\n\r\n');
  assert.match(other, /^HTTP\/1\.1 400 .*"mend":"Send plain HTTP/s);
});

test('what was sent as a secret is never in the answer', async () => {
  const secret = 'hunter2-hunter2';
  for (const body of [
    { ...webhook, secret: [secret] },
    { ...webhook, secret: secret.repeat(100) },
    { ...webhook, credentials: { kind: 'basic', username: 'u', password: [secret] } },
    { ...webhook, credentials: secret },
    { ...webhook, credentials: { kind: secret } },
    `{"secret": ${secret}}`,
    `{"name": "w", "secret": "${secret}`,
  ]) {
    const { text, status } = await call(server.url, '/v1/webhooks', { body });
    assert.ok(status === 422 || status === 400, text);
    assert.doesNotMatch(text, /hunter2/);
  }
});

test('what was found is cut short, however much was sent', async () => {
  const body = { ...webhook, ['x'.repeat(50_000)]: 1, events: 'e'.repeat(50_000), dialect: 'd'.repeat(50_000) };
  const { text } = await call(server.url, '/v1/webhooks', { body });
  assert.ok(text.length < 4_000, `${text.length}`);
});
