/**
 * A webhook's secrets: one row beside the webhook's, each secret sealed to its place (workspace, row, name, version), so
 * that a ciphertext moved to another row or tenant does not open (HARDENING SG-13, SG-14). A rotation puts a new version
 * in front; the former one signs on until its overlap ends.
 */
import { maskSecret } from '../core/secret.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import type { AppDeps } from './dependencies.ts';

/** Versions of one secret in force at once: the present one and two former ones (SG-08). */
export const activeVersionsMax = 3;

export type SecretEntry = {
  readonly name: string;
  readonly version: number;
  readonly sealed: string;
  readonly masked: string;
  /** The half that receivers may know, where there is one. */
  readonly publicKey?: string;
  readonly createdAtMs: number;
  /** Null: in force until replaced. */
  readonly expiresAtMs: number | null;
};

/** A secret to be put away. */
export type NewSecret = { readonly name: string; readonly value: string; readonly publicKey?: string };

type Vault = AppDeps['vault'];

export function secretKey(workspaceId: string, webhookId: string): ResourceKey {
  return { workspaceId, type: 'secret', id: webhookId };
}

/** Newest first within each name. */
export function secretEntries(row: Pick<Resource, 'state'> | null | undefined): readonly SecretEntry[] {
  return (row?.state['entries'] ?? []) as unknown as readonly SecretEntry[];
}

/** Where secrets lie, and what lies there. */
export type SecretPlace = {
  readonly vault: Vault;
  readonly key: ResourceKey;
  readonly entries: readonly SecretEntry[];
};
export type Overlap = { readonly atMs: number; readonly overlapMs: number };

/**
 * The entries with these secrets in front, each replacing what had its name, which stays in force for `overlapMs`.
 * `dropped`: how many had to go before their overlap ended.
 */
export function withSecrets(
  { vault, key, entries }: SecretPlace,
  added: readonly NewSecret[],
  { atMs, overlapMs }: Overlap,
): { readonly entries: readonly SecretEntry[]; readonly dropped: number } {
  let kept = entries.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > atMs);
  let dropped = 0;
  for (const secret of added) {
    const former = kept.filter(({ name }) => name === secret.name);
    const version =
      Math.max(0, ...entries.filter(({ name }) => name === secret.name).map((entry) => entry.version)) + 1;
    const overlapping = overlapMs > 0 ? former.map((entry) => ending(entry, atMs + overlapMs)) : [];
    dropped += Math.max(0, overlapping.length - (activeVersionsMax - 1));
    const present: SecretEntry = {
      name: secret.name,
      version,
      sealed: vault.seal(secret.value, secretPlace(key, secret.name, version)),
      masked: maskSecret(secret.value),
      ...(secret.publicKey === undefined ? {} : { publicKey: secret.publicKey }),
      createdAtMs: atMs,
      expiresAtMs: null,
    };
    kept = [
      ...kept.filter(({ name }) => name !== secret.name),
      present,
      ...overlapping.slice(0, activeVersionsMax - 1),
    ];
  }
  return { entries: kept, dropped };
}

/** An earlier end stays where there was one: rotating again does not prolong what is on its way out. */
function ending(entry: SecretEntry, atMs: number): SecretEntry {
  return { ...entry, expiresAtMs: entry.expiresAtMs === null ? atMs : Math.min(entry.expiresAtMs, atMs) };
}

/** Opens one secret. Throws where it does not lie where it was sealed. */
export function openEntry(vault: Vault, key: ResourceKey, entry: SecretEntry): string {
  return vault.open(entry.sealed, secretPlace(key, entry.name, entry.version));
}

/** The write of the row; deletes it where nothing is left. */
export function secretWrite(key: ResourceKey, row: Resource | null, entries: readonly SecretEntry[]): ResourceWrite {
  return {
    type: 'secret',
    id: key.id,
    expectedVersion: row?.version ?? 0,
    state: { entries },
  };
}

/** Where a secret of a webhook is sealed to. */
export function secretPlace(
  { workspaceId, id }: Pick<ResourceKey, 'workspaceId' | 'id'>,
  name: string,
  version: number,
): string {
  return `${workspaceId} secret ${id} ${name} ${version}`;
}
