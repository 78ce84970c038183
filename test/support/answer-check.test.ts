import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApiDocument } from '../../src/api/openapi.ts';
import { allRoutes } from '../../src/api/testing/test-server.ts';
import { createAnswerCheck, type OpenApi, type SeenAnswer } from './answer-check.ts';

const document: OpenApi = JSON.parse(JSON.stringify(openApiDocument(allRoutes(), { version: '1', url: 'http://x' })));
const check = createAnswerCheck(document);
const json = 'application/json; charset=utf-8';
const problem = (code: string, status: number): SeenAnswer => ({
  method: 'GET',
  path: '/v1/assets',
  status,
  contentType: 'application/problem+json',
  text: JSON.stringify({
    type: `urn:assetwire:error:${code}`,
    title: 't',
    status,
    code,
    detail: 'Do it: it was not',
    mend: 'Do it in another way',
    requestId: 'rq_1',
  }),
});

test('answers as the document states them are taken', () => {
  const list: SeenAnswer = {
    method: 'GET',
    path: '/v1/webhooks?limit=1',
    status: 200,
    contentType: json,
    text: '{"data":[],"nextCursor":null}',
  };
  assert.deepEqual(check.problemsOf(list), []);
  assert.deepEqual(check.problemsOf({ ...list, path: '/livez', text: '{"live":true}' }), []);
  assert.deepEqual(check.problemsOf(problem('invalid_cursor', 422)), []);
  assert.deepEqual(check.problemsOf({ ...problem('not_found', 404), path: '/v1/nothing' }), []);
  assert.deepEqual(
    check.problemsOf({ ...list, path: '/page/password.js', text: 'x', contentType: 'text/javascript' }),
    [],
  );
});

test('every way to differ from the document is found', () => {
  const list: SeenAnswer = {
    method: 'GET',
    path: '/v1/webhooks',
    status: 200,
    contentType: json,
    text: '{"data":[],"nextCursor":null}',
  };
  for (const [answer, found] of [
    [{ ...list, text: '{"data":[]}' }, /nextCursor/],
    [{ ...list, text: '{"data":[{"id":"x"}],"nextCursor":null}' }, /does not fit/],
    [{ ...list, text: '{"data":[],"nextCursor":null,"stack":"at x.ts:1"}' }, /additional/],
    [{ ...list, text: '<html>' }, /no JSON/],
    [{ ...list, contentType: 'text/html' }, /type "text\/html"/],
    [{ ...list, status: 299 }, /not stated/],
    [{ ...list, method: 'DELETE', path: '/v1/assets/ast_1', status: 204 }, /states no body/],
    [{ ...list, path: '/v1/nothing' }, /no operation/],
    [problem('upload_malformed', 422), /does not fit/],
    [{ ...problem('invalid_cursor', 422), text: '{"code":"invalid_cursor"}' }, /does not fit/],
    [{ ...problem('unauthenticated', 401), headers: {} }, /lacks the header WWW-Authenticate/],
    [{ ...problem('conflict', 409), path: '/v1/webhooks' }, /not stated/],
  ] as const)
    assert.match(check.problemsOf(answer).join(), found, JSON.stringify(answer));
});

test('fixed parts of a path win over parameters', () => {
  assert.equal(check.operationAt('GET', '/v1/changes/stream?cursor=1')?.operation['operationId'], 'streamChanges');
  assert.equal(check.operationAt('GET', '/v1/changes/chg_1')?.operation['operationId'], 'getChange');
  assert.equal(check.operationAt('PUT', '/v1/changes/chg_1'), undefined);
});
