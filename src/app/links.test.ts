import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LinkTarget, linkToken, readLink } from './links.ts';

const key = Buffer.alloc(32, 7);
const target: LinkTarget = { workspaceId: 'default', assetId: 'ast_1', part: { kind: 'content' }, expiresAtMs: 1_000 };

/** Every other spelling that base64url decodes to the same bytes: the last character has bits to spare. */
function otherSpellings(text: string): readonly string[] {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const bytes = Buffer.from(text, 'base64url');
  return [...alphabet, '=', ' ']
    .flatMap((last) => [`${text.slice(0, -1)}${last}`, `${text}${last}`])
    .filter((other) => other !== text && Buffer.from(other, 'base64url').equals(bytes));
}

test('UP-19 a link has one spelling, one key, one end; of what was altered nothing is read', () => {
  const token = linkToken(target, key);
  assert.deepEqual(readLink(token, key, 999), target);
  assert.equal(readLink(token, key, 1_000), null, 'its time is over');
  assert.equal(readLink(token, Buffer.alloc(32, 8), 999), null);
  const [payload = '', mac = ''] = token.split('.');
  const others = [
    ...otherSpellings(payload).map((other) => `${other}.${mac}`),
    ...otherSpellings(mac).map((other) => `${payload}.${other}`),
  ];
  assert.ok(others.length > 10);
  for (const other of others) assert.equal(readLink(other, key, 999), null, other);
  for (let at = 0; at < token.length; at += 1) {
    const altered = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
    assert.equal(readLink(altered, key, 999), null, altered);
  }
});
