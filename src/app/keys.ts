/**
 * API keys: made here, stored as SHA-256, found by it, forgotten within a second of being revoked (at once in the process
 * that revoked them). Nobody makes a key that may do more than his own (HARDENING AK-01…05, AK-13).
 */
import { timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AssetwireError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/storage.ts';
import { type Caller, type KeyCases, type KeyView, type Scope, scopes } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { digest, hasKeyForm, makeKey, shownCharacters } from './key-format.ts';
import { notFound, unfit } from './refusals.ts';
import type { KnownWorkspaces } from './workspaces.ts';

/** How long a found key is believed without asking the store again: the bound on revocation in other processes. */
export const keyBelievedMs = 900;
/** The name of the key that the server makes for the command line on its own machine. */
export const localKeyName = 'Local command line';
/** The admin key of the configuration has no row; this is the id its deeds are told under. */
export const configuredAdminKeyId = 'key_configured_admin';

const allScopes: ReadonlySet<Scope> = new Set(scopes);

export type StoredKey = {
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly admin: boolean;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
};

/** `caller` is made once per look-up, not once per request. */
type Found = { readonly key: StoredKey; readonly caller: Caller; readonly checkedAtMs: number };

export interface Keys extends KeyCases {
  /** Whether a key is still good: for sessions that were opened with it. */
  stillGood(workspaceId: string, id: string): Promise<StoredKey | null>;
  /** The first admin key of an installation, shown once; null where there is one already or the configuration brings one. */
  readonly bootstrap: () => Promise<string | null>;
  /** A key made by the server itself, such as the local command line's. */
  readonly issue: (input: {
    readonly name: string;
    readonly admin: boolean;
    readonly scopes: readonly Scope[];
  }) => Promise<string>;
}

export type KeysDeps = Pick<AppDeps, 'storage' | 'clock' | 'random' | 'ids' | 'settings'> & {
  readonly committer: Committer;
  readonly workspaces: KnownWorkspaces;
};

export function createKeys(deps: KeysDeps): Keys {
  const { storage, clock, workspaces } = deps;
  const lookup = createKeyLookup(deps);
  const adminDigest = deps.settings.adminKey === null ? null : Buffer.from(digest(deps.settings.adminKey));

  return {
    async authenticate(token, workspace) {
      const keyDigest = digest(token);
      if (adminDigest !== null && timingSafeEqual(adminDigest, Buffer.from(keyDigest))) {
        return workspaces.admit(configuredAdmin(), workspace);
      }
      if (!hasKeyForm(token)) return null;
      const hit = await lookup.find(keyDigest);
      if (hit === null || !isGood(hit.key, clock.nowMs())) return null;
      return workspace === undefined ? hit.caller : workspaces.admit(hit.caller, workspace);
    },

    async create(caller, { name, scopes: wanted, admin = false, expiresAtMs = null }) {
      refuseStronger(caller, wanted, admin);
      if (expiresAtMs !== null && expiresAtMs <= clock.nowMs()) {
        throw unfit('/expiresAtMs', 'a time to come', String(expiresAtMs));
      }
      return insert(deps, { name, scopes: [...new Set(wanted)], admin, expiresAtMs }, caller);
    },

    async list(caller, query) {
      const page = await storage.read.resources({ workspaceId: caller.workspaceId, type: 'key', ...query });
      return {
        items: page.items.map((row) => view(row.id, storedKey(row.state), row.createdAtMs)),
        nextCursor: page.nextCursor,
      };
    },

    revoke: async (caller, id) => lookup.forget(await revoke(deps, caller, id)),

    async stillGood(workspaceId, id) {
      if (id === configuredAdminKeyId) return adminDigest === null ? null : adminKey;
      const [row] = await storage.resources([{ workspaceId, type: 'key', id }]);
      if (row === undefined || row === null) return null;
      const key = storedKey(row.state);
      return isGood(key, clock.nowMs()) ? key : null;
    },

    bootstrap: async () => (adminDigest === null ? bootstrap(deps) : null),

    issue: async (input) => (await insert(deps, { ...input, expiresAtMs: null }, systemCaller)).key,
  };
}

/** Keys by their digest, believed for a moment. */
function createKeyLookup({ storage, clock }: Pick<KeysDeps, 'storage' | 'clock'>) {
  const found = new LRUCache<string, Found>({ max: 10_000 });
  return {
    forget: (keyDigest: string | undefined): void => {
      if (keyDigest !== undefined) found.delete(keyDigest);
    },
    find: async (keyDigest: string): Promise<Found | null> => {
      const known = found.get(keyDigest);
      if (known !== undefined && clock.monotonicMs() - known.checkedAtMs < keyBelievedMs) return known;
      const [row] = await storage.findByAlias('key', keyDigest);
      if (row?.alias === undefined || !sameText(row.alias, keyDigest)) {
        found.delete(keyDigest);
        return null;
      }
      const key = storedKey(row.state);
      const fresh: Found = { key, caller: callerOf(row, key), checkedAtMs: clock.monotonicMs() };
      found.set(keyDigest, fresh);
      return fresh;
    },
  };
}

type Maker = Pick<Caller, 'workspaceId' | 'actor' | 'keyId'>;

async function insert(
  { committer, ids, random }: KeysDeps,
  input: Omit<StoredKey, 'prefix' | 'revokedAtMs'>,
  caller: Maker,
): Promise<KeyView & { readonly key: string }> {
  const text = makeKey((count) => random.bytes(count));
  const id = ids.next('key');
  const state: StoredKey = { ...input, prefix: text.slice(0, shownCharacters), revokedAtMs: null };
  const { name, scopes: given, admin } = input;
  const note = { action: 'key.created', target: `key:${id}`, after: { name, scopes: given, admin } };
  const written = await committer.write({ workspaceId: caller.workspaceId, type: 'key', id }, (_, atMs) => ({
    kind: 'write',
    plan: { state, alias: digest(text), changes: [], resources: [auditWrite({ ids, caller }, note, atMs)] },
    answer: () => ({ ...view(id, state, atMs), key: text }),
  }));
  if (written.kind === 'duplicate') throw new TypeError('A key carries no idempotency row');
  return written.answer;
}

/** Answers with the digest of the key, so that it can be forgotten. */
async function revoke({ committer, ids }: KeysDeps, caller: Caller, id: string): Promise<string | undefined> {
  let revoked: string | undefined;
  await committer.write({ workspaceId: caller.workspaceId, type: 'key', id }, (current, atMs) => {
    if (current === null) throw notFound('the key');
    const key = storedKey(current.state);
    // A key with more rights than the caller's is not his to end.
    refuseStronger(caller, key.scopes, key.admin);
    revoked = current.alias;
    if (key.revokedAtMs !== null) return { kind: 'nothing', answer: undefined };
    const note = { action: 'key.revoked', target: `key:${id}` };
    return {
      kind: 'write',
      plan: {
        state: { ...key, revokedAtMs: atMs },
        changes: [],
        resources: [auditWrite({ ids, caller }, note, atMs)],
      },
      answer: () => undefined,
    };
  });
  return revoked;
}

/** The command line's own key lets nobody else in, so it does not count. */
async function bootstrap(deps: KeysDeps): Promise<string | null> {
  const { storage, clock } = deps;
  const query = { workspaceId: 'default', type: 'key', where: { admin: true }, limit: 1_000 } as const;
  const { items } = await storage.read.resources(query);
  const nowMs = clock.nowMs();
  const usable = items
    .map(({ state }) => storedKey(state))
    .some((key) => key.name !== localKeyName && isGood(key, nowMs));
  if (usable) return null;
  return (await insert(deps, { ...adminKey, name: 'First admin key' }, systemCaller)).key;
}

/** What the server does of its own accord. */
const systemCaller: Maker = {
  workspaceId: 'default',
  actor: { type: 'system', id: 'assetwire' },
  keyId: 'system',
};

const adminKey: StoredKey = {
  name: 'Admin key',
  prefix: '',
  scopes: [...scopes],
  admin: true,
  expiresAtMs: null,
  revokedAtMs: null,
};

function callerOf(row: Resource, key: StoredKey): Caller {
  return {
    workspaceId: row.workspaceId,
    actor: { type: 'key', id: row.id, name: key.name },
    keyId: row.id,
    scopes: key.admin ? allScopes : new Set(key.scopes),
    admin: key.admin,
  };
}

/** The caller behind the configuration's admin key. */
function configuredAdmin(): Caller {
  return {
    workspaceId: 'default',
    actor: { type: 'key', id: configuredAdminKeyId, name: 'Admin key' },
    keyId: configuredAdminKeyId,
    scopes: allScopes,
    admin: true,
  };
}

/** Nobody gives away, and nobody ends, more than he has himself. */
function refuseStronger(caller: Caller, wanted: readonly Scope[], admin: boolean): void {
  const lacking = admin && !caller.admin ? ['admin'] : wanted.filter((scope) => !caller.scopes.has(scope));
  if (lacking.length === 0) return;
  throw new AssetwireError('forbidden', {
    detail: `Use only scopes that the calling key has itself: it lacks ${lacking.join(', ')}`,
  });
}

function isGood(key: StoredKey, nowMs: number): boolean {
  return key.revokedAtMs === null && (key.expiresAtMs === null || key.expiresAtMs > nowMs);
}

/** Rows of this type are written here only, in this shape. */
function storedKey(state: JsonObject): StoredKey {
  return state as StoredKey;
}

function view(id: string, key: StoredKey, createdAtMs: number): KeyView {
  return {
    id,
    name: key.name,
    prefix: key.prefix,
    scopes: key.scopes,
    admin: key.admin,
    createdAtMs,
    expiresAtMs: key.expiresAtMs,
    revokedAtMs: key.revokedAtMs,
  };
}

function sameText(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}
