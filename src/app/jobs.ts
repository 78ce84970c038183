/**
 * Workflow jobs: made, listed, changed, deleted; each a change that webhooks are told of. A job holds the ids of the assets
 * it is about and nothing of them: one that was deleted since stays named. Jobs of a DAM that reports them are shown with
 * the rest.
 */
import { AssetwireError } from '../core/errors.ts';
import { parseId } from '../core/id-encoding.ts';
import { isObject, sameJson } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { asJobJson, jobTexts, readWorkflowJob, type WorkflowJobState } from '../core/workflow-job.ts';
import type { Resource, ResourceKey } from '../storage/contract/resources.ts';
import type { Caller, Written } from './app.ts';
import { refuseSeconds } from './asset-date-refusals.ts';
import { assetIdOf, assetState } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, replay, type RowMaker } from './idempotency.ts';
import type { JobCases, JobInput, JobPatch, JobView } from './job-cases.ts';
import { subjectChange } from './member-writes.ts';
import { refuseOtherVersion } from './preconditions.ts';
import { notFound, unfit } from './refusals.ts';

export type JobDeps = Pick<AppDeps, 'storage' | 'ids'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
};

export function createJobs(deps: JobDeps): JobCases {
  const { storage } = deps;
  const find = async ({ workspaceId }: Caller, id: string): Promise<Resource> => {
    const [row] = await storage.resources([keyOf(workspaceId, id)]);
    if (row === undefined || row === null) throw notFound('the job');
    return row;
  };
  return {
    create: (caller, input, idempotency) =>
      deps.idempotent.run<JobView>(caller.workspaceId, idempotency, (row) =>
        createOne(deps, caller, { input, row, fingerprint: idempotency?.fingerprint ?? '' }),
      ),

    async list({ workspaceId }, { status, accountable, asset: reference, nameContains, ...page }) {
      const asset = reference === undefined ? undefined : await wholeAssetId(deps, workspaceId, reference);
      const where = {
        ...(status === undefined ? {} : { status }),
        ...(accountable === undefined ? {} : { accountable }),
      };
      const contains = {
        ...(asset === undefined ? {} : { assets: asset }),
        ...(nameContains === undefined ? {} : { name: nameContains }),
      };
      const found = await storage.read.resources({ ...page, workspaceId, type: 'workflow_job', where, contains });
      return { items: found.items.map(jobView), nextCursor: found.nextCursor };
    },

    get: async (caller, id) => jobView(await find(caller, id)),

    update: (caller, id, options) =>
      deps.idempotent.run<JobView>(caller.workspaceId, options.idempotency, async (row) => {
        await find(caller, id);
        return updateOne(deps, caller, { id, options, row });
      }),

    async remove(caller, id, { expected } = {}) {
      await find(caller, id);
      await deps.committer.write(keyOf(caller.workspaceId, id), (current, atMs) => {
        if (current === null) throw notFound('the job');
        refuseOtherVersion(expected, current.version, 'job');
        const removed = { kind: 'workflow_job.removed', before: current.state, after: null } as const;
        const changes = [changeOf(deps, { caller, row: current, atMs, version: current.version + 1 }, removed)];
        return { kind: 'write', plan: { state: null, changes }, answer: () => undefined };
      });
    },
  };
}

/** Part of an id would find the jobs of other assets. One that was deleted since is found by its own id. */
async function wholeAssetId(deps: JobDeps, workspaceId: string, reference: string): Promise<string> {
  const id = await assetIdOf(deps, workspaceId, reference);
  if (id === null) throw unfit('/asset', 'an asset that is there', 'none of this id');
  if (parseId('asset', id) === null) throw unfit('/asset', 'the id of an asset, external:ID or alias:DIALECT:ID', id);
  return id;
}

function keyOf(workspaceId: string, id: string): ResourceKey {
  return { workspaceId, type: 'workflow_job', id };
}

/** As it is shown; what was noted of its assets for payloads is left out. */
export function jobView(row: Resource): JobView {
  const { id, alias, version, state, updatedAtMs } = row;
  return {
    id,
    ...(alias === undefined ? {} : { externalId: alias }),
    ...readWorkflowJob(state, row),
    version,
    updatedAtMs,
  };
}

type Told = {
  readonly kind: 'workflow_job.created' | 'workflow_job.changed' | 'workflow_job.removed';
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
};

function changeOf(
  { ids }: JobDeps,
  {
    caller: { workspaceId, actor },
    row: { id, alias },
    atMs,
    version,
  }: {
    readonly caller: Caller;
    readonly row: Pick<Resource, 'id' | 'alias'>;
    readonly atMs: number;
    readonly version: number;
  },
  told: Told,
) {
  const subject = { type: 'workflow_job', id, ...(alias === undefined ? {} : { externalId: alias }), version } as const;
  return subjectChange({ ids, workspaceId, actor, atMs }, subject, told);
}

function refuseTooLargeJob(state: JsonObject): void {
  const bytes = Buffer.byteLength(JSON.stringify(state));
  if (bytes <= limits.jobStateBytesMax) return;
  throw new AssetwireError('limit_reached', {
    detail: `Keep at most ${limits.jobStateBytesMax} bytes in a job, with the ids its assets had elsewhere: this would be ${bytes}`,
    mend: 'Link fewer assets, or make two jobs of it',
  });
}

// --- Making one -----------------------------------------------------------------------------------------------------

type Creating = { readonly input: JobInput; readonly row: RowMaker | undefined; readonly fingerprint: string };

