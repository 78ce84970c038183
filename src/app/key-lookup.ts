/**
 * Keys by their digest, believed for a moment. What belongs to a key (whether its workspace is open, its grants, when it
 * was last used) is read with it; that it was used is written at most once in five minutes (HARDENING AK-14).
 */
import { LRUCache } from 'lru-cache';
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/contract/resources.ts';
import { type Caller, type Scope, scopes } from './app.ts';
import { commitOne } from './commit-one.ts';
import type { AppDeps } from './dependencies.ts';
import { grantSetKey, heldGrants } from './grant-sets.ts';
import type { WorkspaceState } from './people.ts';
import { sameText } from './same-text.ts';
import { workspaceState } from './workspace-state.ts';

/** How long a found key is believed without asking the store again: the bound on revocation in other processes. */
export const keyBelievedMs = 900;
/** How exact "last used" is. */
export const lastUsedStepMs = 5 * 60_000;

export const allScopes: ReadonlySet<Scope> = new Set(scopes);

export type StoredKey = {
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly admin: boolean;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** The id of the key that took its place; absent unless it was rotated. */
  readonly replacedBy?: string;
};

/** `caller` is made once per look-up, not once per request. */
export type FoundKey = {
  readonly key: StoredKey;
  readonly caller: Caller;
  readonly workspace: WorkspaceState;
  readonly checkedAtMs: number;
};

export interface KeyLookup {
  find(keyDigest: string): Promise<FoundKey | null>;
  forget(keyDigest: string | undefined): void;
  /** After a write to what anybody may do: grants are read with the key. */
  forgetAll(): void;
}

export function createKeyLookup(deps: Pick<AppDeps, 'storage' | 'clock' | 'logger'>): KeyLookup {
  const { storage, clock, logger } = deps;
  const found = new LRUCache<string, FoundKey>({ max: 10_000 });

  const used = async ({ workspaceId, id }: Resource, lastUsedAtMs: number): Promise<void> => {
    const atMs = clock.nowMs();
    if (atMs - lastUsedAtMs < lastUsedStepMs) return;
    const write = { type: 'key_use', id, expectedVersion: 'any', state: { lastUsedAtMs: atMs } } as const;
    await commitOne(storage, { workspaceId, atMs, resources: [write] });
  };

  return {
    forget: (keyDigest) => {
      if (keyDigest !== undefined) found.delete(keyDigest);
    },
    forgetAll: () => found.clear(),
    async find(keyDigest) {
      const known = found.get(keyDigest);
      if (known !== undefined && clock.monotonicMs() - known.checkedAtMs < keyBelievedMs) return known;
      const [row] = await storage.findByAlias('key', keyDigest);
      if (row?.alias === undefined || !sameText(row.alias, keyDigest)) {
        found.delete(keyDigest);
        return null;
      }
      const { workspaceId, id } = row;
      const [workspace, use, grants] = await storage.resources([
        { workspaceId, type: 'workspace', id: workspaceId },
        { workspaceId, type: 'key_use', id },
        grantSetKey(workspaceId, `key:${id}`),
      ]);
      const key = storedKey(row.state);
      const fresh: FoundKey = {
        key,
        caller: callerOf(row, key, grants ?? null),
        workspace: workspaceState(workspace),
        checkedAtMs: clock.monotonicMs(),
      };
      found.set(keyDigest, fresh);
      if (isGood(key, clock.nowMs()) && fresh.workspace === 'active') {
        // Nobody waits for it, and a store that cannot take it now will take it with a later use.
        used(row, lastUsedOf(use) ?? 0).catch((error: unknown) => logger.warn('key.use_not_stored', { error }));
      }
      return fresh;
    },
  };
}

/** When a key was last used, as the row of its use says. */
export function lastUsedOf(use: Resource | null | undefined): number | null {
  const atMs = use?.state['lastUsedAtMs'];
  return typeof atMs === 'number' ? atMs : null;
}

export function isGood(key: StoredKey, nowMs: number): boolean {
  return key.revokedAtMs === null && (key.expiresAtMs === null || key.expiresAtMs > nowMs);
}

/** Rows of this type are written by keys.ts only, in this shape. */
export function storedKey(state: JsonObject): StoredKey {
  return state as StoredKey;
}

function callerOf(row: Resource, key: StoredKey, grants: Resource | null): Caller {
  const held = heldGrants(grants);
  return {
    workspaceId: row.workspaceId,
    actor: { type: 'key', id: row.id, name: key.name },
    keyId: row.id,
    scopes: key.admin ? allScopes : new Set(key.scopes),
    admin: key.admin,
    ...(held.length === 0 || key.admin ? {} : { grants: held }),
  };
}
