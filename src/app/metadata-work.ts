/**
 * Work on the metadata of many assets: mappings applied to those that are there already, values that follow a renamed or
 * removed option, values that go with their definition. A job, done by a duty in pages, each asset a change of its own.
 */
import { AssetwireError } from '../core/errors.ts';
import { isList, ownValue } from '../core/json-equality.ts';
import type { JsonValue } from '../core/json.ts';
import type { AssetState } from '../core/asset.ts';
import type { Actor } from '../core/change.ts';
import { type MetadataMapping, mappingProblems, withMapped } from '../core/metadata-mapping.ts';
import type { MetadataFieldSet } from '../core/metadata-field.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Resource, ResourceKey, ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import { type Committer, isTaken } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type Expected, refuseOtherVersion } from './preconditions.ts';
import { notFound, unfitAll } from './refusals.ts';

export type MetadataJobWork =
  | { readonly kind: 'apply-mappings' }
  /** Options of a field that have another value now; null: none. */
  | {
      readonly kind: 'replace-options';
      readonly field: string;
      readonly replace: { readonly [value: string]: string | null };
    }
  | { readonly kind: 'remove-field'; readonly field: string };

export type MetadataJobView = {
  readonly id: string;
  readonly state: 'running' | 'done' | 'cancelled';
  readonly work: MetadataJobWork;
  readonly dryRun: boolean;
  /** Assets looked at, and those of them that changed, or in a dry run would change. */
  readonly looked: number;
  readonly changed: number;
  /** Assets that could not be changed. */
  readonly failed: number;
  readonly endedAtMs?: number;
  readonly createdAtMs: number;
};

export type StoredJob = Omit<MetadataJobView, 'id' | 'createdAtMs'> & { readonly by: Actor };

export type MetadataJobPayload = { readonly jobId: string; readonly cursor: string | null };

/** The mappings of a workspace and how often they were written: 0 where none were yet. */
export type MetadataMappingsView = { readonly mappings: readonly MetadataMapping[]; readonly version: number };

export interface MetadataMappingCases {
  get(caller: Caller): Promise<MetadataMappingsView>;
  /** Replaces all of them; refused where they are at another version than `expected`. */
  set(caller: Caller, mappings: readonly MetadataMapping[], expected?: Expected): Promise<MetadataMappingsView>;
  /** Applies them to the assets that are there; one such job runs at a time. */
  apply(caller: Caller, input: { readonly dryRun?: boolean }): Promise<MetadataJobView>;
  job(caller: Caller, id: string): Promise<MetadataJobView>;
  jobs(caller: Caller, query: { readonly limit: number; readonly cursor?: string }): Promise<Page<MetadataJobView>>;
  cancel(caller: Caller, id: string): Promise<MetadataJobView>;
}

export type MetadataWorkDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock' | 'engine'> & {
  readonly committer: Committer;
};

export function mappingsKey(workspaceId: string): ResourceKey {
  return { workspaceId, type: 'metadata_mapping', id: 'mappings' };
}

/** The mappings of a workspace, as they are now. */
export async function mappingsOf(
  { storage }: { readonly storage: Pick<AppDeps['storage'], 'resources'> },
  workspaceId: string,
): Promise<readonly MetadataMapping[]> {
  const [row] = await storage.resources([mappingsKey(workspaceId)]);
  return storedMappings(row ?? null);
}

/** Rows of this key are written here only, in this shape. */
function storedMappings(row: Resource | null): readonly MetadataMapping[] {
  return (row?.state['mappings'] ?? []) as unknown as readonly MetadataMapping[];
}

export function createMetadataMappings(deps: MetadataWorkDeps): MetadataMappingCases {
  const { storage, committer, ids } = deps;
  const find = async ({ workspaceId }: Caller, id: string): Promise<Resource> => {
    const [row] = await storage.resources([{ workspaceId, type: 'metadata_job', id }]);
    if (row === undefined || row === null) throw notFound('the job');
    return row;
  };
  return {
    async get({ workspaceId }) {
      const [row = null] = await storage.resources([mappingsKey(workspaceId)]);
      return { mappings: storedMappings(row), version: row?.version ?? 0 };
    },

    async set(caller, mappings, expected) {
      const problems = mappingProblems(mappings);
      if (problems.length > 0) throw unfitAll(problems);
      const { workspaceId } = caller;
      const written = await committer.writeAlone<number>(mappingsKey(workspaceId), [], (current, atMs) => {
        const before = storedMappings(current);
        const found = current?.version ?? 0;
        refuseOtherVersion(expected, found, 'list of mappings');
        if (JSON.stringify(before) === JSON.stringify(mappings)) return { kind: 'nothing', answer: found };
        const note = {
          action: 'metadata_mappings.changed',
          target: 'metadata_mappings:all',
          before: { mappings: before },
          after: { mappings },
        };
        return {
          kind: 'write',
          plan: { state: { mappings }, changes: [], resources: [auditWrite({ ids, caller }, note, atMs)] },
          answer: ({ version }) => version,
        };
      });
      if (written.kind === 'duplicate') throw new TypeError('Mappings carry no idempotency row');
      return { mappings, version: written.answer };
    },

    apply: async (caller, { dryRun = false }) => jobView(await find(caller, await begin(deps, caller, dryRun))),

    job: async (caller, id) => jobView(await find(caller, id)),

    async jobs({ workspaceId }, query) {
      const page = await storage.read.resources({ ...query, workspaceId, type: 'metadata_job' });
      return { items: page.items.map(jobView), nextCursor: page.nextCursor };
    },

    async cancel(caller, id) {
      const { workspaceId } = caller;
      await committer.writeAlone({ workspaceId, type: 'metadata_job', id }, [], (current, atMs) => {
        if (current === null) throw notFound('the job');
        const job = storedJob(current);
        if (job.state !== 'running') return { kind: 'nothing', answer: undefined };
        const note = { action: 'metadata_job.cancelled', target: `metadata_job:${id}` };
        return {
          kind: 'write',
          plan: {
            state: { ...job, state: 'cancelled', endedAtMs: atMs },
            alias: endedAlias(id),
            changes: [],
            resources: [auditWrite({ ids, caller }, note, atMs)],
          },
          answer: () => undefined,
        };
      });
      return jobView(await find(caller, id));
    },
  };
}

