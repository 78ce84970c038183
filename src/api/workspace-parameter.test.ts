import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { takeWorkspaceParameter } from './workspace-parameter.ts';

function asked(url: string, { method = 'GET', ...headers }: { readonly [name: string]: string } = { cookie: 'a=b' }) {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { url, method, headers: { ...headers } });
  takeWorkspaceParameter(request);
  return [request.url, request.headers['assetwire-workspace']];
}

test('a browser names its workspace in the address, wherever the parameter stands', () => {
  assert.deepEqual(asked('/v1/a?assetwire-workspace=press'), ['/v1/a', 'press']);
  assert.deepEqual(asked('/v1/a?assetwire-workspace=press&b=1'), ['/v1/a?b=1', 'press']);
  assert.deepEqual(asked('/v1/a?b=1&assetwire-workspace=press'), ['/v1/a?b=1', 'press']);
  assert.deepEqual(asked('/v1/a?b=1&assetwire-workspace=press&c=2'), ['/v1/a?b=1&c=2', 'press']);
});

test('writes, programs with a key, and names that are none are left as they are', () => {
  const url = '/v1/a?assetwire-workspace=press';
  assert.deepEqual(asked(url, { cookie: 'a=b', method: 'POST' }), [url, undefined]);
  assert.deepEqual(asked(url, { cookie: 'a=b', authorization: 'Bearer x' }), [url, undefined]);
  assert.deepEqual(asked(url, {}), [url, undefined]);
  assert.deepEqual(asked('/v1/a?assetwire-workspace=No!'), ['/v1/a?assetwire-workspace=No!', undefined]);
  assert.deepEqual(asked(url, { cookie: 'a=b', 'assetwire-workspace': 'other' }), [url, 'other']);
});
