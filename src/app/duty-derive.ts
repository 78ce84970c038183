/**
 * The `derive` duty: renditions of an asset's active file, made in a process apart once the asset is ready, told as
 * `asset.renditions_made`. The duty names the content it is for, so a file that came meanwhile never gets the pictures of
 * the one before. Nothing waits for it; where none can be made the asset says so in `derivation`.
 */
import { Readable } from 'node:stream';
import type { AssetFile, AssetState, Rendition } from '../core/asset.ts';
import { changedFields } from '../core/difference.ts';
import { limits } from '../core/limits.ts';
import { isOwnRendition, renditionSizes } from '../core/renditions.ts';
import type { DutyHandler } from '../engine/engine.ts';
import type { DerivationResult, DerivedRendition, Failure } from '../media/media.ts';
import type { Duty } from '../storage/contract/duties.ts';
import { asJsonState, assetChange, assetState, assetSubject } from './asset-views.ts';
import { settleBlob } from './blob-uses.ts';
import { commitOne } from './commit-one.ts';
import { type Committer, DutyGone } from './committer.ts';
import { createDerivingSlots } from './deriving-slots.ts';
import type { AppDeps } from './dependencies.ts';
import { advanced } from './duty-step.ts';
import { withLocalFile } from './local-file.ts';

/** What a `derive` duty owes. `tries` counts those that failed. */
export type DerivePayload = {
  readonly assetId: string;
  readonly blob: string;
  readonly mimeType: string;
  readonly tries: number;
};

export type DeriveDeps = Pick<AppDeps, 'storage' | 'blobs' | 'media' | 'ids' | 'clock' | 'logger' | 'settings'> & {
  readonly committer: Committer;
};

type Owed = { readonly duty: Duty; readonly payload: DerivePayload };

const retryPauseMs = 30_000;
/** Far beyond what a picture of 1,000 pixels takes. */
const renditionBytesMax = 32 * 1024 * 1024;

export function createDeriveDuty(deps: DeriveDeps): DutyHandler {
  const slots = createDerivingSlots(() => deps.clock.nowMs());
  return async (duty, signal) => {
    const payload = duty.payload as DerivePayload;
    const owed = { duty, payload };
    const file = deps.settings.renditions === 'off' ? null : await wantedFile(deps, owed);
    if (file === null) return void (await conclude(deps, owed, null));
    // One at a time, and whatever waits does so in the store: the few duties that run at once must not all be these.
    const slot = slots.take();
    if (slot.kind === 'later') return postpone(deps, owed, { dueAtMs: slot.atMs, tries: payload.tries });
    try {
      const result = await derive(deps, owed, file);
      if (signal.aborted) return;
      if (result.kind === 'derived') await keep(deps, owed, result.renditions);
      else await fail(deps, owed, result);
    } finally {
      slot.free();
    }
  };
}

/** The asset's file, where it still shows the content that the duty is for. */
async function wantedFile({ storage }: DeriveDeps, { duty, payload }: Owed): Promise<AssetFile | null> {
  const [row] = await storage.resources([{ workspaceId: duty.workspaceId, type: 'asset', id: payload.assetId }]);
  const file = row === undefined || row === null ? undefined : assetState(row).file;
  return file?.blob === payload.blob ? file : null;
}

async function derive(
  deps: DeriveDeps,
  { duty: { workspaceId }, payload: { assetId, blob, mimeType } }: Owed,
  { durationMs }: AssetFile,
): Promise<DerivationResult> {
  const order = { mimeType, sizes: renditionSizes, ...(durationMs === undefined ? {} : { durationMs }) };
  try {
    const result = await withLocalFile(deps, { workspaceId, blob }, (path) => deps.media.derive(path, order));
    return result ?? { kind: 'failed', code: 'unreadable', note: 'The file is not there any more' };
  } catch (error) {
    deps.logger.error('asset.derivation_failed', { workspaceId, assetId, error });
    return { kind: 'failed', code: 'crashed', note: 'Making renditions ended unexpectedly' };
  }
}