const applyingAlias = 'applying';

/** The id of a new job that applies the mappings. */
async function begin(deps: MetadataWorkDeps, caller: Caller, dryRun: boolean): Promise<string> {
  const { committer, ids } = deps;
  const { workspaceId } = caller;
  const made = newJob(deps, caller, { work: { kind: 'apply-mappings' }, dryRun, atMs: deps.clock.nowMs() });
  const note = { action: 'metadata_mappings.applied', target: `metadata_job:${made.id}` };
  try {
    await committer.write({ workspaceId, type: 'metadata_job', id: made.id }, (_, atMs) => ({
      kind: 'write',
      plan: {
        state: made.state,
        alias: applyingAlias,
        changes: [],
        duties: [made.duty],
        resources: [auditWrite({ ids, caller }, note, atMs)],
      },
      answer: () => undefined,
    }));
  } catch (error) {
    if (!isTaken(error)) throw error;
    throw new AssetwireError('already_exists', {
      detail: 'Apply the mappings once at a time: a job that does is running',
      mend: 'Wait for it, or cancel it: GET /v1/metadata-jobs',
    });
  }
  return made.id;
}

export function endedAlias(id: string): string {
  return `ended ${id}`;
}

/** A job about to be committed with the duty that does it. */
export function newJob(
  { ids }: Pick<AppDeps, 'ids'>,
  { workspaceId, actor }: Caller,
  { work, dryRun, atMs }: { readonly work: MetadataJobWork; readonly dryRun: boolean; readonly atMs: number },
): { readonly id: string; readonly state: StoredJob; readonly write: ResourceWrite; readonly duty: NewDuty } {
  const id = ids.next('metadataJob');
  const state: StoredJob = { state: 'running', work, dryRun, looked: 0, changed: 0, failed: 0, by: actor };
  const payload: MetadataJobPayload = { jobId: id, cursor: null };
  return {
    id,
    state,
    write: { type: 'metadata_job', id, expectedVersion: 0, state },
    duty: { id: ids.next('duty'), workspaceId, kind: 'metadata', dueAtMs: atMs, payload },
  };
}

/** Rows of this type are written here and by their duty, in this shape. */
export function storedJob(row: Pick<Resource, 'state'>): StoredJob {
  return row.state as unknown as StoredJob;
}

export function jobView(row: Pick<Resource, 'id' | 'state' | 'createdAtMs'>): MetadataJobView {
  const { by: _, ...shown } = storedJob(row);
  return { id: row.id, ...shown, createdAtMs: row.createdAtMs };
}

/** What a job makes of one asset; the same object where it has nothing to do with it. */
export function worked(
  state: AssetState,
  work: MetadataJobWork,
  known: { readonly mappings: readonly MetadataMapping[]; readonly set: MetadataFieldSet | null },
): AssetState {
  switch (work.kind) {
    case 'apply-mappings':
      return withMapped(state, known.mappings, known.set?.fields ?? null);
    case 'replace-options':
      return withMetadata(state, work.field, (value) => replaced(value, work.replace));
    case 'remove-field':
      // Defined anew meanwhile: its values are those of the new one.
      return known.set?.fields.has(work.field) === true ? state : withMetadata(state, work.field, () => undefined);
    default:
      return work satisfies never;
  }
}

function withMetadata(
  state: AssetState,
  field: string,
  change: (value: JsonValue) => JsonValue | undefined,
): AssetState {
  const value = ownValue(state.metadata, field);
  if (value === undefined) return state;
  const next = change(value);
  if (JSON.stringify(next) === JSON.stringify(value)) return state;
  const { [field]: _, ...rest } = state.metadata;
  return { ...state, metadata: next === undefined ? rest : { ...rest, [field]: next } };
}

function replaced(value: JsonValue, replace: { readonly [value: string]: string | null }): JsonValue | undefined {
  const one = (each: JsonValue): JsonValue | null =>
    typeof each === 'string' && Object.hasOwn(replace, each) ? (replace[each] ?? null) : each;
  if (!isList(value)) return one(value) ?? undefined;
  const list = [...new Set(value.map(one).filter((each) => each !== null))];
  return list.length === 0 ? undefined : list;
}

export const metadataJobPage = 200;
