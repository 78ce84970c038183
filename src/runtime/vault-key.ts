/**
 * Where the vault's key comes from and how a wrong one is noticed before anything is touched. The key is the setting,
 * or a file in the data directory made at the first start. `encryption.json` beside it holds a sealed constant: the proof
 * that a key is the one this installation was sealed with.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createFileAtomically, readFileIfPresent, writeFileAtomically } from './data-directory.ts';
import { OperatorError } from './operator-error.ts';
import { parseKey } from './setting-values.ts';
import { createVault, VaultError } from './vault.ts';
import type { Vault } from './vault.ts';

const keyFileName = 'encryption.key';
const proofFileName = 'encryption.json';
const proofText = 'assetwire';
const proofPlace = 'encryption.json';

export type OpenedVault = {
  readonly vault: Vault;
  /** `generated` only at the start that made it. */
  readonly source: 'setting' | 'file' | 'generated';
};

/**
 * Opens the vault of an installation. Refuses a key that is missing, unreadable by rights, or not the one that this
 * data directory was sealed with. Makes key and proof at the first start, unless `create` is false. Where processes share
 * a store, what they sealed lies there and so does the proof (`shared`): a directory of one of them proves nothing.
 */
export function openVault(options: {
  readonly dataDir: string;
  readonly keys: readonly Uint8Array[] | null;
  readonly create?: boolean;
  readonly shared?: boolean;
}): OpenedVault {
  const { dataDir, keys: given, create = true, shared = false } = options;
  const { keys, source } = given === null ? fileKeys(dataDir, create) : { keys: given, source: 'setting' as const };
  const vault = createVault(keys);
  if (!shared) checkProof(dataDir, vault, create);
  return { vault, source };
}

function fileKeys(dataDir: string, create: boolean): { keys: Uint8Array[]; source: 'file' | 'generated' } {
  const path = join(dataDir, keyFileName);
  const text = readFileIfPresent(path);
  if (text !== null) return { keys: [readKey(path, text)], source: 'file' };
  refuseWhereDataExists(dataDir, path);
  if (!create) throw missing(`there is none at ${path}`);
  const made = createFileAtomically(path, `${randomBytes(32).toString('base64')}\n`);
  const kept = readFileIfPresent(path);
  if (kept === null) throw missing(`${path} vanished while it was made`);
  return { keys: [readKey(path, kept)], source: made ? 'generated' : 'file' };
}

function readKey(path: string, text: string): Uint8Array {
  const mode = statSync(path).mode & 0o777;
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new OperatorError(
      'encryption_key',
      `Encryption key must be readable by its owner only: ${path} has mode ${mode.toString(8).padStart(4, '0')}`,
      { mend: `chmod 600 ${path}; if others could have read it, change the key` },
    );
  }
  const key = parseKey(text.trim());
  if (key === null) {
    throw new OperatorError(
      'encryption_key',
      `Encryption key must be 32 bytes as base64 or hex: ${path} holds ${text.trim().length} other characters`,
      { mend: 'Restore the file from a backup; without it the sealed secrets cannot be opened' },
    );
  }
  return key;
}

/** A new key over old data would make every sealed secret unreadable, so a lost key is an error and not a first start. */
function refuseWhereDataExists(dataDir: string, path: string): void {
  const old = readdirSync(dataDir).find((name) => name === proofFileName || /\.(db|sqlite3?)$/.test(name));
  if (old !== undefined) throw missing(`${path} is gone, but ${old} is there and holds what it sealed`);
}

function missing(found: string): OperatorError {
  return new OperatorError('encryption_key', `Encryption key must be there: ${found}`, {
    mend: 'Restore the file from a backup, or set ASSETWIRE_ENCRYPTION_KEY to the key that was used',
  });
}

type Proof = { readonly sealed: string };

function checkProof(dataDir: string, vault: Vault, create: boolean): void {
  const path = join(dataDir, proofFileName);
  const text = readFileIfPresent(path);
  if (text === null) {
    if (!create || writeFirstProof(path, vault)) return;
    return checkProof(dataDir, vault, false);
  }
  const { sealed } = readProof(path, text);
  try {
    if (vault.open(sealed, proofPlace) !== proofText) throw new VaultError('not_authentic', 'Proof holds another text');
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    throw new OperatorError(
      'encryption_key',
      `Encryption key must be the one this data directory was sealed with (key ${vault.keyIdOf(sealed) ?? 'unknown'}): found key ${vault.keyId}`,
      { mend: 'Set ASSETWIRE_ENCRYPTION_KEY to the former key; to change it, give both: new,former', cause: error },
    );
  }
  if (create && vault.keyIdOf(sealed) !== vault.keyId) writeFileAtomically(path, proofOf(vault));
}

function writeFirstProof(path: string, vault: Vault): boolean {
  return createFileAtomically(path, proofOf(vault));
}

function proofOf(vault: Vault): string {
  const proof: Proof = { sealed: vault.seal(proofText, proofPlace) };
  return `${JSON.stringify(proof)}\n`;
}

function readProof(path: string, text: string): Proof {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'sealed' in parsed && typeof parsed.sealed === 'string') {
      return { sealed: parsed.sealed };
    }
  } catch (error) {
    throw unreadableProof(path, error);
  }
  throw unreadableProof(path, undefined);
}

function unreadableProof(path: string, cause: unknown): OperatorError {
  return new OperatorError('encryption_key', `Proof of the encryption key must be readable: ${path} is not`, {
    mend: 'Restore the file from a backup',
    cause,
  });
}
