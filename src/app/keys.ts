/**
 * API keys: made here, stored as SHA-256, found by it, forgotten within a second of being revoked (at once in the process
 * that revoked them). Nobody makes a key that may do more than his own (HARDENING AK-01…05, AK-13).
 */
import { timingSafeEqual } from 'node:crypto';
import { limits } from '../core/limits.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import { type Caller, type KeyCases, type KeyView, type Scope, scopes } from './app.ts';
import { auditWrite } from './audit.ts';
import { refuseStronger } from './authority.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { filteredPage } from './filtered-page.ts';
import { grantCopies, grantRemovals, grantSetKey } from './grant-sets.ts';
import { digest, hasKeyForm, makeKey, shownCharacters } from './key-format.ts';
import { allScopes, createKeyLookup, isGood, lastUsedOf, type StoredKey, storedKey } from './key-lookup.ts';
import type { KeySignInLinks } from './key-sign-in-links.ts';
import type { KeyFilter, RotatedKey } from './people.ts';
import { lastAdmin, notFound, unfit } from './refusals.ts';
import { peopleTurn } from './roles.ts';
import type { Turns } from './turns.ts';
import { keyAccessDuty } from './webhook-access-duty.ts';
import type { WorkspaceIndex } from './webhook-indexes.ts';
import { storedUser } from './user-state.ts';
import { workspaceDisabled } from './workspace-state.ts';
import type { KnownWorkspaces } from './workspaces.ts';

/** The name of the key that the server makes for the command line on its own machine. */
export const localKeyName = 'Local command line';
/** The admin key of the configuration has no row; this is the id its deeds are told under. */
export const configuredAdminKeyId = 'key_configured_admin';

export interface Keys extends KeyCases {
  /** Whether a key is still good: for sessions that were opened with it. */
  stillGood(workspaceId: string, id: string): Promise<StoredKey | null>;
  /** See `KeyLookup`. */
  readonly forgetAll: () => void;
  /** The first admin key of an installation, shown once; null where there is one already or the configuration brings one. */
  readonly bootstrap: () => Promise<string | null>;
  /** A key made by the server itself, such as the local command line's. */
  readonly issue: (input: {
    readonly name: string;
    readonly admin: boolean;
    readonly scopes: readonly Scope[];
  }) => Promise<string>;
}

export type KeysDeps = Pick<AppDeps, 'storage' | 'clock' | 'random' | 'ids' | 'settings' | 'logger'> & {
  readonly committer: Committer;
  readonly turns: Turns;
  readonly workspaces: KnownWorkspaces;
  readonly signInLinks: Pick<KeySignInLinks, 'issue'>;
};

