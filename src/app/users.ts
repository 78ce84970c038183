/**
 * Users: people with an e-mail address, roles and a password that only they know. An admin makes a user and hands over a
 * link; behind it the person sets the password. Nobody gives a user more than he has himself, and a workspace that has
 * an admin who can sign in keeps one.
 */
import { AssetwireError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import { refuseStronger } from './authority.ts';
import type { Committer, DecideAlone } from './committer.ts';
import { isTaken } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { grantRemovals, grantSetKey } from './grant-sets.ts';
import type { PasswordLinks } from './password-links.ts';
import type { Passwords } from './passwords.ts';
import type { UserCases, UserInput, UserPatch, UserState, UserView } from './people.ts';
import { contended, lastAdmin, notFound, unfit } from './refusals.ts';
import { adminRole, peopleTurn, type Roles } from './roles.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';
import type { Turns } from './turns.ts';
import { changePassword, redeemLink } from './user-passwords.ts';
import { answerOf, emailAlias, type StoredUser, storedUser, userView } from './user-state.ts';

export type UsersDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock' | 'logger'> & {
  readonly committer: Committer;
  readonly turns: Turns;
  readonly roles: Roles;
  readonly passwords: Passwords;
  readonly links: PasswordLinks;
  readonly throttle: SignInThrottle;
};

/** Touched by whatever may take the last admin away, so that two processes cannot each take one of the last two. */
const adminsGuard = (workspaceId: string): ResourceKey => ({ workspaceId, type: 'setting', id: 'admins' });

export function createUsers(deps: UsersDeps): UserCases {
  const { storage, turns, roles, links } = deps;
  const find = async (workspaceId: string, id: string): Promise<Resource> => {
    const [row] = await storage.resources([{ workspaceId, type: 'user', id }]);
    if (row === undefined || row === null) throw notFound('the user');
    return row;
  };
  const inTurn = <Answer>({ workspaceId }: Caller, run: () => Promise<Answer>): Promise<Answer> =>
    turns.take(peopleTurn(workspaceId), run);

  return {
    create: (caller, input) => inTurn(caller, () => createUser(deps, caller, input)),

    async list({ workspaceId }, { email, role, state, ...page }) {
      const found = await storage.read.resources({
        ...page,
        workspaceId,
        type: 'user',
        ...(email === undefined ? {} : { alias: emailAlias(email) }),
        ...(state === undefined ? {} : { where: { state } }),
      });
      const items = found.items.map(userView);
      return {
        items: role === undefined ? items : items.filter(({ roles: has }) => has.includes(role)),
        nextCursor: found.nextCursor,
      };
    },

    get: async ({ workspaceId }, id) => userView(await find(workspaceId, id)),

    update: (caller, id, patch) => inTurn(caller, () => updateUser(deps, { caller, id, patch })),

    remove: (caller, id) => inTurn(caller, () => removeUser(deps, caller, id)),

    async issueLink(caller, id) {
      const user = await find(caller.workspaceId, id);
      await refuseStrongerUser(roles, caller, storedUser(user.state));
      return links.issue(caller, user);
    },

    redeemLink: (token, password, from) => redeemLink(deps, { token, password, from }),

    changePassword: (caller, present, next) => changePassword(deps, caller, { present, next }),
  };
}

async function createUser(deps: UsersDeps, caller: Caller, { admin = false, ...input }: UserInput) {
  const { workspaceId } = caller;
  const { storage, roles, committer, ids, links } = deps;
  if (admin) assertMayBeAdmin(caller);
  await roles.assertGivable(caller, input.roles);
  const { usersPerWorkspaceMax } = limits;
  const { items } = await storage.read.resources({ workspaceId, type: 'user', limit: usersPerWorkspaceMax });
  if (items.length >= usersPerWorkspaceMax) {
    throw new AssetwireError('limit_reached', {
      detail: `Make at most ${usersPerWorkspaceMax} users in a workspace: there are that many`,
    });
  }
  const state: StoredUser = {
    name: input.name,
    email: input.email,
    roles: [...new Set(input.roles)],
    admin,
    state: 'invited',
    password: null,
    passwordSetAtMs: null,
    lastSignInAtMs: null,
  };
  const id = ids.next('user');
  const written = await withFreeAddress(() =>
    committer.write({ workspaceId, type: 'user', id }, (_, atMs) => {
      const note = { action: 'user.created', target: `user:${id}`, after: audited(state) };
      return {
        kind: 'write',
        plan: {
          state,
          alias: emailAlias(input.email),
          changes: [],
          resources: [auditWrite({ ids, caller }, note, atMs)],
        },
        answer: () => rowOf({ workspaceId, id }, state, atMs),
      };
    }),
  );
  const row = answerOf(written);
  return { ...userView(row), link: await links.issue(caller, row) };
}

