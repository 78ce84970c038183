/**
 * The `clip` duty: a stretch of a film becomes the content of an asset that was made for it, and the asset is told as ready.
 * Where that cannot be done, it is told as ready too, with a note: whoever waits for the clip always hears what came of it.
 * One at a time; the others wait in the store. Cut at least once, told exactly once.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { StoredBlob } from '../blobs/blobs.ts';
import type { AssetState } from '../core/asset.ts';
import { changedFields } from '../core/difference.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { ClipResult, Failure, MediaFacts } from '../media/media.ts';
import type { Duty } from '../storage/contract/duties.ts';
import { asJsonState, assetChange, assetState, assetSubject } from './asset-views.ts';
import { isReadyOwed } from './asset-version-state.ts';
import { settleBlob } from './blob-uses.ts';
import { commitOne } from './commit-one.ts';
import { type Committer, DutyGone } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { createDerivingSlots } from './deriving-slots.ts';
import { derivations } from './duty-inspect.ts';
import { advanced } from './duty-step.ts';
import { withLocalFile } from './local-file.ts';

/** `blob` and `mimeType` are those of the film. `tries` counts those that failed. */
export type ClipPayload = {
  readonly assetId: string;
  readonly blob: string;
  readonly mimeType: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly tries: number;
};

export type ClipDutyDeps = Pick<
  AppDeps,
  'storage' | 'blobs' | 'media' | 'ids' | 'clock' | 'logger' | 'settings' | 'metrics'
> & { readonly committer: Committer };

type Owed = { readonly duty: Duty; readonly payload: ClipPayload };
type Outcome = { readonly hashes: Omit<StoredBlob, 'head'>; readonly facts: MediaFacts } | Failure | null;

const retryPauseMs = 10_000;

export function createClipDuty(deps: ClipDutyDeps): DutyHandler {
  const slots = createDerivingSlots(() => deps.clock.nowMs(), { atOnceMax: 1, firstGuessMs: 3_000 });
  return async (duty, signal) => {
    const payload = duty.payload as ClipPayload;
    const owed = { duty, payload };
    if (!(await isWanted(deps, owed))) return conclude(deps, owed, null);
    const slot = slots.take();
    if (slot.kind === 'later') return postpone(deps, owed, { dueAtMs: slot.atMs, tries: payload.tries });
    try {
      const clip = await cut(deps, owed);
      try {
        if (signal.aborted) return;
        if (clip.kind === 'clipped') await keep(deps, owed, clip);
        else await fail(deps, owed, clip);
      } finally {
        if (clip.kind === 'clipped') await clip.dispose();
      }
    } finally {
      slot.free();
    }
  };
}

/** Whether the asset is there and nobody gave it a file meanwhile. */
async function isWanted({ storage }: ClipDutyDeps, { duty, payload }: Owed): Promise<boolean> {
  const [row] = await storage.resources([{ workspaceId: duty.workspaceId, type: 'asset', id: payload.assetId }]);
  return row !== undefined && row !== null && awaitsClip(assetState(row));
}

function awaitsClip(state: AssetState): boolean {
  return state.file === undefined && isReadyOwed(state);
}

async function cut(
  deps: ClipDutyDeps,
  { duty: { workspaceId }, payload: { assetId, blob, mimeType, fromMs, toMs } }: Owed,
): Promise<ClipResult> {
  const bytesMax = deps.settings.uploadBytesMax;
  try {
    const result = await withLocalFile(deps, { workspaceId, blob }, async (path) =>
      (await isThere(path)) ? deps.media.clip(path, { mimeType, fromMs, toMs, bytesMax }) : null,
    );
    return result ?? { kind: 'failed', code: 'unreadable', note: 'The film is not there any more' };
  } catch (error) {
    deps.logger.error('asset.clip_failed', { workspaceId, assetId, error });
    return { kind: 'failed', code: 'crashed', note: 'Cutting the clip ended unexpectedly' };
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await (await open(path, 'r')).close();
    return true;
  } catch {
    // Deleted with its asset.
    return false;
  }
}

