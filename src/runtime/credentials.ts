/**
 * How the command line finds the server on the same machine: `credentials.json` in the data directory names the address
 * and the key, the key sealed with the vault, so that a copy of the data directory without the encryption key tells
 * nothing and no key lies anywhere in plain.
 */
import { join } from 'node:path';
import { readFileIfPresent, writeFileAtomically } from './data-directory.ts';
import { VaultError } from './vault.ts';
import type { Vault } from './vault.ts';

export type Credentials = { readonly url: string; readonly key: string | null };

const fileName = 'credentials.json';
const place = 'credentials.json';

/** Writes the address of this start; a key that is not given is kept as it was. */
export function writeCredentials(dataDir: string, vault: Vault, { url, key }: Credentials): void {
  const kept = key ?? readCredentials(dataDir, vault)?.key ?? null;
  const content = { url, key: kept === null ? null : vault.seal(kept, place) };
  writeFileAtomically(join(dataDir, fileName), `${JSON.stringify(content, null, 2)}\n`);
}

/** The credentials, or null where there are none that can be used. */
export function readCredentials(dataDir: string, vault: Vault): Credentials | null {
  const text = readFileIfPresent(join(dataDir, fileName));
  if (text === null) return null;
  const parsed = parse(text);
  if (parsed === null) return null;
  try {
    return { url: parsed.url, key: parsed.key === null ? null : vault.open(parsed.key, place) };
  } catch (error) {
    if (error instanceof VaultError) return { url: parsed.url, key: null };
    throw error;
  }
}

function parse(text: string): Credentials | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('url' in value) || typeof value.url !== 'string') return null;
    return { url: value.url, key: 'key' in value && typeof value.key === 'string' ? value.key : null };
  } catch {
    return null;
  }
}
