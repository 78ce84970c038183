/** Whose sessions there are, and the ending of them: one, or all of somebody's but the one that asks. */
import { limits } from '../core/limits.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller, SessionCases } from './app.ts';
import { auditWrite } from './audit.ts';
import { refuseStronger } from './authority.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { assertScope } from './needed-scope.ts';
import type { SessionView } from './people.ts';
import { notFound } from './refusals.ts';
import { holderOf, type SessionLookup, storedSession } from './session-lookup.ts';

type SessionQuery = Parameters<SessionCases['list']>[1];

export type SessionListDeps = Pick<AppDeps, 'storage' | 'clock' | 'ids'> & {
  readonly committer: Committer;
  readonly lookup: SessionLookup;
};

export function createSessionLists(deps: SessionListDeps): Pick<SessionCases, 'list' | 'revoke' | 'revokeMany'> {
  return {
    list: (caller, query) => listSessions(deps, caller, query),

    async revoke(caller, id) {
      const row = await sessionOf(deps, caller, id);
      if (row === null) throw notFound('the session');
      const session = storedSession(row.state);
      const own = session.holder === holderOf(caller);
      // Whose scopes do not reach to sessions of others learns nothing about them.
      if (!own && !caller.scopes.has('keys:write')) throw notFound('the session');
      if (!own) refuseStronger(caller, session);
      deps.lookup.forget(row.alias);
      await endSession(deps, row, caller);
    },

    async revokeMany(caller, holder = holderOf(caller)) {
      const own = holder === holderOf(caller);
      if (!own) assertScope(caller, 'keys:write');
      const rows = await allOf(deps, own ? homeOf(caller) : caller.workspaceId, holder);
      const wanted = rows.filter(({ id }) => id !== caller.sessionId);
      if (!own) for (const { state } of wanted) refuseStronger(caller, storedSession(state));
      for (const row of wanted) {
        deps.lookup.forget(row.alias);
        await endSession(deps, row, caller);
      }
      return { ended: wanted.length };
    },
  };
}

/** Ends it; told in the audit where somebody did so. */
export async function endSession(
  { committer, ids }: Pick<SessionListDeps, 'committer' | 'ids'>,
  { workspaceId, id, state: ended }: Resource,
  caller?: Caller,
): Promise<void> {
  await committer.write({ workspaceId, type: 'session', id }, (current, atMs) => {
    if (current === null) return { kind: 'nothing', answer: undefined };
    const { holder, name } = storedSession(ended);
    const note = { action: 'session.revoked', target: `session:${id}`, before: { holder, name } };
    const resources = caller === undefined ? [] : [auditWrite({ ids, caller }, note, atMs)];
    return { kind: 'write', plan: { state: null, changes: [], resources }, answer: () => undefined };
  });
}

/** Sessions of one's own are where one belongs, whichever workspace one looks at. */
function homeOf({ homeWorkspaceId, workspaceId }: Caller): string {
  return homeWorkspaceId ?? workspaceId;
}

async function sessionOf({ storage }: SessionListDeps, caller: Caller, id: string): Promise<Resource | null> {
  const [there, home] = await storage.resources([
    { workspaceId: caller.workspaceId, type: 'session', id },
    { workspaceId: homeOf(caller), type: 'session', id },
  ]);
  if (there !== undefined && there !== null) return there;
  const own = home !== undefined && home !== null && storedSession(home.state).holder === holderOf(caller);
  return own ? home : null;
}

async function allOf({ storage }: SessionListDeps, workspaceId: string, holder: string): Promise<readonly Resource[]> {
  const where = { holder };
  const page = await storage.read.resources({ workspaceId, type: 'session', where, limit: limits.pageItemsMax });
  return page.items;
}

async function listSessions(
  deps: SessionListDeps,
  caller: Caller,
  { holder, own = false, ...page }: SessionQuery,
): Promise<Page<SessionView>> {
  const onlyOwn = own || !caller.scopes.has('keys:read');
  const wanted = onlyOwn ? holderOf(caller) : holder;
  const found = await deps.storage.read.resources({
    ...page,
    workspaceId: onlyOwn ? homeOf(caller) : caller.workspaceId,
    type: 'session',
    ...(wanted === undefined ? {} : { where: { holder: wanted } }),
  });
  const open = await deps.lookup.open(found.items);
  return { items: open.map((row) => view(row, caller)), nextCursor: found.nextCursor };
}

function view({ id, state }: Resource, caller: Caller): SessionView {
  const { holder, name, createdAtMs, expiresAtMs, lastSeenAtMs, from } = storedSession(state);
  return {
    id,
    holder,
    name,
    createdAtMs,
    expiresAtMs,
    lastSeenAtMs: lastSeenAtMs ?? createdAtMs,
    address: from?.address ?? null,
    userAgent: from?.userAgent ?? null,
    current: id === caller.sessionId,
  };
}
