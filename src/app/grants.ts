/**
 * Grants: reading or writing part of the assets, for a user or key whose scopes do not cover all of them. Whoever gives
 * one has the scope on everything himself.
 */
import { AssetwireError } from '../core/errors.ts';
import { readFolderPath } from '../core/folder-path.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { Resource, ResourceType } from '../storage/contract/resources.ts';
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import { refuseStronger } from './authority.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { grantSetKey, grantSetState, heldGrants } from './grant-sets.ts';
import { findByKey } from './member-writes.ts';
import type { Grant, GrantCases, GrantView } from './people.ts';
import { notFound, unfit } from './refusals.ts';
import { keyAccessDuty } from './webhook-access-duty.ts';
import type { WorkspaceIndex } from './webhook-indexes.ts';

export type GrantsDeps = Pick<AppDeps, 'storage' | 'ids'> & {
  readonly committer: Committer;
  /** So that what was given or taken away counts at once in this process. */
  readonly forgetCallers: () => void;
};

type StoredGrant = Grant & { readonly principal: string };

export function createGrants(deps: GrantsDeps): GrantCases {
  const { storage } = deps;
  const find = async (workspaceId: string, id: string): Promise<Resource> => {
    const [row] = await storage.resources([{ workspaceId, type: 'grant', id }]);
    if (row === undefined || row === null) throw notFound('the grant');
    return row;
  };
  return {
    async create(caller, input) {
      const given = await createGrant(deps, caller, input);
      deps.forgetCallers();
      return given;
    },

    async list({ workspaceId }, { principal, ...page }) {
      const found = await storage.read.resources({
        ...page,
        workspaceId,
        type: 'grant',
        ...(principal === undefined ? {} : { where: { principal } }),
      });
      return { items: found.items.map(view), nextCursor: found.nextCursor };
    },

    get: async ({ workspaceId }, id) => view(await find(workspaceId, id)),

    async remove(caller, id) {
      await removeGrant(deps, caller, await find(caller.workspaceId, id));
      deps.forgetCallers();
    },
  };
}

async function createGrant(
  deps: GrantsDeps,
  caller: Caller,
  { principal, resource, scopes }: StoredGrant,
): Promise<GrantView> {
  const { workspaceId } = caller;
  const { ids, committer } = deps;
  refuseStronger(caller, { scopes, admin: false });
  await assertPrincipal(deps, workspaceId, principal);
  const id = ids.next('grant');
  const given: StoredGrant = {
    principal,
    resource: await tidy(deps, workspaceId, resource),
    scopes: [...new Set(scopes)],
  };
  const written = await committer.writeAlone(grantSetKey(workspaceId, principal), [], (current, atMs) => {
    const held = heldGrants(current);
    if (held.length >= limits.grantsPerPrincipalMax) {
      throw new AssetwireError('limit_reached', {
        detail: `Give at most ${limits.grantsPerPrincipalMax} grants to one user or key: there are that many`,
        mend: 'Grant a folder further up, or give a role',
      });
    }
    const note = { action: 'grant.created', target: `grant:${id}`, after: asState(given) };
    return {
      kind: 'write',
      plan: {
        state: grantSetState([...held, { id, resource: given.resource, scopes: given.scopes }]),
        changes: [],
        resources: [
          { type: 'grant', id, expectedVersion: 0, state: asState(given) },
          auditWrite({ ids, caller }, note, atMs),
        ],
      },
      answer: (): GrantView => ({ id, ...given, createdAtMs: atMs }),
    };
  });
  if (written.kind === 'duplicate') throw new TypeError('A grant carries no idempotency row');
  return written.answer;
}

async function removeGrant({ ids, committer }: GrantsDeps, caller: Caller, row: Resource): Promise<void> {
  const { id, workspaceId } = row;
  const { principal, resource, scopes } = stored(row);
  await committer.writeAlone(
    grantSetKey(workspaceId, principal),
    [{ workspaceId, type: 'grant', id }],
    (current, atMs, { others: [grant = null], index }) => {
      if (grant === null) throw notFound('the grant');
      const rest = heldGrants(current).filter((held) => held.id !== id);
      const note = { action: 'grant.removed', target: `grant:${id}`, before: asState({ principal, resource, scopes }) };
      return {
        kind: 'write',
        plan: {
          state: grantSetState(rest),
          changes: [],
          duties: webhooksMade(index, principal)
            ? [keyAccessDuty({ ids }, workspaceId, { keyId: principal.slice('key:'.length), dueAtMs: atMs })]
            : [],
          resources: [
            { type: 'grant', id, expectedVersion: grant.version, state: null },
            auditWrite({ ids, caller }, note, atMs),
          ],
        },
        answer: () => undefined,
      };
    },
  );
}

/** Whether there are webhooks that this key made: they may have to go with the grant. */
function webhooksMade({ webhooks }: WorkspaceIndex, principal: string): boolean {
  return webhooks.some(({ ownerKeyId }) => ownerKeyId !== undefined && `key:${ownerKeyId}` === principal);
}

async function assertPrincipal({ storage }: GrantsDeps, workspaceId: string, principal: string): Promise<void> {
  const [type = '', id = ''] = principal.split(':');
  const [row] = await storage.resources([{ workspaceId, type: type as ResourceType, id }]);
  if (row === undefined || row === null) throw unfit('/principal', 'a user or key of this workspace', principal);
}

/**
 * Folder paths in the one spelling that assets have, so that `/a/` and `/a` are one; collections by their key, which is what
 * assets carry, also where they are named by their id.
 */
async function tidy(deps: GrantsDeps, workspaceId: string, resource: Grant['resource']): Promise<Grant['resource']> {
  if (resource.type === 'collection') {
    const row = await findByKey(deps, { workspaceId, type: 'collection', reference: resource.id });
    return { type: 'collection', id: row?.alias ?? resource.id };
  }
  if (resource.type !== 'folder') return resource;
  const read = readFolderPath(resource.path);
  if (read.path === null) throw unfit('/resource/path', read.wanted, read.found);
  return { type: 'folder', path: read.path };
}

function asState({ principal, resource, scopes }: StoredGrant): JsonObject {
  return { principal, resource: { ...resource }, scopes: [...scopes] };
}

function stored(row: Resource): StoredGrant {
  // Rows of this type are written here only, in this shape.
  return row.state as unknown as StoredGrant;
}

function view(row: Resource): GrantView {
  return { id: row.id, ...stored(row), createdAtMs: row.createdAtMs };
}
