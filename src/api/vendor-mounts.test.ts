import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { atRoot, vendorBase } from './vendor-mounts.ts';

const publicBase = 'https://dam.example.com/woodwing';

function asked(headers: IncomingMessage['headers']): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), { url: '/services/search', headers });
}

function base(headers: IncomingMessage['headers']): string {
  const request = asked(headers);
  atRoot('woodwing', (seen) => assert.equal(seen.url, '/woodwing/services/search'))(
    request,
    new ServerResponse(request),
  );
  return vendorBase(request, publicBase);
}

test('links on a port of its own lead to where the caller came from, by https where a proxy ended TLS', () => {
  assert.equal(base({ host: 'assets.example.com:8443' }), 'http://assets.example.com:8443');
  assert.equal(base({ host: 'assets.example.com', 'x-forwarded-proto': 'https' }), 'https://assets.example.com');
  assert.equal(base({ host: 'assets.example.com', 'x-forwarded-proto': 'javascript' }), 'http://assets.example.com');
  assert.equal(base({ host: 'x/y" z', 'x-forwarded-proto': 'https' }), publicBase);
});

test('elsewhere links lead to the public URL, whatever the caller says', () => {
  assert.equal(vendorBase(asked({ host: 'evil.example', 'x-forwarded-proto': 'http' }), publicBase), publicBase);
});
