import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AssetwireError } from '../core/errors.ts';
import { parseTarget, readTarget } from './target.ts';

const codeOf = (input: string): string => {
  const reading = readTarget(input);
  return reading.ok ? `accepted as ${reading.target.url}` : reading.problem.code;
};
const refusedAs = (code: string, ...inputs: readonly string[]): void => {
  for (const input of inputs) assert.equal(codeOf(input), code, JSON.stringify(input));
};
const hostOf = (input: string): string => parseTarget(input).hostname;

describe('reading a target', () => {
  it('gives every part of it', () => {
    assert.deepEqual(parseTarget('https://Receiver.Example.COM.:8443/a%20b/c?d=e&f'), {
      url: 'https://receiver.example.com:8443/a%20b/c?d=e&f',
      scheme: 'https',
      origin: 'https://receiver.example.com:8443',
      hostname: 'receiver.example.com',
      literal: false,
      port: 8443,
      path: '/a%20b/c?d=e&f',
    });
    assert.deepEqual(parseTarget('http://[2606:4700::0001]'), {
      url: 'http://[2606:4700::1]/',
      scheme: 'http',
      origin: 'http://[2606:4700::1]',
      hostname: '2606:4700::1',
      literal: true,
      port: 80,
      path: '/',
    });
  });

  it('SU-01 numeric spellings become the address they mean', () => {
    for (const host of ['2130706433', '0x7f000001', '0177.0.0.1', '127.1', '0x7f.1', '127.0.0.1.']) {
      assert.equal(hostOf(`http://${host}/`), '127.0.0.1', host);
      assert.equal(parseTarget(`http://${host}/`).literal, true, host);
    }
    assert.equal(hostOf('http://0/'), '0.0.0.0');
  });

  it('SU-02 octal octets become the address they mean', () =>
    assert.equal(hostOf('http://0300.0250.0.1/'), '192.168.0.1'));

  it('SU-03 folded Unicode becomes the address or name it means', () => {
    assert.equal(hostOf('http://①②⑦.⓪.⓪.①/'), '127.0.0.1');
    assert.equal(hostOf('http://127。0。0。1/'), '127.0.0.1');
    assert.equal(hostOf('http://ⓛocalhost/'), 'localhost');
  });

  it('SU-04 percent-encoded hosts are decoded before they are judged', () =>
    assert.equal(hostOf('http://%31%32%37.0.0.1/'), '127.0.0.1'));

  it('SU-05 a trailing dot is gone before names are compared', () => {
    assert.equal(hostOf('http://localhost./'), 'localhost');
    assert.equal(hostOf('http://LOCALHOST/'), 'localhost');
  });

  it('SU-07 userinfo and backslashes cannot disguise the host', () => {
    refusedAs('credentials_in_url', 'http://example.com@127.0.0.1/', 'http://@127.0.0.1/');
    refusedAs('target_malformed', 'http://127.0.0.1:80\\@example.com/', 'http://example.com\\.evil.com/');
  });

  it('SU-08 credentials are refused, and not repeated in the error', () => {
    refusedAs('credentials_in_url', 'http://user:pass@example.com/', 'https://token@example.com/');
    assert.throws(
      () => parseTarget('http://user:hunter2@example.com/'),
      (error) =>
        error instanceof AssetwireError &&
        error.code === 'credentials_in_url' &&
        !JSON.stringify({ ...error, m: error.message }).includes('hunter2'),
    );
  });

  it('SU-09 control characters, tabs, newlines and encoded NULs are refused, never removed', () => {
    refusedAs(
      'target_malformed',
      'http://exa\tmple.com/',
      'http://example.com\r\nX: y/',
      'http://exam\nple.com/',
      'http://example.com/\0',
    );
    refusedAs(
      'target_malformed',
      'http://127.0.0.1%00.example.com/',
      'http://example.com/\x7f',
      'http://example.com/\x85',
    );
  });

  it('SU-10 only http:// and https:// written out are accepted', () => {
    refusedAs(
      'target_scheme',
      'http:127.0.0.1',
      '//127.0.0.1',
      ' http://127.0.0.1',
      'http:/127.0.0.1',
      'HTTP://127.0.0.1',
      '',
      'example.com',
    );
    refusedAs('target_malformed', 'http:///127.0.0.1', 'https://', 'https:///', 'http://?x', 'http:////127.0.0.1');
  });

  it('SU-11 no other scheme', () => {
    refusedAs(
      'target_scheme',
      'file:///etc/passwd',
      'ftp://h.example/',
      'gopher://h.example/',
      'dict://h.example/',
      'data:text/plain,x',
    );
    refusedAs(
      'target_scheme',
      'javascript:alert(1)',
      'ws://h.example/',
      'unix:/run/x',
      'http+unix://x/',
      'https+x://h/',
    );
  });

  it('SU-12 zone ids are refused', () => {
    refusedAs('target_malformed', 'https://[fe80::1%25eth0]/', 'https://[fe80::1%lo]/', 'https://fe80::1%lo/');
  });

  it('SU-13 impossible hosts are refused without a crash', () => {
    refusedAs('target_malformed', 'http://256.256.256.256/', 'http://1.2.3.4.5/', `http://${'a'.repeat(300)}.example/`);
    refusedAs(
      'target_malformed',
      `http://${'a.'.repeat(130)}example/`,
      'http://a..b/',
      'http://.a.example/',
      'http://a.example../',
      'http://./',
    );
    refusedAs(
      'target_malformed',
      'http://*.example.com/',
      'http://a,b.example/',
      'http://[::1',
      'http://[::g]/',
      "http://a'b.example/",
    );
    assert.equal(hostOf(`http://${'a'.repeat(63)}.example/`), `${'a'.repeat(63)}.example`);
  });

  it('SU-14 impossible ports are refused', () => {
    refusedAs(
      'target_malformed',
      'https://h.example:65536/',
      'https://h.example:-1/',
      'https://h.example:https/',
      'https://h.example:80:90/',
    );
  });

  it('SU-15 a host of other scripts is stored and shown as punycode', () => {
    assert.equal(parseTarget('https://🔐.example.com/').url, 'https://xn--jv8h.example.com/');
    assert.match(parseTarget('https://аpple.com/').url, /^https:\/\/xn--/);
  });

  it('SU-16 2,048 characters are accepted and 2,049 refused; a fragment is refused; the path stays byte for byte', () => {
    const head = 'https://h.example/';
    assert.equal(parseTarget(head + 'a'.repeat(2_048 - head.length)).path.length, 2_048 - head.length + 1);
    refusedAs(
      'target_malformed',
      head + 'a'.repeat(2_049 - head.length),
      'https://h.example/#x',
      'https://h.example/x#',
    );
    for (const path of [
      '/%0d%0aX:y',
      '/v%2e%2e1/x',
      '/a%2Fb',
      '/a//b',
      '/?',
      '/?a=%2e%2e&b=c+d',
      '/%E2%82%AC',
      '/a;b=c',
      "/~!$&'()*+,=:@",
    ]) {
      assert.equal(parseTarget(`https://h.example${path}`).path, path);
    }
  });

  it('SU-17 a space or line break in the path is refused', () =>
    refusedAs('target_malformed', 'https://h.example/a b', 'https://h.example/a\r\nX: y'));

  it('SU-18 every spelling of one URL has one canonical form', () => {
    const spellings = [
      'https://receiver.example/hook',
      'https://RECEIVER.example/hook',
      'https://receiver.EXAMPLE/hook',
      'https://receiver.example./hook',
      'https://receiver.example:443/hook',
      'https://receiver.example.:443/hook',
      'https://receiver.example/./hook',
      'https://receiver.example/a/../hook',
      'https://receiver.example/%2e/hook',
      'https://receiver.example/a/%2E%2e/hook',
      'https://rec%65iver.example/hook',
      'https://ｒeceiver.example/hook',
    ];
    assert.deepEqual([...new Set(spellings.map((url) => parseTarget(url).url))], ['https://receiver.example/hook']);
  });

  it('is stable: reading what it wrote gives the same target, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl(),
          fc.string({ unit: 'binary', maxLength: 60 }).map((text) => `https://${text}`),
        ),
        (input) => {
          const reading = readTarget(input);
          if (reading.ok) assert.deepEqual(readTarget(reading.target.url), reading);
        },
      ),
      { numRuns: 2_000, verbose: true },
    );
  });
});
