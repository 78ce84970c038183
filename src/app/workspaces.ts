/**
 * Workspaces: tenants, each a row in its own name. `default` always exists; an environment has a parent. A disabled one
 * lets nobody in; one that is being erased is as good as gone (see duty-erase-workspace.ts).
 */
import { LRUCache } from 'lru-cache';
import { AssetwireError } from '../core/errors.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import type { ChangeRates } from './change-rate.ts';
import type { ClosedWorkspaces } from './closed-workspaces.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { erasureDuty, erasureKey, erasureView } from './erasure.ts';
import { filteredPage } from './filtered-page.ts';
import { keyBelievedMs } from './key-lookup.ts';
import { lacks } from './needed-scope.ts';
import type { WorkspaceCases, WorkspacePatch, WorkspaceState, WorkspaceView } from './people.ts';
import type { Quotas } from './quotas.ts';
import { notFound, unfit } from './refusals.ts';
import { type StoredWorkspace, storedWorkspace, workspaceState } from './workspace-state.ts';

const idForm = /^[a-z0-9-]{1,63}$/;

export interface KnownWorkspaces {
  /**
   * The caller in the workspace that the request names. Only an admin may name another than his own; another's name
   * is `forbidden` whether it exists or not.
   */
  readonly admit: (caller: Caller, workspace: string | undefined) => Promise<Caller>;
}

export type Workspaces = WorkspaceCases & KnownWorkspaces & { ensureDefault(): Promise<void> };

export type WorkspacesDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock' | 'engine'> & {
  readonly committer: Committer;
  readonly closed: ClosedWorkspaces;
  readonly quotas: Pick<Quotas, 'of'>;
  readonly changeRate: Pick<ChangeRates, 'forget'>;
};

