/**
 * Roles: names for sets of scopes. Four are ours and the same in every workspace; a workspace may make its own. A user
 * may do what his roles together may; a role that is gone gives nothing.
 */
import { AssetwireError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Resource } from '../storage/contract/resources.ts';
import { type Caller, type Scope, scopes } from './app.ts';
import { auditWrite } from './audit.ts';
import { refuseStronger } from './authority.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { RoleCases, RoleView } from './people.ts';
import { notFound, unfit } from './refusals.ts';
import type { Turns } from './turns.ts';

/** The role whose last holder cannot go. */
export const adminRole = 'admin';

const builtInRoles: ReadonlyMap<string, RoleView> = new Map(
  (
    [
      { id: adminRole, name: 'Admin', scopes },
      // WoodWing's: everything around webhooks and the server, nothing about who gets in.
      {
        id: 'super-user',
        name: 'Super user',
        scopes: scopes.filter((scope) => scope !== 'keys:write'),
      },
      {
        id: 'editor',
        name: 'Editor',
        scopes: ['assets:read', 'assets:write', 'webhooks:read', 'deliveries:read'],
      },
      { id: 'viewer', name: 'Viewer', scopes: ['assets:read', 'webhooks:read', 'deliveries:read'] },
    ] as const
  ).map((role) => [role.id, { ...role, builtIn: true }]),
);

type StoredRole = { readonly name: string; readonly scopes: readonly Scope[] };

export interface Roles extends RoleCases {
  /** What roles together allow. Unknown ones allow nothing. */
  scopesOf(workspaceId: string, roles: readonly string[]): Promise<ReadonlySet<Scope>>;
  /** Throws where one of them does not exist here or allows more than the caller may. */
  assertGivable(caller: Caller, roles: readonly string[]): Promise<void>;
}

export type RolesDeps = Pick<AppDeps, 'storage' | 'ids'> & { readonly committer: Committer; readonly turns: Turns };

/** Writes about who may do what take turns per workspace, so that two cannot undo each other's ground. */
export function peopleTurn(workspaceId: string): string {
  return `people ${workspaceId}`;
}

