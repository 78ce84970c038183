import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { liesIn, normalFolderPath, readFolderPath } from './folder-path.ts';
import { limits } from './limits.ts';

test('One folder has one spelling: slashes are not repeated, none is at the end, accents are composed', () => {
  const spellings: readonly (readonly [string, string])[] = [
    ['/', '/'],
    ['//', '/'],
    ['///a', '/a'],
    ['/a/', '/a'],
    ['/a//b///', '/a/b'],
    ['/Bu\u0308cher', '/B\u00fccher'],
    ['/2026.11/v1..2/…', '/2026.11/v1..2/…'],
    ['/Müller & Söhne/Ordner mit Leerzeichen', '/Müller & Söhne/Ordner mit Leerzeichen'],
    ['/👩‍👩‍👧', '/👩‍👩‍👧'],
    ['/.hidden', '/.hidden'],
    ['/...', '/...'],
    ['/a /b ', '/a /b '],
  ];
  for (const [given, path] of spellings) assert.deepEqual(readFolderPath(given), { path }, given);
});

test('UP-11 paths that climb, are relative, hold control characters or are too long are refused and say why', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /absolute/],
    ['a', /absolute/],
    ['a/b', /absolute/],
    ['./a', /absolute/],
    ['C:\\x', /absolute/],
    ['\\\\server\\share', /absolute/],
    ['/a/../../b', /without \. and \.\./],
    ['/..', /without \. and \.\./],
    ['/a/./b', /without \. and \.\./],
    ['/.', /without \. and \.\./],
    ['/a\\..\\b', /separated by \//],
    ['/a\u0000b', /control/],
    ['/a\nb', /control/],
    ['/a\u0085b', /control/],
    ['/a\u2028b', /control/],
    ['/a/ /b', /blank/],
    ['/a/\u00a0', /blank/],
    [`/${'a'.repeat(256)}`, /255 bytes/],
    [`/${'ü'.repeat(128)}`, /255 bytes/],
    [`/${'a/'.repeat(65)}`, /64 folders/],
    [`/${'abcdefghi/'.repeat(100)}`, /1000 characters/],
  ];
  for (const [given, wanted] of refused) {
    const read = readFolderPath(given);
    assert.ok(read.path === null, given);
    assert.match(read.wanted, wanted, given);
    assert.doesNotMatch(read.found, /[\p{Cc}\u2028]/u, 'what is shown is safe to show');
  }
  assert.ok(readFolderPath(`/${'a/'.repeat(64)}`).path !== null);
  assert.ok(readFolderPath(`/${'a'.repeat(255)}`).path !== null);
});

test('What is read twice is the same, is absolute and climbs nowhere, whatever was given', () => {
  const parts = fc.constantFrom(
    '/',
    '.',
    '..',
    'a',
    ' ',
    'ü',
    'u\u0308',
    '\\',
    '\u0000',
    'folder name',
    '\t',
    '-',
    '…',
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 30 }), (given) => {
      const read = readFolderPath(given.join(''));
      if (read.path === null) return;
      assert.deepEqual(readFolderPath(read.path), read);
      assert.ok(read.path.startsWith('/'));
      assert.ok(read.path === '/' || !read.path.endsWith('/'));
      assert.ok(!/\/\/|\/\.{1,2}(\/|$)|[\p{Cc}\\]/u.test(read.path), read.path);
      assert.ok(read.path.length <= limits.folderPathCharactersMax);
    }),
    { numRuns: 2_000 },
  );
});

test('A folder holds itself and what is below it, not what only begins alike', () => {
  assert.ok(liesIn('/a', '/') && liesIn('/', '/') && liesIn('/a', '/a') && liesIn('/a/b', '/a'));
  assert.ok(!liesIn('/ab', '/a') && !liesIn('/a', '/a/b') && !liesIn('/', '/a'));
  assert.equal(normalFolderPath('relative'), 'relative');
});
