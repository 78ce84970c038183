/** What a key may do by itself, asked when nobody calls with it: may what it made stay? */
import type { AppDeps } from './dependencies.ts';
import { grantSetKey, heldGrants } from './grant-sets.ts';
import { isGood, storedKey } from './key-lookup.ts';

export type KeyHolding = {
  /** Why it lets nobody in; null: it does. */
  readonly ended: 'revoked' | 'expired' | null;
  readonly expiresAtMs: number | null;
  /** The key that took its place, where it was rotated: what it made is that one's. */
  readonly heir: string | null;
  readonly name: string;
  /** Whether it may look into this library. */
  may(library: string): boolean;
};

/** People, and keys of the configuration, keep what they have made: there is nothing here that they could lose. */
const lasting: KeyHolding = { ended: null, expiresAtMs: null, heir: null, name: '', may: () => true };

/** What the key of this id may do now. Keys of another workspace are those of the installation's admins. */
export async function keyHolding(
  { storage, clock }: Pick<AppDeps, 'storage' | 'clock'>,
  workspaceId: string,
  keyId: string,
): Promise<KeyHolding> {
  const [own = null, admin = null, grants = null] = await storage.resources([
    { workspaceId, type: 'key', id: keyId },
    { workspaceId: 'default', type: 'key', id: keyId },
    grantSetKey(workspaceId, `key:${keyId}`),
  ]);
  const row = own ?? admin;
  if (row === null) return lasting;
  const key = storedKey(row.state);
  const held = heldGrants(grants);
  return {
    ended: isGood(key, clock.nowMs()) ? null : key.revokedAtMs === null ? 'expired' : 'revoked',
    expiresAtMs: key.expiresAtMs,
    heir: key.replacedBy ?? null,
    name: key.name,
    may: (library) =>
      key.admin ||
      key.scopes.includes('assets:read') ||
      held.some(
        ({ resource, scopes }) =>
          resource.type === 'library' && resource.id === library && scopes.includes('assets:read'),
      ),
  };
}

/** No key is rotated so often while its first text is still good. */
const heirsMax = 20;

/** The key that what this one makes belongs to: itself, or where it was rotated, the one that took its place. */
export async function heirOf(
  deps: Pick<AppDeps, 'storage' | 'clock'>,
  workspaceId: string,
  keyId: string,
): Promise<string> {
  let id = keyId;
  for (let step = 0; step < heirsMax; step += 1) {
    const { heir } = await keyHolding(deps, workspaceId, id);
    if (heir === null) return id;
    id = heir;
  }
  return id;
}