export function createKeys(deps: KeysDeps): Keys {
  const { storage, clock, workspaces } = deps;
  const lookup = createKeyLookup(deps);
  const adminDigest = deps.settings.adminKey === null ? null : Buffer.from(digest(deps.settings.adminKey));

  return {
    forgetAll: lookup.forgetAll,

    async authenticate(token, workspace) {
      const keyDigest = digest(token);
      if (adminDigest !== null && timingSafeEqual(adminDigest, Buffer.from(keyDigest))) {
        return workspaces.admit(configuredAdmin(), workspace);
      }
      if (!hasKeyForm(token)) return null;
      const hit = await lookup.find(keyDigest);
      if (hit === null || hit.workspace === 'erasing' || !isGood(hit.key, clock.nowMs())) return null;
      if (hit.workspace === 'disabled') throw workspaceDisabled();
      return workspace === undefined ? hit.caller : workspaces.admit(hit.caller, workspace);
    },

    async create(caller, { name, scopes: wanted, admin = false, expiresAtMs = null }) {
      refuseStronger(caller, { scopes: wanted, admin });
      if (admin && caller.workspaceId !== 'default')
        throw unfit('/admin', 'an admin key in the workspace default', caller.workspaceId);
      if (expiresAtMs !== null && expiresAtMs <= clock.nowMs()) {
        throw unfit('/expiresAtMs', 'a time to come', String(expiresAtMs));
      }
      return insert(deps, { name, scopes: [...new Set(wanted)], admin, expiresAtMs }, caller);
    },

    list: (caller, query) => listKeys(deps, caller, query),

    async get({ workspaceId }, id) {
      const [row, use] = await storage.resources([
        { workspaceId, type: 'key', id },
        { workspaceId, type: 'key_use', id },
      ]);
      if (row === undefined || row === null) throw notFound('the key');
      return view(row, use);
    },

    revoke: async (caller, id) =>
      lookup.forget(await deps.turns.take(peopleTurn(caller.workspaceId), () => revoke(deps, caller, id))),

    async rotate(caller, id, { overlapMs = 0 }) {
      const { rotated, oldDigest } = await rotate(deps, { caller, id }, overlapMs);
      lookup.forget(oldDigest);
      return rotated;
    },

    signInLink: deps.signInLinks.issue,

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

async function listKeys(
  { storage, clock }: KeysDeps,
  { workspaceId }: Caller,
  { state, admin, ...page }: KeyFilter & { readonly limit: number; readonly cursor?: string },
) {
  const nowMs = clock.nowMs();
  const where = admin === undefined ? {} : { where: { admin } };
  const read = (query: { readonly limit: number; readonly cursor?: string }) =>
    storage.read.resources({ ...query, ...where, workspaceId, type: 'key' });
  const found =
    state === undefined
      ? await read(page)
      : await filteredPage(read, page, (row) => stateOf(storedKey(row.state), nowMs) === state);
  const uses = await storage.resources(found.items.map(({ id }) => ({ workspaceId, type: 'key_use', id })));
  return { items: found.items.map((row, at) => view(row, uses[at])), nextCursor: found.nextCursor };
}

function stateOf(key: StoredKey, nowMs: number): 'active' | 'expired' | 'revoked' {
  if (key.revokedAtMs !== null) return 'revoked';
  return isGood(key, nowMs) ? 'active' : 'expired';
}

type Maker = Pick<Caller, 'workspaceId' | 'actor' | 'keyId'>;

async function insert(
  deps: KeysDeps,
  input: Omit<StoredKey, 'prefix' | 'revokedAtMs'>,
  caller: Maker,
): Promise<KeyView & { readonly key: string }> {
  const { committer, ids } = deps;
  const { id, text, state } = draw(deps, input);
  const note = { action: 'key.created', target: `key:${id}`, after: audited(state) };
  const written = await committer.write({ workspaceId: caller.workspaceId, type: 'key', id }, (_, atMs) => ({
    kind: 'write',
    plan: { state, alias: digest(text), changes: [], resources: [auditWrite({ ids, caller }, note, atMs)] },
    answer: () => ({ ...shown(id, state, atMs), key: text }),
  }));
  if (written.kind === 'duplicate') throw new TypeError('A key carries no idempotency row');
  return written.answer;
}

function draw({ ids, random }: KeysDeps, input: Omit<StoredKey, 'prefix' | 'revokedAtMs'>) {
  const text = makeKey((count) => random.bytes(count));
  const state: StoredKey = { ...input, prefix: text.slice(0, shownCharacters), revokedAtMs: null };
  return { id: ids.next('key'), text, state };
}

/** Answers with the digest of the key, so that it can be forgotten. */
async function revoke(deps: KeysDeps, caller: Caller, id: string): Promise<string | undefined> {
  const { committer, ids } = deps;
  const { workspaceId } = caller;
  let revoked: string | undefined;
  const othersLetIn = workspaceId !== 'default' || (await adminsBeside(deps, id));
  const key = { workspaceId, type: 'key', id } as const;
  await committer.writeAlone(
    key,
    [grantSetKey(workspaceId, `key:${id}`)],
    (current, atMs, { others: [grants = null], index }) => {
      if (current === null) throw notFound('the key');
      const before = storedKey(current.state);
      // A key with more rights than the caller's is not his to end.
      refuseStronger(caller, before);
      revoked = current.alias;
      if (before.revokedAtMs !== null) return { kind: 'nothing', answer: undefined };
      if (before.admin && isGood(before, atMs) && !othersLetIn)
        throw lastAdmin(`"${before.name}" is the last admin key, and no user administrates the installation`);
      const note = { action: 'key.revoked', target: `key:${id}`, before: audited(before) };
      return {
        kind: 'write',
        plan: {
          state: { ...before, revokedAtMs: atMs },
          changes: [],
          duties: accessDuties(deps, { workspaceId, id, key: before, index }, atMs),
          resources: [...grantRemovals(grants), auditWrite({ ids, caller }, note, atMs)],
        },
        answer: () => undefined,
      };
    },
  );
  return revoked;
}

type Ending = {
  readonly workspaceId: string;
  readonly id: string;
  readonly key: StoredKey;
  readonly index: WorkspaceIndex;
};

/** Webhooks that the key made may have to go, or to be the new one's: looked into right after this commit. */
function accessDuties(deps: KeysDeps, { workspaceId, id, key, index }: Ending, atMs: number): readonly NewDuty[] {
  if (!key.admin && !index.webhooks.some(({ ownerKeyId }) => ownerKeyId === id)) return [];
  return [keyAccessDuty(deps, workspaceId, { dueAtMs: atMs, keyId: id, ...(key.admin ? { everywhere: true } : {}) })];
}

/** Whether somebody but this key still manages the installation: the configured key, another admin key, a user who is one. */
async function adminsBeside({ storage, clock, settings }: KeysDeps, id: string): Promise<boolean> {
  if (settings.adminKey !== null) return true;
  const query = { workspaceId: 'default', where: { admin: true }, limit: limits.pageItemsMax } as const;
  const keys = await storage.read.resources({ ...query, type: 'key' });
  const nowMs = clock.nowMs();
  const another = keys.items.some((row) => {
    const key = storedKey(row.state);
    return row.id !== id && key.name !== localKeyName && isGood(key, nowMs);
  });
  if (another) return true;
  const users = await storage.read.resources({ ...query, type: 'user' });
  return users.items.some(({ state }) => {
    const user = storedUser(state);
    return user.admin && user.state === 'active';
  });
}

type Rotation = { readonly rotated: RotatedKey; readonly oldDigest: string | undefined };

/** The new key and the end of the old one in one commit: there is no moment with none. */
async function rotate(
  deps: KeysDeps,
  { caller, id }: { readonly caller: Caller; readonly id: string },
  overlapMs: number,
): Promise<Rotation> {
  const { committer, ids } = deps;
  const { workspaceId } = caller;
  const beside = [grantSetKey(workspaceId, `key:${id}`)];
  const key = { workspaceId, type: 'key', id } as const;
  const written = await committer.writeAlone<Rotation>(key, beside, (current, atMs, { others, index }) => {
    const [grants = null] = others;
    if (current === null) throw notFound('the key');
    const before = storedKey(current.state);
    refuseStronger(caller, before);
    if (!isGood(before, atMs)) throw unfit('/id', 'a key that is neither revoked nor expired', stateOf(before, atMs));
    const { name, scopes: has, admin, expiresAtMs } = before;
    const made = draw(deps, { name, scopes: has, admin, expiresAtMs });
    const endsAtMs = Math.min(atMs + overlapMs, before.expiresAtMs ?? Number.MAX_SAFE_INTEGER);
    const replaced: StoredKey = { ...before, replacedBy: made.id };
    const ended: StoredKey =
      overlapMs === 0 ? { ...replaced, revokedAtMs: atMs } : { ...replaced, expiresAtMs: endsAtMs };
    const note = {
      action: 'key.rotated',
      target: `key:${id}`,
      before: audited(before),
      after: { replacedBy: made.id, oldEndsAtMs: endsAtMs },
    };
    const insertion: ResourceWrite = {
      type: 'key',
      id: made.id,
      expectedVersion: 0,
      state: made.state,
      alias: digest(made.text),
    };
    return {
      kind: 'write',
      plan: {
        state: ended,
        changes: [],
        duties: accessDuties(deps, { workspaceId, id, key: before, index }, atMs),
        resources: [insertion, ...grantCopies(ids, grants, `key:${made.id}`), auditWrite({ ids, caller }, note, atMs)],
      },
      answer: () => ({
        rotated: { ...shown(made.id, made.state, atMs), key: made.text, replaces: id },
        oldDigest: current.alias,
      }),
    };
  });
  if (written.kind === 'duplicate') throw new TypeError('A key carries no idempotency row');
  return written.answer;
}

function audited({ name, scopes: has, admin, expiresAtMs }: StoredKey) {
  return { name, scopes: [...has], admin, expiresAtMs };
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

function view(row: Resource, use: Resource | null | undefined): KeyView {
  return { ...shown(row.id, storedKey(row.state), row.createdAtMs), lastUsedAtMs: lastUsedOf(use) };
}

function shown(id: string, key: StoredKey, createdAtMs: number): KeyView {
  const { name, prefix, scopes: has, admin, expiresAtMs, revokedAtMs } = key;
  return { id, name, prefix, scopes: has, admin, createdAtMs, expiresAtMs, revokedAtMs, lastUsedAtMs: null };
}