/** The clip to the blobs, then into the asset; it goes again where the asset does not need it any more. */
async function keep(deps: ClipDutyDeps, owed: Owed, { path, facts }: ClipResult & { kind: 'clipped' }): Promise<void> {
  const { blobs, storage } = deps;
  const { workspaceId } = owed.duty;
  const put = await putClip(deps, workspaceId, path);
  if ('code' in put) return conclude(deps, owed, put);
  const { head: _, ...hashes } = put;
  deps.metrics?.uploaded(hashes.bytes);
  try {
    await conclude(deps, owed, { hashes, facts });
  } finally {
    await settleBlob({ storage, blobs }, workspaceId, hashes.blob);
  }
}

/** What it comes to shows when it is cut: then it may not fit the workspace any more. */
async function putClip({ blobs, settings }: ClipDutyDeps, workspaceId: string, path: string) {
  try {
    return await blobs.put(workspaceId, createReadStream(path), { bytesMax: settings.uploadBytesMax });
  } catch (error) {
    if (!(error instanceof AssetwireError) || error.code !== 'quota_exceeded') throw error;
    return { kind: 'failed', code: 'too_large', note: error.message } satisfies Failure;
  }
}

/** Another try where that may help, else a note on the asset. */
async function fail(deps: ClipDutyDeps, owed: Owed, failure: Failure): Promise<void> {
  const tries = owed.payload.tries + 1;
  if (failure.code === 'crashed' && tries < limits.derivationTriesMax)
    return postpone(deps, owed, { dueAtMs: deps.clock.nowMs() + retryPauseMs * tries, tries });
  return conclude(deps, owed, failure);
}

/** Ends the duty, and tells what came of it. The state and its change commit with the duty's end. */
async function conclude(deps: ClipDutyDeps, { duty, payload }: Owed, outcome: Outcome): Promise<void> {
  const { committer, ids } = deps;
  const { workspaceId } = duty;
  const { assetId } = payload;
  const fulfils = { dutyId: duty.id, version: duty.version };
  try {
    await committer.write({ workspaceId, type: 'asset', id: assetId }, (current, atMs) => {
      const before = current === null ? null : assetState(current);
      if (outcome === null || current === null || before === null || !awaitsClip(before))
        return { kind: 'write', plan: { changes: [], fulfils }, answer: () => undefined };
      const found = withOutcome(before, outcome, atMs);
      const state = asJsonState(found);
      const frame = {
        ids,
        workspaceId,
        actor: { type: 'system', id: 'assetwire' } as const,
        subject: assetSubject(assetId, current.alias),
        version: current.version + 1,
        atMs,
      };
      const changed = changedFields(current.state, state);
      const ready = { kind: 'asset.ready', before: current.state, after: state, changed } as const;
      const blob = found.file?.blob ?? '';
      return {
        kind: 'write',
        plan: {
          state,
          changes: [assetChange(frame, ready)],
          duties: derivations(deps, { workspaceId, assetId, blob, state: found, atMs }),
          fulfils,
        },
        answer: () => undefined,
      };
    });
  } catch (error) {
    if (!(error instanceof DutyGone)) throw error;
  }
}

function withOutcome(state: AssetState, outcome: NonNullable<Outcome>, atMs: number): AssetState {
  if ('code' in outcome) return { ...state, inspection: { state: 'failed', note: outcome.note }, modifiedAtMs: atMs };
  const { embedded = {}, ...facts } = outcome.facts;
  const file = { name: state.name, ...outcome.hashes, ...facts };
  return {
    ...state,
    file,
    versions: [{ number: 1, active: true, createdAtMs: atMs, file }],
    embedded,
    inspection: { state: 'done' },
    modifiedAtMs: atMs,
  };
}

type Later = { readonly dueAtMs: number; readonly tries: number };

async function postpone(
  { storage, clock }: ClipDutyDeps,
  { duty, payload }: Owed,
  { dueAtMs, tries }: Later,
): Promise<void> {
  const advances = advanced(duty, dueAtMs, { ...payload, tries });
  await commitOne(storage, { workspaceId: duty.workspaceId, atMs: clock.nowMs(), advances });
}
