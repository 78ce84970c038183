import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { readCredentials, writeCredentials } from './credentials.ts';
import { OperatorError } from './operator-error.ts';
import { createVault, VaultError } from './vault.ts';
import { openVault } from './vault-key.ts';

const keyOne = new Uint8Array(Buffer.alloc(32, 1));
const keyTwo = new Uint8Array(Buffer.alloc(32, 2));

function refusesWith(code: string, run: () => unknown): void {
  assert.throws(run, (error) => error instanceof VaultError && error.code === code);
}

function refusesKey(pattern: RegExp, run: () => unknown): void {
  assert.throws(
    run,
    (error) =>
      error instanceof OperatorError &&
      error.code === 'encryption_key' &&
      pattern.test(`${error.message} ${error.mend}`),
  );
}

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'assetwire-vault-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('SG-13 what is sealed opens again, and the secret is nowhere in it', () => {
  const vault = createVault([keyOne]);
  const secret = `whsec_${randomBytes(24).toString('base64')} äöü`;
  const sealed = vault.seal(secret, 'default/secret/1');
  assert.equal(vault.open(sealed, 'default/secret/1'), secret);
  const hidden = [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')];
  assert.equal(
    hidden.some((form) => sealed.includes(form)),
    false,
  );
  assert.equal(vault.open(vault.seal('', 'p'), 'p'), '');
});

test('SG-13 every sealing has a nonce of its own', () => {
  const vault = createVault([keyOne]);
  const seals = new Set(Array.from({ length: 1_000 }, () => vault.seal('same', 'place')));
  assert.equal(seals.size, 1_000);
});

test('SG-14 a text moved to another place, altered in any bit, or cut does not open', () => {
  const vault = createVault([keyOne]);
  const sealed = vault.seal('secret', 'tenant-a/1');
  refusesWith('not_authentic', () => vault.open(sealed, 'tenant-b/1'));
  const at = sealed.lastIndexOf('.') + 1;
  const bytes = Buffer.from(sealed.slice(at), 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const altered = Buffer.from(bytes);
    altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    refusesWith('not_authentic', () => vault.open(sealed.slice(0, at) + altered.toString('base64url'), 'tenant-a/1'));
  }
  for (const text of ['', 'secret', 'v1..x', sealed.slice(0, 30), `v2${sealed.slice(2)}`]) {
    refusesWith('malformed', () => vault.open(text, 'tenant-a/1'));
  }
});

test('SG-15 a rotated key seals, the former one still opens, a third does not', () => {
  const before = createVault([keyOne]).seal('secret', 'p');
  const rotated = createVault([keyTwo, keyOne]);
  assert.equal(rotated.open(before, 'p'), 'secret');
  assert.notEqual(rotated.keyIdOf(before), rotated.keyId);
  assert.equal(rotated.keyIdOf(rotated.seal('x', 'p')), rotated.keyId);
  refusesWith('unknown_key', () => createVault([keyTwo]).open(before, 'p'));
  assert.equal(rotated.keyIdOf('nonsense'), null);
});

test('SG-15 the first start makes a key for the owner alone, and the next one finds it', (t) => {
  const dataDir = directory(t);
  const first = openVault({ dataDir, keys: null });
  assert.equal(first.source, 'generated');
  assert.equal(statSync(join(dataDir, 'encryption.key')).mode & 0o777, 0o600);
  const sealed = first.vault.seal('secret', 'p');
  const second = openVault({ dataDir, keys: null });
  assert.equal(second.source, 'file');
  assert.equal(second.vault.open(sealed, 'p'), 'secret');
  assert.deepEqual(readdirSync(dataDir).toSorted(), ['encryption.json', 'encryption.key'], 'nothing is left over');
});