export function createWorkspaces(deps: WorkspacesDeps): Workspaces {
  const { storage, clock, committer, changeRate } = deps;
  /** What an admin's requests name again and again, believed for a moment. */
  const known = new LRUCache<string, { readonly state: WorkspaceState | null; readonly checkedAtMs: number }>({
    max: 10_000,
  });

  const find = async (id: string): Promise<Resource | null> => {
    const [row] = await storage.resources([{ workspaceId: id, type: 'workspace', id }]);
    return row ?? null;
  };
  const stateOf = async (id: string): Promise<WorkspaceState | null> => {
    const seen = known.get(id);
    if (seen !== undefined && clock.monotonicMs() - seen.checkedAtMs < keyBelievedMs) return seen.state;
    const row = idForm.test(id) ? await find(id) : null;
    const state = row === null ? null : workspaceState(row);
    known.set(id, { state, checkedAtMs: clock.monotonicMs() });
    return state;
  };

  return {
    async admit(caller, workspace) {
      if (workspace === undefined || workspace === caller.workspaceId) return caller;
      if (!caller.admin) {
        throw new AssetwireError('forbidden', {
          detail: 'Act in your own workspace: the request names another one, and the caller is no admin',
          mend: 'Leave the header Assetwire-Workspace (--workspace) out, or use a key of that workspace',
        });
      }
      // An admin sees to a disabled workspace; one that is being erased is not there any more.
      const state = await stateOf(workspace);
      if (state === null || state === 'erasing')
        throw new AssetwireError('not_found', { detail: `Find workspace "${shown(workspace)}": there is none` });
      return { ...caller, workspaceId: workspace, homeWorkspaceId: caller.workspaceId };
    },

    async create(caller, input) {
      const made = await createWorkspace(deps, caller, input);
      known.delete(input.id);
      return made;
    },

    list: (caller, query) => listWorkspaces(deps, caller, query),

    get: (caller, id) => getWorkspace(deps, { caller, id }),

    async update(caller, id, patch) {
      refuseOthers(caller);
      const updated = await updateWorkspace(deps, { caller, id }, patch);
      known.delete(id);
      if (patch.quota?.changesPerSecondMax !== undefined) changeRate.forget(id);
      return updated;
    },

    async erase(caller, id, confirm) {
      refuseOthers(caller);
      const begun = await beginErasure(deps, { caller, id }, confirm);
      known.delete(id);
      return begun;
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

async function listWorkspaces(
  { storage }: WorkspacesDeps,
  caller: Caller,
  { state, parent, ...query }: Parameters<WorkspaceCases['list']>[1],
): Promise<Page<WorkspaceView>> {
  if (!caller.admin) {
    const { workspaceId } = caller;
    const [own] = await storage.resources([{ workspaceId, type: 'workspace', id: workspaceId }]);
    return { items: own === undefined || own === null ? [] : [view(own)], nextCursor: null };
  }
  const read = async (page: { readonly limit: number; readonly cursor?: string }) => {
    const { items, nextCursor } = await storage.read.allResources({ type: 'workspace', ...page });
    return { items: items.map(view), nextCursor };
  };
  if (state === undefined && parent === undefined) return read(query);
  const fits = (one: WorkspaceView): boolean =>
    (state === undefined || one.state === state) && (parent === undefined || one.parent === parent);
  return filteredPage(read, query, fits);
}

type Target = { readonly caller: Caller; readonly id: string };

async function getWorkspace({ storage, quotas }: WorkspacesDeps, { caller, id }: Target): Promise<WorkspaceView> {
  if (!caller.admin && id !== caller.workspaceId) throw notFound('the workspace');
  const [row] = await storage.resources([{ workspaceId: id, type: 'workspace', id }]);
  const erasure = await erasureView(storage, id);
  if (row !== undefined && row !== null) {
    const [quota, usage] = await Promise.all([quotas.of(id), storage.blobUsage(id)]);
    return { ...view(row), usage, quota, ...(erasure === null ? {} : { erasure: erasure.view }) };
  }
  if (erasure === null) throw notFound('the workspace');
  // Its own row is gone already; what is left to do is told from the erasure's.
  return { id, name: id, state: 'erasing', createdAtMs: erasure.createdAtMs, erasure: erasure.view };
}

async function createWorkspace(
  { storage, ids, committer, closed }: WorkspacesDeps,
  caller: Caller,
  { id, name, parent }: Parameters<WorkspaceCases['create']>[1],
): Promise<WorkspaceView> {
  refuseOthers(caller);
  if (!idForm.test(id)) throw unfit('/id', '1 to 63 characters of a-z, 0-9 and -', shown(id));
  if (parent !== undefined) {
    const [row] = idForm.test(parent)
      ? await storage.resources([{ workspaceId: parent, type: 'workspace', id: parent }])
      : [];
    if (row === undefined || row === null || workspaceState(row) === 'erasing')
      throw unfit('/parent', 'a workspace that exists', shown(parent));
  }
  if (closed.has(id) || (await erasureView(storage, id)) !== null) throw stillErasing(id);
  const state = { name, ...(parent === undefined ? {} : { parent }) };
  const written = await committer.write<WorkspaceView>({ workspaceId: id, type: 'workspace', id }, (current, atMs) => {
    if (current !== null)
      throw new AssetwireError('already_exists', { detail: `Make workspace "${id}": it is there already` });
    const note = { action: 'workspace.created', target: `workspace:${id}`, after: state };
    return {
      kind: 'write',
      plan: { state, changes: [], resources: [auditWrite({ ids, caller }, note, atMs)] },
      answer: () => ({ id, ...state, state: 'active', createdAtMs: atMs }),
    };
  });
  if (written.kind === 'duplicate') throw new TypeError('A workspace carries no idempotency row');
  return written.answer;
}

async function updateWorkspace(
  { ids, committer }: WorkspacesDeps,
  { caller, id }: Target,
  { name, disabled, quota }: WorkspacePatch,
): Promise<WorkspaceView> {
  if (id === 'default' && disabled === true)
    throw new AssetwireError('workspace_protected', {
      detail: 'Keep the workspace default enabled: admin keys and the server itself are at home in it',
    });
  const written = await committer.write<WorkspaceView>({ workspaceId: id, type: 'workspace', id }, (current, atMs) => {
    if (current === null || workspaceState(current) === 'erasing') throw notFound('the workspace');
    const before = storedWorkspace(current.state);
    const { disabledAtMs, ...rest } = before;
    const off = disabled ?? disabledAtMs !== undefined;
    const state: StoredWorkspace = {
      ...rest,
      ...(name === undefined ? {} : { name }),
      ...(off ? { disabledAtMs: disabledAtMs ?? atMs } : {}),
      ...(quota === undefined ? {} : { quota: { ...rest.quota, ...quota } }),
    };
    const note = { action: 'workspace.updated', target: `workspace:${id}`, before, after: state };
    return {
      kind: 'write',
      plan: { state, changes: [], resources: [auditWrite({ ids, caller }, note, atMs)] },
      answer: () => view({ ...current, state }),
    };
  });
  if (written.kind === 'duplicate') throw new TypeError('A workspace carries no idempotency row');
  return written.answer;
}

/** From here on nobody is let in; the rest is the duty's. */
async function beginErasure(deps: WorkspacesDeps, { caller, id }: Target, confirm: string): Promise<WorkspaceView> {
  const { storage, ids, committer, closed, engine } = deps;
  if (id === 'default') {
    throw new AssetwireError('workspace_protected', {
      detail: 'Erase another workspace: admin keys, signing keys and the server itself are at home in default',
    });
  }
  if (confirm !== id) throw unfit('/confirm', `the id of the workspace, "${id}", once more`, shown(confirm));
  const running = await erasureView(storage, id);
  if (running !== null)
    return { id, name: id, state: 'erasing', createdAtMs: running.createdAtMs, erasure: running.view };
  const child = await childOf(storage, id);
  if (child !== null)
    throw new AssetwireError('in_use', {
      detail: `Erase a workspace that is nobody's parent: "${child}" is a child of it`,
    });
  const [row] = await storage.resources([{ workspaceId: id, type: 'workspace', id }]);
  if (row === undefined || row === null) throw notFound('the workspace');
  // Its name goes with it: what lies in default holds the id alone.
  const { createdAtMs } = row;
  const { name } = storedWorkspace(row.state);
  // Two commits, because they are two workspaces: first the duty, which does nothing before the second has been made.
  const written = await committer.writeAlone<WorkspaceView>(erasureKey(id), [], (current, atMs) => {
    const { state, duty, view: erasure } = erasureDuty(ids, { id, createdAtMs, caller }, atMs);
    const answer: WorkspaceView = { id, name, state: 'erasing', createdAtMs, erasure };
    if (current !== null) return { kind: 'nothing', answer };
    const note = { action: 'workspace.erasure_begun', target: `workspace:${id}` };
    return {
      kind: 'write',
      plan: {
        state,
        changes: [],
        duties: [duty],
        resources: [auditWrite({ ids, caller }, note, atMs)],
      },
      answer: () => answer,
    };
  });
  if (written.kind === 'duplicate') throw new TypeError('A workspace carries no idempotency row');
  closed.add(id);
  engine.dutyOffered();
  return written.answer;
}

async function childOf(storage: WorkspacesDeps['storage'], id: string): Promise<string | null> {
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof storage.read.allResources>> = await storage.read.allResources({
      type: 'workspace',
      limit: 1_000,
      ...(cursor === null ? {} : { cursor }),
    });
    const child = page.items.find((row) => storedWorkspace(row.state).parent === id);
    if (child !== undefined) return child.id;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return null;
}

function refuseOthers(caller: Caller): void {
  if (!caller.admin) throw lacks(caller, 'admin');
}

function stillErasing(id: string): AssetwireError {
  return new AssetwireError('already_exists', {
    detail: `Make workspace "${id}": one of this id is still being erased`,
    mend: `Wait until GET /v1/workspaces/${id} answers 404`,
  });
}

function view(row: Resource): WorkspaceView {
  const { name, parent } = storedWorkspace(row.state);
  return {
    id: row.id,
    name,
    ...(parent === undefined ? {} : { parent }),
    state: workspaceState(row),
    createdAtMs: row.createdAtMs,
  };
}

/** A caller's text as it may stand in a message. */
function shown(text: string): string {
  return text.length > 63 ? `${text.slice(0, 63)}…` : text;
}
