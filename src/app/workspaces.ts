/** Workspaces: tenants, each a row in its own name. `default` always exists; an environment has a parent. */
import { AssetwireError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/storage.ts';
import type { Caller, WorkspaceCases } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { notFound, unfit } from './refusals.ts';

const idForm = /^[a-z0-9-]{1,63}$/;

export interface KnownWorkspaces {
  /**
   * The caller in the workspace that the request names. Only an admin may name another than his own; another's name
   * is `forbidden` whether it exists or not.
   */
  readonly admit: (caller: Caller, workspace: string | undefined) => Promise<Caller>;
}

export type Workspaces = WorkspaceCases & KnownWorkspaces & { ensureDefault(): Promise<void> };

export type WorkspacesDeps = Pick<AppDeps, 'storage' | 'ids'> & { readonly committer: Committer };

export function createWorkspaces({ storage, ids, committer }: WorkspacesDeps): Workspaces {
  // Workspaces are never removed in this version, so one that was seen exists.
  const seen = new Set<string>(['default']);

  const find = async (id: string): Promise<Resource | null> => {
    const [row] = await storage.resources([{ workspaceId: id, type: 'workspace', id }]);
    if (row !== undefined && row !== null) seen.add(id);
    return row ?? null;
  };

  const exists = async (id: string): Promise<boolean> => seen.has(id) || (idForm.test(id) && (await find(id)) !== null);

  return {
    async admit(caller, workspace) {
      if (workspace === undefined || workspace === caller.workspaceId) return caller;
      if (!caller.admin) {
        throw new AssetwireError('forbidden', {
          detail: 'Act in the workspace of the key: the request names another one',
        });
      }
      if (!(await exists(workspace)))
        throw new AssetwireError('not_found', { detail: `Find workspace "${shown(workspace)}": there is none` });
      return { ...caller, workspaceId: workspace };
    },

    async create(caller, { id, name, parent }) {
      refuseOthers(caller);
      if (!idForm.test(id)) throw unfit('/id', '1 to 63 characters of a-z, 0-9 and -', shown(id));
      if (parent !== undefined && !(await exists(parent)))
        throw unfit('/parent', 'a workspace that exists', shown(parent));
      const state = { name, ...(parent === undefined ? {} : { parent }) };
      const written = await committer.write({ workspaceId: id, type: 'workspace', id }, (current, atMs) => {
        if (current !== null)
          throw new AssetwireError('already_exists', { detail: `Make workspace "${id}": it is there already` });
        return {
          kind: 'write',
          plan: {
            state,
            changes: [],
            resources: [
              auditWrite(
                { ids, caller },
                { action: 'workspace.created', target: `workspace:${id}`, after: state },
                atMs,
              ),
            ],
          },
          answer: () => ({ id, ...state, createdAtMs: atMs }),
        };
      });
      if (written.kind === 'duplicate') throw new TypeError('A workspace carries no idempotency row');
      seen.add(id);
      return written.answer;
    },

    async list(caller, query) {
      if (!caller.admin) {
        const own = await find(caller.workspaceId);
        return { items: own === null ? [] : [view(own)], nextCursor: null };
      }
      const page = await storage.read.allResources({ type: 'workspace', ...query });
      return { items: page.items.map(view), nextCursor: page.nextCursor };
    },

    async get(caller, id) {
      const row = caller.admin || id === caller.workspaceId ? await find(id) : null;
      if (row === null) throw notFound('the workspace');
      return view(row);
    },

    async ensureDefault() {
      await committer.write({ workspaceId: 'default', type: 'workspace', id: 'default' }, (current) =>
        current !== null
          ? { kind: 'nothing', answer: undefined }
          : { kind: 'write', plan: { state: { name: 'Default' }, changes: [] }, answer: () => undefined },
      );
    },
  };
}

function refuseOthers(caller: Caller): void {
  if (!caller.admin)
    throw new AssetwireError('forbidden', { detail: 'Manage workspaces with an admin key: the key is none' });
}

function view(row: Resource): JsonObject {
  return { id: row.id, ...row.state, createdAtMs: row.createdAtMs };
}

/** A caller's text as it may stand in a message. */
function shown(text: string): string {
  return text.length > 63 ? `${text.slice(0, 63)}…` : text;
}
