import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { checkHeaders, createHeaderGate, type Header } from './headers.ts';

const refusedAs = (code: string, headers: readonly Header[], rules?: Parameters<typeof checkHeaders>[1]): void =>
  assert.throws(
    () => checkHeaders(headers, rules),
    (error) => error instanceof AssetwireError && error.code === code,
    JSON.stringify(headers).slice(0, 80),
  );

describe('custom headers, when they are configured', () => {
  it('HX-01 values with line breaks, NUL, control characters or anything beyond ASCII are refused', () => {
    for (const value of ['a\r\nX-Injected: 1', 'a\nb', 'a\rb', 'a\0b', 'Ċ', '\x7f', '\x1b[31m', 'a\u2028b'])
      refusedAs('header_value', [['x-a', value]]);
  });

  it('HX-02 names that are no token, empty or too long are refused', () => {
    for (const name of ['X\r\nB', 'X A', '', ':authority', 'a'.repeat(300), 'x:y', 'ü', 'a(b)', 'a"b', 'x\0'])
      refusedAs('header_name', [[name, 'v']]);
    checkHeaders([["!#$%&'*+.^_`|~0aZ-", 'v']]);
  });

  it('HX-03 what belongs to HTTP itself is reserved, in any case', () => {
    const names = [
      'Host',
      'Content-Length',
      'Transfer-Encoding',
      'Connection',
      'Upgrade',
      'Expect',
      'TE',
      'Trailer',
      'Keep-Alive',
    ];
    for (const name of [...names, 'Proxy-Authorization', 'proxy-connection']) {
      refusedAs('header_reserved', [[name, 'v']]);
      refusedAs('header_reserved', [[name.toUpperCase(), 'v']]);
    }
  });

  it('HX-04 signed metadata and the description of the body cannot be overridden, in any case', () => {
    for (const name of [
      'webhook-id',
      'Webhook-Signature',
      'WEBHOOK-TIMESTAMP',
      'svix-id',
      'assetwire-delivery-id',
      'ce-id',
      'Content-Type',
      'User-Agent',
    ]) {
      refusedAs('header_reserved', [[name, 'v']]);
    }
    refusedAs('header_reserved', [['X-Vendor-Signature', 'v']], { reserved: ['x-vendor-signature'] });
    checkHeaders([['x-vendor-signature', 'v']]);
  });

  it('HX-05 Authorization is refused beside credentials, and no name may come twice', () => {
    checkHeaders([['Authorization', 'Bearer x']]);
    refusedAs('header_reserved', [['AUTHORIZATION', 'Bearer x']], { authorization: true });
    refusedAs('header_name', [
      ['x-a', '1'],
      ['X-A', '2'],
    ]);
  });

  it('HX-06 32 headers and 8 KiB are accepted, one more is not', () => {
    const many = Array.from({ length: 33 }, (_, index): Header => [`x-${index}`, 'v']);
    checkHeaders(many.slice(0, 32));
    refusedAs('header_value', many);
    checkHeaders([['x-long', 'v'.repeat(8_192 - 10)]]);
    refusedAs('header_value', [['x-long', 'v'.repeat(8_192 - 9)]]);
  });

  it('HX-07 latin-1 is refused rather than sent as bytes that receivers read differently', () =>
    refusedAs('header_value', [['x-a', 'é']]));

  it('spaces at either end are refused, since receivers strip them', () => {
    refusedAs('header_value', [['x-a', ' v']]);
    refusedAs('header_value', [['x-a', 'v\t']]);
    checkHeaders([
      ['x-a', 'a b\tc'],
      ['x-empty', ''],
    ]);
  });
});

describe('every header, on the way out', () => {
  it('lets the message’s own headers pass and stops what would break the framing', () => {
    const gate = createHeaderGate();
    assert.equal(
      gate([
        ['content-type', 'application/json'],
        ['webhook-id', 'x'],
        ['user-agent', 'Assetwire/1'],
      ]),
      null,
    );
    assert.equal(gate([['Content-Length', '3']])?.code, 'header_reserved');
    assert.equal(gate([['HOST', 'evil.example']])?.code, 'header_reserved');
    assert.equal(gate([['x y', '3']])?.code, 'header_name');
    assert.equal(gate([['x-y', '3\r\nz: 1']])?.code, 'header_value');
    assert.equal(gate([['x-y', 'é']])?.code, 'header_value');
  });
});