/** The pictures to the blobs, then into the asset; those that it turns out not to need go again. */
async function keep(deps: DeriveDeps, owed: Owed, made: readonly DerivedRendition[]): Promise<void> {
  const { blobs, storage } = deps;
  const { workspaceId } = owed.duty;
  const held: string[] = [];
  let named = false;
  try {
    // Together: the disk syncs all of them in the time of one, and uploads wait for it that much less.
    const puts = made.map(async ({ content, ...facts }): Promise<Rendition> => {
      const { head: _, ...hashes } = await blobs.put(workspaceId, Readable.from([content]), {
        bytesMax: renditionBytesMax,
      });
      held.push(hashes.blob);
      return { ...facts, name: renditionName(facts), ...hashes };
    });
    // Each has come to its end before any is let go.
    await Promise.allSettled(puts);
    named = await conclude(deps, owed, await Promise.all(puts));
  } finally {
    for (const blob of held) {
      if (named) blobs.release(workspaceId, blob);
      else await settleBlob({ storage, blobs }, workspaceId, blob);
    }
  }
}

function renditionName({ title, mimeType }: Pick<DerivedRendition, 'title' | 'mimeType'>): string {
  return `${title}.${mimeType === 'image/png' ? 'png' : 'jpg'}`;
}

/** Another try later where that may help, else a note on the asset. */
async function fail(deps: DeriveDeps, owed: Owed, { code, note }: Failure): Promise<void> {
  const tries = owed.payload.tries + 1;
  const mayHelp = code === 'timeout' || code === 'crashed';
  if (mayHelp && tries < limits.derivationTriesMax)
    return postpone(deps, owed, { dueAtMs: deps.clock.nowMs() + retryPauseMs * tries, tries });
  await conclude(deps, owed, note);
}

/**
 * Ends the duty: with renditions, with a note why there are none, or with nothing (not wanted any more). The state and its
 * change commit with the duty's end, so the change is told once. Answers whether the asset names the renditions now.
 */
async function conclude(
  { committer, ids }: DeriveDeps,
  { duty, payload }: Owed,
  outcome: readonly Rendition[] | string | null,
): Promise<boolean> {
  const { workspaceId } = duty;
  const key = { workspaceId, type: 'asset', id: payload.assetId } as const;
  const fulfils = { dutyId: duty.id, version: duty.version };
  try {
    const written = await committer.write(key, (current, atMs) => {
      const before = current === null ? null : assetState(current);
      if (outcome === null || current === null || before === null || before.file?.blob !== payload.blob)
        return { kind: 'write', plan: { changes: [], fulfils }, answer: () => false };
      const state = asJsonState(
        typeof outcome === 'string' ? withNote(before, outcome) : withRenditions(before, outcome, atMs),
      );
      const changed = changedFields(current.state, state);
      const frame = {
        ids,
        workspaceId,
        actor: { type: 'system', id: 'assetwire' } as const,
        subject: assetSubject(payload.assetId, current.alias),
        version: current.version + 1,
        atMs,
      };
      const told = changed.includes('renditions');
      const happening = { kind: 'asset.renditions_made', before: current.state, after: state, changed } as const;
      return {
        kind: 'write',
        plan: { state, changes: told ? [assetChange(frame, happening)] : [], fulfils },
        answer: () => typeof outcome !== 'string',
      };
    });
    return written.kind === 'done' && written.answer;
  } catch (error) {
    if (!(error instanceof DutyGone)) throw error;
    return false;
  }
}

/** Ours are replaced; what a DAM named itself stays behind them. */
function withRenditions(
  { derivation: _, ...state }: AssetState,
  made: readonly Rendition[],
  modifiedAtMs: number,
): AssetState {
  const stem = stemOf(state.name);
  const named = made.map((rendition) => ({ ...rendition, name: `${stem}-${rendition.name}` }));
  return { ...state, renditions: [...named, ...othersOf(state)], modifiedAtMs };
}

function withNote(state: AssetState, note: string): AssetState {
  return { ...state, renditions: othersOf(state), derivation: { state: 'failed', note } };
}

function othersOf({ renditions }: Pick<AssetState, 'renditions'>): readonly Rendition[] {
  return renditions.filter((rendition) => !isOwnRendition(rendition));
}

/** The name without its extension, short enough that what is put behind it stays a file name. */
function stemOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return [...(dot > 0 ? name.slice(0, dot) : name)].slice(0, 50).join('');
}

type Later = { readonly dueAtMs: number; readonly tries: number };

async function postpone(
  { storage, clock }: DeriveDeps,
  { duty, payload }: Owed,
  { dueAtMs, tries }: Later,
): Promise<void> {
  const advances = advanced(duty, dueAtMs, { ...payload, tries });
  await commitOne(storage, { workspaceId: duty.workspaceId, atMs: clock.nowMs(), advances });
}
