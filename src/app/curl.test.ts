import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { curlCommand } from './curl.ts';

/** What a real shell hands to curl. */
function argumentsOf(command: string): readonly string[] {
  const script = `curl() { printf '%s\\0' "$@"; }\n${command}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

test('a shell hands curl the very url, headers and body, whatever is in them', () => {
  const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
  const line = text.filter((value) => value !== '');
  fc.assert(
    fc.property(text, line, line, (body, value, path) => {
      const url = `https://shop.example/${path}`;
      const command = curlCommand({ method: 'POST', url, headers: [['x-a', value]], body: Buffer.from(body) });
      assert.deepEqual(argumentsOf(command), [
        '--request',
        'POST',
        url,
        '--header',
        `x-a: ${value}`,
        '--data-raw',
        body,
      ]);
    }),
    { numRuns: 60 },
  );
});

test('a body that is no text, or a long one, is read from a file; an empty header is sent empty', () => {
  const given = { method: 'PUT', url: 'https://shop.example/', headers: [['x-empty', '']] as const };
  assert.match(curlCommand({ ...given, body: Uint8Array.of(0xff, 0) }), /--data-binary @body$/);
  assert.match(curlCommand({ ...given, body: Buffer.alloc(40_000, 'a') }), /--data-binary @body$/);
  assert.ok(argumentsOf(curlCommand({ ...given, body: Buffer.from('{}') })).includes('x-empty;'));
});