async function createOne(
  deps: JobDeps,
  caller: Caller,
  { input, row, fingerprint }: Creating,
): Promise<Written<JobView>> {
  const { workspaceId, actor } = caller;
  const key = keyOf(workspaceId, deps.ids.next('workflowJob'));
  const { assets: references = [], name, status = 'open', deadlineAtMs, ...texts } = input;
  refuseSeconds('deadlineAtMs', deadlineAtMs);
  const linked = await linkedAssets(deps, workspaceId, references);
  const written = await deps.committer.write<Written<JobView>>(key, (_, atMs) => {
    const job: WorkflowJobState = {
      name,
      ...texts,
      status,
      ...(deadlineAtMs === undefined ? {} : { deadlineAtMs }),
      ...linked,
      createdBy: actor.id,
      createdAtMs: atMs,
      modifiedAtMs: atMs,
    };
    const state = asJobJson(job);
    refuseTooLargeJob(state);
    const view = jobView({ ...key, version: 1, state, createdAtMs: atMs, updatedAtMs: atMs });
    const created = { kind: 'workflow_job.created', before: null, after: state } as const;
    return {
      kind: 'write',
      plan: {
        state,
        changes: [changeOf(deps, { caller, row: key, atMs, version: 1 }, created)],
        ...(row === undefined ? {} : { idempotency: () => row(201, view) }),
      },
      answer: () => ({ status: 201, body: view }),
    };
  });
  return written.kind === 'done' ? written.answer : replay<JobView>(written.row, fingerprint);
}

type Linked = Pick<WorkflowJobState, 'assets' | 'assetAliases'>;

/** Each once, in the order given, with the ids of former DAMs that payloads name them by. Throws where one is not there. */
async function linkedAssets(deps: JobDeps, workspaceId: string, references: readonly string[]): Promise<Linked> {
  const ids = new Map<string, number>();
  for (const [at, reference] of references.entries()) {
    const id = await assetIdOf(deps, workspaceId, reference);
    if (id === null) throw missingAsset(at);
    if (!ids.has(id)) ids.set(id, at);
  }
  const rows = await deps.storage.resources([...ids.keys()].map((id) => ({ workspaceId, type: 'asset' as const, id })));
  const aliases: [string, { readonly [dialect: string]: string }][] = [];
  for (const [index, [id, at]] of [...ids].entries()) {
    const row = rows[index];
    if (row === undefined || row === null) throw missingAsset(at);
    const { aliases: known } = assetState(row);
    if (isObject(known) && Object.keys(known).length > 0) aliases.push([id, known]);
  }
  return { assets: [...ids.keys()], ...(aliases.length === 0 ? {} : { assetAliases: Object.fromEntries(aliases) }) };
}

function missingAsset(at: number): Error {
  return unfit(`/assets/${at}`, 'an asset that is there', 'none of this id');
}

// --- Changing one ---------------------------------------------------------------------------------------------------

type Updating = {
  readonly id: string;
  readonly options: Parameters<JobCases['update']>[2];
  readonly row: RowMaker | undefined;
};

async function updateOne(
  deps: JobDeps,
  caller: Caller,
  { id, options: { expected, idempotency, ...patch }, row }: Updating,
): Promise<Written<JobView>> {
  refuseSeconds('deadlineAtMs', patch.deadlineAtMs);
  const linked = patch.assets === undefined ? undefined : await linkedAssets(deps, caller.workspaceId, patch.assets);
  const written = await deps.committer.write<Written<JobView>>(keyOf(caller.workspaceId, id), (current, atMs) => {
    if (current === null) throw notFound('the job');
    refuseOtherVersion(expected, current.version, 'job');
    const next = patched(current.state, patch, linked);
    refuseTooLargeJob(next);
    const same = sameJson(next, current.state);
    const state = same ? current.state : { ...next, modifiedAtMs: atMs };
    const version = same ? current.version : current.version + 1;
    const view = jobView({ ...current, version, state, updatedAtMs: same ? current.updatedAtMs : atMs });
    const answer = { status: 200, body: view };
    if (same && row === undefined) return { kind: 'nothing', answer };
    const told = { kind: 'workflow_job.changed', before: current.state, after: state } as const;
    return {
      kind: 'write',
      plan: {
        ...(same ? {} : { state }),
        changes: same ? [] : [changeOf(deps, { caller, row: current, atMs, version }, told)],
        ...(row === undefined ? {} : { idempotency: () => row(200, view) }),
      },
      answer: () => answer,
    };
  });
  return written.kind === 'done' ? written.answer : replay<JobView>(written.row, idempotency?.fingerprint ?? '');
}

/** With what the patch says; what a DAM reported of the job beyond our fields stays. */
function patched(state: JsonObject, patch: JobPatch, linked: Linked | undefined): JsonObject {
  const fields = new Map(Object.entries(state));
  for (const field of [...jobTexts, 'deadlineAtMs'] as const) {
    const value = patch[field];
    if (value === null) fields.delete(field);
    else if (value !== undefined) fields.set(field, value);
  }
  if (patch.name !== undefined) fields.set('name', patch.name);
  if (patch.status !== undefined) fields.set('status', patch.status);
  if (linked !== undefined) {
    fields.set('assets', linked.assets);
    if (linked.assetAliases === undefined) fields.delete('assetAliases');
    else fields.set('assetAliases', linked.assetAliases);
  }
  return Object.fromEntries(fields);
}
