/**
 * Signing keys of a workspace as resources: a row for each key, sealed to its place, and one row per name that says which
 * of them signs. Whoever is told a key's id in a message finds its certificate by the alias of its row.
 */
import { encodeId } from '../core/id-encoding.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource, ResourceKey } from '../storage/contract/resources.ts';

/**
 * How long a key that no longer signs what is new is kept: what was signed with it may still be tried (23 days to a
 * queue), and sent again by hand for 30 days after that, in the same bytes.
 */
export const formerKeptMs = 60 * 24 * 3_600_000;

export type StoredSigningKey = {
  readonly name: string;
  readonly algorithm: 'rsa-2048';
  readonly certificatePem: string;
  readonly sealed: string;
  /** Null: it signs. */
  readonly retiredAtMs: number | null;
};

/** Which key of a name signs, and which did. */
export type KeyRing = { readonly present: string; readonly former: readonly string[] };

export function ringKey(workspaceId: string, name: string): ResourceKey {
  return { workspaceId, type: 'signing_key', id: `ring:${name}` };
}

export function signingKeyKey(workspaceId: string, id: string): ResourceKey {
  return { workspaceId, type: 'signing_key', id };
}

export function storedRing(row: Pick<Resource, 'state'>): KeyRing {
  return row.state as unknown as KeyRing;
}

export function storedSigningKey(row: Pick<Resource, 'state'>): StoredSigningKey {
  return row.state as unknown as StoredSigningKey;
}

export function signingKeyState(key: StoredSigningKey): JsonObject {
  return { ...key };
}

/** Where the private half is sealed to. */
export function sealingPlace({ workspaceId, id }: Pick<ResourceKey, 'workspaceId' | 'id'>): string {
  return `${workspaceId} signing_key ${id}`;
}

/** What the name of its certificate's file is made of. */
export function certificateAlias(id: string): string {
  return encodeId(id, 'hex');
}

export function isKept({ retiredAtMs }: StoredSigningKey, nowMs: number): boolean {
  return retiredAtMs === null || nowMs < retiredAtMs + formerKeptMs;
}
