/** The `metadata` duty: one page of assets per call; its progress and the next step are one commit behind the page. */
import { changeKindsFor } from '../core/asset-changes.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { Resource } from '../storage/contract/resources.ts';
import { AssetwireError } from '../core/errors.ts';
import { refuseTooLargeAsset } from './asset-size.ts';
import { asJsonState, assetChange, assetState, assetSubject } from './asset-views.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { advanced, commitStep, fulfilled } from './duty-step.ts';
import type { MetadataSets } from './metadata-sets.ts';
import {
  endedAlias,
  mappingsOf,
  type MetadataJobPayload,
  metadataJobPage,
  storedJob,
  type StoredJob,
  worked,
} from './metadata-work.ts';

export type MetadataDutyDeps = Pick<AppDeps, 'storage' | 'ids' | 'clock' | 'engine'> & {
  readonly committer: Committer;
  readonly metadataSets: MetadataSets;
};

export function createMetadataDuty(deps: MetadataDutyDeps): DutyHandler {
  const { storage, clock, metadataSets } = deps;
  return async (duty) => {
    const { jobId, cursor } = duty.payload as MetadataJobPayload;
    const { workspaceId } = duty;
    const [row] = await storage.resources([{ workspaceId, type: 'metadata_job', id: jobId }]);
    if (row === undefined || row === null || storedJob(row).state !== 'running')
      return commitStep(deps, duty, { fulfils: fulfilled(duty) });
    const job = storedJob(row);
    const known = { mappings: await mappingsOf(deps, workspaceId), set: await metadataSets.load(workspaceId) };
    const page = await storage.read.resources({
      workspaceId,
      type: 'asset',
      order: 'oldest',
      limit: metadataJobPage,
      ...(cursor === null ? {} : { cursor }),
    });
    const outcomes = await Promise.all(page.items.map((asset) => workOn(deps, { asset, job, known })));
    const count = (wanted: string): number => outcomes.filter((outcome) => outcome === wanted).length;
    const ended = page.nextCursor === null;
    const next: StoredJob = {
      ...job,
      looked: job.looked + page.items.length,
      changed: job.changed + count('changed'),
      failed: job.failed + count('failed'),
      ...(ended ? { state: 'done', endedAtMs: clock.nowMs() } : {}),
    };
    const write = { type: 'metadata_job', id: jobId, expectedVersion: row.version, state: next } as const;
    const payload: MetadataJobPayload = { jobId, cursor: page.nextCursor };
    return commitStep(deps, duty, {
      resources: [ended ? { ...write, alias: endedAlias(jobId) } : write],
      ...(ended ? { fulfils: fulfilled(duty) } : { advances: advanced(duty, clock.nowMs(), payload) }),
    });
  };
}

type One = {
  readonly asset: Resource;
  readonly job: StoredJob;
  readonly known: Parameters<typeof worked>[2];
};

async function workOn({ ids, committer }: MetadataDutyDeps, { asset, job, known }: One): Promise<string> {
  const wanted = assetState(asset);
  if (worked(wanted, job.work, known) === wanted) return 'same';
  if (job.dryRun) return 'changed';
  const { workspaceId, id } = asset;
  try {
    const written = await committer.write<string>({ workspaceId, type: 'asset', id }, (current, atMs) => {
      if (current === null) return { kind: 'nothing', answer: 'same' };
      const before = assetState(current);
      const after = worked(before, job.work, known);
      if (after === before) return { kind: 'nothing', answer: 'same' };
      refuseTooLargeAsset(after);
      const state = asJsonState({ ...after, modifiedAtMs: atMs });
      const frame = {
        ids,
        workspaceId,
        actor: job.by,
        subject: assetSubject(id, current.alias),
        version: current.version + 1,
        atMs,
      };
      const changes = changeKindsFor(current.state, state).map(({ kind, changed }) =>
        assetChange(frame, { kind, before: current.state, after: state, changed }),
      );
      return { kind: 'write', plan: { state, changes }, answer: () => 'changed' };
    });
    return written.kind === 'done' ? written.answer : 'same';
  } catch (error) {
    if (!(error instanceof AssetwireError) || error.code.startsWith('storage_')) throw error;
    return 'failed';
  }
}