export function createRoles(deps: RolesDeps): Roles {
  const { storage, turns } = deps;
  const find = async (workspaceId: string, id: string): Promise<RoleView | null> => {
    const ours = builtInRoles.get(id);
    if (ours !== undefined) return ours;
    const [row] = await storage.resources([{ workspaceId, type: 'role', id }]);
    return row === undefined || row === null ? null : view(row);
  };
  const present = async (workspaceId: string, id: string): Promise<RoleView> => {
    const role = await find(workspaceId, id);
    if (role === null) throw notFound('the role');
    return role;
  };

  return {
    create: (caller, input) => turns.take(peopleTurn(caller.workspaceId), () => createRole(deps, caller, input)),

    async list({ workspaceId }, { limit, cursor }) {
      const page = await storage.read.resources({
        workspaceId,
        type: 'role',
        order: 'oldest',
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const own = page.items.map(view);
      return { items: cursor === undefined ? [...builtInRoles.values(), ...own] : own, nextCursor: page.nextCursor };
    },

    get: ({ workspaceId }, id) => present(workspaceId, id),

    async update(caller, id, patch) {
      refuseBuiltIn(id);
      return turns.take(peopleTurn(caller.workspaceId), () => updateRole(deps, { caller, id }, patch));
    },

    async remove(caller, id) {
      refuseBuiltIn(id);
      await turns.take(peopleTurn(caller.workspaceId), () => removeRole(deps, caller, id));
    },

    async scopesOf(workspaceId, roles) {
      const found = await Promise.all(roles.map((id) => find(workspaceId, id)));
      return new Set(found.flatMap((role) => role?.scopes ?? []));
    },

    async assertGivable(caller, roles) {
      for (const [at, id] of roles.entries()) {
        const role = await find(caller.workspaceId, id);
        if (role === null) throw unfit(`/roles/${at}`, 'a role that exists (GET /v1/roles)', id);
        refuseStronger(caller, { scopes: role.scopes, admin: false });
      }
    },
  };
}

async function createRole(
  { storage, ids, committer }: RolesDeps,
  caller: Caller,
  { id, name, scopes: wanted }: { readonly id: string; readonly name: string; readonly scopes: readonly Scope[] },
): Promise<RoleView> {
  const { workspaceId } = caller;
  refuseStronger(caller, { scopes: wanted, admin: false });
  if (builtInRoles.has(id)) throw exists(id);
  const { rolesPerWorkspaceMax } = limits;
  const { items } = await storage.read.resources({ workspaceId, type: 'role', limit: rolesPerWorkspaceMax });
  if (items.length >= rolesPerWorkspaceMax) {
    throw new AssetwireError('limit_reached', {
      detail: `Make at most ${rolesPerWorkspaceMax} roles in a workspace: there are that many`,
    });
  }
  const state: StoredRole = { name, scopes: [...new Set(wanted)] };
  const written = await committer.write({ workspaceId, type: 'role', id }, (current, atMs) => {
    if (current !== null) throw exists(id);
    const note = { action: 'role.created', target: `role:${id}`, after: state };
    return {
      kind: 'write',
      plan: { state, changes: [], resources: [auditWrite({ ids, caller }, note, atMs)] },
      answer: () => ({ id, ...state, builtIn: false }),
    };
  });
  if (written.kind === 'duplicate') throw new TypeError('A role carries no idempotency row');
  return written.answer;
}

async function updateRole(
  { ids, committer }: RolesDeps,
  { caller, id }: { readonly caller: Caller; readonly id: string },
  patch: Partial<StoredRole>,
): Promise<RoleView> {
  const { workspaceId } = caller;
  const written = await committer.write({ workspaceId, type: 'role', id }, (current, atMs) => {
    if (current === null) throw notFound('the role');
    const before = stored(current.state);
    const state: StoredRole = {
      name: patch.name ?? before.name,
      scopes: patch.scopes === undefined ? before.scopes : [...new Set(patch.scopes)],
    };
    refuseStronger(caller, { scopes: [...before.scopes, ...state.scopes], admin: false });
    const note = { action: 'role.updated', target: `role:${id}`, before, after: state };
    return {
      kind: 'write',
      plan: { state, changes: [], resources: [auditWrite({ ids, caller }, note, atMs)] },
      answer: () => ({ id, ...state, builtIn: false }),
    };
  });
  if (written.kind === 'duplicate') throw new TypeError('A role carries no idempotency row');
  return written.answer;
}

async function removeRole({ storage, ids, committer }: RolesDeps, caller: Caller, id: string): Promise<void> {
  const { workspaceId } = caller;
  const { items } = await storage.read.resources({ workspaceId, type: 'user', limit: limits.usersPerWorkspaceMax });
  const holders = items.filter(({ state }) => rolesIn(state).includes(id)).length;
  if (holders > 0) {
    throw new AssetwireError('in_use', {
      detail: `Remove a role that nobody has: ${holders} ${holders === 1 ? 'user has' : 'users have'} it`,
    });
  }
  await committer.write({ workspaceId, type: 'role', id }, (current, atMs) => {
    if (current === null) throw notFound('the role');
    const before = stored(current.state);
    refuseStronger(caller, { scopes: before.scopes, admin: false });
    const note = { action: 'role.removed', target: `role:${id}`, before };
    return {
      kind: 'write',
      plan: { state: null, changes: [], resources: [auditWrite({ ids, caller }, note, atMs)] },
      answer: () => undefined,
    };
  });
}

function rolesIn(user: JsonObject): readonly unknown[] {
  const { roles } = user;
  return Array.isArray(roles) ? roles : [];
}

function refuseBuiltIn(id: string): void {
  if (!builtInRoles.has(id)) return;
  throw new AssetwireError('forbidden', {
    detail: `Change a role of the workspace's own: "${id}" is built in`,
    mend: 'Make a role with the scopes you want: POST /v1/roles',
  });
}

function exists(id: string): AssetwireError {
  return new AssetwireError('already_exists', { detail: `Make role "${id}": it is there already` });
}

function view(row: Resource): RoleView {
  return { id: row.id, ...stored(row.state), builtIn: false };
}

/** Rows of this type are written here only, in this shape. */
function stored(state: JsonObject): StoredRole {
  return state as StoredRole;
}
