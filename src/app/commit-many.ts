/**
 * Writes to many subjects in one commit, each decided on the version that was read: for what moves a folder or empties a
 * collection. Where one of them has been written meanwhile nothing is stored, and whoever asked reads again. With every
 * asset goes what goes with any write of one: its bytes, its dates, its places.
 */
import type { Change } from '../core/change.ts';
import type { JsonObject } from '../core/json.ts';
import type { CommitItem, IdempotencyRow } from '../storage/contract/commit-item.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import { assetUpkeep } from './asset-upkeep.ts';
import { blobUpkeep } from './blob-uses.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { Matching } from './matching.ts';
import { membershipWrites } from './place-ids.ts';
import type { Places } from './places.ts';
import { refusedByStore } from './refusals.ts';
import { subjectName } from './subject-cache.ts';

export type CommitManyDeps = Pick<AppDeps, 'storage' | 'ids' | 'engine'> & {
  readonly committer: Pick<Committer, 'cache'>;
  readonly matching: Matching;
  readonly places: Pick<Places, 'forget'>;
  /** Told of changes that are committed. */
  readonly told: (workspaceId: string, changes: readonly Change[]) => void;
};

/** A subject with what it becomes; null deletes it. */
export type SubjectWrite = {
  readonly current: Resource;
  readonly state: JsonObject | null;
  /** An asset that goes lets its bytes not go with it: see `Plan.keepsBytes`. */
  readonly keepsBytes?: boolean;
};

export type ManyWrites = Pick<CommitItem, 'fulfils' | 'advances'> & {
  readonly subjects?: readonly SubjectWrite[];
  readonly resources?: readonly ResourceWrite[];
  readonly changes: readonly Change[];
  readonly duties?: readonly NewDuty[];
  readonly idempotency?: IdempotencyRow;
  /** More deliveries than this are not made in one commit. */
  readonly deliveriesMax?: number;
};

export type ManyResult =
  | { readonly status: 'applied' | 'stale' | 'too-many' }
  | { readonly status: 'duplicate'; readonly row: IdempotencyRow };

/** How often the webhooks of the workspace may turn out to be others than was thought. */
const matchTriesMax = 5;

export async function commitMany(
  deps: CommitManyDeps,
  { workspaceId, atMs }: { readonly workspaceId: string; readonly atMs: number },
  writes: ManyWrites,
): Promise<ManyResult> {
  const { storage, matching, committer, places } = deps;
  const subjects = writes.subjects ?? [];
  for (let attempt = 1; attempt <= matchTriesMax; attempt += 1) {
    const index = matching.known(workspaceId) ?? (await matching.load(workspaceId));
    const matched = matching.match(index, writes.changes, atMs);
    if (matched.deliveries.length > (writes.deliveriesMax ?? Infinity)) return { status: 'too-many' };
    const upkeep = subjects.map((subject) => upkeepOf(deps, subject, atMs));
    const item: CommitItem = {
      workspaceId,
      atMs,
      resources: [
        ...subjects.map(subjectWrite),
        ...(writes.resources ?? []),
        ...upkeep.flatMap(({ resources }) => resources),
      ],
      changes: matched.changes,
      deliveries: matched.deliveries,
      duties: [...(writes.duties ?? []), ...matched.duties, ...upkeep.flatMap(({ duties }) => duties)],
      withdraws: upkeep.flatMap(({ withdraws }) => withdraws),
      missed: matched.missed,
      webhooksRevision: index.revision,
      ...(writes.fulfils === undefined ? {} : { fulfils: writes.fulfils }),
      ...(writes.advances === undefined ? {} : { advances: writes.advances }),
      ...(writes.idempotency === undefined ? {} : { idempotency: writes.idempotency }),
    };
    const [result] = await storage.commit([item]);
    for (const { current } of subjects) committer.cache.delete(subjectName(current));
    places.forget();
    if (result === undefined) throw new TypeError('A commit must answer each item: got no result');
    if (result.status === 'applied') {
      if (matched.tasks.length > 0) deps.engine.offer(matched.tasks);
      if ((item.duties?.length ?? 0) > 0 || item.advances !== undefined) deps.engine.dutyOffered();
      if (writes.changes.length > 0) deps.told(workspaceId, writes.changes);
      return { status: 'applied' };
    }
    if (result.status === 'duplicate') return { status: 'duplicate', row: result.row };
    if (result.status === 'rejected') throw refusedByStore(result);
    if (result.what !== 'webhooks') return { status: 'stale' };
    matching.outdated(workspaceId, index);
  }
  return { status: 'stale' };
}

function subjectWrite({ current, state }: SubjectWrite): ResourceWrite {
  return { type: current.type, id: current.id, expectedVersion: current.version, state };
}

type Upkeep = {
  readonly resources: readonly ResourceWrite[];
  readonly duties: readonly NewDuty[];
  readonly withdraws: NonNullable<CommitItem['withdraws']>;
};

const nothing: Upkeep = { resources: [], duties: [], withdraws: [] };

function upkeepOf({ ids }: CommitManyDeps, { current, state, keepsBytes = false }: SubjectWrite, atMs: number): Upkeep {
  const { workspaceId } = current;
  if (current.type !== 'asset') return nothing;
  const bytes = keepsBytes ? null : blobUpkeep(current.id, current.state, state);
  const life = assetUpkeep({ workspaceId, assetId: current.id }, current.state, state);
  const erasure =
    bytes === null || bytes.released.length === 0
      ? []
      : [
          {
            id: ids.next('duty'),
            workspaceId,
            kind: 'erase',
            dueAtMs: atMs,
            payload: { blobs: bytes.released },
          } as const,
        ];
  return {
    resources: [
      ...(bytes?.writes ?? []),
      ...(life?.writes ?? []),
      ...membershipWrites(current.id, current.state, state),
    ],
    duties: [...erasure, ...(life?.duties ?? [])],
    withdraws: life?.withdraws ?? [],
  };
}