async function updateUser(
  deps: UsersDeps,
  { caller, id, patch }: { readonly caller: Caller; readonly id: string; readonly patch: UserPatch },
): Promise<UserView> {
  const { workspaceId } = caller;
  const { committer, ids, roles, storage } = deps;
  const [present] = await storage.resources([{ workspaceId, type: 'user', id }]);
  if (present === undefined || present === null) throw notFound('the user');
  await refuseStrongerUser(roles, caller, storedUser(present.state));
  if (patch.roles !== undefined) await roles.assertGivable(caller, patch.roles);
  if (patch.admin === true) assertMayBeAdmin(caller);
  const admins = await otherAdmins(deps, workspaceId, id);
  const decide: DecideAlone<Resource> = (current, atMs, { others: [guard = null] }) => {
    if (current === null) throw notFound('the user');
    const before = storedUser(current.state);
    const { disabled, roles: given, ...rest } = patch;
    const state: StoredUser = {
      ...before,
      ...rest,
      ...(given === undefined ? {} : { roles: [...new Set(given)] }),
      state: stateAfter(before, disabled),
    };
    const guards = guardWrites({ before, after: state, admins, guard });
    const note = { action: 'user.updated', target: `user:${id}`, before: audited(before), after: audited(state) };
    return {
      kind: 'write',
      plan: {
        state,
        alias: emailAlias(state.email),
        changes: [],
        resources: [...guards, auditWrite({ ids, caller }, note, atMs)],
      },
      answer: () => ({ ...current, state, updatedAtMs: atMs }),
    };
  };
  const written = await withFreeAddress(() =>
    committer.writeAlone({ workspaceId, type: 'user', id }, [adminsGuard(workspaceId)], decide),
  );
  return userView(answerOf(written));
}

async function removeUser(deps: UsersDeps, caller: Caller, id: string): Promise<void> {
  const { workspaceId } = caller;
  const { committer, ids, storage, roles } = deps;
  const holder = `user:${id}`;
  const [present] = await storage.resources([{ workspaceId, type: 'user', id }]);
  if (present === undefined || present === null) throw notFound('the user');
  await refuseStrongerUser(roles, caller, storedUser(present.state));
  const admins = await otherAdmins(deps, workspaceId, id);
  const sessions = await storage.read.resources({
    workspaceId,
    type: 'session',
    where: { holder },
    limit: limits.pageItemsMax,
  });
  const ended: ResourceWrite[] = sessions.items.map((session) => ({
    type: 'session',
    id: session.id,
    expectedVersion: 'any',
    state: null,
  }));
  const beside = [adminsGuard(workspaceId), grantSetKey(workspaceId, holder)];
  await committer.writeAlone({ workspaceId, type: 'user', id }, beside, (current, atMs, read) => {
    if (current === null) throw notFound('the user');
    const [guard = null, grants = null] = read.others;
    const before = storedUser(current.state);
    const note = { action: 'user.removed', target: holder, before: audited(before) };
    return {
      kind: 'write',
      plan: {
        state: null,
        changes: [],
        resources: [
          ...guardWrites({ before, after: null, admins, guard }),
          { type: 'invitation', id, expectedVersion: 'any', state: null },
          ...ended,
          ...grantRemovals(grants),
          auditWrite({ ids, caller }, note, atMs),
        ],
      },
      answer: () => undefined,
    };
  });
}

function assertMayBeAdmin(caller: Caller): void {
  refuseStronger(caller, { scopes: [], admin: true });
  if (caller.workspaceId === 'default') return;
  throw unfit('/admin', 'an admin of the installation in the workspace default', caller.workspaceId);
}

async function refuseStrongerUser(roles: Roles, caller: Caller, user: StoredUser): Promise<void> {
  refuseStronger(caller, { scopes: await roles.scopesOf(caller.workspaceId, user.roles), admin: user.admin });
}

/** Whether this user counts among those who can still let others in. */
function isAdmin(user: StoredUser): boolean {
  return user.state === 'active' && user.roles.includes(adminRole);
}

type Admins = {
  /** Those beside the one in question. */
  readonly count: number;
  /** The guard's version before they were counted. */
  readonly guardVersion: number;
};

async function otherAdmins({ storage }: UsersDeps, workspaceId: string, id: string): Promise<Admins> {
  const [guard] = await storage.resources([adminsGuard(workspaceId)]);
  const { items } = await storage.read.resources({ workspaceId, type: 'user', limit: limits.usersPerWorkspaceMax });
  const count = items.filter((row) => row.id !== id && isAdmin(storedUser(row.state))).length;
  return { count, guardVersion: guard?.version ?? 0 };
}

type Step = {
  readonly before: StoredUser;
  readonly after: StoredUser | null;
  readonly admins: Admins;
  readonly guard: Resource | null;
};

/** What a write must carry that takes an admin away; throws where it would be the last. */
function guardWrites({ before, after, admins, guard }: Step): readonly ResourceWrite[] {
  if (!isAdmin(before) || (after !== null && isAdmin(after))) return [];
  if (admins.count === 0) throw lastAdmin(`${before.name} is the last admin of the workspace who can sign in`);
  // Somebody took an admin away since they were counted: that count holds no longer.
  if ((guard?.version ?? 0) !== admins.guardVersion) throw contended();
  return [{ type: 'setting', id: 'admins', expectedVersion: admins.guardVersion, state: {} }];
}

function stateAfter({ state, password }: StoredUser, disabled: boolean | undefined): UserState {
  if (disabled === undefined) return state;
  if (disabled) return 'disabled';
  return password === null ? 'invited' : 'active';
}

async function withFreeAddress<Answer>(write: () => Promise<Answer>): Promise<Answer> {
  try {
    return await write();
  } catch (error) {
    if (!isTaken(error)) throw error;
    throw new AssetwireError('already_exists', {
      detail: 'Use an address that no user of this workspace has: this one is taken',
    });
  }
}

function audited({ name, email, roles, admin, state }: StoredUser): JsonObject {
  return { name, email, roles: [...roles], admin, state };
}

function rowOf(key: Pick<ResourceKey, 'workspaceId' | 'id'>, state: StoredUser, atMs: number): Resource {
  return { ...key, type: 'user', version: 1, state, createdAtMs: atMs, updatedAtMs: atMs };
}