test('SG-15 FO-05 a wrong key is refused at the start and nothing is overwritten', (t) => {
  const dataDir = directory(t);
  openVault({ dataDir, keys: [keyOne] });
  const proof = readFileSync(join(dataDir, 'encryption.json'), 'utf8');
  refusesKey(/sealed with \(key [0-9a-f]{16}\): found key [0-9a-f]{16}.*new,former/, () =>
    openVault({ dataDir, keys: [keyTwo] }),
  );
  assert.equal(readFileSync(join(dataDir, 'encryption.json'), 'utf8'), proof);
  openVault({ dataDir, keys: [keyTwo, keyOne] });
  assert.equal(openVault({ dataDir, keys: [keyTwo] }).source, 'setting', 'after a rotation the new key is enough');
});

test('SG-15 where the store is shared, a directory proves nothing: a wrong key tried once does not bar the right one', (t) => {
  const dataDir = directory(t);
  openVault({ dataDir, keys: [randomBytes(32)], shared: true });
  assert.deepEqual(readdirSync(dataDir), []);
  openVault({ dataDir, keys: [randomBytes(32)] });
  openVault({ dataDir, keys: [randomBytes(32)], shared: true });
});

test('SG-15 a lost key is an error, not a first start', (t) => {
  const dataDir = directory(t);
  openVault({ dataDir, keys: null });
  rmSync(join(dataDir, 'encryption.key'));
  refusesKey(/gone.*Restore/, () => openVault({ dataDir, keys: null }));
  assert.equal(existsSync(join(dataDir, 'encryption.key')), false);
  const withDatabase = directory(t);
  writeFileSync(join(withDatabase, 'assetwire.db'), '');
  refusesKey(/assetwire\.db/, () => openVault({ dataDir: withDatabase, keys: null }));
});

test('SC-06 a key file that others may read is refused, with the command that mends it', (t) => {
  const dataDir = directory(t);
  openVault({ dataDir, keys: null });
  chmodSync(join(dataDir, 'encryption.key'), 0o644);
  refusesKey(/mode 0644.*chmod 600/, () => openVault({ dataDir, keys: null }));
});

test('SG-15 a damaged key or proof is told apart from a wrong one', (t) => {
  const dataDir = directory(t);
  openVault({ dataDir, keys: null });
  writeFileSync(join(dataDir, 'encryption.json'), '{');
  refusesKey(/Proof.*backup/, () => openVault({ dataDir, keys: null }));
  const other = directory(t);
  writeFileSync(join(other, 'encryption.key'), 'short', { mode: 0o600 });
  refusesKey(/32 bytes.*5 other/, () => openVault({ dataDir: other, keys: null }));
});

test('doctor looks without making anything', (t) => {
  const dataDir = directory(t);
  refusesKey(/there is none/, () => openVault({ dataDir, keys: null, create: false }));
  openVault({ dataDir, keys: [keyOne], create: false });
  assert.deepEqual(readdirSync(dataDir), []);
});

test('SG-13 credentials of the local command line lie sealed, and the key survives a change of address', (t) => {
  const dataDir = directory(t);
  const { vault } = openVault({ dataDir, keys: null });
  assert.equal(readCredentials(dataDir, vault), null);
  writeCredentials(dataDir, vault, { url: 'http://127.0.0.1:1', key: 'aw_secret' });
  writeCredentials(dataDir, vault, { url: 'http://127.0.0.1:2', key: null });
  assert.deepEqual(readCredentials(dataDir, vault), { url: 'http://127.0.0.1:2', key: 'aw_secret' });
  assert.equal(readFileSync(join(dataDir, 'credentials.json'), 'utf8').includes('aw_secret'), false);
  assert.equal(statSync(join(dataDir, 'credentials.json')).mode & 0o777, 0o600);
  assert.deepEqual(readCredentials(dataDir, createVault([keyTwo])), { url: 'http://127.0.0.1:2', key: null });
  writeFileSync(join(dataDir, 'credentials.json'), 'nonsense');
  assert.equal(readCredentials(dataDir, vault), null);
});
